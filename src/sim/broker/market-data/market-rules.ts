/** Market rules: the price steps of a listing. All of this broker's listings have one step at every price. */
import type { ContractDetails } from "../../../domain/contract.ts";
import { dollars, type Price, price } from "../../../domain/units.ts";

/** Ids for the steps that are usual; others count from a number of ours, by their ten-thousandths. */
const USUAL: readonly (readonly [ruleId: number, step: number])[] = [
  [26, 0.01],
  [67, 0.25],
  [239, 0.1],
  [240, 0.05],
];
const OURS_FROM = 10_000_000;

export const marketRuleOf = ({ minTick }: Pick<ContractDetails, "minTick">): number =>
  USUAL.find(([, step]) => price(step) === minTick)?.[0] ?? OURS_FROM + minTick;

/** The steps of a rule from each lower edge on; undefined for an id that no listing has. */
export const incrementsOf = (ruleId: number): readonly { readonly lowEdge: number; readonly increment: number }[] | undefined => {
  const usual = USUAL.find(([known]) => known === ruleId)?.[1];
  if (usual !== undefined) return [{ lowEdge: 0, increment: usual }];
  const units = ruleId - OURS_FROM;
  return units > 0 && units < OURS_FROM ? [{ lowEdge: 0, increment: dollars(units as Price) }] : undefined;
};
