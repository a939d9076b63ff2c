import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RulesConfig } from "../../src/domain/config.ts";
import { actingDecision, type Firings, FORGET_AFTER_MS, noteFirings } from "../../src/domain/rules/confirmation.ts";
import { evaluateRules, RULES } from "../../src/domain/rules/index.ts";
import { atLeast, defineRule, type Fact, type PositionFacts, type Rule } from "../../src/domain/rules/rule.ts";
import { type EpochMs, moneyUnits } from "../../src/domain/units.ts";
import { NOON, RULES_CONFIG } from "../support/quoted-chain.ts";

const known = <Value>(value: Value): Fact<Value> => ({ value, source: "test", at: NOON });
const fact = <Value>(values: fc.Arbitrary<Value>): fc.Arbitrary<Fact<Value>> =>
  fc.oneof({ weight: 6, arbitrary: values.map(known) }, { weight: 1, arbitrary: fc.constant({ unknown: "not quoted" }) });
const dollars = (min: number, max: number) => fc.integer({ min, max }).map((whole) => moneyUnits(whole * 10_000));
const facts: fc.Arbitrary<PositionFacts> = fc.record({
  unitProfit: fact(dollars(-1_000, 400)),
  unitBase: fact(dollars(0, 400)),
  unitCredit: fact(dollars(0, 400)),
  unitMaxLoss: fact(dollars(-10, 1_000)),
  sessionsToExpiry: fact(fc.nat(40)),
  minutesToClose: fact(fc.nat(390)),
});
const configs: fc.Arbitrary<RulesConfig> = fc
  .record({
    enabled: fc.boolean(),
    targetPct: fc.integer({ min: 10, max: 90 }),
  })
  .map(({ enabled, targetPct }) => ({
    ...RULES_CONFIG,
    sessionEnd: { ...RULES_CONFIG.sessionEnd, enabled },
    takeProfit: { ...RULES_CONFIG.takeProfit, targetPct },
  }));

describe("the rules", () => {
  it("can each be the one that decides, and so can each of their thresholds", () => {
    const deciding = new Set<string>();
    fc.assert(
      fc.property(facts, configs, (seen, config) => {
        const { decision, trace } = evaluateRules(seen, config);
        const line = trace.find(({ rule }) => rule === decision.rule);
        deciding.add(line?.clause === undefined ? decision.rule : `${decision.rule}/${line.clause}`);
      }),
      { numRuns: 2_000 },
    );
    expect([...deciding].sort()).toEqual([
      "expiry",
      "none",
      "session-end",
      "stop-loss/credit",
      "stop-loss/maxLoss",
      "take-profit",
    ]);
  });

  it("decide by the first that fires, with all of them in the trace", () => {
    fc.assert(
      fc.property(facts, configs, (seen, config) => {
        const { decision, trace } = evaluateRules(seen, config);
        expect(trace.map(({ rule }) => rule)).toEqual(RULES.map(({ name }) => name));
        expect(decision.rule).toBe(trace.find(({ verdict }) => verdict === "fired")?.rule ?? "none");
        expect(decision.action).toBe(decision.rule === "none" ? "hold" : "close");
      }),
    );
  });

  it("are unknown exactly when a fact they need is, and name it", () => {
    fc.assert(
      fc.property(facts, configs, (seen, config) => {
        for (const line of evaluateRules(seen, config).trace) {
          const rule = RULES.find(({ name }) => name === line.rule) as Rule;
          const missing = rule.needs.filter((name) => "unknown" in seen[name]);
          expect(line.verdict === "unknown").toBe(missing.length > 0);
          expect((line.missing ?? []).map((text) => text.split(":")[0])).toEqual(missing);
        }
      }),
    );
  });

  it("fire exactly when no distance is left", () => {
    fc.assert(
      fc.property(facts, configs, (seen, config) => {
        for (const { verdict, distance } of evaluateRules(seen, config).trace) {
          if (distance !== undefined) expect(verdict).toBe(distance <= 0 ? "fired" : "passed");
        }
      }),
    );
  });

  it("let a loss grow only to the lesser of its two limits", () => {
    const trace = (loss: number, credit: number, maxLoss: number) =>
      evaluateRules(
        {
          unitProfit: known(moneyUnits(-loss * 10_000)),
          unitBase: known(moneyUnits(credit * 10_000)),
          unitCredit: known(moneyUnits(credit * 10_000)),
          unitMaxLoss: known(moneyUnits(maxLoss * 10_000)),
          sessionsToExpiry: known(20),
          minutesToClose: known(200),
        },
        RULES_CONFIG,
      ).trace[0];
    expect(trace(480, 240, 960)).toMatchObject({ verdict: "fired", threshold: 480, clause: "credit" });
    expect(trace(479, 240, 960)).toMatchObject({ verdict: "passed", distance: 1 });
    expect(trace(450, 400, 600)).toMatchObject({ verdict: "fired", threshold: 450, clause: "maxLoss" });
    expect(trace(0, 0, 400)).toMatchObject({ verdict: "passed", threshold: 300, clause: "maxLoss" });
    expect(trace(-10, 960, -5)).toMatchObject({ verdict: "notApplicable" });
  });

  it("that throw, or compare with what is no number, are unknown and reported, and the others still decide", () => {
    const seen = { sessionsToExpiry: known(0) } as unknown as PositionFacts;
    const broken = (name: string, evaluate: () => never | ReturnType<typeof atLeast>) =>
      defineRule({ name, needs: ["sessionsToExpiry"], byTheClock: false, protective: true, urgency: () => "high", evaluate });
    const throwing = broken("throwing", () => {
      throw new Error("no such table");
    });
    const nan = broken("nan", () => atLeast(Number.NaN, 1, ""));
    const expiry = RULES.find(({ name }) => name === "expiry") as Rule;
    const { decision, trace, broken: names } = evaluateRules(seen, RULES_CONFIG, [throwing, nan, expiry]);
    expect(names).toEqual(["throwing", "nan"]);
    expect(trace[0]).toEqual({ rule: "throwing", verdict: "unknown", missing: ["the rule failed: no such table"] });
    expect(decision.rule).toBe("expiry");
  });
});

