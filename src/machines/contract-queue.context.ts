/** What the queue remembers beside its shelves, and what each event makes of it. Pure. */
import { address } from "../domain/address.ts";
import { sessionAt } from "../domain/calendar/market-calendar.ts";
import type { EngineConfig, LinesConfig } from "../domain/config.ts";
import type { Contract } from "../domain/contract.ts";
import type {
  ReconciliationEvent,
  SessionAnnouncement,
  ShelfEvent,
  SnapshotEvent,
  Tally,
  Timed,
} from "../domain/events/actors.ts";
import type { AnswerEvent, BrokerPosition, PositionEvent } from "../domain/events/broker.ts";
import type { MarketEvent } from "../domain/events/market.ts";
import type { EngineFact } from "../domain/facts.ts";
import { backOffMs, failureClass, isDead, retryAt } from "../domain/lines/line-failure.ts";
import { SHELVES, shelfOf } from "../domain/lines/shelf.ts";
import type { Quote } from "../domain/quote.ts";
import type { Tell, Told } from "../domain/speech.ts";
import type { EpochMs } from "../domain/units.ts";

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
type Heard<E> = E extends unknown ? E & Timed : never;
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

export const BEAT_MS = 500;
const SLEEP_MS = 30_000;
/** IB ends a snapshot after 11 s and our border after 15: whatever is later has been lost. */
const LOST_AFTER_MS = 60_000;
const TELL_EVERY_MS = 5_000;
const COUNT_EVERY_MS = 30_000;
const MOST_RETRIES = 200;
const NO_BEAT = { left: 0, visits: 0, ask: [], recall: [], abandoned: [] } as const;

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

const without = <Value>(record: { readonly [key: string]: Value }, key: number): { readonly [key: string]: Value } => {
  const { [key]: _gone, ...rest } = record;
  return rest;
};
const count = (record: object): number => Object.keys(record).length;
export const inSession = (now: EpochMs): boolean => sessionAt(now) !== undefined;
export const ofEpoch = ({ context, event }: Args): boolean => "epoch" in event && event.epoch === context.epoch;
const shelvesOf = ({ shelves }: QueueContext): number[] => Object.keys(shelves).map(Number);

// ── which contracts ──
/** A contract that a snapshot can be asked for: IB's position rows name no exchange, and only for these there is one to guess. */
const isAskable = ({ secType, exchange, primaryExchange }: Contract): boolean =>
  secType === "OPT" ||
  secType === "STK" ||
  ((secType === "FUT" || secType === "FOP") && (exchange || primaryExchange || "") !== "");
const isMine = (context: QueueContext, { account, contract, quantity }: BrokerPosition): boolean =>
  (account === context.account || context.account === "") && quantity !== 0 && isAskable(contract);

const PRIME = 1_000_003;
const digestOf = (contracts: readonly Contract[]): string => {
  let sum = 0;
  let mixed = 0;
  for (const { conId } of contracts) {
    sum += conId;
    mixed = (mixed + (conId % PRIME) * (conId % 7919)) % PRIME;
  }
  return `${contracts.length}/${sum}/${mixed}`;
};

/** The shelves whose contracts are others than before, as an answer about all positions tells it. */
const refilled = (context: QueueContext, positions: readonly BrokerPosition[]): readonly (readonly [number, Contract[]])[] => {
  const on: Contract[][] = Array.from({ length: SHELVES + 1 }, () => []);
  for (const position of positions) if (isMine(context, position)) on[shelfOf(position.contract.conId)]?.push(position.contract);
  return on.flatMap((contracts, n) => {
    const digest = context.shelves[n]?.digest ?? digestOf([]);
    return n > 0 && digestOf(contracts) !== digest ? [[n, contracts] as const] : [];
  });
};
const changesOf = ({ context, event }: Args): readonly { readonly n: number; readonly event: Told }[] => {
  if (event.type === "positions.answered")
    return refilled(context, event.positions).map(([n, contracts]) => ({
      n,
      event: { type: "shelf.filled", contracts } as Told,
    }));
  if (event.type !== "position.changed" || event.position.account !== context.account || !isAskable(event.position.contract))
    return [];
  const { contract, quantity } = event.position;
  const n = shelfOf(contract.conId);
  // What is not held needs no shelf.
  if (quantity === 0 && context.shelves[n] === undefined) return [];
  return [{ n, event: { type: "shelf.changed", contract, held: quantity !== 0 } as Told }];
};
export const newShelves = (args: Args) =>
  changesOf(args)
    .filter(({ n }) => args.context.shelves[n] === undefined)
    .map(({ n }) => ({
      path: address.contractShelf(n),
      machine: "contractShelf",
      input: { n, lines: args.context.lines },
    }));
