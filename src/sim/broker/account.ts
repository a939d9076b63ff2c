/**
 * An account: cash, positions, what they are worth and what they tie up.
 */
import { assert } from "../../domain/assert.ts";
import type { ContractDetails } from "../../domain/contract.ts";
import { type Money, moneyUnits, notional, type Price, priceUnits, roundHalfAway } from "../../domain/units.ts";
import type { Market } from "../market/market.ts";
import { type Cash, createCash } from "./cash.ts";
import { type Held, type Margin, type Marks, marginOf } from "./margin.ts";
import { flat, type Position, traded } from "./positions.ts";
import { listingOf, type SavedAccount } from "./saved.ts";

export interface Standing extends Margin {
  /** Cash and stock, and what open futures have gained: what margin is measured against. US options have no loan value. */
  readonly equityWithLoan: Money;
}

export interface Account {
  readonly id: string;
  readonly cash: Cash;
  /** What is held, in the order of conIds; flat positions are not listed. */
  positions(): readonly Position[];
  position(conId: number): Position | undefined;
  /** Books a fill. Returns the net profit of what it closed, undefined when it only opened. */
  trade(details: ContractDetails, quantity: number, price: Price, commission: Money): Money | undefined;
  /** Takes an expired contract off the books against cash at a settlement value per contract point. */
  settle(details: ContractDetails, value: Price): void;
  /** Takes an option off the books and books the shares it delivers, at the strike. */
  deliver(option: ContractDetails, shares: ContractDetails, quantity: number, strike: Price): void;
  netLiquidation(): Money;
  grossPositionValue(): Money;
  standing(): Standing;
  /** The standing as it would be after trading these quantities for so much money out of the pocket. */
  standingAfter(legs: readonly Held[], cost: Money): Standing;
  saved(): Omit<SavedAccount, "executionsBefore">;
}

/** What a contract is worth now: mid, else the last trade, else the side there is, else the prior close. */
export const markOf = (market: Market, conId: number): Price | undefined => {
  const quote = market.quote(conId);
  if (quote === undefined) return undefined;
  const { bid, ask, last, close } = quote;
  if (ask !== null && (bid === null || ask >= bid)) return priceUnits(roundHalfAway(((bid ?? 0) + ask) / 2));
  return last ?? bid ?? close ?? undefined;
};

const isFuture = (details: ContractDetails): boolean => details.contract.secType === "FUT";
const isStock = (details: ContractDetails): boolean => details.contract.secType === "STK";

export const createAccount = (id: string, opening: Money, market: Market, saved?: SavedAccount): Account => {
  const cash = createCash(saved?.opening ?? opening, saved?.totals);
  const held = new Map<number, Position>(
    saved?.positions.map(({ conId, ...position }) => [conId, { details: listingOf(market, conId), ...position }]),
  );

  const marks: Marks = (conId) => markOf(market, conId);
  /** Without any quote a position is carried at what it cost. */
  const marketValue = ({ details, quantity, basis }: Position): Money => {
    const mark = marks(details.contract.conId);
    return mark === undefined ? basis : notional(mark, details.contract.multiplier, quantity);
  };
  /** What a position adds to net liquidation beyond cash: its value, or for futures only the gain since they were opened. */
  const worthOf = (position: Position): Money =>
    moneyUnits(marketValue(position) - (isFuture(position.details) ? position.basis : 0));

  const positions = (): Position[] =>
    [...held.values()]
      .filter(({ quantity }) => quantity !== 0)
      .sort((a, b) => a.details.contract.conId - b.details.contract.conId);

  const book = (details: ContractDetails, quantity: number, price: Price, commission: Money, kind: "trades" | "expiries") => {
    const before = held.get(details.contract.conId) ?? flat(details);
    const outcome = traded(before, quantity, price, commission);
    held.set(details.contract.conId, outcome.position);
    const paid = isFuture(details) ? -outcome.realizedGross : notional(price, details.contract.multiplier, quantity);
    cash.book(kind, moneyUnits(-paid + 0));
    if (commission !== 0) cash.book("commissions", moneyUnits(-commission));
    return outcome;
  };

  const equity = (all: Iterable<Position>, balance: number): Money => {
    let total = balance;
    for (const position of all) if (isStock(position.details) || isFuture(position.details)) total += worthOf(position);
    return moneyUnits(total);
  };

  const standing = (): Standing => ({
    ...marginOf(positions(), marks),
    equityWithLoan: equity(positions(), cash.balance),
  });

  return {
    id,
    cash,
    positions,
    position: (conId) => held.get(conId),
    trade: (details, quantity, price, commission) => {
      const outcome = book(details, quantity, price, commission, "trades");
      return outcome.closed === 0 ? undefined : outcome.realizedNet;
    },
    settle: (details, value) => {
      const position = held.get(details.contract.conId);
      assert(position !== undefined && position.quantity !== 0, `nothing of ${details.contract.conId} is held`);
      book(details, -position.quantity, value, moneyUnits(0), "expiries");
    },
    deliver: (option, shares, quantity, strike) => {
      const position = held.get(option.contract.conId);
      assert(position !== undefined && position.quantity !== 0, `nothing of ${option.contract.conId} is held`);
      book(option, -position.quantity, priceUnits(0), moneyUnits(0), "expiries");
      book(shares, quantity, strike, moneyUnits(0), "expiries");
    },
    netLiquidation: () => moneyUnits(positions().reduce((sum, position) => sum + worthOf(position), cash.balance as number)),
    grossPositionValue: () => moneyUnits(positions().reduce((sum, position) => sum + Math.abs(marketValue(position)), 0)),
    standing,
    standingAfter: (legs, cost) => {
      const after = new Map<number, Held>(positions().map((position) => [position.details.contract.conId, position]));
      let stockValue = 0;
      for (const { details, quantity } of legs) {
        const { conId, multiplier } = details.contract;
        after.set(conId, { details, quantity: (after.get(conId)?.quantity ?? 0) + quantity });
        if (isStock(details)) stockValue += notional(marks(conId) ?? priceUnits(0), multiplier, quantity);
      }
      const paid = legs.some(({ details }) => isFuture(details)) ? 0 : cost;
      return {
        ...marginOf(after.values(), marks),
        equityWithLoan: moneyUnits(equity(positions(), cash.balance) - paid + stockValue),
      };
    },
    saved: () => ({
      id,
      opening: cash.opening,
      totals: cash.totals(),
      positions: positions().map(({ details, quantity, basis, fees }) => ({
        conId: details.contract.conId,
        quantity,
        basis,
        fees,
      })),
    }),
  };
};
