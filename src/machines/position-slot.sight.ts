/** What a slot sees of its position, at most once a second: the mark, and what all rules say about it. Pure. */
import { sessionAt } from "../domain/calendar/market-calendar.ts";
import type { Candidate } from "../domain/events/actors.ts";
import type { Decision } from "../domain/facts.ts";
import { sourceFault, staleness } from "../domain/freshness.ts";
import { multiplierOf } from "../domain/payoff.ts";
import { profitAtMark } from "../domain/pnl.ts";
import { spotOf } from "../domain/quote.ts";
import { actingDecision, noteFirings } from "../domain/rules/confirmation.ts";
import { evaluateRules, RULES } from "../domain/rules/index.ts";
import { positionFacts } from "../domain/rules/position-facts.ts";
import { type Mark, markOf, quoteStructure } from "../domain/structure-quote.ts";
import { type EpochMs, priceUnits, roundHalfAway } from "../domain/units.ts";
import { entryFees, entryOfSlot, units } from "./position-slot.books.ts";
import type { Marked, SlotContext } from "./position-slot.context.ts";

const EVALUATE_AT_MOST_MS = 1_000;
const TELL_AT_LEAST_MS = 60_000;
const BLIND_ALERT_MS = 60_000;

export const evaluationDue = (context: SlotContext, now: EpochMs): boolean =>
  now - context.evaluatedAt >= EVALUATE_AT_MOST_MS && sessionAt(now) !== undefined && entryOfSlot(context) !== undefined;

/**
 * What one unit is worth. An unchanged leg stays valid for long because its line would have told of a change: only as long as the
 * feed of the underlying is live, which shows that the others are.
 */
const markNow = ({ candidate, engine, quotes }: SlotContext, now: EpochMs): Mark => {
  const { legs, underlying, symbol } = candidate as Candidate;
  const spot = quotes[underlying.conId];
  const fault = spot === undefined ? undefined : sourceFault(spot);
  return fault !== undefined
    ? { known: false, missing: [`${symbol} ${fault}`] }
    : markOf(
        legs,
        quoteStructure(legs, quotes, (quote) => staleness(quote, "leg", now, engine.freshness)),
      );
};

/** Marks the position and asks all rules about it. */
export const evaluated = (context: SlotContext, now: EpochMs): Partial<SlotContext> => {
  const entry = entryOfSlot(context);
  const { candidate, engine, ledger, quotes } = context;
  if (entry === undefined || candidate === null) return {};
  const legs = candidate.legs;
  const mark = markNow(context, now);
  const facts = positionFacts({ legs, entry, entryFees: entryFees(context), mark, now });
  const { decision, trace, broken } = evaluateRules(facts, engine.rules);
  const session = sessionAt(now);
  const quiet = session === undefined || now - session.open < engine.rules.openingQuietMinutes * 60_000;
  const firings = noteFirings(context.firings, trace, now, quiet);
  const acting = actingDecision(firings, now, engine.rules) ?? null;
  const spot = spotOf(quotes[candidate.underlying.conId]);
  const share = "value" in facts.unitProfit && entry.unitBase > 0 ? facts.unitProfit.value / entry.unitBase : undefined;
  const held = units(context);
  const marked: Marked = {
    type: "slot.marked",
    slot: context.path,
    symbol: candidate.symbol,
    ...(mark.known ? { mark: mark.mark } : { unknown: mark.missing.join(", ") }),
    ...(mark.known && held !== undefined ? { profit: profitAtMark(ledger, held, mark.mark, multiplierOf(legs)) } : {}),
    ...(mark.known && held === undefined ? { unknown: "its legs are being filled" } : {}),
    ...(share === undefined ? {} : { profitShare: share + 0 }),
    ...(spot === undefined ? {} : { spot: priceUnits(roundHalfAway(spot)) }),
  };
  const isBlind = trace.some(({ rule, verdict }) => verdict === "unknown" && RULES.some((r) => r.name === rule && r.protective));
  return {
    evaluatedAt: now,
    firings,
    blind: isBlind ? (context.blind ?? { since: now, told: false }) : null,
    sight: { marked, decision, trace, acting, broken },
  };
};

const same = (a: Decision, b: Decision): boolean => a.action === b.action && a.rule === b.rule && a.urgency === b.urgency;
/** A decision is told when it changes, and at least once a minute. */
export const decisionUntold = ({ sight, told, evaluatedAt }: SlotContext): boolean =>
  sight !== null && (told === null || !same(sight.decision, told.decision) || evaluatedAt - told.at >= TELL_AT_LEAST_MS);
export const blindTooLong = ({ blind, evaluatedAt }: SlotContext): boolean =>
  blind !== null && !blind.told && evaluatedAt - blind.since >= BLIND_ALERT_MS;
