/**
 * Our implied volatilities of a whole recorded chain against somebody else's: GOOG on 2015-12-24, a half day that closed at 13:00 in
 * New York, against the universe file that LEAN ships for that date. Needs the shared material; without it there is nothing to compare.
 *
 * What the file turned out to be, found by inverting it:
 * - It describes the end of that session: its underlying row is the minute bar of 12:59, close 748.40.
 * - Its time runs from midnight after the session to midnight before the expiry day, its rate is 1 %, its dividend yield 0.114 %; both
 *   sides of a strike share one volatility, that of the side out of the money.
 * - Where it knows a contract's open interest, it took *that* for the contract's price. Those figures are volatilities of nothing.
 * - Elsewhere it inverted the `close` column: the last trade, be it days old, or a middle of the quotes where there never was one.
 *
 * `LIST_OUTLIERS=1` prints every contract that differs by more than three points, with its reason.
 */
import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { daysBetween } from "../../src/domain/calendar/civil-date.ts";
import type { Right } from "../../src/domain/contract.ts";
import { carriedForward, discountFactor } from "../../src/domain/options/black-scholes-merton.ts";
import { impliedVolatility } from "../../src/domain/options/implied-volatility.ts";
import { boardOf } from "../../src/domain/strategies/board.ts";
import type { Scene } from "../../src/domain/strategies/strategy.ts";
import { type EpochMs, type Price, price, type TradingDay } from "../../src/domain/units.ts";
import { configOf } from "../support/scenes.ts";

const shared = new URL("../../../shared/data/", import.meta.url);
const UNIVERSE = new URL("universe-goog-2015-12-24-lean.csv", shared);
const CHAIN = new URL("chain-goog-2015-12-24-minute.csv.gz", shared);

/** 13:00 in New York. */
const CLOSE = 1_450_980_000_000 as EpochMs;
const SPOT = 748.4;
const RATE = 0.01;
const THEIR_YIELD = 0.00114;
const THEIR_DAY = "2015-12-25" as TradingDay;

/** A row of their file. */
interface Theirs {
  readonly expiry: TradingDay;
  readonly strike: number;
  readonly right: Right;
  readonly close: number;
  readonly volume: number;
  readonly openInterest: number | undefined;
  readonly vol: number;
}

const keyOf = (expiry: string, strike: number, right: Right): string => `${expiry}/${strike}/${right}`;

const theirRows = (): Theirs[] =>
  readFileSync(UNIVERSE, "utf8")
    .split("\n")
    .slice(2)
    .filter((line) => line !== "")
    .map((line) => {
      const [expiry = "", strike, right, , , , close, volume, openInterest, vol] = line.split(",");
      return {
        expiry: expiry.replace(/(....)(..)(..)/, "$1-$2-$3") as TradingDay,
        strike: Number(strike),
        right: right as Right,
        close: Number(close),
        volume: Number(volume),
        openInterest: openInterest === "" ? undefined : Number(openInterest),
        vol: Number(vol),
      };
    });

interface Recorded {
  readonly conId: number;
  readonly strike: Price;
  readonly right: Right;
  readonly bid: Price | null;
  readonly ask: Price | null;
  readonly openInterest: number;
}

/** The last quote of every contract, by expiry. */
const lastQuotes = (): Map<string, Map<string, Recorded>> => {
  const expiries = new Map<string, Map<string, Recorded>>();
  const side = (text: string | undefined): Price | null => (text === undefined || text === "" ? null : price(Number(text)));
  let conId = 1;
  for (const line of gunzipSync(readFileSync(CHAIN)).toString("utf8").split("\n").slice(1)) {
    const [, , expiry = "", strike, right, bid, , ask, , openInterest] = line.split(",");
    if (line === "") continue;
    const options = expiries.get(expiry) ?? new Map<string, Recorded>();
    expiries.set(expiry, options);
    const key = keyOf(expiry, Number(strike), right as Right);
    options.set(key, {
      conId: options.get(key)?.conId ?? conId++,
      strike: price(Number(strike)),
      right: right as Right,
      bid: side(bid),
      ask: side(ask),
      openInterest: Number(openInterest),
    });
  }
  return expiries;
};

