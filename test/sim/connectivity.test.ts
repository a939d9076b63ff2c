/** IB's servers, out of reach and back: what is held, what is lost, and what goes on meanwhile. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { byConId, createFaultRig, limitOrder, PUT } from "../support/fault-rig.ts";

const openOrders = (rig: ReturnType<typeof createFaultRig>) => rig.broker.truth().accounts[0]!.openOrders;

describe("while IB's servers are away", () => {
  it("the gateway tells what it knows by itself, and nothing else", () => {
    const rig = createFaultRig();
    rig.watch();
    rig.broker.connectivity.lose({ orders: "wait", fills: "late" });
    rig.settle();
    rig.client.news();
    rig.ib.reqCurrentTime();
    rig.ib.reqIds();
    rig.ib.reqPositions();
    rig.ib.reqAllOpenOrders();
    rig.ib.reqExecutions(9, {});
    rig.ib.reqContractDetails(10, byConId(PUT));
    rig.quote(1.2, 1.3);
    expect(rig.client.news()).toEqual(["currentTime", "nextValidId 1"]);
  });

  it("orders wait and reach the market when it is over, at its prices then", () => {
    const rig = createFaultRig();
    rig.broker.connectivity.lose({ orders: "wait", fills: "late" });
    rig.buy(1, 1.55);
    rig.quote(1.2, 1.3);
    expect([openOrders(rig).length, rig.statuses(1)]).toEqual([0, []]);
    rig.broker.connectivity.restore({ data: "kept" });
    rig.settle();
    expect(rig.client.all("execDetails").map(([, , { price }]) => price)).toEqual([1.3]);
  });

  it("orders are told PendingSubmit without a permId and wait, or are lost for good, as one wishes", () => {
    for (const [orders, statuses, live] of [
      ["pending", ["PendingSubmit"], 1],
      ["lost", [], 0],
    ] as const) {
      const rig = createFaultRig();
      rig.broker.connectivity.lose({ orders, fills: "late" });
      rig.buy(1, 1.3);
      expect(rig.statuses(1)).toEqual(statuses);
      for (const [, , , , , permId] of rig.client.all("orderStatus")) expect(permId).toBe(0);
      rig.broker.connectivity.restore({ data: "kept" });
      rig.settle();
      expect(openOrders(rig).length).toBe(live);
    }
  });

  it("fills happen; they are told late, or only to whoever asks for executions", () => {
    for (const [fills, pushed] of [
      ["late", 1],
      ["silent", 0],
    ] as const) {
      const rig = createFaultRig();
      rig.buy(1, 1.3);
      rig.broker.connectivity.lose({ orders: "wait", fills });
      rig.quote(1.25, 1.3);
      rig.broker.connectivity.restore({ data: "kept" });
      rig.settle();
      expect([fills, rig.client.all("execDetails").length]).toEqual([fills, pushed]);
      rig.ib.reqExecutions(9, {});
      rig.settle();
      expect(rig.client.all("execDetails").length).toBe(pushed + 1);
    }
  });

  it("whoever logs in hears 1100 at once and waits for its open orders with everybody else", () => {
    const rig = createFaultRig();
    rig.buy(1, 1.3);
    rig.ib.disconnect();
    rig.broker.connectivity.lose({ orders: "wait", fills: "late" });
    rig.client.news();
    rig.ib.connect(1);
    rig.settle();
    const heard = rig.client.news();
    expect(heard).toContain("info 1100");
    expect(heard).not.toContain("openOrder Submitted");
    rig.broker.connectivity.restore({ data: "kept" });
    rig.settle();
    expect(rig.client.news()).toContain("openOrder Submitted");
  });

  it("what a connection that ends had asked dies with it", () => {
    const rig = createFaultRig();
    rig.broker.connectivity.lose({ orders: "wait", fills: "late" });
    rig.buy(1, 1.3);
    rig.ib.disconnect();
    rig.broker.connectivity.restore({ data: "kept" });
    rig.settle();
    expect(openOrders(rig)).toEqual([]);
  });

  it("a client that looks on from the side hears and asks as ever", () => {
    const rig = createFaultRig();
    rig.buy(1, 1.3);
    const aside = rig.connect(99);
    rig.broker.connectivity.exempt(99);
    rig.broker.connectivity.lose({ orders: "lost", fills: "silent" });
    rig.quote(1.25, 1.3);
    aside.ib.reqExecutions(9, {});
    rig.settle();
    expect(aside.news()).toEqual(expect.arrayContaining(["execDetails OPT", "execDetailsEnd"]));
    expect(aside.all("info").filter(([, code]) => code === 1100)).toEqual([]);
  });
});

describe("when they are back", () => {
  it("1101 means that every subscription is gone, and that each can be asked for anew under its old id", () => {
    const rig = createFaultRig();
    rig.watch();
    rig.ib.reqPositions();
    rig.ib.reqAccountSummary(8, "All", "NetLiquidation");
    rig.settle();
    rig.broker.connectivity.lose({ orders: "wait", fills: "late" });
    rig.broker.connectivity.restore({ data: "lost" });
    rig.settle();
    rig.client.news();
    rig.quote(1.2, 1.55);
    rig.buy(1);
    rig.pass(200_000);
    expect(rig.client.news().filter((line) => /^(tick|position|accountSummary)/.test(line))).toEqual([]);
    rig.watch();
    rig.ib.reqAccountSummary(8, "All", "NetLiquidation");
    rig.ib.reqPositions();
    rig.settle();
    expect(rig.client.news()).toEqual(expect.arrayContaining(["tickPrice 1 1.2", "accountSummary", `position ${PUT} 1`]));
    expect([rig.codes(50), rig.codes(8)]).toEqual([[], []]);
  });

  it("1102 means that lines go on with the newest prices: what changed meanwhile is told once", () => {
    const rig = createFaultRig();
    rig.watch();
    rig.broker.connectivity.lose({ orders: "wait", fills: "late" });
    for (const bid of [1.1, 1.2, 1.3]) rig.quote(bid, 1.55);
    rig.broker.connectivity.restore({ data: "kept" });
    rig.settle();
    expect(rig.prices(50, 1)).toEqual([1.45, 1.3]);
    rig.quote(1.4, 1.55);
    expect(rig.prices(50, 1)).toEqual([1.45, 1.3, 1.4]);
  });

  it("1102 may be a lie: dead lines stay silent until each is asked for anew, and new clients are well", () => {
    const rig = createFaultRig();
    rig.watch(50);
    rig.watch(51);
    rig.broker.connectivity.lose({ orders: "wait", fills: "late" });
    rig.broker.connectivity.restore({ data: "kept", dead: true });
    rig.ib.cancelMktData(51);
    rig.watch(51);
    rig.quote(1.2, 1.3);
    expect([rig.prices(50, 1), rig.prices(51, 1).at(-1)]).toEqual([[1.45], 1.2]);
    const other = rig.connect(2);
    other.ib.reqMktData(50, byConId(PUT), "", false, false);
    rig.settle();
    expect(other.news()).toContain("tickPrice 1 1.2");
  });

  it("says nothing when they were never away", () => {
    const rig = createFaultRig();
    rig.client.news();
    rig.broker.connectivity.restore({ data: "lost" });
    rig.settle();
    expect(rig.client.news()).toEqual([]);
  });
});

it("however often they come and go, the books are those of a day with the same orders at the same times", () => {
  const act = fc.oneof(
    fc.record({ do: fc.constant("lose" as const), fills: fc.constantFrom("late" as const, "silent" as const) }),
    fc.record({ do: fc.constant("back" as const), data: fc.constantFrom("kept" as const, "lost" as const), dead: fc.boolean() }),
    fc.record({ do: fc.constant("quote" as const), bid: fc.integer({ min: 100, max: 150 }) }),
  );
  fc.assert(
    fc.property(fc.array(act, { maxLength: 30 }), (acts) => {
      const live = (troubled: boolean): unknown => {
        const rig = createFaultRig();
        const aside = rig.connect(99);
        rig.broker.connectivity.exempt(99);
        for (let id = 1; id <= 5; id++)
          aside.ib.placeOrder(id, byConId(PUT), limitOrder("BUY", id, 1 + id / 10, { tif: "GTC" as never }));
        rig.settle();
        rig.watch();
        for (const one of acts) {
          if (one.do === "quote") rig.quote(one.bid / 100, (one.bid + 5) / 100);
          else if (!troubled) continue;
          else if (one.do === "lose") rig.broker.connectivity.lose({ orders: "wait", fills: one.fills });
          else rig.broker.connectivity.restore(one);
          rig.settle();
        }
        return [rig.broker.truth(), aside.heard];
      };
      expect(live(true)).toEqual(live(false));
    }),
    { numRuns: 60 },
  );
});
