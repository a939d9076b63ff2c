/** What a slot knows of the market around its position, and all that it shows the rules: facts with their age, or why there is none. Pure. */
import type { Contract } from "../domain/contract.ts";
import type { Candidate } from "../domain/events/actors.ts";
import { type QuotedAs, sourceFault, staleness } from "../domain/freshness.ts";
import type { Entry } from "../domain/pnl.ts";
import { type Quote, spotOf } from "../domain/quote.ts";
import type { Regime } from "../domain/regime/regime.ts";
import type { Seen } from "../domain/rules/position-facts.ts";
import type { Breach, Fact } from "../domain/rules/rule.ts";
import type { Mark, QuoteBook } from "../domain/structure-quote.ts";
import { dollars, type EpochMs, type Price, priceUnits, roundHalfAway } from "../domain/units.ts";
import { campaignOf, entryFees } from "./position-slot.books.ts";
import { legsOf, type SlotContext } from "./position-slot.context.ts";

/** The VIX index: the candidate named it, or whoever tells the regime did. */
export const vixOf = ({ candidate, weather }: SlotContext): Contract | undefined =>
  candidate === null ? undefined : (candidate.vix ?? weather.regime?.vix ?? undefined);

const known = <Value>(value: Value, source: string, at: EpochMs): Fact<Value> => ({ value, source, at });
/** A price that may be acted on, in price units; or what is wrong with it. */
const figure = (
  context: SlotContext,
  contract: Contract,
  as: QuotedAs,
  now: EpochMs,
): { readonly units: number; readonly at: EpochMs } | string => {
  const quote = context.quotes[contract.conId];
  const units = spotOf(quote);
  const fault = staleness(quote, as, now, context.engine.freshness);
  return fault ?? (quote === undefined || units === undefined ? "no price" : { units, at: quote.at });
};
export const spotFact = (context: SlotContext, now: EpochMs): Fact<Price> => {
  const { underlying, symbol } = context.candidate as Candidate;
  const found = figure(context, underlying, "underlying", now);
  return typeof found === "string"
    ? { unknown: `${symbol} ${found}` }
    : known(priceUnits(roundHalfAway(found.units)), symbol, found.at);
};
const vixFact = (context: SlotContext, now: EpochMs): Fact<number> => {
  const vix = vixOf(context);
  if (vix === undefined) return { unknown: "VIX not resolved" };
  const found = figure(context, vix, "vix", now);
  return typeof found === "string" ? { unknown: `VIX ${found}` } : known(dollars(found.units as Price), "VIX", found.at);
};
const regimeFact = ({ weather: { regime: told } }: SlotContext): Fact<Regime> => {
  if (told === null) return { unknown: "nobody has told the regime" };
  return told.regime === null ? { unknown: told.unknown || "the regime is not known" } : known(told.regime, "regime", told.at);
};
/** The gate speaks up when there is something: its silence says that nothing is breached. */
const breachFact = ({ breach }: SlotContext, now: EpochMs): Fact<Breach> => {
  if (breach === null) return known({ limit: null, actual: 0, allowed: 0, unit: "", minutes: 0 }, "risk gate", now);
  if (breach.unknown !== undefined) return { unknown: `the portfolio cannot be measured: ${breach.unknown}` };
  const { limit, actual, allowed, unit, since } = breach;
  const minutes = limit === null ? 0 : Math.max(0, now - since) / 60_000;
  return known({ limit, actual, allowed, unit, minutes }, "risk gate", now);
};

/**
 * The quotes that may be acted on. An unchanged leg stays valid for long because its line would have told of a change: only as long as
 * the feed of the underlying is live, which shows that the others are.
 */
export const freshQuotes = (context: SlotContext, now: EpochMs): QuoteBook => {
  const { underlying } = context.candidate as Candidate;
  const { freshness } = context.engine;
  const vix = vixOf(context);
  const feed = context.quotes[underlying.conId];
  const isDead = feed !== undefined && sourceFault(feed) !== undefined;
  const wanted: readonly (readonly [Contract, QuotedAs])[] = [
    ...(isDead ? [] : legsOf(context).map(({ contract }) => [contract, "leg"] as const)),
    [underlying, "underlying"],
    ...(vix === undefined ? [] : [[vix, "vix"] as const]),
  ];
  return Object.fromEntries(
    wanted.flatMap(([{ conId }, as]): (readonly [string, Quote])[] => {
      const quote = context.quotes[conId];
      return quote !== undefined && staleness(quote, as, now, freshness) === undefined ? [[String(conId), quote]] : [];
    }),
  );
};

/** All that the rules may know. */
export const seen = (
  context: SlotContext,
  entry: Entry,
  units: number,
  mark: Mark,
  peakPct: number | null,
  now: EpochMs,
): Seen => {
  const { candidate, engine, weather, reducedUnits } = context;
  const { legs, underlying, american, carry, weather: atEntry } = candidate as Candidate;
  return {
    legs,
    entry,
    entryFees: entryFees(context),
    mark,
    now,
    units,
    reduced: reducedUnits > 0,
    peakPct,
    campaign: campaignOf(context),
    ...(atEntry === undefined ? {} : { atEntry }),
    // Options on a stock are; which index options are, only their candidate knows.
    american: american ?? underlying.secType === "STK",
    ...(carry === undefined ? {} : { carry }),
    riskFreeRatePct: engine.riskFreeRatePct,
    quotes: freshQuotes(context, now),
    spot: spotFact(context, now),
    vix: vixFact(context, now),
    regime: regimeFact(context),
    ...(weather.underlying === null ? {} : { underlying: weather.underlying }),
    breach: breachFact(context, now),
    expiryActBy: engine.rules.expiry.actBy,
  };
};
