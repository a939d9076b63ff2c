/**
 * The root: who is alive, and in which mode the engine trades.
 *
 *   recovering ─run.started─▶ reconciling ─session ready─▶ trading ◀─────▶ reducing   (paused, a mismatch, another build's tail)
 *                                 ▲   ▲                        │               │
 *                                 │   └──────session lost──────┴───────────────┘
 *   any ─operator.halt─▶ halted ─operator.rearm─▶ reconciling          any ─run.stopping─▶ draining, until the next run
 *
 * E1 The first run of a journal spawns everybody; later runs tell those who live of the new run and spawn who is missing.
 * E2 A halt is a latch, and so are a pause and another build's tail: they survive restarts, and only an operator takes them back.
 * E3 What waited since the restart is let go when the session is ready for the first time: the broker has been asked by then.
 * E4 The sagas of an earlier day are retired together, once all of them have ended (K9): at a start, an end, a reconciliation.
 */
import { assign, emit, setup } from "xstate";
import { address, topic } from "../domain/address.ts";
import { newYorkDay } from "../domain/calendar/new-york.ts";
import type { EngineConfig } from "../domain/config.ts";
import { effects } from "../domain/effects.ts";
import type {
  EngineMode,
  OperatorEvent,
  ReconciliationEvent,
  SagaEvent,
  SessionAnnouncement,
  Timed,
} from "../domain/events/actors.ts";
import type { EngineFact } from "../domain/facts.ts";
import { shardOf, shardsBefore } from "../domain/identity.ts";
import { consequenceOf, forbidsRisk } from "../domain/reconciliation/policy.ts";
import { type Spawn, speech, supervision, type Tell, type Told } from "../domain/speech.ts";

/** What recovery found, as far as the engine acts on it. */
interface RunStarted {
  readonly type: "run.started";
  readonly build: string;
  readonly config: EngineConfig;
  readonly recovered?: { readonly differences?: readonly string[]; readonly recentStarts?: number };
}
interface EngineContext {
  readonly config: EngineConfig | null;
  readonly spawned: { readonly [path: string]: true };
  readonly ready: boolean;
  /** Latches and conditions that keep the mode from *trading*; empty texts are off. */
  readonly halt: string;
  readonly pause: string;
  readonly mismatch: string;
  readonly foreignBuild: string;
  /** Order sagas that have not ended, by path, and the shards that hold any saga at all. */
  readonly sagas: { readonly [path: string]: true };
  readonly shards: { readonly [shard: string]: true };
}
type Heard<E> = E extends unknown ? E & Timed : never;
type EngineEvent = Heard<
  | RunStarted
  | OperatorEvent
  | SessionAnnouncement
  | ReconciliationEvent
  | SagaEvent
  | { readonly type: "run.stopping" | "run.stopped" }
  | { readonly type: "account.refused" | "session.contested"; readonly reason: string }
  | { readonly type: "clock.stepped"; readonly byMs: number }
  | { readonly type: "actor.poisoned" | "actor.halted"; readonly path: string; readonly machine: string; readonly detail: string }
>;
type Args = { readonly context: EngineContext; readonly event: EngineEvent };

/** Everybody whom this config wants alive, in the order of spawning. The session comes last: when it speaks, all listen. */
const household = (config: EngineConfig, now: number): readonly Spawn[] => [
  { path: address.riskGate, machine: "riskGate", input: { config } },
  { path: address.reconciler, machine: "reconciler", input: { config } },
  { path: address.lines, machine: "marketDataLines", input: { config } },
  { path: address.contractQueue, machine: "contractQueue", input: { config } },
  { path: address.breaker("orders"), machine: "circuitBreaker", input: { scope: "orders", config: config.breaker } },
  ...config.futures.map((root) => ({ path: address.future(root), machine: "futuresContract", input: { root } })),
  ...Array.from({ length: config.limits.slots }, (_, n) => ({
    path: address.slot(n + 1),
    machine: "positionSlot",
    input: { path: address.slot(n + 1), n: n + 1, engine: config },
  })),
  ...config.strategies.map((strategy) => ({
    path: address.strategy(strategy.name),
    machine: "strategy",
    input: { path: address.strategy(strategy.name), config: strategy, engine: config, now },
  })),
  { path: address.session, machine: "gatewaySession", input: { config } },
];
const configOf = ({ context, event }: Args): EngineConfig =>
  event.type === "run.started" ? event.config : (context.config as EngineConfig);
const missing = (args: Args): readonly Spawn[] =>
  household(configOf(args), args.event.now).filter(({ path }) => args.context.spawned[path] === undefined);
