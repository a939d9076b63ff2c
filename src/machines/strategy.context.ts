/** What a strategy remembers between two events, and the readings of it that its guards and its speech share. Pure. */
import { newYorkDay } from "../domain/calendar/new-york.ts";
import type { EngineConfig, StrategyConfig } from "../domain/config.ts";
import type { Contract, Leg } from "../domain/contract.ts";
import type {
  Candidate,
  EffectAnswer,
  EngineMode,
  EntryEvent,
  GateEvent,
  LineEvent,
  LinePriority,
  ModeAnnouncement,
  ReconciliationEvent,
  SessionAnnouncement,
} from "../domain/events/actors.ts";
import type { AnswerEvent } from "../domain/events/broker.ts";
import type { MarketEvent } from "../domain/events/market.ts";
import { staleness } from "../domain/freshness.ts";
import type { IvPercentile } from "../domain/iv-history.ts";
import { type Quote, spotOf } from "../domain/quote.ts";
import type { Chain } from "../domain/strategies/chain.ts";
import { entryWindow, isWithin } from "../domain/strategies/entry-window.ts";
import { STRATEGIES } from "../domain/strategies/index.ts";
import { newbornFault } from "../domain/strategies/newborn.ts";
import { type Choice, type Scene, type Stopped, stopAt } from "../domain/strategies/strategy.ts";
import { legName, type QuoteBook } from "../domain/structure-quote.ts";
import { type EpochMs, type Price, priceUnits, roundHalfAway, type TradingDay } from "../domain/units.ts";
import type { Heard } from "./heard.ts";

export interface StrategyInput {
  readonly path: string;
  readonly config: StrategyConfig;
  readonly engine: EngineConfig;
  readonly now: EpochMs;
}

export interface StrategyContext {
  readonly path: string;
  readonly config: StrategyConfig;
  readonly engine: EngineConfig;
  /** The connection epoch while the session is ready. */
  readonly epoch: number | null;
  readonly mode: EngineMode | null;
  /** Running number of looks: late answers and lines of an earlier one are told apart by it. */
  readonly look: number;
  /** Enquiries of this look that are asked only once, answered or not. */
  readonly asked: readonly string[];
  readonly underlying: Contract | null;
  readonly vix: Contract | null;
  /** Expiries that were found to list too little, on the day they were. */
  readonly passedOver: { readonly day: TradingDay | null; readonly expiries: readonly TradingDay[] };
  readonly iv: { readonly day: TradingDay; readonly measured: IvPercentile } | null;
  readonly listing: { readonly day: TradingDay; readonly expiry: TradingDay; readonly tradingClass: string } | null;
  readonly chain: Chain | null;
  readonly quotes: QuoteBook;
  /** Contracts whose first two-sided news this look waits for. */
  readonly awaited: readonly number[];
  /** Contracts whose line will not come in this look. */
  readonly lost: readonly number[];
  readonly toRequest: readonly { readonly contract: Contract; readonly priority: LinePriority }[];
  readonly topics: readonly string[];
  readonly candidate: Candidate | null;
  readonly stopped: Stopped | null;
  /** The slot whose lifecycle this strategy follows. */
  readonly slot: string | null;
}

/** A restart brought another configuration; one without `engine` has no place for this strategy any more. */
export type StrategyResumed =
  | { readonly type: "run.resumed"; readonly config: StrategyConfig; readonly engine: EngineConfig }
  | { readonly type: "run.resumed"; readonly config: EngineConfig };
export type StrategyEvent = Heard<
  | SessionAnnouncement
  | ReconciliationEvent
  | ModeAnnouncement
  | AnswerEvent
  | MarketEvent
  | LineEvent
  | EntryEvent
  | Extract<GateEvent, { type: "slot.granted" | "entry.denied" }>
  | EffectAnswer
  | StrategyResumed
>;

export const newStrategyContext = (input: StrategyInput): StrategyContext => ({
  path: input.path,
  config: input.config,
  engine: input.engine,
  epoch: null,
  mode: null,
  look: 0,
  asked: [],
  underlying: null,
  vix: null,
  passedOver: { day: null, expiries: [] },
  iv: null,
  listing: null,
  chain: null,
  quotes: {},
  awaited: [],
  lost: [],
  toRequest: [],
  topics: [],
  candidate: null,
  stopped: null,
  slot: null,
});

export const mayLook = ({ config, epoch, mode }: StrategyContext): boolean =>
  config.enabled && epoch !== null && mode === "trading";

export const windowAt = (context: StrategyContext, now: EpochMs) => entryWindow(now, context.config.entry);
export const windowOpen = (context: StrategyContext, now: EpochMs): boolean => isWithin(now, windowAt(context, now));

/** The word of a request, by which its answer is known. */
export const wordOf = (context: StrategyContext, what: string): string => `${what}-${context.look}`;
export const isAnswerTo = (context: StrategyContext, event: StrategyEvent, what: string): boolean =>
  "request" in event && event.request === wordOf(context, what) && event.epoch === context.epoch;

export const strategyOf = (context: StrategyContext) => STRATEGIES[context.config.kind];

const underlyingQuote = ({ underlying, quotes }: StrategyContext): Quote | undefined =>
  underlying === null ? undefined : quotes[underlying.conId];
