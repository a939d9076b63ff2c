/** What the session brings to the alert desk: what it raises, and what it takes back. */
import { address } from "../domain/address.ts";
import { alertKey, clear, raise } from "../domain/alert.ts";
import { isTakenForLong } from "../domain/connection.ts";
import type { Severity } from "../domain/events/alerts.ts";
import type { Tell } from "../domain/speech.ts";
import { type Args, lack, outageDue } from "./gateway-session.context.ts";

type Condition = "readOnly" | "outage" | "contested" | "competing" | "refused" | "feeds";
const keyOf = (condition: Condition): string => alertKey(address.session, condition);
const alarm = (
  condition: Condition,
  severity: Severity,
  title: string,
  text: (args: Args) => string,
  due: (args: Args) => boolean = () => true,
) => ({
  type: "tell" as const,
  params: (args: Args): Tell[] =>
    due(args) ? [raise({ key: keyOf(condition), severity, title, text: text(args), source: address.session })] : [],
});
const cleared = (condition: Condition, reason: string) => ({
  type: "tell" as const,
  params: (): Tell => clear(keyOf(condition), reason),
});

export const readOnly = alarm(
  "readOnly",
  "critical",
  "The gateway is read-only",
  ({ context }) =>
    `The gateway does not let us trade: "Read-Only API" is ticked in its settings (API, Settings). Untick it; until then nothing is sent. It said: ${context.readOnly}`,
);
export const outage = alarm(
  "outage",
  "critical",
  "No session with the gateway",
  ({ context, event }) => {
    const minutes = Math.round((event.now - (context.outage?.since ?? event.now)) / 60_000);
    const taken = isTakenForLong(context.taken) ? ` Client id ${context.clientId} is held by another session.` : "";
    return `No session with the gateway for ${minutes} min: ${context.reason}.${taken}`;
  },
  outageDue,
);
export const contested = alarm(
  "contested",
  "critical",
  "Another session takes this one's place",
  ({ context }) =>
    `Another session has taken this one's place ${context.takeovers.length} times within half an hour (${context.reason}). No more attempts are made and the engine is halted: end the other session, then 'caretaker rearm --scope engine'.`,
);
/** IB does not say when the other session has ended: an operator does. */
export const competition = alarm(
  "competing",
  "warning",
  "Another session has the market data",
  () => "Another session of the same user has the market data (10197): quotes are missing here until it ends. Orders go on.",
);
export const refused = alarm("refused", "critical", "The account is refused", ({ context }) => context.reason);
export const feeds = alarm("feeds", "warning", "Market data are missing", ({ context }) => lack(context));

/** Ready for a while: a connection that comes and goes is still an outage. */
export const steady = cleared("outage", "the session has been ready for a minute");
/** A fresh login: whether it may trade is seen anew. */
export const identified = [
  cleared("readOnly", "the gateway was connected anew"),
  cleared("refused", "the gateway has the account"),
] as const;
export const uncontested = cleared("contested", "the connection is tried again");
export const feedsBack = cleared("feeds", "every stream ticks again, or the connection is over");
