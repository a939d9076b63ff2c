/** The price ladder and the book of executions: bounds, grid, direction. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { limitAtStep } from "../../src/domain/orders/ladder.ts";
import { price, priceUnits } from "../../src/domain/units.ts";

const market = fc.record({
  mid: fc.integer({ min: -60_000, max: 60_000 }),
  half: fc.integer({ min: 0, max: 20_000 }),
  tick: fc.constantFrom(price(0.01), price(0.05)),
  width: fc.integer({ min: 1, max: 10 }).map((dollars) => price(dollars)),
  worst: fc.option(fc.integer({ min: -60_000, max: 60_000 }).map(priceUnits), { nil: undefined }),
  step: fc.nat(60),
});

const ADDING = fc.constantFrom("entry" as const, "roll" as const);

describe("a limit on the ladder", () => {
  test("is on the grid; an entry's or a roll's is never above natural or the worst price, an exit's never above the width", () => {
    fc.assert(
      fc.property(market, ADDING, ({ mid, half, tick, width, worst, step }, adding) => {
        const bounds = worst === undefined ? {} : { worstPrice: worst };
        const entry = limitAtStep({ purpose: adding, tick, width, ...bounds }, mid, mid + half, step);
        const exit = limitAtStep({ purpose: "exit", tick, width }, mid, mid + half, step);
        expect([entry % tick === 0, exit % tick === 0]).toEqual([true, true]);
        expect(entry).toBeLessThanOrEqual(Math.min(mid + half, worst ?? mid + half));
        expect(exit).toBeLessThanOrEqual(width);
      }),
    );
  });
  test("never retreats with the steps, and an exit's reaches the width", () => {
    fc.assert(
      fc.property(
        market,
        fc.constantFrom("entry" as const, "roll" as const, "exit" as const),
        ({ mid, half, tick, width, step }, purpose) => {
          const at = (n: number) => limitAtStep({ purpose, tick, width }, mid, mid + half, n);
          expect(at(step + 1)).toBeGreaterThanOrEqual(at(step));
          if (purpose === "exit") expect(at(100_000)).toBe(width);
        },
      ),
    );
  });
});
