/** Which contract is in front, and what happens when that changes. */
import { describe, expect, test } from "vitest";
import { instantOf } from "../../src/domain/calendar/new-york.ts";
import type { Contract } from "../../src/domain/contract.ts";
import { type EpochMs, epochMs, tradingDay } from "../../src/domain/units.ts";
import { futuresContractMachine } from "../../src/machines/futures-contract.machine.ts";
import { type Given, given } from "../support/given.ts";
import { NOON, twoSided } from "../support/quoted-chain.ts";

const future = (conId: number): Contract => ({
  conId,
  secType: "FUT",
  symbol: "ES",
  exchange: "CME",
  currency: "USD",
  multiplier: 50,
  expiry: tradingDay(conId === 1 ? "2026-12-18" : "2027-03-19"),
});
const details = (conId: number, contractMonth: string) => ({ contract: future(conId), contractMonth });
const DECEMBER = details(1, "202612");
const MARCH = details(2, "202703");
const readied = (epoch: number) => ({ type: "session.readied", epoch, account: "DU1", clientId: 7 });
const answered = (epoch = 1, request = "front") => ({
  type: "contracts.answered",
  epoch,
  replyTo: "future/ES",
  request,
  details: [MARCH, DECEMBER],
});
const quote = (conId: number, at: number) => ({ type: "quote.updated", epoch: 1, quote: twoSided(conId, 6_000, 6_001, at) });
type Future = Given<typeof futuresContractMachine>;
const start = (now: EpochMs = NOON): Future => given(futuresContractMachine, { root: "ES" }, now);
const tracking = (now: EpochMs = NOON): Future => start(now).hear(readied(1), answered());
const lines = (it: Future): string[] =>
  it
    .params("tell")
    .flat()
    .map(({ event: { type, contract, conId } }) => `${type} ${contract?.conId ?? conId}`);
const at = (day: string, hour: number, minute = 0): EpochMs => instantOf(tradingDay(day), hour * 60 + minute);
const asked = (it: Future) => it.params("bars.request").flat();
/** Five-minute bars of the given closes by New York wall time; an hour long each block. */
const bars = (from: EpochMs, closes: readonly number[]) =>
  closes.map((close, n) => ({
    at: from + n * 300_000,
    day: "2026-11-23",
    open: close,
    high: close,
    low: close,
    close,
    volume: 1,
  }));
const barsAnswer = (rows: object[], conId = 1, epoch = 1) => ({
  type: "bars.answered",
  epoch,
  replyTo: "future/ES",
  request: `bars/${conId}`,
  bars: rows,
});
const newest = (it: Future) => it.facts("future.sampled").at(-1);

describe("a futures contract", () => {
  test("is the nearest quarter more than a week before its expiry", () => {
    const on = (day: string) => tracking(at(day, 12)).context.front?.contract.conId;
    // The third Friday of December 2026 is the 18th.
    expect([on("2026-11-23"), on("2026-12-10"), on("2026-12-11"), on("2026-12-17")]).toEqual([1, 1, 2, 2]);
  });
  test("is tracked with the next one for three days before the roll; then the old one is let go", () => {
    const it = tracking(at("2026-12-07", 16));
    expect(it.state).toBe("tracking");
    expect(it.wait(60 * 60_000).state).toBe("maintenance");
    expect(it.wait(60 * 60_000).state).toBe("tracking");
    it.quiet().wait(6 * 3_600_000 + 60_000);
    expect(it.state).toBe("resolving");
    it.hear(answered());
    expect([it.state, lines(it)]).toEqual(["rollWindow", ["line.requested 1", "line.requested 2"]]);
    it.quiet().wait(3 * 24 * 3_600_000);
    expect([it.state, it.context.front?.contract.conId, it.context.next]).toEqual(["tracking", 2, null]);
    expect(lines(it)).toEqual(["line.released 1"]);
    it.hear(quote(1, it.now));
    expect(it.context.front?.quote).toBe(null);
  });
  test("asks once a day and no more for a next one that the gateway does not list", () => {
    const it = tracking(at("2026-12-08", 10)).hear();
    const alone = start(at("2026-12-08", 10)).hear(readied(1), { ...answered(), details: [DECEMBER] });
    expect([it.state, alone.state]).toEqual(["rollWindow", "tracking"]);
    alone.quiet().wait(3_600_000);
    expect(alone.params("contracts.request")).toEqual([]);
  });
  test("lets the old line go when it has left the front while there was no session, and keeps it when not", () => {
    const it = tracking(at("2026-12-04", 12)).quiet().hear({ type: "session.unreadied", epoch: 1, reason: "" });
    expect(lines(it.hear(readied(2), answered(2)))).toEqual(["line.requested 1"]);
    it.hear({ type: "session.unreadied", epoch: 2, reason: "" }).quiet();
    it.now = at("2026-12-14", 12);
    expect(lines(it.hear(readied(3), answered(3)))).toEqual(["line.released 1", "line.requested 2"]);
    expect(it.params("unlisten").flatMap(({ topics }) => topics)).toContain("quote/1");
  });
  test("that ended while nobody looked is let go before anything is asked", () => {
    const it = tracking(at("2026-12-04", 12)).hear({ type: "session.unreadied", epoch: 1, reason: "" }).quiet();
    it.now = at("2026-12-28", 12);
    it.hear(readied(2));
    expect([it.state, it.context.front, lines(it)]).toEqual(["resolving", null, ["line.released 1"]]);
  });
  test("believes only the answer to its own question of this epoch", () => {
    const it = start().hear(readied(2));
    expect(
      it.hear(answered(1), answered(2, "other"), {
        type: "request.failed",
        epoch: 1,
        replyTo: "",
        request: "front",
        code: 1,
        text: "",
      }).state,
    ).toBe("resolving");
    expect(it.hear({ ...answered(2), details: [] }).state).toBe("unavailable");
    expect(it.wait(300_000).state).toBe("resolving");
  });
  test("is told at most twice a minute, with a price that was heard", () => {
    const it = tracking();
    for (let n = 0; n < 61; n++) it.hear(quote(1, it.now)).wait(1_000);
    expect(it.facts("future.tracked").length).toBe(3);
    expect(it.facts("future.tracked")[0]?.last).toBe(60_005_000);
  });
  test("looks again when its line is lost", () => {
    const it = tracking().hear({ type: "line.lost", conId: 9, reason: "" });
    expect(it.state).toBe("tracking");
    expect(it.hear({ type: "line.lost", conId: 1, reason: "" }).state).toBe("unavailable");
    expect(it.wait(300_000).state).toBe("resolving");
  });
});

