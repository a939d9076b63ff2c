/** What the watcher of an underlying remembers between two events, and the readings of it that its chart shares. Pure. */
import { addDays } from "../domain/calendar/civil-date.ts";
import { nextSession, sessionAt } from "../domain/calendar/market-calendar.ts";
import { instantOf, newYorkDay } from "../domain/calendar/new-york.ts";
import { canonical } from "../domain/canonical-json.ts";
import type { EngineConfig } from "../domain/config.ts";
import type { Contract } from "../domain/contract.ts";
import type { EffectAnswer, LineEvent, ReconciliationEvent, SessionAnnouncement } from "../domain/events/actors.ts";
import type { AnswerEvent } from "../domain/events/broker.ts";
import type { MarketEvent } from "../domain/events/market.ts";
import type { DividendExpected, UnderlyingEvent } from "../domain/events/weather.ts";
import { type FreshnessLimits, staleness, validForMs } from "../domain/freshness.ts";
import { type Quote, spotOf } from "../domain/quote.ts";
import { type EpochMs, epochMs, type Price, priceUnits, roundHalfAway } from "../domain/units.ts";
import { type HourRange, NO_RANGE, withPrice } from "../domain/volatility/hour-range.ts";
import { type VolClose, YEAR_OF_CLOSES } from "../domain/volatility/iv-rank.ts";
import { NO_SKEW_HISTORY, type SkewHistory } from "../domain/volatility/skew-history.ts";
import { type WatchedUnderlying, watchedUnderlyings } from "../domain/volatility/watched.ts";
import type { Heard } from "./heard.ts";
import type { Listing, Survey, Surveyed } from "./underlying.survey.ts";

export interface UnderlyingInput {
  readonly watched: WatchedUnderlying;
  readonly config: EngineConfig;
}
interface Settings {
  /** False: no strategy and no regime of this run is about it. */
  readonly wanted: boolean;
  readonly freshness: FreshnessLimits;
  readonly patience: EngineConfig["patience"];
  readonly surveyMinutes: number;
  readonly minHistoryDays: number;
  readonly riskFreeRatePct: number;
}
/** Asking that came to nothing: why, how often in a row, and when it may be asked again. */
export interface Trouble {
  readonly reason: string;
  readonly times: number;
  readonly from: EpochMs;
}
export interface UnderlyingContext {
  readonly watched: WatchedUnderlying;
  readonly settings: Settings;
  /** The connection epoch while the session is ready. */
  readonly epoch: number | null;
  readonly contract: Contract | null;
  /** With the contract or its line. */
  readonly trouble: Trouble;
  readonly quote: Quote | null;
  readonly hour: HourRange;
  /** With the minutes that were not watched. */
  readonly minutesTrouble: Trouble;
  /** Closes of implied volatility, oldest first. */
  readonly closes: readonly VolClose[];
  /** With the history. */
  readonly barsTrouble: Trouble;
  readonly skews: SkewHistory;
  readonly listing: Listing | null;
  /** How many surveys were begun, and when the last was. */
  readonly surveys: { readonly count: number; readonly begunAt: EpochMs | null };
  readonly survey: Survey | null;
  readonly surveyed: Surveyed | null;
  /** The last announcement had a price in it. */
  readonly spotTold: boolean;
}
export type UnderlyingMachineEvent = Heard<
  | SessionAnnouncement
  | ReconciliationEvent
  | AnswerEvent
  | MarketEvent
  | LineEvent
  | EffectAnswer
  | UnderlyingEvent
  | { readonly type: "run.resumed"; readonly config: EngineConfig }
>;
export interface Args {
  readonly context: UnderlyingContext;
  readonly event: UnderlyingMachineEvent;
}