const sceneOf = (expiry: TradingDay, recorded: readonly Recorded[]): Scene => {
  const options = recorded
    .map(({ conId, strike, right }) => [conId, strike, right] as const)
    .toSorted((a, b) => a[1] - b[1] || (a[2] < b[2] ? -1 : 1));
  const goog = { symbol: "GOOG", exchange: "SMART", currency: "USD" };
  return {
    config: configOf("iron-condor"),
    underlying: { ...goog, conId: 1, secType: "STK", multiplier: 1 },
    chain: { ...goog, tradingClass: "GOOG", multiplier: 100, expiry, tick: price(0.05), options },
    quotes: Object.fromEntries(recorded.map(({ conId, bid, ask }) => [conId, { conId, bid, ask, at: CLOSE }])),
    spot: price(SPOT),
    riskFreeRatePct: 100 * RATE,
    now: CLOSE,
  };
};

/** A price inverted on their terms. */
const onTheirTerms = ({ expiry, strike, right }: Theirs, paid: number): number | undefined => {
  const years = daysBetween(THEIR_DAY, expiry) / 365;
  const forward = carriedForward(SPOT, RATE, THEIR_YIELD, years);
  const solved = impliedVolatility({ right, strike, price: paid, forward, years, discount: discountFactor(RATE, years) });
  return "vol" in solved ? solved.vol : undefined;
};

const POINT = 0.01;
const near = (a: number | undefined, b: number, within: number): boolean => a !== undefined && Math.abs(a - b) <= within;
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

/** A liquid contract, measured by both. */
interface Compared {
  readonly theirs: Theirs;
  /** What is known of the strike's open interest, on both sides, from their file and from the recorded chain. */
  readonly interests: readonly { readonly right: Right; readonly count: number }[];
  readonly bid: number;
  readonly ask: number;
  readonly vol: number;
  readonly volError: number;
  readonly difference: number;
}

/**
 * They took the open interest of one side of the strike for its price; a volatility that they could not find (over 400 %) they wrote
 * as 0.
 */
const isOpenInterestAsPrice = ({ theirs, interests }: Compared): boolean =>
  interests.some(({ right, count }) => {
    const implied = onTheirTerms({ ...theirs, right }, count);
    return theirs.vol === 0 ? implied === undefined || implied > 4 : near(implied, theirs.vol, 0.5 * POINT);
  });

/** Their volatility is that of the price in their `close` column. */
const isOfTheirClose = ({ theirs }: Compared): boolean => near(onTheirTerms(theirs, theirs.close), theirs.vol, 0.5 * POINT);

/** Why ours differs by more than 3 points from a volatility that was made of their close, as far as the figures prove it. */
const reasonBeside = ({ theirs, bid, ask, volError }: Compared, theirVol: number): string => {
  if (theirs.close < bid || theirs.close > ask) return "their close is a trade outside the quotes at the close";
  if (near(onTheirTerms(theirs, (bid + ask) / 2), theirVol, 3 * POINT)) return "their clock begins and ends at midnight";
  if (volError > 3 * POINT) return "half the spread is worth more than 3 points";
  return "unexplained";
};

const reasonOf = (row: Compared): string =>
  isOpenInterestAsPrice(row)
    ? "their price is the open interest"
    : isOfTheirClose(row)
      ? reasonBeside(row, row.theirs.vol)
      : "unexplained";

