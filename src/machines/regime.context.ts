/** What the watcher of the market's regime remembers between two events, and the readings of it that its chart shares. Pure. */
import { addDays } from "../domain/calendar/civil-date.ts";
import {
  nextSession,
  previousSession,
  sessionAt,
  sessionsBetween,
  tradingDayBefore,
} from "../domain/calendar/market-calendar.ts";
import { canonical } from "../domain/canonical-json.ts";
import type { EngineConfig } from "../domain/config.ts";
import type { Contract } from "../domain/contract.ts";
import type { EffectAnswer, LineEvent, ReconciliationEvent, SessionAnnouncement } from "../domain/events/actors.ts";
import type { AnswerEvent } from "../domain/events/broker.ts";
import type { MarketEvent } from "../domain/events/market.ts";
import type { RegimeEvent, RegimeInputs, RegimeTold } from "../domain/events/weather.ts";
import { type FreshnessLimits, staleness } from "../domain/freshness.ts";
import { type Quote, spotOf } from "../domain/quote.ts";
import { type ClassifiedDay, classifyDays, type KnownDay } from "../domain/regime/classify.ts";
import { type BarRow, type CloseRow, historyOf, withBarRows, withCloseRows } from "../domain/regime/history.ts";
import { crashOn, NO_REGIME, type RegimeState, regimeThrough } from "../domain/regime/hysteresis.ts";
import { DEFAULT_REGIME, type RegimeConfig } from "../domain/regime/thresholds.ts";
import { type EpochMs, epochMs, type TradingDay, UNITS_PER_DOLLAR } from "../domain/units.ts";
import type { Heard } from "./heard.ts";

export interface RegimeMachineInput {
  readonly config: EngineConfig;
}
/** The two things that are watched: the stock and the VIX. */
export type Watched = "stock" | "vix";
export const WATCHED: readonly Watched[] = ["stock", "vix"];

export interface RegimeContext {
  readonly config: RegimeConfig;
  readonly freshness: FreshnessLimits;
  /** How long an answer is waited for. */
  readonly patienceMs: number;
  readonly epoch: number;
  readonly contracts: { readonly [Which in Watched]: Contract | null };
  readonly bars: readonly BarRow[];
  readonly closes: readonly CloseRow[];
  /** Whose bars were asked for and are not here yet. */
  readonly awaited: readonly Watched[];
  /** How often in a row asking came to nothing, and how the last time ended. */
  readonly failures: number;
  readonly fault: string;
  readonly state: RegimeState;
  /** The newest day that could be told, by its close. */
  readonly newest: KnownDay | null;
  /** Why the days after that could not; or why none could. */
  readonly missing: string;
  readonly quotes: { readonly [Which in Watched]: Quote | null };
  /** The stock's range of the session in progress, as it was quoted to us. */
  readonly today: { readonly day: TradingDay; readonly high: number; readonly low: number } | null;
  /** The minute in which the session in progress was last looked at. */
  readonly lookedAt: EpochMs | null;
  /** A crash that was seen before the close of its day. */
  readonly intraday: KnownDay | null;
  /** What was last announced. */
  readonly told: string;
}
export type RegimeMachineEvent = Heard<
  | SessionAnnouncement
  | ReconciliationEvent
  | AnswerEvent
  | MarketEvent
  | LineEvent
  | EffectAnswer
  | RegimeEvent
  | { readonly type: "run.resumed"; readonly config: EngineConfig }
>;
export interface Args {
  readonly context: RegimeContext;
  readonly event: RegimeMachineEvent;
}

/** The VIX is reckoned until 16:15; so long after the stock market's close its daily bar is whole. */
const SETTLES_MS = 20 * 60_000;
/** With a newest day further back than so many sessions, nothing is known of today. */
const SESSIONS_VALID = 3;
const NOTHING_YET = "no daily bars yet";
const AGAIN_MS = [60_000, 300_000, 900_000, 1_800_000, 3_600_000] as const;

export const newRegimeContext = ({ config }: RegimeMachineInput): RegimeContext => ({
  config: config.regime ?? DEFAULT_REGIME,
  freshness: config.freshness,
  patienceMs: config.patience.answersSeconds * 1_000,
  epoch: 0,
  contracts: { stock: null, vix: null },
  bars: [],
  closes: [],
  awaited: [],
  failures: 0,
  fault: "",
  state: NO_REGIME,
  newest: null,
  missing: "",
  quotes: { stock: null, vix: null },
  today: null,
  lookedAt: null,
  intraday: null,
  told: `null null null null ${NOTHING_YET}`,
});

// ── which days ──
/** The last session whose daily bars are whole. */
export const settledDay = (now: EpochMs): TradingDay => previousSession(epochMs(now - SETTLES_MS)).day;
/** How long until another one is, in ms. */
export const settlesInMs = (now: EpochMs): number => {
  const before = epochMs(now - SETTLES_MS);
  return (sessionAt(before) ?? nextSession(before)).close + SETTLES_MS - now;
};
export const againMs = ({ failures }: RegimeContext): number =>
  AGAIN_MS[Math.min(Math.max(0, failures - 1), AGAIN_MS.length - 1)] as number;

