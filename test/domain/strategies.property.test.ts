import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Right } from "../../src/domain/contract.ts";
import type { Candidate } from "../../src/domain/events/actors.ts";
import { extremes, payoffAt } from "../../src/domain/payoff.ts";
import type { Quote } from "../../src/domain/quote.ts";
import { BEAR_CALL } from "../../src/domain/strategies/bear-call.strategy.ts";
import { boardOf } from "../../src/domain/strategies/board.ts";
import { BULL_PUT } from "../../src/domain/strategies/bull-put.strategy.ts";
import { chainOf } from "../../src/domain/strategies/chain.ts";
import { STRATEGIES } from "../../src/domain/strategies/index.ts";
import { isWinged, leanOf } from "../../src/domain/strategies/payoff-shape.ts";
import { strategyOf } from "../../src/domain/strategies/selection.ts";
import { shiftedTarget, skewShift } from "../../src/domain/strategies/skew-shift.ts";
import type { Scene } from "../../src/domain/strategies/strategy.ts";
import { judge } from "../../src/domain/strategies/structure-price.ts";
import { quoteStructure } from "../../src/domain/structure-quote.ts";
import { price, tradingDay } from "../../src/domain/units.ts";
import { CALM, DAY, EXPIRY, leg, type Market, option, STRATEGY } from "../support/quoted-chain.ts";
import {
  configOf,
  conIdAt,
  KINDS,
  type Kind,
  lookedScene,
  markets,
  underlyingTold,
  wholeScene,
  withQuote,
} from "../support/scenes.ts";

const select = (scene: Scene) => STRATEGIES[scene.config.kind].select(scene);
const found = (scene: Scene): Candidate => {
  const choice = select(scene);
  if (!choice.found) throw new Error(JSON.stringify(choice.stopped));
  return choice.candidate;
};
const stageOf = (scene: Scene): string => {
  const choice = select(scene);
  return choice.found ? "found" : choice.stopped.stage;
};

/** The stages in the order in which a structure goes through them. */
const STAGES = [
  "hygiene",
  "openInterest",
  "forward",
  "volatility",
  "skew",
  "shortDelta",
  "wings",
  "liquidity",
  "spread",
  "credit",
  "payoff",
  "score",
  "size",
];
const inOrder = (stages: readonly string[]): boolean => {
  const places = stages.map((stage) => STAGES.indexOf(stage));
  return places.every((place, n) => place >= 0 && (n === 0 || place > (places[n - 1] as number)));
};

/** What each kind is, said again in other words than the blueprints': profit at ends far below and far above, and the sign of the price. */
const WHAT: { readonly [K in Kind]?: { gains: (low: number, mid: number, high: number) => boolean; credit: boolean } } = {
  "iron-condor": { gains: (low, mid, high) => low < 0 && mid > 0 && high < 0, credit: true },
  "bull-put": { gains: (low, _mid, high) => low < 0 && high > 0, credit: true },
  "bear-call": { gains: (low, _mid, high) => low > 0 && high < 0, credit: true },
  "bull-call": { gains: (low, _mid, high) => low < 0 && high > 0, credit: false },
  "bear-put": { gains: (low, _mid, high) => low > 0 && high < 0, credit: false },
  "short-strangle": { gains: (low, mid, high) => low < 0 && mid > 0 && high < 0, credit: true },
};

