/** What the queue remembers, and small questions to it; its beat, its endings and its shelves have files of their own. Pure. */
import { sessionAt } from "../domain/calendar/market-calendar.ts";
import type { EngineConfig, LinesConfig } from "../domain/config.ts";
import type { Contract } from "../domain/contract.ts";
import type { ReconciliationEvent, SessionAnnouncement, ShelfEvent, SnapshotEvent, Tally } from "../domain/events/actors.ts";
import type { AnswerEvent, PositionEvent } from "../domain/events/broker.ts";
import type { MarketEvent } from "../domain/events/market.ts";
import type { Quote } from "../domain/quote.ts";
import type { EpochMs } from "../domain/units.ts";
import type { Heard } from "./heard.ts";

export interface ContractQueueInput {
  readonly config: EngineConfig;
}
/** A shelf as the queue knows it. */
interface Known {
  /** Which contracts it holds, as a few figures: enough to notice that they are others. */
  readonly digest: string;
  /** When its next entry is due; null: none is. */
  readonly dueAt: number | null;
}
/** A held leg without a line of its own. */
interface HeldLeg {
  readonly contract: Contract;
  readonly dueAt: number;
}
export interface QueueContext {
  readonly lines: LinesConfig;
  readonly account: string;
  readonly epoch: number;
  /** By number. */
  readonly shelves: { readonly [n: string]: Known };
  /** The shelf whose turn it is. */
  readonly turn: number;
  readonly spare: number;
  /** Snapshots asked for and not answered, by conId: since when. */
  readonly underWay: { readonly [conId: string]: number };
  readonly held: { readonly [conId: string]: HeldLeg };
  /** Failures in a row of contracts that are in trouble. */
  readonly tries: { readonly [conId: string]: number };
  /** When those that failed for a passing reason are asked for again, out of turn. */
  readonly retries: { readonly [conId: string]: number };
  /** Everybody waits until then, because IB said that it is too much. */
  readonly backOff: { readonly until: number; readonly tries: number };
  /** This beat: how many more may be asked for, how many shelves were visited, the held legs asked for, others out of turn, those given up. */
  readonly beat: {
    readonly left: number;
    readonly visits: number;
    readonly ask: readonly Contract[];
    readonly recall: readonly number[];
    readonly abandoned: readonly number[];
  };
  /** Learnt and not yet made known. */
  readonly fresh: readonly Quote[];
  readonly toldAt: number;
  readonly countedAt: number;
  readonly tallies: { readonly [n: string]: Tally };
}
export type QueueEvent = Heard<
  | SnapshotEvent
  | ShelfEvent
  | SessionAnnouncement
  | ReconciliationEvent
  | PositionEvent
  | Extract<AnswerEvent, { type: "positions.answered" }>
  | Extract<MarketEvent, { type: "snapshot.answered" | "snapshot.failed" }>
  | { readonly type: "run.resumed"; readonly config: EngineConfig }
>;
export interface Args {
  readonly context: QueueContext;
  readonly event: QueueEvent;
}

export const TELL_EVERY_MS = 5_000;
const COUNT_EVERY_MS = 30_000;
/** Between beats: nothing may be asked for. */
export const NO_BEAT = { left: 0, visits: 0, ask: [], recall: [], abandoned: [] } as const;

export const newQueueContext = ({ config }: ContractQueueInput): QueueContext => ({
  lines: config.lines,
  account: config.account,
  epoch: 0,
  shelves: {},
  turn: 1,
  spare: 0,
  underWay: {},
  held: {},
  tries: {},
  retries: {},
  backOff: { until: 0, tries: 0 },
  beat: NO_BEAT,
  fresh: [],
  toldAt: 0,
  countedAt: 0,
  tallies: {},
});

export const count = (record: object): number => Object.keys(record).length;
export const inSession = (now: EpochMs): boolean => sessionAt(now) !== undefined;
export const ofEpoch = ({ context, event }: Args): boolean => "epoch" in event && event.epoch === context.epoch;
export const freshDue = ({ fresh, toldAt }: QueueContext, now: number): boolean =>
  fresh.length > 0 && now - toldAt >= TELL_EVERY_MS;
export const countDue = ({ countedAt, shelves }: QueueContext, now: number): boolean =>
  count(shelves) > 0 && now - countedAt >= COUNT_EVERY_MS;
export const allTold = ({ tallies, shelves }: QueueContext): boolean => count(tallies) > 0 && count(tallies) >= count(shelves);

export const withSpare = (context: QueueContext, event: QueueEvent): Partial<QueueContext> => {
  if (event.type !== "lines.spared") return {};
  const held = event.heldWaiting.map((contract) => [
    contract.conId,
    { contract, dueAt: context.held[contract.conId]?.dueAt ?? event.now },
  ]);
  return { spare: event.spare, held: Object.fromEntries(held) };
};
/** Nothing is under way, everything may be asked for at once. */
export const calmed = (context: QueueContext): Partial<QueueContext> => ({
  underWay: {},
  spare: 0,
  held: {},
  retries: {},
  beat: NO_BEAT,
  shelves: Object.fromEntries(Object.entries(context.shelves).map(([n, known]) => [n, { ...known, dueAt: 0 }])),
});
