/** What an order saga brings to the alert desk: what it raises, and what it takes back. */
import { alertKey, clear, raise } from "../domain/alert.ts";
import type { Alert, Severity } from "../domain/events/alerts.ts";
import type { Tell } from "../domain/speech.ts";
import type { Args, OrderContext } from "./order.context.ts";

type Condition = "unknown" | "alive" | "unpriced" | "unapproved" | "twins";
const keyOf = ({ intent }: OrderContext, condition: Condition, occasion?: number): string =>
  alertKey(`order/${intent.intentId}`, condition, occasion);
const alertOf = (context: OrderContext, text: string): Pick<Alert, "text" | "source" | "symbol" | "slot"> => ({
  text: `Order ${context.intent.intentId} (${context.intent.purpose} ${context.intent.symbol})${text}`,
  source: context.path,
  symbol: context.intent.symbol,
  slot: context.intent.owner,
});
const alarm = (condition: Condition, severity: Severity, title: string, text: string) => ({
  type: "tell" as const,
  params: ({ context }: Args): Tell =>
    raise({ key: keyOf(context, condition), severity, title, ...alertOf(context, ` ${text}`) }),
});
const cleared = (reason: string, keys: (context: OrderContext) => readonly string[]) => ({
  type: "tell" as const,
  params: ({ context }: Args): Tell[] => keys(context).map((key) => clear(key, reason)),
});
const twinKeys = (context: OrderContext): string[] => context.twins.map((_, i) => keyOf(context, "twins", i + 1));
export const outOfSight = alarm(
  "unknown",
  "critical",
  "An order is out of sight",
  "is out of sight: the broker's books have not settled it for a minute.",
);
export const alive = alarm(
  "alive",
  "critical",
  "An ended order is alive",
  "has ended, and the broker still works it: it is cancelled.",
);
export const twins = {
  type: "tell" as const,
  params: ({ context }: Args): Tell => {
    const permIds = [context.permId, ...context.twins.map(({ permId }) => permId)];
    const text = `: the broker keeps ${permIds.length} orders of it (permIds ${permIds.join(", ")}). All are cancelled; what each has filled is counted.`;
    const key = keyOf(context, "twins", context.twins.length);
    return raise({ key, severity: "critical", title: "Two orders of one intent", ...alertOf(context, text) });
  },
};
/** The broker's books have settled it. */
export const inSight = cleared("it is in sight again", (context) => [keyOf(context, "unknown")]);
export const priced = cleared("it has a price", (context) => [keyOf(context, "unpriced")]);
export const approved = cleared("the risk gate has answered", (context) => [keyOf(context, "unapproved")]);
export const ended = cleared("the order has ended", (context) => [
  keyOf(context, "unpriced"),
  keyOf(context, "unapproved"),
  ...twinKeys(context),
]);
export const gone = cleared("none of it works at the broker any more", (context) => [
  keyOf(context, "alive"),
  ...twinKeys(context),
]);
export const unpriced = alarm(
  "unpriced",
  "warning",
  "An order cannot be priced",
  "cannot be priced: a leg has no offer or no quote.",
);
export const unapproved = alarm("unapproved", "critical", "The risk gate is silent", "waits: the risk gate does not answer.");