describe.each(KINDS)("a %s", (kind) => {
  it("is what its name says by its payoff, on quotes that exist, at a price that its loss is reckoned with", () => {
    let count = 0;
    fc.assert(
      fc.property(markets, (market) => {
        const scene = lookedScene(market, configOf(kind));
        expect(scene.asked).toBeLessThanOrEqual(30);
        const choice = select(scene);
        expect(inOrder((choice.passed ?? []).map(({ stage }) => stage))).toBe(true);
        if (!choice.found) {
          expect(choice.stopped.stage).toMatch(/^(shortDelta|wings|liquidity|spread|credit|payoff)$/);
          return;
        }
        count += 1;
        const { candidate } = choice;
        const { legs, mid, natural, worstPrice = mid, unitMaxLoss, undefinedRisk, greeks, prediction } = candidate;
        expect(candidate.kind).toBe(kind);
        expect(new Set(legs.map(({ contract }) => contract.expiry))).toEqual(new Set([EXPIRY]));
        for (const { contract, ratio } of legs) {
          const quote = scene.quotes[contract.conId];
          expect(ratio > 0 ? quote?.ask : quote?.bid).toBeGreaterThan(0);
        }
        expect(quoteStructure(legs, scene.quotes)).toMatchObject({ known: true, ask: natural });
        expect(worstPrice).toBeLessThanOrEqual(natural);
        const { maxLoss } = extremes(legs, worstPrice);
        expect(undefinedRisk).toBe(maxLoss === "unbounded");
        expect(undefinedRisk).toBe(kind === "short-strangle");
        if (maxLoss !== "unbounded") expect(unitMaxLoss).toBe(maxLoss);
        expect(unitMaxLoss).toBeGreaterThan(0);
        expect(prediction?.probability).toBeGreaterThan(0);
        expect(prediction?.probability).toBeLessThan(1);
        const what = WHAT[kind];
        if (what === undefined) return;
        const at = (dollars: number) => payoffAt(legs, mid, price(dollars));
        const shorts = legs.filter(({ ratio }) => ratio < 0).map(({ contract }) => contract.strike / 10_000);
        const middle = shorts.reduce((sum, strike) => sum + strike, 0) / shorts.length;
        expect(what.gains(at(1), at(middle), at(market.spot * 3))).toBe(true);
        expect(mid < 0).toBe(what.credit);
        const leans = { rise: 1, fall: -1, calm: 0, move: 0, mixed: 0, nothing: 0 }[leanOf(legs)];
        if (leans !== 0) expect(Math.sign(greeks?.deltaShares ?? 0)).toBe(leans);
      }),
      { numRuns: 40 },
    );
    expect(count).toBeGreaterThan(10);
  });

  it("is the same whether its two looks or the whole chain are quoted, or better by its score", () => {
    const few = found(lookedScene(CALM, configOf(kind)));
    const all = STRATEGIES[kind].search(wholeScene(CALM, configOf(kind)));
    if (!all.found) throw new Error(JSON.stringify(all.stopped));
    const scores = all.candidates.map(({ prediction }) => prediction?.score as number);
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    expect(scores[0]).toBeGreaterThanOrEqual((few.prediction?.score as number) - 3);
  });

  it("goes nowhere without a volatility, and says at which stage", () => {
    const scene = lookedScene(CALM, configOf(kind));
    const noMids = Object.fromEntries(Object.entries(scene.quotes).map(([conId, quote]) => [conId, { ...quote, bid: null }]));
    const choice = select({ ...scene, quotes: noMids });
    expect(choice.found).toBe(false);
    expect(choice.refused?.count).toBeGreaterThan(0);
  });
});

