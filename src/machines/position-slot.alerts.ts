/** What a position slot brings to the operator: what it does, what it cannot do, and that it is over. */
import { alertKey, clear, raise, severityOf } from "../domain/alert.ts";
import type { Severity } from "../domain/events/alerts.ts";
import type { Decision } from "../domain/facts.ts";
import type { Tell } from "../domain/speech.ts";
import type { SlotContext } from "./position-slot.context.ts";
import type { Args } from "./position-slot.facts.ts";
import { REDUCTIONS_A_SESSION } from "./position-slot.orders.ts";
import { isBlind } from "./position-slot.sight.ts";

const symbolOf = ({ context }: Args): string => context.candidate?.symbol ?? "";

type Condition = "exit" | "blind" | "stuck" | "reduce" | "quarantined";
/** Each position of a slot is an occasion of its own. */
const keyOf = (context: SlotContext, condition: Condition): string =>
  alertKey(context.path, condition, context.totals.positions + 1);
const raised = (severity: Severity, condition: Condition, title: string, text: (args: Args) => string) => ({
  type: "tell" as const,
  params: (args: Args): Tell => {
    const { context } = args;
    return raise({
      key: keyOf(context, condition),
      severity,
      title,
      text: `${context.path} ${symbolOf(args)}: ${text(args)}`,
      source: context.path,
      symbol: symbolOf(args),
      slot: context.path,
    });
  },
});
const cleared = (conditions: readonly Condition[], reason: string) => ({
  type: "tell" as const,
  params: ({ context }: Args): Tell[] => {
    const { blind, exit, reductions } = context;
    const stands = {
      blind: blind?.told === true,
      exit: exit !== null,
      stuck: exit !== null,
      reduce: reductions.length > 0,
      quarantined: false,
    };
    return conditions.filter((one) => stands[one]).map((one) => clear(keyOf(context, one), reason));
  },
});

export const alarm = raised(
  "critical",
  "quarantined",
  "Quarantined",
  ({ context }) => `quarantined, ${context.quarantine ?? ""}`,
);
export const sayBlind = raised("warning", "blind", "A protective rule is blind", ({ context }) => {
  const unknown = context.sight?.trace.filter(isBlind) ?? [];
  return `cannot evaluate ${unknown.map(({ rule, missing = [] }) => `${rule} (${missing.join(", ")})`).join("; ")}`;
});
export const saySeeing = cleared(["blind"], "every protective rule can be evaluated again");
export const sayStuck = raised(
  "critical",
  "stuck",
  "Cannot get out",
  ({ context }) => `${context.exit?.attempts ?? 0} exits have ended with units left: ${context.ended?.reason ?? ""}`,
);
const doing = (condition: Condition, title: string, decided: (context: SlotContext) => Decision | null | undefined) => ({
  type: "tell" as const,
  params: (args: Args): Tell[] => {
    const { context } = args;
    const decision = decided(context);
    const severity = decision ? severityOf(decision) : undefined;
    if (!decision || severity === undefined) return [];
    const { action, rule, urgency } = decision;
    return [
      raise({
        key: keyOf(context, condition),
        severity,
        title: `${title} by ${rule}`,
        text: `${context.path} ${symbolOf(args)}: ${action} by ${rule}, ${urgency} urgency`,
        source: context.path,
        rule,
        symbol: symbolOf(args),
        slot: context.path,
      }),
    ];
  },
});
/** What the slot does now, as severe as its decision: at the beginning of an exit, and when a more urgent rule takes over. */
export const sayLeaving = doing("exit", "Closing", ({ exit }) => exit?.decision);
export const sayReducing = doing("reduce", "Reducing", ({ adjusting }) => adjusting);
const cannotReduce = raised(
  "warning",
  "reduce",
  "Cannot reduce",
  ({ context }) =>
    `${REDUCTIONS_A_SESSION} reductions have ended without a fill: ${context.ended?.reason ?? ""}; it waits for the next session`,
);
/** Said when the last try of a session has ended. */
export const sayNotReduced = {
  type: "tell" as const,
  params: (args: Args): Tell[] => (args.context.reduceRest?.attempts === REDUCTIONS_A_SESSION ? [cannotReduce.params(args)] : []),
};
export const sayReduced = cleared(["reduce"], "a part is closed");
/** The rest of a rolled position is closed, and the position goes on. */
export const saySettled = cleared(["exit", "stuck"], "what the roll had left is closed");
export const sayGone = cleared(["exit", "stuck", "reduce", "blind"], "the position is closed");
/** One alert is left of it: the slot does nothing any more. */
export const sayOverruled = cleared(["exit", "stuck", "reduce", "blind"], "the slot is quarantined");
