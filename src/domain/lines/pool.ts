/**
 * The budget of market data lines as one value: who streams, which snapshots are under way, which lines still cool, and what follows
 * from that now. Pure: `settle` goes in and comes out, with the orders to give.
 *
 * B1 streams + snapshots + cooling lines ≤ max, always.
 * B2 What loses its line cools before the newcomer is opened; the reserve is there so that nobody of rank waits for it.
 */
import type { LinesConfig } from "../config.ts";
import type { Contract } from "../contract.ts";
import { isHeld, priorityOf, ranking, type Wants } from "./allocation.ts";

export interface Pool {
  readonly limits: LinesConfig;
  readonly wants: Wants;
  /** What streams, and since when: by conId. */
  readonly leased: { readonly [conId: string]: Contract };
  readonly since: { readonly [conId: string]: number };
  /** Contracts with a snapshot under way, by conId. */
  readonly snapshots: { readonly [conId: string]: true };
  /** When lines that were given back may be used again, soonest first. */
  readonly cooling: readonly number[];
  /** Wants that failed and may be tried again then. */
  readonly resting: { readonly [conId: string]: { readonly until: number; readonly tries: number } };
  /** IB said that there are no more lines: so many for now. */
  readonly ceiling: { readonly lines: number; readonly until: number; readonly tries: number } | null;
  /** Running number of requests and turns. */
  readonly requests: number;
}

/** What is to be done, in this order: close, withdraw, open. */
export interface Orders {
  readonly close: readonly number[];
  readonly withdraw: readonly number[];
  readonly open: readonly Contract[];
}

export const newPool = (limits: LinesConfig): Pool => ({
  limits,
  wants: {},
  leased: {},
  since: {},
  snapshots: {},
  cooling: [],
  resting: {},
  ceiling: null,
  requests: 0,
});

const count = (record: object): number => Object.keys(record).length;
const most = ({ limits, ceiling }: Pool): number => Math.min(limits.max, ceiling?.lines ?? limits.max);

export const inUse = ({ leased, snapshots, cooling }: Pool): number => count(leased) + count(snapshots) + cooling.length;

/** Nothing of the old connection is left; wants stay. */
export const disconnected = (pool: Pool): Pool => ({
  ...pool,
  leased: {},
  since: {},
  snapshots: {},
  cooling: [],
  resting: {},
  ceiling: null,
});

/** How many snapshots may be under way at once: what neither streams nor cools nor is kept in reserve (at most half of what is left). */
export const spareOf = (pool: Pool): number => {
  const left = most(pool) - count(pool.leased);
  return Math.max(0, left - pool.cooling.length - Math.min(pool.limits.reserve, Math.floor(left / 2)));
};

/** Held legs without a line of their own. */
export const heldWaiting = ({ wants, leased }: Pool): readonly Contract[] =>
  Object.entries(wants)
    .filter(([conId, entry]) => leased[conId] === undefined && isHeld(entry))
    .map(([, { contract }]) => contract);

/** The record with those members only; the very same when that is all of them, so that what did not change is seen not to have. */
const only = <Value>(
  record: { readonly [key: string]: Value },
  holds: (key: string, value: Value) => boolean,
): { readonly [key: string]: Value } => {
  const entries = Object.entries(record);
  const kept = entries.filter(([key, value]) => holds(key, value));
  return kept.length === entries.length ? record : Object.fromEntries(kept);
};

