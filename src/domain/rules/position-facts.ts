/** The facts of one position at one instant, as its rules need them. Greeks, volatility and peaks are not among them yet. */
import { sessionAt } from "../calendar/market-calendar.ts";
import { newYorkDay } from "../calendar/new-york.ts";
import { sessionsToExpiry } from "../calendar/time-to-expiry.ts";
import type { Leg } from "../contract.ts";
import { multiplierOf } from "../payoff.ts";
import { type Entry, unitProfit } from "../pnl.ts";
import type { Mark } from "../structure-quote.ts";
import { type EpochMs, type Money, moneyUnits, notional } from "../units.ts";
import type { Fact, PositionFacts } from "./rule.ts";

export interface Seen {
  readonly legs: readonly Leg[];
  readonly entry: Entry;
  readonly entryFees: Money;
  readonly mark: Mark;
  readonly now: EpochMs;
}

export const positionFacts = ({ legs, entry, entryFees, mark, now }: Seen): PositionFacts => {
  const known = <Value>(value: Value, source: string): Fact<Value> => ({ value, source, at: now });
  const multiplier = multiplierOf(legs);
  const session = sessionAt(now);
  const expiry = legs[0]?.contract.expiry;
  return {
    unitProfit: mark.known
      ? known(unitProfit(entry, entryFees, mark.mark, multiplier), "mark")
      : { unknown: mark.missing.join(", ") },
    unitBase: known(entry.unitBase, "fills"),
    unitCredit: known(moneyUnits(Math.max(0, -notional(entry.netPrice, multiplier, 1))), "fills"),
    unitMaxLoss: entry.unitMaxLoss === "unbounded" ? { unknown: "the loss is unbounded" } : known(entry.unitMaxLoss, "payoff"),
    sessionsToExpiry:
      expiry === undefined ? { unknown: "no expiry" } : known(sessionsToExpiry(newYorkDay(now), expiry), "calendar"),
    minutesToClose:
      session === undefined ? { unknown: "no session in progress" } : known((session.close - now) / 60_000, "calendar"),
  };
};
