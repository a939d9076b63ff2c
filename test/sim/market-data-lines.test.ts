import { type Contract as IbContract, MarketDataType, SecType } from "@stoqey/ib";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { instantOf } from "../../src/domain/calendar/new-york.ts";
import { yearsToExpiry } from "../../src/domain/calendar/time-to-expiry.ts";
import { blackPrice } from "../../src/domain/options/black-scholes-merton.ts";
import { epochMs, price, tradingDay } from "../../src/domain/units.ts";
import type { Entitlement } from "../../src/sim/broker/market-data/entitlement.ts";
import { byConId, CONDOR, FRIDAY_10_00, quoteCondor } from "../support/broker-rig.ts";
import { createBarredMarket, createDataRig, minuteOf } from "../support/market-data-rig.ts";
import { createScriptedMarket, ES, EXPIRY, optionId, SPY, VIX } from "../support/scripted-market.ts";

const rigAt = (at = FRIDAY_10_00, options = {}) => {
  const rig = createDataRig(createScriptedMarket(at), options);
  rig.market.set(SPY, 600, 600.02);
  return rig;
};
const option = byConId(optionId("C", 600));

describe("market data lines", () => {
  it("are never more than the limit, and as many as clients have opened and not lost", () => {
    const step = fc.record({
      does: fc.constantFrom("open", "open", "open", "snapshot", "cancel", "failAll", "dropAll", "pass", "leave"),
      client: fc.nat(2),
      reqId: fc.nat(4),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const rig = rigAt(FRIDAY_10_00, { lineLimit: 5 });
        const clients = [rig.connect(0), rig.connect(1), rig.connect(2)];
        const open = new Map<string, "streams" | "ends">();
        for (const { does, client: index, reqId } of steps) {
          const client = clients[index]!;
          const key = `${index}/${reqId}`;
          const before = client.errors().length;
          // Of an option that is not quoted: a snapshot waits.
          if (does === "open" || does === "snapshot") {
            client.ib.reqMktData(reqId, option, "", does === "snapshot", false);
            rig.settle();
            const code = open.has(key) ? 322 : open.size >= 5 ? 101 : undefined;
            expect(client.errors()[before]?.[0]).toBe(code);
            if (code === undefined) open.set(key, does === "open" ? "streams" : "ends");
          } else if (does === "cancel") {
            client.ib.cancelMktData(reqId);
            rig.settle();
            expect(client.errors()[before]?.[0]).toBe(open.delete(key) ? undefined : 300);
          } else if (does === "pass") {
            rig.pass(11_000);
            for (const [one, kind] of [...open]) if (kind === "ends") open.delete(one);
          } else if (does === "leave") {
            client.ib.disconnect();
            clients[index] = rig.connect(index);
            for (const one of [...open.keys()]) if (one.startsWith(`${index}/`)) open.delete(one);
          } else {
            expect(does === "dropAll" ? rig.broker.lines.dropAll() : rig.broker.lines.failAll(354, "gone")).toBe(open.size);
            rig.settle();
            open.clear();
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  it("end every snapshot within eleven seconds, whatever is wrong", () => {
    const trouble = fc.constantFrom("freeze", "compete", "halt", "zero", "unset", "none");
    fc.assert(
      fc.property(fc.array(trouble, { maxLength: 4 }), fc.boolean(), (troubles, quoted) => {
        const rig = rigAt();
        if (!quoted) rig.market.unset(SPY);
        const client = rig.connect(1);
        const { lines } = rig.broker;
        for (const what of troubles) {
          if (what === "freeze") lines.freeze(true);
          if (what === "compete") lines.compete(true);
          if (what === "halt") lines.halt(true);
          if (what === "zero") lines.oddTicks("zero");
          if (what === "unset") rig.market.unset(SPY);
        }
        client.ib.reqMktData(1, byConId(SPY), "", true, false);
        rig.pass(11_000);
        expect(client.all("tickSnapshotEnd")).toEqual([[1]]);
        client.ib.cancelMktData(1);
        rig.settle();
        expect(client.errors().at(-1)).toEqual([300, 1]);
      }),
    );
  });

  it("say nothing after a cancel but what was under way", () => {
    const rig = rigAt();
    const client = rig.connect(1);
    client.ib.reqMktData(1, byConId(SPY), "", false, false);
    rig.settle();
    rig.market.set(SPY, 601, 601.02);
    rig.broker.advance(epochMs(rig.market.now + 1_000));
    client.ib.cancelMktData(1);
    rig.settle();
    expect(client.line(1).get(1)).toBe(601);
    client.news();
    rig.market.set(SPY, 602, 602.02);
    rig.pass(5_000);
    expect(client.news()).toEqual([]);
  });

  it("show everybody the same, whenever they came and whatever they missed", () => {
    const step = fc.oneof(
      fc.record({
        does: fc.constant("quote" as const),
        bid: fc.integer({ min: 1, max: 400 }),
        size: fc.integer({ min: 1, max: 9 }),
      }),
      fc.record({ does: fc.constant("open" as const) }),
      fc.record({ does: fc.constantFrom("freeze" as const, "thaw" as const, "compete" as const, "resume" as const) }),
      fc.record({ does: fc.constant("odd" as const), kind: fc.constantFrom("none", "zero", "max", "crossed", "spike") }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const rig = rigAt();
        const client = rig.connect(1);
        const { lines } = rig.broker;
        let opened = 0;
        for (const one of steps) {
          if (one.does === "open") client.ib.reqMktData(++opened, byConId(SPY), "", false, false);
          if (one.does === "quote") rig.market.set(SPY, one.bid, one.bid + 1, { bid: one.size });
          if (one.does === "freeze" || one.does === "thaw") lines.freeze(one.does === "freeze");
          if (one.does === "compete" || one.does === "resume") lines.compete(one.does === "compete");
          if (one.does === "odd") lines.oddTicks(one.kind as "none");
          rig.pass(1_000);
        }
        lines.freeze(false);
        lines.compete(false);
        rig.pass(1_000);
        const quote = rig.market.quote(SPY)!;
        for (let reqId = 1; reqId <= opened; reqId++) {
          const shown = client.line(reqId);
          expect([shown.get(1), shown.get(0), shown.get(2), shown.get(3)]).toEqual([
            quote.bid! / 10_000,
            quote.bidSize,
            quote.ask! / 10_000,
            quote.askSize,
          ]);
          expect(shown).toEqual(client.line(1));
        }
      }),
      { numRuns: 60 },
    );
  });

  it("ask the market once for a contract, however many lines show it", () => {
    const rig = rigAt();
    let asked = 0;
    const quote = rig.market.quote;
    Object.assign(rig.market, {
      quote: (conId: number) => {
        asked++;
        return quote(conId);
      },
    });
    for (let clientId = 1; clientId <= 8; clientId++) {
      const { ib } = rig.connect(clientId);
      for (let reqId = 1; reqId <= 10; reqId++) ib.reqMktData(reqId, byConId(SPY), "", false, false);
    }
    rig.pass(1_000);
    asked = 0;
    rig.pass(1_000);
    expect(asked).toBe(1);
  });

  it("tell the last trade with its time, the volume and the close", () => {
    const rig = rigAt();
    const quote = rig.market.quote(SPY)!;
    Object.assign(rig.market, {
      quote: () => ({ ...quote, last: price(600.01), lastSize: 5, volume: 1_234, close: price(598) }),
    });
    const client = rig.connect(1);
    client.ib.reqMktData(1, byConId(SPY), "", false, false);
    rig.settle();
    const shown = client.line(1);
    expect([4, 5, 8, 9, 45, 49].map((type) => shown.get(type))).toEqual([600.01, 5, 1_234, 598, String(FRIDAY_10_00 / 1_000), 0]);
    expect(client.all("tickReqParams")).toEqual([[1, 0.01, "9c0001", 3]]);
  });

  it("tell open, high and low of the day as its bars have them, and widen them by what trades since", () => {
    const rig = createDataRig(createBarredMarket(FRIDAY_10_00));
    rig.market.set(SPY, 600, 600.02);
    const quote = rig.market.quote(SPY)!;
    let last = 600;
    Object.assign(rig.market, { quote: () => ({ ...quote, last: price(last), lastSize: 1, volume: Math.round(last) }) });
    const client = rig.connect(1);
    client.ib.reqMktData(1, byConId(SPY), "", false, false);
    rig.settle();
    const opened = minuteOf(instantOf(tradingDay("2026-11-20"), 570)).open;
    expect(client.line(1).get(14)).toBe(opened);
    last = 650;
    rig.pass(1_000);
    expect([client.line(1).get(14), client.line(1).get(6)]).toEqual([opened, 650]);
  });
});

describe("trouble with lines", () => {
  it("leaves no line after a failure of all, and says so once for each", () => {
    const rig = rigAt();
    const client = rig.connect(1);
    for (const reqId of [1, 2, 3]) client.ib.reqMktData(reqId, byConId(SPY), "", false, false);
    expect(rig.broker.lines.failAll(354, "no more")).toBe(3);
    rig.settle();
    expect(client.errors()).toEqual([
      [354, 1],
      [354, 2],
      [354, 3],
    ]);
  });

  it("of a competing session silences lines with 10197 and lets them go on", () => {
    const rig = rigAt();
    const client = rig.connect(1);
    client.ib.reqMktData(1, byConId(SPY), "", false, false);
    rig.broker.lines.compete(true);
    client.ib.reqMktData(2, byConId(SPY), "", false, false);
    rig.market.set(SPY, 610, 611);
    rig.pass(1_000);
    expect(client.errors()).toEqual([
      [10_197, 1],
      [10_197, 2],
    ]);
    expect([client.line(1).get(1), client.line(2).get(1)]).toEqual([600, undefined]);
    rig.broker.lines.compete(false);
    rig.pass(1_000);
    expect([client.line(1).get(1), client.line(2).get(1)]).toEqual([610, 610]);
  });

  it("halts a contract: its quotes stand still and 49 says so, until it trades again", () => {
    const rig = rigAt();
    const client = rig.connect(1);
    client.ib.reqMktData(1, byConId(SPY), "", false, false);
    rig.broker.lines.halt(true, [SPY]);
    rig.market.set(SPY, 500, 501);
    rig.pass(1_000);
    expect([client.line(1).get(1), client.line(1).get(49)]).toEqual([600, 1]);
    rig.broker.lines.halt(false, [SPY]);
    rig.pass(1_000);
    expect([client.line(1).get(1), client.line(1).get(49)]).toEqual([500, 0]);
  });

  it("says odd prices once, then the true ones", () => {
    const rig = rigAt();
    const client = rig.connect(1);
    client.ib.reqMktData(1, byConId(SPY), "", false, false);
    rig.settle();
    const odd = {
      none: [-1, -1],
      zero: [0, 0],
      max: [Number.MAX_VALUE, Number.MAX_VALUE],
      crossed: [600.04, 600],
      spike: [60_000, 60_002],
    };
    for (const [kind, prices] of Object.entries(odd)) {
      expect(rig.broker.lines.oddTicks(kind as "none")).toBe(1);
      rig.settle();
      expect([client.line(1).get(1), client.line(1).get(2)]).toEqual(prices);
      rig.pass(1_000);
      expect([client.line(1).get(1), client.line(1).get(2), client.line(1).get(0)]).toEqual([600, 600.02, 10]);
    }
  });
});

describe("data types and entitlements", () => {
  const table: readonly (readonly [Entitlement, asked: number, code: number | undefined, type: number | undefined])[] = [
    ["live", 1, undefined, 1],
    ["live", 3, undefined, 1],
    ["partial", 1, 10_090, 1],
    ["delayed", 1, 354, undefined],
    ["delayed", 3, 10_167, 3],
    ["delayed", 4, 10_167, 3],
    ["delayed-unasked", 1, 10_089, 3],
    ["delayed-unasked", 3, 10_167, 3],
    ["none", 1, 354, undefined],
    ["none", 3, 10_168, undefined],
  ];
  it.each(table)("%s, asked for type %i: error %s, type %s", (entitlement, asked, code, type) => {
    const rig = rigAt(FRIDAY_10_00, { faults: { entitlements: { STK: entitlement } } });
    const client = rig.connect(1);
    client.ib.reqMarketDataType(asked as MarketDataType);
    client.ib.reqMktData(1, byConId(SPY), "", false, false);
    rig.settle();
    expect(client.errors()).toEqual(code === undefined ? [] : [[code, 1]]);
    expect(client.all("marketDataType")).toEqual(type === undefined ? [] : [[1, type]]);
  });

  it("delayed lines show in their own tick types what was quoted a quarter of an hour ago", () => {
    const rig = rigAt(FRIDAY_10_00, { faults: { entitlements: { STK: "delayed" } } });
    const client = rig.connect(1);
    client.ib.reqMarketDataType(MarketDataType.DELAYED);
    client.ib.reqMktData(1, byConId(SPY), "", false, false);
    for (let minute = 1; minute <= 40; minute++) {
      rig.market.set(SPY, 600 + minute, 601 + minute);
      rig.pass(60_000);
      const shown = client.line(1);
      expect([shown.get(1), shown.get(66)]).toEqual([
        undefined,
        minute < 15 ? undefined : minute === 15 ? 600 : 600 + minute - 15,
      ]);
    }
  });

  it("delayed lines begin with what minute bars tell, where there are any", () => {
    const rig = createDataRig(createBarredMarket(FRIDAY_10_00), { faults: { entitlements: { STK: "delayed" } } });
    rig.market.set(SPY, 600, 600.02);
    const client = rig.connect(1);
    client.ib.reqMarketDataType(MarketDataType.DELAYED);
    client.ib.reqMktData(1, byConId(SPY), "", false, false);
    rig.settle();
    const then = minuteOf(FRIDAY_10_00 - 16 * 60_000).close;
    expect(client.line(1).get(66)).toBeCloseTo(then - 0.01, 4);
    expect(client.line(1).get(68)).toBeCloseTo(then, 4);
  });

  it("freezes only for who asked for it, when the session closes", () => {
    const rig = rigAt(instantOf(tradingDay("2026-11-20"), 959));
    const [live, frozen] = [rig.connect(1), rig.connect(2)];
    frozen.ib.reqMarketDataType(MarketDataType.FROZEN);
    for (const client of [live, frozen]) client.ib.reqMktData(1, byConId(SPY), "", false, false);
    rig.pass(120_000);
    expect(live.all("marketDataType")).toEqual([[1, 1]]);
    expect(frozen.all("marketDataType")).toEqual([
      [1, 1],
      [1, 2],
    ]);
  });

  it("stays what a client has asked for when its lines are lost without a word", () => {
    const rig = rigAt(FRIDAY_10_00, { faults: { entitlements: { STK: "delayed" } } });
    const client = rig.connect(1);
    client.ib.reqMarketDataType(MarketDataType.DELAYED);
    client.ib.reqMktData(1, byConId(SPY), "", false, false);
    for (const listener of rig.broker.clients()) rig.broker.unsubscribe(listener);
    client.ib.reqMktData(2, byConId(SPY), "", false, false);
    rig.settle();
    expect(client.all("marketDataType")).toEqual([
      [1, 3],
      [2, 3],
    ]);
  });

  it("turns open lines delayed, and ends those that did not ask for it, when an entitlement goes", () => {
    const rig = rigAt();
    const [plain, patient] = [rig.connect(1), rig.connect(2)];
    patient.ib.reqMarketDataType(MarketDataType.DELAYED);
    for (const client of [plain, patient]) client.ib.reqMktData(1, byConId(SPY), "", false, false);
    rig.settle();
    rig.broker.faults.entitlements = { STK: "delayed" };
    rig.pass(1_000);
    expect(plain.errors()).toEqual([[354, 1]]);
    expect(patient.errors()).toEqual([[10_167, 1]]);
    expect(patient.all("marketDataType").at(-1)).toEqual([1, 3]);
    rig.pass(16 * 60_000);
    expect(patient.line(1).get(66)).toBe(600);
    patient.news();
    rig.broker.faults.entitlements = {};
    rig.pass(1_000);
    expect(patient.all("marketDataType").at(-1)).toEqual([1, 1]);
    // All of it again, though nothing has moved: the line now speaks of other things.
    expect(patient.news().filter(([event, , type]) => event === "tickPrice" && type === 1).length).toBe(1);
  });

  it("gives delayed options delayed computations, of the underlying as it was then", () => {
    const rig = rigAt(FRIDAY_10_00, { faults: { entitlements: { STK: "delayed", OPT: "delayed" } } });
    rig.market.set(optionId("C", 600), 10, 10.1);
    const client = rig.connect(1);
    client.ib.reqMarketDataType(MarketDataType.DELAYED);
    client.ib.reqMktData(1, option, "", false, false);
    rig.pass(60_000);
    rig.market.set(SPY, 700, 700.02);
    rig.pass(14 * 60_000);
    const model = client.line(1).get(83) as number[];
    expect([model.at(-1), client.line(1).has(13)]).toEqual([600.01, false]);
    expect(client.errors()).toEqual([[10_167, 1]]);
  });

  it("withholds an option's computations, with 10091, where the underlying is not live", () => {
    for (const [entitlements, codes, computes] of [
      [{}, [], true],
      [{ STK: "none" }, [10_091], false],
    ] as const) {
      const rig = rigAt(FRIDAY_10_00, { faults: { entitlements } });
      rig.market.set(optionId("C", 600), 10, 10.1);
      const client = rig.connect(1);
      client.ib.reqMktData(1, option, "", false, false);
      rig.settle();
      expect(client.errors().map(([code]) => code)).toEqual(codes);
      expect(client.all("tickOptionComputation").length > 0).toBe(computes);
      expect(client.line(1).get(1)).toBe(10);
    }
  });
});

describe("generic ticks", () => {
  const ask = (contract: IbContract, list: string, snapshot = false) => {
    const rig = createDataRig(createBarredMarket(FRIDAY_10_00));
    rig.market.set(SPY, 600, 600.02);
    rig.market.set(optionId("C", 600), 10, 10.1);
    rig.market.set(ES, 6_000, 6_000.25);
    const client = rig.connect(1);
    client.ib.reqMktData(1, contract, list, snapshot, false);
    rig.settle();
    return client;
  };

  it("that IB does not know are refused by name, as are any with a snapshot", () => {
    expect(ask(byConId(SPY), "233,999").errors()).toEqual([[321, 1]]);
    expect(ask(byConId(SPY), "233", true).errors()).toEqual([[321, 1]]);
    expect(ask(byConId(SPY), "258,292:BRFG,mdoff").errors()).toEqual([]);
  });

  it("mark a price between bid and ask, say that shares can be borrowed, and silence the quotes with mdoff", () => {
    expect(ask(byConId(SPY), "221").line(1).get(37)).toBe(600.01);
    const shortable = ask(byConId(SPY), "mdoff,236").line(1);
    expect([...shortable.keys()].sort()).toEqual([46, 89]);
  });

  it("sum open interest over an underlying's options, and give an option its own", () => {
    const rig = rigAt();
    const quote = rig.market.quote(SPY)!;
    Object.assign(rig.market, { quote: (conId: number) => ({ ...quote, openInterest: conId === SPY ? null : 7, volume: 2 }) });
    const client = rig.connect(1);
    client.ib.reqMktData(1, byConId(SPY), "100,101", false, false);
    client.ib.reqMktData(2, option, "100,101", false, false);
    rig.settle();
    const [stock, call] = [client.line(1), client.line(2)];
    expect([27, 28, 29, 30].map((type) => stock.get(type))).toEqual([63, 63, 18, 18]);
    expect([27, 28, 29, 30].map((type) => call.get(type))).toEqual([7, undefined, 2, undefined]);
  });
});

describe("option computations", () => {
  const years = yearsToExpiry(FRIDAY_10_00, EXPIRY);
  const discount = Math.exp(-0.035 * years);
  const forward = 600.01 / discount;
  const theory = (right: "C" | "P", strike: number, vol: number): number =>
    blackPrice({ right, forward, strike, years, discount, vol });

  const quoted = () => {
    const rig = rigAt();
    for (const strike of [595, 600, 605])
      for (const right of ["C", "P"] as const) {
        const value = theory(right, strike, 0.2);
        rig.market.set(optionId(right, strike), value - 0.05, value + 0.05);
      }
    return rig;
  };

  it("find the volatility that the quotes were made of, its delta, and vega and theta in IB's units", () => {
    const rig = quoted();
    const client = rig.connect(1);
    for (const [reqId, right, strike] of [
      [1, "C", 595],
      [2, "P", 595],
      [3, "C", 605],
    ] as const) {
      client.ib.reqMktData(reqId, byConId(optionId(right, strike)), "", false, false);
      rig.settle();
      const [, vol, delta, value, dividend, gamma, vega, theta, underlying] = client.line(reqId).get(13) as number[];
      expect(vol).toBeCloseTo(0.2, 3);
      expect(value).toBeCloseTo(theory(right, strike, 0.2), 2);
      expect([dividend, underlying]).toEqual([0, 600.01]);
      const bumped = (spot: number, sigma: number, t: number): number =>
        blackPrice({ right, forward: (spot * forward) / 600.01, strike, years: t, discount: Math.exp(-0.035 * t), vol: sigma });
      expect(delta).toBeCloseTo((bumped(601.01, 0.2, years) - bumped(599.01, 0.2, years)) / 2, 2);
      expect(gamma).toBeGreaterThan(0);
      expect(vega).toBeCloseTo(bumped(600.01, 0.21, years) - bumped(600.01, 0.2, years), 2);
      expect(theta).toBeCloseTo(bumped(600.01, 0.2, years - 1 / 365) - bumped(600.01, 0.2, years), 1);
    }
  });

  it("take the volatility of an option in the money from the other one of its strike, whose quote tells more", () => {
    const rig = quoted();
    const value = theory("C", 595, 0.2);
    rig.market.set(optionId("C", 595), value - 1, value + 3);
    const client = rig.connect(1);
    client.ib.reqMktData(1, byConId(optionId("C", 595)), "", false, false);
    rig.settle();
    const [, vol] = client.line(1).get(13) as number[];
    expect(vol).toBeCloseTo(0.2, 2);
  });

  it("come with bid and ask, with the bid's volatility below the ask's, and not computed where a side is missing", () => {
    const rig = quoted();
    rig.market.set(optionId("C", 605), null, 8);
    const client = rig.connect(1);
    client.ib.reqMktData(1, byConId(optionId("C", 600)), "", false, false);
    client.ib.reqMktData(2, byConId(optionId("C", 605)), "", false, false);
    rig.settle();
    const vol = (reqId: number, type: number): number => (client.line(reqId).get(type) as number[])[1] as number;
    expect(vol(1, 10)).toBeLessThan(vol(1, 11));
    expect(client.line(2).get(10)).toEqual([1, undefined, undefined, undefined, 0, undefined, undefined, undefined, 600.01]);
    expect(client.line(1).has(12)).toBe(false);
  });

  it("come at most once a second, and not while nothing changes", () => {
    const rig = quoted();
    const client = rig.connect(1);
    client.ib.reqMktData(1, byConId(optionId("C", 600)), "", false, false);
    rig.pass(10_000);
    const first = client.all("tickOptionComputation").length;
    expect(first).toBe(3);
    for (let i = 0; i < 10; i++) {
      rig.market.set(optionId("C", 600), 15 + i / 10, 15.2 + i / 10);
      rig.pass(100);
    }
    expect(client.all("tickOptionComputation").length - first).toBeLessThanOrEqual(6);
  });

  it("answer calculations both ways round: a price's volatility prices it again", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.05, max: 1, noNaN: true }), fc.integer({ min: 560, max: 640 }), (vol, spot) => {
        const rig = quoted();
        const client = rig.connect(1);
        client.ib.calculateOptionPrice(1, option, vol, spot);
        rig.settle();
        const [, type, , , , value = 0] = client.all("tickOptionComputation")[0]!;
        expect(type).toBe(53);
        client.ib.calculateImpliedVolatility(2, option, value, spot);
        rig.settle();
        expect(client.all("tickOptionComputation")[1]?.[3]).toBeCloseTo(vol, 4);
      }),
      { numRuns: 25 },
    );
    const rig = quoted();
    const client = rig.connect(1);
    client.ib.calculateOptionPrice(1, byConId(SPY), 0.2, 600);
    client.ib.calculateOptionPrice(2, { symbol: "SPY", secType: SecType.OPT }, 0.2, 600);
    rig.settle();
    expect(client.errors()).toEqual([
      [321, 1],
      [200, 2],
    ]);
  });

  it("are none of an index, a stock or a combo", () => {
    const rig = quoted();
    quoteCondor(rig.market);
    rig.market.set(VIX, 17, 17.1);
    const client = rig.connect(1);
    for (const [i, contract] of [byConId(SPY), byConId(VIX), CONDOR].entries())
      client.ib.reqMktData(i, contract, "", false, false);
    rig.settle();
    expect(client.all("tickOptionComputation")).toEqual([]);
    expect(client.line(2).get(49)).toBe(undefined);
  });
});
