/** What the queue says: to its shelves, the pool of lines, whoever holds a contract, and the read side. */
import { address, topic } from "../domain/address.ts";
import type { EngineFact } from "../domain/facts.ts";
import { shelfOf } from "../domain/lines/shelf.ts";
import type { Tell, Told } from "../domain/speech.ts";
import { nextShelf } from "./contract-queue.beat.ts";
import type { Args, QueueContext } from "./contract-queue.context.ts";
import { conIdOf, endingOf } from "./contract-queue.endings.ts";
import { newShelves, shelfChanges } from "./contract-queue.shelves.ts";

const tell = (each: (args: Args) => Tell[]) => ({ type: "tell" as const, params: each });

export const listenToSession = { type: "listen" as const, params: { topics: [topic.session] } };

// ── to the shelves ──
const toShelf = (n: number, event: Told): Tell => ({ to: address.contractShelf(n), event });

export const toAllShelves = (event: Told | ((args: Args) => Told)) =>
  tell((args) => {
    const said = typeof event === "function" ? event(args) : event;
    return Object.keys(args.context.shelves).map((n) => toShelf(Number(n), said));
  });
export const spawnShelves = { type: "spawn" as const, params: newShelves };
export const tellContracts = tell((args) => shelfChanges(args).map(({ n, event }) => toShelf(n, event)));
export const giveTurn = tell(({ context, event }) => {
  const n = nextShelf(context, event.now);
  return n === undefined ? [] : [toShelf(n, { type: "turn.given", count: context.beat.left } as Told)];
});
/** Those of this beat that are asked for out of turn. */
export const recallOthers = tell(({ context }) =>
  context.beat.recall.map((conId) => toShelf(shelfOf(conId), { type: "entry.recalled", conId } as Told)),
);
/** How it ended, to the entry's shelf, if it has one. */
export const tellEnding = tell((args) => {
  const conId = conIdOf(args.event);
  const n = shelfOf(conId);
  if (args.context.shelves[n] === undefined) return [];
  const ending = endingOf(args);
  const event =
    ending.as === "failed"
      ? { type: "entry.failed", conId, retryAt: ending.retryAt, dead: ending.dead }
      : { type: `entry.${ending.as}`, conId };
  return [toShelf(n, event as Told)];
});

// ── to the pool of lines ──
export const askForHeld = tell(({ context }) =>
  context.beat.ask.map((contract) => ({ to: address.lines, event: { type: "snapshot.requested", contract } as Told })),
);
/** What was lost, and its shelf has it back. */
export const giveUp = tell(({ context }) =>
  context.beat.abandoned.flatMap((conId) => [
    { to: address.lines, event: { type: "snapshot.abandoned", conId } as Told },
    ...(context.shelves[shelfOf(conId)] === undefined
      ? []
      : [toShelf(shelfOf(conId), { type: "entry.returned", conId } as Told)]),
  ]),
);

// ── to whoever holds the contract: as from a line ──
export const publish = tell(({ event }) =>
  event.type === "snapshot.answered"
    ? [{ topic: topic.quote(event.conId), event: { type: "quote.updated", epoch: event.epoch, quote: event.quote } as Told }]
    : [],
);

// ── for the read side ──
export const refreshedFact = ({ context }: Args): EngineFact => ({ type: "contracts.refreshed", quotes: context.fresh });
const sumOf = ({ tallies }: QueueContext, of: "waiting" | "refreshing" | "done" | "failed"): number =>
  Object.values(tallies).reduce((total, tally) => total + tally[of], 0);
export const countedFact = ({ context, event }: Args): EngineFact => {
  const live = Object.values(context.tallies).filter(({ waiting, refreshing, done }) => waiting + refreshing + done > 0);
  const oldest = live.map(({ oldestAt }) => oldestAt);
  const known = live.length > 0 && oldest.every((at) => at !== null);
  return {
    type: "queue.counted",
    waiting: sumOf(context, "waiting"),
    refreshing: sumOf(context, "refreshing"),
    done: sumOf(context, "done"),
    failed: sumOf(context, "failed"),
    ...(known ? { oldestAgeMs: event.now - Math.min(...oldest.map((at) => at as number)) } : {}),
  };
};
