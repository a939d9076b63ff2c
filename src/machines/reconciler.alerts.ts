/** What the reconciler brings to the alert desk: each difference by kind and subject while it stands, and the many as a number. */
import { address } from "../domain/address.ts";
import { alertKey, clear, raise } from "../domain/alert.ts";
import type { Discrepancy } from "../domain/events/actors.ts";
import type { Alert } from "../domain/events/alerts.ts";
import { consequenceOf, isForeign } from "../domain/reconciliation/policy.ts";
import type { Tell } from "../domain/speech.ts";
import { textOf } from "./reconciler.comparison.ts";
import type { Args, ReconcilerContext } from "./reconciler.context.ts";

/** More are counted: an account that is wrong as a whole is one matter, and not five thousand. */
const NAMED = 20;
const RECONCILIATION = "reconciliation";

/** What puts our own picture in doubt is critical; what is only reported or adopted, a warning. */
const isGrave = (found: Discrepancy): boolean => ["quarantine", "halt", "reduce"].includes(consequenceOf(found));
const keyOf = ({ kind, subject }: Discrepancy): string => alertKey(RECONCILIATION, `${kind}/${subject}`);
const alertOf = (found: Discrepancy): Alert => {
  const grave = isGrave(found);
  return {
    key: keyOf(found),
    severity: grave ? "critical" : "warning",
    title: `${found.subject}: ${found.kind}`,
    text: `${grave ? "The broker's account and ours differ" : "The account is not quite as expected"}: ${textOf(found)}`,
    source: address.reconciler,
    ...(found.slots?.length === 1 ? { slot: found.slots[0] as string } : {}),
  };
};
const moreThan = (rest: readonly Discrepancy[]): Alert => ({
  key: alertKey(RECONCILIATION, "more"),
  severity: rest.some(isGrave) ? "critical" : "warning",
  title: "More differences with the broker",
  text: `${rest.length} more differences with the broker: 'caretaker status --json' and the journal name them all`,
  source: address.reconciler,
});

/** What stands now: those that are raised already keep their own alert, then others as far as there are names left. */
const standing = ({ alarmed, discrepancies }: ReconcilerContext): readonly Alert[] => {
  const ours = discrepancies.filter((one) => !isForeign(one));
  const isTold = (one: Discrepancy): boolean => alarmed[keyOf(one)] !== undefined;
  const byAge = [...ours.filter(isTold), ...ours.filter((one) => !isTold(one))];
  const rest = byAge.slice(NAMED);
  return [...byAge.slice(0, NAMED).map(alertOf), ...(rest.length === 0 ? [] : [moreThan(rest)])];
};
/** As it is said: one that is as it was is not said again. */
const saidOf = ({ severity, text }: Alert): string => `${severity} ${text}`;
export const alarmedAfter = (context: ReconcilerContext): ReconcilerContext["alarmed"] =>
  Object.fromEntries(standing(context).map((alert) => [alert.key, saidOf(alert)]));

export const tellDifferences = {
  type: "tell" as const,
  params: ({ context }: Args): Tell[] => {
    const now = standing(context);
    const keys = new Set(now.map(({ key }) => key));
    return [
      ...Object.keys(context.alarmed).flatMap((key) =>
        keys.has(key) ? [] : [clear(key, "the broker's account and ours agree")],
      ),
      ...now.filter((alert) => context.alarmed[alert.key] !== saidOf(alert)).map(raise),
    ];
  },
};