/** News of the run for those who live. A strategy that the config does not name any more is switched off. */
const resumed = (args: Args): readonly Tell[] => {
  const engine = configOf(args);
  const before = args.context.config?.strategies.map((strategy) => ({ ...strategy, enabled: false })) ?? [];
  const strategies = new Map([...before, ...engine.strategies].map((strategy) => [address.strategy(strategy.name), strategy]));
  return Object.keys(args.context.spawned)
    .filter((path) => !path.startsWith("strategy/") || strategies.has(path))
    .map((path) => {
      const strategy = strategies.get(path);
      return {
        to: path,
        event: (strategy ? { type: "run.resumed", config: strategy, engine } : { type: "run.resumed", config: engine }) as Told,
      };
    });
};
/** The oldest shard of an earlier day whose sagas have all ended. */
const archivable = ({ context, event }: Args): string | undefined => {
  const alive = new Set(Object.keys(context.sagas).map(shardOf));
  return shardsBefore(Object.keys(context.shards), newYorkDay(event.now)).find((shard) => !alive.has(shard));
};
const toSession = (type: string) => ({ type: "tell" as const, params: (): Tell => ({ to: address.session, event: { type } }) });

/** Why the mode is what it is: the first reason that holds. */
const reasonOf = (context: EngineContext): string =>
  context.halt || context.pause || context.mismatch || context.foreignBuild || "";
const enter = (mode: EngineMode) =>
  [
    {
      type: "tell" as const,
      params: ({ context }: Args): Tell => ({
        topic: topic.mode,
        event: { type: "mode.changed", mode, reason: reasonOf(context) } as Told,
      }),
    },
    emit<EngineContext, EngineEvent, undefined, EngineEvent, EngineFact>(({ context }) => ({
      type: "engine.modeChanged",
      mode,
      reason: reasonOf(context),
    })),
  ] as const;

