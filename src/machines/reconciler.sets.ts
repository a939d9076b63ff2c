/** The broker's sets as the reconciler keeps them: told whole once, then by their changes (R6). Pure. */
import { address } from "../domain/address.ts";
import type { SetEnquiry } from "../domain/effects.ts";
import type { BrokerOrder, BrokerPosition, Execution } from "../domain/events/broker.ts";
import { parseOrderRef } from "../domain/identity.ts";
import { executionKey, orderKey, positionKey, rowsAfter } from "../domain/reconciliation/answers.ts";
import { type Args, type ReconcilerContext, requestOf, stranger } from "./reconciler.context.ts";

/** A set of the broker's as far as we keep it, and the digest by which the border knows what we have heard; empty: nothing yet. */
interface KnownSet<Row> {
  readonly digest: string;
  readonly rows: readonly Row[];
}
export interface KnownSets {
  /** Of our account. */
  readonly positions: KnownSet<BrokerPosition>;
  /** Orders of ours. */
  readonly open: KnownSet<BrokerOrder>;
  readonly completed: KnownSet<BrokerOrder>;
  /** Executions of ours that no saga had booked when they were told. */
  readonly executions: KnownSet<Execution>;
}
export type SetName = keyof KnownSets;
const UNKNOWN_SET = { digest: "", rows: [] } as const;
export const NOTHING_KNOWN: KnownSets = {
  positions: UNKNOWN_SET,
  open: UNKNOWN_SET,
  completed: UNKNOWN_SET,
  executions: UNKNOWN_SET,
};

// ── the enquiry ──
export const enquiry =
  (set?: SetName) =>
  ({ context }: Args): SetEnquiry => {
    const known = set === undefined ? "" : context.sets[set].digest;
    return {
      epoch: context.epoch,
      replyTo: address.reconciler,
      request: requestOf(context),
      ...(known === "" ? {} : { known }),
    };
  };

// ── the answer ──
const isOurOrder =
  ({ config }: ReconcilerContext) =>
  ({ orderRef }: { readonly orderRef: string }): boolean =>
    parseOrderRef(orderRef)?.installation === config.installation;

/** The sets after an answer; undefined when it builds on a set that we do not have. */
export const setsAfter = (args: Args): KnownSets | undefined => {
  const { context, event } = args;
  const { sets } = context;
  const put = <Name extends SetName>(
    name: Name,
    rows: KnownSets[Name]["rows"] | undefined,
    digest: string | undefined,
  ): KnownSets | undefined => (rows === undefined ? undefined : { ...sets, [name]: { digest: digest ?? "", rows } });
  switch (event.type) {
    case "positions.answered": {
      const wanted = ({ account, quantity }: BrokerPosition): boolean => account === context.account && quantity !== 0;
      return put("positions", rowsAfter(sets.positions, { ...event, rows: event.positions }, positionKey, wanted), event.digest);
    }
    case "openOrders.answered":
      return put("open", rowsAfter(sets.open, { ...event, rows: event.orders }, orderKey, isOurOrder(context)), event.digest);
    case "completedOrders.answered":
      return put(
        "completed",
        rowsAfter(sets.completed, { ...event, rows: event.orders }, orderKey, isOurOrder(context)),
        event.digest,
      );
    case "executions.answered": {
      const wanted = (row: Execution): boolean => stranger(args, row) !== undefined;
      return put(
        "executions",
        rowsAfter(sets.executions, { ...event, rows: event.executions }, executionKey, wanted),
        event.digest,
      );
    }
    default:
      return sets;
  }
};
const SET_OF: { readonly [type: string]: SetName } = {
  "positions.answered": "positions",
  "openOrders.answered": "open",
  "completedOrders.answered": "completed",
  "executions.answered": "executions",
};
export const takenAnswer = (args: Args): Partial<ReconcilerContext> => {
  const { context, event } = args;
  if (event.type === "account.answered") {
    const { netLiquidation = null, cash = null } = event;
    return { answered: [...context.answered, "account"], netLiquidation, cash };
  }
  const name = SET_OF[event.type];
  if (name === undefined) return {};
  const sets = setsAfter(args) ?? context.sets;
  const others =
    event.type === "executions.answered" &&
    event.executions.some(
      ({ account, orderRef, contract }) =>
        account === context.account && contract.secType !== "BAG" && !isOurOrder(context)({ orderRef }),
    );
  return {
    answered: [...context.answered, name],
    sets,
    ...(others ? { cashBook: { ...context.cashBook, disturbed: true } } : {}),
    ...(name === "open"
      ? {
          strayOrders: Object.fromEntries(
            Object.entries(context.strayOrders).filter(([ref]) => sets.open.rows.some(({ orderRef }) => orderRef === ref)),
          ),
        }
      : {}),
  };
};
