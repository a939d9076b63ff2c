/** What a line's silence, its farm and its data type do to its quote; and snapshots. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Contract } from "../../src/domain/contract.ts";
import { midOf, spotOf } from "../../src/domain/quote.ts";
import { type EpochMs, epochMs, price } from "../../src/domain/units.ts";
import { hearPrice, hearSize, nothingHeard, quoteOf } from "../../src/io/ib/translate/tick.ts";
import { type FakeIbClient, fakeIbClient } from "../support/fake-ib-client.ts";
import { createRig, NOW, option, SPY } from "../support/ib-port-rig.ts";
import { VirtualScheduler } from "../support/virtual-scheduler.ts";

const VIX: Contract = { conId: 13, secType: "IND", symbol: "VIX", exchange: "CBOE", currency: "USD", multiplier: 1 };
const PUT = option(12, 445, "P");
const STALL_MS = 10_000;

/** Friday 11:00 in New York; market time is real time. `speed` 60: as in the demo. */
const feeds = (speed = 1, from: EpochMs = NOW) => {
  const scheduler = new VirtualScheduler();
  const client = fakeIbClient();
  const rig = createRig({
    newClient: () => client,
    scheduler,
    now: () => epochMs(Math.round(from + scheduler.now() * speed)),
    heartbeatMs: 100_000_000,
    heartbeatTimeoutMs: 100_000_000,
  });
  rig.send("gateway.connect", { epoch: 1 });
  client.login();
  scheduler.advance(0);
  const open = (contract: Contract, more: object = {}) => {
    rig.send("line.open", { epoch: 1, contract, ...more });
    return reqIdOf(client, contract.conId);
  };
  const newest = (conId: number) => rig.of("quote.updated").findLast(({ quote }) => quote.conId === conId)?.quote;
  const notice = (code: number, text = "") => client.say("info", text, code);
  return { scheduler, client, rig, open, newest, notice };
};
const reqIdOf = (client: FakeIbClient, conId: number): number =>
  client.calls("reqMktData").findLast(([, contract]) => (contract as { conId: number }).conId === conId)?.[0] as number;
const bid = (client: FakeIbClient, reqId: number, dollars: number) => {
  client.say("tickPrice", reqId, 1, dollars);
  client.say("tickPrice", reqId, 2, dollars + 0.02);
};

describe("a stream that should tick", () => {
  test("and does not is told within 15 s, once, its quote broken at once; an option never is", () => {
    const { scheduler, client, rig, open, newest } = feeds();
    const spy = open(SPY, { stallMs: STALL_MS });
    const put = open(PUT);
    bid(client, spy, 450);
    bid(client, put, 1);
    scheduler.advance(9_000);
    expect(rig.of("line.stalled")).toEqual([]);
    scheduler.advance(6_000);
    expect(rig.of("line.stalled")).toMatchObject([{ conId: SPY.conId }]);
    expect([spotOf(newest(SPY.conId)), newest(SPY.conId)?.broken]).toEqual([undefined, expect.stringContaining("silent")]);
    scheduler.advance(600_000);
    expect(rig.of("line.stalled")).toHaveLength(1);
    expect(newest(PUT.conId)?.bid).toBe(price(1));
    bid(client, spy, 451);
    scheduler.advance(100);
    expect(rig.of("line.resumed")).toMatchObject([{ conId: SPY.conId }]);
    expect(newest(SPY.conId)?.bid).toBe(price(451));
  });
  test("is given longer as an index, is let rest outside its session, and is not blamed for a jump of the clock", () => {
    const index = feeds();
    index.open(VIX, { stallMs: STALL_MS });
    index.scheduler.advance(58_000);
    expect(index.rig.of("line.stalled")).toEqual([]);
    index.scheduler.advance(6_000);
    expect(index.rig.of("line.stalled")).toHaveLength(1);
    // 20:00 in New York.
    const night = feeds(1, epochMs(NOW + 9 * 3_600_000));
    night.open(SPY, { stallMs: STALL_MS });
    night.scheduler.advance(3_600_000);
    expect(night.rig.of("line.stalled")).toEqual([]);
    // The process slept: its clock ran on, its ticks waited in the socket.
    const slept = feeds();
    const spy = slept.open(SPY, { stallMs: STALL_MS });
    bid(slept.client, spy, 450);
    slept.scheduler.sleep(60_000);
    bid(slept.client, spy, 450.01);
    slept.scheduler.advance(1_000);
    expect(slept.rig.of("line.stalled")).toEqual([]);
  });
  test("opened in its place, says when it ticks", () => {
    const { client, rig, open, scheduler } = feeds();
    const spy = open(SPY, { stallMs: STALL_MS, afterStall: true });
    bid(client, spy, 450);
    scheduler.advance(100);
    expect(rig.of("line.resumed")).toHaveLength(1);
  });
});

