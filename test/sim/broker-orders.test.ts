import { OrderType, SecType, TimeInForce } from "@stoqey/ib";
import { describe, expect, it } from "vitest";
import { instantOf } from "../../src/domain/calendar/new-york.ts";
import { money, tradingDay } from "../../src/domain/units.ts";
import { byConId, CONDOR, combo, createBrokerRig, FRIDAY_10_00, limitOrder, quoteCondor } from "../support/broker-rig.ts";
import { ES, optionId, SPY, VIX } from "../support/scripted-market.ts";

const PUT = byConId(optionId("P", 595));

const rigWithPut = (...options: Parameters<typeof createBrokerRig>) => {
  const rig = createBrokerRig(...options);
  rig.market.set(optionId("P", 595), 1.45, 1.55);
  return { rig, client: rig.connect(1) };
};

describe("a live order", () => {
  it("is announced, submitted, filled and charged, in the gateway's sequence", () => {
    const { rig, client } = rigWithPut();
    client.ib.placeOrder(1, PUT, limitOrder("BUY", 1, 1.4));
    rig.settle();
    expect(client.news()).toEqual([
      "openOrder PreSubmitted",
      "orderStatus PreSubmitted",
      "openOrder Submitted",
      "orderStatus Submitted",
      "orderStatus Submitted",
    ]);
    rig.market.set(optionId("P", 595), 1.35, 1.4);
    rig.pass(1_000);
    expect(client.news()).toEqual([
      "execDetails OPT",
      "openOrder Filled",
      "orderStatus Filled",
      "orderStatus Filled",
      "commissionReport",
    ]);
    expect(client.all("execDetails")[0]?.[2]).toMatchObject({ side: "BOT", shares: 1, price: 1.4, cumQty: 1, orderId: 1 });
    expect(client.all("commissionReport")[0]?.[0]).toMatchObject({ commission: 1 });
  });

  it("fills at the quote, not at a limit beyond it", () => {
    const { rig, client } = rigWithPut();
    client.ib.placeOrder(1, PUT, limitOrder("BUY", 1, 3));
    client.ib.placeOrder(2, PUT, limitOrder("SELL", 1, 0.5));
    rig.settle();
    expect(client.all("execDetails").map(([, , { side, price }]) => [side, price])).toEqual([
      ["BOT", 1.55],
      ["SLD", 1.45],
    ]);
  });

  it("pushes positions to whoever asked for them, after the fill", () => {
    const { rig, client } = rigWithPut();
    const other = rig.connect(2);
    other.ib.reqPositions();
    client.ib.placeOrder(1, PUT, limitOrder("BUY", 2, 1.55));
    rig.settle();
    expect(other.news()).toEqual(["positionEnd", "commissionReport", `position ${optionId("P", 595)} 2`]);
    const [[, , , averageCost] = []] = other.all("position");
    expect(averageCost).toBeCloseTo(155.65, 10);
    client.ib.placeOrder(2, PUT, limitOrder("SELL", 2, 1.4));
    rig.settle();
    expect(other.news().at(-1)).toBe(`position ${optionId("P", 595)} 0`);
    expect(client.all("commissionReport").at(-1)?.[0].realizedPNL).toBeCloseTo(-22.6, 10);
  });

  it("fills no more than is shown, and the rest only against another quote", () => {
    const { rig, client } = rigWithPut({ fills: "recorded" });
    rig.market.set(optionId("P", 595), 1.45, 1.55, { ask: 2 });
    client.ib.placeOrder(1, PUT, limitOrder("BUY", 3, 1.55));
    rig.pass(1_000);
    rig.market.set(optionId("P", 595), 1.45, 1.55, { ask: 2 });
    rig.pass(1_000);
    rig.pass(60_000);
    expect(client.all("execDetails").map(([, , { shares }]) => shares)).toEqual([2]);
    expect(client.all("orderStatus").at(-1)?.slice(1, 4)).toEqual(["Submitted", 2, 1]);
    rig.market.set(optionId("P", 595), 1.45, 1.54, { ask: 2 });
    rig.pass(1_000);
    expect(client.all("execDetails").map(([, , { shares, cumQty }]) => [shares, cumQty])).toEqual([
      [2, 2],
      [1, 3],
    ]);
  });

  it("waits, in a recorded market, for the first quote after its arrival", () => {
    const { rig, client } = rigWithPut({ fills: "recorded" });
    rig.pass(1_000);
    client.ib.placeOrder(1, PUT, limitOrder("BUY", 1, 1.6));
    rig.pass(60_000);
    expect(client.all("execDetails")).toEqual([]);
    rig.market.set(optionId("P", 595), 1.45, 1.58);
    rig.pass(1_000);
    expect(client.all("execDetails").map(([, , { price }]) => price)).toEqual([1.58]);
  });

  it("rests between mid and natural until chance fills it at its limit, sooner the nearer to natural, and never below mid", () => {
    const secondsToFill = (limit: number): number => {
      let total = 0;
      for (let seed = 1; seed <= 20; seed++) {
        const { rig, client } = rigWithPut({ seed });
        client.ib.placeOrder(1, PUT, limitOrder("BUY", 1, limit));
        let seconds = 0;
        while (client.all("execDetails").length === 0 && seconds < 3_000) {
          rig.pass(5_000);
          seconds += 5;
        }
        for (const [, , { price }] of client.all("execDetails")) expect(price).toBe(limit);
        total += seconds;
      }
      return total / 20;
    };
    const [belowMid, atMid, beyond] = [1.49, 1.5, 1.52].map(secondsToFill) as [number, number, number];
    expect(belowMid).toBe(3_000);
    expect(atMid).toBeGreaterThan(100);
    expect(atMid).toBeLessThan(900);
    expect(beyond).toBeLessThan(60);
  });
});

