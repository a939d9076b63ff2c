/**
 * An account: cash, positions, what they are worth and what they tie up.
 */
import { assert } from "../../domain/assert.ts";
import type { ContractDetails, SecurityType } from "../../domain/contract.ts";
import { type Money, moneyUnits, notional, type Price, priceUnits, roundHalfAway } from "../../domain/units.ts";
import type { Market } from "../market/market.ts";
import { type Cash, type CashKind, createCash } from "./cash.ts";
import { type AccountKind, type Held, type Margin, type Marks, marginOf } from "./margin.ts";
import { flat, type Position, traded } from "./positions.ts";
import { listingOf, type SavedAccount } from "./saved.ts";

export interface Standing extends Margin {
  /** Cash and stock, and what open futures have gained: what margin is measured against. US options have no loan value. */
  readonly equityWithLoan: Money;
}

/** What an account is: its kind, and the securities that it may trade (all, if undefined). */
export interface AccountTerms {
  readonly kind?: AccountKind;
  readonly permissions?: readonly SecurityType[];
}

export interface Account {
  readonly id: string;
  readonly kind: AccountKind;
  mayTrade(secType: SecurityType): boolean;
  readonly cash: Cash;
  /** What is held, in the order of conIds; flat positions are not listed. */
  positions(): readonly Position[];
  position(conId: number): Position | undefined;
  /** Books a fill. Returns the net profit of what it closed, undefined when it only opened. */
  trade(details: ContractDetails, quantity: number, price: Price, commission: Money): Money | undefined;
  /** Pays money in (or out, when negative) for a reason other than a trade. */
  post(reason: CashKind, amount: Money): void;
  /** Takes an expired contract off the books against cash at a settlement value per contract point. */
  settle(details: ContractDetails, value: Price): void;
  /** Takes options off the books (so many contracts, at most what is held; all by default) and books the shares they deliver, at the strike. */
  deliver(option: ContractDetails, shares: ContractDetails, quantity: number, strike: Price, contracts?: number): void;
  /** Dividends that are due and not paid yet; negative when they are owed for short stock. Part of net liquidation. */
  readonly accrued: Money;
  /** Adds to what is due; a negative amount takes off what is paid. */
  accrue(amount: Money): void;
  /** Net liquidation when the day began; undefined when the broker has not seen its beginning. */
  readonly dayBase: Money | undefined;
  /** A day begins: what it is worth now is what the day's profit is counted from. */
  beginDay(): void;
  netLiquidation(): Money;
  grossPositionValue(): Money;
  standing(): Standing;
  /** The standing as it would be after trading these quantities for so much money out of the pocket (a future's price is not paid). */
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

export const createAccount = (
  id: string,
  opening: Money,
  market: Market,
  saved?: SavedAccount,
  { kind = "margin", permissions }: AccountTerms = {},
): Account => {
  const cash = createCash(saved?.opening ?? opening, saved?.totals);
  const held = new Map<number, Position>(
    saved?.positions.map(({ conId, ...position }) => [conId, { details: listingOf(market, conId), ...position }]),
  );

  let accrued = saved?.accrued ?? moneyUnits(0);
  let dayBase: Money | undefined = saved === undefined ? opening : saved.dayBase;

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

  const netLiquidation = (): Money =>
    moneyUnits(positions().reduce((sum, position) => sum + worthOf(position), cash.balance + accrued));

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
    ...marginOf(positions(), marks, kind),
    equityWithLoan: equity(positions(), cash.balance),
  });

  return {
    id,
    kind,
    mayTrade: (secType) => permissions === undefined || permissions.includes(secType),
    post: cash.book,
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
    deliver: (option, shares, quantity, strike, contracts) => {
      const position = held.get(option.contract.conId);
      assert(position !== undefined && position.quantity !== 0, `nothing of ${option.contract.conId} is held`);
      const most = Math.abs(position.quantity);
      const going = contracts ?? most;
      assert(going > 0 && going <= most, `${going} of ${most} contracts of ${option.contract.conId} cannot be delivered`);
      book(option, -Math.sign(position.quantity) * going, priceUnits(0), moneyUnits(0), "expiries");
      book(shares, quantity, strike, moneyUnits(0), "expiries");
    },
    get accrued() {
      return accrued;
    },
    accrue: (amount) => {
      accrued = moneyUnits(accrued + amount);
    },
    get dayBase() {
      return dayBase;
    },
    beginDay: () => {
      dayBase = netLiquidation();
    },
    netLiquidation,
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
      return {
        ...marginOf(after.values(), marks, kind),
        equityWithLoan: moneyUnits(equity(positions(), cash.balance) - cost + stockValue),
      };
    },
    saved: () => ({
      id,
      opening: cash.opening,
      totals: cash.totals(),
      ...(accrued === 0 ? {} : { accrued }),
      ...(dayBase === undefined ? {} : { dayBase }),
      positions: positions().map(({ details, quantity, basis, fees }) => ({
        conId: details.contract.conId,
        quantity,
        basis,
        fees,
      })),
    }),
  };
};
