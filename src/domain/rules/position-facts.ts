/**
 * The facts of one position at one instant, as its rules need them. What could not be seen is unknown, with the reason, and never zero.
 */
import { sessionAt } from "../calendar/market-calendar.ts";
import { instantOf, newYorkDay } from "../calendar/new-york.ts";
import { daysToExpiry, sessionsToExpiry } from "../calendar/time-to-expiry.ts";
import type { Leg } from "../contract.ts";
import type { Campaign, EntryWeather } from "../events/actors.ts";
import type { UnderlyingTold } from "../events/weather.ts";
import { type StructureGreeks, structureGreeks, type UnitGreeks } from "../options/structure-greeks.ts";
import { multiplierOf } from "../payoff.ts";
import { type Entry, unitProfit } from "../pnl.ts";
import type { Regime } from "../regime/regime.ts";
import type { Mark, QuoteBook } from "../structure-quote.ts";
import { type EpochMs, type Money, moneyUnits, notional, type Price, roundHalfAway } from "../units.ts";
import { assignmentRisk, NO_ASSIGNMENT } from "./assignment.ts";
import type { AssignmentRisk, Breach, Fact, PositionFacts } from "./rule.ts";
import { adverseOf, shapeOf } from "./shape.ts";

/** All that a slot knows of its position when it asks the rules; a strategy asks the same of a newborn one. */
export interface Seen {
  readonly legs: readonly Leg[];
  readonly entry: Entry;
  readonly entryFees: Money;
  readonly mark: Mark;
  readonly now: EpochMs;
  /** Units still held. */
  readonly units: number;
  readonly reduced: boolean;
  /** Percent of base; null before one is confirmed. */
  readonly peakPct: number | null;
  readonly campaign: Campaign;
  /** What was known at the entry; absent in positions of earlier builds. */
  readonly atEntry?: EntryWeather;
  readonly american: boolean;
  /** ln(forward / spot) a year; absent is unknown. */
  readonly carry?: number;
  readonly riskFreeRatePct: number;
  /** Fresh quotes only: of the legs, the underlying and VIX. Why one is not there is said by name. */
  readonly quotes: QuoteBook;
  readonly spot: Fact<Price>;
  readonly vix: Fact<number>;
  readonly regime: Fact<Regime>;
  /** The newest of the underlying's watcher; rules that need it are unknown when it is older than two minutes. */
  readonly underlying?: UnderlyingTold;
  readonly breach: Fact<Breach>;
  /** New York wall time `HH:MM`. */
  readonly expiryActBy: string;
}

/** An older word of the underlying's watcher is none. */
export const TOLD_VALID_MS = 120_000;
const EARLY_CLOSE_MARGIN_MS = 30 * 60_000;

/** Own Greeks of one unit, for the rules and for whoever tells them on. */
export const seenGreeks = (seen: Seen): StructureGreeks => {
  const { legs, quotes, spot, carry, riskFreeRatePct, now, american } = seen;
  if ("unknown" in spot) return { known: false, missing: [spot.unknown] };
  if (carry === undefined) return { known: false, missing: ["carry not known"] };
  const dividend = seen.underlying?.dividend;
  return structureGreeks({ legs, quotes, spot: spot.value, carry, riskFreeRatePct, now, american, dividend });
};

/** What the underlying's watcher told, while it is new enough. */
const toldOf = ({ underlying, now }: Seen): UnderlyingTold | string => {
  if (underlying === undefined) return "the underlying's watcher has told nothing";
  const age = now - underlying.at;
  return age > TOLD_VALID_MS ? `${underlying.symbol}'s state is ${Math.round(age / 1_000)} s old` : underlying;
};
/** A quiet underlying may not tick in a minute; what is missing beyond this may have held a move. */
const MOST_MINUTES_UNSEEN = 10;
type ToldFigure = "hourHigh" | "hourLow" | "iv30" | "iv30PriorClose" | "ivPercentile" | "dividend";
/** One figure of it, or why it is not known. */
const figureOf = <Name extends ToldFigure>(
  told: UnderlyingTold | string,
  name: Name,
): NonNullable<UnderlyingTold[Name]> | { readonly unknown: string } => {
  if (typeof told === "string") return { unknown: told };
  return told[name] ?? { unknown: told.unknown[name] ?? `${name} not told` };
};
const isUnknown = (figure: unknown): figure is { readonly unknown: string } =>
  typeof figure === "object" && figure !== null && "unknown" in figure;