/** The underlying's price, when it is fresh enough to act on. */
export const freshSpot = (context: StrategyContext, now: EpochMs): Price | undefined => {
  const quote = underlyingQuote(context);
  const spot = spotOf(quote);
  return spot === undefined || staleness(quote, "underlying", now, context.engine.freshness) !== undefined
    ? undefined
    : priceUnits(roundHalfAway(spot));
};
/** What the underlying's quote lacks, in words. */
const spotFault = (context: StrategyContext, now: EpochMs): string => {
  const quote = underlyingQuote(context);
  const fault = staleness(quote, "underlying", now, context.engine.freshness);
  return fault ?? (quote?.crossed ? "crossed" : "no price");
};
/** A leg that may not be traded on: delayed, frozen, of a broken feed, or too old. Prices that are missing are the choice's business. */
const legFault = (context: StrategyContext, legs: readonly Leg[], now: EpochMs): string | undefined => {
  for (const leg of legs) {
    const quote = context.quotes[leg.contract.conId];
    const fault =
      quote?.source === "snapshot" ? "a snapshot, not a stream" : staleness(quote, "leg", now, context.engine.freshness);
    if (fault !== undefined) return `${legName(leg)}: ${fault}`;
  }
  return undefined;
};

/** True once every awaited contract has said something about both its sides, or its line is lost. */
export const allHeard = (context: StrategyContext): boolean =>
  context.awaited.every((conId) => {
    if (context.lost.includes(conId)) return true;
    const quote = context.quotes[conId];
    return quote !== undefined && quote.bid !== undefined && quote.ask !== undefined;
  });

export const sceneOf = (context: StrategyContext, now: EpochMs): Choice<{ readonly scene: Scene }> => {
  const { config, engine, underlying, chain, quotes } = context;
  const spot = freshSpot(context, now);
  if (underlying === null || chain === null) return stopAt("resolve", "the contracts are not resolved");
  if (spot === undefined) return stopAt("data", `no fresh quote of ${config.symbol}: ${spotFault(context, now)}`);
  return { found: true, scene: { config, underlying, chain, quotes, spot, riskFreeRatePct: engine.riskFreeRatePct, now } };
};

/** A filter lets a candidate pass, stops it, or could not tell and is skipped because the configuration says so. */
export type Filtered =
  | { readonly verdict: "passed" }
  | { readonly verdict: "stopped"; readonly stopped: Stopped }
  | { readonly verdict: "skipped"; readonly missing: string };

const unknownTo = (
  filter: { readonly whenUnknown: "deny" | "skip" },
  stage: string,
  missing: string,
  limit: number,
  unit: string,
): Filtered =>
  filter.whenUnknown === "skip"
    ? { verdict: "skipped", missing }
    : { verdict: "stopped", stopped: stopAt(stage, missing, { limit, unit }).stopped };

export const vixFilter = ({ config, engine, vix, quotes }: StrategyContext, now: EpochMs): Filtered => {
  const { maxVix } = config.filters.vix;
  const quote = vix === null ? undefined : quotes[vix.conId];
  const level = spotOf(quote);
  if (vix === null) return unknownTo(config.filters.vix, "vix", "no VIX contract", maxVix, "points");
  const fault = staleness(quote, "vix", now, engine.freshness);
  if (fault !== undefined || level === undefined)
    return unknownTo(config.filters.vix, "vix", `VIX is ${fault ?? "not quoted"}`, maxVix, "points");
  const points = level / 10_000;
  if (points <= maxVix) return { verdict: "passed" };
  return {
    verdict: "stopped",
    stopped: stopAt("vix", "VIX is too high", { actual: points, limit: maxVix, unit: "points" }).stopped,
  };
};

export const ivFilter = ({ config, iv }: StrategyContext): Filtered => {
  const { minIvPercentile } = config.filters.ivHistory;
  const measured = iv?.measured;
  if (measured === undefined || !measured.known) {
    const missing = measured?.missing ?? "no history of implied volatility";
    return unknownTo(config.filters.ivHistory, "ivPercentile", missing, minIvPercentile, "%");
  }
  if (measured.percentile >= minIvPercentile) return { verdict: "passed" };
  const numbers = { actual: measured.percentile, limit: minIvPercentile, unit: "%" };
  return { verdict: "stopped", stopped: stopAt("ivPercentile", "implied volatility is too low in its year", numbers).stopped };
};

/** The last choice of a look: a structure on real quotes, in time, that no rule would close at once. */
export const chooseCandidate = (context: StrategyContext, now: EpochMs): Choice<{ readonly candidate: Candidate }> => {
  if (!windowOpen(context, now)) return stopAt("schedule", "the entry window is over");
  const view = sceneOf(context, now);
  if (!view.found) return view;
  const choice = strategyOf(context).select(view.scene);
  if (!choice.found) return choice;
  const fault = legFault(context, choice.candidate.legs, now);
  if (fault !== undefined) return stopAt("data", fault);
  const stopped = newbornFault(choice.candidate, context.quotes, context.engine.rules, now);
  return stopped === undefined ? choice : { found: false, stopped };
};

export const isToday = (now: EpochMs, day: TradingDay | undefined): boolean => day === newYorkDay(now);
