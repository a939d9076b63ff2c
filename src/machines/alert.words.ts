/** The words in which an alert's chart is written: its delays, its guards as conditions, its actions as deeds. */
import { assign, setup } from "xstate";
import { compareSeverities, DEFAULT_ALERTS, escalated, escalationMs, forgetMs } from "../domain/alert.ts";
import { effects } from "../domain/effects.ts";
import type { AlertFact } from "../domain/facts.ts";
import { speech } from "../domain/speech.ts";
import {
  type AlertContext,
  type AlertInput,
  type AlertMachineEvent,
  reasonAfter,
  reopened,
  repeated,
  worsened,
} from "./alert.context.ts";

const untilEscalation = ({ severity, config }: AlertContext): number | undefined => escalationMs(severity, config);

export const alertWords = setup({
  types: {
    input: {} as AlertInput,
    context: {} as AlertContext,
    events: {} as AlertMachineEvent,
    emitted: {} as AlertFact,
  },
  delays: {
    // Not waited for when there is none.
    escalation: ({ context }) => untilEscalation(context) ?? 0,
    forgetting: ({ context }) => forgetMs(context.config),
  },
  guards: {
    worse: ({ context, event }) => event.type === "alert.raised" && compareSeverities(event.severity, context.severity) > 0,
    neverEscalates: ({ context }) => untilEscalation(context) === undefined,
  },
  actions: {
    ...speech,
    ...effects,
    repeat: assign(repeated),
    worsen: assign(worsened),
    reopen: assign(reopened),
    escalate: assign(({ context }) => ({
      severity: escalated(context.severity),
      notices: context.notices + 1,
      reason: "nobody has acknowledged it",
    })),
    takeReason: assign(reasonAfter),
    takeConfig: assign(({ event }) => (event.type === "run.resumed" ? { config: event.config.alerts ?? DEFAULT_ALERTS } : {})),
  },
});
