/**
 * Why our own risk gate says no: the closed list of reasons, each with the number that decided. *Denied* is us; *rejected*
 * is the broker.
 */
export const DENIAL_REASONS = [
  "engineNotTrading",
  "sessionNotReady",
  "breakerTripped",
  "breakerProbing",
  "noFreeSlot",
  "maxLossPerPosition",
  "maxLossTotal",
  "orderSize",
  "marginUnknown",
  "marginAfter",
  "equityUnknown",
  "duplicateIntent",
  "undefinedRisk",
  "maxLossPerSymbol",
  "maxLossPerGroup",
  "portfolioUnknown",
  "portfolioDelta",
  "portfolioGamma",
  "portfolioTheta",
  "portfolioVega",
] as const;
export type DenialReason = (typeof DENIAL_REASONS)[number];

/** `actual` and `limit` share the unit; null where the reason is a state and not a number, or the number is unknown. */
export interface Denial {
  readonly reason: DenialReason;
  readonly actual: number | null;
  readonly limit: number | null;
  readonly unit: string;
}