// ── contracts ──
export const isResolved = ({ contracts }: RegimeContext): boolean => contracts.stock !== null && contracts.vix !== null;
/** Its session in progress is watched too, for a crash. */
export const isLive = ({ live }: RegimeConfig): boolean => live !== false;
export const nameOf = ({ config }: RegimeContext, which: Watched): string => (which === "stock" ? config.symbol : "VIX");
/** Which of our questions an event answers, in this epoch; undefined: none. */
export const answered = ({ context, event }: Args, about: "contract" | "bars"): Watched | undefined => {
  const word =
    event.type === "contracts.answered" || event.type === "bars.answered" || event.type === "request.failed"
      ? event.epoch === context.epoch && event.request
      : event.type === "effect.refused" && event.params["epoch"] === context.epoch && event.params["request"];
  return WATCHED.find((which) => word === `${about}/${which}`);
};
export const withContract = (args: Args): Partial<RegimeContext> => {
  const which = answered(args, "contract");
  const { context, event } = args;
  if (event.type !== "contracts.answered" || which === undefined) return {};
  const found = event.details.find(({ contract }) => contract.symbol === nameOf(context, which));
  return found === undefined
    ? { fault: `the broker lists no ${nameOf(context, which)}` }
    : { contracts: { ...context.contracts, [which]: found.contract } };
};
export const watchedAt = ({ contracts }: RegimeContext, conId: number): Watched | undefined =>
  WATCHED.find((which) => contracts[which]?.conId === conId);

/** Asking came to nothing: how, in words. */
export const withFailure = (args: Args): Partial<RegimeContext> => {
  const { context, event } = args;
  const which = answered(args, "bars") ?? answered(args, "contract");
  const what = which === undefined ? "" : `${nameOf(context, which)}: `;
  const failures = context.failures + 1;
  switch (event.type) {
    case "request.failed":
      return { failures, fault: `${what}${event.code} ${event.text}` };
    case "effect.refused":
      return { failures, fault: `${what}${event.reason}` };
    case "contracts.answered":
      return { failures };
    case "bars.answered":
      return { failures, fault: `the broker's daily bars do not reach ${settledDay(event.now)} yet` };
    default:
      return { failures, fault: "no answer" };
  }
};

// ── bars and what follows from them ──
export const withBars = (args: Args): Partial<RegimeContext> => {
  const which = answered(args, "bars");
  const { context, event } = args;
  if (event.type !== "bars.answered" || which === undefined) return {};
  const awaited = context.awaited.filter((one) => one !== which);
  const through = settledDay(event.now);
  return which === "stock"
    ? { awaited, bars: withBarRows(context.bars, event.bars, through) }
    : { awaited, closes: withCloseRows(context.closes, event.bars, through) };
};
/** Whose bars do not reach the last whole session. */
export const lagging = ({ bars, closes }: RegimeContext, now: EpochMs): readonly Watched[] => {
  const settled = settledDay(now);
  const reaches = (day: TradingDay | undefined): boolean => day !== undefined && day >= settled;
  return WATCHED.filter((which) => !reaches((which === "stock" ? bars : closes).at(-1)?.[0]));
};
/** Folds in the days that are whole by now. Of the two series, the one that lags decides how far that is. */
export const assessed = ({ context }: Args): Partial<RegimeContext> => {
  const { config, bars, closes } = context;
  const vixThrough = closes.at(-1)?.[0];
  const days = classifyDays(historyOf(bars, closes), config).filter(({ day }) => vixThrough !== undefined && day <= vixThrough);
  const newest = days.findLast((day): day is KnownDay => day.known) ?? null;
  const last = days.at(-1);
  const lacking = bars.length === 0 ? config.symbol : "VIX";
  const missing = last === undefined ? `no daily bars of ${lacking}` : last.known ? "" : `${last.day}: ${last.missing}`;
  const state = regimeThrough(context.state, days, config);
  const past = context.intraday !== null && newest !== null && newest.day >= context.intraday.day;
  return { newest, missing, state, intraday: past ? null : context.intraday };
};

