/** What a futures root remembers of its contracts in front and next in line, and the readings of it that its chart shares. Pure. */
import { address } from "../domain/address.ts";
import { addDays } from "../domain/calendar/civil-date.ts";
import { contractRollDay, frontQuarter, quarterAfter } from "../domain/calendar/futures-quarter.ts";
import { futuresSessionState } from "../domain/calendar/futures-session.ts";
import { newYorkDay } from "../domain/calendar/new-york.ts";
import type { EngineConfig } from "../domain/config.ts";
import type { Contract } from "../domain/contract.ts";
import type { Effects } from "../domain/effects.ts";
import type { EffectAnswer, LineEvent, ReconciliationEvent, SessionAnnouncement } from "../domain/events/actors.ts";
import type { AnswerEvent } from "../domain/events/broker.ts";
import type { MarketEvent } from "../domain/events/market.ts";
import type { EngineFact } from "../domain/facts.ts";
import { BAR_MS, type Closes, changesOf, closesOf, joined, lacksBars } from "../domain/futures/changes.ts";
import { type Quote, spotOf } from "../domain/quote.ts";
import { type EpochMs, epochMs, roundHalfAway, type TradingDay } from "../domain/units.ts";
import type { Heard } from "./heard.ts";

export interface FuturesContractInput {
  readonly root: string;
}
/** One contract under watch. Its closes are its own, from its own bars and quotes. */
export interface Tracked {
  readonly contract: Contract;
  /** `YYYYMM`. */
  readonly month: string;
  readonly quote: Quote | null;
  readonly closes: Closes;
  /** When its bars may be asked for, and how often in a row that came to nothing. */
  readonly barsFrom: EpochMs;
  readonly barsFailed: number;
}
export interface FuturesContext {
  readonly root: string;
  readonly epoch: number;
  readonly front: Tracked | null;
  /** The quarter that takes the front soon. */
  readonly next: Tracked | null;
  /** The day on which the places were last filled: once a day the next quarter is looked for. */
  readonly windowDay: TradingDay | null;
  readonly toldAt: EpochMs | null;
}
export type FuturesEvent = Heard<
  | SessionAnnouncement
  | ReconciliationEvent
  | AnswerEvent
  | MarketEvent
  | LineEvent
  | EffectAnswer
  | { readonly type: "run.resumed"; readonly config: EngineConfig }
>;
export type Args = { readonly context: FuturesContext; readonly event: FuturesEvent };

/** Calendar days before expiry at which the next quarter takes the front (the house's rollover rule). */
export const ROLL_DAYS_BEFORE = 7;
/** For so many days before that, the next quarter is tracked as well, so that its changes are known when it takes the front. */
export const WINDOW_DAYS = 3;
const FRESH_MS = 120_000;
const BARS_AGAIN_MS = [60_000, 300_000, 900_000, 1_800_000, 3_600_000] as const;

// ── which contracts ──
/** The months to be tracked on the day of an instant: the front, and in its window the next. */
export const monthsAt = (now: EpochMs): { readonly front: string; readonly next: string | undefined } => {
  const day = newYorkDay(now);
  const front = frontQuarter(day, ROLL_DAYS_BEFORE);
  const opens = addDays(contractRollDay(front, ROLL_DAYS_BEFORE), -WINDOW_DAYS);
  return { front: front.contractMonth, next: day >= opens ? quarterAfter(front).contractMonth : undefined };
};
const trackedOf = ({ context, event }: Args, month: string | undefined): Tracked | null => {
  if (event.type !== "contracts.answered" || month === undefined) return null;
  const details = event.details.find(
    ({ contract, contractMonth }) => (contractMonth || contract.expiry?.replaceAll("-", "").slice(0, 6)) === month,
  );
  if (details === undefined) return null;
  const known = [context.front, context.next].find((one) => one?.contract.conId === details.contract.conId);
  const fresh = { month, quote: null, closes: [], barsFrom: event.now, barsFailed: 0 };
  return { ...(known ?? fresh), contract: details.contract, barsFrom: event.now };
};
/** What the answer makes of the two places; undefined when it has no contract for the front. */
export const placesFrom = (args: Args): { readonly front: Tracked; readonly next: Tracked | null } | undefined => {
  const months = monthsAt(args.event.now);
  const front = trackedOf(args, months.front);
  return front === null ? undefined : { front, next: trackedOf(args, months.next) };
};
/** The answer to our question, in this epoch. */
export const isAnswer = ({ context, event }: Args): boolean =>
  (event.type === "contracts.answered" || event.type === "request.failed") &&
  event.request === "front" &&
  event.epoch === context.epoch;
/** Contracts that were tracked and are in neither place any more. */
export const left = (args: Args): readonly Contract[] => {
  const places = placesFrom(args);
  const stay = new Set([places?.front.contract.conId, places?.next?.contract.conId]);
  return [args.context.front, args.context.next].flatMap((one) =>
    one === null || stay.has(one.contract.conId) ? [] : [one.contract],
  );
};
export const hasRolled = ({ context, event }: Args): boolean =>
  context.front !== null && monthsAt(event.now).front !== context.front.month;
