/**
 * Early assignment: which short options on stock are exercised against an account in the night after a session.
 *
 * Who holds the other side exercises when it pays: a call before its ex-day when what is left of its time value is less than the
 * dividend; a put when that is less than the interest on its strike until expiry; and now and then for no reason, when almost no
 * time value is left. How likely is judgement (reference/quant.md 3.5); the draw is the seed's, the contract's and the day's.
 */
import { tradingDayAfter } from "../../../domain/calendar/market-calendar.ts";
import { yearsToExpiry } from "../../../domain/calendar/time-to-expiry.ts";
import { type Price, price, type TradingDay } from "../../../domain/units.ts";
import { type Account, markOf } from "../account.ts";
import type { Floor } from "../floor.ts";

/** At a time value of nothing: nine in ten are called away for a dividend, three in ten put for the interest. */
const FOR_DIVIDEND = 0.9;
const FOR_CARRY = 0.3;
/** With less time value than this, one in fifty for no reason that we can see. */
const ALMOST_NOTHING: Price = price(0.05);
const FOR_NOTHING = 0.02;

/** The share of such options that is exercised in a night, 0 to 1. Prices in units. */
export const exercisedShare = (option: {
  readonly right: "C" | "P";
  readonly inTheMoney: number;
  readonly timeValue: number;
  /** The dividend whose ex-day is the next session; 0 when there is none. */
  readonly dividend: number;
  /** Interest on the strike until expiry. */
  readonly carry: number;
}): number => {
  const { right, inTheMoney, timeValue, dividend, carry } = option;
  if (inTheMoney <= 0) return 0;
  const left = Math.max(0, timeValue);
  const gain = right === "C" ? dividend : carry;
  const reason = right === "C" ? FOR_DIVIDEND : FOR_CARRY;
  const share = gain > 0 && left < gain ? reason * (1 - left / gain) : 0;
  return Math.max(share, left < ALMOST_NOTHING ? FOR_NOTHING : 0);
};

/** What an account is assigned in the night after a session's day. Options that expire that day are the expiry's business. */
export const assignedBy = (
  floor: Floor,
  account: Account,
  day: TradingDay,
): readonly { readonly conId: number; readonly contracts: number }[] => {
  const { market, chance } = floor;
  const tomorrow = tradingDayAfter(day);
  return account.positions().flatMap(({ details, quantity }) => {
    const { conId, secType, right, strike, expiry } = details.contract;
    const underlying = market.byConId(details.underlyingConId);
    if (quantity >= 0 || secType !== "OPT" || right === undefined || strike === undefined || expiry === undefined) return [];
    if (expiry <= day || underlying?.contract.secType !== "STK") return [];
    const spot = market.settlement(details.underlyingConId, day) ?? markOf(market, details.underlyingConId);
    const value = markOf(market, conId);
    if (spot === undefined || value === undefined) return [];
    const inTheMoney = right === "C" ? spot - strike : strike - spot;
    const dividend = market.dividends(details.underlyingConId).find(({ exDay }) => exDay === tomorrow)?.amount ?? 0;
    const years = yearsToExpiry(market.now, expiry);
    const share = exercisedShare({
      right,
      inTheMoney,
      timeValue: value - inTheMoney,
      dividend,
      carry: strike * Math.expm1(market.rate * Math.max(0, years)),
    });
    let contracts = 0;
    for (let n = 0; n < -quantity; n++) if (chance.draw("assigned", account.id, conId, day, n) < share) contracts++;
    return contracts === 0 ? [] : [{ conId, contracts }];
  });
};