describe("a structure is judged by its payoff", () => {
  const leanings = [
    [[leg(550, "P", 1), leg(560, "P", -1)], "rise"],
    [[leg(550, "P", -1), leg(560, "P", 1)], "fall"],
    [[leg(630, "C", -1), leg(640, "C", 1)], "fall"],
    [[leg(600, "C", 1), leg(612, "C", -1)], "rise"],
    [[leg(560, "P", -1), leg(630, "C", -1)], "calm"],
    [[leg(600, "P", 1), leg(600, "C", 1)], "move"],
    [[leg(560, "P", -1)], "rise"],
    [[leg(630, "C", -1)], "fall"],
    [[leg(600, "C", 1), leg(600, "P", -1), leg(610, "C", -1), leg(610, "P", 1)], "nothing"],
    [[leg(550, "P", -1), leg(560, "P", 2), leg(570, "P", -1)], "move"],
  ] as const;
  it.each(leanings)("%#", (legs, lean) => {
    expect(leanOf(legs)).toBe(lean);
  });

  it("is bounded by strikes when both its ends are flat", () => {
    expect(isWinged([leg(550, "P", 1), leg(560, "P", -1)])).toBe(true);
    expect(isWinged([leg(600, "C", 1), leg(610, "C", -2), leg(620, "C", 1)])).toBe(true);
    expect(isWinged([leg(560, "P", -1)])).toBe(false);
    expect(isWinged([leg(630, "C", -1)])).toBe(false);
    expect(isWinged([leg(560, "P", -1), leg(630, "C", -1)])).toBe(false);
  });

  it("so that a bull put the wrong way round is stopped, though it is called one", () => {
    const legs = [
      { right: "P", ratio: -1, delta: 0.1 },
      { right: "P", ratio: 1, delta: 0.3 },
    ] as const;
    const config = { ...configOf("custom"), legs };
    expect(leanOf(found(lookedScene(CALM, config)).legs)).toBe("fall");
    // Built of what a bear call is built of, it brings a credit too, and leans the wrong way.
    const wrong = strategyOf({ ...BULL_PUT, roles: BEAR_CALL.roles });
    expect(wrong.select(wholeScene(CALM, configOf("bull-put")))).toMatchObject({ found: false, stopped: { stage: "payoff" } });
    const turned = { ...configOf("bull-put"), entry: { ...configOf("bull-put").entry, wingWidthPoints: -10 } };
    expect(stageOf(wholeScene(CALM, turned))).toBe("credit");
  });

  it("and by its delta, when the two say different things", () => {
    const scene = wholeScene(CALM, configOf("bull-put"));
    const { legs } = found(scene);
    const judged = (delta: number | undefined) => judge(scene, BULL_PUT, { legs, delta, shocked: undefined }).outcome;
    expect(judged(0.05).found).toBe(true);
    expect(judged(-0.05)).toMatchObject({ found: false, stopped: { stage: "payoff", actual: -0.05 } });
    expect(judged(undefined)).toMatchObject({ found: false, stopped: { stage: "payoff" } });
  });

  it("a box gains nothing and is no trade", () => {
    const legs = (["C", "P"] as const).flatMap((right) => [
      { right, ratio: right === "C" ? 1 : -1, strike: 595 },
      { right, ratio: right === "C" ? -1 : 1, strike: 605 },
    ]);
    const config = { ...configOf("custom", { maxDebitPctOfWidth: 100 }), legs };
    expect(stageOf(wholeScene(CALM, config))).toBe("payoff");
  });

  it("the same contract twice is no structure", () => {
    const legs = [
      { right: "C", ratio: -1, strike: 620 },
      { right: "C", ratio: 2, strike: 620 },
    ] as const;
    const config = { ...configOf("custom", { maxSpreadPctOfWidth: 100 }), legs };
    expect(stageOf(wholeScene(CALM, config))).toBe("payoff");
  });
});

describe("risk without a bound", () => {
  const shortCall = { ...configOf("single-leg"), legs: [{ right: "C", ratio: -1, delta: 0.2 }] } as const;
  it("is named, and its loss is what the tail shocks cost", () => {
    for (const config of [configOf("short-strangle"), shortCall]) {
      const candidate = found(lookedScene(CALM, config));
      expect(candidate.undefinedRisk).toBe(true);
      expect(candidate.width).toBe(candidate.spot);
      expect(candidate.unitMaxLoss).toBeGreaterThan(0);
    }
  });
  it("of a strangle is at least what a fall of 12 % leaves of its put in the money", () => {
    fc.assert(
      fc.property(markets, (market) => {
        const choice = select(lookedScene(market, configOf("short-strangle")));
        if (!choice.found) return;
        const { legs, worstPrice = price(0), unitMaxLoss } = choice.candidate;
        const put = legs[0]?.contract.strike as number;
        const inside = put - market.spot * 0.88 * 10_000;
        // Discounting takes off less than 1 % here.
        expect(unitMaxLoss).toBeGreaterThan((0.98 * inside + worstPrice) * 100);
      }),
      { numRuns: 40 },
    );
  });
  it("is not that of a short put, which can only fall to zero", () => {
    const { undefinedRisk, unitMaxLoss, legs, worstPrice = price(0) } = found(lookedScene(CALM, configOf("single-leg")));
    expect(undefinedRisk).toBe(false);
    expect(unitMaxLoss).toBe(((legs[0]?.contract.strike as number) + worstPrice) * 100);
  });
});

