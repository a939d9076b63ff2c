/**
 * The pool of IB's market data lines: at most `lines.max` in use at once, whoever asks.
 *
 *   offline ◀──session──▶ online          each line: idle ─lease─▶ leased ─released, evicted─▶ cooling ─▶ idle
 *                                                    idle ─snapshot─▶ leased ─answered─▶ idle
 *
 * L1 The budget is an invariant: streams, snapshots and lines that cool are never more than the limit.
 * L2 A lease that loses its place to a higher priority is closed before the newcomer is opened; a held leg never loses its place.
 * L3 Nothing about market data survives a socket: with a new epoch every lease is opened again, once.
 * L4 A stream that is dead on a living connection is closed and opened anew: at once, then after 30 s, 60 s, ... 5 min. Orders are
 *    none of its business.
 *
 * What follows from an event is reckoned in one place (`takeEvent`) and lies in the context as orders; the actions after it only say
 * them. Times here are market time.
 */
import { assign, emit, setup } from "xstate";
import { address, topic } from "../domain/address.ts";
import { effects } from "../domain/effects.ts";
import type { EngineFact } from "../domain/facts.ts";
import { speech, type Tell, type Told } from "../domain/speech.ts";
import {
  type Args,
  afterEvent,
  afterEventOffline,
  countWords,
  type LinesContext,
  type LinesEvent,
  type MarketDataLinesInput,
  newLinesContext,
  opening,
  spared,
  spareWords,
  wakeMs,
} from "./market-data-lines.context.ts";

const ofEpoch = (context: LinesContext, conIds: readonly number[]) => conIds.map((conId) => ({ epoch: context.epoch, conId }));
const close = {
  type: "line.close" as const,
  params: ({ context }: Args) => ofEpoch(context, [...context.orders.close, ...context.reopen.map(({ conId }) => conId)]),
};
const withdraw = { type: "line.withdraw" as const, params: ({ context }: Args) => ofEpoch(context, context.orders.withdraw) };
/** A line that streams already is asked for again on behalf of a new holder: IB ticks only on change, the port repeats the last quote. */
const repeated = ({ context, event }: Args) =>
  event.type === "line.requested" &&
  context.pool.leased[event.contract.conId] !== undefined &&
  !context.orders.open.some(({ conId }) => conId === event.contract.conId)
    ? [event.contract]
    : [];
const open = {
  type: "line.open" as const,
  params: (args: Args) => [
    ...[...args.context.orders.open, ...repeated(args)].map((contract) => opening(args.context, contract, false)),
    ...args.context.reopen.map((contract) => opening(args.context, contract, true)),
  ],
};
const toQueue = (event: Told): Tell => ({ to: address.contractQueue, event });
const evicted = {
  type: "tell" as const,
  params: ({ context }: Args): Tell[] =>
    context.orders.withdraw.map((conId) => toQueue({ type: "snapshot.evicted", conId } as Told)),
};
const lost = {
  type: "tell" as const,
  params: ({ context: { lost: gone } }: Args): Tell[] =>
    (gone?.holders ?? []).map((holder) => ({
      to: holder,
      event: { type: "line.lost", conId: gone?.conId, reason: gone?.reason } as Told,
    })),
};
const counted = ({ context }: Args): EngineFact => {
  const { leased, wants, limits, snapshots, cooling } = context.pool;
  const lines = Object.keys(leased).length;
  return {
    type: "lines.counted",
    leased: lines,
    waiting: Object.keys(wants).length - lines,
    limit: limits.max,
    snapshots: Object.keys(snapshots).length,
    cooling: cooling.length,
  };
};
/** What was ordered, in the order in which it keeps the budget. */
const giveOrders = [lost, close, withdraw, evicted, open] as const;

const stalledNames = ({ context }: Args): Tell => ({
  to: address.session,
  event: {
    type: "feeds.told",
    epoch: context.epoch,
    stalled: Object.values(context.stalled)
      .map(({ name }) => name)
      .sort(),
  } as Told,
});

