/** What strategies and the rules of a position measure of options that may be exercised early. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { yearsToExpiry } from "../../src/domain/calendar/time-to-expiry.ts";
import type { Leg, Right } from "../../src/domain/contract.ts";
import { dividendsAhead } from "../../src/domain/options/cash-dividends.ts";
import { earlyExerciseBound } from "../../src/domain/options/early-exercise.ts";
import { type ExpiryTerms, groundOn, HALF_TICK, isInTheMoney, movedGround } from "../../src/domain/options/expiry-ground.ts";
import { americanValue, europeanValue } from "../../src/domain/options/leisen-reimer.ts";
import { greeksAt, type Measures, measuresOf, worthAt } from "../../src/domain/options/priced-option.ts";
import { structureGreeks } from "../../src/domain/options/structure-greeks.ts";
import { boardOf } from "../../src/domain/strategies/board.ts";
import { viewOfMoney } from "../../src/domain/strategies/money-view.ts";
import type { Scene } from "../../src/domain/strategies/strategy.ts";
import { tailLoss } from "../../src/domain/strategies/tail-loss.ts";
import { price, tradingDay } from "../../src/domain/units.ts";
import { expiryVols } from "../../src/domain/volatility/survey.ts";
import { type AmericanMarket, americanScene, optionOn, QUARTER } from "../support/american-market.ts";
import { CALM, CONDOR, NOON, option, quoteOf, RATE_PCT } from "../support/quoted-chain.ts";
import { conIdAt, withQuote } from "../support/scenes.ts";

const measured = (scene: Scene, strike: number, right: Right): Measures => {
  const board = boardOf(scene);
  const row = board.rows[right].find((one) => one.strike === price(strike));
  const measures = row && board.measure(row);
  if (measures === undefined) expect.fail(`${strike}${right} is not measured: ${board.parity.kind}`);
  return measures;
};
const forwardOf = (scene: Scene): number => {
  const { parity } = boardOf(scene);
  return parity.kind === "no-strikes" ? Number.NaN : parity.forward;
};
const PAYS = { exDate: tradingDay("2027-02-16"), amount: price(6) };
const DIVIDEND: AmericanMarket = { ...QUARTER, dividendYield: 0, dividend: PAYS };

describe("a board of American options", () => {
  it("gives back the volatilities and Greeks that its quotes were made of", () => {
    const scene = americanScene(QUARTER);
    expect(forwardOf(scene) / (600 * Math.exp(0.028 * optionOn(QUARTER, "C", 600).years))).toBeCloseTo(1, 4);
    const board = boardOf(scene);
    for (const row of [...board.rows.C, ...board.rows.P]) {
      const measures = board.measure(row);
      const made = americanValue(optionOn(QUARTER, row.right, row.strike / 10_000));
      if (measures === undefined) expect.fail(`${row.strike}${row.right}`);
      expect(Math.abs(measures.vol - QUARTER.volAt(row.strike / 10_000))).toBeLessThan(0.002);
      expect(Math.abs(measures.delta - made.delta)).toBeLessThan(0.01);
      expect(Math.abs(measures.gamma - made.gamma)).toBeLessThan(0.001);
      // Where it is almost best exercised, vega ends at once, and 51 steps do not tell the place like 201.
      if (made.vega >= 60) expect(Math.abs(measures.vega / made.vega - 1)).toBeLessThan(0.1);
    }
  });

  it("sees the premium in puts in the money, and in calls before a dividend; none on an index", () => {
    expect(measured(americanScene(QUARTER), 690, "P").premium).toBeGreaterThan(1);
    expect(measured(americanScene(QUARTER), 510, "C").premium).toBe(0);
    expect(measured(americanScene(DIVIDEND), 510, "C").premium).toBeGreaterThan(0.5);
    expect(measured(americanScene(QUARTER, "IND"), 690, "P").premium).toBe(0);
  });

  it("takes a strike's volatility from its side out of the money, the other's only without it", () => {
    const scene = americanScene(QUARTER);
    expect(measured(scene, 520, "C").vol).toBe(measured(scene, 520, "P").vol);
    expect(measured(scene, 680, "P").vol).toBe(measured(scene, 680, "C").vol);
    const alone = measured(withQuote(scene, 650, "C", { bid: null, ask: null }), 650, "P");
    // Solved as a European one it would be dearer than it is.
    expect(alone.vol).toBeCloseTo(QUARTER.volAt(650), 2);
    expect(alone.delta).toBeCloseTo(americanValue(optionOn(QUARTER, "P", 650)).delta, 2);
    const european = boardOf(withQuote(americanScene(QUARTER, "IND"), 650, "C", { bid: null, ask: null }));
    const row = european.rows.P.find(({ strike }) => strike === price(650));
    expect((row && european.measure(row)?.vol) ?? Number.NaN).toBeGreaterThan(alone.vol + 0.01);
  });

  it("takes early exercise out of the prices that tell a far expiry's forward", () => {
    const far = { ...QUARTER, expiry: tradingDay("2028-06-16"), volAt: () => 0.2 };
    const carried = 600 * Math.exp(0.028 * optionOn(far, "C", 600).years);
    expect(Math.abs(forwardOf(americanScene(far)) - carried)).toBeLessThan(0.6);
    // Left in, the puts' premium puts it dollars too low.
    expect(forwardOf(americanScene(far, "IND"))).toBeLessThan(carried - 2);
  });

  it("measures options out of the money like European ones up to 60 days, to the last digit", () => {
    // Evenly spread; doubles of fast-check crowd around zero.
    const evenly = (from: number, to: number) => fc.integer({ min: 0, max: 1_000 }).map((n) => from + ((to - from) * n) / 1_000);
    const terms: fc.Arbitrary<ExpiryTerms> = fc.record({
      spot: evenly(50, 900),
      years: evenly(0.01, 60 / 365),
      rate: evenly(-0.01, 0.08),
      american: fc.constant(true),
      dividends: fc.option(fc.constant([{ years: 0.005, amount: 1 }]), { nil: undefined }),
    });
    let [outside, tree] = [0, 0];
    fc.assert(
      fc.property(terms, evenly(-0.15, 0.15), evenly(0.05, 0.8), (given, away, vol) => {
        const forward = given.spot * Math.exp((given.rate - 0.01) * given.years);
        const strike = forward * Math.exp(away);
        const [american, european] = [true, false].map((early) => groundOn(forward, { ...given, american: early }));
        if (american === undefined || european === undefined) return;
        for (const right of ["C", "P"] as const) {
          const own = worthAt(american, right, strike, vol);
          const otherSide = worthAt(american, right === "C" ? "P" : "C", strike, vol);
          const [one, other] = [american, european].map((ground) => measuresOf(ground, right, strike, { own, otherSide }));
          if (isInTheMoney(right, strike, forward)) {
            if ((one?.premium ?? 0) > 0) tree += 1;
            continue;
          }
          outside += 1;
          expect(one).toEqual(other);
        }
      }),
    );
    expect([outside > 50, tree > 10]).toEqual([true, true]);
  });

  it("reckons theta with the forward held still, in the tree as by the formula", () => {
    const [spot, years, rate, yielded] = [600, 0.2, 0.04, 0.012];
    const forward = spot * Math.exp((rate - yielded) * years);
    const later = years - 4 / 365;
    const carried = forward * Math.exp(-(rate - yielded) * later);
    for (const american of [true, false])
      for (const strike of [600, 630, 645]) {
        const [ground, after] = [
          groundOn(forward, { spot, years, rate, american }),
          groundOn(forward, { spot: carried, years: later, rate, american }),
        ];
        const lost = (worthAt(after, "P", strike, 0.2) - worthAt(ground, "P", strike, 0.2)) / (years - later);
        expect(Math.abs(greeksAt(ground, "P", strike, 0.2).theta - lost)).toBeLessThan(0.04 * Math.abs(lost) + 0.5);
      }
  });

  it("refuses what could be bought for less than exercise pays, unless it cannot be exercised", () => {
    const cheap = { bid: price(45), ask: price(49) };
    const refusal = (secType: "STK" | "IND") => {
      const scene = withQuote(americanScene(QUARTER, secType), 650, "P", cheap);
      return boardOf(scene).hygiene.refusals.get(conIdAt(scene, 650, "P"))?.reason;
    };
    expect(refusal("STK")).toBe("asked 49.00, less than the 50.00 of exercise");
    expect(refusal("IND")).toBeUndefined();
  });

  it("refuses both of two contracts that claim to be one", () => {
    const scene = americanScene(QUARTER);
    const options = [...scene.chain.options, [777, price(600), "C"] as const].toSorted(
      (a, b) => a[1] - b[1] || (a[2] < b[2] ? -1 : a[2] > b[2] ? 1 : a[0] - b[0]),
    );
    const twin = {
      ...scene,
      chain: { ...scene.chain, options },
      quotes: { ...scene.quotes, 777: { ...scene.quotes[conIdAt(scene, 600, "C")], conId: 777 } },
    } as Scene;
    const { hygiene, rows } = boardOf(twin);
    expect([...hygiene.refusals.keys()].toSorted()).toEqual([777, conIdAt(scene, 600, "C")].toSorted());
    expect(rows.C.some(({ strike }) => strike === price(600))).toBe(false);
  });
});

describe("a put in the money, to a strategy and to the rules of a position", () => {
  const seen = (scene: Scene, strike: number, right: Right, american = true) => {
    const leg: Leg = { contract: option(strike, right, scene.chain.expiry), ratio: 1 };
    const years = yearsToExpiry(NOON, scene.chain.expiry);
    const carry = Math.log(forwardOf(scene) / (scene.spot / 10_000)) / years;
    const { quotes, spot, riskFreeRatePct, now } = scene;
    const dividend = scene.state?.dividend ?? null;
    const found = structureGreeks({ legs: [leg], quotes, spot, carry, riskFreeRatePct, now, american, dividend });
    if (!found.known) expect.fail(found.missing.join());
    return found.greeks;
  };

  it.each([
    ["a put in the money", QUARTER, 650, "P"],
    ["a put further in", QUARTER, 670, "P"],
    ["a call before a dividend", DIVIDEND, 555, "C"],
  ] as const)("%s has the American Greeks in both places, and they agree", (_, market, strike, right) => {
    const scene = americanScene(market);
    const made = optionOn(market, right, strike);
    const [american, european] = [americanValue(made), europeanValue(made)];
    expect(earlyExerciseBound(made)).toBeGreaterThan(HALF_TICK);
    const [onBoard, inSlot] = [measured(scene, strike, right), seen(scene, strike, right)];
    for (const { delta, gamma } of [onBoard, inSlot]) {
      expect(Math.abs(delta - american.delta)).toBeLessThan(0.25 * Math.abs(american.delta - european.delta));
      expect(Math.abs(gamma - american.gamma)).toBeLessThan(0.15 * american.gamma);
    }
    expect(Math.abs(onBoard.delta - inSlot.delta)).toBeLessThan(0.005);
    expect(Math.abs(onBoard.vega - inSlot.vegaUsd)).toBeLessThan(0.1 * onBoard.vega);
    expect(Math.abs(onBoard.theta / 3.65 - inSlot.thetaUsd)).toBeLessThan(0.2);
  });

  it("that is best exercised at once moves like the stock in both places", () => {
    const scene = americanScene(QUARTER);
    expect(measured(scene, 700, "P").delta).toBeLessThan(-0.99);
    expect(seen(scene, 700, "P").delta).toBeLessThan(-0.99);
    expect(seen(scene, 700, "P", false).delta).toBeGreaterThan(-0.99);
  });

  it("changes nothing for a condor out of the money", () => {
    const quotes = Object.fromEntries(CONDOR.map(({ contract }) => [contract.conId, quoteOf(CALM, contract, NOON)]));
    const of = (american: boolean) =>
      structureGreeks({
        legs: CONDOR,
        quotes,
        spot: price(600),
        carry: 0.028,
        riskFreeRatePct: 4,
        now: NOON,
        american,
        dividend: PAYS,
      });
    expect(of(true)).toEqual(of(false));
  });
});

describe("a forward a year out", () => {
  const YEAR = tradingDay("2027-11-19");
  const LARGE: AmericanMarket = { ...QUARTER, expiry: YEAR, dividendYield: 0.013, volAt: () => 0.18 };
  it("of a fund that pays 1.3 % belongs to its spot, whether its dividend is known or not", () => {
    expect(boardOf(americanScene(LARGE)).parity).toMatchObject({ kind: "ok", limitPct: expect.closeTo(3.5, 1) });
    const pays = { exDate: tradingDay("2026-12-18"), amount: price(1.95) };
    const known = boardOf(americanScene({ ...LARGE, dividendYield: 0, dividend: pays }));
    expect(known.dividends).toBe(7.8);
    expect(known.parity).toMatchObject({ kind: "ok", limitPct: 1 });
    expect(Math.abs(known.parity.kind === "ok" ? known.parity.offPct : Number.NaN)).toBeLessThan(0.1);
    expect(dividendsAhead(pays, NOON, YEAR)?.map(({ years }) => Math.round(years * 365))).toEqual([25, 116, 207, 298]);
  });

  it("is refused when it is off its spot by more than dividends explain, above by more than 1 %, and by more than 1 % where they are known", () => {
    const off = (share: number, market: AmericanMarket) => {
      const scene = americanScene(market);
      return boardOf({ ...scene, spot: price(600 * (1 + share)) }).parity.kind;
    };
    expect(off(0.01, LARGE)).toBe("ok");
    expect(off(0.03, LARGE)).toBe("off-spot");
    expect(off(-0.025, LARGE)).toBe("off-spot");
    const pays = { exDate: tradingDay("2026-12-18"), amount: price(1.95) };
    expect(off(0.015, { ...LARGE, dividendYield: 0, dividend: pays })).toBe("off-spot");
  });

  it("is held to 1 % in the days in which positions are entered, dividends known or not", () => {
    for (const expiry of ["2026-12-24", "2027-01-08", "2027-01-22"].map(tradingDay)) {
      const scene = americanScene({ ...QUARTER, expiry });
      expect(boardOf(scene).parity).toMatchObject({ kind: "ok", limitPct: 1 });
      for (const share of [0.015, -0.015])
        expect(boardOf({ ...scene, spot: price(600 * (1 + share)) }).parity.kind).toBe("off-spot");
    }
  });

  it("says in the funnel what the spot was carried with", () => {
    const reason = (market: AmericanMarket) => {
      const { passed = [] } = viewOfMoney(americanScene(market));
      return passed.find(({ stage }) => stage === "forward")?.reason;
    };
    expect(reason(QUARTER)).toMatch(/no dividend is known/);
    expect(reason(DIVIDEND)).toBe("dividends of 6.00 USD before the expiry");
  });
});

describe("the survey of an underlying", () => {
  it("finds the volatility at the money that American quotes were made of", () => {
    const { chain, quotes, spot, now, riskFreeRatePct } = americanScene(QUARTER);
    const freshness = { underlyingSeconds: 5, vixSeconds: 60, legMinutes: 15 };
    const at = (american: boolean): number => {
      const { atm } = expiryVols({ chain, quotes, spot, now, riskFreeRatePct, freshness, american });
      return atm.known ? atm.vol : expect.fail(atm.missing);
    };
    const made = QUARTER.volAt(600 * Math.exp(0.028 * optionOn(QUARTER, "C", 600).years));
    expect(Math.abs(at(true) - made)).toBeLessThan(0.0005);
    expect(Math.abs(at(false) - made)).toBeGreaterThan(0.0009);
  });
});

describe("the tail loss of American options", () => {
  it("is never less than what exercise would cost right after the shock", () => {
    const scene = americanScene(QUARTER);
    const { ground } = boardOf(scene);
    if (ground === undefined) expect.fail("no ground");
    const legs = [{ right: "P" as const, strike: 600, ratio: -1, vol: QUARTER.volAt(600) }];
    const loss = tailLoss({ ground, legs }, -price(20));
    expect(loss).toBeGreaterThanOrEqual(price(72) - price(20));
    const { american: _, ...european } = ground;
    expect(loss).toBeGreaterThan(tailLoss({ ground: european, legs }, -price(20)));
    expect(movedGround(ground, -0.12).spot).toBeCloseTo(528, 9);
    expect(RATE_PCT).toBe(4);
  });
});