describe("a wing", () => {
  it("that is not listed beyond its short leg stops the search, and the distance that was found is none", () => {
    const scene = wholeScene(CALM, configOf("bull-put"));
    const all = STRATEGIES["bull-put"].search(scene);
    const shorts = all.found ? all.candidates.map(({ legs }) => legs[1]?.contract.strike as number) : [];
    const options = scene.chain.options.filter(([, at, right]) => right === "C" || at >= Math.max(...shorts));
    const numbers = { actual: null, limit: 12 };
    expect(select({ ...scene, chain: { ...scene.chain, options } })).toMatchObject({
      found: false,
      stopped: { stage: "wings", ...numbers },
    });
  });
  it("has the width that is configured: points, or a share of spot", () => {
    const widthOf = (entry: Parameters<typeof configOf>[1]) =>
      found(wholeScene(CALM, configOf("bear-call", entry))).width / 10_000;
    for (const points of [5, 10, 20])
      expect(Math.abs(widthOf({ wingWidthPoints: points }) - points)).toBeLessThanOrEqual(points / 4);
    for (const share of [1, 2, 4])
      expect(Math.abs(widthOf({ wingWidthPct: share }) - 6 * share)).toBeLessThanOrEqual((6 * share) / 4);
  });
  it("of a condor is as wide as the other, to a strike", () => {
    fc.assert(
      fc.property(markets, (market) => {
        const choice = select(wholeScene(market, configOf("iron-condor")));
        if (!choice.found) return;
        const [a, b, c, d] = choice.candidate.legs.map(({ contract }) => contract.strike as number) as [
          number,
          number,
          number,
          number,
        ];
        expect(Math.abs(b - a - (d - c))).toBeLessThanOrEqual(price(market.strikeStep));
      }),
      { numRuns: 40 },
    );
  });
});

describe("a configured leg", () => {
  it("lies at its strike and no other, and an offset of nothing is a straddle", () => {
    const legs = [
      { right: "C", ratio: -1, strike: 603 },
      { right: "P", ratio: -1, offsetPoints: 0 },
    ] as const;
    const straddle = found(lookedScene(CALM, { ...configOf("custom"), legs }));
    expect(straddle.legs.map(({ contract, ratio }) => `${ratio}x${contract.strike / 10_000}${contract.right}`)).toEqual([
      "-1x603C",
      "-1x603P",
    ]);
    expect(straddle.undefinedRisk).toBe(true);
    const unlisted = [{ right: "C", ratio: 1, strike: 603.5 }] as const;
    expect(select(wholeScene(CALM, { ...configOf("single-leg"), legs: unlisted }))).toMatchObject({
      found: false,
      stopped: { stage: "strikes", reason: expect.stringMatching(/603.5C is not listed/) },
    });
  });
});

describe("the expiry of index options", () => {
  const config = {
    ...configOf("iron-condor", { dteMin: 0, dteTarget: 0, dteMax: 7 }),
    symbol: "SPX",
    underlyingSecType: "IND",
    tradingClass: "SPXW",
  } as const;
  const row = (tradingClass: string, ...days: string[]) => ({
    exchange: "SMART",
    tradingClass,
    multiplier: 100,
    expirations: days.map(tradingDay),
    strikes: [],
  });
  it("is of the class that is asked for, and may be today's but never one that is past", () => {
    const listed = [row("SPX", "2026-11-23"), row("SPXW", "2026-11-20", "2026-11-24", "2026-12-11")];
    const choose = (parameters: typeof listed) => STRATEGIES["iron-condor"].expiry(config, parameters, DAY);
    expect(choose(listed)).toMatchObject({ found: true, expiry: "2026-11-24", tradingClass: "SPXW" });
    expect(choose([...listed.slice(0, 1), row("SPXW", "2026-11-23", "2026-11-24")])).toMatchObject({ expiry: "2026-11-23" });
    expect(choose([row("SPXW", "2026-11-20")])).toMatchObject({ found: false, stopped: { stage: "expiry" } });
    expect(choose([row("SPX", "2026-11-23")])).toMatchObject({ found: false });
  });
  it("leaves a position that cannot be exercised early", () => {
    const american = (underlyingSecType: "STK" | "IND") =>
      found(lookedScene(CALM, { ...configOf("bull-put"), underlyingSecType })).american;
    expect(american("STK")).toBe(true);
    expect(american("IND")).toBe(false);
  });
});

