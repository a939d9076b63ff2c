/** Why it traded and why it did not: the funnel of a look, an entry that came to nothing, and what was predicted against what came. */
import { describe, expect, it } from "vitest";
import type { Candidate, OrderIntent } from "../../src/domain/events/actors.ts";
import type { FunnelStep, Prediction } from "../../src/domain/facts.ts";
import { moneyUnits, price } from "../../src/domain/units.ts";
import { createReadModel, type ReadModel } from "../../src/projections/read-model.ts";
import { SPY } from "../support/quoted-chain.ts";
import { condor, Script, startOfDay } from "../support/scripted-day.ts";

const LEGS = condor("SPY", 560, 565, 620, 625);
const PATH = "strategy/spy-condor";
const named = { strategy: "spy-condor", symbol: "SPY" } as const;
const PASSED: readonly FunnelStep[] = [
  { stage: "regime", verdict: "passed", reason: "normal" },
  { stage: "vix", verdict: "passed", actual: 15, limit: 35, distance: 20, unit: "points" },
  { stage: "skew", verdict: "skipped", reason: "no median of a year" },
];
const CANDIDATE: Candidate = {
  ...named,
  underlying: SPY,
  legs: LEGS,
  quantity: 1,
  mid: price(-1.24),
  natural: price(-1.2),
  width: price(5),
  unitMaxLoss: moneyUnits(3_760_000),
  tick: price(0.01),
  shortDeltas: {},
  daysToExpiry: 45,
  spot: price(600),
};
const intent: OrderIntent = {
  intentId: "20261120-s1-1",
  orderRef: "caretaker/5f2c81aa/20261120-s1-1",
  owner: "slot/s1",
  purpose: "entry",
  symbol: "SPY",
  legs: LEGS,
  quantity: 1,
  urgency: "normal",
  reducing: false,
  maxLoss: moneyUnits(3_760_000),
  tick: price(0.01),
  width: price(5),
};
const SAGA = "order/20261120/s1-1";
const read = (script: Script): ReadModel => {
  const model = createReadModel();
  for (const step of script.steps) model.apply(step);
  return model;
};
const begun = (): Script => {
  const script = new Script();
  startOfDay(script);
  return script.pass(30 * 60_000);
};
/** Without the times of day. */
const lines = (script: Script): readonly string[] =>
  read(script)
    .explainWhyNot("SPY", script.now as never)
    .lines.map((line) => line.replace(/^\d\d:\d\d:\d\d {2}/, ""));

describe("why not", () => {
  it("tells the whole funnel of the last look: what passed by how much, what was skipped, the number that stopped it and what was missing", () => {
    const script = begun();
    script.tick(PATH, {
      facts: [
        [
          PATH,
          {
            type: "candidate.stopped",
            ...named,
            stage: "credit",
            reason: "the credit is too small",
            actual: 8,
            limit: 10,
            unit: "% of width",
            passed: PASSED,
            refused: { count: 3, named: [{ contract: "645.714P", reason: "strike of an adjusted contract" }] },
          },
        ],
      ],
    });
    const told = lines(script);
    expect(told).toContain("spy-condor stopped at credit: the credit is too small (8 < 10 % of width, 2 % of width short)");
    expect(told).toContain("      vix passed: 15 < 35 points, 20 to spare");
    expect(told).toContain("      skew skipped (no median of a year)");
    expect(told).toContain("      3 contracts refused: 645.714P strike of an adjusted contract");
  });

  it("goes on behind the gate: a denied slot, a denied order and one that came back unfilled are looks that ended, with their way", () => {
    const found = { type: "candidate.found", candidate: CANDIDATE, passed: PASSED } as const;
    const denial = { reason: "marginAfter", actual: 61, limit: 50, unit: "% of equity" } as const;
    const denied = begun();
    denied.tick(PATH, {
      facts: [
        [PATH, found],
        [PATH, { type: "entry.denied", ...named, denial }],
      ],
    });
    expect(lines(denied)).toContain(
      "spy-condor denied at gate: margin afterwards (61 > 50 % of equity, 11 % of equity too much)",
    );
    expect(lines(denied)).toContain("      vix passed: 15 < 35 points, 20 to spare");
    const ordered = begun();
    ordered.tick(PATH, {
      facts: [
        [PATH, found],
        [SAGA, { type: "order.intended", intent }],
      ],
    });
    ordered.pass(1_000).tick(SAGA, { facts: [[SAGA, { type: "order.denied", orderRef: intent.orderRef, denial }]] });
    expect(lines(ordered).join("\n")).toContain("spy-condor denied at order: margin afterwards");
    const unfilled = begun();
    unfilled.tick(PATH, {
      facts: [
        [PATH, found],
        [SAGA, { type: "order.intended", intent }],
      ],
    });
    unfilled.pass(180_000).tick(SAGA, {
      facts: [
        [
          SAGA,
          {
            type: "order.ended",
            orderRef: intent.orderRef,
            purpose: "entry",
            outcome: "cancelled",
            filledUnits: 0,
            reason: "the price ladder ran out",
          },
        ],
      ],
    });
    expect(lines(unfilled).join("\n")).toContain(
      "spy-condor unfilled at order: SPY iron condor 560/565/620/625 2027-01-15 for a credit of 1.24: cancelled, the price ladder ran out",
    );
    for (const script of [denied, ordered, unfilled]) {
      const [funnel] = read(script).decisions.funnels;
      expect(funnel).toMatchObject({ looks: 1, found: 1 });
    }
  });

  it("gives each of two strategies its own, when both found something in one symbol in the same step", () => {
    const found = { type: "candidate.found", candidate: CANDIDATE, passed: PASSED } as const;
    const legs = condor("SPY", 550, 555, 630, 635);
    const wide = { type: "candidate.found", candidate: { ...CANDIDATE, strategy: "spy-wide", legs }, passed: [] } as const;
    const denial = { reason: "marginAfter", actual: 61, limit: 50, unit: "% of equity" } as const;
    const script = begun();
    script.tick(PATH, {
      facts: [
        [PATH, found],
        ["strategy/spy-wide", wide],
        [SAGA, { type: "order.intended", intent }],
        [SAGA, { type: "order.denied", orderRef: intent.orderRef, denial }],
      ],
    });
    const [denied] = read(script).decisions.looks;
    expect(denied).toMatchObject({ strategy: "spy-condor", ended: "denied", passed: PASSED });
  });

  it("says of an order that was filled that the candidate was found, and nothing stopped it", () => {
    const script = begun();
    const found = { type: "candidate.found", candidate: CANDIDATE, passed: PASSED } as const;
    script.tick(PATH, {
      facts: [
        [PATH, found],
        [SAGA, { type: "order.intended", intent }],
      ],
    });
    const ended = { orderRef: intent.orderRef, purpose: "entry", outcome: "filled", filledUnits: 1, reason: "" } as const;
    script.pass(1_000).tick(SAGA, { facts: [[SAGA, { type: "order.ended", ...ended }]] });
    expect(lines(script).filter((line) => line.includes("at order"))).toEqual([]);
    expect(lines(script).join("\n")).toContain("spy-condor found SPY iron condor");
  });
});