describe("margin at order entry", () => {
  const wingOf = (width: number) => combo([1, "P", 595 - width], [-1, "P", 595]);

  it("counts orders that are already working, but not what only reduces", () => {
    const { rig, client } = rigWithPut({ accounts: [{ id: "DU1234567", cash: money(1_000) }] });
    rig.market.set(optionId("P", 590), 0.45, 0.55);
    client.ib.placeOrder(1, wingOf(5), limitOrder("BUY", 1, -1.5));
    client.ib.placeOrder(2, wingOf(5), limitOrder("BUY", 2, -1.5));
    rig.settle();
    expect(client.all("error").map(([, code, id]) => [code, id])).toEqual([[201, 2]]);
    client.ib.placeOrder(3, wingOf(5), limitOrder("BUY", 1, -1.5));
    rig.settle();
    expect(client.all("error").length).toBe(1);
  });

  it("never stands in the way of an order that lowers the need, however short the account is", () => {
    const { rig, client } = rigWithPut({ accounts: [{ id: "DU1234567", cash: money(24_000) }] });
    client.ib.placeOrder(1, PUT, limitOrder("SELL", 2, 1.45));
    rig.market.set(optionId("P", 595), 120, 121);
    rig.market.set(SPY, 480, 480.02);
    rig.pass(1_000);
    client.ib.placeOrder(2, PUT, limitOrder("SELL", 1, 120));
    client.ib.placeOrder(3, PUT, limitOrder("BUY", 1, 121));
    rig.settle();
    expect(client.all("error").map(([, code, id]) => [code, id])).toEqual([[201, 2]]);
    expect(rig.broker.truth().accounts[0]?.positions[0]?.quantity).toBe(-1);
  });
});

describe("a night", () => {
  it("is no time in which a resting order could have filled", () => {
    for (let seed = 1; seed <= 10; seed++) {
      const { rig, client } = rigWithPut({ seed });
      rig.passTo(instantOf(tradingDay("2026-11-20"), 959));
      client.ib.placeOrder(1, PUT, limitOrder("BUY", 1, 1.51, { tif: TimeInForce.GTC }));
      rig.settle();
      rig.passTo(instantOf(tradingDay("2026-11-23"), 570));
      expect(client.all("execDetails")).toEqual([]);
    }
  });
});

