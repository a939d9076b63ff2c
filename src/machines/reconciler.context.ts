/** What the reconciler remembers of a round and of the account, and the readings of it that its chart shares. Pure. */
import { address } from "../domain/address.ts";
import { newYorkDay } from "../domain/calendar/new-york.ts";
import type { EngineConfig } from "../domain/config.ts";
import type { Enquiry } from "../domain/effects.ts";
import type {
  Discrepancy,
  EffectAnswer,
  OperatorEvent,
  OrderProgress,
  ReconciliationEvent,
  SessionAnnouncement,
  Timed,
} from "../domain/events/actors.ts";
import { type BrokerEvent, type BrokerOrder, DONE_STATUSES, type Execution } from "../domain/events/broker.ts";
import { type Booked, comparePositions, type Ledger, ordersOfOurs, strangerOf } from "../domain/reconciliation/compare.ts";
import type { EpochMs, Money } from "../domain/units.ts";

export interface ReconcilerInput {
  readonly config: EngineConfig;
}
export interface ReconcilerContext {
  readonly config: EngineConfig;
  readonly epoch: number;
  readonly account: string;
  /** Names the round, so that an answer to an earlier one is not taken for this one's. */
  readonly round: number;
  readonly startedAt: EpochMs | null;
  readonly askedAgain: boolean;
  readonly open: readonly BrokerOrder[] | null;
  readonly completed: readonly BrokerOrder[] | null;
  readonly executions: readonly Execution[] | null;
  readonly netLiquidation: Money | null;
  readonly cash: Money | null;
  readonly accountAnswered: boolean;
  readonly ledger: Ledger;
  /** Executions booked by sagas, kept for some days: IB repeats those of the present day. */
  readonly booked: Booked;
  /** Executions of ours that reached no saga, by execId: kept until an operator has seen them. */
  readonly strayFills: { readonly [execId: string]: Discrepancy };
  /** Open orders of ours that no saga took, heard of in this round. */
  readonly strayOrders: { readonly [orderRef: string]: Discrepancy };
  readonly discrepancies: readonly Discrepancy[];
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
  | Extract<OperatorEvent, { type: "operator.rearm" }>
  | { readonly type: "run.resumed"; readonly config: EngineConfig }
>;
export type Args = { readonly context: ReconcilerContext; readonly event: ReconcilerEvent };

export const KEPT_MS = 4 * 24 * 3_600_000;
export const requestOf = (context: ReconcilerContext): string => `round-${context.round}`;
export const enquiry = ({ context }: Args): Enquiry => ({
  epoch: context.epoch,
  replyTo: address.reconciler,
  request: requestOf(context),
});
export const isOfRound = ({ context, event }: Args): boolean => {
  if (event.type === "effect.refused") {
    const { request, epoch } = event.params;
    return request === requestOf(context) && epoch === context.epoch;
  }
  return "request" in event && event.request === requestOf(context) && event.epoch === context.epoch;
};
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
export const compared = (args: Args): readonly Discrepancy[] => {
  const { context, event } = args;
  if (event.type !== "positions.answered") return [];
  const strangers = (context.executions ?? []).map((execution) => stranger(args, execution)).filter((one) => one !== undefined);
  return [
    ...comparePositions(
      context.ledger,
      event.positions.filter(({ account }) => account === context.account),
    ),
    ...Object.values({ ...context.strayFills, ...Object.fromEntries(strangers.map((one) => [one.subject, one])) }),
    ...Object.values(context.strayOrders),
  ];
};
export const kept = ({ context, event }: Args): Booked =>
  Object.fromEntries(Object.entries(context.booked).filter(([, at]) => event.now - at < KEPT_MS));
/** As the operator reads it. */
export const inWords = (discrepancies: readonly Discrepancy[]): string =>
  discrepancies.map(({ kind, subject, ours, theirs }) => `${subject} ${kind} (ours ${ours}, theirs ${theirs})`).join("; ");
