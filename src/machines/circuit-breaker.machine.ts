/**
 * One circuit breaker, one scope. Armed, tripped and probing are what electricians call closed, open and half-open; here open and
 * closed belong to positions and markets.
 *
 *   armed ──N failures within the window──▶ tripped ──cool-down──▶ probing ──P successes──▶ armed
 *                                              ▲                      │
 *                                              └──────any failure─────┘
 *
 * It never speaks to orders: the risk gate asks nobody else before it lets risk in, and reducing orders do not ask.
 */
import { assign, emit, setup } from "xstate";
import { address } from "../domain/address.ts";
import { clear, raise } from "../domain/alert.ts";
import type { EngineConfig } from "../domain/config.ts";
import type { BreakerEvent, BreakerState, OperatorEvent } from "../domain/events/actors.ts";
import type { EngineFact } from "../domain/facts.ts";
import { speech, type Tell } from "../domain/speech.ts";
import type { EpochMs } from "../domain/units.ts";
import type { Heard } from "./heard.ts";

export interface CircuitBreakerInput {
  readonly scope: string;
  readonly config: EngineConfig["breaker"];
}
interface CircuitBreakerContext {
  readonly scope: string;
  readonly config: EngineConfig["breaker"];
  /** When the failures of the rolling window happened. */
  readonly failures: readonly EpochMs[];
  readonly successes: number;
  readonly reason: string;
  readonly trips: number;
}
type CircuitBreakerEvent = Heard<BreakerEvent | OperatorEvent | { readonly type: "run.resumed"; readonly config: EngineConfig }>;
type Args = { readonly context: CircuitBreakerContext; readonly event: CircuitBreakerEvent };

const recent = ({ context, event }: Args): readonly EpochMs[] =>
  context.failures.filter((at) => event.now - at < context.config.windowSeconds * 1_000);
const changed = (state: BreakerState) => ({
  type: "tell" as const,
  params: ({ context }: Args): Tell => ({
    to: address.riskGate,
    event: { type: "breaker.changed", scope: context.scope, state, reason: context.reason } as Tell["event"],
  }),
});
const fact =
  (state: BreakerState) =>
  ({ context }: Args): EngineFact => ({ type: "breaker.changed", scope: context.scope, state, reason: context.reason });

export const circuitBreakerMachine = setup({
  types: {
    input: {} as CircuitBreakerInput,
    context: {} as CircuitBreakerContext,
    events: {} as CircuitBreakerEvent,
    emitted: {} as EngineFact,
  },
  delays: { coolDown: ({ context }) => context.config.coolDownSeconds * 1_000 },
  guards: {
    lastStraw: (args) => recent(args).length + 1 >= args.context.config.failures,
    proven: ({ context }) => context.successes + 1 >= context.config.probes,
  },
  actions: {
    ...speech,
    countFailure: assign((args) => ({ failures: [...recent(args), args.event.now] })),
    blame: assign(({ context, event }) =>
      event.type === "failure.observed"
        ? { reason: `${event.kind}: ${event.detail}`.slice(0, 200), trips: context.trips + 1, failures: [], successes: 0 }
        : {},
    ),
    countSuccess: assign(({ context }) => ({ successes: context.successes + 1 })),
    rest: assign({ successes: 0, failures: [] }),
    takeConfig: assign(({ event }) => (event.type === "run.resumed" ? { config: event.config.breaker } : {})),
  },
}).createMachine({
  id: "circuitBreaker",
  context: ({ input }) => ({ ...input, failures: [], successes: 0, reason: "", trips: 0 }),
  initial: "armed",
  on: { "success.observed": {}, "failure.observed": {}, "operator.rearm": {}, "run.resumed": { actions: "takeConfig" } },
  states: {
    armed: {
      on: {
        "failure.observed": [{ guard: "lastStraw", target: "tripped", actions: "blame" }, { actions: "countFailure" }],
      },
    },
    tripped: {
      entry: [
        changed("tripped"),
        emit(fact("tripped")),
        {
          type: "tell",
          params: ({ context }) =>
            raise({
              key: address.breaker(context.scope),
              severity: "critical",
              title: `The ${context.scope} breaker is tripped`,
              text: `The ${context.scope} breaker tripped: ${context.reason.replace(/\.+$/, "")}. Nothing that adds risk is sent for ${context.config.coolDownSeconds} s.`,
              source: address.breaker(context.scope),
            }),
        },
      ],
      after: { coolDown: "probing" },
      on: { "operator.rearm": "armedAgain" },
    },
    probing: {
      entry: ["rest", changed("probing"), emit(fact("probing"))],
      on: {
        "failure.observed": { target: "tripped", actions: "blame" },
        "success.observed": [{ guard: "proven", target: "armedAgain" }, { actions: "countSuccess" }],
        "operator.rearm": "armedAgain",
      },
    },
    armedAgain: {
      entry: [
        "rest",
        changed("armed"),
        emit(fact("armed")),
        { type: "tell", params: ({ context }) => clear(address.breaker(context.scope), "armed again") },
      ],
      always: "armed",
    },
  },
});
