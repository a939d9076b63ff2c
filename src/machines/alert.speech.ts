/** What an alert says: to its desk, to the operator and to the read side. */
import { emit } from "xstate";
import { address } from "../domain/address.ts";
import type { Effects } from "../domain/effects.ts";
import type { AlertState } from "../domain/events/alerts.ts";
import type { AlertChange, AlertFact } from "../domain/facts.ts";
import type { Tell, Told } from "../domain/speech.ts";
import type { AlertContext, AlertMachineEvent, Args } from "./alert.context.ts";

const fact =
  (change: AlertChange, state: AlertState) =>
  ({ context, event }: Args): AlertFact => {
    const { n, alert, severity, raisedAt, lastAt, times, reopened, reason } = context;
    const { key, title, text, source, rule, symbol, slot } = alert;
    return {
      type: "alert.changed",
      alertId: address.alert(n),
      change,
      state,
      key,
      severity,
      title: title ?? key,
      text,
      source,
      ...(rule === undefined ? {} : { rule }),
      ...(symbol === undefined ? {} : { symbol }),
      ...(slot === undefined ? {} : { slot }),
      // A birth brings no `now` of its own.
      at: event.now ?? lastAt,
      raisedAt,
      lastAt,
      times,
      reopened,
      reason,
    };
  };
const told = (change: AlertChange, state: AlertState) =>
  emit<AlertContext, AlertMachineEvent, undefined, AlertMachineEvent, AlertFact>(fact(change, state));
/** It was said again and its state stays: for the read side. */
export const repeated = (state: AlertState) => told("repeated", state);
/** Its state may be another: for the read side, and for the desk, which counts those that are open. */
export const changed = (change: Exclude<AlertChange, "repeated">, state: AlertState) =>
  [
    told(change, state),
    {
      type: "tell" as const,
      params: ({ context }: Args): Tell => ({
        to: address.alerts,
        event: { type: "alert.turned", n: context.n, key: context.alert.key, state } as Told,
      }),
    },
  ] as const;
export const aged = {
  type: "tell" as const,
  params: ({ context }: Args): Tell => ({
    to: address.alerts,
    event: { type: "alert.aged", n: context.n, key: context.alert.key } as Told,
  }),
};

/** The condition's key comes first: whoever filters notices goes by it. */
export const notice = {
  type: "operator.notify" as const,
  params: ({ context }: Args): Effects["operator.notify"] => {
    const { alert, n, notices, severity, reason } = context;
    return {
      key: `${alert.key}/${n}/${notices}`,
      severity,
      text: reason === "" ? alert.text : `${alert.text} (${reason})`,
    };
  },
};
