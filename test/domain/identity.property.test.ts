/** Names and words at the border: order references, executions, accounts, the announcement of simulated time. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { accountRefusal, isSimulatedAccount } from "../../src/domain/accounts.ts";
import { formatAnnouncement, parseAnnouncement } from "../../src/domain/announcement.ts";
import { addDays } from "../../src/domain/calendar/civil-date.ts";
import {
  dayOfIntent,
  executionFamily,
  intentIdOf,
  orderAddress,
  orderRefOf,
  parseOrderRef,
  shardOf,
  shardsBefore,
} from "../../src/domain/identity.ts";
import { bookCommission, bookExecution, filledUnits } from "../../src/domain/orders/execution-book.ts";
import { epochMs, money, tradingDay } from "../../src/domain/units.ts";
import { leg } from "../support/quoted-chain.ts";

const DAY = tradingDay("2026-11-20");
const intent = fc.record({
  day: fc.nat(4_000).map((n) => addDays(DAY, n)),
  slot: fc.integer({ min: 1, max: 99 }).map((n) => `s${n}`),
  n: fc.integer({ min: 1, max: 1_000_000 }),
});

describe("an intent's name", () => {
  test("goes into the reference and comes back, with its day and the address of its saga", () => {
    fc.assert(
      fc.property(intent, ({ day, slot, n }) => {
        const id = intentIdOf(day, slot, n);
        expect(parseOrderRef(orderRefOf("5f2c81aa", id))).toEqual({ installation: "5f2c81aa", intentId: id });
        expect(dayOfIntent(id)).toBe(day);
        expect(orderAddress(id)).toBe(`order/${day.replaceAll("-", "")}/${slot}-${n}`);
        expect(shardsBefore([shardOf(orderAddress(id))], day)).toEqual([]);
        expect(shardsBefore([shardOf(orderAddress(id))], addDays(day, 1))).toEqual([shardOf(orderAddress(id))]);
      }),
    );
  });
  test("is not read out of anybody else's reference", () => {
    for (const ref of [
      "",
      "mine",
      "caretaker/5f2c81aa/20261120",
      "caretaker/5F2C81AA/20261120-s1-1",
      "x/5f2c81aa/20261120-s1-1",
      "caretaker/5f2c81aa/20261120-s1-1 ",
    ])
      expect(parseOrderRef(ref)).toBe(undefined);
  });
});

describe("an execution's family", () => {
  test("is all but the last part, which counts the corrections", () => {
    expect(executionFamily("0000e0d5.65a1b2c3.01.02")).toEqual({ family: "0000e0d5.65a1b2c3.01", revision: 2 });
    expect(executionFamily("strange")).toEqual({ family: "strange", revision: 0 });
  });
  test("counts once in the book with its highest revision, in whatever order; a combo's summary never", () => {
    const legs = [leg(590, "P", -1), leg(585, "P", 2)];
    const row = (of: number, revision: number, shares: number, secType = "OPT") => ({
      execId: `a.${of}.0${revision}`,
      orderId: 1,
      clientId: 1,
      permId: 1,
      orderRef: "r",
      account: "DU1",
      side: of === 0 ? ("SLD" as const) : ("BOT" as const),
      contract: { ...(legs[of] as (typeof legs)[number]).contract, secType: secType as "OPT" },
      shares,
      price: 1 as never,
      cumulative: 0,
      at: epochMs(0),
    });
    const rows = [row(0, 1, 9), row(0, 2, 3), row(1, 1, 7), row(0, 1, 4, "BAG")];
    fc.assert(
      fc.property(fc.shuffledSubarray(rows, { minLength: rows.length }), fc.array(fc.constantFrom(...rows)), (order, again) => {
        const book = [...order, ...again].reduce((before, one) => bookExecution(before, one).book, {});
        expect(filledUnits(book, legs)).toBe(3);
      }),
    );
  });
  test("pays its newest commission, told as differences", () => {
    const charges = fc.shuffledSubarray(
      [
        ["a.1.01", 5],
        ["a.1.02", 3],
        ["b.1.01", 1],
      ] as const,
      { minLength: 3 },
    );
    fc.assert(
      fc.property(charges, (order) => {
        let [book, sum] = [{}, 0];
        for (const [execId, dollars] of [...order, ...order]) {
          const booked = bookCommission(book, execId, money(dollars));
          [book, sum] = [booked.book, sum + (booked.charge ?? 0)];
        }
        expect(sum).toBe(money(4));
      }),
    );
  });
});

describe("an account", () => {
  test("is traded only when it and every other that the gateway manages is simulated", () => {
    expect(["DU1", "DF22"].every(isSimulatedAccount)).toBe(true);
    expect(["U1", "DU", "XDU1", "DU1X", "du1", "F1", ""].some(isSimulatedAccount)).toBe(false);
    expect(accountRefusal("DU1", ["DU1", "DF2"])).toBe(undefined);
    for (const managed of [[], ["DU2"], ["DU1", "U3"], ["U1"]]) expect(accountRefusal("DU1", managed)).toMatch(/./);
  });
});

describe("the announcement of simulated time", () => {
  test("is read as it was written, and out of nothing else", () => {
    const said = fc.record({
      now: fc.nat().map(epochMs),
      speed: fc.constantFrom(1, 60, 0.5),
      skipClosed: fc.boolean(),
      label: fc.constantFrom("seed 7", "SPY, recorded"),
    });
    const days = fc.constantFrom({}, { days: ["2021-01-04", "2023-06-26"].map(tradingDay) });
    const announced = fc.tuple(said, days).map(([plain, only]) => ({ ...plain, ...only }));
    fc.assert(
      fc.property(announced, (announcement) => {
        expect(parseAnnouncement(formatAnnouncement(announcement))).toEqual(announcement);
      }),
    );
    expect([parseAnnouncement(""), parseAnnouncement("Market data farm connection is OK:usfarm")]).toEqual([
      undefined,
      undefined,
    ]);
  });
});