/** `greeks`: where they are told on as well, so that they are reckoned once. */
export const positionFacts = (seen: Seen, greeks: StructureGreeks = seenGreeks(seen)): PositionFacts => {
  const { legs, entry, entryFees, mark, now, spot, atEntry, campaign } = seen;
  const known = <Value>(value: Value, source: string): Fact<Value> => ({ value, source, at: now });
  const multiplier = multiplierOf(legs);
  const paid = notional(entry.netPrice, multiplier, 1);
  const told = toldOf(seen);
  const toldAt = typeof told === "string" ? now : told.at;
  const fromTold = (value: number) => ({ value, source: "underlying", at: toldAt });
  const greek = (name: keyof UnitGreeks): Fact<number> =>
    greeks.known ? known(greeks.greeks[name], "own Greeks") : { unknown: greeks.missing.join(", ") };

  const hourMove = (extreme: "hourHigh" | "hourLow"): Fact<number> => {
    const price = figureOf(told, extreme);
    if (isUnknown(price)) return price;
    if ("unknown" in spot) return spot;
    const moved = extreme === "hourHigh" ? price - spot.value : spot.value - price;
    // The spot is newer than the extremes, so it may be one itself.
    const fact = fromTold(Math.max(0, (100 * moved) / price));
    const unseen = typeof told === "string" ? 0 : (told.hourMinutesUnseen ?? 0);
    return unseen > MOST_MINUTES_UNSEEN ? { ...fact, atLeast: `${unseen} minutes of the last hour were not seen` } : fact;
  };
  const atEntryOf = (name: "vix" | "iv30" | "ivPercentile"): Fact<number> => {
    const value = atEntry?.[name] ?? null;
    return value === null ? { unknown: "not known at the entry" } : { value, source: "entry", at: now };
  };
  const iv30 = figureOf(told, "iv30");
  const ivChange = (from: Fact<number>): Fact<number> => {
    if (isUnknown(iv30)) return iv30;
    if ("unknown" in from) return from;
    if (!(from.value > 0)) return { unknown: `${from.value} is no volatility` };
    return fromTold(100 * (iv30 / from.value - 1));
  };
  const priorIv = figureOf(told, "iv30PriorClose");
  const percentile = figureOf(told, "ivPercentile");

  const session = sessionAt(now);
  const noSession = { unknown: "no session in progress" };
  const today = newYorkDay(now);
  const expiry = legs[0]?.contract.expiry;
  const noExpiry = { unknown: "no expiry" };
  return {
    shape: known(shapeOf(legs), "legs"),
    adverse: known(adverseOf(legs, entry.netPrice), "payoff"),
    units: known(seen.units, "fills"),
    reduced: known(seen.reduced, "fills"),
    unitProfit: mark.known
      ? known(unitProfit(entry, entryFees, mark.mark, multiplier), "mark")
      : { unknown: mark.missing.join(", ") },
    unitBase: known(entry.unitBase, "fills"),
    unitCredit: known(moneyUnits(Math.max(0, -paid)), "fills"),
    unitDebit: known(moneyUnits(Math.max(0, paid)), "fills"),
    unitMaxLoss: known(entry.unitMaxLoss, "payoff"),
    campaignLoss: known(moneyUnits(roundHalfAway(campaign.loss / Math.max(entry.units, seen.units))), "campaign"),
    rolls: known(campaign.rolls, "campaign"),
    peakPct: known(seen.peakPct, "marks"),
    sessionsToExpiry: expiry === undefined ? noExpiry : known(sessionsToExpiry(today, expiry), "calendar"),
    daysToExpiry: expiry === undefined ? noExpiry : known(daysToExpiry(today, expiry), "calendar"),
    minutesToClose: session === undefined ? noSession : known((session.close - now) / 60_000, "calendar"),
    minutesToActBy:
      session === undefined
        ? noSession
        : known((Math.min(actByInstant(seen), session.close - EARLY_CLOSE_MARGIN_MS) - now) / 60_000, "calendar"),
    assignment: assignmentFact(seen, told),
    hourFallPct: hourMove("hourHigh"),
    hourRisePct: hourMove("hourLow"),
    ivJumpPct: ivChange(isUnknown(priorIv) ? priorIv : fromTold(priorIv)),
    ivSinceEntryPct: ivChange(atEntryOf("iv30")),
    ivPercentile: isUnknown(percentile) ? percentile : fromTold(percentile),
    ivPercentileAtEntry: atEntryOf("ivPercentile"),
    vix: seen.vix,
    vixAtEntry: atEntryOf("vix"),
    regime: seen.regime,
    unitDelta: greek("delta"),
    unitGamma: greek("gamma"),
    unitVega: greek("vegaUsd"),
    breach: seen.breach,
  };
};

const actByInstant = ({ expiryActBy, now }: Seen): EpochMs => {
  const [hours, minutes] = expiryActBy.split(":").map(Number);
  return instantOf(newYorkDay(now), (hours ?? Number.NaN) * 60 + (minutes ?? Number.NaN));
};

const assignmentFact = (seen: Seen, told: UnderlyingTold | string): Fact<AssignmentRisk> => {
  const { american, legs, spot, quotes, riskFreeRatePct, now } = seen;
  if (!american || legs.every(({ ratio }) => ratio > 0)) return { value: NO_ASSIGNMENT, source: "legs", at: now };
  if ("unknown" in spot) return spot;
  const dividend = figureOf(told, "dividend");
  const risk = assignmentRisk({ legs, quotes, spot: spot.value, riskFreeRatePct, dividend, now });
  return typeof risk === "string" ? { unknown: risk } : { value: risk, source: "mids", at: now };
};
