/**
 * Whether a quote may be acted upon. IB ticks only on change, so *fresh* is: the line is live, its feed has not broken since, and
 * the underlying ticked a few seconds ago; an unchanged leg is good for longer, because its line would have said so, and VIX for a
 * minute. Slots, strategies and futures ask here and nowhere else.
 */
import type { EngineConfig } from "./config.ts";
import type { Contract } from "./contract.ts";
import type { Quote } from "./quote.ts";
import type { EpochMs } from "./units.ts";

export type FreshnessLimits = EngineConfig["freshness"];

/** What the quote is of: the limits differ. */
export type QuotedAs = "underlying" | "leg" | "vix";

/** A snapshot is a look at one instant: no line would have told of a change since. */
export const SNAPSHOT_VALID_MS = 60_000;

const SOURCES: { readonly [Source in NonNullable<Quote["source"]>]: string | undefined } = {
  live: undefined,
  snapshot: undefined,
  frozen: "frozen data",
  delayed: "delayed data",
  delayedFrozen: "delayed, frozen data",
};

/** How long a quote of this kind stays valid after its last tick, in ms. */
export const validForMs = (as: QuotedAs, limits: FreshnessLimits): number => {
  switch (as) {
    case "underlying":
      return limits.underlyingSeconds * 1_000;
    case "vix":
      return limits.vixSeconds * 1_000;
    case "leg":
      return limits.legMinutes * 60_000;
  }
};

/** Why the line that this quote comes from gives nothing to act on; undefined when it is live and whole. Its age does not matter here. */
export const sourceFault = (quote: Quote | undefined): string | undefined => {
  if (quote === undefined) return "not quoted";
  if (quote.broken !== undefined) return `no feed (${quote.broken})`;
  return quote.source === undefined ? undefined : SOURCES[quote.source];
};

/** Why the quote may not be acted upon, in words; undefined when it is fresh. Whether it has the sides that are needed is not asked. */
export const staleness = (
  quote: Quote | undefined,
  as: QuotedAs,
  now: EpochMs | number,
  limits: FreshnessLimits,
): string | undefined => {
  const fault = sourceFault(quote);
  if (fault !== undefined || quote === undefined) return fault ?? "not quoted";
  const validMs = validForMs(as, limits);
  const most = quote.source === "snapshot" ? Math.min(validMs, SNAPSHOT_VALID_MS) : validMs;
  const age = now - quote.at;
  return age > most ? `stale: ${Math.round(age / 1_000)} s old, at most ${Math.round(most / 1_000)} s` : undefined;
};

/** The kind under which a contract's own quote is judged. */
export const quotedAs = (contract: Contract): QuotedAs =>
  contract.secType === "IND" ? "vix" : contract.secType === "OPT" || contract.secType === "FOP" ? "leg" : "underlying";