/** The pool after what is due by now, and what has to be done so that it is true. */
export const settle = (before: Pool, now: number): { readonly pool: Pool; readonly orders: Orders } => {
  const { limits, wants } = before;
  const ceiling = before.ceiling !== null && before.ceiling.until > now ? before.ceiling : null;
  const cooling = before.cooling.filter((until) => until > now);
  const limit = most({ ...before, ceiling });
  const ready =
    count(before.resting) === 0
      ? wants
      : only(wants, (conId) => before.leased[conId] !== undefined || (before.resting[conId]?.until ?? 0) <= now);
  const ranked = ranking(ready, {
    since: before.since,
    yieldsBefore: now - limits.keepSeconds * 1_000,
    streamingSlots: limits.streamingSlots,
  });
  const better = ranked.filter(({ isRest }) => !isRest);
  // What the better ones leave, streams of the rest share evenly with the snapshots: both serve those who wait.
  const rest = ranked.filter(({ isRest }) => isRest).slice(0, Math.max(0, Math.floor((limit - better.length) / 2)));
  const chosen = [...better.slice(0, limit), ...rest].map(({ conId }) => conId);
  const deserving = new Set(chosen);

  const close: number[] = [];
  const turnOver: string[] = [];
  const kept = only(before.leased, (conId) => deserving.has(conId));
  for (const [conId, contract] of kept === before.leased ? [] : Object.entries(before.leased)) {
    if (kept[conId] !== undefined) continue;
    close.push(contract.conId);
    if (limits.coolingSeconds > 0) cooling.push(now + limits.coolingSeconds * 1_000);
    const loser = wants[conId];
    if (loser !== undefined && (priorityOf(loser) === 4 || isHeld(loser))) turnOver.push(conId);
  }
  const next = chosen.filter((conId) => kept[conId] === undefined);

  // Snapshots give way to streams, but only where lines that cool will not soon do.
  const withdraw: number[] = [];
  const streams = count(kept);
  const looks = Object.keys(before.snapshots);
  const short = next.length - (limit - streams - looks.length - cooling.length) - cooling.length;
  const evicted = new Set(looks.slice(0, Math.max(0, short)));
  for (const conId of evicted) {
    withdraw.push(Number(conId));
    if (limits.coolingSeconds > 0) cooling.push(now + limits.coolingSeconds * 1_000);
  }
  const snapshots = only(before.snapshots, (conId) => !evicted.has(conId));

  const open: Contract[] = [];
  const room = limit - streams - (looks.length - evicted.size) - cooling.length;
  for (const conId of next) {
    if (open.length >= room) break;
    const contract = wants[conId]?.contract;
    if (contract !== undefined) open.push(contract);
  }
  // Since when those stream that stay, and that those open that are new.
  const stayed = only(before.since, (conId) => kept[conId] !== undefined);
  const leased =
    open.length === 0 ? kept : { ...kept, ...Object.fromEntries(open.map((contract) => [contract.conId, contract])) };
  const since = open.length === 0 ? stayed : { ...stayed, ...Object.fromEntries(open.map(({ conId }) => [conId, now])) };

  const resting = only(before.resting, (conId) => wants[conId] !== undefined);
  let requests = before.requests;
  // Who had its turn goes to the end of the queue.
  const turned: { [conId: string]: Wants[string] } = {};
  for (const conId of turnOver) turned[conId] = { ...(wants[conId] as Wants[string]), order: ++requests };
  const pool: Pool = {
    limits,
    wants: turnOver.length === 0 ? wants : { ...wants, ...turned },
    leased,
    since,
    snapshots,
    cooling,
    resting,
    ceiling,
    requests,
  };
  return { pool, orders: { close, withdraw, open } };
};

/** When something is due by itself: a line that has cooled, a rest that is over, a turn; undefined: nothing is. */
export const dueAt = (pool: Pool, now: number): number | undefined => {
  const { cooling, resting, ceiling, wants, leased, since, limits } = pool;
  const waits = Object.keys(wants).some((conId) => leased[conId] === undefined && resting[conId] === undefined);
  const dues = [
    ...cooling,
    ...Object.entries(resting)
      .filter(([conId]) => leased[conId] === undefined)
      .map(([, { until }]) => until),
    ...(ceiling === null ? [] : [ceiling.until]),
    ...(waits ? Object.values(since).map((began) => began + limits.keepSeconds * 1_000) : []),
  ].filter((at) => at > now);
  return dues.length === 0 ? undefined : Math.min(...dues);
};
