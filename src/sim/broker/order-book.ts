/**
 * All orders of the account, and the numbers they go by: order ids are counted for each client apart, permIds for all.
 */
import { assert } from "../../domain/assert.ts";
import type { EpochMs } from "../../domain/units.ts";
import type { Chance } from "./chance.ts";
import { type BrokerOrder, isUnbound } from "./order.ts";

export interface BookNumbers {
  readonly nextPermId: number;
  readonly highestIds: readonly { readonly clientId: number; readonly orderId: number }[];
  /** The lowest id given to an order that was placed by hand; these count downward from −1. */
  readonly lowestBoundId?: number;
}

export interface OrderBook {
  /** The next order id of a client: one above the highest it ever used. */
  nextId(clientId: number): number;
  /** Takes an id, and all below it, out of use for new orders. */
  useId(clientId: number, orderId: number): void;
  /** Forgets ids of a client that no order on the book has: they are given out again, as after a gateway's restart. */
  rollBack(clientId: number): void;
  nextPermId(): number;
  /** Gives an order that was placed by hand an id of client 0, below zero. */
  bind(order: BrokerOrder): void;
  withPermId(permId: number): BrokerOrder | undefined;
  add(order: BrokerOrder): void;
  find(clientId: number, orderId: number): BrokerOrder | undefined;
  /** Orders that have not ended, parked ones included, oldest first. */
  live(): readonly BrokerOrder[];
  /** Orders that have ended, in the order of their end. */
  done(): readonly BrokerOrder[];
  /** Moves an ended order from the living to the done. */
  close(order: BrokerOrder): void;
  /** Forgets orders that ended before an instant. Their ids stay used. */
  forget(before: EpochMs): void;
  numbers(): BookNumbers;
}

export const createOrderBook = (chance: Chance, from?: BookNumbers): OrderBook => {
  const highest = new Map(from?.highestIds.map(({ clientId, orderId }) => [clientId, orderId]));
  const byId = new Map<string, BrokerOrder>();
  const living = new Set<BrokerOrder>();
  let ended: BrokerOrder[] = [];
  let permId = from?.nextPermId ?? chance.between(1_000_000_000, 1_900_000_000, "permId");
  let lowestBoundId = from?.lowestBoundId ?? 0;
  const key = (clientId: number, orderId: number): string => `${clientId}/${orderId}`;
  return {
    nextId: (clientId) => (highest.get(clientId) ?? 0) + 1,
    useId: (clientId, orderId) => {
      highest.set(clientId, Math.max(highest.get(clientId) ?? 0, orderId));
    },
    rollBack: (clientId) => {
      const used = [...living, ...ended].filter((order) => order.clientId === clientId).map(({ orderId }) => orderId);
      if (highest.has(clientId)) highest.set(clientId, Math.max(0, ...used));
    },
    nextPermId: () => permId++,
    bind: (order) => {
      assert(isUnbound(order), `order ${order.permId} was placed by hand and is not bound yet`);
      order.orderId = --lowestBoundId;
      byId.set(key(order.clientId, order.orderId), order);
    },
    withPermId: (wanted) => [...living, ...ended].find((order) => order.permId === wanted),
    add: (order) => {
      if (!isUnbound(order)) {
        assert(
          !byId.has(key(order.clientId, order.orderId)),
          `order ${order.orderId} of client ${order.clientId} is on the book already`,
        );
        byId.set(key(order.clientId, order.orderId), order);
      }
      if (order.ended === undefined) living.add(order);
      else ended.push(order);
    },
    find: (clientId, orderId) => byId.get(key(clientId, orderId)),
    live: () => [...living],
    done: () => ended,
    close: (order) => {
      assert(order.ended !== undefined, `order ${order.permId} has not ended`);
      if (living.delete(order)) ended.push(order);
    },
    forget: (before) => {
      const isOld = (order: BrokerOrder): boolean => order.ended !== undefined && order.ended.at < before;
      for (const order of ended) if (isOld(order) && !isUnbound(order)) byId.delete(key(order.clientId, order.orderId));
      ended = ended.filter((order) => !isOld(order));
    },
    numbers: () => ({
      nextPermId: permId,
      highestIds: [...highest].map(([clientId, orderId]) => ({ clientId, orderId })),
      ...(lowestBoundId === 0 ? {} : { lowestBoundId }),
    }),
  };
};
