/** What the desk remembers of its alerts, and which of them must go when there is no place for another. Pure. */
import { address } from "../domain/address.ts";
import { alertNumber, cut, MOST_OPEN, worse } from "../domain/alert.ts";
import type { AlertsConfig, EngineConfig } from "../domain/config.ts";
import type { Alert, AlertCommand, AlertEvent, AlertReport, AlertState, Severity } from "../domain/events/alerts.ts";
import { alertOf } from "./alert.context.ts";
import type { Heard } from "./heard.ts";

export interface AlertDeskInput {
  readonly config: EngineConfig;
}
export interface AlertDeskContext {
  readonly config: AlertsConfig;
  /** The number given last; never given twice. */
  readonly numbered: number;
  readonly alerts: { readonly [key: string]: { readonly n: number; readonly state: AlertState } };
  /** What found no place since somebody last resolved the alert that counts them, and the worst of it. */
  readonly folded: number;
  readonly worstFolded: Severity;
}
export type AlertDeskEvent = Heard<
  AlertEvent | AlertReport | AlertCommand | { readonly type: "run.resumed"; readonly config: EngineConfig }
>;
export interface Args {
  readonly context: AlertDeskContext;
  readonly event: AlertDeskEvent;
}

/** Resolved ones are kept for their history, beside the open ones: a parent with many more children would slow every step. */
const MOST_KEPT = MOST_OPEN + 300;
export const OVERFLOW = "alerts/overflow";

const count = (context: AlertDeskContext, isOf: (state: AlertState) => boolean): number =>
  Object.entries(context.alerts).filter(([key, { state }]) => key !== OVERFLOW && isOf(state)).length;
const isOpen = (state: AlertState): boolean => state !== "resolved";
const oldest = (context: AlertDeskContext, wanted: AlertState): string | undefined =>
  Object.entries(context.alerts)
    .filter(([key, { state }]) => key !== OVERFLOW && state === wanted)
    .sort(([, a], [, b]) => a.n - b.n)[0]?.[0];

/** The key of the alert that has to go so that another may come; undefined: there is place, or nobody can go. */
export const outgoing = (context: AlertDeskContext): string | undefined => {
  if (count(context, isOpen) >= MOST_OPEN) return oldest(context, "dismissed");
  return Object.keys(context.alerts).length >= MOST_KEPT ? oldest(context, "resolved") : undefined;
};
/** Every place is taken by alerts that somebody should look at. */
const isFull = (context: AlertDeskContext): boolean =>
  count(context, isOpen) >= MOST_OPEN && oldest(context, "dismissed") === undefined;

const isFolded = ({ context, event }: Args): boolean =>
  event.type === "alert.raised" && context.alerts[event.key] === undefined && isFull(context);
export const foldedAfter = (args: Args): Partial<AlertDeskContext> => {
  const { context, event } = args;
  if (event.type !== "alert.raised" || !isFolded(args)) return {};
  return {
    folded: context.folded + 1,
    worstFolded: context.folded === 0 ? event.severity : worse(context.worstFolded, event.severity),
  };
};
/** What is raised in the end: the alert itself, or the one for all that find no place. */
export const raisedBy = (args: Args): Alert => {
  const { context, event } = args;
  const alert = alertOf(event as Extract<AlertDeskEvent, { type: "alert.raised" }>);
  if (!isFolded(args)) return alert;
  return {
    key: OVERFLOW,
    severity: context.worstFolded,
    title: "More alerts than can be kept apart",
    text: cut(
      `${MOST_OPEN} alerts are open and ${context.folded} more found no place; the newest, ${alert.severity}: ${alert.text}`,
    ),
    source: address.alerts,
  };
};
export const isKnown = (args: Args): boolean =>
  args.event.type === "alert.raised" && args.context.alerts[raisedBy(args).key] !== undefined;

/** The alert that a clearing or a command is about. */
export const meant = ({ context, event }: Args): number | undefined => {
  if (event.type === "alert.cleared") return context.alerts[event.key]?.n;
  if (!("alertId" in event)) return undefined;
  const wanted = alertNumber(event.alertId);
  return Object.values(context.alerts).some(({ n }) => n === wanted) ? wanted : undefined;
};

// ── after ──
export const without = (context: AlertDeskContext, gone: string | undefined): Partial<AlertDeskContext> => {
  const { [gone ?? ""]: _gone, ...alerts } = context.alerts;
  return { alerts };
};
export const withNewborn = (args: Args): Partial<AlertDeskContext> => {
  const { alerts, numbered } = args.context;
  const n = numbered + 1;
  return { numbered: n, alerts: { ...alerts, [raisedBy(args).key]: { n, state: "raised" as const } } };
};
export const turned = ({ context, event }: Args): Partial<AlertDeskContext> => {
  if (event.type !== "alert.turned" || context.alerts[event.key]?.n !== event.n) return {};
  const alerts = { ...context.alerts, [event.key]: { n: event.n, state: event.state } };
  return event.key === OVERFLOW && event.state === "resolved" ? { alerts, folded: 0 } : { alerts };
};
/** It was over all the while, and it is the one that we mean. */
export const mayGo = ({ context, event }: Args): boolean =>
  event.type === "alert.aged" && context.alerts[event.key]?.n === event.n && context.alerts[event.key]?.state === "resolved";