describe("confirmation", () => {
  type Seen = "fired" | "passed" | "unknown";
  const step = fc.record({
    after: fc.integer({ min: 1, max: 40 }),
    seen: fc.constantFrom<Seen>("fired", "fired", "passed", "unknown"),
    quiet: fc.boolean(),
  });
  const watching = (steps: readonly { after: number; seen: Seen; quiet: boolean }[], rule: string) => {
    let now = NOON as number;
    let firings: Firings = {};
    return steps.map(({ after: seconds, seen, quiet }) => {
      now += seconds * 1_000;
      firings = noteFirings(firings, [{ rule, verdict: seen }], now as EpochMs, quiet);
      return { now, seen, quiet, acts: actingDecision(firings, now as EpochMs, RULES_CONFIG) };
    });
  };

  it("lets a price rule act only on two firings ten seconds apart with none between that passed, and never when quiet", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const seen = watching(steps, "take-profit");
        seen.forEach(({ acts, now, seen: verdict, quiet }, i) => {
          if (acts === undefined) return;
          expect(verdict).toBe("fired");
          expect(quiet).toBe(false);
          const cleared = seen.slice(0, i).findLastIndex((one) => one.seen === "passed" || one.quiet);
          const firings = seen.slice(cleared + 1, i).filter((one) => one.seen === "fired");
          expect(firings.some((one) => now - one.now >= 10_000)).toBe(true);
        });
      }),
    );
  });

  it("lets the clock's rules act at once, also when quiet", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        for (const { seen, acts } of watching(steps, "expiry")) expect(acts?.rule).toBe(seen === "fired" ? "expiry" : undefined);
      }),
    );
  });

  it("begins anew after a long time in which nothing could be seen", () => {
    const seen = watching(
      [
        { after: 1, seen: "fired", quiet: false },
        { after: FORGET_AFTER_MS / 1_000 + 1, seen: "fired", quiet: false },
      ],
      "stop-loss",
    );
    expect(seen.at(-1)?.acts).toBeUndefined();
  });

  it("lets a lesser rule act that may, while a greater one that fires may not yet", () => {
    const fired = ["stop-loss", "expiry"].map((rule) => ({ rule, verdict: "fired" as const }));
    expect(actingDecision(noteFirings({}, fired, NOON, true), NOON, RULES_CONFIG)?.rule).toBe("expiry");
  });
});
