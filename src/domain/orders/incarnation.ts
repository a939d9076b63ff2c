/**
 * What the broker keeps of one intent. It should be one order. A change that meets a bad connection can leave the old order working beside
 * the new one: two live orders of one order id and one reference, told apart by their permIds alone. Each may fill; a cancel by the order
 * id may reach either.
 */
import type { OrderIntent } from "../events/actors.ts";
import { type BrokerOrderStatus, DONE_STATUSES } from "../events/broker.ts";
import { type ExecutionBook, filledUnits } from "./execution-book.ts";

export interface Incarnation {
  /** Zero until the broker has said it; of the first one only. */
  readonly permId: number;
  /** What was said of it last; null: not a word yet, or its executions alone. */
  readonly status: BrokerOrderStatus | null;
  /** How many units the broker counted as filled then; null: it has not said. */
  readonly counted: number | null;
}

/** All incarnations of one intent, the first one first, and what was executed of them. */
export interface Kept {
  readonly incarnations: readonly Incarnation[];
  readonly book: ExecutionBook;
  readonly intent: Pick<OrderIntent, "legs" | "quantity">;
}

/** Whole units executed under one permId. Executions that carry none are the first one's. */
export const unitsOf = ({ incarnations, book, intent }: Kept, permId: number): number => {
  const isFirst = permId === incarnations[0]?.permId;
  const own = Object.entries(book).filter(([, row]) => row.permId === permId || (isFirst && row.permId === 0));
  return filledUnits(Object.fromEntries(own), intent.legs);
};

const isDone = (status: BrokerOrderStatus | null): boolean => status !== null && DONE_STATUSES.includes(status);
/** It will not be worked any more: the broker says so, or it is full. */
export const isOver = (kept: Kept, { permId, status }: Incarnation): boolean =>
  isDone(status) || unitsOf(kept, permId) >= kept.intent.quantity;
export const allOver = (kept: Kept): boolean => kept.incarnations.every((one) => isOver(kept, one));

/** Units that the broker counts as filled of one that is over; undefined: it has not said. */
const countedOf = (kept: Kept, { permId, status, counted }: Incarnation): number | undefined => {
  const full = status === "Filled" || unitsOf(kept, permId) >= kept.intent.quantity;
  return full ? Math.max(kept.intent.quantity, counted ?? 0) : (counted ?? undefined);
};
/** None of them works any more, and no more is filled there than here. */
export const isSettled = (kept: Kept): boolean => {
  const counted = kept.incarnations.map((one) => countedOf(kept, one));
  const sum = counted.reduce<number>((all, units) => all + (units ?? Number.POSITIVE_INFINITY), 0);
  return allOver(kept) && sum <= filledUnits(kept.book, kept.intent.legs);
};

/** Units that may be filled in the end: each that is not over counts in full (live + unknown quantity). */
export const unitsAtMost = (kept: Kept): number =>
  kept.incarnations.reduce((sum, one) => sum + (isOver(kept, one) ? unitsOf(kept, one.permId) : kept.intent.quantity), 0);

/**
 * What is known of one after a report. A number of filled units that once was said is not taken back by a report without one; but a number
 * from before the end says nothing of how much was filled in the end.
 */
export const afterWord = (known: Incarnation | undefined, { permId, status, counted }: Incarnation): Incarnation => {
  const endsNow = isDone(status) && !isDone(known?.status ?? null);
  const before = endsNow && counted === null ? null : (known?.counted ?? null);
  return { permId, status, counted: counted === null ? before : Math.max(counted, before ?? 0) };
};
/** The incarnations with a word about one of them put in its place. */
export const withIncarnation = (all: readonly Incarnation[], one: Incarnation): readonly Incarnation[] =>
  all.some(({ permId }) => permId === one.permId)
    ? all.map((known) => (known.permId === one.permId ? afterWord(known, one) : known))
    : [...all, one];
