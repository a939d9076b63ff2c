/** The comparison of a round: what is found, whether it is believed, what is kept of it, and who hears of it. Pure. */

import type { Discrepancy } from "../domain/events/actors.ts";
import { compareCash } from "../domain/reconciliation/cash.ts";
import { comparePositions, theirsOf } from "../domain/reconciliation/compare.ts";
import { withCauses } from "../domain/reconciliation/expiries.ts";
import { consequenceOf, isForeign, isOfPosition, withPolicy } from "../domain/reconciliation/policy.ts";
import type { Tell, Told } from "../domain/speech.ts";
import { type Args, limitsOf, type ReconcilerContext, stranger } from "./reconciler.context.ts";

/** Positions of others that are named one by one; the rest is a number. */
const FOREIGN_NAMED = 10;
/** More are adopted in the next round. */
const MOST_ADOPTED = 100;

const isWished = ({ wishes }: ReconcilerContext, found: Discrepancy): boolean =>
  (isOfPosition(found) || isForeign(found)) && wishes.some(({ subject }) => subject === found.subject);

/** All that is found in this round. */
export const compared = (args: Args): Partial<ReconcilerContext> => {
  const { context, event } = args;
  const limits = limitsOf(context);
  const now = event.now;
  const [ledger, there] = [context.ledger, theirsOf(context.sets.positions.rows, context.account)];
  const positions = withCauses(comparePositions(ledger, there, limits), {
    ledger,
    theirs: there,
    before: context.sharesBefore,
    now,
  });
  const strangers = context.sets.executions.rows.map((row) => stranger(args, row)).filter((one) => one !== undefined);
  const cash = compareCash(context.cashBook, context.cash, { now, toleranceDollars: limits.cashToleranceDollars });
  const found = [
    ...positions,
    ...Object.values({ ...context.strayFills, ...Object.fromEntries(strangers.map((one) => [one.subject, one])) }),
    ...Object.values(context.strayOrders),
    ...cash.found,
  ].map((one) => withPolicy(one, limits));
  const toAdopt = found.filter((one) => (one.policy === "adopt" && isOfPosition(one)) || isWished(context, one));
  return { found, toAdopt: toAdopt.slice(0, MOST_ADOPTED), looks: context.looks + 1 };
};
export const textOf = ({ kind, subject, ours, theirs }: Discrepancy): string =>
  `${subject} ${kind} (ours ${ours}, theirs ${theirs})`;
/** Whether this look should be taken again before it is believed: a position went that we still count, or an order is in no answer. */
export const isDoubtful = ({ context }: Args): boolean => {
  const { found, looks, openBefore, sets, ledger } = context;
  const named = new Set(context.discrepancies.map(textOf));
  const fresh = found.some((one) => isOfPosition(one) && !named.has(textOf(one)));
  const listed = new Set([...sets.open.rows, ...sets.completed.rows].map(({ orderRef }) => orderRef));
  const vanished = openBefore.some((ref) => !listed.has(ref));
  const allGone = sets.positions.rows.length === 0 && Object.keys(ledger).length > 0;
  return (fresh && looks < (allGone ? 3 : 2)) || (vanished && looks < 2);
};
/** Nothing that puts our own picture in doubt. */
export const isMatched = ({ context }: Args): boolean =>
  !context.found.some((one) => ["quarantine", "halt", "reduce"].includes(consequenceOf(one)));

/** What is kept of it. */
export const kept = ({ found }: ReconcilerContext): Pick<ReconcilerContext, "discrepancies" | "foreign"> => {
  const foreign = found.filter((one) => isForeign(one) && consequenceOf(one) === "report");
  const named = new Set(foreign.slice(FOREIGN_NAMED));
  return { discrepancies: found.filter((one) => !named.has(one)), foreign: foreign.length };
};
/** To each slot that holds what is newly in dispute. */
export const disputes = ({ context }: Args): readonly Tell[] => {
  const named = new Set(context.discrepancies.map(textOf));
  return context.found
    .filter((one) => consequenceOf(one) === "quarantine" && !named.has(textOf(one)))
    .flatMap((one) =>
      (one.slots ?? []).map((slot) => ({
        to: slot,
        event: { type: "position.disputed", reason: `the broker's record differs: ${textOf(one)}` } as Told,
      })),
    );
};
