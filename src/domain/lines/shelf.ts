/**
 * A part of the queue of contracts that have no line of their own: at most some hundreds, each waiting, refreshing, done or failed,
 * asked for in turn, the longest unasked first. Parallel lists, so that one entry's news copies short lists and nothing else. Pure.
 */
import type { Contract } from "../contract.ts";
import type { Tally } from "../events/actors.ts";
import { type EpochMs, epochMs } from "../units.ts";

export type EntryState = "waiting" | "refreshing" | "done" | "failed";

export interface Shelf {
  readonly contracts: readonly Contract[];
  readonly states: readonly EntryState[];
  /** When each was refreshed last; 0: never. */
  readonly heardAt: readonly number[];
  /** Not to be asked for before then. */
  readonly dueAt: readonly number[];
  /** Where the next turn begins. */
  readonly next: number;
}

/** How many shelves there are, and which one a contract is on. 5,000 contracts make shelves of about 250. */
export const SHELVES = 20;
export const shelfOf = (conId: number): number => (conId % SHELVES) + 1;

export const EMPTY_SHELF: Shelf = { contracts: [], states: [], heardAt: [], dueAt: [], next: 0 };

const replaced = <Value>(list: readonly Value[], i: number, value: Value): readonly Value[] => {
  const copy = list.slice();
  copy[i] = value;
  return copy;
};
const indexOf = ({ contracts }: Shelf, conId: number): number => contracts.findIndex((contract) => contract.conId === conId);

/** The shelf with exactly these contracts; what is known about those that stay stays. */
export const filled = (shelf: Shelf, contracts: readonly Contract[]): Shelf => {
  const known = new Map(shelf.contracts.map((contract, i) => [contract.conId, i]));
  const before = contracts.map(({ conId }) => known.get(conId));
  return {
    contracts,
    states: before.map((i) => (i === undefined ? "waiting" : (shelf.states[i] as EntryState))),
    heardAt: before.map((i) => (i === undefined ? 0 : (shelf.heardAt[i] as number))),
    dueAt: before.map((i) => (i === undefined ? 0 : (shelf.dueAt[i] as number))),
    next: 0,
  };
};

/** One contract more, or one less. */
export const changed = (shelf: Shelf, contract: Contract, held: boolean): Shelf => {
  const i = indexOf(shelf, contract.conId);
  if (held === i >= 0) return shelf;
  return filled(shelf, held ? [...shelf.contracts, contract] : shelf.contracts.filter((_, n) => n !== i));
};

const isDue = (shelf: Shelf, i: number, now: number): boolean =>
  shelf.states[i] !== "refreshing" && (shelf.dueAt[i] as number) <= now;

/** What one turn gave. */
export interface Turn {
  readonly shelf: Shelf;
  readonly contracts: readonly Contract[];
  /** The end of the shelf was reached: another's turn, whatever has become due behind. */
  readonly ended: boolean;
  /** When the next entry is due; null: none is. */
  readonly dueAt: EpochMs | null;
}

/** Goes on along the shelf, takes at most `count` of those that are due, and marks them as refreshing. */
export const picked = (shelf: Shelf, count: number, now: number): Turn => {
  const size = shelf.contracts.length;
  const states = shelf.states.slice();
  const contracts: Contract[] = [];
  let i = shelf.next;
  for (; i < size && contracts.length < count; i++) {
    if (!isDue(shelf, i, now)) continue;
    states[i] = "refreshing";
    contracts.push(shelf.contracts[i] as Contract);
  }
  const ended = i >= size;
  let soonest = Number.POSITIVE_INFINITY;
  for (let n = 0; n < size; n++) if (states[n] !== "refreshing") soonest = Math.min(soonest, shelf.dueAt[n] as number);
  return {
    shelf: { ...shelf, states, next: ended ? 0 : i },
    contracts,
    ended,
    dueAt: Number.isFinite(soonest) ? epochMs(Math.max(Math.round(soonest), now)) : null,
  };
};

/** One entry out of turn; none when it is not here or is being refreshed. */
export const recalled = (shelf: Shelf, conId: number): readonly Contract[] => {
  const i = indexOf(shelf, conId);
  return i < 0 || shelf.states[i] === "refreshing" ? [] : [shelf.contracts[i] as Contract];
};

const marked = (shelf: Shelf, conId: number, state: EntryState, dueAt: number, heardAt?: number): Shelf => {
  const i = indexOf(shelf, conId);
  if (i < 0) return shelf;
  return {
    ...shelf,
    states: replaced(shelf.states, i, state),
    dueAt: replaced(shelf.dueAt, i, dueAt),
    ...(heardAt === undefined ? {} : { heardAt: replaced(shelf.heardAt, i, heardAt) }),
  };
};
export const refreshed = (shelf: Shelf, conId: number, now: number, everyMs: number): Shelf =>
  marked(shelf, conId, "done", now + everyMs, now);
export const failed = (shelf: Shelf, conId: number, retryAt: number, dead: boolean): Shelf =>
  marked(shelf, conId, dead ? "failed" : "waiting", retryAt);
export const asked = (shelf: Shelf, conId: number): Shelf => marked(shelf, conId, "refreshing", 0);
/** It was not asked for after all. */
export const returned = (shelf: Shelf, conId: number): Shelf => marked(shelf, conId, "waiting", 0);

/** Nothing is under way any more. */
export const calmed = (shelf: Shelf): Shelf =>
  shelf.states.includes("refreshing")
    ? {
        ...shelf,
        states: shelf.states.map((state) => (state === "refreshing" ? "waiting" : state)),
        dueAt: shelf.dueAt.map((due, i) => (shelf.states[i] === "refreshing" ? 0 : due)),
      }
    : shelf;

/** How the entries stand. A done one whose next turn is due counts as waiting again. */
export const tally = (shelf: Shelf, now: number): Tally => {
  const count = { waiting: 0, refreshing: 0, done: 0, failed: 0 };
  let oldestAt: number | null = null;
  let never = false;
  for (const [i, state] of shelf.states.entries()) {
    count[state === "done" && (shelf.dueAt[i] as number) <= now ? "waiting" : state]++;
    if (state === "failed") continue;
    const heardAt = shelf.heardAt[i] as number;
    if (heardAt === 0) never = true;
    else oldestAt = Math.min(oldestAt ?? heardAt, heardAt);
  }
  return { ...count, oldestAt: never || oldestAt === null ? null : epochMs(oldestAt) };
};