export const shelfChanges = (args: Args): Tell[] =>
  changesOf(args).map(({ n, event }) => ({ to: address.contractShelf(n), event }));
export const withContracts = (args: Args): Partial<QueueContext> => {
  const changes = changesOf(args);
  if (changes.length === 0) return {};
  const known = changes.map(({ n, event }) => {
    const contracts = "contracts" in event ? (event["contracts"] as readonly Contract[]) : undefined;
    return [n, { digest: contracts === undefined ? "changed" : digestOf(contracts), dueAt: 0 }] as const;
  });
  return { shelves: { ...args.context.shelves, ...Object.fromEntries(known) } };
};

// ── the beat ──
const heldDue = (context: QueueContext, now: number): readonly Contract[] =>
  Object.values(context.held)
    .filter(({ contract, dueAt }) => dueAt <= now && context.underWay[contract.conId] === undefined)
    .sort((a, b) => a.dueAt - b.dueAt)
    .map(({ contract }) => contract);

/** What this beat may ask for. Held legs come first. */
export const begunBeat = (context: QueueContext, now: number): Partial<QueueContext> => {
  const abandoned = Object.entries(context.underWay)
    .filter(([, since]) => now - since >= LOST_AFTER_MS)
    .map(([conId]) => Number(conId));
  const kept = Object.fromEntries(Object.entries(context.underWay).filter(([, since]) => now - since < LOST_AFTER_MS));
  const room = Math.max(0, context.spare - count(kept));
  const quota = now < context.backOff.until ? 0 : Math.min(room, Math.ceil((context.lines.snapshotsPerSecond * BEAT_MS) / 1_000));
  const ask = heldDue({ ...context, underWay: kept }, now).slice(0, quota);
  // At most half of the rest is for retries, so that troubled contracts do not starve the sound ones.
  const recall = Object.entries(context.retries)
    .filter(([conId, at]) => at <= now && kept[conId] === undefined && context.shelves[shelfOf(Number(conId))] !== undefined)
    .slice(0, Math.ceil((quota - ask.length) / 2))
    .map(([conId]) => Number(conId));
  const asked = [...ask.map(({ conId }) => conId), ...recall];
  return {
    underWay: asked.length === 0 ? kept : { ...kept, ...Object.fromEntries(asked.map((conId) => [conId, now])) },
    retries:
      recall.length === 0
        ? context.retries
        : Object.fromEntries(Object.entries(context.retries).filter(([conId]) => !recall.includes(Number(conId)))),
    beat: { left: quota - asked.length, visits: 0, ask, recall, abandoned },
  };
};
/** The shelf whose turn it is: the one in hand, or the next that has something due. */
export const nextShelf = (context: QueueContext, now: number): number | undefined => {
  if (context.beat.left <= 0 || context.beat.visits >= SHELVES) return undefined;
  for (let step = 0; step < SHELVES; step++) {
    const n = ((context.turn - 1 + step) % SHELVES) + 1;
    const due = context.shelves[n]?.dueAt;
    if (typeof due === "number" && due <= now) return n;
  }
  return undefined;
};
export const afterTurn = (context: QueueContext, event: QueueEvent): Partial<QueueContext> => {
  if (event.type !== "turn.taken") return {};
  const { shelf, conIds, dueAt, now } = event;
  const left = context.beat.left - conIds.length;
  return {
    underWay: { ...context.underWay, ...Object.fromEntries(conIds.map((conId) => [conId, now])) },
    shelves: { ...context.shelves, [shelf]: { digest: context.shelves[shelf]?.digest ?? "", dueAt } },
    // It stays this shelf's turn until its end: what has become due again behind waits for its next turn, or nobody else had one.
    turn: event.ended ? (shelf % SHELVES) + 1 : shelf,
    beat: { ...context.beat, left, visits: context.beat.visits + 1 },
  };
};
/** How long to sleep, in ms. */
export const beatMs = (context: QueueContext, now: number): number => {
  const { backOff, fresh, held, retries, shelves, spare, toldAt, underWay } = context;
  const patience = Math.max(BEAT_MS, backOff.until - now);
  const isReady =
    heldDue(context, now).length > 0 ||
    Object.values(retries).some((at) => at <= now) ||
    nextShelf({ ...context, beat: { ...NO_BEAT, left: 1 } }, now) !== undefined;
  if (isReady && spare > 0) return Math.min(SLEEP_MS, patience);
  const dues = [
    ...Object.values(shelves).map(({ dueAt }) => dueAt ?? Number.POSITIVE_INFINITY),
    ...Object.values(held).map(({ dueAt }) => dueAt),
    ...Object.values(retries),
    ...Object.values(underWay).map((since) => since + LOST_AFTER_MS),
    ...(fresh.length > 0 ? [toldAt + TELL_EVERY_MS] : []),
  ].filter((at) => at > now);
  return Math.max(Math.min(SLEEP_MS, ...dues.map((at) => at - now)), patience);
};