describe("a combo", () => {
  it("fills as one summary and one execution a leg; commissions and positions are the legs'", () => {
    const rig = createBrokerRig();
    quoteCondor(rig.market);
    const client = rig.connect(1);
    client.ib.reqPositions();
    rig.settle();
    client.news();
    client.ib.placeOrder(1, CONDOR, limitOrder("BUY", 2, -1.8));
    rig.settle();
    expect(client.news().slice(5)).toEqual([
      "execDetails BAG",
      "execDetails OPT",
      "execDetails OPT",
      "execDetails OPT",
      "execDetails OPT",
      "openOrder Filled",
      "orderStatus Filled",
      "orderStatus Filled",
      ...Array.from({ length: 4 }, () => "commissionReport"),
      `position ${optionId("P", 590)} 2`,
      `position ${optionId("P", 595)} -2`,
      `position ${optionId("C", 605)} -2`,
      `position ${optionId("C", 610)} 2`,
    ]);
    const [summary, ...legs] = client.all("execDetails").map(([, , execution]) => execution);
    expect(summary).toMatchObject({ price: -1.8, shares: 2, side: "BOT" });
    expect(legs.map(({ side, shares, price }) => [side, shares, price])).toEqual([
      ["BOT", 2, 0.55],
      ["SLD", 2, 1.45],
      ["SLD", 2, 1.45],
      ["BOT", 2, 0.55],
    ]);
    const stem = summary?.execId?.slice(0, 17);
    expect(stem).toMatch(/^[0-9a-f]{8}\.[0-9a-f]{8}$/);
    expect([summary, ...legs].map((row) => row?.execId)).toEqual(
      ["01", "02", "03", "04", "05"].map((row) => `${stem}.${row}.01`),
    );
    expect(rig.broker.truth().accounts[0]?.cash).toBe(100_000 + 360 - 8 * 0.65);
  });

  it("does not fill while a leg has nobody on the other side", () => {
    const rig = createBrokerRig();
    quoteCondor(rig.market);
    rig.market.set(optionId("C", 605), null, 1.55);
    const client = rig.connect(1);
    client.ib.placeOrder(1, CONDOR, limitOrder("BUY", 1, -0.5));
    rig.pass(600_000);
    expect(client.all("execDetails")).toEqual([]);
    rig.market.set(optionId("C", 605), 1.45, 1.55);
    rig.pass(1_000);
    expect(client.all("execDetails").length).toBe(5);
  });

  it("sold gives what its reverse bought costs", () => {
    const rig = createBrokerRig();
    quoteCondor(rig.market);
    const client = rig.connect(1);
    client.ib.placeOrder(1, CONDOR, limitOrder("SELL", 1, -2.2));
    rig.settle();
    const [summary, ...legs] = client.all("execDetails").map(([, , { side, price }]) => [side, price]);
    expect(summary).toEqual(["SLD", -2.2]);
    expect(legs).toEqual([
      ["SLD", 0.45],
      ["BOT", 1.55],
      ["BOT", 1.55],
      ["SLD", 0.45],
    ]);
  });
});

