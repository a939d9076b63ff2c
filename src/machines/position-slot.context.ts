/** What a position slot remembers. Its books, its sight and its orders have files of their own. Pure. */
import type { EngineConfig } from "../domain/config.ts";
import type { Contract, Leg } from "../domain/contract.ts";
import type {
  Candidate,
  EffectAnswer,
  EngineMode,
  EntryEvent,
  LineEvent,
  ModeAnnouncement,
  OrderProgress,
  ReconciliationEvent,
  SessionAnnouncement,
  SlotDispute,
  Urgency,
} from "../domain/events/actors.ts";
import type { MarketEvent } from "../domain/events/market.ts";
import type { Decision, RuleTrace, SlotFact } from "../domain/facts.ts";
import { EMPTY_LEDGER, type Ledger } from "../domain/pnl.ts";
import type { Firings } from "../domain/rules/confirmation.ts";
import type { QuoteBook } from "../domain/structure-quote.ts";
import { type EpochMs, type Money, moneyUnits } from "../domain/units.ts";
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
  readonly purpose: "entry" | "exit";
  readonly quantity: number;
  readonly urgency: Urgency;
  /** The saga lost sight of it; it still counts as working until it has ended. */
  readonly doubted: boolean;
}
export type Marked = Extract<SlotFact, { type: "slot.marked" }>;
/** The newest evaluation of the rules. */
export interface Sight {
  readonly marked: Marked;
  readonly decision: Decision;
  readonly trace: readonly RuleTrace[];
  /** What may be done now, confirmed and in its time; null: nothing. */
  readonly acting: Decision | null;
  readonly broken: readonly string[];
}
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
  /** How the last order ended. */
  readonly ended: { readonly orderRef: string; readonly filledUnits: number; readonly reason: string } | null;
  readonly openedAt: EpochMs | null;
  readonly sight: Sight | null;
  readonly evaluatedAt: EpochMs;
  readonly firings: Firings;
  readonly told: { readonly decision: Decision; readonly at: EpochMs } | null;
  /** Since when a protective rule cannot be evaluated, and whether the operator knows. */
  readonly blind: { readonly since: EpochMs; readonly told: boolean } | null;
  readonly exit: { readonly decision: Decision; readonly attempts: number } | null;
  readonly quarantine: string | null;
  readonly past: readonly PastExecution[];
  /** Over the slot's whole life; commissions that arrive after a position was closed are counted here alone. */
  readonly totals: { readonly positions: number; readonly profit: Money; readonly fees: Money };
}

export type SlotEvent = Heard<
  | Extract<EntryEvent, { type: "entry.intended" }>
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

/** All that belongs to one position. */
export const NOTHING_HELD = {
  candidate: null,
  quotes: {},
  toRequest: [],
  ledger: EMPTY_LEDGER,
  refs: [],
  order: null,
  ended: null,
  openedAt: null,
  sight: null,
  evaluatedAt: 0 as EpochMs,
  firings: {},
  told: null,
  blind: null,
  exit: null,
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
