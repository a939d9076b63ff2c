/** The queue's beat, each half second while something is due: how many may be asked for, of whom, and how long to sleep. Pure. */
import type { Contract } from "../domain/contract.ts";
import { SHELVES, shelfOf } from "../domain/lines/shelf.ts";
import { count, NO_BEAT, type QueueContext, type QueueEvent, TELL_EVERY_MS } from "./contract-queue.context.ts";

const BEAT_MS = 500;
const SLEEP_MS = 30_000;
/** IB ends a snapshot after 11 s and our border after 15: whatever is later has been lost. */
const LOST_AFTER_MS = 60_000;

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