export const CALM: Trouble = { reason: "", times: 0, from: epochMs(0) };
const settingsOf = (config: EngineConfig, wanted: boolean): Settings => ({
  wanted,
  freshness: config.freshness,
  patience: config.patience,
  surveyMinutes: config.volatility?.surveyMinutes ?? 30,
  minHistoryDays: config.volatility?.minHistoryDays ?? YEAR_OF_CLOSES,
  riskFreeRatePct: config.riskFreeRatePct,
});
export const newUnderlyingContext = ({ watched, config }: UnderlyingInput): UnderlyingContext => ({
  watched,
  settings: settingsOf(config, true),
  epoch: null,
  contract: null,
  trouble: CALM,
  quote: null,
  hour: NO_RANGE,
  minutesTrouble: CALM,
  closes: [],
  barsTrouble: CALM,
  skews: NO_SKEW_HISTORY,
  listing: null,
  surveys: { count: 0, begunAt: null },
  survey: null,
  surveyed: null,
  spotTold: false,
});

// ── asking again ──
const AGAIN_MS = [60_000, 300_000, 900_000, 1_800_000, 3_600_000] as const;
const pauseMs = (times: number): number => AGAIN_MS[Math.min(times, AGAIN_MS.length - 1)] as number;
/** One more time in vain, ever longer. */
export const worse = ({ times }: Trouble, reason: string, now: EpochMs): Trouble => ({
  reason,
  times: times + 1,
  from: epochMs(now + pauseMs(times)),
});
export const againMs = ({ trouble }: UnderlyingContext, now: EpochMs): number => Math.max(1_000, trouble.from - now);

// ── the contract and its line ──
export const CONTRACT_WORD = "contract";
/** The contract that an answer names, by which orders and quotes go. */
const contractIn = ({ context: { watched }, event }: Args): Contract | undefined => {
  if (event.type !== "contracts.answered") return undefined;
  const { symbol, primaryExchange, exchange } = watched;
  const named = event.details.filter(({ contract }) => contract.symbol === symbol && contract.currency === "USD");
  const found = named.find(({ contract }) => contract.primaryExchange === primaryExchange) ?? named[0];
  return found && { ...found.contract, exchange };
};
export const isFound = (args: Args): boolean => contractIn(args) !== undefined;
export const withContract = (args: Args): Partial<UnderlyingContext> => {
  const contract = contractIn(args);
  return contract === undefined ? {} : { contract, trouble: CALM };
};
export const withTrouble = ({ context, event }: Args): Partial<UnderlyingContext> => {
  const reason =
    event.type === "request.failed"
      ? `${event.code} ${event.text}`
      : event.type === "effect.refused"
        ? event.reason
        : event.type === "contracts.answered"
          ? `the broker lists no ${context.watched.symbol}`
          : event.type === "line.lost"
            ? `no line: ${event.reason}`
            : "no answer";
  return { trouble: worse(context.trouble, reason, event.now), quote: event.type === "line.lost" ? null : context.quote };
};
/** A line that was refused is asked for again. */
export const lineDue = ({ context, event }: Args): boolean => context.trouble.reason !== "" && event.now >= context.trouble.from;

/** It was, and not again before that may have come to nothing. */
export const withLineAsked = (args: Args): Partial<UnderlyingContext> => {
  const { trouble } = args.context;
  return lineDue(args) ? { trouble: { ...trouble, from: epochMs(args.event.now + pauseMs(trouble.times)) } } : {};
};

// ── quotes ──
export const isOurs = ({ context, event }: Args): boolean =>
  event.type === "quote.updated"
    ? event.epoch === context.epoch && event.quote.conId === context.contract?.conId
    : event.type === "line.lost" && event.conId === context.contract?.conId;
