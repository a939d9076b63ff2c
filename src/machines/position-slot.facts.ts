/** What a position slot makes known to the read side, and what it tells of a prediction that has met its outcome. */
import { emit } from "xstate";
import { address } from "../domain/address.ts";
import type { Candidate, PredictionEvent } from "../domain/events/actors.ts";
import type { PredictionOutcome, SlotFact } from "../domain/facts.ts";
import { multiplierOf } from "../domain/payoff.ts";
import { type Entry, feesOf, realisedProfit } from "../domain/pnl.ts";
import type { Tell } from "../domain/speech.ts";
import { type Money, type Price, priceUnits, roundHalfAway } from "../domain/units.ts";
import { campaignOf, cashOfOrders, entryOfSlot, entryOfStructure, profitOf, units, unitsReduced } from "./position-slot.books.ts";
import { type Former, legsOf, type Sight, type SlotContext, type SlotEvent } from "./position-slot.context.ts";
import { valued } from "./position-slot.roll.ts";

export interface Args {
  readonly context: SlotContext;
  readonly event: SlotEvent;
}
/** One of these facts as an action. */
export const make = (fact: (args: Args) => SlotFact) => emit<SlotContext, SlotEvent, undefined, SlotEvent, SlotFact>(fact);
const named = ({ context }: Args) => ({
  slot: context.path,
  strategy: context.candidate?.strategy ?? "",
  symbol: context.candidate?.symbol ?? "",
});
const foreseen = ({ kind, prediction, weather }: Candidate) => ({
  ...(kind === undefined ? {} : { kind }),
  ...(prediction === undefined ? {} : { prediction }),
  ...(weather === undefined ? {} : { regime: weather.regime }),
});
/** Of one unit as it was filled; what has no bound counts with what its candidate reckoned for it. */
const unitMaxLossOf = ({ unitMaxLoss }: Entry, candidate: Candidate): Money =>
  unitMaxLoss === "unbounded" ? candidate.unitMaxLoss : unitMaxLoss;

// ── what it holds ──
export const opened = (args: Args): SlotFact => {
  const { context } = args;
  const candidate = context.candidate as Candidate;
  const entry = entryOfSlot(context) as Entry;
  return {
    type: "slot.opened",
    ...named(args),
    legs: legsOf(context),
    quantity: entry.units,
    netPrice: entry.netPrice,
    unitMaxLoss: unitMaxLossOf(entry, candidate),
    ...foreseen(candidate),
  };
};
export const reduced = (args: Args): SlotFact => {
  const { context } = args;
  const { slot, symbol } = named(args);
  const closed = unitsReduced(context) - context.reducedUnits;
  return { type: "slot.reduced", slot, symbol, rule: context.adjusting?.rule ?? "none", closed, units: units(context) ?? 0 };
};
/** The newest of the earlier structures, now flat: what the position was. */
const justRolled = ({ former }: SlotContext): Former => former.at(-1) as Former;
export const rolled = (args: Args): SlotFact => {
  const { context } = args;
  const from = justRolled(context).candidate;
  const entry = entryOfSlot(context) as Entry;
  const cash = cashOfOrders(context, context.entryRefs);
  return {
    type: "slot.rolled",
    ...named(args),
    from: from.legs,
    legs: legsOf(context),
    quantity: entry.units,
    net: priceUnits(roundHalfAway(-cash / (entry.units * multiplierOf(legsOf(context))))),
    netPrice: entry.netPrice,
    unitMaxLoss: unitMaxLossOf(entry, context.candidate as Candidate),
    profit: profitOf(context, from),
    campaignLoss: campaignOf(context).loss,
  };
};
/** What a structure made of what it risked; undefined when it was never entered, or risked nothing. */
const outcomeOf = (context: SlotContext, entered: Pick<Former, "candidate" | "entryRefs">): PredictionOutcome | undefined => {
  const entry = entryOfStructure(context, entered);
  if (entry === undefined) return undefined;
  const profit = profitOf(context, entered.candidate);
  const risked = unitMaxLossOf(entry, entered.candidate) * entry.units;
  return risked > 0 ? { won: profit > 0, returnOnRisk: profit / risked + 0 } : undefined;
};
const present = ({ candidate, entryRefs }: SlotContext): Pick<Former, "candidate" | "entryRefs"> => ({
  candidate: candidate as Candidate,
  entryRefs,
});
/** `profit` and `fees`: of all that it was since it was entered, rolls included. The outcome is the last structure's, whose prediction it is. */
export const closed = (args: Args): SlotFact => {
  const { context, event } = args;
  const outcome = outcomeOf(context, present(context));
  return {
    type: "slot.closed",
    ...named(args),
    rule: context.exit?.decision.rule ?? "none",
    profit: realisedProfit(context.ledger),
    fees: feesOf(context.ledger),
    heldMs: context.openedAt === null ? 0 : event.now - context.openedAt,
    ...foreseen(context.candidate as Candidate),
    ...(outcome === undefined ? {} : { outcome }),
  };
};

// ── predictions ──
const settle =
  (which: (context: SlotContext) => Pick<Former, "candidate" | "entryRefs">) =>
  ({ context }: Args): Tell[] => {
    const entered = which(context);
    const { prediction, kind, symbol, weather } = entered.candidate;
    const outcome = outcomeOf(context, entered);
    if (prediction === undefined || outcome === undefined) return [];
    const event: PredictionEvent = {
      type: "prediction.settled",
      slot: context.path,
      kind: kind ?? "",
      symbol,
      regime: weather?.regime ?? null,
      prediction,
      outcome,
    };
    return [{ to: address.predictions, event }];
  };
export const settlePrediction = { type: "tell" as const, params: settle(present) };
export const settleRolled = { type: "tell" as const, params: settle(justRolled) };

// ── what it sees, and does not do ──
export const marked = ({ context }: Args): SlotFact => (context.sight as Sight).marked;
export const decided = (args: Args): SlotFact => {
  const { decision, trace } = args.context.sight as Sight;
  const { slot, symbol } = named(args);
  return { type: "decision.made", slot, symbol, decision, trace };
};
/** Why a roll that was due was not made: the strategy's word, the worth of its offer, or how the order for it ended. */
export const declined = (args: Args): SlotFact => {
  const { context, event } = args;
  const { slot, symbol } = named(args);
  const of = (reason: string, net: Price | null = null): SlotFact => ({ type: "roll.declined", slot, symbol, reason, net });
  if (event.type === "roll.offered") {
    const worth = valued(context, event, event.now);
    return worth.worth ? of("", worth.next.net) : of(worth.reason, worth.net);
  }
  if (event.type === "roll.declined") return of(event.reason);
  if (event.type === "order.ended" && event.purpose === "roll")
    return of(event.reason === "" ? event.outcome : event.reason, context.next?.net ?? null);
  return of(context.mode === "trading" ? "no answer in time" : "the engine does not trade");
};
export const quarantined = ({ context }: Args): SlotFact => ({
  type: "slot.quarantined",
  slot: context.path,
  reason: context.quarantine ?? "",
});
