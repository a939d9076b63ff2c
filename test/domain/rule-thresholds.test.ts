import { describe, expect, it } from "vitest";
import { configSchema, crossChecks, warnings } from "../../src/domain/config-schema.ts";
import { formatWarning } from "../../src/domain/rules/thresholds.ts";
import { RULES_CONFIG } from "../support/quoted-chain.ts";

const parsed = (text: object) => configSchema.parse(text);
const said = (text: object): string[] => warnings(parsed(text)).map(formatWarning);
const problems = (rules: object): string[] => crossChecks(parsed({ rules })).map(({ path }) => path.join("."));
const strategy = (entry: object, kind = "iron-condor") => ({
  rules: { takeProfit: { targetPct: 50 } },
  strategies: [
    {
      name: "one",
      kind,
      symbol: "SPY",
      entry,
      ...(kind === "single-leg" ? { legs: [{ right: "P", ratio: -1, delta: 0.2 }] } : {}),
    },
  ],
});

describe("the thresholds of the rules", () => {
  it("are the design's by default, and those that the tests reckon with", () => {
    const { targetPct: _, ...takeProfit } = RULES_CONFIG.takeProfit;
    const sessionEnd = { ...RULES_CONFIG.sessionEnd, minutesBeforeClose: 15 };
    expect(parsed({}).rules).toEqual({ ...RULES_CONFIG, takeProfit, sessionEnd });
  });

  it("may not contradict each other", () => {
    expect(problems({})).toEqual([]);
    expect(problems({ dteRoll: { fromDays: 20 } })).toEqual(["rules.dteRoll.fromDays"]);
    expect(problems({ dteRoll: { targetDays: 25 } })).toEqual(["rules.dteRoll.fromDays"]);
    expect(problems({ ivPercentile: { below: 60 } })).toEqual(["rules.ivPercentile.below"]);
    expect(problems({ trailingStop: { keepPctOfPeak: 100 } })).toEqual(["rules.trailingStop.keepPctOfPeak"]);
  });
});

describe("a warning", () => {
  it("is said of targets above 60 % with a time exit at 21 days or more, with the targets and both keys", () => {
    expect(said({})).toEqual([
      expect.stringMatching(
        /^rules\.dteRoll\.forceDays: .*80 % \(normal\).*90 % \(low_vol\).*Lower rules\.takeProfit or rules\.dteRoll/,
      ),
    ]);
    expect(said({})[0]).not.toMatch(/crash|high_vol/);
    expect(said({ rules: { dteRoll: { forceDays: 20 } } })).toEqual([]);
    expect(said({ rules: { takeProfit: { targetPct: 60 } } })).toEqual([]);
    expect(said({ rules: { takeProfit: { targetPct: 61 } } })).toEqual([expect.stringContaining("61 % (every regime)")]);
  });

  it("is said of a strategy whose entries a rule would close at birth", () => {
    expect(said(strategy({ dteMin: 5, dteTarget: 7, dteMax: 10 }))).toEqual([
      expect.stringMatching(/^strategies\.0\.entry\.dteMax: .*one can enter nothing/),
    ]);
    expect(said(strategy({ dteMin: 15, dteTarget: 30, dteMax: 40 }))).toEqual([
      expect.stringMatching(/^strategies\.0\.entry\.dteMin: .*from 15 days on/),
    ]);
    expect(said(strategy({}))).toEqual([]);
    expect(said(strategy({ dteMin: 5, dteTarget: 7, dteMax: 10 }, "single-leg"))).toHaveLength(2);
    const off = strategy({ dteMin: 5, dteTarget: 7, dteMax: 10 });
    expect(said({ ...off, strategies: off.strategies.map((one) => ({ ...one, enabled: false })) })).toEqual([]);
  });

  it("is said of a strategy whose entries the risk gate would deny: of more units than an order may have, or without a beta", () => {
    const one = strategy({});
    const of = (more: object) => ({ ...one, strategies: one.strategies.map((it) => ({ ...it, ...more })) });
    expect(said(of({ quantity: 5 }))).toEqual([]);
    expect(said(of({ quantity: 6 }))).toEqual([expect.stringMatching(/^strategies\.0\.quantity: .*more than 5/)]);
    expect(said(of({ symbol: "AAPL" }))).toEqual([expect.stringMatching(/^limits\.portfolio\.betas: has no beta of AAPL/)]);
    expect(said(of({ symbol: "AAPL", filters: { portfolio: { whenUnknown: "skip" } } }))).toEqual([]);
    expect(said({ ...of({ symbol: "AAPL" }), limits: { portfolio: { betas: { SPY: 1, AAPL: 1.2 } } } })).toEqual([]);
  });
});
