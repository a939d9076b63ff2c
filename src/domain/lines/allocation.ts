/**
 * Who gets one of IB's market data lines. A line belongs to a contract; several holders may share it, and it has the best
 * priority of them. Held legs come first, then underlyings and futures, then entry candidates, then the rest; within a
 * priority, first come first served, and only the rest take turns. Pure.
 */
import type { Contract } from "../contract.ts";
import type { LinePriority } from "../events/actors.ts";

/** One contract that somebody wants streamed. `order` is the running number of its first request, or of the end of its last turn. */
export interface Want {
  readonly contract: Contract;
  readonly holders: { readonly [holder: string]: LinePriority };
  readonly order: number;
}
export type Wants = { readonly [conId: string]: Want };

const HELD: LinePriority = 1;
const REST: LinePriority = 4;

export const priorityOf = (want: Want): LinePriority => Math.min(...Object.values(want.holders)) as LinePriority;
export const isHeld = (want: Want): boolean => priorityOf(want) === HELD;

/** Adds a holder (or changes its priority). */
export const want = (wants: Wants, contract: Contract, holder: string, priority: LinePriority, order: number): Wants => {
  const known = wants[contract.conId];
  return {
    ...wants,
    [contract.conId]: { contract, holders: { ...known?.holders, [holder]: priority }, order: known?.order ?? order },
  };
};

/** Takes a holder away from one contract, or from all when `conId` is undefined; what nobody wants any more is gone. */
export const unwant = (wants: Wants, holder: string, conId?: number): Wants => {
  const left: Record<string, Want> = {};
  for (const [key, entry] of Object.entries(wants)) {
    if (conId !== undefined && key !== String(conId)) {
      left[key] = entry;
      continue;
    }
    const { [holder]: _gone, ...holders } = entry.holders;
    if (Object.keys(holders).length > 0) left[key] = { ...entry, holders };
  }
  return left;
};

/** The holders of held legs that stream: the first so many, by their first request. */
const streamingHolders = (wants: Wants, most: number): ReadonlySet<string> => {
  const first = new Map<string, number>();
  for (const { holders, order } of Object.values(wants))
    for (const [holder, priority] of Object.entries(holders))
      if (priority === HELD) first.set(holder, Math.min(first.get(holder) ?? Number.POSITIVE_INFINITY, order));
  return new Set(
    [...first]
      .sort(([a, one], [b, other]) => one - other || (a < b ? -1 : 1))
      .slice(0, most)
      .map(([holder]) => holder),
  );
};

/** What decides about one want beside its priority. */
export interface Standing {
  /** Since when the line streams, by conId; absent: it does not. */
  readonly since: { readonly [conId: string]: number };
  /** A line of the rest that streams since before then yields to one that waits. */
  readonly yieldsBefore: number;
  /** So many holders of held legs stream. */
  readonly streamingSlots: number;
}

/** The conIds in the order in which they deserve a line. A line that streams is never evicted for an equal, but for turns among the rest. */
export const ranking = (
  wants: Wants,
  { since, yieldsBefore, streamingSlots }: Standing,
): readonly { readonly conId: string; readonly isRest: boolean }[] => {
  const streaming = streamingHolders(wants, streamingSlots);
  const entries = Object.entries(wants).map(([conId, entry]) => {
    let priority: LinePriority = REST;
    for (const [holder, wish] of Object.entries(entry.holders))
      if (wish < priority && (wish !== HELD || streaming.has(holder))) priority = wish;
    const began = since[conId];
    const turn = began === undefined ? 1 : priority === REST && began <= yieldsBefore ? 2 : 0;
    return { conId, priority, turn, order: entry.order };
  });
  entries.sort((a, b) => a.priority - b.priority || a.turn - b.turn || a.order - b.order);
  return entries.map(({ conId, priority }) => ({ conId, isRest: priority === REST }));
};
