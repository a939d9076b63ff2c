/** What the pool of market data lines remembers, and what each event makes of it. Pure. */

import type { EngineConfig } from "../domain/config.ts";
import type { Contract } from "../domain/contract.ts";
import type {
  EffectAnswer,
  LineEvent,
  ReconciliationEvent,
  SessionAnnouncement,
  SnapshotEvent,
} from "../domain/events/actors.ts";
import type { MarketEvent } from "../domain/events/market.ts";
import { isHeld, unwant, want } from "../domain/lines/allocation.ts";
import { backOffMs, failureClass, isDead } from "../domain/lines/line-failure.ts";
import { isWatched } from "../domain/lines/liveness.ts";
import {
  disconnected,
  dueAt,
  heldWaiting,
  inUse,
  newPool,
  type Orders,
  type Pool,
  settle,
  spareOf,
} from "../domain/lines/pool.ts";
import { formatPrice } from "../domain/units.ts";
import type { Heard } from "./heard.ts";

export interface MarketDataLinesInput {
  readonly config: EngineConfig;
}
/** A stream that is dead though the connection lives. */
export interface Stalled {
  readonly name: string;
  readonly silentMs: number;
  /** How often its line was opened anew. */
  readonly attempts: number;
  /** When it is opened anew next; null: it was, and is being listened to. */
  readonly retryAt: number | null;
}
export interface LinesContext {
  readonly epoch: number;
  readonly pool: Pool;
  /** What the last event demands of the border, and of whom it has to be told. */
  readonly orders: Orders;
  readonly reopen: readonly Contract[];
  readonly lost: { readonly conId: number; readonly reason: string; readonly holders: readonly string[] } | null;
  readonly stalled: { readonly [conId: string]: Stalled };
  /** What the queue was told last, as text. */
  readonly toldSpare: string;
  /** The counts as they were told last. */
  readonly counted: string;
}
export type LinesEvent = Heard<
  | LineEvent
  | SnapshotEvent
  | MarketEvent
  | SessionAnnouncement
  | ReconciliationEvent
  | EffectAnswer
  | { readonly type: "run.resumed"; readonly config: EngineConfig }
>;
export interface Args {
  readonly context: LinesContext;
  readonly event: LinesEvent;
}

const NO_ORDERS: Orders = { close: [], withdraw: [], open: [] };
/** A line that fails for a passing reason so often is given up, unless a position is held in it. */
const MOST_TRIES = 5;
const HELD_RETRY_MS = 300_000;
const FIRST_REOPEN_MS = 30_000;
const FORGIVEN_AFTER_MS = 600_000;

export const newLinesContext = ({ config }: MarketDataLinesInput): LinesContext => ({
  epoch: 0,
  pool: newPool(config.lines),
  orders: NO_ORDERS,
  reopen: [],
  lost: null,
  stalled: {},
  toldSpare: "",
  counted: "",
});

/** `SPY`, `ESZ6`, `SPY 2027-01-08 590.00P`: a contract as a person would name it. */
export const contractName = ({ symbol, localSymbol, secType, expiry, strike, right }: Contract): string =>
  strike === undefined || right === undefined
    ? secType === "FUT"
      ? (localSymbol ?? symbol)
      : symbol
    : `${symbol} ${expiry ?? ""} ${formatPrice(strike)}${right}`;

const without = <Value>(record: { readonly [key: string]: Value }, key: string | number): { readonly [key: string]: Value } => {
  const { [key]: _gone, ...rest } = record;
  return rest;
};

/** The context with its pool settled: the orders are in it. What does not stream any more cannot be stalled. */
export const settled = (context: LinesContext, now: number): LinesContext => {
  const { pool, orders } = settle(context.pool, now);
  const gone = Object.keys(context.stalled).some((conId) => pool.leased[conId] === undefined);
  if (!gone) return { ...context, pool, orders };
  const stalled = Object.fromEntries(Object.entries(context.stalled).filter(([conId]) => pool.leased[conId] !== undefined));
  return { ...context, pool, orders, stalled };
};
const quiet = (context: LinesContext): LinesContext => ({ ...context, orders: NO_ORDERS, reopen: [], lost: null });

