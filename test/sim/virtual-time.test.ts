/** Time in a simulated world jumps from event to event, and past closed hours, and never backward. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sessionOf } from "../../src/domain/calendar/market-calendar.ts";
import { epochMs, tradingDay } from "../../src/domain/units.ts";
import { createVirtualTime } from "../../src/sim/runner/virtual-time.ts";

const session = sessionOf(tradingDay("2026-10-05"));
if (session === undefined) throw new Error("a Monday without holiday has a session");
const { open, close } = session;
const FOREVER = epochMs(open + 30 * 86_400_000);

const runAll = (time: ReturnType<typeof createVirtualTime>): void => {
  while (time.step(FOREVER));
};

describe("virtual time", () => {
  it("runs events by their time, and those of one instant as they were asked for", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50), { maxLength: 60 }), (delays) => {
        const time = createVirtualTime({ begins: open, skipClosed: true });
        const seen: number[] = [];
        for (const [n, delay] of delays.entries()) time.after(delay, () => seen.push(n));
        runAll(time);
        const expected = delays.map((delay, n) => ({ delay, n })).sort((a, b) => a.delay - b.delay || a.n - b.n);
        expect(seen).toEqual(expected.map(({ n }) => n));
      }),
    );
  });

  it("does not run what was taken back", () => {
    const time = createVirtualTime({ begins: open, skipClosed: true });
    let ran = 0;
    const takeBack = time.after(5, () => ran++);
    time.after(6, () => ran++);
    takeBack();
    runAll(time);
    expect(ran).toBe(1);
  });

  it("passes a night in seven minutes of real time, and a heartbeat beats through none of it", () => {
    const time = createVirtualTime({ begins: epochMs(close), skipClosed: true });
    let beats = 0;
    const beat = (): void => {
      beats++;
      time.after(10_000, beat);
    };
    beat();
    let opened: { readonly real: number; readonly market: number } | undefined;
    const nextOpen = open + 86_400_000;
    time.atMarket(nextOpen, () => {
      opened = { real: time.now(), market: time.market() };
    });
    while (opened === undefined) time.step(FOREVER);
    expect(opened.market).toBe(nextOpen);
    expect(opened.real).toBeLessThanOrEqual(7 * 60_000 + 1);
    expect(beats).toBeLessThanOrEqual(43);
  });

  it("calls at the market time asked for, and not before", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3 * 86_400_000 }), (later) => {
        const time = createVirtualTime({ begins: open, skipClosed: true });
        let at: number | undefined;
        time.atMarket(open + later, () => {
          at = time.market();
        });
        runAll(time);
        expect(at).toBeGreaterThanOrEqual(open + later);
      }),
    );
  });

  it("runs nothing that lies behind the limit", () => {
    const time = createVirtualTime({ begins: open, skipClosed: true });
    let ran = 0;
    time.after(1_000, () => ran++);
    expect(time.step(epochMs(open + 999))).toBe(false);
    expect(time.step(epochMs(open + 1_000))).toBe(true);
    expect(ran).toBe(1);
  });
});