export const hasExpired = ({ context, event }: Args): boolean =>
  context.front?.contract.expiry !== undefined && context.front.contract.expiry < newYorkDay(event.now);
/** The next quarter should be tracked and is not, and was not looked for today. */
export const opensWindow = ({ context, event }: Args): boolean =>
  context.next === null && context.windowDay !== newYorkDay(event.now) && monthsAt(event.now).next !== undefined;
export const rests = ({ event }: Args): boolean => futuresSessionState(event.now) !== "open";

// ── quotes and bars ──
/** The place of the contract that an event is about. */
export const placeOf = ({ front, next }: FuturesContext, conId: number): "front" | "next" | undefined =>
  front?.contract.conId === conId ? "front" : next?.contract.conId === conId ? "next" : undefined;
const changed = (
  context: FuturesContext,
  place: "front" | "next",
  change: (one: Tracked) => Tracked,
): Partial<FuturesContext> => {
  const one = context[place];
  return one === null ? {} : { [place]: change(one) };
};
export const withQuote = ({ context, event }: Args): Partial<FuturesContext> => {
  if (event.type !== "quote.updated") return {};
  const { quote } = event;
  const place = placeOf(context, quote.conId);
  return place === undefined ? {} : changed(context, place, (one) => ({ ...one, quote }));
};
const spot = ({ quote }: Tracked, now: EpochMs): number | undefined =>
  quote !== null && now - quote.at <= FRESH_MS ? spotOf(quote) : undefined;
/** At the end of each five minutes the price goes to the closes. */
export const withCloses = ({ context, event }: Args): Partial<FuturesContext> => {
  const { now } = event;
  const end = epochMs(now - (now % BAR_MS));
  if (now - end >= 60_000) return {};
  const close = (one: Tracked): Tracked => {
    const price = spot(one, now);
    return price === undefined || price <= 0 ? one : { ...one, closes: joined(one.closes, [[end, roundHalfAway(price)]]) };
  };
  return { ...changed(context, "front", close), ...changed(context, "next", close) };
};

const barsWord = (conId: number): string => `bars/${conId}`;
/** The contracts whose bars are wanted and may be asked for. */
const barsDue = ({ context, event }: Args): readonly Tracked[] =>
  [context.front, context.next].filter(
    (one): one is Tracked => one !== null && event.now >= one.barsFrom && lacksBars(one.closes, event.now),
  );
export const barQuestions = (args: Args): readonly Effects["bars.request"][] =>
  barsDue(args).map(({ contract }) => ({
    epoch: args.context.epoch,
    replyTo: address.future(args.context.root),
    request: barsWord(contract.conId),
    contract,
    days: 2,
    show: "TRADES",
    size: "5min",
    regularHours: false,
  }));
/** Asked, and not again before the answer is overdue; ever later when it comes to nothing. */
export const withBarsAsked = (args: Args): Partial<FuturesContext> => {
  const due = new Set(barsDue(args));
  const asked = (one: Tracked): Tracked =>
    due.has(one)
      ? {
          ...one,
          barsFrom: epochMs(args.event.now + (BARS_AGAIN_MS[Math.min(one.barsFailed, BARS_AGAIN_MS.length - 1)] as number)),
          barsFailed: one.barsFailed + 1,
        }
      : one;
  return { ...changed(args.context, "front", asked), ...changed(args.context, "next", asked) };
};
export const withBars = ({ context, event }: Args): Partial<FuturesContext> => {
  if (event.type !== "bars.answered" || event.epoch !== context.epoch) return {};
  const { bars, request, now } = event;
  for (const place of ["front", "next"] as const) {
    const one = context[place];
    if (one === null || request !== barsWord(one.contract.conId)) continue;
    const closes = joined(closesOf(bars, now), one.closes);
    return changed(context, place, () => ({ ...one, closes, barsFailed: lacksBars(closes, now) ? one.barsFailed : 0 }));
  }
  return {};
};

/** All that is known of a contract at this instant. */
export const sampleOf = ({ context, event }: Args, place: "front" | "next", phase: string): EngineFact => {
  const one = context[place] as Tracked;
  const quote = one.quote !== null && event.now - one.quote.at <= FRESH_MS ? one.quote : undefined;
  return {
    type: "future.sampled",
    root: context.root,
    contract: one.contract,
    phase,
    isFront: place === "front",
    bid: quote?.bid ?? null,
    ask: quote?.ask ?? null,
    last: quote?.last ?? null,
    volume: quote?.volume ?? null,
    openInterest: quote?.openInterest ?? null,
    impliedVol: quote?.impliedVol ?? null,
    ...changesOf(one.closes, spot(one, event.now), event.now),
  };
};