// ── answers ──
const dueNoLaterThan = (context: QueueContext, conId: number, at: number): QueueContext["shelves"] => {
  const n = shelfOf(conId);
  const known = context.shelves[n];
  if (known === undefined || (known.dueAt !== null && known.dueAt <= at)) return context.shelves;
  return { ...context.shelves, [n]: { ...known, dueAt: at } };
};
const heldUntil = (context: QueueContext, conId: number, at: number): QueueContext["held"] => {
  const leg = context.held[conId];
  return leg === undefined ? context.held : { ...context.held, [conId]: { ...leg, dueAt: at } };
};
const hasNews = ({ bid, ask, last }: Quote): boolean => bid !== undefined || ask !== undefined || last !== undefined;

/** How an answer ends: refreshed, failed (until when, and whether for the day), or given back. */
export type Ending =
  | { readonly as: "refreshed" }
  | { readonly as: "failed"; readonly retryAt: EpochMs; readonly dead: boolean }
  | { readonly as: "returned" };
export const endingOf = ({ context, event }: Args): Ending => {
  switch (event.type) {
    case "snapshot.spared":
      return { as: "refreshed" };
    case "snapshot.answered":
      if (hasNews(event.quote)) return { as: "refreshed" };
      break;
    case "snapshot.failed": {
      const of = failureClass(event.code);
      if (of === "capacity" || of === "dropped") return { as: "returned" };
      if (isDead(of)) return { as: "failed", retryAt: retryAt(of, 1, event.now), dead: true };
      break;
    }
    default:
      return { as: "returned" };
  }
  const tries = (context.tries[event.conId] ?? 0) + 1;
  return { as: "failed", retryAt: retryAt("passing", tries, event.now), dead: false };
};
const conIdOf = (event: QueueEvent): number => ("conId" in event ? event.conId : 0);

