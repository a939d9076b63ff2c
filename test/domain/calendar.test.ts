import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  addDays,
  civilDateOf,
  compareDays,
  dayOfNumber,
  daysBetween,
  numberOfDay,
  parseDay,
  weekday,
} from "../../src/domain/calendar/civil-date.ts";
import { holidayOn } from "../../src/domain/calendar/holidays.ts";
import {
  closedBecause,
  isTradingDay,
  minutesOfSession,
  nextSession,
  previousSession,
  sessionAt,
  sessionOf,
  sessionsBetween,
  tradingDayAfter,
  tradingDayBefore,
} from "../../src/domain/calendar/market-calendar.ts";
import { formatNewYork, instantOf, newYorkDay, newYorkTime } from "../../src/domain/calendar/new-york.ts";
import { daysToExpiry, expiryInstant, sessionsToExpiry, yearsToExpiry } from "../../src/domain/calendar/time-to-expiry.ts";
import { epochMs, type TradingDay, tradingDay } from "../../src/domain/units.ts";

interface CalendarFacts {
  readonly holidays: readonly string[];
  readonly earlyCloses: readonly string[];
}
const facts: CalendarFacts = JSON.parse(readFileSync(new URL("../fixtures/calendar.json", import.meta.url), "utf8"));
const day = tradingDay;

const everyDay = (from: string, to: string): TradingDay[] => {
  const days: TradingDay[] = [];
  for (let number = numberOfDay(day(from)); number <= numberOfDay(day(to)); number += 1) days.push(dayOfNumber(number));
  return days;
};
const isWeekday = (d: TradingDay): boolean => weekday(d) >= 1 && weekday(d) <= 5;

describe("civil dates", () => {
  it("count every day of four centuries as JavaScript's own calendar does", () => {
    let previous = "";
    for (let number = numberOfDay(day("1900-01-01")); number <= numberOfDay(day("2300-01-01")); number += 1) {
      const written = dayOfNumber(number);
      const theirs = new Date(number * 86_400_000);
      if (
        written !== theirs.toISOString().slice(0, 10) ||
        numberOfDay(written) !== number ||
        weekday(written) !== theirs.getUTCDay()
      ) {
        expect.fail(`day ${number} is written ${written}`);
      }
      if (compareDays(day(previous || "0001-01-01"), written) >= 0) expect.fail(`${previous} does not sort before ${written}`);
      previous = written;
    }
  });

  it("know which days exist, in our form and in IB's", () => {
    expect(["2024-02-29", "20240229", "1999-12-31"].map(parseDay)).toEqual(["2024-02-29", "2024-02-29", "1999-12-31"]);
    const impossible = [
      "2023-02-29",
      "2100-02-29",
      "2026-13-01",
      "2026-00-10",
      "2026-04-31",
      "2026-1-1",
      "2026-0101",
      "",
      "0000-01-01",
    ];
    expect(impossible.map(parseDay)).toEqual(impossible.map(() => undefined));
  });

  it("step over leap days and turns of the year in both directions", () => {
    expect(addDays(day("2024-02-28"), 2)).toBe("2024-03-01");
    expect(addDays(day("2025-01-01"), -1)).toBe("2024-12-31");
    expect(daysBetween(day("2024-02-28"), day("2024-03-01"))).toBe(2);
    expect(daysBetween(day("2024-03-01"), day("2024-02-28"))).toBe(-2);
    expect(civilDateOf(day("2026-11-20"))).toEqual({ year: 2026, month: 11, dayOfMonth: 20 });
  });
});

