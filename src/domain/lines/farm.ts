/**
 * IB's market data farms, as its notices name them (2103 broken, 2104 and 2108 well): which farm, and which contracts it feeds.
 * The notice ends in the farm's name: `Market data farm connection is broken:usopt`. A farm that is not known here may feed anything.
 */
import type { Contract, SecurityType } from "../contract.ts";

export const FARM_BROKEN = 2103;
const FARM_WELL: readonly number[] = [2104, 2108];

export interface FarmNews {
  readonly farm: string;
  readonly broken: boolean;
}

/** What a notice says about a market data farm; undefined when it says nothing about one. */
export const farmNews = (code: number, text: string): FarmNews | undefined =>
  code === FARM_BROKEN || FARM_WELL.includes(code)
    ? { farm: text.slice(text.lastIndexOf(":") + 1).trim(), broken: code === FARM_BROKEN }
    : undefined;

const FEEDS: readonly (readonly [RegExp, readonly SecurityType[]])[] = [
  [/^usopt/, ["OPT", "FOP"]],
  [/^usfuture/, ["FUT", "FOP", "IND"]],
  [/^usfarm/, ["STK", "IND", "BAG"]],
  // Currencies, and other continents.
  [/^(cash|eu|h|j)farm/, []],
];

/** Whether a contract's data may come from this farm. */
export const isFedBy = ({ secType }: Contract, farm: string): boolean => {
  const known = FEEDS.find(([name]) => name.test(farm));
  return known === undefined || known[1].includes(secType);
};
