/**
 * The broker's truth against ours: pure, over the union of both, so that a position missing from an answer is a difference and not
 * a silence. Nothing here invents a fill or touches an order.
 */
import type { Contract } from "../contract.ts";
import type { Discrepancy } from "../events/actors.ts";
import type { BrokerOrder, BrokerPosition, Execution } from "../events/broker.ts";
import { dayOfIntent, executionFamily, parseOrderRef } from "../identity.ts";
import type { EpochMs, TradingDay } from "../units.ts";

/** What our fills add up to, by conId. */
export type Ledger = { readonly [conId: string]: { readonly quantity: number; readonly contract: Contract } };

/** A contract as discrepancies name it: `SPY 2026-12-18 590 P`. */
export const nameOf = (contract: Contract): string =>
  [contract.symbol, contract.expiry, contract.strike === undefined ? undefined : contract.strike / 10_000, contract.right]
    .filter((part) => part !== undefined)
    .join(" ");

/**
 * Positions of one account by contract. A contract that only the broker knows is *missing here*: somebody else's until an operator
 * says otherwise.
 */
export const comparePositions = (ledger: Ledger, positions: readonly BrokerPosition[]): Discrepancy[] => {
  const theirs = new Map(positions.map((position) => [String(position.contract.conId), position]));
  const found: Discrepancy[] = [];
  for (const [conId, { quantity, contract }] of Object.entries(ledger)) {
    const position = theirs.get(conId);
    theirs.delete(conId);
    if (position === undefined) {
      if (quantity !== 0) found.push({ kind: "missingThere", subject: nameOf(contract), ours: quantity, theirs: 0 });
    } else if (position.quantity !== quantity) {
      found.push({
        kind: quantity === 0 ? "missingHere" : "quantity",
        subject: nameOf(contract),
        ours: quantity,
        theirs: position.quantity,
      });
    }
  }
  for (const position of theirs.values()) {
    if (position.quantity !== 0) {
      found.push({ kind: "missingHere", subject: nameOf(position.contract), ours: 0, theirs: position.quantity });
    }
  }
  return found.sort((a, b) => (a.subject < b.subject ? -1 : 1));
};

/** Executions booked by sagas: execId → the instant. */
export type Booked = { readonly [execId: string]: EpochMs };

/** The highest revision booked of each family: an older one was replaced by its correction and is no stranger. */
const revisionsOf = (booked: Booked): ReadonlyMap<string, number> => {
  const revisions = new Map<string, number>();
  for (const execId of Object.keys(booked)) {
    const { family, revision } = executionFamily(execId);
    revisions.set(family, Math.max(revision, revisions.get(family) ?? revision));
  }
  return revisions;
};

/**
 * An execution that carries our reference and that no saga has booked, by name; undefined when it is booked, a combo's summary or
 * somebody else's. Of an earlier day its saga may be archived: that is said (K9).
 */
export const strangerOf = (
  installation: string,
  booked: Booked,
  { execId, orderRef, contract, shares, side }: Execution,
  today: TradingDay,
): Discrepancy | undefined => {
  const ref = parseOrderRef(orderRef);
  if (contract.secType === "BAG" || ref?.installation !== installation) return undefined;
  const { family, revision } = executionFamily(execId);
  if ((revisionsOf(booked).get(family) ?? Number.NEGATIVE_INFINITY) >= revision) return undefined;
  const kind = dayOfIntent(ref.intentId) < today ? "archivedOrder" : "unknownExecution";
  return { kind, subject: execId, ours: null, theirs: side === "BOT" ? shares : -shares };
};

/** Orders that carry our reference: the sagas look themselves up; the rest of the world's orders are not ours to judge. */
export const ordersOfOurs = (installation: string, orders: readonly BrokerOrder[]): BrokerOrder[] =>
  orders.filter(({ orderRef }) => parseOrderRef(orderRef)?.installation === installation);

/** Whether a difference puts our own picture in doubt: positions in contracts that we do not hold are somebody else's. */
export const isOurs = ({ kind, ours }: Discrepancy): boolean => kind !== "missingHere" || ours !== 0;
