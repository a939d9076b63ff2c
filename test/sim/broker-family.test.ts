/** Orders tied to one another: brackets and OCA groups. */
import { type Order, OrderType, TimeInForce } from "@stoqey/ib";
import { describe, expect, it } from "vitest";
import { instantOf } from "../../src/domain/calendar/new-york.ts";
import { tradingDay } from "../../src/domain/units.ts";
import { byConId, createBrokerRig, type HeardClient, limitOrder } from "../support/broker-rig.ts";
import { optionId, SPY } from "../support/scripted-market.ts";

const STOCK = byConId(SPY);
const stop = (action: "BUY" | "SELL", quantity: number, at: number, more: Partial<Order> = {}): Order => ({
  ...limitOrder(action, quantity, 0, more),
  orderType: OrderType.STP,
  auxPrice: at,
});

const rigAndClient = (...options: Parameters<typeof createBrokerRig>) => {
  const rig = createBrokerRig(...options);
  rig.market.set(SPY, 600, 600.02);
  return { rig, client: rig.connect(1) };
};
const lastOf = (client: HeardClient, orderId: number): [status: string, filled: number, remaining: number] => {
  const [, status, filled, remaining] = client
    .all("orderStatus")
    .filter(([id]) => id === orderId)
    .at(-1) ?? [0, "never heard of", 0, 0];
  return [status, filled, remaining];
};

/** Buys at a limit; sells at 610 or, through a stop, below 590. The last one transmits all. */
const bracket = (client: HeardClient, quantity: number, limit: number): void => {
  client.ib.placeOrder(1, STOCK, limitOrder("BUY", quantity, limit, { transmit: false }));
  client.ib.placeOrder(2, STOCK, limitOrder("SELL", quantity, 610, { parentId: 1, transmit: false, tif: TimeInForce.GTC }));
  client.ib.placeOrder(3, STOCK, stop("SELL", quantity, 590, { parentId: 1, tif: TimeInForce.GTC }));
};

describe("a bracket", () => {
  it("is silent until its last child is transmitted, then goes in whole, the children waiting", () => {
    const { rig, client } = rigAndClient();
    client.ib.placeOrder(1, STOCK, limitOrder("BUY", 5, 599, { transmit: false }));
    client.ib.placeOrder(2, STOCK, limitOrder("SELL", 5, 610, { parentId: 1, transmit: false }));
    rig.pass(1_000);
    expect(client.news()).toEqual([]);
    client.ib.placeOrder(3, STOCK, stop("SELL", 5, 590, { parentId: 1 }));
    rig.pass(1_000);
    expect([1, 2, 3].map((id) => lastOf(client, id)[0])).toEqual(["Submitted", "PreSubmitted", "PreSubmitted"]);
    expect(client.all("openOrder").map(([id, , order]) => [id, order.parentId])).toContainEqual([3, 1]);
    expect(
      client
        .all("orderStatus")
        .filter(([id]) => id === 3)
        .at(-1)?.[6],
    ).toBe(1);
    expect(client.all("error")).toEqual([]);
  });

  it("sets its children free with the parent's fill; one of them done, the other is cancelled", () => {
    const { rig, client } = rigAndClient();
    bracket(client, 5, 600.02);
    rig.settle();
    expect([1, 2, 3].map((id) => lastOf(client, id)[0])).toEqual(["Filled", "Submitted", "PreSubmitted"]);
    rig.market.set(SPY, 588, 588.02);
    rig.pass(1_000);
    expect([2, 3].map((id) => lastOf(client, id)[0])).toEqual(["Cancelled", "Filled"]);
    expect(rig.broker.truth().accounts[0]?.positions).toEqual([]);
    expect(client.all("error").map(([, code, id]) => [code, id])).toEqual([[202, 2]]);
  });

  it("takes what one child has sold off the other", () => {
    const { rig, client } = rigAndClient();
    bracket(client, 10, 600.02);
    rig.market.set(SPY, 610, 610.02, { bid: 4 });
    rig.pass(1_000);
    expect(lastOf(client, 2)).toEqual(["Submitted", 4, 6]);
    expect(lastOf(client, 3)).toEqual(["PreSubmitted", 0, 6]);
  });

  it("whose parent is cancelled half filled keeps children of that size, and of a parent with nothing none", () => {
    for (const [shown, children] of [
      [3, ["Submitted", "PreSubmitted"]],
      [0, ["Cancelled", "Cancelled"]],
    ] as const) {
      const { rig, client } = rigAndClient();
      rig.market.set(SPY, 600, shown === 0 ? 601 : 600.02, { ask: 3 });
      bracket(client, 10, 600.02);
      rig.settle();
      expect([2, 3].map((id) => lastOf(client, id)[0])).toEqual(["PreSubmitted", "PreSubmitted"]);
      client.ib.cancelOrder(1);
      rig.settle();
      expect(lastOf(client, 1)).toEqual(["Cancelled", shown, 10 - shown]);
      expect([2, 3].map((id) => lastOf(client, id)[0])).toEqual(children);
      if (shown > 0) expect([2, 3].map((id) => lastOf(client, id)[2])).toEqual([shown, shown]);
    }
  });

  it("dies with a parent that the account cannot pay, and with one whose day is over", () => {
    const { rig, client } = rigAndClient();
    bracket(client, 100_000, 600.02);
    rig.settle();
    expect(lastOf(client, 1)[0]).toBe("Inactive");
    expect(rig.broker.truth().accounts[0]?.openOrders).toEqual([]);
    const other = rig.connect(2);
    bracket(other, 5, 599);
    rig.passTo(instantOf(tradingDay("2026-11-20"), 960));
    expect([1, 2, 3].map((id) => lastOf(other, id)[0])).toEqual(["Cancelled", "Cancelled", "Cancelled"]);
  });

  it("takes a late child of a filled parent at once, and none of a cancelled one", () => {
    const { rig, client } = rigAndClient();
    client.ib.placeOrder(1, STOCK, limitOrder("BUY", 5, 600.02));
    client.ib.placeOrder(2, STOCK, limitOrder("BUY", 5, 599));
    client.ib.cancelOrder(2);
    client.ib.placeOrder(3, STOCK, limitOrder("SELL", 5, 610, { parentId: 1 }));
    client.ib.placeOrder(4, STOCK, limitOrder("SELL", 5, 610, { parentId: 2 }));
    rig.settle();
    expect([3, 4].map((id) => lastOf(client, id)[0])).toEqual(["Submitted", "Inactive"]);
  });
});

