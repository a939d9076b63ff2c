/** What a strategy remembers between two events, and the readings of it that its guards and its speech share. Pure. */
import { newYorkDay } from "../domain/calendar/new-york.ts";
import type { EngineConfig, StrategyConfig } from "../domain/config.ts";
import type { Contract, Leg } from "../domain/contract.ts";
import type {
  Campaign,
  Candidate,
  EffectAnswer,
  EngineMode,
  EntryEvent,
  GateEvent,
  LearntWeight,
  LineEvent,
  LinePriority,
  ModeAnnouncement,
  PredictionEvent,
  ReconciliationEvent,
  SessionAnnouncement,
} from "../domain/events/actors.ts";
import type { AnswerEvent } from "../domain/events/broker.ts";
import type { MarketEvent } from "../domain/events/market.ts";
import type { RegimeTold, UnderlyingTold } from "../domain/events/weather.ts";
import type { FunnelStep, RefusedContracts } from "../domain/facts.ts";
import { staleness } from "../domain/freshness.ts";
import { type Quote, spotOf } from "../domain/quote.ts";
import type { Chain } from "../domain/strategies/chain.ts";
import { entryWindow, isWithin } from "../domain/strategies/entry-window.ts";
import { STRATEGIES } from "../domain/strategies/index.ts";
import { type Choice, type Scene, type Stopped, stopAt } from "../domain/strategies/strategy.ts";
import { legName, type QuoteBook } from "../domain/structure-quote.ts";
import { type EpochMs, epochMs, type Money, type Price, priceUnits, roundHalfAway, type TradingDay } from "../domain/units.ts";
import type { Heard } from "./heard.ts";

export interface StrategyInput {
  readonly path: string;
  readonly config: StrategyConfig;
  readonly engine: EngineConfig;
  readonly now: EpochMs;
}

/** What others told at the beginning of a look; null where nobody did. */
export interface Weather {
  readonly regime: RegimeTold | null;
  readonly state: UnderlyingTold | null;
  readonly weights: readonly LearntWeight[];
}
/** The way of this look through the funnel. `skips`: filters let pass unfed, not yet made known. */
export interface Way {
  readonly passed: readonly FunnelStep[];
  readonly refused: RefusedContracts | null;
  readonly skips: readonly { readonly filter: string; readonly missing: string }[];
}
/** A look that is not for a new position: for what a slot would roll into, or for what a closed condor goes on as. */
export type Roll =
  | { readonly kind: "offer"; readonly slot: string; readonly quantity: number; readonly legs: readonly Leg[] }
  | { readonly kind: "campaign"; readonly campaign: Campaign };

