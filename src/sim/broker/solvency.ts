/**
 * Whether an account may trade an order: permissions, margin beside the orders already working, and what cash and retirement
 * accounts do not hold. Nothing is booked here.
 *
 * A margin account must have more equity than all of it ties up. Cash and retirement accounts pay in full: no short stock, short
 * calls only against shares, short puts only against the strike in cash, and of combos only those whose sold legs close longs.
 */
import { dollars, type Money, moneyUnits, notional, type Price, priceUnits } from "../../domain/units.ts";
import { type Account, markOf, type Standing } from "./account.ts";
import { commissionOf } from "./commission.ts";
import type { Floor } from "./floor.ts";
import type { Held } from "./margin.ts";
import { natural } from "./matching.ts";
import { type BrokerOrder, remaining } from "./order.ts";
import { isCombo, type Ticket, unitMultiplier } from "./ticket.ts";

export interface Solvency {
  commissionFor(ticket: Ticket, units: number): Money;
  /** The account as if so many units had filled, and nothing else had happened. */
  ifFilled(ticket: Ticket, units: number): Standing;
  /**
   * Why the account cannot bear the order next to those already working, or undefined. What lowers the need always passes.
   * `except` is the order's own earlier form; a child is judged as if its parent had filled.
   */
  refusal(
    ticket: Ticket,
    units: number,
    also?: { readonly except?: BrokerOrder; readonly parent?: BrokerOrder },
  ): string | undefined;
}

/** What a standing ties up beyond what it has: above zero, the account is short of margin. */
const shortfall = (standing: Standing): number => standing.initial - standing.equityWithLoan;

interface Part {
  readonly ticket: Ticket;
  readonly units: number;
}

const text = (amount: number): string => dollars(moneyUnits(amount)).toFixed(2);

export const createSolvency = (floor: Floor, accountOf: (ticket: Ticket) => Account): Solvency => {
  const { market, book, rules } = floor;

  const commissionFor = (ticket: Ticket, units: number): Money =>
    commissionOf(
      rules.tariffs,
      ticket.legs.map(({ details, ratio }) => ({ secType: details.contract.secType, quantity: units * Math.abs(ratio) })),
    );

  /** What one unit may cost at worst; without a limit, what it costs now or at its stop. */
  const unitCost = (ticket: Ticket): Price => {
    const named = ticket.limit ?? ticket.stop;
    if (named !== undefined) return priceUnits(ticket.action === "BUY" ? named : -named);
    const offered = natural(ticket.legs, market.quote)?.cost;
    if (offered !== undefined) return offered;
    return priceUnits(
      ticket.legs.reduce((sum, { details, ratio }) => sum + ratio * (markOf(market, details.contract.conId) ?? 0), 0),
    );
  };

  const deltas = ({ ticket, units }: Part): Held[] =>
    ticket.legs.map(({ details, ratio }) => ({ details, quantity: units * ratio }));

  const after = (parts: readonly Part[]): Standing | undefined => {
    const [first] = parts;
    if (first === undefined) return undefined;
    let cost = 0;
    for (const { ticket, units } of parts) {
      // A future's price is not paid.
      const isFuture = ticket.legs.some(({ details }) => details.contract.secType === "FUT");
      cost += (isFuture ? 0 : notional(unitCost(ticket), unitMultiplier(ticket), units)) + commissionFor(ticket, units);
    }
    return accountOf(first.ticket).standingAfter(parts.flatMap(deltas), moneyUnits(cost));
  };

  const standingOf = (ticket: Ticket, parts: readonly Part[]): Standing => after(parts) ?? accountOf(ticket).standing();

  /** Working orders of the account that would change positions on their own: waiting children go with their parents. */
  const others = (ticket: Ticket, except: BrokerOrder | undefined): BrokerOrder[] =>
    book.live().filter((other) => other !== except && !other.parked && !other.waiting && other.ticket.account === ticket.account);

  /** What a cash account would hold after the order and all sales that are already working. */
  const heldAfter = (account: Account, parts: readonly Part[], working: readonly BrokerOrder[]): Map<number, Held> => {
    const held = new Map<number, Held>(
      account.positions().map(({ details, quantity }) => [details.contract.conId, { details, quantity }]),
    );
    const sales = working.map((order) => ({ ticket: order.ticket, units: remaining(order) }));
    const changes = [...parts.flatMap(deltas), ...sales.flatMap(deltas).filter(({ quantity }) => quantity < 0)];
    for (const { details, quantity } of changes) {
      const { conId } = details.contract;
      held.set(conId, { details, quantity: (held.get(conId)?.quantity ?? 0) + quantity });
    }
    return held;
  };

  const cashRefusal = (account: Account, parts: readonly Part[], working: readonly BrokerOrder[]): string | undefined => {
    const kind = account.kind === "ira" ? "a retirement account" : "a cash account";
    const held = heldAfter(account, parts, working);
    const sold = new Set(
      parts.flatMap(deltas).flatMap(({ details, quantity }) => (quantity < 0 ? [details.contract.conId] : [])),
    );
    const shortOf = (conId: number): number => Math.max(0, -(held.get(conId)?.quantity ?? 0));
    for (const { ticket } of parts)
      if (isCombo(ticket) && ticket.legs.some(({ details, ratio }) => ratio < 0 && shortOf(details.contract.conId) > 0))
        return `Spreads with short options are not permitted in ${kind}.`;
    const calls = new Map<number, number>();
    for (const { details, quantity } of held.values()) {
      if (quantity >= 0 || details.contract.secType === "FUT") continue;
      if (details.contract.right === undefined) {
        if (sold.has(details.contract.conId)) return `Short stock positions are not permitted in ${kind}.`;
      } else if (details.contract.right === "C")
        calls.set(details.underlyingConId, (calls.get(details.underlyingConId) ?? 0) - quantity * details.contract.multiplier);
    }
    for (const [underlying, shares] of calls)
      if (shares > Math.max(0, held.get(underlying)?.quantity ?? 0))
        return `Uncovered short options are not permitted in ${kind}.`;
    return undefined;
  };

  return {
    commissionFor,
    ifFilled: (ticket, units) => standingOf(ticket, [{ ticket, units }]),
    refusal: (ticket, units, { except, parent } = {}) => {
      const account = accountOf(ticket);
      const base: Part[] = parent === undefined ? [] : [{ ticket: parent.ticket, units: remaining(parent) }];
      const parts = [...base, { ticket, units }];
      const working = others(ticket, except).filter((order) => order !== parent);
      const start = standingOf(ticket, base);
      const before = shortfall(start);
      const standing = standingOf(ticket, parts);
      const lowers = shortfall(standing) <= before;
      if (account.kind !== "margin") {
        const reason = cashRefusal(account, parts, working);
        if (reason !== undefined) return reason;
      }
      if (lowers) return undefined;
      const now = shortfall(account.standing());
      let reserved = 0;
      for (const other of working)
        reserved += Math.max(0, shortfall(standingOf(other.ticket, [{ ticket: other.ticket, units: remaining(other) }])) - now);
      if (shortfall(standing) + reserved <= 0) return undefined;
      const need = text(standing.initial + reserved);
      const have = text(standing.equityWithLoan);
      return account.kind === "margin"
        ? `YOUR ORDER IS NOT ACCEPTED. IN ORDER TO OBTAIN THE DESIRED POSITION YOUR EQUITY WITH LOAN VALUE [${have} USD] MUST EXCEED THE INITIAL MARGIN [${need} USD]`
        : `The available cash does not cover the order: [${have} USD] of [${need} USD].`;
    },
  };
};
