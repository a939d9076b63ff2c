/**
 * How long it takes to find the best iron condors in a whole chain: as many contracts as one recorded day of a single stock had, laid out
 * over eight expiries and quoted around a skewed smile, from raw quotes to scored candidates, by the search that the strategy runs. In
 * CPU time of the one thread that it takes; nothing is kept between the rounds.
 */
import { addDays } from "../src/domain/calendar/civil-date.ts";
import { isTradingDay, tradingDayBefore } from "../src/domain/calendar/market-calendar.ts";
import { yearsToExpiry } from "../src/domain/calendar/time-to-expiry.ts";
import { blackPrice, carriedForward, discountFactor } from "../src/domain/options/black-scholes-merton.ts";
import { ironCondor } from "../src/domain/strategies/iron-condor.strategy.ts";
import type { Scene } from "../src/domain/strategies/strategy.ts";
import type { Measurement } from "./measurement.ts";
import { BENCH_DAY, BENCH_NOW, quotedScene } from "./scene.ts";
import { median, quantile, threadCpu } from "./statistics.ts";

const SPOT = 600;
const RATE_PCT = 4;
/** 8 expiries of 137 strikes, a call and a put each: 2,192 contracts. */
const DAYS_OUT = [18, 25, 32, 39, 46, 53, 60, 88];
const STRIKES = 137;
/** Per round: the CPU clock of a thread ticks in several milliseconds. */
const SEARCHES = 20;

const sceneOf = (daysOut: number, firstConId: number): Scene => {
  const wished = addDays(BENCH_DAY, daysOut);
  const expiry = isTradingDay(wished) ? wished : tradingDayBefore(wished);
  const years = yearsToExpiry(BENCH_NOW, expiry);
  const forward = carriedForward(SPOT, RATE_PCT / 100, 0.012, years);
  const discount = discountFactor(RATE_PCT / 100, years);
  return quotedScene({
    spot: SPOT,
    ratePct: RATE_PCT,
    expiry,
    strikes: Array.from({ length: STRIKES }, (_, n) => SPOT + (n - 80) * 2),
    firstConId,
    worth: (right, strike) => {
      const vol = Math.max(0.08, 0.15 - 0.6 * Math.log(strike / SPOT));
      const european = blackPrice({ right, forward, strike, years, discount, vol });
      return Math.max(european, right === "C" ? SPOT - strike : strike - SPOT);
    },
    halfSpread: (worth) => 0.01 + 0.002 * worth,
  });
};

export const candidates: Measurement = {
  name: "candidates",
  title: "a chain of 2,192 contracts searched for iron condors",
  limit: { at: "most", value: 10, unit: "ms of CPU" },
  async run({ effort, say }) {
    const scenes = DAYS_OUT.map((days, n) => sceneOf(days, 1_000_000 * (n + 1)));
    const contracts = scenes.reduce((sum, { chain }) => sum + chain.options.length, 0);
    say(`${contracts} contracts`);
    const rounds = effort === "quick" ? 9 : 31;
    const search = (): number =>
      scenes.reduce((sum, scene) => {
        const choice = ironCondor.search(scene);
        return sum + (choice.found ? choice.candidates.length : 0);
      }, 0);
    for (let warm = 0; warm < 30; warm += 1) search();
    const times: number[] = [];
    let found = 0;
    for (let round = 0; round < rounds; round += 1) {
      const began = threadCpu();
      for (let n = 0; n < SEARCHES; n += 1) found = search();
      times.push((threadCpu() - began) / SEARCHES / 1_000);
    }
    if (found === 0) throw new Error("nothing was found: the chain that is searched says nothing about a search");
    return {
      value: median(times),
      rounds: times,
      figures: [
        { name: "contracts", value: contracts, unit: "listed and quoted" },
        { name: "candidates", value: found, unit: "that may be entered" },
        { name: "95 of 100 rounds", value: quantile(times, 0.95), unit: "ms of CPU or less" },
      ],
    };
  },
};