describe("of structures that all fail", () => {
  it("the one that came furthest says why", () => {
    const scene = wholeScene(CALM, configOf("bull-put", { minScore: 99, maxSpreadPctOfWidth: 5 }));
    const first = select(scene).passed?.find(({ stage }) => stage === "shortDelta")?.reason as string;
    const strike = Number.parseFloat(first);
    const mid = boardOf(scene).rows.P.find((row) => row.strike === price(strike))?.mid as number;
    const wide = withQuote(scene, strike, "P", { bid: price(mid - 1), ask: price(mid + 1) });
    const choice = select(wide);
    expect(choice).toMatchObject({ found: false, stopped: { stage: "score", limit: 99 } });
    expect(choice.passed?.find(({ stage }) => stage === "shortDelta")?.reason).not.toBe(first);
  });
});

describe("the skew", () => {
  const skewed = (ratio: number, yearMedian: number | null) =>
    underlyingTold({ skew: { ratio, expiry: EXPIRY, yearMedian, daysKept: yearMedian === null ? 12 : 252 } });
  const config = {
    ...configOf("iron-condor"),
    filters: { ...STRATEGY.filters, skew: { shiftAbovePct: 15, targetFactor: 0.6, maxShiftDelta: 0.05 } },
  };
  const deltas = (state?: Scene["state"]) => {
    const { shortDeltas } = found(wholeScene(CALM, config, state === undefined ? {} : { state }));
    return { put: Math.abs(shortDeltas.put as number), call: shortDeltas.call as number };
  };
  it("when puts are rich, moves the short put out and leaves the call; when calls are, the other way round", () => {
    const richPuts = deltas(skewed(1.8, 1.4));
    const richCalls = deltas(skewed(1.0, 1.4));
    expect(richPuts.put).toBeLessThan(0.14);
    expect(Math.abs(richPuts.call - 0.16)).toBeLessThan(0.02);
    expect(richCalls.call).toBeLessThan(0.14);
    expect(Math.abs(richCalls.put - 0.16)).toBeLessThan(0.02);
  });
  it("never moves a target by more than its factor nor its cap, and never inward", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 0.5, noNaN: true }),
        fc.double({ min: 0.5, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 0.2, noNaN: true }),
        (target, targetFactor, maxShiftDelta) => {
          const filters = { ...STRATEGY.filters, skew: { shiftAbovePct: 15, targetFactor, maxShiftDelta } };
          const shifted = shiftedTarget(target, { config: { ...config, filters } });
          expect(shifted).toBeLessThanOrEqual(target);
          expect(shifted).toBeGreaterThanOrEqual(target * targetFactor);
          expect(shifted).toBeGreaterThanOrEqual(target - maxShiftDelta);
        },
      ),
    );
    expect(deltas(skewed(9, 1.4)).put).toBeGreaterThan(0.16 - 0.05 - 0.02);
  });
  it("that is not known, or has no year behind it, moves nothing and says so", () => {
    for (const state of [undefined, underlyingTold({ unknown: { skew: "no 25-delta call" } }), skewed(2, null)]) {
      const scene = wholeScene(CALM, config, state === undefined ? {} : { state });
      expect(skewShift(scene)).toMatchObject({ step: { stage: "skew", verdict: "skipped", reason: expect.stringMatching(/./) } });
      expect(skewShift(scene).rich).toBeUndefined();
      expect(deltas(state)).toEqual(deltas(skewed(1.4, 1.4)));
    }
  });
});