describe.runIf(existsSync(UNIVERSE) && existsSync(CHAIN))("our implied volatilities of GOOG on 2015-12-24", () => {
  const theirs = existsSync(UNIVERSE) ? theirRows() : [];
  const byKey = new Map(theirs.map((row) => [keyOf(row.expiry, row.strike, row.right), row]));
  const quotes = existsSync(CHAIN) ? lastQuotes() : new Map<string, Map<string, Recorded>>();
  const compared: Compared[] = [];
  const reasons = new Set<string>();
  let untold = 0;
  for (const [expiry, options] of quotes) {
    const { hygiene, rows, parity, measure } = boardOf(sceneOf(expiry as TradingDay, [...options.values()]));
    for (const { reason } of hygiene.refusals.values()) reasons.add(reason.replaceAll(/[\d.]+/g, "x"));
    for (const option of [...rows.C, ...rows.P]) {
      const measures = measure(option);
      if (!measures?.sure) {
        untold += 1;
        continue;
      }
      const key = keyOf(expiry, option.strike / 10_000, option.right);
      const quote = options.get(key);
      const row = byKey.get(key);
      if (row === undefined || parity.kind !== "ok" || typeof quote?.bid !== "number" || typeof quote.ask !== "number") continue;
      const [bid, ask] = [quote.bid / 10_000, quote.ask / 10_000];
      // Liquid: out of the money, a spread of at most a fifth of its middle, and a vol point worth at least five cents.
      const outOfTheMoney = option.right === "C" ? row.strike >= parity.forward : row.strike <= parity.forward;
      if (!outOfTheMoney || ask - bid > 0.2 * option.mid || measures.vega * POINT < 0.05) continue;
      compared.push({
        theirs: row,
        interests: (["C", "P"] as const).flatMap((right) =>
          [byKey, options]
            .map((file) => file.get(keyOf(expiry, row.strike, right))?.openInterest ?? 0)
            .filter((count) => count > 0)
            .map((count) => ({ right, count })),
        ),
        bid,
        ask,
        vol: measures.vol,
        volError: (ask - bid) / 2 / measures.vega,
        difference: measures.vol - row.vol,
      });
    }
  }
  const outliers = compared
    .filter(({ difference }) => Math.abs(difference) > 3 * POINT)
    .map((row) => ({ ...row, reason: reasonOf(row) }));
  const comparable = compared.filter(isOfTheirClose);
  const away = (rows: readonly Compared[]): number[] => rows.map(({ difference }) => Math.abs(difference));
  /** What their file would say had it taken its own closes for prices. */
  const repaired = compared.flatMap((row) => {
    const theirVol = onTheirTerms(row.theirs, row.theirs.close);
    return theirVol === undefined ? [] : [{ row, theirVol, difference: Math.abs(theirVol - row.vol) }];
  });
  const stillAway = repaired
    .filter(({ difference }) => difference > 3 * POINT)
    .map((one) => ({ ...one, reason: reasonBeside(one.row, one.theirVol) }));
  if (process.env["LIST_OUTLIERS"] !== undefined) {
    console.table(
      outliers.map(({ theirs: { expiry, strike, right, close, vol: their }, bid, ask, vol, interests, reason }) => {
        const counts = interests.map((one) => `${one.right}${one.count}`).join(" ");
        return { expiry, strike, right, ours: vol.toFixed(4), theirs: their.toFixed(4), bid, ask, close, counts, reason };
      }),
    );
    console.table(
      stillAway.map(({ row, theirVol, reason }) => {
        const { theirs: of, bid, ask, vol } = row;
        const { expiry, strike, right, close, volume } = of;
        return {
          expiry,
          strike,
          right,
          ours: vol.toFixed(4),
          ofTheirClose: theirVol.toFixed(4),
          bid,
          ask,
          close,
          volume,
          reason,
        };
      }),
    );
    console.log({ liquid: compared.length, outliers: outliers.length });
    console.log({ ofTheirClose: comparable.length, median: median(away(comparable)), most: Math.max(...away(comparable)) });
    console.log({
      repaired: repaired.length,
      median: median(repaired.map(({ difference }) => difference)),
      over3: stillAway.length,
    });
  }

  it("are within a point of theirs in the median, on liquid contracts of which they inverted a price", () => {
    expect(comparable.length).toBeGreaterThan(30);
    expect(median(away(comparable))).toBeLessThanOrEqual(POINT);
  });

  it("are within a point, on all liquid contracts, of what their file would say of its own closes", () => {
    expect(repaired.length).toBeGreaterThan(350);
    expect(median(repaired.map(({ difference }) => difference))).toBeLessThanOrEqual(POINT);
  });

  it("have a reason that can be checked wherever they are more than three points away", () => {
    expect([...outliers, ...stillAway].filter(({ reason }) => reason === "unexplained")).toEqual([]);
  });

  it("would be theirs: open interest inverted on their terms is what their file says of hundreds of contracts", () => {
    expect(outliers.filter(isOpenInterestAsPrice).length).toBeGreaterThan(300);
  });

  it("leave out what has no honest price, each by a name", () => {
    expect([...reasons].toSorted()).toEqual(["nobody bids: it cannot be sold", "nobody offers it", "stub quote: x bid, x asked"]);
    // What expired with that session, and what half a tick or its bare intrinsic value does not tell.
    expect(untold).toBeGreaterThan(0);
  });
});
