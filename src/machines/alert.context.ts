/** What an alert remembers, and how a repeat changes it. Pure. */
import { worse } from "../domain/alert.ts";
import type { AlertsConfig, EngineConfig } from "../domain/config.ts";
import type { EffectAnswer } from "../domain/events/actors.ts";
import type { Alert, AlertCommand, AlertEvent, Severity } from "../domain/events/alerts.ts";
import type { EpochMs } from "../domain/units.ts";
import type { Heard } from "./heard.ts";

export interface AlertInput {
  readonly n: number;
  readonly alert: Alert;
  readonly config: AlertsConfig;
  readonly now: EpochMs;
}
export interface AlertContext {
  readonly n: number;
  readonly config: AlertsConfig;
  /** As it was raised last; its severity apart, because that may have grown since. */
  readonly alert: Alert;
  readonly severity: Severity;
  /** Of the raise that is not over, or was over last. */
  readonly raisedAt: EpochMs;
  readonly lastAt: EpochMs;
  /** How often it was raised in all, and how often after it had been over. */
  readonly times: number;
  readonly reopened: number;
  /** How often the operator was told: no two notices have one key. */
  readonly notices: number;
  /** Why it is in its state: who said so, or what became of the condition. */
  readonly reason: string;
}
export type AlertMachineEvent = Heard<
  AlertEvent | AlertCommand | EffectAnswer | { readonly type: "run.resumed"; readonly config: EngineConfig }
>;
export interface Args {
  readonly context: AlertContext;
  readonly event: AlertMachineEvent;
}

export const newAlertContext = ({ n, alert, config, now }: AlertInput): AlertContext => ({
  n,
  config,
  alert,
  severity: alert.severity,
  raisedAt: now,
  lastAt: now,
  times: 1,
  reopened: 0,
  notices: 1,
  reason: "",
});

/** Without the event's own words. */
export const alertOf = ({ key, severity, title, text, source, rule, symbol, slot }: Alert): Alert => ({
  key,
  severity,
  ...(title === undefined ? {} : { title }),
  text,
  source,
  ...(rule === undefined ? {} : { rule }),
  ...(symbol === undefined ? {} : { symbol }),
  ...(slot === undefined ? {} : { slot }),
});

/** It was said again while it stands: nothing becomes less severe by it. */
export const repeated = ({ context, event }: Args): Partial<AlertContext> =>
  event.type !== "alert.raised"
    ? {}
    : {
        alert: alertOf(event),
        severity: worse(context.severity, event.severity),
        lastAt: event.now,
        times: context.times + 1,
      };
/** Worse than what was said: somebody must look anew. */
export const worsened = (args: Args): Partial<AlertContext> => ({
  ...repeated(args),
  notices: args.context.notices + 1,
  reason: "",
});
export const reopened = (args: Args): Partial<AlertContext> => {
  const { context, event } = args;
  if (event.type !== "alert.raised") return {};
  return {
    ...worsened(args),
    severity: event.severity,
    raisedAt: event.now,
    reopened: context.reopened + 1,
  };
};
export const reasonAfter = ({ event }: Args): Partial<AlertContext> => {
  switch (event.type) {
    case "alert.cleared":
      return { reason: event.reason };
    case "operator.acknowledge":
    case "operator.resolve":
    case "operator.dismiss":
      return { reason: `${event.by}: ${event.reason}` };
    default:
      return {};
  }
};