export const engineMachine = setup({
  types: { context: {} as EngineContext, events: {} as EngineEvent, emitted: {} as EngineFact },
  guards: {
    halted: ({ context }) => context.halt !== "",
    mustReduce: ({ context }) => context.pause !== "" || context.mismatch !== "" || context.foreignBuild !== "",
    unready: ({ context }) => !context.ready,
    differs: ({ event }) => event.type === "reconciliation.completed" && event.discrepancies.some(forbidsRisk),
    mustHalt: ({ event }) =>
      event.type === "reconciliation.completed" && event.discrepancies.some((one) => consequenceOf(one) === "halt"),
    agreesAgain: ({ context, event }) =>
      event.type === "reconciliation.completed" && context.mismatch !== "" && !event.discrepancies.some(forbidsRisk),
    /** Days pass while nothing else happens: these events come often enough. */
    mayArchive: (args) =>
      ["run.started", "saga.ended", "reconciliation.completed"].includes(args.event.type) && archivable(args) !== undefined,
    forReconciler: ({ event }) => event.type === "operator.rearm" && event.scope === "reconciliation",
    forEngine: ({ event }) => event.type === "operator.rearm" && event.scope === "engine",
  },
  actions: {
    ...speech,
    ...supervision,
    ...effects,
    takeRun: assign((args) => {
      const { event, context } = args;
      if (event.type !== "run.started") return {};
      const differences = event.recovered?.differences ?? [];
      const crashLoop = (event.recovered?.recentStarts ?? 0) >= 2;
      return {
        config: event.config,
        ready: false,
        spawned: { ...context.spawned, ...Object.fromEntries(missing(args).map(({ path }) => [path, true as const])) },
        foreignBuild:
          context.foreignBuild || (differences.length > 0 ? `the journal's tail is of another build: ${differences[0]}` : ""),
        halt: context.halt || (crashLoop ? "three starts within a minute without a snapshot: observing only" : ""),
      };
    }),
    takeReady: assign({ ready: true }),
    takeUnready: assign({ ready: false }),
    takeTruth: assign(({ context, event }) => {
      if (event.type !== "reconciliation.completed") return {};
      const ours = event.discrepancies.filter(forbidsRisk);
      const first = ours[0];
      const halting = ours.find((one) => consequenceOf(one) === "halt");
      return {
        halt:
          context.halt ||
          (halting === undefined ? "" : `${halting.subject}: ${halting.kind} (ours ${halting.ours}, theirs ${halting.theirs})`),
        mismatch: first === undefined ? "" : `${ours.length} differences with the broker, first ${first.subject}: ${first.kind}`,
      };
    }),
    latchHalt: assign(({ event }) => ({
      halt: event.type === "operator.halt" ? `halted by ${event.by}: ${event.reason}` : "halted",
    })),
    refuseAccount: assign(({ event }) => ({ halt: event.type === "account.refused" ? event.reason : "account refused" })),
    yieldPlace: assign(({ context, event }) => ({
      halt: context.halt || (event.type === "session.contested" ? event.reason : ""),
    })),
    takeHaltBack: assign({ halt: "", foreignBuild: "" }),
    latchPause: assign(({ event }) => ({
      pause: event.type === "operator.pause" ? `paused by ${event.by}: ${event.reason}` : "paused",
    })),
    takePauseBack: assign({ pause: "" }),
    countSaga: assign(({ context, event }) =>
      event.type === "saga.began"
        ? {
            sagas: { ...context.sagas, [event.path]: true as const },
            shards: { ...context.shards, [shardOf(event.path)]: true as const },
          }
        : {},
    ),
    discountSaga: assign(({ context, event }) => {
      if (event.type !== "saga.ended") return {};
      const { [event.path]: _ended, ...sagas } = context.sagas;
      return { sagas };
    }),
    forgetShard: assign((args) => {
      const { [archivable(args) ?? ""]: _retired, ...shards } = args.context.shards;
      return { shards };
    }),
  },
}).createMachine({
  id: "engine",
  context: {
    config: null,
    spawned: {},
    ready: false,
    halt: "",
    pause: "",
    mismatch: "",
    foreignBuild: "",
    sagas: {},
    shards: {},
  },
  entry: { type: "listen", params: { topics: [topic.session] } },
  initial: "recovering",
  always: {
    guard: "mayArchive",
    actions: [{ type: "retire", params: (args) => ({ prefix: archivable(args) as string }) }, "forgetShard"],
  },
  on: {
    "run.started": [
      {
        target: ".starting",
        actions: [
          { type: "tell", params: resumed },
          { type: "spawn", params: missing },
          "takeRun",
          toSession("session.restarted"),
          toSession("session.open"),
        ],
      },
    ],
    "run.stopping": ".draining",
    "run.stopped": {},
    "clock.stepped": {},
    "session.readied": { actions: "takeReady" },
    "session.unreadied": { actions: "takeUnready" },
    "reconciliation.completed": { actions: "takeTruth" },
    "reconciliation.failed": {},
    "operator.halt": { target: ".halted", actions: "latchHalt" },
    "operator.pause": { target: ".choosing", actions: "latchPause" },
    "operator.resume": { target: ".choosing", actions: "takePauseBack" },
    "operator.rearm": [
      // A session that gave up connecting tries again; any other lets it pass.
      { guard: "forEngine", target: ".choosing", actions: ["takeHaltBack", toSession("session.rearmed")] },
      {
        guard: "forReconciler",
        actions: { type: "tell", params: ({ event }) => ({ to: address.reconciler, event: { ...event } }) },
      },
      { actions: { type: "tell", params: ({ event }) => ({ to: address.breaker(event.scope), event: { ...event } }) } },
    ],
    "saga.began": { actions: "countSaga" },
    "saga.ended": { actions: "discountSaga" },
    "operator.adopt": { actions: { type: "tell", params: ({ event }) => ({ to: address.reconciler, event: { ...event } }) } },
    "account.refused": { target: ".halted", actions: "refuseAccount" },
    "session.contested": { target: ".halted", actions: "yieldPlace" },
    "actor.poisoned": {
      actions: {
        type: "operator.notify",
        params: ({ event }) => ({
          key: `poisoned/${event.path}/${event.now}`,
          severity: "critical" as const,
          text: `${event.path} could not take an event and went back to its last good state: ${event.detail}`,
        }),
      },
    },
    "actor.halted": {
      actions: {
        type: "operator.notify",
        params: ({ event }) => ({
          key: `halted/${event.path}/${event.now}`,
          severity: "critical" as const,
          text: `${event.path} failed three times within a minute and gets no more events: ${event.detail}`,
        }),
      },
    },
  },
  states: {
    recovering: {},
    starting: { always: [{ guard: "halted", target: "halted" }, { target: "reconciling" }] },
    /** The mode follows from the latches and from the session. */
    choosing: {
      always: [
        { guard: "halted", target: "halted" },
        { guard: "unready", target: "reconciling" },
        { guard: "mustReduce", target: "reducing" },
        { target: "trading" },
      ],
    },
    reconciling: {
      entry: enter("reconciling"),
      on: { "session.readied": { target: "choosing", actions: ["takeReady", { type: "goLive", params: {} }] } },
    },
    trading: {
      entry: enter("trading"),
      on: {
        "session.unreadied": { target: "reconciling", actions: "takeUnready" },
        "reconciliation.completed": [{ guard: "differs", target: "choosing", actions: "takeTruth" }, { actions: "takeTruth" }],
      },
    },
    reducing: {
      entry: enter("reducing"),
      on: {
        "session.unreadied": { target: "reconciling", actions: "takeUnready" },
        "reconciliation.completed": [
          { guard: "agreesAgain", target: "choosing", actions: "takeTruth" },
          { guard: "mustHalt", target: "choosing", actions: "takeTruth" },
          { actions: "takeTruth" },
        ],
      },
    },
    halted: {
      entry: enter("halted"),
      on: { "session.readied": { actions: ["takeReady", { type: "goLive", params: {} }] } },
    },
    /** The process ends: whatever an operator still says is latched for the next run. */
    draining: {
      entry: enter("draining"),
      on: {
        "run.stopping": {},
        "operator.halt": { actions: "latchHalt" },
        "operator.pause": { actions: "latchPause" },
        "operator.resume": { actions: "takePauseBack" },
        "operator.rearm": [
          { guard: "forEngine", actions: "takeHaltBack" },
          {
            guard: "forReconciler",
            actions: { type: "tell", params: ({ event }) => ({ to: address.reconciler, event: { ...event } }) },
          },
          { actions: { type: "tell", params: ({ event }) => ({ to: address.breaker(event.scope), event: { ...event } }) } },
        ],
        "account.refused": { actions: "refuseAccount" },
        "session.contested": { actions: "yieldPlace" },
      },
    },
  },
});
