/**
 * The page of the day: what the broker remembers of orders and executions that are over. With each new day in New York it
 * forgets those from before the last session, as nobody can ask for them; money and positions are not touched.
 */
import { previousSession } from "../../domain/calendar/market-calendar.ts";
import { instantOf, newYorkDay } from "../../domain/calendar/new-york.ts";
import type { ExecutionRow } from "./execution.ts";
import type { Floor } from "./floor.ts";

export const createPage = (floor: Floor): { advance(): void } => {
  const { market, book, executions, executionsBefore, expiries } = floor;
  let day = newYorkDay(market.now);
  return {
    advance: () => {
      const today = newYorkDay(market.now);
      if (today === day) return;
      day = today;
      const from = instantOf(previousSession(instantOf(today, 0)).day, 0);
      const isKept = (row: ExecutionRow): boolean => row.at >= from || row.commissionAt > market.now;
      for (const row of executions)
        if (row.booked !== undefined && !isKept(row))
          executionsBefore.set(row.account, (executionsBefore.get(row.account) ?? 0) + 1);
      executions.splice(0, executions.length, ...executions.filter(isKept));
      expiries.splice(0, expiries.length, ...expiries.filter(({ at }) => at >= from));
      book.forget(from);
    },
  };
};