describe("a break", () => {
  test("of a farm (2103) breaks at once what it feeds and nothing else; 2104 heals what ticks, and tells what does not", () => {
    const { scheduler, client, rig, open, newest, notice } = feeds();
    const [spy, put, call] = [open(SPY), open(PUT), open(option(14, 450, "C"))];
    for (const reqId of [spy, put, call]) bid(client, reqId, 2);
    scheduler.advance(100);
    notice(2103, "Market data farm connection is broken:usopt");
    expect([newest(PUT.conId)?.broken, newest(14)?.broken, newest(SPY.conId)?.broken]).toEqual([
      "2103 usopt",
      "2103 usopt",
      undefined,
    ]);
    // Asking for the line again does not bring the old quote back.
    open(PUT);
    scheduler.advance(100);
    expect(newest(PUT.conId)).not.toHaveProperty("bid");
    notice(2104, "Market data farm connection is OK:usopt");
    bid(client, call, 3);
    scheduler.advance(6_000);
    expect(newest(14)?.bid).toBe(price(3));
    expect(rig.of("line.stalled").map(({ conId }) => conId)).toEqual([PUT.conId]);
    expect(client.calls("cancelMktData")).toEqual([]);
  });
  test("of IB's servers (1100) breaks everything; after 1102 a line asked for again that has not spoken is subscribed anew, once", () => {
    const { scheduler, client, open, newest, notice } = feeds();
    const [spy, put] = [open(SPY), open(PUT)];
    for (const reqId of [spy, put]) bid(client, reqId, 2);
    scheduler.advance(100);
    notice(1100);
    expect([newest(SPY.conId)?.broken, newest(PUT.conId)?.broken]).toEqual(["1100", "1100"]);
    open(SPY);
    expect(client.calls("reqMktData")).toHaveLength(2);
    notice(1102);
    bid(client, put, 3);
    for (const contract of [SPY, PUT]) open(contract);
    scheduler.advance(1_000);
    expect(client.calls("reqMktData")).toHaveLength(3);
    expect(client.calls("cancelMktData")).toEqual([[spy]]);
    bid(client, reqIdOf(client, SPY.conId), 4);
    scheduler.advance(10_000);
    expect([newest(SPY.conId)?.bid, newest(PUT.conId)?.bid]).toEqual([price(4), price(3)]);
  });
  test("by another session (10197) breaks the quote as the line fails", () => {
    const { scheduler, client, open, newest } = feeds();
    const spy = open(SPY);
    bid(client, spy, 450);
    scheduler.advance(100);
    client.say("error", new Error("competing"), 10197, spy);
    expect(newest(SPY.conId)?.broken).toContain("10197");
  });
});

describe("a quote's source", () => {
  test("follows the line's type, and what was said under another type is forgotten", () => {
    const { scheduler, client, open, newest } = feeds();
    const spy = open(SPY);
    bid(client, spy, 450);
    scheduler.advance(100);
    expect(newest(SPY.conId)).not.toHaveProperty("source");
    for (const [type, source] of [
      [3, "delayed"],
      [2, "frozen"],
      [4, "delayedFrozen"],
    ] as const) {
      client.say("marketDataType", spy, type);
      scheduler.advance(100);
      expect([newest(SPY.conId)?.source, newest(SPY.conId)?.bid]).toEqual([source, undefined]);
    }
  });
});

