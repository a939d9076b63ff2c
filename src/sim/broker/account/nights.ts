/**
 * What happens to accounts over night: exercises that were asked for, assignments before expiry, dividends. Expiries are next door.
 *
 * All of it is booked with the first look at a new day in New York, in this order: exercise and assignment of the night that
 * follows a session, then dividends for whoever holds the shares before the ex-day opens, then those that are to be paid. As at IB, it
 * changes positions and cash without an execution; who subscribed hears the new positions in the morning.
 */

import { sessionOf } from "../../../domain/calendar/market-calendar.ts";
import { newYorkDay } from "../../../domain/calendar/new-york.ts";
import type { TradingDay } from "../../../domain/units.ts";
import { type Money, moneyUnits, notional } from "../../../domain/units.ts";
import type { Account } from "../account.ts";
import type { Floor } from "../floor.ts";
import { assignedBy } from "./assignment.ts";
import { createExercises, type Exercises, type SavedExercise } from "./exercise.ts";

/** A dividend that is due. */
interface Due {
  readonly account: string;
  readonly conId: number;
  readonly payDay: TradingDay;
  readonly amount: Money;
}
export interface SavedNights {
  readonly day: TradingDay;
  readonly exercises: readonly SavedExercise[];
  readonly dividends: readonly Due[];
}

export interface Nights {
  readonly exercises: Exercises;
  advance(): void;
  /** Assigns so many contracts of a short option on stock now, whatever it is worth. Returns how many there were to assign. */
  assign(account: string, conId: number, contracts?: number): number;
  saved(): SavedNights;
}

export const createNights = (floor: Floor, saved?: SavedNights): Nights => {
  const { market, reports } = floor;
  let day = saved?.day ?? newYorkDay(market.now);
  let due: readonly Due[] = saved?.dividends ?? [];

  const note = (account: Account, conId: number, quantity: number): void => {
    floor.expiries.push({ at: market.now, account: account.id, conId, quantity });
    const position = account.position(conId);
    if (position !== undefined) reports.position(account.id, position);
    floor.changed();
  };

  /** Turns so many contracts of an option into shares: bought or sold at the strike, by who exercises or is assigned. */
  const turn = (account: Account, conId: number, contracts: number): void => {
    const option = account.position(conId);
    const underlying = market.byConId(option?.details.underlyingConId ?? -1);
    const strike = option?.details.contract.strike;
    if (option === undefined || underlying === undefined || strike === undefined) return;
    const { multiplier, right } = option.details.contract;
    const signed = Math.sign(option.quantity) * contracts;
    const shares = signed * multiplier * (right === "C" ? 1 : -1);
    account.deliver(option.details, underlying, shares, strike, contracts);
    note(account, conId, -signed);
    note(account, underlying.contract.conId, shares);
  };
  const exercises = createExercises(floor, saved?.exercises ?? []);

  const entitle = (account: Account, today: TradingDay, after: TradingDay): void => {
    for (const position of account.positions()) {
      const { conId, secType } = position.details.contract;
      if (secType !== "STK") continue;
      for (const { exDay, payDay, amount } of market.dividends(conId)) {
        if (exDay <= after || exDay > today) continue;
        const owed = notional(amount, 1, position.quantity);
        account.accrue(owed);
        due = [...due, { account: account.id, conId, payDay, amount: owed }];
        floor.changed();
      }
    }
  };
  const pay = (today: TradingDay): void => {
    for (const one of due) {
      const account = floor.accounts.get(one.account);
      if (one.payDay > today || account === undefined) continue;
      account.accrue(moneyUnits(-one.amount));
      account.post("dividends", one.amount);
      floor.changed();
    }
    due = due.filter(({ payDay }) => payDay > today);
  };

  return {
    exercises,
    assign: (name, conId, contracts) => {
      const account = floor.accounts.get(name);
      const position = account?.position(conId);
      const held = position?.quantity ?? 0;
      // European: nobody can.
      if (market.byConId(position?.details.underlyingConId ?? -1)?.contract.secType === "IND") return 0;
      const going = Math.min(contracts ?? -held, -held);
      if (account === undefined || going <= 0) return 0;
      turn(account, conId, going);
      return going;
    },
    advance: () => {
      const today = newYorkDay(market.now);
      if (today === day) return;
      const before = day;
      day = today;
      if (sessionOf(before) !== undefined) {
        for (const { account, conId, contracts } of exercises.take()) {
          const one = floor.accounts.get(account);
          if (one !== undefined) turn(one, conId, contracts);
        }
        for (const account of floor.accounts.values())
          for (const { conId, contracts } of assignedBy(floor, account, before)) turn(account, conId, contracts);
      }
      for (const account of floor.accounts.values()) entitle(account, today, before);
      pay(today);
      for (const account of floor.accounts.values()) account.beginDay();
      floor.changed();
    },
    saved: () => ({ day, exercises: exercises.saved(), dividends: due }),
  };
};