/** A line gave way, for a reason that IB or our own border gave. */
const failed = (context: LinesContext, conId: number, code: number | null, reason: string, now: number): LinesContext => {
  const { pool } = context;
  const key = String(conId);
  const entry = pool.wants[key];
  const gone: Pool = { ...pool, leased: without(pool.leased, key), since: without(pool.since, key) };
  if (entry === undefined) return { ...context, pool: gone };
  const of = code === null ? "unknownContract" : failureClass(code);
  // Troubles long ago do not count.
  const lasted = now - (pool.since[key] ?? now);
  const tries = lasted > FORGIVEN_AFTER_MS ? 1 : (pool.resting[key]?.tries ?? 0) + 1;
  const givenUp = isDead(of) || (of === "passing" && tries > MOST_TRIES);
  const lost = { conId, reason, holders: Object.keys(entry.holders) };
  if (givenUp && !isHeld(entry))
    return { ...context, pool: { ...gone, wants: without(pool.wants, key), resting: without(pool.resting, key) }, lost };
  const until = givenUp ? now + HELD_RETRY_MS : now + backOffMs(of, tries);
  const resting = { ...pool.resting, [key]: { until, tries } };
  const ceiling =
    of === "capacity"
      ? ceilingAfter(gone, now) // one line less than we thought there were
      : gone.ceiling;
  return { ...context, pool: { ...gone, resting, ceiling }, lost: givenUp ? lost : null };
};
const ceilingAfter = (pool: Pool, now: number): NonNullable<Pool["ceiling"]> => {
  const tries = (pool.ceiling?.tries ?? 0) + 1;
  return { lines: Math.max(1, inUse(pool)), until: now + backOffMs("capacity", tries), tries };
};

const paramConId = (params: { readonly [key: string]: unknown }): number =>
  (params["contract"] as unknown as Contract | undefined)?.conId ?? Number(params["conId"]);

const endSnapshot = (context: LinesContext, conId: number): LinesContext => ({
  ...context,
  pool: { ...context.pool, snapshots: without(context.pool.snapshots, conId) },
});

/** What an event makes of the context, before the pool is settled. */
const changed = (context: LinesContext, event: LinesEvent): LinesContext => {
  const { pool, epoch } = context;
  switch (event.type) {
    case "line.requested": {
      const requests = pool.requests + 1;
      return {
        ...context,
        pool: { ...pool, requests, wants: want(pool.wants, event.contract, event.holder, event.priority, requests) },
      };
    }
    case "line.released":
      return { ...context, pool: { ...pool, wants: unwant(pool.wants, event.holder, event.conId) } };
    case "lines.released":
      return { ...context, pool: { ...pool, wants: unwant(pool.wants, event.holder) } };
    case "run.resumed":
      return { ...context, pool: { ...pool, limits: event.config.lines } };
    case "session.readied":
      return { ...context, epoch: event.epoch, pool: disconnected(pool), stalled: {} };
    case "session.unreadied":
      return { ...context, pool: disconnected(pool), stalled: {}, toldSpare: "" };
    case "line.failed":
      return failed(context, event.conId, event.code, `${event.code} ${event.text}`, event.now);
    case "line.stalled": {
      const contract = pool.leased[event.conId];
      if (contract === undefined) return context;
      const attempts = context.stalled[event.conId]?.attempts ?? 0;
      const due = attempts === 0 ? null : event.now + Math.min(300_000, FIRST_REOPEN_MS * 2 ** (attempts - 1));
      const entry: Stalled = {
        name: contractName(contract),
        silentMs: event.silentMs,
        attempts: attempts === 0 ? 1 : attempts,
        retryAt: due,
      };
      return {
        ...context,
        stalled: { ...context.stalled, [event.conId]: entry },
        reopen: attempts === 0 ? [contract] : [],
      };
    }
    case "line.resumed":
      return { ...context, stalled: without(context.stalled, event.conId) };
    case "snapshot.requested": {
      const { conId } = event.contract;
      if (pool.leased[conId] !== undefined || pool.snapshots[conId] || !mayLook(context)) return context;
      return { ...context, pool: { ...pool, snapshots: { ...pool.snapshots, [conId]: true as const } } };
    }
    case "snapshot.answered":
    case "snapshot.abandoned":
      return endSnapshot(context, event.conId);
    case "snapshot.failed": {
      const ended = endSnapshot(context, event.conId);
      return failureClass(event.code) === "capacity"
        ? { ...ended, pool: { ...ended.pool, ceiling: ceilingAfter(ended.pool, event.now) } }
        : ended;
    }
    case "effect.refused":
      if (event.params["epoch"] !== epoch) return context;
      if (event.name === "line.open") return failed(context, paramConId(event.params), null, event.reason, event.now);
      if (event.name === "line.snapshot") return endSnapshot(context, paramConId(event.params));
      return context;
    default:
      return context;
  }
};

