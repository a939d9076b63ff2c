/**
 * The broker's truth against ours: pure, over the union of both, so that a position missing from an answer is a difference and not
 * a silence. Nothing here invents a fill or touches an order. Why a position is gone is in `expiries.ts`, what follows in `policy.ts`.
 */
import type { ReconciliationConfig } from "../config.ts";
import type { Contract } from "../contract.ts";
import type { Discrepancy } from "../events/actors.ts";
import type { BrokerOrder, BrokerPosition, Execution } from "../events/broker.ts";
import { dayOfIntent, executionFamily, parseOrderRef } from "../identity.ts";
import { dollars, type EpochMs, type Money, type TradingDay } from "../units.ts";
import { averageCostOf, type BookLine, type Ledger, slotsHolding } from "./ledger.ts";

export type { Ledger } from "./ledger.ts";

/** The broker's positions of one account, by conId; flat ones are left out. */
export type Theirs = { readonly [conId: string]: Omit<BrokerPosition, "account"> };
export const theirsOf = (positions: readonly BrokerPosition[], account: string): Theirs =>
  Object.fromEntries(
    positions
      .filter((position) => position.account === account && position.quantity !== 0)
      .map(({ account: _, ...position }) => [position.contract.conId, position]),
  );

/** A contract as discrepancies name it: `SPY 2026-12-18 590 P`. */
export const nameOf = (contract: Contract): string =>
  [contract.symbol, contract.expiry, contract.strike === undefined ? undefined : contract.strike / 10_000, contract.right]
    .filter((part) => part !== undefined)
    .join(" ");

/** What counts as the same average cost. */
export type CostTolerance = Pick<ReconciliationConfig, "averageCostTolerancePct" | "averageCostToleranceDollars">;

/** Both costs in dollars when they differ by more than commissions explain; undefined when they agree or one is unknown. */
const costsApart = (
  line: BookLine,
  theirs: Money | undefined,
  { averageCostTolerancePct, averageCostToleranceDollars }: CostTolerance,
): { readonly ours: number; readonly theirs: number } | undefined => {
  const ours = averageCostOf(line);
  // IB says 0 for positions that were transferred in: not a price.
  if (ours === undefined || theirs === undefined || theirs === 0) return undefined;
  const perContract = averageCostToleranceDollars * Math.min(1, line.contract.multiplier / 100);
  const tolerated = perContract + (Math.abs(dollars(ours)) * averageCostTolerancePct) / 100;
  return Math.abs(dollars(ours) - dollars(theirs)) > tolerated ? { ours: dollars(ours), theirs: dollars(theirs) } : undefined;
};

/**
 * Positions of one account by contract, sorted by name. A contract that only the broker knows is *missing here*: somebody else's until an
 * operator says otherwise. Exchanging the sides exchanges *missing here* and *missing there* and the two figures, and nothing else.
 */
export const comparePositions = (ledger: Ledger, theirs: Theirs, tolerance: CostTolerance): Discrepancy[] => {
  const found: Discrepancy[] = [];
  const name = (line: { readonly contract: Contract }) => ({ subject: nameOf(line.contract), conId: line.contract.conId });
  for (const [conId, line] of Object.entries(ledger)) {
    const [ours, there] = [line.quantity, theirs[conId]];
    const slots = slotsHolding(line);
    const about = { ...name(line), ...(slots.length === 0 ? {} : { slots }) };
    if (ours !== (there?.quantity ?? 0)) {
      const kind = there === undefined ? "missingThere" : ours === 0 ? "missingHere" : "quantity";
      found.push({ kind, ...about, ours, theirs: there?.quantity ?? 0 });
    } else if (there !== undefined) {
      const apart = costsApart(line, there.averageCost, tolerance);
      if (apart !== undefined) found.push({ kind: "averageCost", ...about, ...apart });
    }
  }
  for (const [conId, position] of Object.entries(theirs)) {
    if (ledger[conId] === undefined) found.push({ kind: "missingHere", ...name(position), ours: 0, theirs: position.quantity });
  }
  return found.sort((a, b) => (a.subject < b.subject ? -1 : a.subject > b.subject ? 1 : (a.conId ?? 0) - (b.conId ?? 0)));
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
