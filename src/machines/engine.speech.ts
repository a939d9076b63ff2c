/** What the root says: to its crew, to whoever follows the mode, to the operator and the read side. */
import { emit } from "xstate";
import { address, topic } from "../domain/address.ts";
import { raise } from "../domain/alert.ts";
import type { EngineMode } from "../domain/events/actors.ts";
import type { EngineFact } from "../domain/facts.ts";
import type { Retire, Tell, Told } from "../domain/speech.ts";
import { type Args, archivable, type EngineContext, type EngineEvent, reasonOf } from "./engine.context.ts";
import { missing, resumed } from "./engine.crew.ts";

type Of<Type extends EngineEvent["type"]> = { readonly event: Extract<EngineEvent, { readonly type: Type }> };

export const listenToSession = { type: "listen" as const, params: { topics: [topic.session] } };

// ── the crew ──
export const tellOfRun = { type: "tell" as const, params: resumed };
export const spawnMissing = { type: "spawn" as const, params: missing };
export const retireShard = { type: "retire" as const, params: (args: Args): Retire => ({ prefix: archivable(args) as string }) };
export const goLive = { type: "goLive" as const, params: {} };

export const toSession = (type: string) => ({
  type: "tell" as const,
  params: (): Tell => ({ to: address.session, event: { type } }),
});
/** The operator's own words, passed on. */
const pass = <Type extends "operator.rearm" | "operator.adopt">(to: (event: Of<Type>["event"]) => string) => ({
  type: "tell" as const,
  params: ({ event }: Of<Type>): Tell => ({ to: to(event), event: { ...event } }),
});
export const passAdoption = pass<"operator.adopt">(() => address.reconciler);
export const passRearmToReconciler = pass<"operator.rearm">(() => address.reconciler);
export const passRearmToBreaker = pass<"operator.rearm">(({ scope }) => address.breaker(scope));

// ── the mode ──
export const enter = (mode: EngineMode) =>
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

// ── to the operator ──
type Fallen = Of<"actor.poisoned" | "actor.halted">;
const poisoned = "could not take an event and went back to its last good state";
const halted = "failed three times within a minute and gets no more events";
const textOf = ({ event }: Fallen, what: string): string => `${event.path} ${what}: ${event.detail}`;
const alarm = (about: "poisoned" | "halted", what: string) => ({
  type: "tell" as const,
  params: (args: Fallen): Tell =>
    raise({
      key: `${about}/${args.event.path}`,
      severity: "critical",
      title: `${args.event.path} ${about === "halted" ? "is stopped" : "failed"}`,
      text: textOf(args, what),
      source: address.engine,
    }),
});
/** Of the desk and its alerts: one that cannot take an event cannot take this one either, so the operator is told without it. */
const cry = (about: "poisoned" | "halted", what: string) => ({
  type: "operator.notify" as const,
  params: (args: Fallen) => ({
    key: `${about}/${args.event.path}/${args.event.now}`,
    severity: "critical" as const,
    text: textOf(args, what),
  }),
});
export const sayPoisoned = alarm("poisoned", poisoned);
export const sayHalted = alarm("halted", halted);
export const cryPoisoned = cry("poisoned", poisoned);
export const cryHalted = cry("halted", halted);
