/**
 * The pool of IB's market data lines: at most `lines.max` leased at once, whoever asks.
 *
 *   offline ◀──session──▶ online          each line: idle ─lease─▶ leased ─released, evicted─▶ idle
 *
 * L1 The budget is an invariant: leases ≤ limit after every transition.
 * L2 A lease that loses its place to a higher priority is closed before the newcomer is opened.
 * L3 Nothing about market data survives a socket: with a new epoch every lease is opened again.
 */
import { assign, emit, setup } from "xstate";
import { topic } from "../domain/address.ts";
import type { EngineConfig } from "../domain/config.ts";
import type { Contract } from "../domain/contract.ts";
import { effects } from "../domain/effects.ts";
import type { EffectAnswer, LineEvent, ReconciliationEvent, SessionAnnouncement, Timed } from "../domain/events/actors.ts";
import type { MarketEvent } from "../domain/events/market.ts";
import type { EngineFact } from "../domain/facts.ts";
import { allocate, unwant, type Wants, want } from "../domain/lines/allocation.ts";
import { speech, type Tell, type Told } from "../domain/speech.ts";

export interface MarketDataLinesInput {
  readonly config: EngineConfig;
}
interface LinesContext {
  readonly limit: number;
  readonly epoch: number;
  readonly wants: Wants;
  /** What streams: conId → contract. */
  readonly leased: { readonly [conId: string]: Contract };
  readonly requests: number;
}
type Heard<E> = E extends unknown ? E & Timed : never;
type LinesEvent = Heard<
  | LineEvent
  | MarketEvent
  | SessionAnnouncement
  | ReconciliationEvent
  | EffectAnswer
  | { readonly type: "run.resumed"; readonly config: EngineConfig }
>;
type Args = { readonly context: LinesContext; readonly event: LinesEvent };

/** The contract whose line is dead by this event: IB failed it, or our own border would not open it. */
const deadLine = ({ context, event }: Args): { readonly conId: number; readonly reason: string } | undefined => {
  if (event.type === "line.failed" && event.epoch === context.epoch)
    return { conId: event.conId, reason: `${event.code} ${event.text}` };
  if (event.type !== "effect.refused" || event.name !== "line.open" || event.params["epoch"] !== context.epoch) return undefined;
  return { conId: (event.params["contract"] as unknown as Contract).conId, reason: event.reason };
};

/** The wants after this event. */
const wantsAfter = ({ context, event }: Args): Wants => {
  switch (event.type) {
    case "line.requested":
      return want(context.wants, event.contract, event.holder, event.priority, context.requests + 1);
    case "line.released":
      return unwant(context.wants, event.holder, event.conId);
    case "lines.released":
      return unwant(context.wants, event.holder);
    case "line.failed":
    case "effect.refused": {
      const { [deadLine({ context, event })?.conId ?? ""]: _dead, ...wants } = context.wants;
      return wants;
    }
    default:
      return context.wants;
  }
};
const leaseAfter = (args: Args): readonly string[] =>
  allocate(wantsAfter(args), new Set(Object.keys(args.context.leased)), args.context.limit).lease;
const toClose = (args: Args): readonly Contract[] => {
  const kept = new Set(leaseAfter(args));
  return Object.entries(args.context.leased)
    .filter(([conId]) => !kept.has(conId))
    .map(([, contract]) => contract);
};
const toOpen = (args: Args): readonly Contract[] =>
  leaseAfter(args)
    .filter((conId) => args.context.leased[conId] === undefined)
    .map((conId) => wantsAfter(args)[conId]?.contract)
    .filter((contract) => contract !== undefined);

