/** Market rules: the price steps of a listing. Options on the S&P 500 index have two, all other listings one at every price. */
import type { ContractDetails } from "../../../domain/contract.ts";
import { dollars, type Price, price } from "../../../domain/units.ts";
import { COARSE_FROM, COARSE_TICK, coarseTickAt } from "../../market/index-options.ts";

/** Ids for the steps that are usual; others count from a number of ours, by their ten-thousandths. */
const USUAL: readonly (readonly [ruleId: number, step: number])[] = [
  [26, 0.01],
  [67, 0.25],
  [239, 0.1],
  [240, 0.05],
];
const OURS_FROM = 10_000_000;
/** The rule of two steps, by a number of ours too. */
const TWO_STEPS = 9_000_001;
const FINE_TICK = price(0.05);

export const marketRuleOf = ({ minTick, contract }: Pick<ContractDetails, "minTick"> & Partial<ContractDetails>): number =>
  contract !== undefined && coarseTickAt(contract, COARSE_FROM) !== undefined ? TWO_STEPS : ruleOfStep(minTick);

const ruleOfStep = (minTick: Price): number => USUAL.find(([, step]) => price(step) === minTick)?.[0] ?? OURS_FROM + minTick;

/** The steps of a rule from each lower edge on; undefined for an id that no listing has. */
export const incrementsOf = (ruleId: number): readonly { readonly lowEdge: number; readonly increment: number }[] | undefined => {
  if (ruleId === TWO_STEPS)
    return [
      { lowEdge: 0, increment: dollars(FINE_TICK) },
      { lowEdge: dollars(COARSE_FROM), increment: dollars(COARSE_TICK) },
    ];
  const usual = USUAL.find(([known]) => known === ruleId)?.[1];
  if (usual !== undefined) return [{ lowEdge: 0, increment: usual }];
  const units = ruleId - OURS_FROM;
  return units > 0 && units < OURS_FROM ? [{ lowEdge: 0, increment: dollars(units as Price) }] : undefined;
};