describe("an order that IB would refuse", () => {
  const cases: readonly (readonly [what: string, order: ReturnType<typeof limitOrder>, contract: object, heard: string[]])[] = [
    ["off the tick", limitOrder("BUY", 1, 1.505), PUT, ["error 110"]],
    ["of size zero", limitOrder("BUY", 0, 1.5), PUT, ["error 434"]],
    ["for an unknown contract", limitOrder("BUY", 1, 1.5), byConId(999), ["error 200"]],
    ["for an account that is not ours", limitOrder("BUY", 1, 1.5, { account: "DU1" }), PUT, ["error 321"]],
    ["of a type that is not worked", limitOrder("BUY", 1, 1.5, { orderType: OrderType.REL }), PUT, ["error 387"]],
    ["of no type that IB knows", limitOrder("BUY", 1, 1.5, { orderType: "LIMIT" as OrderType }), PUT, ["error 321"]],
    [
      "with a stop price off the tick",
      limitOrder("BUY", 1, 1.5, { orderType: OrderType.STP, auxPrice: 1.505 }),
      PUT,
      ["error 110"],
    ],
    ["good till a date without one", limitOrder("BUY", 1, 1.5, { tif: TimeInForce.GTD }), PUT, ["error 391"]],
    ["attached to a parent that is not there", limitOrder("BUY", 1, 1.5, { parentId: 77 }), PUT, ["error 10006"]],
    [
      "with an algo",
      limitOrder("BUY", 1, 1.5, { algoStrategy: "Adaptive" }),
      PUT,
      ["error 201", "openOrder Inactive", "orderStatus Inactive"],
    ],
    [
      "for the opening only",
      limitOrder("BUY", 1, 1.5, { tif: TimeInForce.OPG }),
      PUT,
      ["error 201", "openOrder Inactive", "orderStatus Inactive"],
    ],
    ["in an index", limitOrder("BUY", 1, 20), byConId(VIX), ["error 201", "openOrder Inactive", "orderStatus Inactive"]],
    ["beyond its margin", limitOrder("SELL", 50, 1.5), PUT, ["error 201", "openOrder Inactive", "orderStatus Inactive"]],
  ];
  it.each(cases)("%s is refused in IB's way, and consumes its id", (_what, order, contract, heard) => {
    const { rig, client } = rigWithPut();
    client.ib.placeOrder(1, contract, order);
    rig.pass(1_000);
    expect(client.news()).toEqual(heard);
    client.ib.placeOrder(1, PUT, limitOrder("BUY", 1, 1.3));
    client.ib.reqIds();
    rig.settle();
    expect(client.news().at(-1)).toBe("nextValidId 2");
    expect(rig.broker.truth().accounts[0]?.openOrders).toEqual([]);
  });

  it("is a duplicate when its id is not above all that its client has used", () => {
    const { rig, client } = rigWithPut();
    client.ib.placeOrder(5, PUT, limitOrder("BUY", 1, 1.3));
    client.ib.placeOrder(4, PUT, limitOrder("BUY", 1, 1.3));
    rig.settle();
    expect(client.news().at(-1)).toBe("error 103");
    const other = rig.connect(2);
    other.ib.placeOrder(1, PUT, limitOrder("BUY", 1, 1.3));
    rig.settle();
    expect(other.all("error")).toEqual([]);
  });
});

describe("a modification", () => {
  it("changes price and quantity under the same id, and may fill", () => {
    const { rig, client } = rigWithPut();
    client.ib.placeOrder(1, PUT, limitOrder("BUY", 1, 1.3));
    rig.settle();
    client.news();
    client.ib.placeOrder(1, PUT, limitOrder("BUY", 2, 1.55));
    rig.settle();
    expect(client.news().slice(0, 4)).toEqual([
      "openOrder Submitted",
      "orderStatus Submitted",
      "orderStatus Submitted",
      "execDetails OPT",
    ]);
    expect(client.all("orderStatus").at(-1)?.slice(1, 4)).toEqual(["Filled", 2, 0]);
  });

  it("that is refused leaves the order as it was", () => {
    const { rig, client } = rigWithPut();
    client.ib.placeOrder(1, PUT, limitOrder("BUY", 2, 1.3));
    rig.settle();
    client.news();
    client.ib.placeOrder(1, PUT, limitOrder("BUY", 2, 1.305));
    client.ib.placeOrder(1, PUT, limitOrder("SELL", 2, 1.3));
    client.ib.placeOrder(1, byConId(SPY), limitOrder("BUY", 2, 1.3));
    client.ib.placeOrder(1, PUT, limitOrder("BUY", 10_000, 1.4));
    rig.settle();
    expect(client.news()).toEqual(["error 110", "error 105", "error 105", "error 201"]);
    expect(rig.broker.truth().accounts[0]?.openOrders[0]).toMatchObject({ status: "Submitted", limitPrice: 1.3, remaining: 2 });
  });

  it("of a filled order is 104", () => {
    const { rig, client } = rigWithPut();
    client.ib.placeOrder(1, PUT, limitOrder("BUY", 1, 1.55));
    client.ib.placeOrder(1, PUT, limitOrder("BUY", 1, 1.56));
    rig.settle();
    expect(client.news().at(-1)).toBe("error 104");
  });
});

