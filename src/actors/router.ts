/**
 * Who hears an input: pure, by the input alone. Order facts go to the saga that listens to the orderRef; where IB leaves the
 * reference out, it listens to its order id, permId or execution. Orders and executions that no saga takes go to the reconciler.
 */
import { address, topic } from "../domain/address.ts";
import { COMPETING_SESSION, speaksOfReadOnly } from "../domain/connection.ts";
import type { OperatorEvent } from "../domain/events/actors.ts";
import type { AnswerEvent, BrokerEvent, Execution } from "../domain/events/broker.ts";
import type { GatewayEvent } from "../domain/events/gateway.ts";
import type { MarketEvent } from "../domain/events/market.ts";

/** Structurally the kernel's Route: this floor does not know the kernel. */
export interface Route {
  readonly to?: readonly string[];
  readonly topics?: readonly string[];
  readonly fallback?: string;
}
type RunEvent = { readonly type: "run.started" | "run.stopping" | "run.stopped" | "clock.stepped" };
type Routed = BrokerEvent | GatewayEvent | MarketEvent | OperatorEvent | RunEvent;

const nobody: Route = {};
const toReplier = (answer: AnswerEvent): Route => ({ to: [answer.replyTo] });
const ofExecution = ({ orderRef, contract }: Execution): Route =>
  contract.secType === "BAG" ? nobody : { topics: [topic.orderRef(orderRef)], fallback: address.reconciler };

export const route = (input: { readonly type: string }): Route => {
  const event = input as Routed;
  switch (event.type) {
    case "quote.updated":
      return { topics: [topic.quote(event.quote.conId)] };
    case "line.stalled":
    case "line.resumed":
      return { to: [address.lines] };
    case "snapshot.answered":
    case "snapshot.failed":
      return { to: [address.lines, address.contractQueue] };
    case "line.failed":
      // 10197: another session has the market data, which is the connection's business too.
      return event.code === COMPETING_SESSION
        ? { to: [address.lines, address.session], topics: [topic.quote(event.conId)] }
        : { to: [address.lines], topics: [topic.quote(event.conId)] };
    case "line.typed":
      return { to: [address.lines], topics: [topic.quote(event.conId)] };
    case "execution.reported":
      return ofExecution(event.execution);
    case "commission.reported":
      return { topics: [topic.execution(event.execId)] };
    case "order.reported":
      return event.order.orderRef === ""
        ? { topics: [topic.permId(event.order.permId)], fallback: address.reconciler }
        : { topics: [topic.orderRef(event.order.orderRef)], fallback: address.reconciler };
    case "order.statusReported":
      return { topics: [topic.orderId(event.orderId), topic.permId(event.permId)] };
    case "order.errored":
      if (speaksOfReadOnly(event.code, event.text)) return { to: [address.session], topics: [topic.orderId(event.orderId)] };
      return { topics: [topic.orderId(event.orderId)] };
    case "order.whatIfAnswered":
      return { topics: [topic.orderId(event.orderId)] };
    case "position.changed":
      return { to: [address.reconciler, address.contractQueue] };
    case "gateway.connected":
    case "gateway.identified":
    case "gateway.lost":
    case "gateway.noticed":
      return { to: [address.session] };
    // Told by its changes: the reconciler puts the set together and tells the queue of contracts.
    case "positions.answered":
    case "openOrders.answered":
    case "completedOrders.answered":
    case "executions.answered":
    case "account.answered":
    case "contracts.answered":
    case "optionParameters.answered":
    case "bars.answered":
    case "request.failed":
      return toReplier(event);
    case "operator.halt":
    case "operator.pause":
    case "operator.resume":
    case "operator.rearm":
    case "operator.adopt":
      return { to: [address.engine] };
    case "operator.acknowledge":
    case "operator.resolve":
    case "operator.dismiss":
      return { to: [address.alerts] };
    case "run.started":
    case "run.stopping":
    case "run.stopped":
    case "clock.stepped":
      return { to: [address.engine] };
    default:
      return nobody;
  }
};

/** Inputs that nobody needs to accept: a quote of a line that was just released, an execution's summary, somebody else's order. */
const QUIET: ReadonlySet<string> = new Set([
  "quote.updated",
  "line.typed",
  "position.changed",
  "effect.written",
  "order.reported",
  "order.statusReported",
  "order.errored",
  "commission.reported",
  "execution.reported",
]);
export const isQuiet = (type: string): boolean => QUIET.has(type);
