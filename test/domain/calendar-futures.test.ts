import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { addDays, numberOfDay } from "../../src/domain/calendar/civil-date.ts";
import { contractRollDay, frontQuarter, quarterAfter, quarterlyExpiry } from "../../src/domain/calendar/futures-quarter.ts";
import { futuresSessionState, futuresTradeDate, nextFuturesChange } from "../../src/domain/calendar/futures-session.ts";
import { instantOf } from "../../src/domain/calendar/new-york.ts";
import { epochMs, tradingDay } from "../../src/domain/units.ts";

const day = tradingDay;
const at = (text: string): ReturnType<typeof instantOf> => {
  const [date = "", clock = ""] = text.split(" ");
  const [hours = "0", minutes = "0"] = clock.split(":");
  return instantOf(day(date), Number(hours) * 60 + Number(minutes));
};
const stateAt = (text: string) => futuresSessionState(at(text));
/** The states of a span, as a trader would note them down. */
const diary = (from: string, to: string): string[] => {
  const lines: string[] = [];
  for (let change = nextFuturesChange(at(from)); change.at <= at(to); change = nextFuturesChange(change.at)) {
    lines.push(`${new Date(change.at - 5 * 3_600_000).toISOString().slice(5, 16).replace("T", " ")} ${change.to}`);
  }
  return lines;
};

describe("the futures session", () => {
  it("runs from Sunday 18:00 to Friday 17:00 with an hour of maintenance between", () => {
    expect(diary("2026-11-07 12:00", "2026-11-15 17:59")).toEqual([
      "11-08 18:00 open",
      "11-09 17:00 maintenance",
      "11-09 18:00 open",
      "11-10 17:00 maintenance",
      "11-10 18:00 open",
      "11-11 17:00 maintenance",
      "11-11 18:00 open",
      "11-12 17:00 maintenance",
      "11-12 18:00 open",
      "11-13 17:00 closed",
    ]);
  });

  it("halts early around Thanksgiving", () => {
    expect(diary("2026-11-25 12:00", "2026-11-29 20:00")).toEqual([
      "11-25 17:00 maintenance",
      "11-25 18:00 open",
      "11-26 13:00 closed",
      "11-26 18:00 open",
      "11-27 13:15 closed",
      "11-29 18:00 open",
    ]);
  });

  it("stays closed over Christmas and New Year's Day until 18:00", () => {
    expect(diary("2025-12-24 10:00", "2026-01-02 20:00")).toEqual([
      "12-24 13:15 closed",
      "12-25 18:00 open",
      "12-26 17:00 closed",
      "12-28 18:00 open",
      "12-29 17:00 maintenance",
      "12-29 18:00 open",
      "12-30 17:00 maintenance",
      "12-30 18:00 open",
      "12-31 17:00 closed",
      "01-01 18:00 open",
      "01-02 17:00 closed",
    ]);
  });

  it("opens on Good Friday only for the jobs report", () => {
    expect([stateAt("2026-04-03 09:14"), stateAt("2026-04-03 09:15")]).toEqual(["open", "closed"]);
    expect([stateAt("2025-04-17 17:30"), stateAt("2025-04-17 19:00"), stateAt("2025-04-18 08:00")]).toEqual([
      "closed",
      "closed",
      "closed",
    ]);
  });

  it("reopens at 18:00 in New York also on the Sundays when the clock has changed", () => {
    expect(nextFuturesChange(at("2026-03-06 17:00"))).toEqual({ at: Date.UTC(2026, 2, 8, 22), to: "open" });
    expect(nextFuturesChange(at("2026-10-30 17:00"))).toEqual({ at: Date.UTC(2026, 10, 1, 23), to: "open" });
  });

  it("halts when CME halted, on every early stop on record", () => {
    const facts: { readonly futuresHalts: { readonly [day: string]: string } } = JSON.parse(
      readFileSync(new URL("../fixtures/calendar.json", import.meta.url), "utf8"),
    );
    const halts = Object.entries(facts.futuresHalts);
    expect(halts.length).toBeGreaterThan(140);
    const wrong = halts.filter(([date, clock]) => {
      const change = nextFuturesChange(at(`${date} 00:00`));
      return stateAt(`${date} 00:00`) !== "open" || change.at !== at(`${date} ${clock}`) || change.to !== "closed";
    });
    expect(wrong).toEqual([]);
  });

  it("never changes to the state it is in, and holds it until the change", () => {
    for (let now = Date.UTC(2026, 10, 20); now < Date.UTC(2027, 0, 20); now += 3_700_000) {
      const state = futuresSessionState(epochMs(now));
      const change = nextFuturesChange(epochMs(now));
      expect(change.to).not.toBe(state);
      expect(futuresSessionState(change.at)).toBe(change.to);
      expect(futuresSessionState(epochMs(change.at - 1))).toBe(state);
      expect(change.at).toBeGreaterThan(now);
    }
  });

  it("books an evening on the next trade date", () => {
    expect(futuresTradeDate(at("2026-11-20 17:59"))).toBe("2026-11-20");
    expect(futuresTradeDate(at("2026-11-20 18:00"))).toBe("2026-11-23");
    expect(futuresTradeDate(at("2026-11-22 18:00"))).toBe("2026-11-23");
    expect(futuresTradeDate(at("2026-11-23 18:00"))).toBe("2026-11-24");
    expect(futuresTradeDate(at("2025-12-25 19:00"))).toBe("2025-12-26");
  });
});

describe("quarterly futures", () => {
  it("expire on the third Friday, or the day before when it is a holiday", () => {
    expect(quarterlyExpiry(2026, 12)).toBe("2026-12-18");
    expect(quarterlyExpiry(2026, 3)).toBe("2026-03-20");
    expect(quarterlyExpiry(2026, 6)).toBe("2026-06-18");
    expect(quarterlyExpiry(2008, 3)).toBe("2008-03-20");
    expect(() => quarterlyExpiry(2026, 5)).toThrow("quarter");
  });

  it("stay in front up to the roll day, on which the next takes over", () => {
    expect(frontQuarter(day("2026-12-10"), 7)).toEqual({ contractMonth: "202612", expiry: "2026-12-18" });
    expect(frontQuarter(day("2026-12-11"), 7)).toEqual({ contractMonth: "202703", expiry: "2027-03-19" });
    expect(frontQuarter(day("2026-12-31"), 7).contractMonth).toBe("202703");
    expect(frontQuarter(day("2026-12-17"), 0).contractMonth).toBe("202612");
  });

  it("hand over in turn, each in front until its own roll day", () => {
    let front = frontQuarter(day("2020-01-01"), 8);
    for (let d = day("2020-01-01"); d < "2029-01-01"; d = addDays(d, 1)) {
      const now = frontQuarter(d, 8);
      if (now.contractMonth !== front.contractMonth) {
        expect(d).toBe(contractRollDay(front, 8));
        expect(now).toEqual(quarterAfter(front));
        expect(numberOfDay(now.expiry) - numberOfDay(front.expiry)).toBeGreaterThan(80);
        front = now;
      }
    }
    expect(front.contractMonth).toBe("202903");
  });
});