describe("a cancel", () => {
  it("ends the order with Cancelled and 202; unknown ones are 10147, ended ones 10148", () => {
    const { rig, client } = rigWithPut();
    client.ib.placeOrder(1, PUT, limitOrder("BUY", 1, 1.3));
    rig.settle();
    client.news();
    client.ib.cancelOrder(1);
    client.ib.cancelOrder(2);
    client.ib.cancelOrder(1);
    rig.settle();
    expect(client.news()).toEqual(["orderStatus Cancelled", "orderStatus Cancelled", "error 202", "error 10147", "error 10148"]);
  });

  it("reaches only the client's own orders, the global one all of them", () => {
    const { rig, client } = rigWithPut();
    const other = rig.connect(2);
    client.ib.placeOrder(1, PUT, limitOrder("BUY", 1, 1.3));
    other.ib.cancelOrder(1);
    rig.settle();
    expect(other.news()).toEqual(["error 10147"]);
    other.ib.reqGlobalCancel();
    rig.settle();
    expect(other.news()).toEqual([]);
    expect(client.news().at(-1)).toBe("error 202");
  });

  it("loses against a quote that came before it took effect, and wins against one that came after", () => {
    for (const [quotedAfterMs, ended] of [
      [50, "Filled"],
      [150, "Cancelled"],
    ] as const) {
      const { rig, client } = rigWithPut({ cancelLatencyMs: { from: 100, to: 100 } });
      client.ib.placeOrder(1, PUT, limitOrder("BUY", 1, 1.3));
      client.ib.cancelOrder(1);
      rig.market.advance((FRIDAY_10_00 + quotedAfterMs) as typeof FRIDAY_10_00);
      rig.market.set(optionId("P", 595), 1.25, 1.3);
      rig.pass(1_000);
      expect(client.all("orderStatus").at(-1)?.[1]).toBe(ended);
    }
  });
});

describe("time in force", () => {
  const next = (day: string, minute: number) => instantOf(tradingDay(day), minute);

  it("ends a DAY order with the session, also when the clock jumps over the close; GTC stays", () => {
    for (const [tif, status] of [
      [TimeInForce.DAY, "Cancelled"],
      [TimeInForce.GTC, "Submitted"],
    ] as const) {
      const { rig, client } = rigWithPut();
      client.ib.placeOrder(1, PUT, limitOrder("BUY", 1, 1.3, { tif }));
      rig.market.advance(next("2026-11-23", 571));
      rig.market.set(optionId("P", 595), 1.4, 1.5);
      rig.pass(0);
      expect(client.all("orderStatus").at(-1)?.[1]).toBe(status);
    }
  });

  it("holds an order of a closed session as PreSubmitted with 399, and submits it at the open", () => {
    const { rig, client } = rigWithPut();
    rig.passTo(next("2026-11-20", 1_000));
    client.ib.placeOrder(1, PUT, limitOrder("BUY", 1, 1.3));
    rig.settle();
    expect(client.news()).toEqual(["openOrder PreSubmitted", "orderStatus PreSubmitted", "error 399"]);
    rig.passTo(next("2026-11-23", 571));
    expect(client.news()).toEqual(["openOrder Submitted", "orderStatus Submitted", "orderStatus Submitted"]);
    rig.passTo(next("2026-11-23", 960));
    expect(client.news()).toEqual(["orderStatus Cancelled", "orderStatus Cancelled"]);
  });
});

describe("a what-if", () => {
  it("is one openOrder with margin and commission, and no order", () => {
    const rig = createBrokerRig();
    quoteCondor(rig.market);
    const client = rig.connect(1);
    client.ib.placeOrder(1, CONDOR, limitOrder("BUY", 1, -1.8, { whatIf: true }));
    rig.pass(1_000);
    expect(client.news()).toEqual(["openOrder PreSubmitted"]);
    const [[, , order, state] = []] = client.all("openOrder");
    expect(order?.whatIf).toBe(true);
    // The wider wing is what it ties up; the credit is in the equity.
    expect(state).toMatchObject({ initMarginChange: 500, equityWithLoanChange: 180 - 2.6, commission: 2.6 });
    client.ib.reqIds();
    rig.settle();
    expect(client.all("nextValidId").at(-1)).toEqual([2]);
    expect(rig.broker.truth().accounts[0]?.openOrders).toEqual([]);
  });
});

describe("an order that is not transmitted", () => {
  it("is parked in silence, nobody else sees it, and the same id transmits it", () => {
    const { rig, client } = rigWithPut();
    const other = rig.connect(2);
    client.ib.placeOrder(1, PUT, limitOrder("BUY", 1, 1.55, { transmit: false }));
    rig.pass(1_000);
    other.ib.reqAllOpenOrders();
    client.ib.reqOpenOrders();
    rig.settle();
    expect(other.news()).toEqual(["openOrderEnd"]);
    expect(client.news()).toEqual(["openOrder PreSubmitted", "orderStatus PreSubmitted", "openOrderEnd"]);
    client.ib.placeOrder(1, PUT, limitOrder("BUY", 1, 1.55));
    rig.settle();
    expect(client.all("execDetails").length).toBe(1);
  });
});