describe("a snapshot", () => {
  test("is answered once with its whole quote, is asked for as one, and holds no line afterwards", () => {
    const { scheduler, client, rig } = feeds();
    rig.send("line.snapshot", { epoch: 1, contract: PUT });
    const [reqId, , generic, snapshot] = client.calls("reqMktData").at(-1) as [number, unknown, string, boolean];
    expect([generic, snapshot]).toEqual(["", true]);
    bid(client, reqId, 1);
    client.say("tickSnapshotEnd", reqId);
    client.say("tickSnapshotEnd", reqId);
    scheduler.advance(60_000);
    expect(rig.of("snapshot.answered")).toMatchObject([{ conId: PUT.conId, quote: { bid: price(1), source: "snapshot" } }]);
    expect(rig.of("quote.updated")).toEqual([]);
    expect([rig.of("snapshot.failed"), client.calls("cancelMktData"), rig.port.lines()]).toEqual([[], [], []]);
  });
  test("that IB refuses, that may not be seen live, or that never ends has failed; one that was withdrawn says nothing", () => {
    const { scheduler, client, rig } = feeds();
    const ask = (n: number): number => {
      rig.send("line.snapshot", { epoch: 1, contract: option(n, 400 + n, "C") });
      return reqIdOf(client, n);
    };
    client.say("error", new Error("no security"), 200, ask(1));
    client.say("error", new Error("not subscribed"), 10089, ask(2));
    const withdrawn = ask(3);
    rig.send("line.withdraw", { epoch: 1, conId: 3 });
    client.say("tickSnapshotEnd", withdrawn);
    ask(4);
    scheduler.advance(20_000);
    expect(rig.of("snapshot.failed").map(({ conId, code }) => [conId, code])).toEqual([
      [1, 200],
      [2, 10089],
      [4, 0],
    ]);
    expect(rig.of("snapshot.answered")).toEqual([]);
    expect(client.calls("cancelMktData")).toHaveLength(3);
  });
  test("dies with its epoch", () => {
    const { scheduler, client, rig } = feeds();
    rig.send("line.snapshot", { epoch: 1, contract: PUT });
    client.say("disconnected");
    scheduler.advance(60_000);
    expect([rig.of("snapshot.failed"), scheduler.pending]).toEqual([[], 0]);
  });
});

describe("ticks, whatever they are", () => {
  const sentinel = fc.constantFrom(
    -1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.MAX_VALUE,
    2_147_483_647,
    undefined,
  );
  const honest = fc.integer({ min: -20_000, max: 20_000 }).map((cents) => cents / 100);
  const tick = fc.oneof(
    fc.record({ kind: fc.constant("price" as const), field: fc.constantFrom(1, 2, 4), value: fc.oneof(sentinel, honest) }),
    fc.record({ kind: fc.constant("size" as const), field: fc.constantFrom(0, 3, 5), value: fc.oneof(sentinel, fc.nat(9)) }),
  );
  test("a mid is known only of two honest, uncrossed sides; crossed ones are marked; no sentinel becomes zero", () => {
    fc.assert(
      fc.property(fc.array(tick, { maxLength: 40 }), fc.boolean(), (ticks, signed) => {
        const heard = nothingHeard(signed);
        const zeros = new Set<number>();
        for (const { kind, field, value } of ticks) {
          if (kind === "price") hearPrice(heard, field, value);
          else hearSize(heard, field, value);
          if (kind === "price" && value !== undefined && Math.abs(value) < 0.00005) zeros.add(field);
        }
        const quote = quoteOf(1, heard, NOW);
        const two =
          typeof quote.bid === "number" && typeof quote.ask === "number" ? ([quote.bid, quote.ask] as const) : undefined;
        expect(quote.crossed === true).toBe(two !== undefined && two[0] > two[1]);
        const mid = midOf(quote);
        if (mid !== undefined) expect(quote.crossed).toBeUndefined();
        if (!signed && mid !== undefined) expect(mid).toBeGreaterThan(0);
        for (const [field, side] of [
          [1, quote.bid],
          [2, quote.ask],
          [4, quote.last],
        ] as const) {
          if (side === 0) expect(zeros.has(field)).toBe(true);
          if (typeof side === "number" && !signed) expect(side).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 300 },
    );
  });
  test("a combo's negative net price is a price; −1 without a size is none, with a size it is one", () => {
    const combo = nothingHeard(true);
    hearPrice(combo, 1, -1.85);
    hearPrice(combo, 2, -1.65);
    expect(midOf(quoteOf(1, combo, NOW))).toBe(price(-1.75));
    hearPrice(combo, 2, -1);
    expect(quoteOf(1, combo, NOW).ask).toBeNull();
    hearSize(combo, 3, 5);
    expect(quoteOf(1, combo, NOW).ask).toBe(price(-1));
    hearSize(combo, 3, 0);
    expect(quoteOf(1, combo, NOW).ask).toBeNull();
  });
});
