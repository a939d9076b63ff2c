/** Which contract is in front, and what happens when that changes. */
import { describe, expect, test } from "vitest";
import { instantOf } from "../../src/domain/calendar/new-york.ts";
import type { Contract } from "../../src/domain/contract.ts";
import { type EpochMs, tradingDay } from "../../src/domain/units.ts";
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
    .map(({ event: { type, contract } }) => (contract ? `${type} ${contract.conId}` : type));

describe("a futures contract", () => {
  test("is the nearest quarter more than a week before its expiry", () => {
    const on = (day: string) => tracking(instantOf(tradingDay(day), 12 * 60)).context.contract?.conId;
    // The third Friday of December 2026 is the 18th.
    expect([on("2026-11-23"), on("2026-12-10"), on("2026-12-11"), on("2026-12-17")]).toEqual([1, 1, 2, 2]);
  });
  test("rests from 17:00 to 18:00, and rolls when the quarter has passed on", () => {
    const it = tracking(instantOf(tradingDay("2026-12-10"), 16 * 60));
    expect(it.state).toBe("tracking");
    expect(it.wait(60 * 60_000).state).toBe("maintenance");
    expect(it.wait(60 * 60_000).state).toBe("tracking");
    it.quiet().wait(23 * 3_600_000);
    expect([it.state, lines(it)]).toEqual(["resolving", ["lines.released"]]);
    it.hear(answered());
    expect([it.context.contract?.conId, it.context.quote, lines(it).at(-1)]).toEqual([2, null, "line.requested 2"]);
    it.hear(quote(1, it.now));
    expect(it.context.quote).toBe(null);
  });
  test("lets the old line go when it has left the front while there was no session, and keeps it when not", () => {
    const it = tracking(instantOf(tradingDay("2026-12-10"), 12 * 60))
      .quiet()
      .hear({ type: "session.unreadied", epoch: 1, reason: "" });
    expect(lines(it.hear(readied(2), answered(2)))).toEqual(["line.requested 1"]);
    it.hear({ type: "session.unreadied", epoch: 2, reason: "" }).quiet();
    it.now = instantOf(tradingDay("2026-12-14"), 12 * 60);
    expect(lines(it.hear(readied(3), answered(3)))).toEqual(["lines.released", "line.requested 2"]);
    expect(it.params("unlisten").flatMap(({ topics }) => topics)).toContain("quote/1");
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