export const marketDataLinesMachine = setup({
  types: { input: {} as MarketDataLinesInput, context: {} as LinesContext, events: {} as LinesEvent, emitted: {} as EngineFact },
  delays: { wake: ({ context, event }) => wakeMs(context, event.now) },
  guards: {
    thisEpoch: ({ context, event }) => "epoch" in event && event.epoch === context.epoch,
    ofThisEpoch: ({ context, event }) => event.type === "effect.refused" && event.params["epoch"] === context.epoch,
    leased: ({ context, event }) =>
      "conId" in event && "epoch" in event && event.epoch === context.epoch && context.pool.leased[event.conId] !== undefined,
    stalled: ({ context, event }) =>
      "conId" in event && "epoch" in event && event.epoch === context.epoch && context.stalled[event.conId] !== undefined,
    streams: ({ context, event }) =>
      event.type === "snapshot.requested" && context.pool.leased[event.contract.conId] !== undefined,
    lookFits: ({ context, event }) =>
      event.type === "snapshot.requested" &&
      context.pool.snapshots[event.contract.conId] === undefined &&
      afterEvent({ context, event }).pool.snapshots[event.contract.conId] === true,
    underWay: ({ context, event }) => "conId" in event && context.pool.snapshots[event.conId] === true,
    refusedLook: ({ context, event }) =>
      event.type === "effect.refused" && event.name === "line.snapshot" && event.params["epoch"] === context.epoch,
    spareUntold: ({ context }) => spareWords(context) !== context.toldSpare,
    uncounted: ({ context }) => countWords(context) !== context.counted,
  },
  actions: {
    ...speech,
    ...effects,
    takeEvent: assign((args) => afterEvent(args)),
    noteOffline: assign((args) => afterEventOffline(args)),
    noteSpareTold: assign(({ context }) => ({ toldSpare: spareWords(context) })),
    noteCounted: assign(({ context }) => ({ counted: countWords(context) })),
  },
}).createMachine({
  id: "marketDataLines",
  context: ({ input }) => newLinesContext(input),
  entry: { type: "listen", params: { topics: [topic.session] } },
  initial: "offline",
  on: {
    "run.resumed": { actions: "noteOffline" },
    "reconciliation.completed": {},
    "reconciliation.failed": {},
    "effect.refused": {},
    "line.failed": {},
    "line.typed": {},
    "line.stalled": {},
    "line.resumed": {},
    "snapshot.answered": {},
    "snapshot.failed": {},
    "snapshot.requested": {
      actions: {
        type: "tell",
        params: ({ event }) => toQueue({ type: "snapshot.evicted", conId: event.contract.conId } as Told),
      },
    },
    "snapshot.abandoned": {},
    "session.unreadied": { target: ".offline", actions: "noteOffline" },
    "session.readied": { target: ".online", actions: ["takeEvent", ...giveOrders, { type: "tell", params: stalledNames }] },
  },
  states: {
    offline: {
      on: {
        "line.requested": { actions: "noteOffline" },
        "line.released": { actions: "noteOffline" },
        "lines.released": { actions: "noteOffline" },
      },
    },
    online: {
      initial: "holding",
      always: [
        {
          guard: "spareUntold",
          actions: [
            { type: "tell", params: ({ context }) => toQueue({ type: "lines.spared", ...spared(context) } as Told) },
            "noteSpareTold",
          ],
        },
        { guard: "uncounted", actions: [emit(counted), "noteCounted"] },
      ],
      states: { holding: { after: { wake: { target: "holding", reenter: true, actions: ["takeEvent", ...giveOrders] } } } },
      on: {
        "line.requested": { target: ".holding", actions: ["takeEvent", ...giveOrders] },
        "line.released": { target: ".holding", actions: ["takeEvent", ...giveOrders] },
        "lines.released": { target: ".holding", actions: ["takeEvent", ...giveOrders] },
        "run.resumed": { target: ".holding", actions: ["takeEvent", ...giveOrders] },
        "line.failed": [{ guard: "leased", target: ".holding", actions: ["takeEvent", ...giveOrders] }, {}],
        "line.stalled": [
          {
            guard: "leased",
            target: ".holding",
            actions: [
              "takeEvent",
              ...giveOrders,
              { type: "tell", params: stalledNames },
              emit(
                ({ context, event }): EngineFact => ({
                  type: "feed.stalled",
                  conId: event.conId,
                  name: context.stalled[event.conId]?.name ?? "",
                  silentMs: event.silentMs,
                  attempt: context.stalled[event.conId]?.attempts ?? 0,
                }),
              ),
            ],
          },
          {},
        ],
        "line.resumed": [
          {
            guard: "stalled",
            target: ".holding",
            actions: [
              emit(
                ({ context, event }): EngineFact => ({
                  type: "feed.resumed",
                  conId: event.conId,
                  name: context.stalled[event.conId]?.name ?? "",
                }),
              ),
              "takeEvent",
              { type: "tell", params: stalledNames },
            ],
          },
          {},
        ],
        "effect.refused": [
          {
            guard: "refusedLook",
            actions: [
              "takeEvent",
              {
                type: "tell",
                params: ({ event }) =>
                  toQueue({
                    type: "snapshot.failed",
                    epoch: event.params["epoch"],
                    conId: (event.params["contract"] as unknown as { readonly conId: number }).conId,
                    code: 0,
                    text: event.reason,
                  } as Told),
              },
            ],
          },
          { guard: "ofThisEpoch", target: ".holding", actions: ["takeEvent", ...giveOrders] },
          {},
        ],
        "snapshot.requested": [
          {
            guard: "streams",
            actions: {
              type: "tell",
              params: ({ event }) => toQueue({ type: "snapshot.spared", conId: event.contract.conId } as Told),
            },
          },
          {
            guard: "lookFits",
            actions: [
              "takeEvent",
              {
                type: "line.snapshot",
                params: ({ context, event }) => ({ epoch: context.epoch, contract: event.contract }),
              },
            ],
          },
          {
            actions: {
              type: "tell",
              params: ({ event }) => toQueue({ type: "snapshot.evicted", conId: event.contract.conId } as Told),
            },
          },
        ],
        "snapshot.answered": [{ guard: "thisEpoch", target: ".holding", actions: ["takeEvent", ...giveOrders] }, {}],
        "snapshot.failed": [{ guard: "thisEpoch", target: ".holding", actions: ["takeEvent", ...giveOrders] }, {}],
        "snapshot.abandoned": [
          {
            guard: "underWay",
            target: ".holding",
            actions: [
              { type: "line.withdraw", params: ({ context, event }) => ({ epoch: context.epoch, conId: event.conId }) },
              "takeEvent",
              ...giveOrders,
            ],
          },
          {},
        ],
      },
    },
  },
});
