/**
 * What selling options earns in the synthetic world: nothing by default, on average over many lives. Sold at mid and held to
 * expiry, as no one should trade it: management and costs are other matters.
 */
import { describe, expect, it } from "vitest";
import { tradingDayAfter } from "../../src/domain/calendar/market-calendar.ts";
import { normalCdf } from "../../src/domain/options/normal.ts";
import type { TradingDay } from "../../src/domain/units.ts";
import { ORDINARY_STATE, sessionWeights, walkDay } from "../../src/sim/market/index-path.ts";
import { ETFS, type Etf } from "../../src/sim/market/instruments.ts";
import { randomStream } from "../../src/sim/market/random.ts";
import { releaseOn } from "../../src/sim/market/releases.ts";
import { FITTED_SKEW } from "../../src/sim/market/skew-shocks.ts";
import { type Smile, smileOf, volAt } from "../../src/sim/market/surface.ts";
import { DEFAULT_RATE } from "../../src/sim/market/synthetic-market.ts";
import { deviation, mean } from "../support/statistics.ts";

const HOLD = 31;
const YEARS = HOLD / 252;
const LIVES = 30;
const SESSIONS = 9300;

/** Per life, days apart by a holding period: ln VIX, and what each index did until expiry, over its forward. */
interface Trade {
  readonly logVix: number;
  readonly moved: readonly number[];
}
const trades: Trade[][] = Array.from({ length: LIVES }, (_, life) => {
  const [draw, news] = [randomStream(life, "premium"), randomStream(life, "premium/news")];
  const [night, session] = [Float64Array.of(1), sessionWeights(1)];
  let state = ORDINARY_STATE;
  let day = "1990-01-02" as TradingDay;
  const sold: Trade[] = [];
  for (let i = 0; i < SESSIONS; i++, day = tradingDayAfter(day)) {
    if (i % HOLD === 0 && i > 0) {
      const before = sold.at(-1);
      const carry = ETFS.map(({ dividendYield }) => (DEFAULT_RATE - dividendYield) * YEARS);
      if (before !== undefined) sold[sold.length - 1] = { ...before, moved: state.logPrice.map((log, j) => log - carry[j]!) };
      state = { ...state, logPrice: [0, 0, 0] };
      sold.push({ logVix: state.logVix, moved: [] });
    }
    const release = releaseOn(day);
    const due = { step: (release?.minute ?? 0) < 570 ? 0 : 1, extraDays: release?.extraDays ?? 0, outcome: news.normal() };
    state = walkDay(state, draw, night, session, release === undefined ? {} : { news: due }).end;
  }
  return sold.slice(0, -1);
});

/** Value over the forward, of a strike at log-moneyness `k`. */
const worth = (smile: Smile, k: number, sign: 1 | -1): number => {
  const deviated = volAt(smile, k) * Math.sqrt(smile.years);
  const d1 = deviated / 2 - k / deviated;
  return sign * (normalCdf(sign * d1) - Math.exp(k) * normalCdf(sign * (d1 - deviated)));
};
const strikeOf = (smile: Smile, delta: number, sign: 1 | -1): number => {
  let [inside, outside] = [0, sign * 1.5];
  for (let i = 0; i < 40; i++) {
    const k = (inside + outside) / 2;
    const deviated = volAt(smile, k) * Math.sqrt(smile.years);
    if (normalCdf(sign * (deviated / 2 - k / deviated)) > delta) inside = k;
    else outside = k;
  }
  return (inside + outside) / 2;
};

interface Sold {
  readonly strangle: number;
  readonly condor: number;
  readonly premium: number;
}
/** What a 16-delta strangle earned, and a condor with wings at 5 delta: shares of the forward. */
const sell = (etf: Etf, { logVix, moved }: Trade, premium: number): Sold => {
  const terms = { skew: FITTED_SKEW, premium, varianceDays: YEARS * 365 };
  const smile = smileOf(etf.smile, logVix, YEARS, terms);
  const end = Math.exp(moved[etf.index]!);
  const sides = ([1, -1] as const).map((sign) => {
    const [near, far] = [strikeOf(smile, 0.16, sign), strikeOf(smile, 0.05, sign)];
    const paid = (k: number): number => Math.max(0, sign * (end - Math.exp(k)));
    const [got, spent] = [worth(smile, near, sign), worth(smile, far, sign)];
    return { got, strangle: got - paid(near), condor: got - spent - paid(near) + paid(far) };
  });
  const total = (of: "got" | "strangle" | "condor"): number => sides[0]![of] + sides[1]![of];
  return { strangle: total("strangle"), condor: total("condor"), premium: total("got") };
};

/** Earned per dollar of strangle premium, by life. */
const earned = (etf: Etf, kind: "strangle" | "condor", premium = 0, fits: (trade: Trade) => boolean = () => true) => {
  const byLife = trades.map((life) => {
    const sold = life.filter(fits).map((trade) => sell(etf, trade, premium));
    return { got: mean(sold.map((one) => one[kind])), premium: mean(sold.map((one) => one.premium)) };
  });
  const typical = mean(byLife.map((life) => life.premium));
  const shares = byLife.map((life) => life.got / typical);
  return { mean: mean(shares), error: deviation(shares) / Math.sqrt(shares.length - 1) };
};

describe("premium sold for 45 days at 16 delta, held to expiry", () => {
  it.each(ETFS.map((etf) => [etf.symbol, etf] as const))(
    "earns nothing on %s: strangles and condors are within noise of zero",
    (_, etf) => {
      for (const kind of ["strangle", "condor"] as const) {
        const { mean: share, error } = earned(etf, kind);
        expect(error, `${kind}: the noise`).toBeLessThan(0.08);
        expect(Math.abs(share), `${kind} ${share.toFixed(3)} ± ${error.toFixed(3)}`).toBeLessThan(Math.max(2.5 * error, 0.05));
      }
    },
  );

  it("earns nothing in calm and in nervous times alike", () => {
    for (const fits of [
      ({ logVix }: Trade) => logVix < Math.log(15),
      ({ logVix }: Trade) => logVix >= Math.log(15) && logVix < Math.log(21),
      ({ logVix }: Trade) => logVix >= Math.log(21),
    ]) {
      const { mean: share, error } = earned(ETFS[0], "strangle", 0, fits);
      expect(Math.abs(share), `${share.toFixed(3)} ± ${error.toFixed(3)}`).toBeLessThan(Math.max(2.5 * error, 0.05));
    }
  });

  it("earns what the knob says: a point of volatility is worth its vega", () => {
    const [none, one, two] = [0, 1, 2].map((points) => earned(ETFS[0], "strangle", points).mean);
    expect(one! - none!).toBeGreaterThan(0.05);
    expect(two! - one!).toBeGreaterThan(0.03);
  });
});
