import { describe, expect, it } from "vitest";
import { configSchema, crossChecks } from "../../src/domain/config-schema.ts";

const problemsOf = (strategy: Record<string, unknown>): string[] =>
  crossChecks(configSchema.parse({ strategies: [{ name: "one", symbol: "SPY", ...strategy }] })).map(
    ({ path, message }) => `${path.slice(2).join(".")}: ${message}`,
  );

describe("the legs of a strategy's configuration", () => {
  it("are listed by custom structures and single legs, and by no other kind", () => {
    const legs = [{ right: "C", ratio: 1, delta: 0.5 }];
    for (const kind of ["iron-condor", "bull-put", "bear-call", "bull-call", "bear-put", "short-strangle"]) {
      expect(problemsOf({ kind })).toEqual([]);
      expect(problemsOf({ kind, legs })).toEqual([expect.stringMatching(/^legs: .*remove the list/)]);
    }
    for (const kind of ["custom", "single-leg"]) {
      expect(problemsOf({ kind })).toEqual([`legs: kind: ${kind} needs a list of legs`]);
      expect(problemsOf({ kind, legs })).toEqual([]);
    }
  });
  it("of a single-leg position are one", () => {
    const legs = [
      { right: "C", ratio: 1, delta: 0.5 },
      { right: "C", ratio: -1, delta: 0.3 },
    ];
    expect(problemsOf({ kind: "single-leg", legs })).toEqual([expect.stringMatching(/one leg, got 2/)]);
    expect(problemsOf({ kind: "custom", legs })).toEqual([]);
  });
  it("each say in exactly one way where they lie", () => {
    const one = (leg: Record<string, unknown>) => problemsOf({ kind: "custom", legs: [{ right: "P", ratio: -1, ...leg }] });
    expect(one({ delta: 0.2 })).toEqual([]);
    expect(one({ strike: 500 })).toEqual([]);
    expect(one({})).toEqual([expect.stringMatching(/^legs.0: .*got none/)]);
    expect(one({ delta: 0.2, strike: 500 })).toEqual([expect.stringMatching(/got delta and strike/)]);
    expect(one({ offsetPoints: 5 })).toEqual([expect.stringMatching(/^legs.0.offsetPoints: .*none before it/)]);
    expect(one({ delta: 0.2, ratio: 0 })).toEqual([expect.stringMatching(/^legs.0.ratio: .*trades nothing/)]);
  });
  it("have no common divisor and no contract twice", () => {
    const legs = (a: number, b: number) => [
      { right: "C", ratio: a, strike: 600 },
      { right: "C", ratio: b, offsetPoints: 10 },
    ];
    expect(problemsOf({ kind: "custom", legs: legs(1, -2) })).toEqual([]);
    expect(problemsOf({ kind: "custom", legs: legs(2, -4) })).toEqual([expect.stringMatching(/divided by 2/)]);
    const twice = [
      { right: "C", ratio: 1, strike: 600 },
      { right: "C", ratio: -3, strike: 600 },
    ];
    expect(problemsOf({ kind: "custom", legs: twice })).toEqual([expect.stringMatching(/same contract/)]);
  });
});
