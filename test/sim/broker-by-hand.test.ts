/** What comes from the screen and from the broker itself: foreign orders, manual closes, liquidations, corrections and busts. */
import { type Contract, type Order, OrderType } from "@stoqey/ib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { money } from "../../src/domain/units.ts";
import { ACCOUNT, byConId, CONDOR, createBrokerRig, limitOrder, quoteCondor } from "../support/broker-rig.ts";
import { optionId, SPY } from "../support/scripted-market.ts";

const PUT_ID = optionId("P", 595);
const PUT = byConId(PUT_ID);
const rigWithPut = (...options: Parameters<typeof createBrokerRig>) => {
  const rig = createBrokerRig(...options);
  rig.market.set(PUT_ID, 1.45, 1.55);
  /** A client in the gateway's wider words. */
  const wide = (clientId: number) => {
    const ib = rig.broker.client();
    const heard: unknown[][] = [];
    for (const event of ["openOrder", "orderStatus", "execDetails", "orderBound", "error", "commissionReport"] as const)
      ib.on(event, (...words) => void heard.push([event, ...words]));
    ib.connect(clientId);
    rig.settle();
    return { ib, heard, all: (name: string) => heard.filter(([event]) => event === name) };
  };
  return { rig, client: rig.connect(1), wide };
};

describe("an order placed by hand", () => {
  it("is client 0's without an id, is told to nobody but in its executions, and shows among all open orders", () => {
    const { rig, client, wide } = rigWithPut();
    const zero = wide(0);
    const permId = rig.broker.manual.place(PUT, limitOrder("BUY", 1, 1.3, { orderRef: "" }));
    rig.settle();
    expect([...zero.heard, ...rig.connect(1_000).heard.filter(([name]) => name === "openOrder")]).toEqual([]);
    zero.ib.disconnect();
    zero.ib.connect(0);
    rig.settle();
    expect(zero.heard).toEqual([]);
    client.ib.reqOpenOrders();
    client.ib.reqAllOpenOrders();
    rig.settle();
    expect(client.all("openOrder").map(([id, , order]) => [id, order.clientId, order.permId])).toEqual([[0, 0, permId]]);
    rig.market.set(PUT_ID, 1.25, 1.3);
    rig.pass(1_000);
    expect(client.all("execDetails")).toEqual([]);
    const [[, , , execution] = []] = zero.all("execDetails") as [unknown, unknown, unknown, { orderId: number }][];
    expect([0, 2_147_483_647]).toContain(execution?.orderId);
    expect(client.all("commissionReport")).toHaveLength(1);
    expect(rig.broker.truth().accounts[0]?.positions[0]?.quantity).toBe(1);
  });

  it("is bound to client 0 below zero when it asks, and can then be changed and cancelled by it alone", () => {
    const { rig, client, wide } = rigWithPut();
    const zero = wide(0);
    const permId = rig.broker.manual.place(PUT, limitOrder("BUY", 2, 1.3));
    zero.ib.reqOpenOrders();
    rig.settle();
    expect(zero.all("orderBound")).toEqual([["orderBound", permId, 0, -1]]);
    client.ib.cancelOrder(-1);
    zero.ib.placeOrder(-1, PUT, limitOrder("BUY", 1, 1.32));
    rig.settle();
    expect(client.all("error").map(([, code]) => code)).toEqual([10147]);
    expect(rig.broker.truth().accounts[0]?.openOrders[0]).toMatchObject({ orderId: -1, limitPrice: 1.32, remaining: 1 });
    zero.ib.cancelOrder(-1);
    rig.settle();
    expect(rig.broker.truth().accounts[0]?.openOrders).toEqual([]);
  });

  it("is bound as it comes once client 0 has said so, which no other client may", () => {
    const { rig, wide } = rigWithPut();
    const [zero, one] = [wide(0), wide(3)];
    one.ib.reqAutoOpenOrders(true);
    zero.ib.reqAutoOpenOrders(true);
    rig.broker.manual.place(PUT, limitOrder("BUY", 1, 1.3));
    rig.broker.manual.place(PUT, limitOrder("BUY", 1, 1.31));
    rig.settle();
    expect(one.all("error").map(([, , code]) => code)).toEqual([321]);
    expect(zero.all("orderBound").map(([, , , id]) => id)).toEqual([-1, -2]);
    expect(zero.all("orderStatus").map(([, id]) => id)).toEqual([-1, -2]);
  });

  it("can close our position and cancel our order under our hands", () => {
    const { rig, client } = rigWithPut();
    client.ib.placeOrder(1, PUT, limitOrder("BUY", 3, 1.55));
    client.ib.placeOrder(2, PUT, limitOrder("BUY", 1, 1.3));
    client.ib.reqPositions();
    rig.settle();
    client.news();
    const permId =
      client
        .all("orderStatus")
        .filter(([id]) => id === 2)
        .at(-1)?.[5] ?? 0;
    expect(rig.broker.manual.cancel(permId)).toBe(true);
    expect(rig.broker.manual.cancel(permId)).toBe(false);
    expect(rig.broker.manual.close(ACCOUNT, SPY)).toBeUndefined();
    rig.broker.manual.close(ACCOUNT, PUT_ID);
    rig.settle();
    expect(client.news()).toEqual([
      "orderStatus Cancelled",
      "orderStatus Cancelled",
      "error 202",
      "commissionReport",
      `position ${PUT_ID} 0`,
    ]);
  });

  it("is refused as a client's is, but a liquidation is not asked", () => {
    const { rig, client } = rigWithPut({ readOnly: true });
    expect(rig.broker.manual.place(PUT, limitOrder("BUY", 1, 1.305))).toMatchObject({ code: 110 });
    client.ib.placeOrder(1, PUT, limitOrder("BUY", 1, 1.3));
    client.ib.cancelOrder(1);
    rig.broker.manual.place(byConId(SPY), limitOrder("BUY", 10, 600.02));
    rig.broker.liquidate(ACCOUNT, SPY, 4);
    rig.settle();
    expect(client.all("error").map(([{ message }, code]) => [message.slice(-40), code])).toEqual([
      ["API interface is currently in Read-Only mode.".slice(-40), 321],
      ["API interface is currently in Read-Only mode.".slice(-40), 321],
    ]);
    expect(rig.broker.truth().accounts[0]?.positions[0]?.quantity).toBe(6);
    client.ib.reqExecutions(1, {});
    rig.settle();
    expect(client.all("execDetails").map(([, , { liquidation, side, shares }]) => [liquidation, side, shares])).toEqual([
      [0, "BOT", 10],
      [1, "SLD", 4],
    ]);
  });
});

