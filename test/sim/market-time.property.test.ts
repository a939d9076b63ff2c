import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sessionOf } from "../../src/domain/calendar/market-calendar.ts";
import { marketTimeAfter, realMsUntil, TAIL_MS, WARM_UP_MS } from "../../src/domain/calendar/market-time.ts";
import { instantOf, newYorkDay } from "../../src/domain/calendar/new-york.ts";
import type { TradingDay } from "../../src/domain/units.ts";
import { epochMs } from "../../src/domain/units.ts";

const DAY_MS = 86_400_000;
const instants = fc.integer({ min: Date.UTC(2024, 0, 1), max: Date.UTC(2027, 11, 31) }).map((at) => epochMs(at));
const elapsed = fc.oneof(fc.integer({ min: 0, max: 5000 }), fc.integer({ min: 0, max: 3 * DAY_MS }));
const speeds = fc.constantFrom(1, 2, 60, 600);
const paces = fc.record({ speed: speeds, skipClosed: fc.boolean() });
const clock = (day: string, hour: number, minute: number) => instantOf(day as TradingDay, hour * 60 + minute);

const isInOpenSpan = (at: number): boolean => {
  const session = sessionOf(newYorkDay(epochMs(at)));
  return session !== undefined && at >= session.open - WARM_UP_MS && at <= session.close + TAIL_MS;
};

describe("market time", () => {
  it("is the same after a and then b as after a + b", () => {
    fc.assert(
      fc.property(instants, elapsed, elapsed, paces, (from, a, b, pace) => {
        const middle = marketTimeAfter({ ...pace, from, elapsedMs: a });
        const stepped = marketTimeAfter({ ...pace, from: middle, elapsedMs: b });
        expect(stepped).toBe(marketTimeAfter({ ...pace, from, elapsedMs: a + b }));
      }),
    );
  });

  it("never runs backward, and runs strictly forward when it runs at all", () => {
    fc.assert(
      fc.property(instants, elapsed, fc.integer({ min: 1, max: DAY_MS }), paces, (from, a, more, pace) => {
        const early = marketTimeAfter({ ...pace, from, elapsedMs: a });
        expect(early).toBeGreaterThanOrEqual(from);
        expect(marketTimeAfter({ ...pace, from, elapsedMs: a + more })).toBeGreaterThan(early);
      }),
    );
  });

  it("is never inside a closed stretch when those are skipped", () => {
    fc.assert(
      fc.property(instants, elapsed, speeds, (from, elapsedMs, speed) => {
        expect(isInOpenSpan(marketTimeAfter({ from, elapsedMs, speed, skipClosed: true }))).toBe(true);
      }),
    );
  });

  it("is plain multiplication when nothing is skipped", () => {
    fc.assert(
      fc.property(instants, elapsed, speeds, (from, elapsedMs, speed) => {
        expect(marketTimeAfter({ from, elapsedMs, speed, skipClosed: false })).toBe(from + elapsedMs * speed);
      }),
    );
  });

  it("reaches a deadline after exactly the real time that realMsUntil tells, and no millisecond sooner", () => {
    fc.assert(
      fc.property(instants, fc.integer({ min: 1, max: 20 * DAY_MS }), paces, (from, ahead, pace) => {
        const to = epochMs(from + ahead);
        const wait = realMsUntil({ ...pace, from, to });
        expect(marketTimeAfter({ ...pace, from, elapsedMs: wait })).toBeGreaterThanOrEqual(to);
        if (wait > 0) expect(marketTimeAfter({ ...pace, from, elapsedMs: wait - 1 })).toBeLessThan(to);
      }),
    );
  });

  it("jumps from two minutes after Friday's close to five minutes before Monday's open", () => {
    const pace = { speed: 60, skipClosed: true };
    const from = clock("2026-10-09", 16, 1);
    expect(marketTimeAfter({ ...pace, from, elapsedMs: 1000 })).toBe(clock("2026-10-09", 16, 2));
    expect(marketTimeAfter({ ...pace, from, elapsedMs: 2000 })).toBe(clock("2026-10-12", 9, 26));
  });

  it("starts at the next span when it is started inside a closed stretch", () => {
    const saturday = clock("2026-10-10", 12, 0);
    expect(marketTimeAfter({ speed: 60, skipClosed: true, from: saturday, elapsedMs: 0 })).toBe(clock("2026-10-12", 9, 25));
  });
});
