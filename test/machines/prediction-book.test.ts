import { describe, expect, it } from "vitest";
import type { Prediction } from "../../src/domain/facts.ts";
import { predictionBookMachine } from "../../src/machines/prediction-book.machine.ts";
import { given } from "../support/given.ts";
import { ENGINE, NOON } from "../support/quoted-chain.ts";

const CONFIG = { ...ENGINE, predictions: { minTrades: 2, lowestWeight: 0.8, highestWeight: 1.25 } };
const prediction: Prediction = {
  probability: 0.8,
  expectedReturn: 0.1,
  rewardToRisk: 0.3,
  rawScore: 60,
  weight: 1,
  score: 60,
};
const settled = (returnOnRisk: number, more: object = {}) => ({
  type: "prediction.settled",
  slot: "slot/s1",
  kind: "bull-put",
  symbol: "SPY",
  regime: "normal",
  prediction,
  outcome: { won: returnOnRisk > 0, returnOnRisk },
  ...more,
});
const ask = { type: "weights.asked", replyTo: "strategy/a" };

describe("the book of predictions", () => {
  it("tells each outcome with its error, and the errors of its kind and regime until then", () => {
    const book = given(predictionBookMachine, { config: CONFIG }, NOON).hear(settled(0.3), settled(-0.5));
    expect(book.facts("prediction.scored")).toMatchObject([
      { count: 1, error: expect.closeTo(0.2, 12), meanAbsoluteError: expect.closeTo(0.2, 12) },
      {
        count: 2,
        error: expect.closeTo(-0.6, 12),
        meanAbsoluteError: expect.closeTo(0.4, 12),
        meanSquaredError: expect.closeTo(0.2, 12),
      },
    ]);
  });

  it("answers within the step with weights of known regimes, which are 1 until enough is known", () => {
    const book = given(predictionBookMachine, { config: CONFIG }, NOON).hear(settled(-0.5), settled(-0.5, { regime: null }), ask);
    expect(book.told("strategy/a")).toEqual([
      { type: "weights.told", weights: [{ kind: "bull-put", regime: "normal", count: 1, weight: 1 }] },
    ]);
    book.quiet().hear(settled(-0.5), ask);
    const [{ weights }] = book.told("strategy/a");
    expect(weights[0].weight).toBeLessThan(1);
    expect(weights[0].weight).toBeGreaterThanOrEqual(0.8);
    expect(book.facts("prediction.scored")[0].weight).toBe(weights[0].weight);
  });

  it("takes other limits with a new run, and keeps what it has learnt", () => {
    const book = given(predictionBookMachine, { config: CONFIG }, NOON).hear(settled(-0.5), settled(-0.5));
    const narrow = { ...CONFIG, predictions: { minTrades: 2, lowestWeight: 0.99, highestWeight: 1.01 } };
    book.hear({ type: "run.resumed", config: narrow }, ask);
    expect(book.told("strategy/a")[0].weights[0]).toMatchObject({ count: 2 });
    expect(book.told("strategy/a")[0].weights[0].weight).toBeGreaterThanOrEqual(0.99);
  });
});
