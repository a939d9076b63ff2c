/** What a slot sees of its position, at most once a second: the mark, and what all rules say about it. Pure. */
import { sessionAt } from "../domain/calendar/market-calendar.ts";
import type { Candidate } from "../domain/events/actors.ts";
import type { Decision, RuleTrace } from "../domain/facts.ts";
import { sourceFault, staleness } from "../domain/freshness.ts";
import { greeksOfUnits } from "../domain/options/structure-greeks.ts";
import { multiplierOf } from "../domain/payoff.ts";
import { profitAtMark, unitProfit } from "../domain/pnl.ts";
import { spotOf } from "../domain/quote.ts";
import { NO_GREEKS } from "../domain/risk/greeks.ts";
import { actingDecision, type Firings, noteFirings } from "../domain/rules/confirmation.ts";
import { evaluateRules, RULES } from "../domain/rules/index.ts";
import { positionFacts, seenGreeks } from "../domain/rules/position-facts.ts";
import { notePeak } from "../domain/rules/trailing-stop.ts";
import { type Mark, markOf, quoteStructure } from "../domain/structure-quote.ts";
import { type EpochMs, priceUnits, roundHalfAway } from "../domain/units.ts";
import { entryFees, entryOfSlot, isOne, units } from "./position-slot.books.ts";
import type { Marked, SlotContext } from "./position-slot.context.ts";
import { mayDo } from "./position-slot.orders.ts";
import { seen } from "./position-slot.weather.ts";

const EVALUATE_AT_MOST_MS = 1_000;
const TELL_AT_LEAST_MS = 60_000;
const BLIND_ALERT_MS = 60_000;

export const evaluationDue = (context: SlotContext, now: EpochMs): boolean =>
  now - context.evaluatedAt >= EVALUATE_AT_MOST_MS && sessionAt(now) !== undefined && entryOfSlot(context) !== undefined;

/** What one unit is worth, by quotes that may be acted on. */
const markNow = (context: SlotContext, now: EpochMs): Mark => {
  const { legs, underlying, symbol } = context.candidate as Candidate;
  const feed = context.quotes[underlying.conId];
  const fault = feed === undefined ? undefined : sourceFault(feed);
  return fault !== undefined
    ? { known: false, missing: [`${symbol} ${fault}`] }
    : markOf(
        legs,
        quoteStructure(legs, context.quotes, (quote) => staleness(quote, "leg", now, context.engine.freshness)),
      );
};

/** A rule that limits losses cannot be evaluated. */
export const isBlind = ({ rule, verdict }: RuleTrace): boolean =>
  verdict === "unknown" && RULES.some(({ name, protective }) => name === rule && protective);
const blindAfter = (before: SlotContext["blind"], blindNow: boolean, now: EpochMs): SlotContext["blind"] => {
  if (blindNow) return before ?? { since: now, told: false };
  return before?.told === true ? { ...before, over: true } : null;
};
/** The most severe decision that may act and that the slot can follow now. */
const actingOf = (context: SlotContext, firings: Firings, now: EpochMs): Decision | null => {
  const { rules } = context.engine;
  let left = RULES;
  for (;;) {
    const acting = actingDecision(firings, now, rules, left);
    if (acting === undefined || mayDo(context, acting, now)) return acting ?? null;
    // What rests, or cannot be done, must not hide what comes after it.
    left = left.slice(left.findIndex(({ name }) => name === acting.rule) + 1);
  }
};
/** Marks the position and asks all rules about it. */
export const evaluated = (context: SlotContext, now: EpochMs): Partial<SlotContext> => {
  const entry = entryOfSlot(context);
  const { candidate, engine, ledger, blind } = context;
  if (entry === undefined || candidate === null) return {};
  const legs = candidate.legs;
  const mark = markNow(context, now);
  const held = units(context);
  const multiplier = multiplierOf(legs);
  const made = mark.known ? unitProfit(entry, entryFees(context), mark.mark, multiplier) : undefined;
  const share = made !== undefined && entry.unitBase > 0 ? made / entry.unitBase + 0 : undefined;
  const peak = notePeak(context.peak, share === undefined ? undefined : 100 * share, now, engine.rules);
  const sees = seen(context, entry, held ?? 0, mark, peak.peakPct, now);
  const unitGreeks = seenGreeks(sees);
  const { decision, trace, broken } = evaluateRules(positionFacts(sees, unitGreeks), engine.rules);
  const session = sessionAt(now);
  const quiet = session === undefined || now - session.open < engine.rules.openingQuietMinutes * 60_000;
  const firings = noteFirings(context.firings, trace, now, quiet);
  const acting = actingOf({ ...context, peak }, firings, now);
  const spot = spotOf(context.quotes[candidate.underlying.conId]);
  const whole = held !== undefined && isOne(context);
  // Of no units they are known whatever the market is like.
  const greeks =
    held === 0 && whole ? NO_GREEKS : unitGreeks.known && whole ? greeksOfUnits(unitGreeks.greeks, held, multiplier) : null;
  const marked: Marked = {
    type: "slot.marked",
    slot: context.path,
    symbol: candidate.symbol,
    ...(mark.known ? { mark: mark.mark } : { unknown: mark.missing.join(", ") }),
    ...(mark.known && whole ? { profit: profitAtMark(ledger, held, mark.mark, multiplier) } : {}),
    ...(mark.known && !whole ? { unknown: "its legs are being filled" } : {}),
    ...(share === undefined ? {} : { profitShare: share }),
    ...(spot === undefined ? {} : { spot: priceUnits(roundHalfAway(spot)) }),
    ...(greeks === null ? {} : { greeks }),
  };
  return {
    evaluatedAt: now,
    firings,
    peak,
    blind: blindAfter(blind, trace.some(isBlind), now),
    sight: { marked, decision, trace, acting, broken, greeks, spot: "value" in sees.spot ? sees.spot.value : null },
  };
};

const same = (a: Decision, b: Decision): boolean => a.action === b.action && a.rule === b.rule && a.urgency === b.urgency;
/** A decision is told when it changes, and at least once a minute. */
export const decisionUntold = ({ sight, told, evaluatedAt }: SlotContext): boolean =>
  sight !== null && (told === null || !same(sight.decision, told.decision) || evaluatedAt - told.at >= TELL_AT_LEAST_MS);
/** The gate hears at most so often what is held. */
const VALUE_AT_MOST_MS = 10_000;
export const exposureDue = ({ sight, evaluatedAt, valuedAt }: SlotContext, now: EpochMs): boolean =>
  sight !== null && evaluatedAt === now && (valuedAt === null || now - valuedAt >= VALUE_AT_MOST_MS);
export const blindTooLong = ({ blind, evaluatedAt }: SlotContext): boolean =>
  blind !== null && !blind.told && evaluatedAt - blind.since >= BLIND_ALERT_MS;
