/**
 * What becomes of positions whose contract has expired. Booked overnight, at midnight in New York after the last session, or
 * as soon afterwards as the market knows the settlement price.
 *
 * In the money by a cent or more: options on stock turn into shares at the strike (exercise or assignment), all others are
 * settled in cash. The rest is removed. Who holds an option and said that it is to lapse has it removed too. Short options near
 * their strike are at risk (the pin): some holders do otherwise than the closing price says, after what happens behind the close.
 * Simplified: no fee; options on futures are settled in cash too. Exercise and assignment before expiry are in account/nights.ts.
 */
import { instantOf, newYorkDay } from "../../domain/calendar/new-york.ts";
import { expiryInstant } from "../../domain/calendar/time-to-expiry.ts";
import { type EpochMs, price, priceUnits, type TradingDay } from "../../domain/units.ts";
import { settlesOn } from "../market/index-options.ts";
import type { Exercises } from "./account/exercise.ts";
import type { Account } from "./account.ts";
import type { Floor } from "./floor.ts";
import type { Position } from "./positions.ts";

const MINUTES_TO_MIDNIGHT = 24 * 60;
/** The least that an option must be worth to be exercised by the clearing house. */
const EXERCISED_FROM = price(0.01);

const lastSessionDay = (expiry: TradingDay): TradingDay => newYorkDay(expiryInstant(expiry));
const bookedFrom = (expiry: TradingDay): EpochMs => instantOf(lastSessionDay(expiry), MINUTES_TO_MIDNIGHT);

/** How near to its strike, as a share of it, the outcome of a short option is open (reference/quant.md 3.5). */
const PIN_BAND = 0.0025;

/** The chance that a short option is exercised against the account: even at the strike, certain from one edge of the band on. */
const assignedChance = (inTheMoney: number, strike: number): number =>
  Math.min(1, Math.max(0, 0.5 + (0.5 * inTheMoney) / (PIN_BAND * strike)));

export const createExpiries = (floor: Floor, exercises: Pick<Exercises, "lapsing">): { advance(): void } => {
  const { market, reports } = floor;

  const note = (account: Account, conId: number, quantity: number): void => {
    floor.expiries.push({ at: market.now, account: account.id, conId, quantity });
    const position = account.position(conId);
    if (position !== undefined) reports.position(account.id, position);
    floor.changed();
  };

  /** How many of so many short contracts are exercised, each by its own draw. */
  const drawnAgainst = (account: Account, conId: number, contracts: number, share: number): number => {
    let drawn = 0;
    for (let n = 0; n < contracts; n++) if (floor.chance.draw("expiry", account.id, conId, n) < share) drawn++;
    return drawn;
  };

  const expire = (account: Account, { details, quantity }: Position): void => {
    const { contract, underlyingConId } = details;
    const { expiry, right, strike } = contract;
    if (expiry === undefined || market.now < bookedFrom(expiry)) return;
    const value = market.settlement(underlyingConId, lastSessionDay(expiry), settlesOn(contract));
    if (value === undefined) return;
    if (right === undefined || strike === undefined) {
      account.settle(details, value);
      note(account, contract.conId, -quantity);
      return;
    }
    const inTheMoney = right === "C" ? value - strike : strike - value;
    const underlying = market.byConId(underlyingConId);
    if (underlying?.contract.secType !== "STK") {
      account.settle(details, priceUnits(inTheMoney < EXERCISED_FROM ? 0 : inTheMoney));
      note(account, contract.conId, -quantity);
      return;
    }
    const exercised =
      quantity < 0
        ? drawnAgainst(account, contract.conId, -quantity, assignedChance(inTheMoney, strike))
        : inTheMoney < EXERCISED_FROM
          ? 0
          : Math.max(0, quantity - exercises.lapsing(account.id, contract.conId));
    const shares = Math.sign(quantity) * exercised * contract.multiplier * (right === "C" ? 1 : -1);
    if (exercised > 0) account.deliver(details, underlying, shares, strike, exercised);
    if (exercised < Math.abs(quantity)) account.settle(details, priceUnits(0));
    note(account, contract.conId, -quantity);
    if (exercised > 0) note(account, underlyingConId, shares);
  };

  return {
    advance: () => {
      for (const account of floor.accounts.values()) for (const position of account.positions()) expire(account, position);
    },
  };
};