export const afterEnding = (args: Args): Partial<QueueContext> => {
  const { context, event } = args;
  const conId = conIdOf(event);
  const ending = endingOf(args);
  const underWay = without(context.underWay, conId);
  const tried = without(context.tries, conId);
  const retries = without(context.retries, conId);
  switch (ending.as) {
    case "refreshed": {
      const every = context.lines;
      return {
        underWay,
        tries: tried,
        retries,
        backOff: event.now >= context.backOff.until ? { until: 0, tries: 0 } : context.backOff,
        shelves: dueNoLaterThan(context, conId, event.now + every.refreshSeconds * 1_000),
        held: heldUntil(context, conId, event.now + every.heldRefreshSeconds * 1_000),
        ...(event.type === "snapshot.answered" ? { fresh: [...context.fresh, event.quote] } : {}),
      };
    }
    case "failed":
      return {
        underWay,
        tries: ending.dead ? tried : { ...tried, [conId]: (context.tries[conId] ?? 0) + 1 },
        retries: ending.dead || count(retries) >= MOST_RETRIES ? retries : { ...retries, [conId]: ending.retryAt },
        shelves: dueNoLaterThan(context, conId, ending.retryAt),
        held: heldUntil(context, conId, ending.retryAt),
      };
    case "returned": {
      const crowded = event.type === "snapshot.failed" && failureClass(event.code) === "capacity";
      const tries = context.backOff.tries + 1;
      // Many may fail of one cause: only the first of them prolongs the wait.
      const backOff =
        crowded && event.now >= context.backOff.until
          ? { until: event.now + backOffMs("capacity", tries), tries }
          : context.backOff;
      return {
        underWay,
        backOff,
        shelves: dueNoLaterThan(context, conId, event.now),
        held: heldUntil(context, conId, event.now),
      };
    }
  }
};
/** To the entry's shelf, if it has one. */
export const entryNews = (args: Args): Tell[] => {
  const conId = conIdOf(args.event);
  const n = shelfOf(conId);
  if (args.context.shelves[n] === undefined) return [];
  const ending = endingOf(args);
  const event =
    ending.as === "failed"
      ? { type: "entry.failed", conId, retryAt: ending.retryAt, dead: ending.dead }
      : { type: `entry.${ending.as}`, conId };
  return [{ to: address.contractShelf(n), event: event as Told }];
};

// ── the rest ──
export const withSpare = (context: QueueContext, event: QueueEvent): Partial<QueueContext> => {
  if (event.type !== "lines.spared") return {};
  const held = event.heldWaiting.map((contract) => [
    contract.conId,
    { contract, dueAt: context.held[contract.conId]?.dueAt ?? event.now },
  ]);
  return { spare: event.spare, held: Object.fromEntries(held) };
};
export const toAllShelves = (context: QueueContext, event: Told): Tell[] =>
  shelvesOf(context).map((n) => ({ to: address.contractShelf(n), event }));
/** Nothing is under way, everything may be asked for at once. */
export const calmed = (context: QueueContext): Partial<QueueContext> => ({
  underWay: {},
  spare: 0,
  held: {},
  retries: {},
  beat: NO_BEAT,
  shelves: Object.fromEntries(Object.entries(context.shelves).map(([n, known]) => [n, { ...known, dueAt: 0 }])),
});
/** Those of this beat that are asked for out of turn. */
export const recalls = (context: QueueContext): Tell[] =>
  context.beat.recall.map((conId) => ({
    to: address.contractShelf(shelfOf(conId)),
    event: { type: "entry.recalled", conId } as Told,
  }));
export const abandonedNews = (context: QueueContext): Tell[] =>
  context.beat.abandoned.flatMap((conId) => [
    { to: address.lines, event: { type: "snapshot.abandoned", conId } as Told },
    ...(context.shelves[shelfOf(conId)] === undefined
      ? []
      : [{ to: address.contractShelf(shelfOf(conId)), event: { type: "entry.returned", conId } as Told }]),
  ]);

export const freshDue = ({ fresh, toldAt }: QueueContext, now: number): boolean =>
  fresh.length > 0 && now - toldAt >= TELL_EVERY_MS;
export const countDue = ({ countedAt, shelves }: QueueContext, now: number): boolean =>
  count(shelves) > 0 && now - countedAt >= COUNT_EVERY_MS;
export const allTold = ({ tallies, shelves }: QueueContext): boolean => count(tallies) > 0 && count(tallies) >= count(shelves);
export const countedFact = ({ tallies }: QueueContext, now: number): EngineFact => {
  const all = Object.values(tallies);
  const sum = (of: "waiting" | "refreshing" | "done" | "failed") => all.reduce((total, tally) => total + tally[of], 0);
  const live = all.filter(({ waiting, refreshing, done }) => waiting + refreshing + done > 0);
  const oldest = live.map(({ oldestAt }) => oldestAt);
  const known = live.length > 0 && oldest.every((at) => at !== null);
  return {
    type: "queue.counted",
    waiting: sum("waiting"),
    refreshing: sum("refreshing"),
    done: sum("done"),
    failed: sum("failed"),
    ...(known ? { oldestAgeMs: now - Math.min(...oldest.map((at) => at as number)) } : {}),
  };
};