describe("a correction", () => {
  it("has the next id of its execution, a commission report of its own, and replaces it in what is asked later", () => {
    const { rig, client } = rigWithPut();
    client.ib.placeOrder(1, PUT, limitOrder("BUY", 2, 1.55));
    rig.settle();
    const [[, , first] = []] = client.all("execDetails");
    const before = rig.broker.truth().accounts[0]?.cash ?? 0;
    client.news();
    const id = rig.broker.correctExecution(first?.execId ?? "", { price: 1.5 });
    rig.settle();
    expect(id).toBe(first?.execId?.replace(/01$/, "02"));
    expect(client.news()).toEqual(["execDetails OPT", "commissionReport"]);
    expect(client.all("execDetails").at(-1)?.[2]).toMatchObject({ execId: id, price: 1.5, shares: 2, avgPrice: 1.5 });
    expect(rig.broker.truth().accounts[0]?.cash).toBeCloseTo(before + 10, 10);
    client.ib.reqExecutions(9, {});
    rig.settle();
    expect(
      client
        .all("execDetails")
        .filter(([reqId]) => reqId === 9)
        .map(([, , { execId }]) => execId),
    ).toEqual([id]);
    expect(() => rig.broker.correctExecution(first?.execId ?? "", { price: 1 })).toThrow("is on record");
  });

  it("of a combo is made to its legs", () => {
    const rig = createBrokerRig();
    quoteCondor(rig.market);
    const client = rig.connect(1);
    client.ib.placeOrder(1, CONDOR, limitOrder("BUY", 1, -1.8));
    rig.settle();
    const [summary, leg] = client.all("execDetails").map(([, , { execId }]) => execId ?? "");
    expect(() => rig.broker.correctExecution(summary ?? "", { shares: 0 })).toThrow("correct its legs");
    rig.broker.correctExecution(leg ?? "", { shares: 0 });
    expect(rig.broker.truth().accounts[0]?.positions.map(({ quantity }) => quantity)).toEqual([-1, 1, -1]);
  });

  it("leaves cash and position as if it had been so from the start, whatever was traded since", () => {
    const trade = fc.record({
      sell: fc.boolean(),
      quantity: fc.integer({ min: 1, max: 5 }),
      cents: fc.integer({ min: 100, max: 200 }),
    });
    fc.assert(
      fc.property(
        fc.array(trade, { minLength: 1, maxLength: 6 }),
        fc.nat(5),
        fc.integer({ min: 50, max: 250 }),
        fc.nat(5),
        (trades, which, cents, shares) => {
          const run = (at: (index: number) => { price: number; quantity: number }, correct: boolean) => {
            const rig = createBrokerRig({ commission: {}, accounts: [{ id: ACCOUNT, cash: money(10_000_000) }] });
            const client = rig.connect(1);
            trades.forEach(({ sell }, index) => {
              const { price, quantity } = at(index);
              if (quantity === 0) return;
              rig.market.set(PUT_ID, price, price, { bid: 100, ask: 100 });
              client.ib.placeOrder(index + 1, PUT, {
                ...limitOrder(sell ? "SELL" : "BUY", quantity, price),
                orderType: OrderType.MKT,
              } as Order);
              rig.settle();
            });
            const row = client.all("execDetails")[which % trades.length]?.[2];
            if (correct && row?.execId !== undefined)
              rig.broker.correctExecution(row.execId, { price: cents / 100, shares: Math.min(shares, row.shares ?? 0) });
            const [account] = rig.broker.truth().accounts;
            return [account?.cash, account?.positions.map(({ quantity }) => quantity)];
          };
          const as = (index: number) => ({ price: (trades[index]?.cents ?? 0) / 100, quantity: trades[index]?.quantity ?? 0 });
          const truly = (index: number) =>
            index === which % trades.length
              ? { price: cents / 100, quantity: Math.min(shares, trades[index]?.quantity ?? 0) }
              : as(index);
          expect(run(as, true)).toEqual(run(truly, false));
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe("order ids", () => {
  it("that no order on record has are given out again after a roll-back, those in use are not", () => {
    const { rig, client } = rigWithPut();
    client.ib.placeOrder(1, PUT, limitOrder("BUY", 1, 1.3));
    client.ib.placeOrder(2, byConId(999) as Contract, limitOrder("BUY", 1, 1.3));
    client.ib.reqIds();
    rig.broker.rollBackIds(1);
    client.ib.reqIds();
    rig.settle();
    expect(
      client
        .all("nextValidId")
        .map(([id]) => id)
        .slice(1),
    ).toEqual([3, 2]);
    client.ib.placeOrder(2, PUT, limitOrder("BUY", 1, 1.3));
    rig.settle();
    expect(rig.broker.truth().accounts[0]?.openOrders.map(({ orderId }) => orderId)).toEqual([1, 2]);
  });
});
