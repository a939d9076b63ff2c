/** What clients ask about orders, and what they do with them: placing, cancelling, open orders, executions, completed orders. */
import { instantOf, newYorkDay } from "../../domain/calendar/new-york.ts";
import type { HandOrders } from "./by-hand.ts";
import type { Entry } from "./entry.ts";
import { executionsFor, ibExecution } from "./execution.ts";
import type { Floor } from "./floor.ts";
import { ibContract, ibTime } from "./ib-words.ts";
import { echoed, stateOf } from "./order.ts";
import type { Front, FurtherRequests, Listener } from "./session.ts";

export interface OrderDesk {
  readonly requests: Pick<
    Front,
    | "placeOrder"
    | "cancelOrder"
    | "reqGlobalCancel"
    | "reqOpenOrders"
    | "reqAllOpenOrders"
    | "reqExecutions"
    | "reqCompletedOrders"
    | "reqIds"
  >;
  readonly further: Pick<FurtherRequests, "reqAutoOpenOrders">;
}

/** `change` does something that may change the books, and tells of it. */
export const createOrderDesk = (
  floor: Floor,
  entry: Entry,
  handOrders: HandOrders,
  change: (action: () => void) => void,
): OrderDesk => {
  const { market, book, reports } = floor;

  /** Who asks for its orders hears of the silent ones too, from now on. */
  const speakUp = ({ clientId }: Listener): void => {
    for (const order of book.live()) {
      if (order.clientId !== clientId || !order.silent) continue;
      order.silent = false;
      floor.changed();
    }
  };

  return {
    further: { reqAutoOpenOrders: (from, on) => handOrders.autoBind(from, on) },
    requests: {
      reqIds: (from) => from.tell("nextValidId", book.nextId(from.clientId)),
      placeOrder: (from, orderId, contract, order) => change(() => entry.place(from.clientId, orderId, contract, order)),
      cancelOrder: (from, orderId) => change(() => entry.cancel(from.clientId, orderId)),
      reqGlobalCancel: () => change(entry.cancelAll),
      reqOpenOrders: (from) => {
        change(() => {
          speakUp(from);
          if (from.clientId === 0) handOrders.bind();
        });
        for (const order of book.live()) if (order.clientId === from.clientId) reports.describe(order, from);
        from.tell("openOrderEnd");
      },
      reqAllOpenOrders: (from) => {
        change(() => speakUp(from));
        for (const order of book.live()) if (!order.parked || order.clientId === from.clientId) reports.describe(order, from);
        from.tell("openOrderEnd");
      },
      reqExecutions: (from, reqId, filter) => {
        const rows = executionsFor(floor.executions, filter, market.now);
        for (const row of rows) from.tell("execDetails", reqId, ibContract(row.contract), ibExecution(row));
        from.tell("execDetailsEnd", reqId);
        for (const row of rows) if (row.booked !== undefined && row.commissionAt <= market.now) reports.commission(row, from);
      },
      reqCompletedOrders: (from) => {
        const midnight = instantOf(newYorkDay(market.now), 0);
        for (const order of book.done()) {
          if (order.ended === undefined || order.ended.at < midnight) continue;
          const completed = { completedTime: ibTime(order.ended.at), completedStatus: order.ended.why };
          from.tell(
            "completedOrder",
            { ...order.ticket.ibContract },
            { ...echoed(order), orderId: 0, clientId: 0, filledQuantity: order.filled },
            { ...stateOf(order), ...completed },
          );
        }
        from.tell("completedOrdersEnd");
      },
    },
  };
};
