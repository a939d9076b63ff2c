/**
 * Closes once the wished-for share of the base is earned: the rest is slow to come and quick to go. The target is the regime's, or the
 * one that config sets for all. At a part of the way a part of the position is closed, once, and never of a single unit.
 */
import type { RulesConfig } from "../config.ts";
import { atLeast, OF_BASE, percentOf } from "./reading.ts";
import { type Action, clause, type Rule } from "./rule.ts";

const isFlat = ({ takeProfit: { targetPct } }: RulesConfig): boolean => targetPct !== undefined;
const flatTarget = ({ takeProfit: { targetPct } }: RulesConfig): number => targetPct ?? Number.NaN;
const partOf = (target: number, { takeProfit: { partialAtPct } }: RulesConfig): number => (target * partialAtPct) / 100;
const reduce = ({ takeProfit: { partialClosePct } }: RulesConfig): Action => ({ action: "reduce", share: partialClosePct / 100 });

interface Whole {
  readonly unitBase: number;
  readonly units: number;
  readonly reduced: boolean;
}
const canReduce = ({ unitBase, units, reduced }: Whole): boolean => unitBase > 0 && units > 1 && !reduced;

export const takeProfit: Rule = {
  name: "take-profit",
  confirms: true,
  actsInOpening: false,
  protective: false,
  urgency: (config) => config.takeProfit.urgency,
  clauses: [
    clause({
      name: "target",
      concerns: { needs: ["unitBase"], when: ({ unitBase }, config) => isFlat(config) && unitBase > 0 },
      needs: ["unitProfit"],
      look: ({ unitProfit, unitBase }, config) => atLeast(percentOf(unitProfit, unitBase), flatTarget(config), OF_BASE),
    }),
    clause({
      name: "regimeTarget",
      concerns: { needs: ["unitBase"], when: ({ unitBase }, config) => !isFlat(config) && unitBase > 0 },
      needs: ["unitProfit", "regime"],
      look: ({ unitProfit, unitBase, regime }, { takeProfit: { targetsPct } }) =>
        atLeast(percentOf(unitProfit, unitBase), targetsPct[regime], `${OF_BASE} (${regime})`),
    }),
    clause({
      name: "partial",
      concerns: { needs: ["unitBase", "units", "reduced"], when: (whole, config) => isFlat(config) && canReduce(whole) },
      needs: ["unitProfit"],
      look: ({ unitProfit, unitBase }, config) =>
        atLeast(percentOf(unitProfit, unitBase), partOf(flatTarget(config), config), OF_BASE),
      action: reduce,
    }),
    clause({
      name: "regimePartial",
      concerns: { needs: ["unitBase", "units", "reduced"], when: (whole, config) => !isFlat(config) && canReduce(whole) },
      needs: ["unitProfit", "regime"],
      look: ({ unitProfit, unitBase, regime }, config) =>
        atLeast(percentOf(unitProfit, unitBase), partOf(config.takeProfit.targetsPct[regime], config), `${OF_BASE} (${regime})`),
      action: reduce,
    }),
  ],
};
