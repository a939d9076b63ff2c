/** IB's words and ours, both ways. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatNewYork, newYorkDay } from "../../src/domain/calendar/new-york.ts";
import { epochMs } from "../../src/domain/units.ts";
import { contractFrom, contractTo } from "../../src/io/ib/translate/contract.ts";
import { executionFrom } from "../../src/io/ib/translate/execution.ts";
import { executionTime } from "../../src/io/ib/translate/time.ts";
import { NOW, option, SPY } from "../support/ib-port-rig.ts";

const inZone = (at: number, zone: string): string => {
  const parts: Record<string, string> = {};
  const two = "2-digit" as const;
  const form = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: two,
    day: two,
    hour: two,
    minute: two,
    second: two,
  });
  for (const { type, value } of form.formatToParts(at)) parts[type] = value;
  return `${parts["year"]}${parts["month"]}${parts["day"]} ${parts["hour"]}:${parts["minute"]}:${parts["second"]}`;
};
/** Whole seconds of 2024 to 2029. */
const instant = fc.integer({ min: 1_704_067_200, max: 1_893_456_000 }).map((seconds) => seconds * 1000);

describe("the time of an execution", () => {
  test("is the instant that the zone's clock shows, in any zone, except in the hour that autumn repeats (pain 46)", () => {
    fc.assert(
      fc.property(
        instant,
        fc.constantFrom("US/Eastern", "America/New_York", "US/Central", "Europe/Berlin", "Asia/Tokyo", "Australia/Sydney", "UTC"),
        (at, zone) => {
          const text = inZone(at, zone);
          const read = executionTime(`${text} ${zone}`) as number;
          expect(inZone(read, zone)).toBe(text);
          expect([0, 3_600_000]).toContain(Math.abs(read - at));
          if (!["US/Eastern", "America/New_York", "US/Central", "Europe/Berlin", "Australia/Sydney"].includes(zone))
            expect(read).toBe(at);
        },
      ),
    );
  });
  test("is UTC with a hyphen, New York's without a zone, and unknown when it cannot be read", () => {
    expect(executionTime("20261120-16:43:28")).toBe(Date.UTC(2026, 10, 20, 16, 43, 28));
    expect(executionTime("20261120 11:43:28 US/Eastern")).toBe(Date.UTC(2026, 10, 20, 16, 43, 28));
    const bare = executionTime("20261120  11:43:28");
    expect(bare && [newYorkDay(bare), formatNewYork(bare)]).toEqual(["2026-11-20", "11:43:28"]);
    for (const text of [undefined, "", "yesterday", "20261320 11:43:28", "20261120 25:00:00", "20261120 11:43:28 Mars/Olympus"]) {
      expect(executionTime(text)).toBeUndefined();
    }
  });
  test("just after spring's change is summer time's", () => {
    expect(executionTime("20260308 03:30:00 US/Central")).toBe(Date.UTC(2026, 2, 8, 8, 30));
    expect(executionTime("20260308 03:30:00 US/Eastern")).toBe(Date.UTC(2026, 2, 8, 7, 30));
  });
  test("that cannot be read does not lose the fill", () => {
    const execution = {
      execId: "a.01",
      side: "BOT",
      shares: 1,
      price: 2.5,
      acctNumber: "DU1",
      time: "soon",
      orderId: 2_147_483_647,
    };
    expect(executionFrom(contractTo(SPY), execution, NOW)).toMatchObject({ at: NOW, orderId: 0, price: 25_000 });
  });
});

describe("contracts", () => {
  test("go out and come back the same", () => {
    const contracts = [SPY, option(12, 445, "P"), option(13, 452.5, "C")];
    for (const contract of contracts) expect(contractFrom(contractTo(contract))).toEqual(contract);
  });
  test("without an exchange go to SMART, except futures, for which there is no guess", () => {
    expect(contractTo({ ...SPY, exchange: "" }).exchange).toBe("SMART");
    expect(() => contractTo({ ...SPY, secType: "FUT", exchange: "" })).toThrow(/exchange/);
  });
});

test("an execution with a figure that is none is refused, whichever figure it is", () => {
  const sound = { execId: "a.01", side: "SLD", shares: 1, price: 2.5, acctNumber: "DU1", time: "20261120 11:43:28 US/Eastern" };
  const nothing = fc.constantFrom(Number.NaN, Number.MAX_VALUE, Number.POSITIVE_INFINITY, 2_147_483_647, undefined);
  fc.assert(
    fc.property(fc.constantFrom("shares", "price", "execId", "side", "acctNumber"), nothing, (field, value) => {
      const broken = { ...sound, [field]: ["execId", "side", "acctNumber"].includes(field) ? "" : value };
      expect(() => executionFrom(contractTo(SPY), broken as never, NOW)).toThrow(/is (missing|null|-?\d|"")/);
    }),
  );
  expect(executionFrom(contractTo(SPY), { ...sound, price: -0.05 }, epochMs(0)).price).toBe(-500);
});
