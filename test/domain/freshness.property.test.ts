/** What may be acted upon. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sourceFault, staleness } from "../../src/domain/freshness.ts";
import type { Quote } from "../../src/domain/quote.ts";
import { epochMs, price } from "../../src/domain/units.ts";
import { ENGINE, NOON } from "../support/quoted-chain.ts";

const quote = (more: Partial<Quote> = {}): Quote => ({ conId: 1, bid: price(1), ask: price(2), at: NOON, ...more });
const later = (seconds: number) => epochMs(NOON + seconds * 1_000);
const as = fc.constantFrom("underlying", "leg", "vix");

describe("a quote", () => {
  test("is fresh for 5 s as an underlying, 60 s as VIX, 15 min as an unchanged leg, and no longer", () => {
    for (const [kind, seconds] of [
      ["underlying", 5],
      ["vix", 60],
      ["leg", 900],
    ] as const) {
      expect(staleness(quote(), kind, later(seconds), ENGINE.freshness)).toBeUndefined();
      expect(staleness(quote(), kind, later(seconds + 1), ENGINE.freshness)).toMatch(/^stale/);
    }
  });
  test("of a snapshot is a leg's for a minute: no line would have told of a change", () => {
    expect(staleness(quote({ source: "snapshot" }), "leg", later(60), ENGINE.freshness)).toBeUndefined();
    expect(staleness(quote({ source: "snapshot" }), "leg", later(61), ENGINE.freshness)).toMatch(/^stale/);
  });
  test("that is delayed, frozen, broken or not there is never fresh, however young, and says which it is", () => {
    fc.assert(
      fc.property(
        as,
        fc.constantFrom("frozen", "delayed", "delayedFrozen"),
        fc.integer({ min: -5, max: 2_000 }),
        (kind, source, s) => {
          expect(staleness(quote({ source }), kind, later(s), ENGINE.freshness)).toMatch(/delayed|frozen/);
          expect(staleness(quote({ broken: "2103 usopt" }), kind, later(s), ENGINE.freshness)).toContain("2103 usopt");
          expect(staleness(undefined, kind, later(s), ENGINE.freshness)).toBe("not quoted");
        },
      ),
    );
    expect(sourceFault(quote())).toBeUndefined();
  });
  test("never gets fresher by waiting", () => {
    fc.assert(
      fc.property(as, fc.nat(2_000), fc.nat(2_000), (kind, one, more) => {
        if (staleness(quote(), kind, later(one), ENGINE.freshness) !== undefined)
          expect(staleness(quote(), kind, later(one + more), ENGINE.freshness)).toBeDefined();
      }),
    );
  });
});
