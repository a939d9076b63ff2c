/** The extremes of the last sixty session minutes, against a list of all session minutes there were. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sessionAt, sessionsBetween } from "../../src/domain/calendar/market-calendar.ts";
import { instantOf } from "../../src/domain/calendar/new-york.ts";
import { type EpochMs, epochMs, type Price, price, tradingDay } from "../../src/domain/units.ts";
import {
  extremesAt,
  type HourRange,
  minutesUnseen,
  minutesWithout,
  NO_RANGE,
  withPrice,
} from "../../src/domain/volatility/hour-range.ts";

/** Wednesday, Thanksgiving, a Friday that closes at one, a weekend, Monday. */
const SESSIONS = sessionsBetween(tradingDay("2026-11-25"), tradingDay("2026-11-30"));
const MINUTES = SESSIONS.flatMap(({ open, close }) =>
  Array.from({ length: (close - open) / 60_000 }, (_, i) => open + i * 60_000),
);
const PRIOR = price(550);

interface Seen {
  readonly at: EpochMs;
  readonly seen: Price;
}
/** Within three hours of trading around the seams, where it matters. */
const minute = fc.oneof(
  fc.integer({ min: 300, max: 480 }),
  fc.integer({ min: 540, max: 700 }),
  fc.integer({ min: 0, max: MINUTES.length - 1 }),
);
const instant = fc
  .tuple(minute, fc.integer({ min: 0, max: 59_999 }))
  .map(([i, ms]): EpochMs => epochMs((MINUTES[i] as number) + ms));
const seen = fc.record({ at: instant, seen: fc.integer({ min: 500, max: 700 }).map(price) });
const fold = (all: readonly Seen[]): HourRange => all.reduce((range, one) => withPrice(range, one.at, one.seen), NO_RANGE);
const minuteIndex = (at: number): number => MINUTES.indexOf(at - (at % 60_000));

describe("the extremes of the last hour", () => {
  test("are those of the minute in progress and the sixty session minutes before it, whatever lies between; in the first hour with the prior close", () => {
    fc.assert(
      fc.property(fc.array(seen, { maxLength: 60 }), instant, (all, now) => {
        const past = all.filter(({ at }) => at <= now).sort((a, b) => a.at - b.at);
        const counted = past.filter(({ at }) => minuteIndex(now) - minuteIndex(at) <= 60).map(({ seen }) => seen);
        const isFirstHour = SESSIONS.some(({ open }) => now >= open && now < open + 3_600_000);
        const prices = [...counted, ...(isFirstHour ? [PRIOR] : [])];
        const expected =
          prices.length === 0 ? "no price in the last hour" : { high: Math.max(...prices), low: Math.min(...prices) };
        expect(extremesAt(fold(past), now, PRIOR)).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });
  test("are known to lack just the minutes of those sixty that have no price", () => {
    fc.assert(
      fc.property(fc.array(seen, { maxLength: 60 }), instant, (all, now) => {
        const past = all.filter(({ at }) => at <= now);
        const index = minuteIndex(now);
        const wanted = MINUTES.slice(Math.max(0, index - 60), index);
        const watched = new Set(past.map(({ at }) => at - (at % 60_000)));
        const holes = 60 - wanted.filter((minute) => watched.has(minute)).length;
        expect(minutesWithout(fold(past), now)).toBe(holes);
      }),
    );
  });
  test("stand for as many unseen minutes as nobody saw since the open, or in the last sixty", () => {
    fc.assert(
      fc.property(fc.array(seen, { maxLength: 60 }), instant, (all, now) => {
        const past = all.filter(({ at }) => at <= now);
        const minute = now - (now % 60_000);
        const from = Math.max(sessionAt(now)?.open ?? minute, minute - 3_600_000);
        const watched = new Set(past.map(({ at }) => at - (at % 60_000)));
        let holes = 0;
        for (let at = from; at < minute; at += 60_000) if (!watched.has(at)) holes++;
        expect(minutesUnseen(fold(past), now)).toBe(holes);
      }),
    );
  });
  test("do not depend on the order in which the prices were heard", () => {
    fc.assert(
      fc.property(fc.array(seen, { maxLength: 40 }), fc.infiniteStream(fc.nat()), (all, order) => {
        const shuffled = all.map((one) => [order.next().value as number, one] as const).sort((a, b) => a[0] - b[0]);
        expect(fold(shuffled.map(([, one]) => one))).toEqual(fold(all));
      }),
    );
  });
  test("are kept small, as plain JSON, oldest first; a price that says nothing new changes nothing", () => {
    const all = MINUTES.map((at, i): Seen => ({ at: epochMs(at), seen: price(600 + (i % 7)) }));
    const range = fold(all);
    expect(range.length).toBe(61);
    expect(JSON.parse(JSON.stringify(range))).toEqual(range);
    expect(range.map(([at]) => at)).toEqual(MINUTES.slice(-61));
    expect(withPrice(range, epochMs(MINUTES.at(-1) as number), range.at(-1)?.[1] as Price)).toBe(range);
  });
  test("know of no price outside a session, and none before the opening gap is known", () => {
    const [wednesday, friday] = SESSIONS;
    if (wednesday === undefined || friday === undefined) throw new Error("two sessions");
    const range = withPrice(NO_RANGE, wednesday.close, price(700));
    expect(range).toEqual(NO_RANGE);
    expect(withPrice(NO_RANGE, instantOf(tradingDay("2026-11-26"), 720), price(700))).toEqual(NO_RANGE);
    expect(withPrice(NO_RANGE, friday.close, price(700))).toEqual(NO_RANGE);
    expect(extremesAt(range, wednesday.close, PRIOR)).toBe("no session is in progress");
    expect(extremesAt(range, friday.open, null)).toBe("the prior close is not known");
    expect(extremesAt(range, friday.open, PRIOR)).toEqual({ high: PRIOR, low: PRIOR });
  });
});