/** The price, when it is fresh enough to act on. */
export const freshSpot = (context: UnderlyingContext, now: EpochMs): Price | undefined => {
  const { quote, settings, epoch } = context;
  const spot = spotOf(quote ?? undefined);
  if (epoch === null || quote === null || spot === undefined || spot <= 0) return undefined;
  return staleness(quote, "underlying", now, settings.freshness) === undefined ? priceUnits(roundHalfAway(spot)) : undefined;
};
/** The next dividend that its quote announces; one whose ex-date has come is gone. */
export const announcedDividend = ({ quote }: UnderlyingContext, now: EpochMs): DividendExpected | undefined => {
  const dividend = quote?.dividend;
  if (dividend === undefined || dividend.exDate <= newYorkDay(now)) return undefined;
  return { exDate: dividend.exDate, amount: dividend.amount };
};
/** The spot that an event leaves behind. */
export const spotAfter = (args: Args): Price | undefined => freshSpot({ ...args.context, ...withQuote(args) }, args.event.now);
export const withQuote = ({ context, event }: Args): Partial<UnderlyingContext> => {
  if (event.type !== "quote.updated") return {};
  const { quote } = event;
  const spot = freshSpot({ ...context, quote }, event.now);
  const trouble = context.trouble.reason === "" ? context.trouble : CALM;
  return { quote, trouble, hour: spot === undefined ? context.hour : withPrice(context.hour, quote.at, spot) };
};
/** So long without a tick, and the silence is announced; it is told from the first moment that the price is too old. */
const SILENCE_MS = 30_000;
const silentFrom = ({ quote, settings }: UnderlyingContext, now: EpochMs): number =>
  (quote?.at ?? now) + Math.max(SILENCE_MS, validForMs("underlying", settings.freshness));
export const silentInMs = (context: UnderlyingContext, now: EpochMs): number =>
  Math.max(1_000, silentFrom(context, now) + 1 - now);
export const isHeard = (context: UnderlyingContext, now: EpochMs): boolean =>
  context.quote !== null && now <= silentFrom(context, now);

// ── the clock ──
const IDLE_MS = 900_000;
/** Each full minute of a session; otherwise a quarter of an hour, the next session or the next day, whichever is first. */
export const tickMs = (now: EpochMs): number => {
  if (sessionAt(now) !== undefined) return 60_000 - (now % 60_000);
  const midnight = instantOf(addDays(newYorkDay(now), 1), 0);
  return Math.max(1_000, Math.min(IDLE_MS, nextSession(now).open - now, midnight - now));
};

// ── surveys ──
/** A session's first minutes have wide quotes. */
const FIRST_SURVEY_MS = 900_000;
/** When the next survey is due: the instant itself when it is. */
export const nextSurveyAt = ({ surveys: { begunAt }, settings }: UnderlyingContext, now: EpochMs): EpochMs => {
  const everyMs = settings.surveyMinutes * 60_000;
  const today = sessionAt(now);
  if (today !== undefined) {
    const first = today.open + FIRST_SURVEY_MS;
    const begins = first + Math.max(0, Math.floor((now - first) / everyMs)) * everyMs;
    const due = now < begins || begunAt === null || begunAt < begins ? Math.max(now, begins) : begins + everyMs;
    if (due < today.close) return epochMs(due);
  }
  return epochMs(nextSession(now).open + FIRST_SURVEY_MS);
};
// ── another run ──
export const isAnother = ({ context, event }: Args): boolean => {
  if (event.type !== "run.resumed") return false;
  const watched = watchedUnderlyings(event.config).find(({ symbol }) => symbol === context.watched.symbol);
  return canonical(watched ?? null) !== canonical(context.watched);
};
/** A new run has no session yet; listed otherwise, or no more, the contract is another one or none. */
export const withConfig = (args: Args): Partial<UnderlyingContext> => {
  const { context, event } = args;
  if (event.type !== "run.resumed") return {};
  const watched = watchedUnderlyings(event.config).find(({ symbol }) => symbol === context.watched.symbol);
  const anew = { epoch: null, quote: null, listing: null, settings: settingsOf(event.config, watched !== undefined) };
  return isAnother(args) ? { ...anew, watched: watched ?? context.watched, contract: null, trouble: CALM } : anew;
};
