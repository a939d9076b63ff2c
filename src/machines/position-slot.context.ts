/** What a position slot remembers. Its books, its sight and its orders have files of their own. Pure. */
import type { EngineConfig } from "../domain/config.ts";
import type { Contract, Leg } from "../domain/contract.ts";
import type {
  Campaign,
  Candidate,
  EffectAnswer,
  EngineMode,
  EntryEvent,
  GateEvent,
  LineEvent,
  ModeAnnouncement,
  OrderIntent,
  OrderProgress,
  ReconciliationEvent,
  SessionAnnouncement,
  SlotDispute,
  Urgency,
} from "../domain/events/actors.ts";
import type { MarketEvent } from "../domain/events/market.ts";
import type { RegimeTold, UnderlyingTold } from "../domain/events/weather.ts";
import type { Decision, RuleTrace, SlotFact } from "../domain/facts.ts";
import { EMPTY_LEDGER, type Ledger } from "../domain/pnl.ts";
import type { PositionGreeks } from "../domain/risk/greeks.ts";
import type { Firings } from "../domain/rules/confirmation.ts";
import { EMPTY_PEAK, type TrailingPeak } from "../domain/rules/trailing-stop.ts";
import type { QuoteBook } from "../domain/structure-quote.ts";
import { type EpochMs, type Money, moneyUnits, type Price } from "../domain/units.ts";
import type { Heard } from "./heard.ts";

export interface SlotInput {
  readonly path: string;
  readonly n: number;
  readonly engine: EngineConfig;
}

/** The order that works for this slot: there is never a second one. */
export interface WorkingOrder {
  readonly intentId: string;
  readonly orderRef: string;
  readonly purpose: OrderIntent["purpose"];
  /** As they are traded: an exit has the reversed legs of what it closes. */
  readonly legs: readonly Leg[];
  readonly quantity: number;
  readonly urgency: Urgency;
  /** The saga lost sight of it; it still counts as working until it has ended. */
  readonly doubted: boolean;
}
export type Marked = Extract<SlotFact, { type: "slot.marked" }>;
/** The newest evaluation of the rules. */
export interface Sight {
  /** Of all units held; null: not known. */
  readonly greeks: PositionGreeks | null;
  readonly spot: Price | null;
  readonly marked: Marked;
  readonly decision: Decision;
  readonly trace: readonly RuleTrace[];
  /** What may be done now, confirmed and in its time; null: nothing. */
  readonly acting: Decision | null;
  readonly broken: readonly string[];
}
/** What the position was before it was rolled. It is flat, but for the rest that a roll filled in part has left. */
export interface Former {
  readonly candidate: Candidate;
  readonly entryRefs: readonly string[];
  /** Flat, and the read side knows that the position is another now. */
  readonly told: boolean;
}
/** What the position is to become, and the orders that were sent for it, one after the other: their fills decide, however late. */
export interface Next {
  readonly candidate: Candidate;
  readonly orderRefs: readonly string[];
  /** Natural price of a unit of old and new together, and the worst that pays the costs. */
  readonly net: Price;
  readonly worst: Price;
}
export interface Leaving {
  readonly decision: Decision;
  readonly attempts: number;
  /** Only what a roll has left of the old legs. */
  readonly restOnly?: true;
  /** It is closed to be entered again at a later expiry. */
  readonly continues?: true;
}
/** What came to nothing, and may be tried again from then on. */
export interface Rest {
  readonly attempts: number;
  readonly until: EpochMs;
}
/** The newest word of the gate about a limit of the portfolio that this position breaches more than any other. */
export type Breached = Omit<Extract<GateEvent, { type: "portfolio.breached" }>, "type">;

/** An execution of an earlier position, so that its late commission finds it and a repetition is known. */
interface PastExecution {
  readonly execId: string;
  readonly fee: Money | null;
}