describe("New York's clock", () => {
  const intl = new Intl.DateTimeFormat("en-CA", {
    timeZone: "America/New_York",
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
  const theirs = (at: number): string => {
    const part = Object.fromEntries(intl.formatToParts(at).map(({ type, value }) => [type, value]));
    return `${part["year"]}-${part["month"]}-${part["day"]} ${part["hour"]}:${part["minute"]}:${part["second"]}`;
  };
  const ours = (at: number): string => `${newYorkDay(epochMs(at))} ${formatNewYork(epochMs(at))}`;

  it("agrees with the zone tables every 11 hours and 7 minutes from 1990 to 2037", () => {
    for (let at = Date.UTC(1990, 0, 1); at < Date.UTC(2038, 0, 1); at += 40_027_123) {
      if (ours(at) !== theirs(at)) expect.fail(`${at}: ours ${ours(at)}, theirs ${theirs(at)}`);
    }
  });

  it("agrees with the zone tables on both sides of every change of the clock", () => {
    let changes = 0;
    for (let hour = Date.UTC(1990, 0, 1); hour < Date.UTC(2038, 0, 1); hour += 3_600_000) {
      // Offsets are tried where they can change: on Sundays at 06:00 and 07:00 UTC.
      const weekdayUtc = Math.floor(hour / 86_400_000 + 4) % 7;
      const hourUtc = (hour / 3_600_000) % 24;
      if (weekdayUtc !== 0 || (hourUtc !== 6 && hourUtc !== 7)) continue;
      for (const at of [hour - 1, hour])
        if (ours(at) !== theirs(at)) expect.fail(`${at}: ours ${ours(at)}, theirs ${theirs(at)}`);
      if (newYorkTime(epochMs(hour)).secondOfDay !== newYorkTime(epochMs(hour - 1000)).secondOfDay + 1) changes += 1;
    }
    expect(changes).toBe(96);
  });

  it("gives back the instant of every minute it shows, but for the hour that autumn repeats", () => {
    for (let at = Date.UTC(2004, 0, 1); at < Date.UTC(2009, 0, 1); at += 37 * 60_000) {
      const { day: shown, minuteOfDay } = newYorkTime(epochMs(at));
      const back = instantOf(shown, minuteOfDay);
      const repeated = at - back === 3_600_000 && minuteOfDay >= 60 && minuteOfDay < 120 && weekday(shown) === 0;
      if (back !== at && !repeated) expect.fail(`${at} shows ${shown} ${minuteOfDay}, which is ${back}`);
    }
  });

  it("reads the hour that spring leaves out as the unmoved clock, and the hour that autumn repeats as its first", () => {
    expect(new Date(instantOf(day("2026-03-08"), 150)).toISOString()).toBe("2026-03-08T07:30:00.000Z");
    expect(new Date(instantOf(day("2026-03-08"), 180)).toISOString()).toBe("2026-03-08T07:00:00.000Z");
    expect(new Date(instantOf(day("2026-11-01"), 90)).toISOString()).toBe("2026-11-01T05:30:00.000Z");
    expect(new Date(instantOf(day("2026-11-01"), 120)).toISOString()).toBe("2026-11-01T07:00:00.000Z");
    expect(instantOf(day("2026-11-20"), 1440)).toBe(instantOf(day("2026-11-21"), 0));
  });

  it("shows seconds and whole minutes of the day", () => {
    const at = epochMs(Date.UTC(2026, 10, 20, 14, 30, 5, 999));
    expect(newYorkTime(at)).toEqual({ day: "2026-11-20", minuteOfDay: 570, secondOfDay: 34_205 });
    expect(formatNewYork(at)).toBe("09:30:05");
  });
});

describe("the market calendar", () => {
  it("closes on exactly the weekdays of 2000 to 2028 on which the exchanges did or will", () => {
    const closed = everyDay("2000-01-01", "2028-12-31").filter((d) => isWeekday(d) && !isTradingDay(d));
    expect(closed).toEqual(facts.holidays);
  });

  it("closes at 13:00 on exactly the days of 2000 to 2028 on which the exchanges did or will", () => {
    const early = everyDay("2000-01-01", "2028-12-31").filter((d) => sessionOf(d)?.earlyClose);
    expect(early).toEqual(facts.earlyCloses);
  });

  it("keeps the holidays that are younger than the calendar from their first year on", () => {
    expect(holidayOn(day("1997-01-20"))).toBeUndefined();
    expect(holidayOn(day("1998-01-19"))).toBe("Martin Luther King Jr. Day");
    expect(holidayOn(day("2021-06-18"))).toBeUndefined();
    expect(holidayOn(day("2022-06-20"))).toBe("Juneteenth");
  });

  it("says why there is no session", () => {
    expect(closedBecause(day("2026-04-03"))).toBe("Good Friday");
    expect(closedBecause(day("2012-10-29"))).toBe("Hurricane Sandy");
    expect(closedBecause(day("2026-11-21"))).toBe("Weekend");
    expect(closedBecause(day("2021-12-31"))).toBeUndefined();
  });

  it("opens at 09:30 and closes at 16:00 in New York, whatever the season", () => {
    for (const session of sessionsBetween(day("2005-01-01"), day("2009-12-31"))) {
      const hours = `${formatNewYork(session.open)}-${formatNewYork(session.close)}`;
      if (hours !== (session.earlyClose ? "09:30:00-13:00:00" : "09:30:00-16:00:00")) expect.fail(`${session.day} ${hours}`);
      if (minutesOfSession(session) !== (session.earlyClose ? 210 : 390)) expect.fail(`${session.day} is too long`);
    }
  });

  it("has each instant in, between or around sessions, which follow each other without gap or overlap", () => {
    for (let at = Date.UTC(2026, 9, 25); at < Date.UTC(2027, 0, 10); at += 61 * 60_000 + 17) {
      const now = epochMs(at);
      const [before, during, after] = [previousSession(now), sessionAt(now), nextSession(now)];
      expect(before.close).toBeLessThanOrEqual(now);
      expect(after.open).toBeGreaterThan(now);
      const middle = during === undefined ? [] : [during.day];
      expect(sessionsBetween(before.day, after.day).map((s) => s.day)).toEqual([before.day, ...middle, after.day]);
    }
  });

  it("has a session in progress from its open up to, not including, its close", () => {
    const { open, close } = sessionOf(day("2026-11-27")) ?? expect.fail("no session");
    expect(sessionAt(epochMs(open - 1))).toBeUndefined();
    expect(sessionAt(open)?.day).toBe("2026-11-27");
    expect(nextSession(open).day).toBe("2026-11-30");
    expect(sessionAt(epochMs(close - 1))?.day).toBe("2026-11-27");
    expect(sessionAt(close)).toBeUndefined();
    expect(previousSession(close).day).toBe("2026-11-27");
    expect(previousSession(epochMs(close - 1)).day).toBe("2026-11-25");
  });

  it("steps from trading day to trading day over long weekends and longer closures", () => {
    expect(tradingDayAfter(day("2001-09-10"))).toBe("2001-09-17");
    expect(tradingDayBefore(day("2026-04-06"))).toBe("2026-04-02");
    expect(sessionsBetween(day("2026-11-27"), day("2026-11-20"))).toEqual([]);
  });
});

describe("time to expiry", () => {
  it("counts calendar days, and sessions after today", () => {
    expect(daysToExpiry(day("2026-11-20"), day("2026-12-18"))).toBe(28);
    expect(sessionsToExpiry(day("2026-11-20"), day("2026-11-30"))).toBe(5);
    expect(sessionsToExpiry(day("2026-11-20"), day("2026-11-20"))).toBe(0);
    expect(sessionsToExpiry(day("2026-11-21"), day("2026-11-20"))).toBe(0);
  });

  it("measures years to the close of the expiry's session in days of 365, and stops at zero", () => {
    const expiry = day("2026-11-27");
    expect(yearsToExpiry(instantOf(expiry, 12 * 60), expiry)).toBeCloseTo(60 / (365 * 1440), 15);
    expect(yearsToExpiry(instantOf(day("2026-11-20"), 13 * 60), expiry)).toBeCloseTo(7 / 365, 15);
    expect(yearsToExpiry(instantOf(expiry, 13 * 60), expiry)).toBe(0);
    expect(yearsToExpiry(instantOf(expiry, 15 * 60), expiry)).toBe(0);
  });

  it("ends a Saturday expiry with Friday's session", () => {
    expect(expiryInstant(day("2014-06-21"))).toBe(instantOf(day("2014-06-20"), 16 * 60));
    expect(expiryInstant(day("2008-03-21"))).toBe(instantOf(day("2008-03-20"), 16 * 60));
  });
});

const shared = new URL("../../../shared/data/", import.meta.url);
describe.runIf(existsSync(shared))("the market calendar, against the workshop's data", () => {
  it("closes on the weekdays of 1998 to 2028 that the full table names, and on no others", () => {
    const table = JSON.parse(readFileSync(new URL("us-market-calendar.json", shared), "utf8")).us_equity;
    const named: string[] = table.holidays.filter((d: string) => isWeekday(day(d)));
    expect(everyDay("1998-01-01", "2028-12-31").filter((d) => isWeekday(d) && !isTradingDay(d))).toEqual(named);
    const early = Object.keys(table.earlyCloses).filter((d) => d >= "1999-11" && isWeekday(day(d)));
    expect(everyDay("1999-11-01", "2028-12-31").filter((d) => sessionOf(d)?.earlyClose)).toEqual(early);
  });

  it("has a session on each day on which SPY has a bar, and on no other", () => {
    const bars = readFileSync(new URL("spy-daily-lean.csv", shared), "utf8")
      .split("\n")
      .filter((line) => /^\d{4}-/.test(line));
    const traded = bars.map((line) => parseDay(line.slice(0, 10)) ?? expect.fail(line));
    expect(traded.length).toBeGreaterThan(5000);
    const [first, last] = [traded[0] as TradingDay, traded.at(-1) as TradingDay];
    expect(sessionsBetween(first, last).map((s) => s.day)).toEqual(traded);
  });
});
