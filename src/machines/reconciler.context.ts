/** What the reconciler remembers of a round and of the account, and small readings of it; sets and comparison are apart. Pure. */
import { newYorkDay } from "../domain/calendar/new-york.ts";
import type { EngineConfig, ReconciliationConfig } from "../domain/config.ts";
import type {
  Discrepancy,
  EffectAnswer,
  OperatorEvent,
  OrderProgress,
  ReconciliationEvent,
  SessionAnnouncement,
} from "../domain/events/actors.ts";
import { type BrokerEvent, DONE_STATUSES, type Execution } from "../domain/events/broker.ts";
import type { CashBook } from "../domain/reconciliation/cash.ts";
import { type Booked, type Ledger, ordersOfOurs, strangerOf } from "../domain/reconciliation/compare.ts";
import type { SharesBefore } from "../domain/reconciliation/expiries.ts";
import { DEFAULT_RECONCILIATION } from "../domain/reconciliation/policy.ts";
import type { EpochMs, Money } from "../domain/units.ts";
import type { Heard } from "./heard.ts";
import type { KnownSets, SetName } from "./reconciler.sets.ts";

export interface ReconcilerInput {
  readonly config: EngineConfig;
}
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
  /** The differences that stand as alerts, by key: what was said of each. */
  readonly alarmed: { readonly [key: string]: string };
}
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
export const requestOf = (context: ReconcilerContext): string => `round-${context.round}`;
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

/** Executions booked in the last days. */
export const bookedLately = ({ context, event }: Args): Booked =>
  Object.fromEntries(Object.entries(context.booked).filter(([, at]) => event.now - at < KEPT_MS));