describe("a decision explained", () => {
  it("shows each threshold of a rule that has several, with what was unknown by name", () => {
    const script = begun();
    script.tick("slot/s1", {
      facts: [
        [
          "slot/s1",
          {
            type: "decision.made",
            slot: "slot/s1",
            symbol: "SPY",
            decision: { action: "close", rule: "catastrophe", urgency: "immediate" },
            trace: [
              {
                rule: "catastrophe",
                verdict: "fired",
                clause: "move",
                actual: 3.4,
                threshold: 3,
                distance: -0.4,
                unit: "% in an hour",
                clauses: [
                  { clause: "move", verdict: "fired", actual: 3.4, threshold: 3, distance: -0.4, unit: "% in an hour" },
                  { clause: "volatility", verdict: "unknown", missing: ["ivJumpPct: IB has not told it"] },
                ],
              },
            ],
          },
        ],
      ],
    });
    const told = read(script).explainSlot("slot/s1")?.lines.join("\n");
    expect(told).toContain("SPY in slot/s1: close by catastrophe, immediate urgency");
    expect(told).toContain(" 1  catastrophe/move fired: 3.4 against 3 % in an hour");
    expect(told).toContain("      volatility unknown: ivJumpPct: IB has not told it");
  });
});

describe("predictions on the read side", () => {
  const prediction: Prediction = {
    probability: 0.72,
    expectedReturn: 0.05,
    rewardToRisk: 0.33,
    rawScore: 50,
    weight: 1,
    score: 50,
  };
  it("go with their trade, and add up by kind and regime to errors and calibration", () => {
    const script = begun();
    const outcomes = [0.1, -1, 0.2];
    outcomes.forEach((returnOnRisk, n) => {
      const judged = {
        kind: "iron-condor",
        regime: "normal",
        prediction,
        outcome: { won: returnOnRisk > 0, returnOnRisk },
      } as const;
      script.pass(60_000).tick("slot/s1", {
        facts: [
          [
            "slot/s1",
            {
              type: "slot.closed",
              slot: "slot/s1",
              ...named,
              rule: "take-profit",
              profit: moneyUnits(100),
              fees: moneyUnits(10),
              heldMs: 60_000,
              ...judged,
            },
          ],
          [
            "predictions",
            {
              type: "prediction.scored",
              slot: "slot/s1",
              symbol: "SPY",
              ...judged,
              error: returnOnRisk - 0.05,
              count: n + 1,
              meanAbsoluteError: 0,
              meanSquaredError: 0,
              weight: 1 + n / 100,
            },
          ],
        ],
      });
    });
    const model = read(script);
    expect(model.trades.trades[0]).toMatchObject({ kind: "iron-condor", regime: "normal", prediction, outcome: { won: true } });
    const [row] = model.predictions;
    expect(row).toMatchObject({ kind: "iron-condor", regime: "normal", count: 3, weight: 1.02 });
    expect(row?.meanAbsoluteError).toBeCloseTo((0.05 + 1.05 + 0.15) / 3, 12);
    expect(row?.meanSquaredError).toBeCloseTo((0.0025 + 1.1025 + 0.0225) / 3, 12);
    expect(row?.calibration).toMatchObject([{ from: 0.7, count: 3 }]);
    expect(row?.calibration[0]?.came).toBeCloseTo(2 / 3, 12);
  });
});
