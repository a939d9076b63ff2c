/** What follows from a named difference: the policy of its kind, and whether the engine may go on adding risk while it stands. */
import type { ReconciliationConfig } from "../config.ts";
import type { Discrepancy, DiscrepancyPolicy } from "../events/actors.ts";

/** Of a configuration that names none. */
export const DEFAULT_RECONCILIATION: ReconciliationConfig = {
  missingHere: "report",
  missingThere: "quarantine",
  quantity: "quarantine",
  averageCost: "report",
  assigned: "quarantine",
  expired: "quarantine",
  unknownOrder: "reduce",
  unknownExecution: "reduce",
  archivedOrder: "reduce",
  cash: "report",
  averageCostTolerancePct: 2,
  averageCostToleranceDollars: 5,
  cashToleranceDollars: 1,
};

export const withPolicy = (found: Discrepancy, config: ReconciliationConfig): Discrepancy => ({
  ...found,
  policy: config[found.kind],
});

/** A position in a contract that we do not hold: somebody else's. */
export const isForeign = ({ kind, ours }: Discrepancy): boolean => kind === "missingHere" && ours === 0;

/** What the policy comes to: without a slot that holds the contract there is nobody to quarantine, so nothing may add risk. */
export const consequenceOf = (found: Discrepancy): DiscrepancyPolicy => {
  const policy = found.policy ?? (isForeign(found) ? "report" : "reduce");
  return policy === "quarantine" && (found.slots ?? []).length === 0 ? "reduce" : policy;
};

/** Whether nothing may add risk while the difference stands. */
export const forbidsRisk = (found: Discrepancy): boolean => ["reduce", "halt"].includes(consequenceOf(found));

/** Whether the difference is about what a contract's position is: such a one is looked at twice before it is believed. */
export const isOfPosition = (found: Discrepancy): boolean =>
  ["missingThere", "quantity", "assigned", "expired"].includes(found.kind) || (found.kind === "missingHere" && !isForeign(found));
