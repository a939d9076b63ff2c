import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { actingDecision, type Firings, FORGET_AFTER_MS, noteFirings } from "../../src/domain/rules/confirmation.ts";
import { evaluateRules, RULES } from "../../src/domain/rules/index.ts";
import type { EpochMs } from "../../src/domain/units.ts";
import { NOON, RULES_CONFIG } from "../support/quoted-chain.ts";
import { CALM_PLAIN, calm, type Plain, usd } from "../support/rule-facts.ts";

type Seen = "fired" | "passed" | "unknown";
interface Step {
  readonly after: number;
  readonly seen: Seen;
  readonly quiet: boolean;
}
const step: fc.Arbitrary<Step> = fc.record({
  after: fc.integer({ min: 1, max: 40 }),
  seen: fc.constantFrom<Seen>("fired", "fired", "passed", "unknown"),
  quiet: fc.boolean(),
});
const steps = fc.array(step, { maxLength: 20 });
const watching = (course: readonly Step[], rule: string, clause?: string) => {
  let now = NOON as number;
  let firings: Firings = {};
  return course.map(({ after: seconds, seen, quiet }) => {
    now += seconds * 1_000;
    const line = { rule, verdict: seen, ...(clause === undefined ? {} : { clauses: [{ clause, verdict: seen }] }) };
    firings = noteFirings(firings, [line], now as EpochMs, quiet);
    return { now, seen, quiet, acts: actingDecision(firings, now as EpochMs, RULES_CONFIG) };
  });
};

type Followed = [rule: string, clause: string | undefined];
describe("confirmation", () => {
  const following: readonly Followed[] = [
    ["stop-loss", "credit"],
    ["expiry", "dividend"],
    ["gamma-risk", undefined],
    ["take-profit", "target"],
    ["take-profit", "partial"],
    ["dte-roll", "window"],
  ];
  it.each<Followed>(following)(
    "lets %s %s act only on two firings ten seconds apart with none between that passed, never when quiet",
    (rule, clause) => {
      fc.assert(
        fc.property(steps, (course) => {
          const seen = watching(course, rule, clause);
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
    },
  );

  it.each<Followed>([
    ["expiry", "sessions"],
    ["session-end", undefined],
    ["single-leg", "days"],
  ])("lets the clock's %s %s act at once, but not when quiet", (rule, clause) => {
    fc.assert(
      fc.property(steps, (course) => {
        for (const { seen, quiet, acts } of watching(course, rule, clause))
          expect(acts?.rule).toBe(seen === "fired" && !quiet ? rule : undefined);
      }),
    );
  });

  it("lets the catastrophe, and no other rule, act in the opening minutes, on two looks as well", () => {
    fc.assert(
      fc.property(steps, (course) => {
        const quiet = course.map((one) => ({ ...one, quiet: true }));
        const loud = course.map((one) => ({ ...one, quiet: false }));
        const acts = (course: readonly Step[]) => watching(course, "catastrophe", "fall").map((one) => one.acts);
        expect(acts(quiet)).toEqual(acts(loud));
      }),
    );
    expect(RULES.filter(({ actsInOpening }) => actsInOpening).map(({ name }) => name)).toEqual(["catastrophe"]);
  });

  it("begins anew after a long time in which nothing could be seen", () => {
    const seen = watching(
      [
        { after: 1, seen: "fired", quiet: false },
        { after: FORGET_AFTER_MS / 1_000 + 1, seen: "fired", quiet: false },
      ],
      "stop-loss",
      "credit",
    );
    expect(seen.at(-1)?.acts).toBeUndefined();
  });

  const looks = (course: readonly (readonly [second: number, changed: Partial<Plain>])[]) => {
    let firings: Firings = {};
    return course.map(([second, changed]) => {
      const now = (NOON + second * 1_000) as EpochMs;
      firings = noteFirings(firings, evaluateRules(calm(changed), RULES_CONFIG).trace, now, false);
      return actingDecision(firings, now, RULES_CONFIG);
    });
  };
  it("lets a lesser rule act that may, while a greater one that fires may not yet", () => {
    const acts = looks([
      [0, { sessionsToExpiry: 1 }],
      [1, { sessionsToExpiry: 1, hourFallPct: 9 }],
    ]);
    expect(acts.map((one) => one?.rule)).toEqual(["expiry", "expiry"]);
  });

  it("does not let a spike to the target use the time that the part of the way has been confirmed for", () => {
    const [part, target] = [{ unitProfit: usd(70) }, { unitProfit: usd(130) }];
    const acts = looks([
      [0, part],
      [11, part],
      [12, target],
      [23, target],
    ]);
    expect(acts.map((one) => one?.action)).toEqual([undefined, "reduce", "reduce", "close"]);
  });

  it("takes a part only once: a position that was reduced waits for the target", () => {
    const reduced = { unitProfit: usd(70), reduced: true };
    expect(
      looks([
        [0, reduced],
        [11, reduced],
        [60, reduced],
      ]),
    ).toEqual([undefined, undefined, undefined]);
  });

  it("has a name for each clause under which firings are kept, and no two share one", () => {
    const trace = evaluateRules(calm(), RULES_CONFIG).trace.map((line) => ({
      ...line,
      verdict: "fired" as const,
      ...(line.clauses === undefined ? {} : { clauses: line.clauses.map((one) => ({ ...one, verdict: "fired" as const })) }),
    }));
    const firings = noteFirings({}, trace, NOON, false);
    expect(Object.keys(firings)).toHaveLength(RULES.reduce((count, { clauses }) => count + clauses.length, 0));
    expect(actingDecision(firings, (NOON + 0) as EpochMs, RULES_CONFIG)?.rule).toBe("expiry");
    expect(CALM_PLAIN.reduced).toBe(false);
  });
});
