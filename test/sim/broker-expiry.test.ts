import { describe, expect, it } from "vitest";
import { addDays } from "../../src/domain/calendar/civil-date.ts";
import { instantOf } from "../../src/domain/calendar/new-york.ts";
import { byConId, CONDOR, createBrokerRig, limitOrder, quoteCondor } from "../support/broker-rig.ts";
import { EXPIRY, optionId, SPY } from "../support/scripted-market.ts";

const AFTER_CLOSE = instantOf(EXPIRY, 961);
const NEXT_MORNING = instantOf(addDays(EXPIRY, 3), 570);

const rigWithCondor = () => {
  const rig = createBrokerRig();
  quoteCondor(rig.market);
  const client = rig.connect(1);
  client.ib.reqPositions();
  client.ib.placeOrder(1, CONDOR, limitOrder("BUY", 1, -1.8));
  rig.settle();
  client.news();
  return { rig, client, cash: rig.broker.truth().accounts[0]?.cash ?? Number.NaN };
};

describe("the expiry of options", () => {
  it("removes what is out of the money overnight, without moving cash", () => {
    const { rig, client, cash } = rigWithCondor();
    rig.market.setSettlement(SPY, 600);
    rig.passTo(AFTER_CLOSE);
    expect(rig.broker.truth().accounts[0]?.positions.length).toBe(4);
    rig.passTo(NEXT_MORNING);
    expect(rig.broker.truth().accounts[0]).toMatchObject({ positions: [], cash });
    expect(client.news().filter((line) => line.startsWith("position")).length).toBe(4);
    expect(client.all("execDetails").length).toBe(5);
  });

  it("assigns the short put that is in the money: shares at its strike, its long wing gone", () => {
    const { rig, client, cash } = rigWithCondor();
    rig.market.setSettlement(SPY, 592);
    rig.passTo(NEXT_MORNING);
    const [account] = rig.broker.truth().accounts;
    expect(account?.positions).toEqual([expect.objectContaining({ conId: SPY, quantity: 100, averageCost: 595 })]);
    expect(account?.cash).toBeCloseTo(cash - 59_500, 6);
    expect(client.news()).toContain(`position ${SPY} 100`);
  });

  it("nets assignment and exercise when both puts are in the money: the width is lost", () => {
    const { rig, cash } = rigWithCondor();
    rig.market.setSettlement(SPY, 580);
    rig.passTo(NEXT_MORNING);
    expect(rig.broker.truth().accounts[0]).toMatchObject({ positions: [], cash: expect.closeTo(cash - 500, 6) });
  });

  it("waits while the settlement price is unknown", () => {
    const { rig } = rigWithCondor();
    rig.passTo(NEXT_MORNING);
    expect(rig.broker.truth().accounts[0]?.positions.length).toBe(4);
    rig.market.setSettlement(SPY, 600);
    rig.pass(1_000);
    expect(rig.broker.truth().accounts[0]?.positions).toEqual([]);
  });

  it("ends GTC orders in the expired contract and takes no new ones", () => {
    const { rig, client } = rigWithCondor();
    client.ib.placeOrder(2, byConId(optionId("C", 605)), limitOrder("BUY", 1, 0.5, { tif: "GTC" }));
    rig.passTo(AFTER_CLOSE);
    expect(client.all("orderStatus").at(-1)?.[1]).toBe("Cancelled");
    client.ib.placeOrder(3, byConId(optionId("C", 605)), limitOrder("BUY", 1, 0.5));
    rig.settle();
    expect(client.news().slice(-3)).toEqual(["error 201", "openOrder Inactive", "orderStatus Inactive"]);
  });
});
