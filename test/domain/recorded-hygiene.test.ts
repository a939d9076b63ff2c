/**
 * The dirt of two real chains is refused by name: GOOG on 2015-12-24 and AAPL on 2014-06-06, as their recordings tell them at one
 * moment. Needs the shared material. Neither has a split-adjusted contract; those are in strikes.property.test.ts.
 */
import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { configSchema } from "../../src/domain/config-schema.ts";
import type { Right } from "../../src/domain/contract.ts";
import type { Quote } from "../../src/domain/quote.ts";
import type { Chain } from "../../src/domain/strategies/chain.ts";
import { hygieneOf } from "../../src/domain/strategies/hygiene.ts";
import { epochMs, price, tradingDay } from "../../src/domain/units.ts";

const shared = new URL("../../../shared/data/", import.meta.url);
const RECORDINGS = [
  { symbol: "GOOG", file: "chain-goog-2015-12-24-minute.csv.gz", stamp: "2015-12-24T15:30", spot: 748.4 },
  { symbol: "AAPL", file: "chain-aapl-2014-06-06-hour.csv.gz", stamp: "2014-06-06T14:00", spot: 647 },
] as const;

interface Row {
  readonly name: string;
  readonly strike: number;
  readonly right: Right;
  readonly bid: number | null;
  readonly ask: number | null;
  readonly openInterest: number | undefined;
}
const side = (text: string | undefined): number | null => (text === undefined || text === "" ? null : Number(text));
/** The rows of one stamp by expiry: only what was quoted just then. */
const rowsAt = (file: string, stamp: string): ReadonlyMap<string, readonly Row[]> => {
  const expiries = new Map<string, Row[]>();
  for (const line of gunzipSync(readFileSync(new URL(file, shared)))
    .toString()
    .split("\n")) {
    if (!line.startsWith(stamp)) continue;
    const [, , expiry = "", strike, right, bid, , ask, , interest] = line.split(",");
    const rows = expiries.get(expiry) ?? [];
    expiries.set(expiry, rows);
    const openInterest = interest === undefined || interest === "" ? undefined : Number(interest);
    const name = `${Number(strike)}${right}`;
    rows.push({ name, strike: Number(strike), right: right as Right, bid: side(bid), ask: side(ask), openInterest });
  }
  return expiries;
};

const config = configSchema.parse({
  strategies: [{ name: "condor", kind: "iron-condor", symbol: "ANY", entry: { minOpenInterest: 10 } }],
}).strategies[0];
const hygieneAt = (rows: readonly Row[], expiry: string, spot: number) => {
  const options = rows.map(({ strike, right }, n) => [n + 1, price(strike), right] as const).toSorted((a, b) => a[1] - b[1]);
  const chain: Chain = {
    symbol: "ANY",
    tradingClass: "ANY",
    exchange: "SMART",
    currency: "USD",
    multiplier: 100,
    expiry: tradingDay(expiry),
    tick: price(0.05),
    options,
  };
  const quotes = rows.map(({ bid, ask, openInterest }, n): Quote => {
    const told = { bid: bid === null ? null : price(bid), ask: ask === null ? null : price(ask) };
    return { conId: n + 1, ...told, at: epochMs(0), ...(openInterest === undefined ? {} : { openInterest }) } as Quote;
  });
  const book = Object.fromEntries(quotes.map((quote) => [quote.conId, quote]));
  return hygieneOf({ config: config as never, chain, quotes: book, spot: price(spot) });
};

describe.runIf(RECORDINGS.every(({ file }) => existsSync(new URL(file, shared))))("with the recordings at hand", () => {
  test.each(RECORDINGS)(
    "crossed, stub, unwanted and unbid options of $symbol are each refused for what they are",
    (recording) => {
      const { file, stamp, spot } = recording;
      const seen = { crossed: 0, stub: 0, interest: 0, unbid: 0, clean: 0 };
      for (const [expiry, rows] of rowsAt(file, stamp)) {
        const { refusals, refused, quoted } = hygieneAt(rows, expiry, spot);
        expect(quoted).toBe(rows.length);
        expect(refused.count).toBeGreaterThanOrEqual(refusals.size);
        expect(refused.named.length).toBe(Math.min(8, refused.count));
        for (const [n, { name, bid, ask, openInterest }] of rows.entries()) {
          const why = `${expiry} ${name}: ${refusals.get(n + 1)?.reason}`;
          const [bought, offered] = [bid ?? 0, ask ?? Number.POSITIVE_INFINITY];
          if (bought > offered) {
            seen.crossed += 1;
            expect(why).toContain("crossed");
          } else if (ask === null) {
            expect(why).toContain("nobody offers it");
          } else if (offered - bought > 0.25 && offered - bought > (bought + offered) / 2) {
            seen.stub += 1;
            expect(why).toContain("stub quote");
          } else if (openInterest === undefined || openInterest < 10) {
            seen.interest += 1;
            expect(why).toMatch(/open interest (is not known|\d+ below 10)|far below the/);
          } else if (bought === 0) {
            seen.unbid += 1;
            expect(why).toMatch(/nobody bids|far below the/);
          } else {
            seen.clean += 1;
            expect(why).toMatch(/undefined|far below the/);
          }
        }
      }
      expect(seen.clean).toBeGreaterThan(100);
      expect(seen.stub).toBeGreaterThan(0);
      expect(seen.interest).toBeGreaterThan(50);
      // The day's only crossed quotes, 550P and 555P of the week after.
      expect(seen.crossed).toBe(recording.symbol === "AAPL" ? 2 : 0);
    },
  );
});
