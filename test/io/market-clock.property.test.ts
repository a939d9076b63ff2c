import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { instantOf } from "../../src/domain/calendar/new-york.ts";
import { epochMs, tradingDay } from "../../src/domain/units.ts";
import { createMarketClock } from "../../src/io/clock/market-clock.ts";
import { STEP_MS, watchWall } from "../../src/io/clock/wall-watch.ts";

const from = instantOf(tradingDay("2026-10-05"), 9 * 60 + 30);
const handClock = (speed: number, skipClosed = false) => {
  const hand = { at: 1_000 };
  return { hand, clock: createMarketClock({ from, speed, skipClosed }, () => hand.at) };
};

describe("the market clock", () => {
  it("never runs backward, whatever the gateway says its time is", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(1, 60, 600),
        fc.array(fc.oneof(fc.record({ pass: fc.nat(5_000) }), fc.record({ align: fc.integer({ min: -100_000, max: 100_000 }) }))),
        (speed, deeds) => {
          const { hand, clock } = handClock(speed);
          let last = clock.now();
          for (const deed of deeds) {
            if ("pass" in deed) hand.at += deed.pass;
            else clock.align(epochMs(clock.now() + deed.align));
            expect(clock.now()).toBeGreaterThanOrEqual(last);
            last = clock.now();
          }
        },
      ),
    );
  });

  it("runs so many times as fast as real time", () => {
    const { hand, clock } = handClock(60);
    hand.at += 1_000;
    expect(clock.now() - from).toBe(60_000);
  });

  it("says by how much an announcement moved it, and nothing for one that lies behind", () => {
    const { clock } = handClock(1);
    expect(clock.align(epochMs(from + 5_000))).toBe(5_000);
    expect(clock.align(from)).toBe(0);
  });

  it("counts from the instant of the anchor, not from when it was made", () => {
    const clock = createMarketClock({ from, anchor: 400, speed: 60, skipClosed: false }, () => 1_000);
    expect(clock.now() - from).toBe(36_000);
  });
});

describe("the watch on the wall clock", () => {
  const watched = () => {
    const { hand, clock } = handClock(1);
    const wall = { at: epochMs(from) };
    const steps: number[] = [];
    let look = (): void => {};
    watchWall(
      clock,
      (byMs) => steps.push(byMs),
      () => wall.at,
      (_ms, callback) => {
        look = callback;
        return () => {};
      },
    );
    const pass = (realMs: number, wallMs = realMs): void => {
      hand.at += realMs;
      wall.at = epochMs(wall.at + wallMs);
      look();
    };
    return { clock, steps, pass };
  };

  it("says nothing while wall and monotonic time agree", () => {
    const { steps, pass } = watched();
    for (let n = 0; n < 20; n++) pass(5_000, 5_000 + (n % 2 === 0 ? 40 : -40));
    expect(steps).toEqual([]);
  });

  it("takes a step forward over, once", () => {
    const { clock, steps, pass } = watched();
    pass(5_000, 5_000 + 60_000);
    pass(5_000);
    expect(steps).toEqual([60_000]);
    expect(clock.now() - from).toBe(70_000);
  });

  it("tells a step back, once, and does not follow it", () => {
    const { clock, steps, pass } = watched();
    pass(5_000, 5_000 - 10 * STEP_MS);
    pass(5_000);
    expect(steps).toEqual([-10 * STEP_MS]);
    expect(clock.now() - from).toBe(10_000);
  });
});
