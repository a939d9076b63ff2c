/**
 * What becomes of positions whose contract has expired. Booked overnight, at midnight in New York after the last session, or
 * as soon afterwards as the market knows the settlement price.
 *
 * In the money by a cent or more: options on stock turn into shares at the strike (exercise or assignment), all others are
 * settled in cash. The rest is removed. Simplified: no early assignment, no contrary instructions, no pin risk after the
 * close, no fee; options on futures are settled in cash too.
 */
import { instantOf, newYorkDay } from "../../domain/calendar/new-york.ts";
import { expiryInstant } from "../../domain/calendar/time-to-expiry.ts";
import { type EpochMs, price, priceUnits, type TradingDay } from "../../domain/units.ts";
import type { Account } from "./account.ts";
import type { Floor } from "./floor.ts";
import type { Position } from "./positions.ts";

const MINUTES_TO_MIDNIGHT = 24 * 60;
/** The least that an option must be worth to be exercised by the clearing house. */
const EXERCISED_FROM = price(0.01);

const lastSessionDay = (expiry: TradingDay): TradingDay => newYorkDay(expiryInstant(expiry));
const bookedFrom = (expiry: TradingDay): EpochMs => instantOf(lastSessionDay(expiry), MINUTES_TO_MIDNIGHT);

export const createExpiries = (floor: Floor): { advance(): void } => {
  const { market, reports } = floor;

  const note = (account: Account, conId: number, quantity: number): void => {
    floor.expiries.push({ at: market.now, account: account.id, conId, quantity });
    const position = account.position(conId);
    if (position !== undefined) reports.position(account.id, position);
    floor.changed();
  };

  const expire = (account: Account, { details, quantity }: Position): void => {
    const { contract, underlyingConId } = details;
    const { expiry, right, strike } = contract;
    if (expiry === undefined || market.now < bookedFrom(expiry)) return;
    const value = market.settlement(underlyingConId, lastSessionDay(expiry));
    if (value === undefined) return;
    if (right === undefined || strike === undefined) {
      account.settle(details, value);
      note(account, contract.conId, -quantity);
      return;
    }
    const inTheMoney = right === "C" ? value - strike : strike - value;
    const underlying = market.byConId(underlyingConId);
    if (inTheMoney < EXERCISED_FROM || underlying?.contract.secType !== "STK") {
      account.settle(details, priceUnits(inTheMoney < EXERCISED_FROM ? 0 : inTheMoney));
      note(account, contract.conId, -quantity);
      return;
    }
    const shares = quantity * contract.multiplier * (right === "C" ? 1 : -1);
    account.deliver(details, underlying, shares, strike);
    note(account, contract.conId, -quantity);
    note(account, underlyingConId, shares);
  };

  return {
    advance: () => {
      for (const account of floor.accounts.values()) for (const position of account.positions()) expire(account, position);
    },
  };
};
