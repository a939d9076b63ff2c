/** How what was asked for ends: refreshed, failed or given back, and what the queue makes of it. Pure. */
import { backOffMs, failureClass, isDead, retryAt } from "../domain/lines/line-failure.ts";
import { shelfOf } from "../domain/lines/shelf.ts";
import type { Quote } from "../domain/quote.ts";
import type { EpochMs } from "../domain/units.ts";
import { type Args, count, type QueueContext, type QueueEvent } from "./contract-queue.context.ts";

const MOST_RETRIES = 200;

const without = <Value>(record: { readonly [key: string]: Value }, key: number): { readonly [key: string]: Value } => {
  const { [key]: _gone, ...rest } = record;
  return rest;
};
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

/** Refreshed, failed (until when, and whether for the day), or given back. */
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
export const conIdOf = (event: QueueEvent): number => ("conId" in event ? event.conId : 0);

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
