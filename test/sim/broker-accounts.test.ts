/** Kinds of accounts: what they may hold, what they must pay, and in which words they are refused. */
import { type Contract, type Order, OrderType } from "@stoqey/ib";
import { describe, expect, it } from "vitest";
import { money } from "../../src/domain/units.ts";
import { byConId, CONDOR, combo, createBrokerRig, limitOrder, quoteCondor } from "../support/broker-rig.ts";
import { ES, optionId, SPY } from "../support/scripted-market.ts";

const rigOf = (kind: "margin" | "cash" | "ira", cash: number) => {
  const rig = createBrokerRig({ accounts: [{ id: "DU1", cash: money(cash), kind }] });
  quoteCondor(rig.market);
  rig.market.set(SPY, 600, 600.02, { bid: 1_000, ask: 1_000 });
  const client = rig.connect(1);
  let id = 0;
  /** Places an order and says how it was refused, or "". */
  const refusal = (contract: Contract, order: Order): string => {
    client.ib.placeOrder(++id, contract, order);
    rig.settle();
    const [error] = client.all("error").filter(([, , of]) => of === id);
    return error === undefined ? "" : `${error[1]} ${error[0].message}`;
  };
  return { rig, client, refusal };
};
const PUT = byConId(optionId("P", 595));
const CALL = byConId(optionId("C", 605));
const VERTICAL = combo([1, "P", 590], [-1, "P", 595]);

describe.each(["cash", "ira"] as const)("a %s account", (kind) => {
  it("sells calls against its shares and puts against its cash, and nothing else", () => {
    const { refusal } = rigOf(kind, 130_000);
    expect(refusal(CALL, limitOrder("SELL", 1, 1.45))).toContain("Uncovered short options are not permitted");
    expect(refusal(byConId(SPY), limitOrder("SELL", 1, 600))).toContain("Short stock positions are not permitted");
    expect(refusal(byConId(SPY), limitOrder("BUY", 100, 600.02))).toBe("");
    expect(refusal(CALL, limitOrder("SELL", 1, 1.45))).toBe("");
    expect(refusal(CALL, limitOrder("SELL", 1, 1.45))).toContain("Uncovered");
    // The shares are the call's now.
    expect(refusal(byConId(SPY), limitOrder("SELL", 1, 600))).toContain("Uncovered");
    expect(refusal(PUT, limitOrder("SELL", 1, 1.45))).toBe("");
    expect(refusal(PUT, limitOrder("SELL", 1, 1.45))).toMatch(/^201 .*cash does not cover/);
  });

  it("counts sales that are still working", () => {
    const { refusal } = rigOf(kind, 130_000);
    refusal(byConId(SPY), limitOrder("BUY", 100, 600.02));
    expect(refusal(CALL, limitOrder("SELL", 1, 3))).toBe("");
    expect(refusal(CALL, limitOrder("SELL", 1, 3))).toContain("Uncovered");
  });

  it("refuses spreads that would leave it short, and lets it close what it holds", () => {
    const { refusal } = rigOf(kind, 200_000);
    expect(refusal(CONDOR, limitOrder("BUY", 1, -1.8))).toContain("Spreads with short options are not permitted");
    expect(refusal(VERTICAL, limitOrder("BUY", 1, -0.8))).toContain("Spreads");
    expect(refusal(PUT, limitOrder("BUY", 1, 1.55))).toBe("");
    expect(refusal(VERTICAL, limitOrder("BUY", 1, -0.8))).toBe("");
  });

  it("buys no more than its cash pays", () => {
    const { refusal } = rigOf(kind, 10_000);
    expect(refusal(byConId(SPY), limitOrder("BUY", 17, 600.02))).toContain("cash does not cover");
    expect(refusal(byConId(SPY), { ...limitOrder("BUY", 17, 0), orderType: OrderType.MKT })).toContain("cash does not cover");
    expect(refusal(byConId(SPY), limitOrder("BUY", 16, 600.02))).toBe("");
  });
});

describe("a margin account", () => {
  it("is refused in the broker's own capitals when its equity falls short", () => {
    const { refusal } = rigOf("margin", 1_000);
    expect(refusal(CONDOR, limitOrder("BUY", 4, -1.8))).toMatch(/^201 Order rejected - reason:YOUR ORDER IS NOT ACCEPTED/);
    expect(refusal(CONDOR, limitOrder("BUY", 1, -1.8))).toBe("");
  });

  it("judges an exit attached to an entry by what the entry will have bought", () => {
    const { refusal, rig } = rigOf("margin", 40_000);
    refusal(byConId(SPY), limitOrder("BUY", 100, 599, { transmit: false }));
    expect(refusal(byConId(SPY), limitOrder("SELL", 100, 610, { parentId: 1 }))).toBe("");
    expect(refusal(byConId(SPY), limitOrder("SELL", 100, 610))).toContain("201");
    expect(rig.broker.truth().accounts[0]?.openOrders).toHaveLength(2);
  });
});

describe("several accounts at one gateway", () => {
  it("keep their money, positions and permissions apart, and an order must name one", () => {
    const rig = createBrokerRig({
      accounts: [
        { id: "DU1", cash: money(50_000) },
        { id: "DU2", cash: money(50_000), permissions: ["STK", "OPT"] },
      ],
    });
    rig.market.set(ES, 6_000, 6_000.25);
    const client = rig.connect(1);
    client.ib.placeOrder(1, byConId(ES), limitOrder("BUY", 1, 6_000.25, { account: "DU1" }));
    client.ib.placeOrder(2, byConId(ES), limitOrder("BUY", 1, 6_000.25, { account: "DU2" }));
    client.ib.placeOrder(3, byConId(SPY), limitOrder("BUY", 10, 600.02, { account: "DU2" }));
    client.ib.placeOrder(4, byConId(SPY), limitOrder("BUY", 10, 600.02));
    rig.settle();
    expect(client.all("error").map(([, code, id]) => [code, id])).toEqual([
      [460, 2],
      [435, 4],
    ]);
    expect(rig.broker.truth().accounts.map(({ id, positions }) => [id, positions.map(({ symbol }) => symbol)])).toEqual([
      ["DU1", ["ES"]],
      ["DU2", ["SPY"]],
    ]);
  });
});

describe("a what-if", () => {
  it("leaves out margins that depend on a price nobody quotes", () => {
    const { rig, client } = rigOf("margin", 100_000);
    rig.market.unset(SPY);
    client.ib.placeOrder(1, PUT, limitOrder("SELL", 1, 1.45, { whatIf: true }));
    client.ib.placeOrder(2, CONDOR, limitOrder("BUY", 1, -1.8, { whatIf: true }));
    rig.settle();
    const [naked, condor] = client.all("openOrder").map(([, , , state]) => state);
    expect(naked?.initMarginAfter).toBeUndefined();
    expect(naked?.commission).toBe(1);
    expect(condor).toMatchObject({ initMarginAfter: 500 });
  });
});
