/** What the root says: to its crew, to whoever follows the mode, to the operator and the read side. */
import { emit } from "xstate";
import { address, topic } from "../domain/address.ts";
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
const alarm = (about: string, what: string) => ({
  type: "operator.notify" as const,
  params: ({ event }: Of<"actor.poisoned" | "actor.halted">) => ({
    key: `${about}/${event.path}/${event.now}`,
    severity: "critical" as const,
    text: `${event.path} ${what}: ${event.detail}`,
  }),
});
export const sayPoisoned = alarm("poisoned", "could not take an event and went back to its last good state");
export const sayHalted = alarm("halted", "failed three times within a minute and gets no more events");
