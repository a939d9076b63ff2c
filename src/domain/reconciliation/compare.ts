/**
 * The broker's truth against ours: pure, over the union of both, so that a position missing from an answer is a difference and not
 * a silence. Nothing here invents a fill or touches an order.
 */
import type { Contract } from "../contract.ts";
import type { Discrepancy } from "../events/actors.ts";
import type { BrokerOrder, BrokerPosition, Execution } from "../events/broker.ts";
import { parseOrderRef } from "../identity.ts";

/** What our fills add up to, by conId. */
export type Ledger = { readonly [conId: string]: { readonly quantity: number; readonly contract: Contract } };

const nameOf = (contract: Contract): string =>
  [contract.symbol, contract.expiry, contract.strike === undefined ? undefined : contract.strike / 10_000, contract.right]
    .filter((part) => part !== undefined)
    .join(" ");

/** Positions by contract. A contract that only the broker knows is *missing here*: somebody else's until an operator says otherwise. */
export const comparePositions = (ledger: Ledger, positions: readonly BrokerPosition[]): Discrepancy[] => {
  const theirs = new Map(positions.map((position) => [String(position.contract.conId), position]));
  const found: Discrepancy[] = [];
  for (const [conId, { quantity, contract }] of Object.entries(ledger)) {
    const position = theirs.get(conId);
    theirs.delete(conId);
    if (position === undefined) {
      if (quantity !== 0) found.push({ kind: "missingThere", subject: nameOf(contract), ours: quantity, theirs: 0 });
    } else if (position.quantity !== quantity) {
      found.push({ kind: quantity === 0 ? "missingHere" : "quantity", subject: nameOf(contract), ours: quantity, theirs: position.quantity });
    }
  }
  for (const position of theirs.values()) {
    if (position.quantity !== 0) {
      found.push({ kind: "missingHere", subject: nameOf(position.contract), ours: 0, theirs: position.quantity });
    }
  }
  return found.sort((a, b) => (a.subject < b.subject ? -1 : 1));
};

/** Executions that carry our reference and that no saga has booked. */
export const unbookedExecutions = (
  installation: string,
  booked: { readonly [execId: string]: unknown },
  executions: readonly Execution[],
): Discrepancy[] =>
  executions
    .filter(({ contract, orderRef }) => contract.secType !== "BAG" && parseOrderRef(orderRef)?.installation === installation)
    .filter(({ execId }) => booked[execId] === undefined)
    .map(({ execId, shares }) => ({ kind: "unknownExecution", subject: execId, ours: null, theirs: shares }));

/** Open orders that carry our reference: the sagas look themselves up; the rest of the world's orders are not ours to judge. */
export const ordersOfOurs = (installation: string, orders: readonly BrokerOrder[]): BrokerOrder[] =>
  orders.filter(({ orderRef }) => parseOrderRef(orderRef)?.installation === installation);

/** Whether a difference puts our own picture in doubt: foreign positions do not. */
export const isOurs = (discrepancy: Discrepancy): boolean =>
  discrepancy.kind !== "missingHere" || discrepancy.ours !== 0 ? discrepancy.kind !== "unknownOrder" : false;