export interface SlotContext {
  readonly path: string;
  readonly n: number;
  readonly engine: EngineConfig;
  readonly mode: EngineMode | null;
  readonly epoch: number;
  /** Running number of this slot's intents; never reused. */
  readonly intents: number;
  readonly candidate: Candidate | null;
  readonly quotes: QuoteBook;
  readonly toRequest: readonly Contract[];
  readonly ledger: Ledger;
  /** The orders of this position, the entry first. */
  readonly refs: readonly string[];
  readonly order: WorkingOrder | null;
  /** The orders whose fills opened the present structure: the entry, or the roll and what was sent for the same legs before it. */
  readonly entryRefs: readonly string[];
  /** How the last order ended. */
  readonly ended: {
    readonly orderRef: string;
    readonly legs: readonly Leg[];
    readonly filledUnits: number;
    readonly reason: string;
  } | null;
  readonly openedAt: EpochMs | null;
  readonly sight: Sight | null;
  readonly evaluatedAt: EpochMs;
  readonly firings: Firings;
  readonly told: { readonly decision: Decision; readonly at: EpochMs } | null;
  /** Since when a protective rule cannot be evaluated, and whether the operator knows; `over`: it can, and the operator is told so. */
  readonly blind: { readonly since: EpochMs; readonly told: boolean; readonly over?: true } | null;
  readonly exit: Leaving | null;
  /** The greatest profit of the present structure, confirmed or on trial. */
  readonly peak: TrailingPeak;
  /** Of the present structure: orders that close a part of it, and how many units of theirs the read side knows of. One, and the latch is set. */
  readonly reductions: readonly string[];
  readonly reducedUnits: number;
  /** The reduction or the roll at work, as it was decided. */
  readonly adjusting: Decision | null;
  readonly reduceRest: Rest | null;
  readonly rollRest: Rest | null;
  readonly next: Next | null;
  readonly former: readonly Former[];
  readonly campaign: Campaign;
  /** Null: nobody has told. */
  readonly weather: { readonly regime: RegimeTold | null; readonly underlying: UnderlyingTold | null };
  readonly breach: Breached | null;
  /** When the gate was told last what is held. */
  readonly valuedAt: EpochMs | null;
  readonly quarantine: string | null;
  readonly past: readonly PastExecution[];
  /** Over the slot's whole life; commissions that arrive after a position was closed are counted here alone. */
  readonly totals: { readonly positions: number; readonly profit: Money; readonly fees: Money };
}

export type SlotEvent = Heard<
  | Extract<EntryEvent, { type: "entry.intended" | "roll.offered" | "roll.declined" }>
  | Extract<GateEvent, { type: "portfolio.breached" }>
  | RegimeTold
  | UnderlyingTold
  | OrderProgress
  | SlotDispute
  | MarketEvent
  | LineEvent
  | ModeAnnouncement
  | SessionAnnouncement
  | ReconciliationEvent
  | EffectAnswer
  | { readonly type: "run.resumed"; readonly config: EngineConfig }
>;

/** Latches of a structure that was just opened, by an entry or by a roll. */
export const NEWBORN = {
  firings: {},
  peak: EMPTY_PEAK,
  reductions: [],
  reducedUnits: 0,
  reduceRest: null,
  rollRest: null,
} as const;
export const NO_CAMPAIGN: Campaign = { loss: moneyUnits(0), rolls: 0 };

/** All that belongs to one position. */
export const NOTHING_HELD = {
  candidate: null,
  quotes: {},
  toRequest: [],
  ledger: EMPTY_LEDGER,
  refs: [],
  order: null,
  entryRefs: [],
  ended: null,
  openedAt: null,
  sight: null,
  evaluatedAt: 0 as EpochMs,
  told: null,
  blind: null,
  exit: null,
  ...NEWBORN,
  adjusting: null,
  next: null,
  former: [],
  campaign: NO_CAMPAIGN,
  weather: { regime: null, underlying: null },
  breach: null,
  valuedAt: null,
  quarantine: null,
} as const;

export const newSlotContext = ({ path, n, engine }: SlotInput): SlotContext => ({
  path,
  n,
  engine,
  mode: null,
  epoch: 0,
  intents: 0,
  ...NOTHING_HELD,
  past: [],
  totals: { positions: 0, profit: moneyUnits(0), fees: moneyUnits(0) },
});

export const legsOf = (context: SlotContext): readonly Leg[] => context.candidate?.legs ?? [];
