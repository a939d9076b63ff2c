/**
 * How long it takes to lay out and measure a whole chain on one core, as the strategies do it (their board, with every option solved):
 * hygiene, the forward, implied volatilities and Greeks. As many contracts as GOOG had on 2015-12-24, over 18 expiries from two days to
 * two years, with a skew, quotes on ticks, and American prices at a rate of 4 %; no dividend is known.
 */
import { addDays } from "../src/domain/calendar/civil-date.ts";
import { isTradingDay, tradingDayBefore } from "../src/domain/calendar/market-calendar.ts";
import { yearsToExpiry } from "../src/domain/calendar/time-to-expiry.ts";
import { americanPrice } from "../src/domain/options/leisen-reimer.ts";
import { boardOf } from "../src/domain/strategies/board.ts";
import type { Scene } from "../src/domain/strategies/strategy.ts";
import type { Measurement } from "./measurement.ts";
import { BENCH_DAY, BENCH_NOW, quotedScene } from "./scene.ts";
import { median, threadCpu } from "./statistics.ts";

const CONTRACTS = 2_192;
const DAYS = [2, 4, 9, 11, 16, 23, 30, 37, 44, 58, 86, 121, 177, 240, 331, 422, 540, 730];
const SPOT = 750;
const RATE_PCT = 4;
const YIELD = 0.012;
const WIDTH = 2.8;

/** Strikes up to 2.8 deviations around the spot, on both sides, as far as there are bids; quotes round outwards to the tick. */
const syntheticChain = (): Scene[] => {
  const strikesInAll = CONTRACTS / 2;
  return DAYS.map((days, n) => {
    const wished = addDays(BENCH_DAY, days);
    const expiry = isTradingDay(wished) ? wished : tradingDayBefore(wished);
    const years = yearsToExpiry(BENCH_NOW, expiry);
    const count = Math.floor(strikesInAll / DAYS.length) + (n < strikesInAll % DAYS.length ? 1 : 0);
    const reach = Math.min(0.5, WIDTH * 0.24 * Math.sqrt(years));
    const step = Math.max(0.5, Math.floor((4 * reach * SPOT) / (count - 1)) / 2);
    return quotedScene({
      spot: SPOT,
      ratePct: RATE_PCT,
      expiry,
      strikes: Array.from({ length: count }, (_, k) => SPOT + step * (k - Math.floor(count / 2))),
      firstConId: 1_000_000 * (n + 1),
      worth: (right, strike) => {
        const distance = Math.log(strike / SPOT);
        const vol = 0.24 - 0.12 * distance + 0.2 * distance * distance;
        return americanPrice({ right, spot: SPOT, strike, years, rate: RATE_PCT / 100, dividendYield: YIELD, vol });
      },
      halfSpread: (worth) => 0.01 + 0.01 * worth,
    });
  });
};

export const chainPriced: Measurement = {
  name: "chain",
  title: `chain priced: ${CONTRACTS.toLocaleString("en-US")} contracts, volatilities and Greeks`,
  limit: { at: "most", value: 30, unit: "ms" },
  async run({ effort, say }) {
    const rounds = effort === "quick" ? 15 : 101;
    const scenes = syntheticChain();
    const contracts = scenes.reduce((sum, { chain }) => sum + chain.options.length, 0);
    let [priced, american, unpriced] = [0, 0, 0];
    const round = (): void => {
      [priced, american] = [0, 0];
      for (const scene of scenes) {
        const { rows, measure } = boardOf(scene);
        for (const row of [...rows.C, ...rows.P]) {
          const measures = measure(row);
          if (measures?.sure) priced++;
          if (measures !== undefined && measures.premium > 0) american++;
        }
      }
      unpriced = contracts - priced;
    };
    for (let warmUp = 0; warmUp < 10; warmUp++) round();
    const times: number[] = [];
    const cpu: number[] = [];
    for (let n = 0; n < rounds; n++) {
      const [began, used] = [performance.now(), threadCpu()];
      round();
      times.push(performance.now() - began);
      cpu.push((threadCpu() - used) / 1_000);
    }
    if (contracts !== CONTRACTS) return { absent: `the chain has ${contracts} contracts` };
    say(`${priced} priced, ${american} with an early-exercise premium, ${unpriced} refused or without a sure volatility`);
    return {
      value: median(times),
      rounds: times,
      figures: [
        { name: "CPU", value: median(cpu), unit: "ms" },
        { name: "priced", value: priced, unit: "contracts" },
        { name: "of them American", value: american, unit: "contracts" },
        { name: "refused, or not sure", value: unpriced, unit: "contracts" },
      ],
    };
  },
};