describe("an OCA group", () => {
  const PUTS = [590, 595, 600].map((strike) => optionId("P", strike));
  const group = (type: number, quantities: readonly number[], latency = 0) => {
    const { rig, client } = rigAndClient({ cancelLatencyMs: { from: latency, to: latency } });
    const other = rig.connect(2);
    for (const conId of PUTS) rig.market.set(conId, 1.45, 1.55, { ask: 4 });
    const tie = { ocaGroup: "either", ocaType: type };
    [client, other, client].forEach(({ ib }, index) => {
      ib.placeOrder(index + 1, byConId(PUTS[index] as number), limitOrder("BUY", quantities[index] as number, 1.4, tie));
    });
    rig.settle();
    const offer = (index: number, size: number): void => {
      rig.market.set(PUTS[index] as number, 1.35, 1.4, { ask: size });
      rig.pass(1_000);
    };
    return { rig, client, other, offer, all: () => [lastOf(client, 1), lastOf(other, 2), lastOf(client, 3)] };
  };

  it("of type 1 cancels all others with the first fill, whoever owns them, even a partial one", () => {
    const { offer, all } = group(1, [8, 8, 8]);
    offer(1, 2);
    expect(all()).toEqual([
      ["Cancelled", 0, 8],
      ["Submitted", 2, 6],
      ["Cancelled", 0, 8],
    ]);
  });

  it("of type 2 reduces the others in proportion, and cancels them when one is done", () => {
    const { offer, all } = group(2, [8, 4, 2]);
    offer(0, 4);
    expect(all()).toEqual([
      ["Submitted", 4, 4],
      ["Submitted", 0, 2],
      ["Submitted", 0, 1],
    ]);
    offer(1, 4);
    expect(all().map(([status]) => status)).toEqual(["Cancelled", "Filled", "Cancelled"]);
  });

  it("of type 3 does so only after a while, in which another may fill too", () => {
    const { rig, offer, all } = group(3, [4, 4, 4], 2_000);
    offer(0, 4);
    offer(1, 4);
    expect(all().map(([status]) => status)).toEqual(["Filled", "Filled", "Submitted"]);
    rig.pass(2_000);
    expect(all().map(([status]) => status)).toEqual(["Filled", "Filled", "Cancelled"]);
  });

  it("goes on without a member that its owner cancels or modifies, and takes no new one when it is spent", () => {
    const { rig, client, offer, all } = group(1, [8, 8, 8]);
    client.ib.cancelOrder(1);
    client.ib.placeOrder(3, byConId(PUTS[2] as number), limitOrder("BUY", 5, 1.42, { ocaGroup: "either", ocaType: 1 }));
    client.ib.placeOrder(3, byConId(PUTS[2] as number), limitOrder("BUY", 5, 1.42, { ocaGroup: "neither", ocaType: 1 }));
    rig.settle();
    expect(all().map(([status]) => status)).toEqual(["Cancelled", "Submitted", "Submitted"]);
    expect(client.all("error").map(([, code]) => code)).toEqual([202, 105]);
    offer(2, 1);
    expect(all().map(([status]) => status)).toEqual(["Cancelled", "Cancelled", "Submitted"]);
    client.ib.placeOrder(4, STOCK, limitOrder("BUY", 1, 599, { ocaGroup: "either" }));
    rig.settle();
    expect(lastOf(client, 4)[0]).toBe("Inactive");
  });
});

describe("a cancel that comes too late", () => {
  it("is answered with 161 when the fill wins, and the notice may come before the status", () => {
    const { rig, client } = rigAndClient({ cancelLatencyMs: { from: 100, to: 100 } });
    client.ib.placeOrder(1, STOCK, limitOrder("BUY", 1, 599));
    client.ib.cancelOrder(1);
    rig.market.set(SPY, 598.98, 599);
    rig.pass(50);
    expect(lastOf(client, 1)[0]).toBe("Filled");
    expect(client.all("error").map(([, code, id]) => [code, id])).toEqual([[161, 1]]);
    rig.broker.faults.cancelNoticeFirst = 1;
    client.ib.placeOrder(2, STOCK, limitOrder("BUY", 1, 590));
    client.ib.cancelOrder(2);
    rig.settle();
    client.news();
    rig.pass(1_000);
    expect(client.news()).toEqual(["error 202", "orderStatus Cancelled", "orderStatus Cancelled"]);
  });
});
