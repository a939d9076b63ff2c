/**
 * Alerts: how severe a decision is, how keys are made, when an alert nobody has seen becomes more severe, and the two sentences in which
 * machines speak to the desk. How one lives is src/machines/alert.machine.ts; where it is shown is the read side's business.
 */
import { address } from "./address.ts";
import type { AlertsConfig } from "./config.ts";
import type { Alert, AlertState, Severity } from "./events/alerts.ts";
import type { Decision } from "./facts.ts";
import type { Tell, Told } from "./speech.ts";

/** Of a configuration that names none. */
export const DEFAULT_ALERTS: AlertsConfig = { escalateAfterMinutes: { info: 0, warning: 30 }, forgetAfterHours: 24 };

/** Open alerts at most; what comes on top is counted in one alert of its own. */
export const MOST_OPEN = 500;
const TEXT_LIMIT = 400;
/** A broker's words, or those of many differences, may be long. */
export const cut = (text: string): string => (text.length <= TEXT_LIMIT ? text : `${text.slice(0, TEXT_LIMIT - 1)}…`);

const SEVERITIES: readonly Severity[] = ["info", "warning", "critical"];
/** Negative: `a` is the lesser. */
export const compareSeverities = (a: Severity, b: Severity): number => SEVERITIES.indexOf(a) - SEVERITIES.indexOf(b);
export const worse = (a: Severity, b: Severity): Severity => (compareSeverities(a, b) >= 0 ? a : b);
/** One step up; critical stays. */
export const escalated = (severity: Severity): Severity => SEVERITIES[SEVERITIES.indexOf(severity) + 1] ?? severity;
/** How long one may stand unseen before it is one step more severe, in ms; undefined: for ever. */
export const escalationMs = (severity: Severity, { escalateAfterMinutes }: AlertsConfig): number | undefined => {
  const minutes = severity === "critical" ? 0 : escalateAfterMinutes[severity];
  return minutes > 0 ? minutes * 60_000 : undefined;
};
export const forgetMs = ({ forgetAfterHours }: AlertsConfig): number => forgetAfterHours * 3_600_000;

/**
 * How severe it is that a slot does what a rule decided: to close at once is critical, in haste a warning; everything else that is done
 * at once a warning, and the rest worth knowing. Undefined: to hold is no news.
 */
export const severityOf = ({ action, urgency }: Decision): Severity | undefined => {
  if (action === "hold") return undefined;
  if (urgency === "immediate") return action === "close" ? "critical" : "warning";
  return action === "close" && urgency === "high" ? "warning" : "info";
};

export type AlertWord = "acknowledge" | "resolve" | "dismiss";
/** In which states an operator's word on an alert changes anything. */
export const ALERT_WORDS: { readonly [Word in AlertWord]: readonly AlertState[] } = {
  acknowledge: ["raised"],
  resolve: ["raised", "acknowledged", "dismissed"],
  dismiss: ["raised", "acknowledged"],
};

/** `slot/s3`, `exit`, 4 → `slot/s3/exit/4`. A number says which occasion, where each is a matter of its own. */
export const alertKey = (subject: string, condition: string, occasion?: number): string =>
  `${subject}/${condition}${occasion === undefined ? "" : `/${occasion}`}`;
/** As the id is written everywhere: the alert's address. */
export const alertNumber = (alertId: string): number | undefined => {
  const found = /^(?:alerts\/)?([1-9]\d{0,14})$/.exec(alertId);
  return found === null ? undefined : Number(found[1]);
};

/** To the desk: this condition stands. */
export const raise = (alert: Alert): Tell => ({
  to: address.alerts,
  event: { type: "alert.raised", ...alert, text: cut(alert.text) } as Told,
});
/** To the desk: it does not stand any more. */
export const clear = (key: string, reason: string): Tell => ({
  to: address.alerts,
  event: { type: "alert.cleared", key, reason } as Told,
});