describe("what a client may ask about orders", () => {
  it("own open orders, all open orders with their owners, and what is done by permId alone", () => {
    const { rig, client } = rigWithPut();
    const other = rig.connect(2);
    client.ib.placeOrder(1, PUT, limitOrder("BUY", 1, 1.3));
    client.ib.placeOrder(2, PUT, limitOrder("BUY", 1, 1.55));
    rig.settle();
    client.news();
    other.news();
    other.ib.reqOpenOrders();
    rig.settle();
    expect(other.news()).toEqual(["openOrderEnd"]);
    other.ib.reqAllOpenOrders();
    other.ib.reqCompletedOrders(false);
    rig.settle();
    const [[orderId, , order] = []] = other.all("openOrder");
    expect([orderId, order?.clientId]).toEqual([1, 1]);
    const [[, completed, state] = []] = other.all("completedOrder");
    expect(completed).toMatchObject({ orderId: 0, filledQuantity: 1, orderRef: "caretaker/00000001/20261120-s1-1" });
    expect(completed?.permId).toBe(client.all("orderStatus").at(-1)?.[5]);
    expect(state).toMatchObject({ status: "Filled", completedStatus: "Filled" });
  });

  it("keeps working while its owner is away; the login shows what is open, reqExecutions what was filled", () => {
    const { rig, client } = rigWithPut();
    client.ib.placeOrder(1, PUT, limitOrder("BUY", 1, 1.3));
    client.ib.placeOrder(2, PUT, limitOrder("BUY", 1, 1.2));
    client.ib.disconnect();
    rig.market.set(optionId("P", 595), 1.25, 1.3);
    rig.pass(1_000);
    const again = rig.connect(1);
    expect(again.all("nextValidId")).toEqual([[3]]);
    expect(again.all("openOrder").map(([orderId]) => orderId)).toEqual([2]);
    expect(again.all("execDetails")).toEqual([]);
    again.ib.reqExecutions(9, {});
    rig.settle();
    expect(again.news()).toEqual(["execDetails OPT", "execDetailsEnd", "commissionReport"]);
    rig.passTo(instantOf(tradingDay("2026-11-21"), 1));
    again.ib.reqExecutions(10, {});
    rig.settle();
    expect(again.news().at(-1)).toBe("execDetailsEnd");
    expect(again.all("execDetails").length).toBe(1);
  });
});

describe("a future", () => {
  it("moves cash by its realised profit and its commission only", () => {
    const rig = createBrokerRig();
    rig.market.set(ES, 6_000, 6_000.25);
    const client = rig.connect(1);
    client.ib.placeOrder(1, byConId(ES), limitOrder("BUY", 1, 6_000.25));
    rig.settle();
    expect(rig.broker.truth().accounts[0]).toMatchObject({ cash: 100_000 - 2.25 });
    rig.market.set(ES, 6_010.25, 6_010.5);
    rig.pass(1_000);
    client.ib.placeOrder(2, byConId(ES), limitOrder("SELL", 1, 6_010.25));
    rig.settle();
    expect(rig.broker.truth().accounts[0]).toMatchObject({ cash: 100_000 + 500 - 4.5, positions: [] });
  });

  it("that does not fit its tick, or unlike legs in one combo, are refused", () => {
    const rig = createBrokerRig();
    const client = rig.connect(1);
    client.ib.placeOrder(1, byConId(ES), limitOrder("BUY", 1, 6_000.1));
    const mixed = { ...combo([1, "C", 600], [-1, "C", 605]), secType: SecType.BAG };
    mixed.comboLegs = [...(mixed.comboLegs ?? []).slice(0, 1), { ...mixed.comboLegs?.[1], conId: SPY }];
    client.ib.placeOrder(2, mixed, limitOrder("BUY", 1, 1));
    rig.settle();
    expect(client.news()).toEqual(["error 110", "error 201", "openOrder Inactive", "orderStatus Inactive"]);
  });
});