// ── the session in progress ──
export const withQuote = ({ context, event }: Args): Partial<RegimeContext> => {
  if (event.type !== "quote.updated") return {};
  const { quote, now } = event;
  const which = watchedAt(context, quote.conId);
  if (which === undefined) return {};
  const quotes = { ...context.quotes, [which]: quote };
  const spot = spotOf(quote);
  const day = sessionAt(now)?.day;
  if (which === "vix" || spot === undefined || day === undefined) return { quotes };
  const price = spot / UNITS_PER_DOLLAR;
  const known = context.today?.day === day ? context.today : { day, high: price, low: price };
  return { quotes, today: { day, high: Math.max(known.high, price), low: Math.min(known.low, price) } };
};
export const withoutQuotes = { quotes: { stock: null, vix: null }, awaited: [] } as const;
/** A line that will not come: what it said last proves nothing. */
export const withoutLine = ({ context, event }: Args): Partial<RegimeContext> => {
  const which = event.type === "line.lost" ? watchedAt(context, event.conId) : undefined;
  return which === undefined ? {} : { quotes: { ...context.quotes, [which]: null } };
};
const minuteOf = (at: number): number => Math.floor(at / 60_000);
/** The session in progress as a day of its own, with the newest quotes for its closes; undefined while they prove nothing. */
const dayInProgress = ({ context, event }: Args): ClassifiedDay | undefined => {
  const { now } = event;
  const { quotes, today, bars, closes, config, freshness } = context;
  const day = sessionAt(now)?.day;
  if (day === undefined || today?.day !== day) return undefined;
  const yesterday = tradingDayBefore(day);
  if (bars.at(-1)?.[0] !== yesterday || closes.at(-1)?.[0] !== yesterday) return undefined;
  const [stock, vix] = [spotOf(quotes.stock ?? undefined), spotOf(quotes.vix ?? undefined)];
  const isFresh =
    staleness(quotes.stock ?? undefined, "underlying", now, freshness) === undefined &&
    staleness(quotes.vix ?? undefined, "vix", now, freshness) === undefined;
  if (!isFresh || stock === undefined || vix === undefined) return undefined;
  const bar: BarRow = [day, today.high, today.low, stock / UNITS_PER_DOLLAR];
  const history = historyOf([...bars, bar], [...closes, [day, vix / UNITS_PER_DOLLAR]]);
  return classifyDays(history, config).at(-1);
};
/** Once a minute, and only while there is a regime that a crash could end. */
export const isDueToLook = ({ context, event }: Args): boolean =>
  event.type === "quote.updated" &&
  context.state.regime !== null &&
  (context.lookedAt === null || minuteOf(event.now) !== minuteOf(context.lookedAt));
/** The quote, and what a look at the session in progress shows: a crash counts at once, all else waits for the close. */
export const withLook = (args: Args): Partial<RegimeContext> => {
  const quoted = withQuote(args);
  const context = { ...args.context, ...quoted };
  const day = dayInProgress({ context, event: args.event });
  if (day === undefined) return quoted;
  const looked = { ...quoted, lookedAt: args.event.now };
  return day.known && day.regime === "crash" ? { ...looked, state: crashOn(context.state, day.day), intraday: day } : looked;
};

// ── what is told ──
const NO_INPUTS: RegimeInputs = { vix: null, adx: null, efficiency: null, return5d: null, vixChange5d: null, smaRatio: null };
/** Why the regime is not known at an instant; empty when it is. */
const unknownAt = ({ state, newest, missing, fault }: RegimeContext, now: EpochMs): string => {
  const because = [missing, fault].filter((why) => why !== "").join("; ");
  if (state.regime === null || newest === null) return because === "" ? NOTHING_YET : because;
  const since = sessionsBetween(addDays(newest.day, 1), settledDay(now)).length;
  if (since <= SESSIONS_VALID) return "";
  return `the last day that is known is ${newest.day}, ${since} sessions ago${because === "" ? "" : `; ${because}`}`;
};
export const tellingAt = (context: RegimeContext, now: EpochMs): RegimeTold => {
  const { state, newest, intraday, contracts, config } = context;
  const unknown = unknownAt(context, now);
  const known = unknown === "";
  const seen = intraday ?? newest;
  return {
    type: "regime.told",
    regime: known ? state.regime : null,
    since: known ? state.since : null,
    raw: known ? (seen?.regime ?? null) : null,
    unknown,
    at: now,
    asOf: newest?.day ?? null,
    vix: isLive(config) ? contracts.vix : null,
    inputs: known ? (seen?.inputs ?? NO_INPUTS) : NO_INPUTS,
  };
};
export const gapsOf = ({ intraday, newest }: RegimeContext): readonly string[] => (intraday ?? newest)?.gaps ?? [];
/** What of it is news when it changes: all but the time, the figures of the same day, and how the VIX is listed. */
export const newsOf = (context: RegimeContext, now: EpochMs): string => {
  const { regime, since, raw, unknown, asOf } = tellingAt(context, now);
  return `${regime} ${since} ${raw} ${asOf} ${unknown}`;
};

/** Another run: other thresholds judge the past anew; another stock has another past. */
export const withConfig = ({ context, event }: Args): Partial<RegimeContext> => {
  if (event.type !== "run.resumed") return {};
  const { freshness, patience, regime: config = DEFAULT_REGIME } = event.config;
  const patienceMs = patience.answersSeconds * 1_000;
  if (config.symbol !== context.config.symbol) return { ...newRegimeContext({ config: event.config }), epoch: context.epoch };
  if (canonical(config) === canonical(context.config)) return { freshness, patienceMs };
  const begun = { ...context, config, freshness, patienceMs, state: NO_REGIME, intraday: null };
  return { ...begun, ...assessed({ context: begun, event }) };
};