/** One more snapshot fits. */
export const mayLook = ({ pool }: LinesContext): boolean => Object.keys(pool.snapshots).length < spareOf(pool);

/** Streams that were dead and have waited long enough. */
const reopening = (context: LinesContext, now: number): LinesContext => {
  const due = Object.entries(context.stalled).filter(([, { retryAt: at }]) => at !== null && at <= now);
  if (due.length === 0) return context;
  const again = Object.fromEntries(
    due.map(([conId, entry]) => [conId, { ...entry, attempts: entry.attempts + 1, retryAt: null }]),
  );
  const reopen = due.map(([conId]) => context.pool.leased[conId]).filter((contract) => contract !== undefined);
  return { ...context, stalled: { ...context.stalled, ...again }, reopen };
};

/** Which events make the pool be settled anew. The snapshots' comings and goings do not: they cannot lack what nobody else wants. */
const SETTLES: ReadonlySet<string> = new Set([
  "line.requested",
  "line.released",
  "lines.released",
  "line.failed",
  "effect.refused",
  "session.readied",
  "run.resumed",
]);

/** The context after an event, online. A timer of our own settles and opens anew what is due. */
export const afterEvent = ({ context, event }: Args): LinesContext => {
  const next = changed(quiet(context), event);
  if (event.type.startsWith("xstate.after")) return settled(reopening(next, event.now), event.now);
  const waits = Object.keys(next.pool.wants).length > Object.keys(next.pool.leased).length;
  return SETTLES.has(event.type) || waits ? settled(next, event.now) : next;
};
/** The same without a connection: wishes are noted, nothing is ordered. */
export const afterEventOffline = ({ context, event }: Args): LinesContext => changed(quiet(context), event);

/** How long until something is due, in ms. */
export const wakeMs = (context: LinesContext, now: number): number => {
  const retries = Object.values(context.stalled)
    .map(({ retryAt: at }) => at)
    .filter((at) => at !== null);
  const next = Math.min(dueAt(context.pool, now) ?? Number.POSITIVE_INFINITY, ...retries);
  return Number.isFinite(next) ? Math.max(1, next - now) : 3_600_000;
};

// ── what is said ──
/** What opens a line, with the silence that would be a fault. */
export const opening = (context: LinesContext, contract: Contract, afterStall: boolean) => ({
  epoch: context.epoch,
  contract,
  ...(isWatched(contract) ? { stallMs: Math.round(context.pool.limits.stallSeconds * 1_000) } : {}),
  ...(afterStall ? { afterStall } : {}),
});
export const spared = (context: LinesContext): { readonly spare: number; readonly heldWaiting: readonly Contract[] } => ({
  spare: spareOf(context.pool),
  heldWaiting: heldWaiting(context.pool),
});
export const spareWords = (context: LinesContext): string => {
  const { spare, heldWaiting: held } = spared(context);
  return `${spare}: ${held.map(({ conId }) => conId).join(" ")}`;
};
export const countWords = ({ pool }: LinesContext): string =>
  [Object.keys(pool.leased).length, Object.keys(pool.wants).length, pool.limits.max].join("/");
