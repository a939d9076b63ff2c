/** Market data lines: what enters a quote, and how seldom quotes are told. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Quote } from "../../src/domain/quote.ts";
import { price } from "../../src/domain/units.ts";
import { type FakeIbClient, fakeIbClient } from "../support/fake-ib-client.ts";
import { createRig, option, SPY } from "../support/ib-port-rig.ts";
import { VirtualScheduler } from "../support/virtual-scheduler.ts";

const identifiedRig = () => {
  const scheduler = new VirtualScheduler();
  const client = fakeIbClient();
  const rig = createRig({ newClient: () => client, scheduler });
  rig.send("gateway.connect", { epoch: 1 });
  client.login();
  scheduler.advance(0);
  return { scheduler, client, rig };
};
const reqIdOf = (client: FakeIbClient, conId: number): number =>
  client.calls("reqMktData").findLast(([, contract]) => (contract as { conId: number }).conId === conId)?.[0] as number;

const SENTINELS = [
  -1,
  Number.MAX_VALUE,
  -Number.MAX_VALUE,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  2_147_483_647,
  undefined,
];
const priceField = fc.constantFrom(1, 2, 4, 9, 66, 67, 68, 75, 37, 6, 72);
const sizeField = fc.constantFrom(0, 3, 5, 8, 69, 70, 71, 74);
const value = fc.oneof(
  fc.constantFrom(...SENTINELS),
  fc.constant(0),
  fc.integer({ min: 1, max: 100_000 }).map((cents) => cents / 100),
  fc.double(),
);
const tick = fc.oneof(
  fc.record({ kind: fc.constant("price" as const), field: priceField, value }),
  fc.record({ kind: fc.constant("size" as const), field: sizeField, value }),
);

const isSoundQuote = (quote: Quote): boolean =>
  [quote.bid, quote.ask, quote.last, quote.close].every(
    (side) => side === undefined || side === null || (Number.isSafeInteger(side) && side >= 0 && side < 2_147_483_647 * 10_000),
  ) &&
  [quote.bidSize, quote.askSize].every(
    (size) => size === undefined || (Number.isFinite(size) && size >= 0 && size < 2_147_483_647),
  ) &&
  (quote.bidSize !== 0 || quote.bid === null) &&
  (quote.askSize !== 0 || quote.ask === null);

describe("sentinels", () => {
  test("never enter a quote, in whatever order and mixture they come (pain 37)", () => {
    fc.assert(
      fc.property(fc.array(tick, { maxLength: 60 }), (ticks) => {
        const { scheduler, client, rig } = identifiedRig();
        rig.send("line.open", { epoch: 1, contract: SPY });
        const reqId = reqIdOf(client, SPY.conId);
        for (const { kind, field, value } of ticks) {
          if (kind === "price") client.say("tickPrice", reqId, field, value as number);
          else client.say("tickSize", reqId, field, value as number);
          scheduler.advance(60);
        }
        for (const { quote } of rig.of("quote.updated")) expect(isSoundQuote(quote), JSON.stringify(quote)).toBe(true);
        expect(rig.logged.filter(({ level }) => level === "error")).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  const told = (...ticks: readonly (readonly ["price" | "size", number, number])[]): Quote | undefined => {
    const { scheduler, client, rig } = identifiedRig();
    rig.send("line.open", { epoch: 1, contract: SPY });
    const reqId = reqIdOf(client, SPY.conId);
    for (const [kind, field, value] of ticks) client.say(kind === "price" ? "tickPrice" : "tickSize", reqId, field, value);
    scheduler.advance(100);
    return rig.of("quote.updated").at(-1)?.quote;
  };
  test("nothing heard is undefined, no such side is null, and a bid of 0 with a size is 0", () => {
    expect(told(["price", 1, 0], ["size", 0, 5])).toMatchObject({ bid: 0, bidSize: 5 });
    expect(told(["price", 1, 0], ["size", 0, 5])).not.toHaveProperty("ask");
    expect(told(["price", 1, -1])?.bid).toBeNull();
    expect(told(["price", 1, 0.05], ["size", 0, 0])?.bid).toBeNull();
    expect(told(["price", 9, 0])?.close).toBeNull();
    expect(told(["price", 67, 1.5], ["size", 70, 3])).toMatchObject({ ask: price(1.5), askSize: 3 });
  });
  test("a side that comes back with a price is there again, though IBApi swallows the bid size beside it", () => {
    expect(told(["price", 1, -1], ["size", 0, 0], ["price", 1, 0.05])?.bid).toBe(price(0.05));
  });
  test("an unreadable price is not the last readable one", () => {
    expect(told(["price", 1, 0.05], ["price", 1, Number.NaN])).not.toHaveProperty("bid");
  });
});

describe("conflation", () => {
  test("keeps the newest, at most one quote per contract and batch, each whole, under the contract's key", () => {
    const ticks = fc.array(
      fc.record({ which: fc.constantFrom(0, 1), cents: fc.integer({ min: 1, max: 99_999 }), waitMs: fc.nat(30) }),
      {
        minLength: 1,
        maxLength: 120,
      },
    );
    fc.assert(
      fc.property(ticks, (all) => {
        const { scheduler, client, rig } = identifiedRig();
        const contracts = [SPY, option(12, 445, "P")] as const;
        for (const contract of contracts) rig.send("line.open", { epoch: 1, contract });
        const newest = new Map<number, number>();
        const toldAt: [number, number][] = [];
        let seen = rig.reports.length;
        const note = () => {
          for (const report of rig.reports.slice(seen))
            if (report.type === "quote.updated") toldAt.push([report.quote.conId, scheduler.now()]);
          seen = rig.reports.length;
        };
        for (const { which, cents, waitMs } of all) {
          const { conId } = contracts[which] as { conId: number };
          client.say("tickPrice", reqIdOf(client, conId), 1, cents / 100);
          newest.set(conId, price(cents / 100));
          for (let ms = 0; ms < waitMs; ms++) {
            scheduler.advance(1);
            note();
          }
        }
        for (let ms = 0; ms < 60; ms++) {
          scheduler.advance(1);
          note();
        }
        const quotes = rig.of("quote.updated").map(({ quote }) => quote);
        for (const [conId, bid] of newest) expect(quotes.findLast((quote) => quote.conId === conId)?.bid).toBe(bid);
        for (const { conId } of contracts) {
          const times = toldAt.filter(([told]) => told === conId).map(([, at]) => at);
          for (const [n, at] of times.slice(1).entries()) expect(at - (times[n] as number)).toBeGreaterThanOrEqual(50);
        }
        rig.reports.forEach((report, n) => {
          expect(rig.keys[n]).toBe(report.type === "quote.updated" ? `quote/${report.quote.conId}` : undefined);
        });
      }),
      { numRuns: 40 },
    );
  });

  test("order reports are neither conflated nor reordered among ticks", () => {
    const { scheduler, client, rig } = identifiedRig();
    rig.send("line.open", { epoch: 1, contract: SPY });
    const reqId = reqIdOf(client, SPY.conId);
    for (let n = 0; n < 20; n++) {
      client.say("tickPrice", reqId, 1, 450 + n);
      client.say("orderStatus", 100, "Submitted" as never, n % 3, 20 - n, 0, 9001, 0, 0, 7, "", 0);
    }
    scheduler.advance(50);
    expect(rig.of("order.statusReported").map(({ remaining }) => remaining)).toEqual(
      Array.from({ length: 20 }, (_, n) => 20 - n),
    );
    expect(rig.of("quote.updated").map(({ quote }) => quote.bid)).toEqual([price(469)]);
  });
});

describe("a line", () => {
  test("is asked for once, also when it is opened twice, and its request ids are never reused", () => {
    const { client, rig } = identifiedRig();
    rig.send("line.open", { epoch: 1, contract: SPY });
    expect(rig.send("line.open", { epoch: 1, contract: SPY })).toEqual({ written: 1 });
    expect(client.calls("reqMktData").length).toBe(1);
    rig.send("line.close", { epoch: 1, conId: SPY.conId });
    rig.send("line.close", { epoch: 1, conId: SPY.conId });
    expect(client.calls("cancelMktData").length).toBe(1);
    rig.send("line.open", { epoch: 1, contract: SPY });
    const ids = client.calls("reqMktData").map(([reqId]) => reqId);
    expect(new Set(ids).size).toBe(2);
    expect(rig.port.lines()).toEqual([SPY.conId]);
  });

  test("that is closed says nothing more, not even what it was about to say", () => {
    const { scheduler, client, rig } = identifiedRig();
    rig.send("line.open", { epoch: 1, contract: SPY });
    const reqId = reqIdOf(client, SPY.conId);
    client.say("tickPrice", reqId, 1, 450);
    rig.send("line.close", { epoch: 1, conId: SPY.conId });
    client.say("tickPrice", reqId, 1, 451);
    scheduler.advance(1_000);
    expect(rig.of("quote.updated")).toEqual([]);
  });

  test("dies with its epoch, batch and all", () => {
    const { scheduler, client, rig } = identifiedRig();
    rig.send("line.open", { epoch: 1, contract: SPY });
    client.say("tickPrice", reqIdOf(client, SPY.conId), 1, 450);
    client.say("disconnected");
    scheduler.advance(1_000);
    expect(rig.reports.at(-1)).toMatchObject({ type: "gateway.lost" });
    expect(rig.port.lines()).toEqual([]);
    expect(scheduler.pending).toBe(0);
  });

  test("tells each change of its data type once, and a competing session (10197) ends it and is withdrawn (pain 33)", () => {
    const { client, rig } = identifiedRig();
    rig.send("line.open", { epoch: 1, contract: SPY });
    const reqId = reqIdOf(client, SPY.conId);
    for (const type of [1, 1, 3, 3, 1]) client.say("marketDataType", reqId, type);
    expect(rig.of("line.typed").map(({ dataType }) => dataType)).toEqual([1, 3, 1]);
    client.say("error", new Error("No market data during competing live session"), 10197, reqId);
    expect(rig.of("line.failed")[0]).toMatchObject({ conId: SPY.conId, code: 10197 });
    expect(client.calls("cancelMktData")).toEqual([[reqId]]);
  });
});