describe("hygiene refuses by name", () => {
  const scene = wholeScene(CALM, configOf("bull-put"));
  const reasonOf = (dirty: Scene, name: string): string | undefined =>
    boardOf(dirty).hygiene.refused.named.find(({ contract }) => contract === name)?.reason;
  const usedOf = (dirty: Scene): string[] => {
    const choice = STRATEGIES["bull-put"].search(dirty);
    return choice.found
      ? choice.candidates.flatMap(({ legs }) => legs.map(({ contract }) => `${contract.strike / 10_000}${contract.right}`))
      : [];
  };
  /** The short strike that a clean chain leads to. */
  const used = found(scene).legs[1]?.contract.strike as number;
  const strike = used / 10_000;
  const name = `${strike}P`;

  it("nothing in a clean chain near the money", () => {
    expect(reasonOf(scene, name)).toBeUndefined();
    expect(usedOf(scene)).toContain(name);
  });
  it.each([
    ["a crossed quote", { bid: price(4), ask: price(3) }, /crossed/],
    ["a stub quote", { bid: price(0.01), ask: price(9) }, /stub quote: 0.01 bid, 9.00 asked/],
    ["an option that nobody offers", { ask: null }, /nobody offers/],
    ["an option that nobody bids for, as a short leg", { bid: null, ask: price(0.05) }, /nobody bids/],
  ])("%s", (_what, change, reason) => {
    const dirty = withQuote(scene, strike, "P", change);
    expect(reasonOf(dirty, name)).toMatch(reason);
    expect(usedOf(dirty)).not.toContain(name);
    expect(usedOf(dirty).length).toBeGreaterThan(0);
  });
  it("a bid far below what exercise pays", () => {
    const deep = withQuote(scene, 650, "P", { bid: price(30), ask: price(51) });
    expect(boardOf(deep).hygiene.refusals.get(conIdAt(deep, 650, "P"))?.reason).toMatch(
      /bid 30.00 far below the 50.00 of exercise/,
    );
  });
  it("nobody: a wing without a bid may still be bought", () => {
    const cheap: Scene = {
      ...scene,
      config: { ...scene.config, entry: { ...scene.config.entry, shortDelta: 0.05, wingWidthPoints: 20 } },
    };
    const wing = (found(cheap).legs[0]?.contract.strike as number) / 10_000;
    const dirty = [-3, -2, -1, 0, 1, 2, 3].reduce(
      (scenes, n) => withQuote(scenes, wing + n, "P", { bid: null, ask: price(0.05) }),
      cheap,
    );
    expect(boardOf(dirty).hygiene.refusals.get(conIdAt(dirty, wing, "P"))?.reason).toMatch(/nobody bids/);
    expect(usedOf(dirty)).toContain(`${wing}P`);
    // Half its ask tells what it is like, and no strike is chosen by that.
    const board = boardOf(dirty);
    const row = board.rows.P.find(({ strike }) => strike === price(wing));
    expect(row && board.measure(row)?.sure).toBe(false);
    expect(found(dirty).greeks?.deltaShares).toBeGreaterThan(0);
  });
  it("too little open interest, and open interest that is not known unless that may pass", () => {
    const wants = { ...scene.config, entry: { ...scene.config.entry, minOpenInterest: 10 } };
    const withInterest = (n: number | undefined) => (quote: Scene["quotes"][string]) =>
      n === undefined ? quote : { ...quote, openInterest: n };
    const all = (n: number | undefined) =>
      Object.fromEntries(Object.entries(scene.quotes).map(([conId, quote]) => [conId, withInterest(n)(quote)]));
    const known: Scene = { ...scene, config: wants, quotes: all(500) };
    expect(found(known).legs[1]?.contract.strike).toBe(used);
    for (const few of [0, 9]) {
      const dirty = withQuote(known, strike, "P", { openInterest: few });
      expect(reasonOf(dirty, name)).toBe(`open interest ${few} below 10`);
      expect(usedOf(dirty)).not.toContain(name);
    }
    // The wing as well as the short leg.
    const wing = (found(known).legs[0]?.contract.strike as number) / 10_000;
    expect(usedOf(known)).toContain(`${wing}P`);
    expect(usedOf(withQuote(known, wing, "P", { openInterest: 1 }))).not.toContain(`${wing}P`);
    const unknown = (whenUnknown: "deny" | "skip"): Scene => ({
      ...scene,
      config: { ...wants, filters: { ...wants.filters, openInterest: { whenUnknown } } },
    });
    expect(select(unknown("deny"))).toMatchObject({ found: false, stopped: { stage: "hygiene", actual: 0 } });
    expect(found(unknown("skip")).legs[1]?.contract.strike).toBe(used);
  });
  it("the strikes that a split leaves behind", () => {
    const odd = option(strike + 0.33, "P");
    const options = [...scene.chain.options, [odd.conId, odd.strike, "P" as Right] as const].toSorted((a, b) => a[1] - b[1]);
    const quotes = { ...scene.quotes, [odd.conId]: scene.quotes[conIdAt(scene, strike, "P")] as Quote };
    const dirty: Scene = { ...scene, chain: { ...scene.chain, options }, quotes };
    expect(reasonOf(dirty, `${strike + 0.33}P`)).toMatch(/adjusted contract/);
    expect(usedOf(dirty)).not.toContain(`${strike + 0.33}P`);
  });
  it("a hole in the grid near the money, and not where a grid only becomes coarser", () => {
    const gone = new Set([price(581), price(582), price(583)]);
    const options = scene.chain.options.filter(([, at, right]) => right === "C" || !gone.has(at));
    const holed: Scene = { ...scene, chain: { ...scene.chain, options } };
    expect(reasonOf(holed, "580-584P")).toMatch(/hole/);
    const coarse = scene.chain.options.filter(([, at]) => at >= price(560) || at % price(5) === 0);
    const count = (of: Scene) => boardOf(of).hygiene.refused.count;
    expect(count({ ...scene, chain: { ...scene.chain, options: coarse } })).toBeLessThanOrEqual(count(scene));
    expect(count(holed)).toBe(count(scene) + 1);
  });
  it("a chain whose forward is more than 1 % from the underlying", () => {
    for (const off of [0.97, 1.03]) expect(stageOf({ ...scene, spot: price(600 * off) })).toBe("forward");
    expect(stageOf({ ...scene, spot: price(602) })).toBe("found");
  });
  it("contracts of another class and of another deliverable, when the chain is taken", () => {
    const details = (contract: ReturnType<typeof option>) => ({
      contract,
      minTick: price(0.01),
      longName: "",
      contractMonth: "",
      underlyingConId: 1,
      timeZone: "",
      tradingHours: "",
      liquidHours: "",
    });
    const listed = [
      { ...option(600, "P"), conId: 1, multiplier: 150 },
      option(600, "P"),
      option(601, "P"),
      { ...option(602, "P"), tradingClass: "SPY1" },
      option(603, "P", tradingDay("2027-02-19")),
    ].map(details);
    const chain = chainOf(listed, EXPIRY, "SPY");
    expect(chain?.options.map(([, at]) => at / 10_000)).toEqual([600, 601]);
    expect(chain?.multiplier).toBe(100);
    expect(chain?.refused).toEqual({
      count: 2,
      named: [
        { contract: "600P", reason: "delivers 150, not 100: an adjusted contract" },
        { contract: "602P", reason: "of class SPY1" },
      ],
    });
  });
  it("and names a few, but counts all", () => {
    const quotes = Object.fromEntries(Object.entries(scene.quotes).map(([conId, quote]) => [conId, { ...quote, ask: null }]));
    const { refused } = boardOf({ ...scene, quotes }).hygiene;
    expect(refused.count).toBe(scene.chain.options.length);
    expect(refused.named).toHaveLength(8);
  });
});

describe("a volatility", () => {
  it("is told by the side out of the money, so that an option in the money shows no early exercise as volatility", () => {
    fc.assert(
      fc.property(markets, fc.integer({ min: 2, max: 8 }), (market: Market, percent) => {
        const scene = wholeScene(market, configOf("bull-call"));
        const { rows, ground } = boardOf(scene);
        if (ground === undefined) return;
        const inside = rows.P.find(({ strike }) => strike / 10_000 > ground.forward * (1 + percent / 100));
        const outside = rows.C.find(({ strike }) => strike === inside?.strike);
        if (inside === undefined || outside === undefined) return;
        const dear = withQuote(scene, inside.strike / 10_000, "P", {
          bid: price(inside.mid + 0.4),
          ask: price(inside.mid + 0.5),
        });
        const board = boardOf(dear);
        const row = board.rows.P.find(({ strike }) => strike === inside.strike);
        const told = row && board.measure(row);
        const other = board.measure(outside);
        if (other?.sure) expect(told?.vol).toBe(other.vol);
      }),
      { numRuns: 40 },
    );
  });
});
