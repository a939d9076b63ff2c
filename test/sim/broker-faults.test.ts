import { describe, expect, it } from "vitest";
import { byConId, createBrokerRig, limitOrder } from "../support/broker-rig.ts";
import { optionId } from "../support/scripted-market.ts";

const PUT = byConId(optionId("P", 595));
const rigWithPut = (...options: Parameters<typeof createBrokerRig>) => {
  const rig = createBrokerRig(...options);
  rig.market.set(optionId("P", 595), 1.45, 1.55);
  return { rig, client: rig.connect(1), faults: rig.broker.faults };
};

describe("a broker told to misbehave", () => {
  it("says each status once when it may not repeat itself", () => {
    const { rig, client, faults } = rigWithPut();
    faults.duplicateStatus = false;
    client.ib.placeOrder(1, PUT, limitOrder("BUY", 1, 1.55));
    rig.settle();
    expect(client.all("orderStatus").map(([, status]) => status)).toEqual(["PreSubmitted", "Submitted", "Filled"]);
  });

  it("loses statuses but no execution", () => {
    const { rig, client, faults } = rigWithPut();
    faults.loseStatus = 1;
    client.ib.placeOrder(1, PUT, limitOrder("BUY", 1, 1.55));
    rig.settle();
    expect(client.all("orderStatus")).toEqual([]);
    expect(client.all("execDetails").length).toBe(1);
  });

  it("delays commission reports, also out of reqExecutions, until market time has passed", () => {
    const { rig, client, faults } = rigWithPut();
    faults.delayCommissionMs = 5_000;
    client.ib.placeOrder(1, PUT, limitOrder("BUY", 1, 1.55));
    client.ib.reqExecutions(9, {});
    rig.pass(4_999);
    expect(client.all("commissionReport")).toEqual([]);
    rig.pass(1);
    expect(client.all("commissionReport").length).toBe(1);
    client.ib.reqExecutions(10, {});
    rig.settle();
    expect(client.all("commissionReport").length).toBe(2);
  });

  it("reports an execution before the order it belongs to", () => {
    const { rig, client, faults } = rigWithPut();
    faults.execBeforeOpenOrder = true;
    client.ib.placeOrder(1, PUT, limitOrder("BUY", 1, 1.55));
    rig.settle();
    expect(client.news().slice(0, 3)).toEqual(["execDetails OPT", "openOrder Filled", "orderStatus Filled"]);
  });

  it("rejects the next order, and only that one", () => {
    for (const [code, heard] of [
      [201, ["error 201", "openOrder Inactive", "orderStatus Inactive"]],
      [460, ["error 460"]],
    ] as const) {
      const { rig, client, faults } = rigWithPut();
      faults.rejectNext = code;
      client.ib.placeOrder(1, PUT, limitOrder("BUY", 1, 1.55));
      rig.settle();
      expect(client.news()).toEqual(heard);
      client.ib.placeOrder(2, PUT, limitOrder("BUY", 1, 1.55));
      rig.settle();
      expect(client.all("execDetails").length).toBe(1);
    }
  });

  it("rejects so many new orders, while what-ifs and modifications pass and do not count", () => {
    const { rig, client, faults } = rigWithPut();
    client.ib.placeOrder(1, PUT, limitOrder("BUY", 1, 1));
    faults.rejectOrders = { left: 2, code: 201 };
    client.ib.placeOrder(2, PUT, limitOrder("BUY", 1, 1, { whatIf: true }));
    client.ib.placeOrder(1, PUT, limitOrder("BUY", 1, 1.05));
    for (const id of [3, 4, 5]) client.ib.placeOrder(id, PUT, limitOrder("BUY", 1, 1));
    rig.settle();
    expect(client.all("error").map(([, code, id]) => [code, id])).toEqual([
      [201, 3],
      [201, 4],
    ]);
    expect(rig.broker.truth().accounts[0]?.openOrders.map(({ orderId, limitPrice }) => [orderId, limitPrice])).toEqual([
      [1, 1.05],
      [5, 1],
    ]);
  });

  it("swallows an order as if it had never been sent: its id is free again", () => {
    const { rig, client, faults } = rigWithPut();
    faults.blackholeNext = 1;
    client.ib.placeOrder(1, PUT, limitOrder("BUY", 1, 1.55));
    client.ib.reqIds();
    rig.pass(1_000);
    expect(client.news()).toEqual(["nextValidId 1"]);
    client.ib.placeOrder(1, PUT, limitOrder("BUY", 1, 1.55));
    rig.settle();
    expect(client.all("execDetails").length).toBe(1);
  });

  it("works an order in silence until its owner asks, while its money moves", () => {
    const { rig, client, faults } = rigWithPut();
    faults.acceptSilently = true;
    client.ib.placeOrder(1, PUT, limitOrder("BUY", 1, 1.55));
    client.ib.placeOrder(2, PUT, limitOrder("BUY", 1, 1.3));
    rig.pass(1_000);
    expect(client.news()).toEqual([]);
    expect(rig.broker.truth().accounts[0]?.positions[0]?.quantity).toBe(1);
    client.ib.reqOpenOrders();
    rig.settle();
    expect(client.news()).toEqual(["openOrder Submitted", "orderStatus Submitted", "openOrderEnd"]);
    rig.market.set(optionId("P", 595), 1.25, 1.3);
    rig.pass(1_000);
    expect(client.news()).toContain("orderStatus Filled");
    client.ib.reqExecutions(9, {});
    rig.settle();
    expect(client.all("execDetails").filter(([reqId]) => reqId === 9).length).toBe(2);
  });

  it("drops connections and keeps the orders", () => {
    const { rig, client } = rigWithPut();
    client.ib.placeOrder(1, PUT, limitOrder("BUY", 1, 1.3));
    rig.settle();
    client.news();
    rig.broker.drop();
    rig.settle();
    expect(client.news()).toEqual(["disconnected"]);
    expect(rig.connect(1).all("openOrder").length).toBe(1);
  });
});