describe("its changes", () => {
  test("are unknown without bars, and so is every figure that was not heard; a sample is made each minute all the same", () => {
    const it = tracking().wait(180_000);
    expect(it.facts("future.sampled").length).toBe(3);
    expect(newest(it)).toMatchObject({
      bid: null,
      last: null,
      volume: null,
      openInterest: null,
      impliedVol: null,
      change1h: null,
      change4h: null,
      changeOvernight: null,
      changeDay: null,
    });
  });
  test("are measured against the price an hour and four hours before, the last close, and the end of the last trade date", () => {
    // NOON is 11:00 on Monday, the 23rd: the stock market closed on Friday at 16:00, the futures at 17:00.
    const it = tracking();
    const rows = [
      ...bars(at("2026-11-20", 15, 55), [5_000]),
      ...bars(at("2026-11-20", 16, 55), [5_500]),
      ...bars(at("2026-11-23", 6, 55), [5_800]),
      ...bars(at("2026-11-23", 9, 25), [5_250]),
      ...bars(at("2026-11-23", 9, 55), [5_900]),
    ];
    it.hear(barsAnswer(rows), { ...quote(1, it.now), quote: { ...quote(1, it.now).quote, volume: 12, openInterest: 345 } }).wait(
      60_000,
    );
    const { change1h, change4h, changeOvernight, changeDay, volume, openInterest } = newest(it);
    const spot = 6_000.5;
    expect(change1h).toBeCloseTo(spot / 5_900 - 1, 12);
    expect(change4h).toBeCloseTo(spot / 5_800 - 1, 12);
    expect(changeOvernight).toBeCloseTo(5_250 / 5_000 - 1, 12);
    expect(changeDay).toBeCloseTo(spot / 5_500 - 1, 12);
    expect([volume, openInterest]).toEqual([12, 345]);
  });
  test("never cross a roll: the next quarter's come from its own bars, and the old one's are nobody's", () => {
    const it = tracking(at("2026-12-07", 23));
    it.hear(barsAnswer(bars(at("2026-12-07", 18), Array(60).fill(5_000) as number[]))).wait(2 * 3_600_000);
    expect(it.hear(answered()).state).toBe("rollWindow");
    expect([it.context.front?.closes.length, it.context.next?.closes]).toEqual([60, []]);
    it.wait(3 * 24 * 3_600_000);
    expect([it.state, it.context.front?.contract.conId]).toEqual(["tracking", 2]);
    it.hear(barsAnswer(bars(epochMs(it.now - 3_900_000), [5_000, 5_000]), 1), quote(2, it.now)).wait(60_000);
    expect(newest(it)).toMatchObject({ contract: { conId: 2 }, change1h: null, change4h: null });
  });
  test("are unknown when the market went on after the last bar before the instant, and known over a rest", () => {
    const change1h = (now: EpochMs, ...rows: object[]) => {
      const it = tracking(now).hear(barsAnswer(rows), quote(1, now)).wait(60_000);
      return newest(it).change1h;
    };
    const early = bars(at("2026-11-23", 6, 55), [5_000]);
    expect(change1h(NOON, ...early)).toBe(null);
    expect(change1h(at("2026-11-22", 18, 30), ...bars(at("2026-11-20", 16, 55), [5_000]))).toBeCloseTo(0.2001, 4);
  });
  test("go on from its own quotes, without another question", () => {
    const it = tracking();
    it.hear(barsAnswer(bars(at("2026-11-20", 15, 55), Array(14).fill(5_000) as number[])));
    it.hear(barsAnswer(bars(at("2026-11-22", 18), Array(204).fill(6_000) as number[]))).quiet();
    for (let minute = 0; minute < 130; minute++) it.hear(quote(1, it.now)).wait(60_000);
    expect(asked(it)).toEqual([]);
    expect(newest(it).change1h).toBeCloseTo(0, 12);
  });
  test("that no bar explains are asked for again, ever later", () => {
    const it = tracking();
    expect(asked(it)).toMatchObject([{ contract: { conId: 1 }, size: "5min", regularHours: false }]);
    it.quiet().wait(3_600_000);
    expect(asked(it).length).toBe(4);
  });
});
