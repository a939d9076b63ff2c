/**
 * The broker's facts about orders, executions and positions, translated from IB's words but not interpreted.
 *
 * An *answer* carries a complete set and is made only when IB's end marker came, in the epoch of the asking; it goes to the
 * actor that asked (`replyTo`) with the word that actor chose (`request`). Everything else is a push and reaches whoever
 * listens. Executions are pushed one by one as they arrive, also those that belong to an answer; dedupe by execId.
 */
import type { Contract, ContractDetails } from "../contract.ts";
import type { EpochMs, Money, Price, TradingDay } from "../units.ts";

/** IB's order states, as IB writes them. */
export type BrokerOrderStatus =
  | "PendingSubmit"
  | "ApiPending"
  | "PendingCancel"
  | "PreSubmitted"
  | "Submitted"
  | "ApiCancelled"
  | "Cancelled"
  | "Filled"
  | "Inactive"
  | "Unknown";

/** The states after which IB will not work the order any more (an execution may still follow: evidence beats status). */
export const DONE_STATUSES: readonly BrokerOrderStatus[] = ["ApiCancelled", "Cancelled", "Filled"];

/** One execution. `shares` is positive; `side` says which way. A BAG row is the summary of a combo's fill, not a fill. */
export interface Execution {
  readonly execId: string;
  readonly orderId: number;
  readonly clientId: number;
  readonly permId: number;
  readonly orderRef: string;
  readonly account: string;
  readonly contract: Contract;
  readonly side: "BOT" | "SLD";
  readonly shares: number;
  readonly price: Price;
  readonly cumulative: number;
  readonly at: EpochMs;
}

/** An order as the broker describes it. Completed orders carry orderId 0: identity is permId and orderRef. */
export interface BrokerOrder {
  readonly orderId: number;
  readonly clientId: number;
  readonly permId: number;
  readonly orderRef: string;
  readonly account: string;
  readonly contract: Contract;
  readonly action: "BUY" | "SELL";
  readonly quantity: number;
  /** Present when the broker said so (completed orders). */
  readonly filled?: number;
  readonly limitPrice?: Price;
  readonly status: BrokerOrderStatus;
}

/** A what-if's answer. A figure that IB left at its maximum is unknown: absent. */
export interface MarginImpact {
  readonly initialMarginChange?: Money;
  readonly maintenanceMarginChange?: Money;
  readonly initialMarginAfter?: Money;
  readonly equityWithLoanAfter?: Money;
  readonly commission?: Money;
}

/** A position row. `averageCost` is per contract and includes the multiplier, as IB reports it. */
export interface BrokerPosition {
  readonly account: string;
  readonly contract: Contract;
  readonly quantity: number;
  readonly averageCost?: Money;
}

export interface OptionParameters {
  readonly exchange: string;
  readonly tradingClass: string;
  readonly multiplier: number;
  readonly expirations: readonly TradingDay[];
  readonly strikes: readonly Price[];
}

/** A bar. Values are doubles: implied volatilities come the same way as prices. */
export interface Bar {
  readonly day: TradingDay;
  /** When it begins; absent for daily bars. */
  readonly at?: EpochMs;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

interface Pushed {
  readonly epoch: number;
}
interface Answer extends Pushed {
  readonly replyTo: string;
  readonly request: string;
}
/**
 * An answer that is asked for again and again. `digest` names the whole set by its content. With `base`, the digest that the asker said
 * it knows, only what differs from that set is told: rows that are new or changed, and the keys of those that are gone; nothing when
 * it is the same set. Without `base` the rows are the whole set. Keys are those of src/domain/reconciliation/answers.ts.
 */
export interface SetTold {
  readonly digest?: string;
  readonly base?: string;
  readonly gone?: readonly string[];
}

export type OrderEvent =
  | (Pushed & { readonly type: "order.reported"; readonly order: BrokerOrder })
  | (Pushed & {
      readonly type: "order.statusReported";
      readonly orderId: number;
      readonly clientId: number;
      readonly permId: number;
      readonly status: BrokerOrderStatus;
      readonly filled: number;
      readonly remaining: number;
    })
  /** An error that names an order: 110, 201, 202, 10147, 399, ... Not every code ends an order. */
  | (Pushed & { readonly type: "order.errored"; readonly orderId: number; readonly code: number; readonly text: string })
  | (Pushed & {
      readonly type: "order.whatIfAnswered";
      readonly orderId: number;
      readonly orderRef: string;
      readonly impact: MarginImpact;
    })
  | (Pushed & { readonly type: "execution.reported"; readonly execution: Execution })
  | (Pushed & {
      readonly type: "commission.reported";
      readonly execId: string;
      readonly amount: Money;
      readonly currency: string;
    });

export type PositionEvent = Pushed & { readonly type: "position.changed"; readonly position: BrokerPosition };

export type AnswerEvent =
  | (Answer & SetTold & { readonly type: "positions.answered"; readonly positions: readonly BrokerPosition[] })
  | (Answer & SetTold & { readonly type: "openOrders.answered"; readonly orders: readonly BrokerOrder[] })
  | (Answer & SetTold & { readonly type: "completedOrders.answered"; readonly orders: readonly BrokerOrder[] })
  | (Answer & SetTold & { readonly type: "executions.answered"; readonly executions: readonly Execution[] })
  | (Answer & {
      readonly type: "account.answered";
      readonly account: string;
      readonly netLiquidation?: Money;
      readonly cash?: Money;
    })
  | (Answer & { readonly type: "contracts.answered"; readonly details: readonly ContractDetails[] })
  | (Answer & { readonly type: "optionParameters.answered"; readonly parameters: readonly OptionParameters[] })
  | (Answer & { readonly type: "bars.answered"; readonly bars: readonly Bar[] })
  /** The broker refused the request, or the epoch ended before its end marker. */
  | (Answer & { readonly type: "request.failed"; readonly code: number; readonly text: string });

export type BrokerEvent = OrderEvent | PositionEvent | AnswerEvent;
