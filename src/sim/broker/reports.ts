/**
 * What clients hear about orders: each message to whom it concerns, through the faults that may lose, repeat or delay it.
 *
 * openOrder, orderStatus, execDetails and errors go to the order's owner (of orders placed by hand, client 0 hears executions, and
 * the rest once it has bound them); commission reports go to every connected client
 * (they name no client, and the real gateway sends them so); positions to whoever subscribed.
 */
import type { CommissionReport, Contract as IbContract, Order as IbOrder, OrderState, OrderStatus } from "@stoqey/ib";
import { dollars } from "../../domain/units.ts";
import type { Chance } from "./chance.ts";
import { type ExecutionRow, ibExecution } from "./execution.ts";
import type { BrokerFaults } from "./faults.ts";
import { ibContract } from "./ib-words.ts";
import { averagePrice, type BrokerOrder, echoed, isUnbound, remaining, stateOf } from "./order.ts";
import { averageCost, type Position } from "./positions.ts";
import type { Listener } from "./session.ts";

export interface Reports {
  openOrder(order: BrokerOrder): void;
  /** Answers for an order that never came onto the book, or a what-if. */
  openOrderOf(clientId: number, orderId: number, contract: IbContract, order: IbOrder, state: OrderState): void;
  /** `times` > 1 repeats it verbatim if the fault says so. */
  status(order: BrokerOrder, times?: number, as?: OrderStatus): void;
  executed(order: BrokerOrder, rows: readonly ExecutionRow[]): void;
  /** An execution as it stands after a correction. */
  corrected(row: ExecutionRow): void;
  /** An order placed by hand has an id of client 0 now. */
  bound(order: BrokerOrder): void;
  /** A commission report to all clients, or only to one that asked. */
  commission(row: ExecutionRow, only?: Listener): void;
  position(account: string, position: Position, only?: Listener): void;
  error(clientId: number, id: number, code: number, text: string): void;
  /** An error about an order, unless its owner is to hear nothing. */
  orderError(order: BrokerOrder, code: number, text: string): void;
  /** openOrder and orderStatus to one who asked or has just logged in: never lost, never repeated. */
  describe(order: BrokerOrder, to: Listener): void;
  /** How many statuses chance was asked about. */
  statusesDrawn(): number;
}

export interface Audience {
  of(clientId: number): Listener | undefined;
  all(): readonly Listener[];
  positionSubscribers(): readonly Listener[];
}

type StatusWords = [number, OrderStatus, number, number, number, number, number, number, number, string, number];

/** What an order that sleeps waits for, in IB's words. */
const whyHeld = ({ ended, waiting, triggered }: BrokerOrder): string =>
  ended === undefined ? [...(waiting ? ["child"] : []), ...(triggered ? [] : ["trigger"])].join(",") : "";

const statusWords = (order: BrokerOrder, as: OrderStatus): StatusWords => [
  order.orderId,
  as,
  order.filled,
  remaining(order),
  averagePrice(order),
  order.permId,
  order.ticket.parentId,
  order.lastPrice === undefined ? 0 : dollars(order.lastPrice),
  order.clientId,
  whyHeld(order),
  0,
];

const commissionReport = (row: ExecutionRow): CommissionReport => ({
  execId: row.execId,
  commission: row.commission === undefined ? 0 : dollars(row.commission),
  currency: "USD",
  ...(row.realized === undefined ? {} : { realizedPNL: dollars(row.realized) }),
  yieldRedemptionDate: 0,
});

export const createReports = (audience: Audience, faults: BrokerFaults, chance: Chance, statusesDrawn = 0): Reports => {
  let statuses = statusesDrawn;
  const lost = (): boolean => faults.loseStatus > 0 && chance.draw("status", statuses++) < faults.loseStatus;
  const owner = (order: BrokerOrder): Listener | undefined =>
    order.silent || isUnbound(order) ? undefined : audience.of(order.clientId);
  return {
    openOrder: (order) =>
      owner(order)?.tell("openOrder", order.orderId, { ...order.ticket.ibContract }, echoed(order), stateOf(order)),
    openOrderOf: (clientId, orderId, contract, order, state) =>
      audience.of(clientId)?.tell("openOrder", orderId, { ...contract }, order, state),
    status: (order, times = 1, as = order.status) => {
      for (let time = 0; time < (faults.duplicateStatus ? times : 1); time++)
        if (!lost()) owner(order)?.tell("orderStatus", ...statusWords(order, as));
    },
    executed: (order, rows) => {
      const to = order.silent ? undefined : audience.of(order.clientId);
      for (const row of rows) to?.tell("execDetails", -1, ibContract(row.contract), ibExecution(row));
    },
    corrected: (row) => audience.of(row.clientId)?.tell("execDetails", -1, ibContract(row.contract), ibExecution(row)),
    bound: (order) => audience.of(0)?.tell("orderBound", order.permId, 0, order.orderId),
    commission: (row, only) => {
      for (const listener of only === undefined ? audience.all() : [only])
        listener.tell("commissionReport", commissionReport(row));
    },
    position: (account, position, only) => {
      const words = [account, ibContract(position.details.contract), position.quantity, averageCost(position)] as const;
      for (const listener of only === undefined ? audience.positionSubscribers() : [only]) listener.tell("position", ...words);
    },
    error: (clientId, id, code, text) => audience.of(clientId)?.tell("error", new Error(text), code, id),
    orderError: (order, code, text) => owner(order)?.tell("error", new Error(text), code, order.orderId),
    describe: (order, to) => {
      to.tell("openOrder", order.orderId, { ...order.ticket.ibContract }, echoed(order), stateOf(order));
      to.tell("orderStatus", ...statusWords(order, order.status));
    },
    statusesDrawn: () => statuses,
  };
};
