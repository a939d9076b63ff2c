/** What the reconciler remembers of a round and of the account, and the readings of it that its chart shares. Pure. */
import { address } from "../domain/address.ts";
import { newYorkDay } from "../domain/calendar/new-york.ts";
import type { EngineConfig, ReconciliationConfig } from "../domain/config.ts";
import type { SetEnquiry } from "../domain/effects.ts";
import type {
  Discrepancy,
  EffectAnswer,
  OperatorEvent,
  OrderProgress,
  ReconciliationEvent,
  SessionAnnouncement,
  Timed,
} from "../domain/events/actors.ts";
import {
  type BrokerEvent,
  type BrokerOrder,
  type BrokerPosition,
  DONE_STATUSES,
  type Execution,
} from "../domain/events/broker.ts";
import { parseOrderRef } from "../domain/identity.ts";
import { executionKey, orderKey, positionKey, rowsAfter } from "../domain/reconciliation/answers.ts";
import { type CashBook, compareCash } from "../domain/reconciliation/cash.ts";
import {
  type Booked,
  comparePositions,
  type Ledger,
  ordersOfOurs,
  strangerOf,
  type Theirs,
  theirsOf,
} from "../domain/reconciliation/compare.ts";
import { type SharesBefore, withCauses } from "../domain/reconciliation/expiries.ts";
import { consequenceOf, DEFAULT_RECONCILIATION, isForeign, isOfPosition, withPolicy } from "../domain/reconciliation/policy.ts";
import type { Tell, Told } from "../domain/speech.ts";
import type { EpochMs, Money } from "../domain/units.ts";

export interface ReconcilerInput {
  readonly config: EngineConfig;
}
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

/** An operator's word that the broker's quantity counts. */
interface AdoptionWish {
  readonly subject: string;
  readonly by: string;
  readonly reason: string;
}
export interface ReconcilerContext {
  readonly config: EngineConfig;
  readonly epoch: number;
  readonly account: string;
  /** Names the round, so that an answer to an earlier one is not taken for this one's. */
  readonly round: number;
  readonly startedAt: EpochMs | null;
  readonly askedAgain: boolean;
  /** What was answered in this round. */
  readonly answered: readonly (SetName | "account")[];
  readonly sets: KnownSets;
  readonly netLiquidation: Money | null;
  readonly cash: Money | null;
  readonly ledger: Ledger;
  readonly cashBook: CashBook;
  readonly sharesBefore: SharesBefore;
  /** Executions booked by sagas, kept for some days: IB repeats those of the present day. */
  readonly booked: Booked;
  /** Executions of ours that reached no saga, by execId: kept until an operator has seen them. */
  readonly strayFills: { readonly [execId: string]: Discrepancy };
  /** Open orders of ours that no saga took, for as long as the broker lists them. */
  readonly strayOrders: { readonly [orderRef: string]: Discrepancy };
  /** Our orders that were open when a round last ended well. */
  readonly openBefore: readonly string[];
  /** How often the broker was looked at in a row, because a look was not to be believed at once. */
  readonly looks: number;
  /** Between a comparison and its announcement: all that was found; afterwards empty. */
  readonly found: readonly Discrepancy[];
  readonly toAdopt: readonly Discrepancy[];
  readonly wishes: readonly AdoptionWish[];
  /** What stands, and the first few positions of others. */
  readonly discrepancies: readonly Discrepancy[];
  /** How many positions are others'. */
  readonly foreign: number;
  /** What the operator was told last, as one text. */
  readonly alarmed: string;
}
export type Heard<E> = E extends unknown ? E & Timed : never;
export type ReconcilerEvent = Heard<
  | BrokerEvent
  | ReconciliationEvent
  | SessionAnnouncement
  | OrderProgress
  | EffectAnswer
  | Extract<OperatorEvent, { type: "operator.rearm" | "operator.adopt" }>
  | { readonly type: "run.resumed"; readonly config: EngineConfig }
>;
export type Args = { readonly context: ReconcilerContext; readonly event: ReconcilerEvent };

export const KEPT_MS = 4 * 24 * 3_600_000;
/** Positions of others that are named one by one; the rest is a number. */
const FOREIGN_NAMED = 10;
/** More are adopted in the next round. */
const MOST_ADOPTED = 100;

export const requestOf = (context: ReconcilerContext): string => `round-${context.round}`;
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
export const isOfRound = ({ context, event }: Args): boolean => {
  if (event.type === "effect.refused") {
    const { request, epoch } = event.params;
    return request === requestOf(context) && epoch === context.epoch;
  }
  return "request" in event && event.request === requestOf(context) && event.epoch === context.epoch;
};
export const limitsOf = ({ config }: ReconcilerContext): ReconciliationConfig => config.reconciliation ?? DEFAULT_RECONCILIATION;

export const stranger = ({ context, event }: Args, execution: Execution): Discrepancy | undefined =>
  strangerOf(context.config.installation, context.booked, execution, newYorkDay(event.now));
/** A fill of ours without a saga that was not known yet. */
export const strayFill = (args: Args): Discrepancy | undefined => {
  if (args.event.type !== "execution.reported") return undefined;
  const stray = stranger(args, args.event.execution);
  return stray !== undefined && args.context.strayFills[stray.subject] === undefined ? stray : undefined;
};
export const strayOrder = ({ context, event }: Args): Discrepancy | undefined => {
  if (event.type !== "order.reported" || DONE_STATUSES.includes(event.order.status)) return undefined;
  const [ours] = ordersOfOurs(context.config.installation, [event.order]);
  return ours && { kind: "unknownOrder", subject: ours.orderRef, ours: null, theirs: ours.quantity };
};

// ── the broker's sets ──
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
const theirs = ({ sets, account }: ReconcilerContext): Theirs => theirsOf(sets.positions.rows, account);

// ── the comparison ──
const isWished = ({ wishes }: ReconcilerContext, found: Discrepancy): boolean =>
  (isOfPosition(found) || isForeign(found)) && wishes.some(({ subject }) => subject === found.subject);

/** All that is found in this round. */
export const compared = (args: Args): Partial<ReconcilerContext> => {
  const { context, event } = args;
  const limits = limitsOf(context);
  const now = event.now;
  const [ledger, there] = [context.ledger, theirs(context)];
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
const textOf = ({ kind, subject, ours, theirs }: Discrepancy): string => `${subject} ${kind} (ours ${ours}, theirs ${theirs})`;
/** As the operator reads it. */
export const inWords = (discrepancies: readonly Discrepancy[]): string =>
  discrepancies
    .filter((one) => !isForeign(one))
    .map(textOf)
    .join("; ");

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
/** Executions booked in the last days. */
export const bookedLately = ({ context, event }: Args): Booked =>
  Object.fromEntries(Object.entries(context.booked).filter(([, at]) => event.now - at < KEPT_MS));