const close = {
  type: "line.close" as const,
  params: (args: Args) => toClose(args).map((contract) => ({ epoch: args.context.epoch, conId: contract.conId })),
};
/** A line that streams already is asked for again on behalf of a new holder: IB ticks only on change, the port repeats the last quote. */
const toRepeat = (args: Args): readonly Contract[] => {
  const { context, event } = args;
  if (event.type !== "line.requested") return [];
  const key = String(event.contract.conId);
  // With a worse priority than before it may have lost its place by this very event.
  return context.leased[key] !== undefined && leaseAfter(args).includes(key) ? [event.contract] : [];
};
const open = {
  type: "line.open" as const,
  params: (args: Args) => [...toOpen(args), ...toRepeat(args)].map((contract) => ({ epoch: args.context.epoch, contract })),
};
const lost = {
  type: "tell" as const,
  params: (args: Args): Tell[] => {
    const dead = deadLine(args);
    if (dead === undefined) return [];
    return Object.keys(args.context.wants[dead.conId]?.holders ?? {}).map((holder) => ({
      to: holder,
      event: { type: "line.lost", ...dead } as Told,
    }));
  },
};
const counted = ({ context }: Args): EngineFact => {
  const leased = Object.keys(context.leased).length;
  return { type: "lines.counted", leased, waiting: Object.keys(context.wants).length - leased, limit: context.limit };
};

export const marketDataLinesMachine = setup({
  types: { input: {} as MarketDataLinesInput, context: {} as LinesContext, events: {} as LinesEvent, emitted: {} as EngineFact },
  guards: { dead: (args) => deadLine(args) !== undefined },
  actions: {
    ...speech,
    ...effects,
    takeWants: assign((args) => ({ wants: wantsAfter(args), requests: args.context.requests + 1 })),
    takeLeases: assign((args) => ({
      wants: wantsAfter(args),
      requests: args.context.requests + 1,
      leased: Object.fromEntries(
        leaseAfter(args)
          .map((conId) => [conId, wantsAfter(args)[conId]?.contract] as const)
          .filter((entry): entry is [string, Contract] => entry[1] !== undefined),
      ),
    })),
    takeEpoch: assign(({ event }) => (event.type === "session.readied" ? { epoch: event.epoch, leased: {} } : {})),
    forgetLeases: assign({ leased: {} }),
    /** The line that failed is gone already: nothing is left to close. */
    dropDead: assign((args) => {
      const { [deadLine(args)?.conId ?? ""]: _dead, ...leased } = args.context.leased;
      return { leased };
    }),
    takeConfig: assign(({ event }) => (event.type === "run.resumed" ? { limit: event.config.lines.max } : {})),
  },
}).createMachine({
  id: "marketDataLines",
  context: ({ input }) => ({ limit: input.config.lines.max, epoch: 0, wants: {}, leased: {}, requests: 0 }),
  entry: { type: "listen", params: { topics: [topic.session] } },
  initial: "offline",
  on: {
    "run.resumed": { actions: "takeConfig" },
    "reconciliation.completed": {},
    "reconciliation.failed": {},
    "effect.refused": {},
    "line.failed": {},
    "session.unreadied": { target: ".offline", actions: "forgetLeases" },
    "session.readied": { target: ".online", actions: ["takeEpoch", open, "takeLeases", emit(counted)] },
  },
  states: {
    offline: {
      on: {
        "line.requested": { actions: "takeWants" },
        "line.released": { actions: "takeWants" },
        "lines.released": { actions: "takeWants" },
      },
    },
    online: {
      on: {
        "line.requested": { actions: [close, open, "takeLeases", emit(counted)] },
        "line.released": { actions: [close, open, "takeLeases", emit(counted)] },
        "lines.released": { actions: [close, open, "takeLeases", emit(counted)] },
        "line.failed": [{ guard: "dead", actions: [lost, "dropDead", open, "takeLeases", emit(counted)] }, {}],
        "effect.refused": [{ guard: "dead", actions: [lost, "dropDead", open, "takeLeases", emit(counted)] }, {}],
        "run.resumed": { actions: ["takeConfig", close, open, "takeLeases"] },
      },
    },
  },
});