export interface StrategyContext {
  readonly path: string;
  readonly config: StrategyConfig;
  readonly engine: EngineConfig;
  /** The connection epoch while the session is ready. */
  readonly epoch: number | null;
  readonly mode: EngineMode | null;
  readonly equity: Money | null;
  /** Nothing is looked for before: a lost connection does not end a pause. */
  readonly coolUntil: EpochMs;
  /** Running number of looks: late answers and lines of an earlier one are told apart by it. */
  readonly look: number;
  readonly underlying: Contract | null;
  /** As the regime's watcher told it last: a look that knows its contracts asks for the line before it is told again. */
  readonly vix: Contract | null;
  readonly weather: Weather;
  /** Expiries that were found to list too little, on the day they were. */
  readonly passedOver: { readonly day: TradingDay | null; readonly expiries: readonly TradingDay[] };
  readonly listing: { readonly day: TradingDay; readonly expiry: TradingDay; readonly tradingClass: string } | null;
  readonly chain: Chain | null;
  readonly quotes: QuoteBook;
  /** Contracts whose first two-sided news this look waits for. */
  readonly awaited: readonly number[];
  /** Contracts whose line will not come in this look. */
  readonly lost: readonly number[];
  readonly toRequest: readonly { readonly contract: Contract; readonly priority: LinePriority }[];
  readonly topics: readonly string[];
  readonly way: Way;
  readonly candidate: Candidate | null;
  readonly stopped: Stopped | null;
  /** The slot whose lifecycle this strategy follows. */
  readonly slot: string | null;
  readonly roll: Roll | null;
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
  | RegimeTold
  | UnderlyingTold
  | Extract<PredictionEvent, { type: "weights.told" }>
  | Extract<GateEvent, { type: "slot.granted" | "entry.denied" }>
  | EffectAnswer
  | StrategyResumed
>;

export const NOTHING_TOLD: Weather = { regime: null, state: null, weights: [] };
export const NO_WAY: Way = { passed: [], refused: null, skips: [] };

export const newStrategyContext = (input: StrategyInput): StrategyContext => ({
  path: input.path,
  config: input.config,
  engine: input.engine,
  epoch: null,
  mode: null,
  equity: null,
  coolUntil: epochMs(0),
  look: 0,
  underlying: null,
  vix: null,
  weather: NOTHING_TOLD,
  passedOver: { day: null, expiries: [] },
  listing: null,
  chain: null,
  quotes: {},
  awaited: [],
  lost: [],
  toRequest: [],
  topics: [],
  way: NO_WAY,
  candidate: null,
  stopped: null,
  slot: null,
  roll: null,
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
export const isToday = (now: EpochMs, day: TradingDay | undefined): boolean => day === newYorkDay(now);

/** Days around a roll's target in which its expiry may lie. */
const ROLL_SLACK_DAYS = 15;
/** The configuration of this look: a roll aims at its own expiry, and at the units that its slot holds. */
export const lookConfig = ({ config, engine, roll }: StrategyContext): StrategyConfig => {
  if (roll === null) return config;
  const target = engine.rules.dteRoll.targetDays;
  const days = { dteMin: Math.max(0, target - ROLL_SLACK_DAYS), dteTarget: target, dteMax: target + ROLL_SLACK_DAYS };
  const quantity = roll.kind === "offer" ? roll.quantity : config.quantity;
  return { ...config, quantity, entry: { ...config.entry, ...days } };
};

// ── quotes ──
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
export const spotFault = (context: StrategyContext, now: EpochMs): string => {
  const quote = underlyingQuote(context);
  const fault = staleness(quote, "underlying", now, context.engine.freshness);
  return fault ?? (quote?.crossed ? "crossed" : "no price");
};
/** False: this run watches no line of the VIX. */
export const isVixQuoted = ({ regime }: EngineConfig): boolean => regime?.live !== false;
/** VIX in index points, or why it is not known. */
export const vixNow = (context: StrategyContext, now: EpochMs): { readonly points: number } | { readonly missing: string } => {
  const contract = context.vix;
  if (contract === null)
    return { missing: isVixQuoted(context.engine) ? "no VIX contract" : "the VIX is not quoted here (regime.live: false)" };
  const quote = context.quotes[contract.conId];
  const level = spotOf(quote);
  const fault = staleness(quote, "vix", now, context.engine.freshness);
  return fault !== undefined || level === undefined ? { missing: `VIX is ${fault ?? "not quoted"}` } : { points: level / 10_000 };
};
/** A leg that may not be traded on: delayed, frozen, of a broken feed, or too old. Prices that are missing are the choice's business. */
export const legFault = (context: StrategyContext, legs: readonly Leg[], now: EpochMs): string | undefined => {
  for (const leg of legs) {
    const quote = context.quotes[leg.contract.conId];
    const fault =
      quote?.source === "snapshot" ? "a snapshot, not a stream" : staleness(quote, "leg", now, context.engine.freshness);
    if (fault !== undefined) return `${legName(leg)}: ${fault}`;
  }
  return undefined;
};

/** An option's open interest comes with the quotes, when it comes; it is waited for only where it decides. */
const wantsOpenInterest = ({ config }: StrategyContext): boolean =>
  config.entry.minOpenInterest > 0 && (config.filters.openInterest?.whenUnknown ?? "deny") === "deny";

/** How many of the awaited contracts have said nothing yet. */
const silentOnes = ({ awaited, quotes }: StrategyContext): number =>
  awaited.filter((conId) => quotes[conId] === undefined).length;
/** A reason, with how much of what was asked for was not seen when it was found: there may be more than what it was found in. */
export const asFarAsHeard = (context: StrategyContext, stopped: Stopped): Stopped => {
  const silent = silentOnes(context);
  return silent === 0
    ? stopped
    : { ...stopped, reason: `${stopped.reason}; ${silent} of ${context.awaited.length} contracts had not been quoted yet` };
};

/** True once every awaited contract has said something about both its sides, or its line is lost. */
export const allHeard = (context: StrategyContext): boolean => {
  const wants = wantsOpenInterest(context);
  const listed = new Set(wants ? context.chain?.options.map(([conId]) => conId) : []);
  return context.awaited.every((conId) => {
    if (context.lost.includes(conId)) return true;
    const quote = context.quotes[conId];
    if (quote === undefined) return false;
    if (listed.has(conId)) return quote.bid !== undefined && quote.ask !== undefined && quote.openInterest !== undefined;
    // An index has no sides.
    return quote.bid !== undefined || quote.last !== undefined;
  });
};

/** What the choices are made from, as far as it is known now. */
export const sceneOf = (context: StrategyContext, now: EpochMs): Choice<{ readonly scene: Scene }> => {
  const { config, engine, underlying, chain, quotes, weather, equity, roll } = context;
  const spot = freshSpot(context, now);
  if (underlying === null || chain === null) return stopAt("resolve", "the contracts are not resolved");
  if (spot === undefined) return stopAt("data", `no fresh quote of ${config.symbol}: ${spotFault(context, now)}`);
  const vix = vixNow(context, now);
  const scene: Scene = {
    config: lookConfig(context),
    underlying,
    chain,
    quotes,
    spot,
    riskFreeRatePct: engine.riskFreeRatePct,
    now,
    maxLossPerPositionPct: engine.limits.maxLossPerPositionPct,
    weights: weather.weights,
    ...(weather.regime === null ? {} : { regime: weather.regime }),
    ...(weather.state === null ? {} : { state: weather.state }),
    ...("points" in vix ? { vix: vix.points } : {}),
    ...(context.vix === null ? {} : { vixContract: context.vix }),
    ...(equity === null ? {} : { equity }),
    ...(roll?.kind === "campaign" ? { campaign: roll.campaign } : {}),
  };
  return { found: true, scene };
};
