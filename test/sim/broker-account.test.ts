/** What a client hears about its account, and what happens to it over night: updates, profit, exercise, assignment, dividends. */
import type { OptionExerciseAction } from "@stoqey/ib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addDays } from "../../src/domain/calendar/civil-date.ts";
import { instantOf } from "../../src/domain/calendar/new-york.ts";
import { price, tradingDay } from "../../src/domain/units.ts";
import { exercisedShare } from "../../src/sim/broker/account/assignment.ts";
import type { GatewayClient } from "../../src/sim/gateway-api.ts";
import { ACCOUNT, type BrokerRig, byConId, createBrokerRig, limitOrder } from "../support/broker-rig.ts";
import { EXPIRY, optionId, SPY } from "../support/scripted-market.ts";

const TODAY = tradingDay("2026-11-20");
const MONDAY = instantOf(addDays(TODAY, 3), 570);
const CALL_590 = optionId("C", 590);
const PUT_610 = optionId("P", 610);

/** A client that writes down all that the account desk says. */
const listening = (rig: BrokerRig): { readonly ib: GatewayClient; readonly lines: () => string[] } => {
  const ib = rig.broker.client();
  let lines: string[] = [];
  const say = (...words: readonly unknown[]): void => void lines.push(words.join(" "));
  ib.on("updateAccountValue", (key, value, currency) => say("value", key, value, currency));
  ib.on("updatePortfolio", (contract, position, mark, value, cost, unrealized, realized) =>
    say("portfolio", contract.conId, position, mark, value, cost, unrealized, realized),
  );
  ib.on("updateAccountTime", (clock) => say("time", clock));
  ib.on("accountDownloadEnd", (account) => say("end", account));
  ib.on("accountUpdateMulti", (reqId, _account, _model, key, value, currency) => say("multi", reqId, key, value, currency));
  ib.on("accountUpdateMultiEnd", (reqId) => say("multiEnd", reqId));
  ib.on("positionMulti", (reqId, _account, _model, contract, position) => say("held", reqId, contract.conId, position));
  ib.on("positionMultiEnd", (reqId) => say("heldEnd", reqId));
  ib.on("pnl", (reqId, ...figures) => say("pnl", reqId, ...figures.map((figure) => figure ?? "?")));
  ib.on("pnlSingle", (reqId, ...figures) => say("single", reqId, ...figures.map((figure) => figure ?? "?")));
  ib.on("error", (error, code, reqId) => say("error", code, reqId, error.message));
  ib.on("info", (_text, code) => say("info", code));
  ib.connect(9);
  rig.settle();
  lines = [];
  return {
    ib,
    lines: () => {
      rig.settle();
      const said = lines;
      lines = [];
      return said;
    },
  };
};
/** An account that holds (or is short) so much of a contract, bought at 1.00 under the ask. */
const holding = (conId: number, quantity: number, cost: number, cash = 500_000) => {
  const rig = createBrokerRig({ accounts: [{ id: ACCOUNT, cash: (cash * 10_000) as never }] });
  rig.market.set(conId, cost, cost, { bid: 1_000, ask: 1_000 });
  const trader = rig.connect(1);
  const [id] = trader.all("nextValidId")[0] ?? [1];
  trader.ib.placeOrder(id, byConId(conId), limitOrder(quantity > 0 ? "BUY" : "SELL", Math.abs(quantity), cost));
  rig.pass(1_000);
  const account = () => rig.broker.truth().accounts[0]!;
  expect(account().positions).toEqual([expect.objectContaining({ conId, quantity })]);
  return { rig, account };
};
const quantities = (account: { positions: readonly { conId: number; quantity: number }[] }) =>
  Object.fromEntries(account.positions.map(({ conId, quantity }) => [conId, quantity]));

describe("account updates", () => {
  it("tell all figures and positions, an end, and then only what changed", () => {
    const { rig } = holding(SPY, 100, 600);
    const { ib, lines } = listening(rig);
    ib.reqAccountUpdates(true, ACCOUNT);
    const first = lines();
    expect(first.at(-1)).toBe(`end ${ACCOUNT}`);
    expect(first).toContain("value AccountCode DU1234567 ");
    expect(first.filter((line) => line.startsWith(`portfolio ${SPY} 100 600 60000`)).length).toBe(1);
    rig.pass(60_000);
    expect(lines()).toEqual([]);
    rig.market.set(SPY, 601, 601);
    rig.pass(180_000);
    const later = lines();
    expect(later.length).toBeGreaterThan(0);
    expect(later).not.toContain("value AccountCode DU1234567 ");
    expect(later.at(-1)).toMatch(/^time /);
  });

  it("end with 2100, and refuse an account that is not there", () => {
    const { rig } = holding(SPY, 100, 600);
    const { ib, lines } = listening(rig);
    ib.reqAccountUpdates(true, "DU999");
    expect(lines()).toEqual([expect.stringMatching(/^error 321 -1/)]);
    ib.reqAccountUpdates(true, ACCOUNT);
    lines();
    ib.reqAccountUpdates(false, ACCOUNT);
    expect(lines()).toEqual(["info 2100"]);
    rig.market.set(SPY, 700, 700);
    rig.pass(600_000);
    expect(lines()).toEqual([]);
  });

  it("by request tell the ledger and net liquidation alone when only these are asked for", () => {
    const { rig } = holding(SPY, 100, 600);
    const { ib, lines } = listening(rig);
    ib.reqAccountUpdatesMulti(4, ACCOUNT, "", true);
    const said = lines();
    expect(said.at(-1)).toBe("multiEnd 4");
    expect(said.some((line) => line.includes(" NetLiquidation "))).toBe(true);
    expect(said.some((line) => line.includes(" BuyingPower "))).toBe(false);
    ib.cancelAccountUpdatesMulti(4);
    rig.market.set(SPY, 700, 700);
    rig.pass(600_000);
    expect(lines()).toEqual([]);
  });

  it("of positions by request end, then tell what moved, also to nothing", () => {
    const { rig } = holding(SPY, 100, 600);
    const { ib, lines } = listening(rig);
    ib.reqPositionsMulti(5, ACCOUNT, "");
    expect(lines()).toEqual([`held 5 ${SPY} 100`, "heldEnd 5"]);
    ib.placeOrder(1, byConId(SPY), limitOrder("SELL", 100, 600));
    rig.pass(1_000);
    expect(lines()).toContain(`held 5 ${SPY} 0`);
  });
});

describe("profit and loss", () => {
  it("of the day is what net liquidation gained since the day began; unknown while a position has no quote", () => {
    const { rig, account } = holding(SPY, 100, 600);
    const { ib, lines } = listening(rig);
    ib.reqPnL(6, ACCOUNT, "");
    rig.market.set(SPY, 603, 603);
    rig.pass(1_000);
    const last = lines().at(-1)!.split(" ").map(Number);
    expect(last[2]).toBeCloseTo(account().netLiquidation - 500_000, 4);
    expect(last[3]).toBeCloseTo(300 - account().commissions, 4);
    rig.market.unset(SPY);
    rig.pass(1_000);
    expect(lines().at(-1)).toMatch(/^pnl 6 \S+ \? 0$/);
  });

  it("of a position counts the night from the prior close, the day from its trades", () => {
    const { rig } = holding(SPY, 100, 600);
    const { ib, lines } = listening(rig);
    rig.passTo(MONDAY);
    rig.market.set(SPY, 605, 605, { ask: 1_000 });
    ib.reqPnLSingle(7, ACCOUNT, "", SPY);
    expect(lines().at(-1)).toMatch(/^single 7 100 \? /);
    rig.market.closedAt(SPY, 602);
    rig.pass(1_000);
    expect(lines().at(-1)).toMatch(/^single 7 100 300 /);
    ib.placeOrder(1, byConId(SPY), limitOrder("BUY", 100, 605));
    rig.pass(1_000);
    rig.market.set(SPY, 606, 606);
    rig.market.closedAt(SPY, 602);
    rig.pass(1_000);
    expect(lines().at(-1)).toMatch(/^single 7 200 500 /);
    ib.cancelPnLSingle(7);
    rig.market.set(SPY, 610, 610);
    rig.pass(5_000);
    expect(lines().filter((line) => line.startsWith("single"))).toEqual([]);
  });
});

describe("exercise", () => {
  it("of a call in the money buys the shares at the strike over night, without an execution", () => {
    const { rig, account } = holding(CALL_590, 2, 12);
    const { ib, lines } = listening(rig);
    const { cash, executions } = account();
    ib.exerciseOptions(8, byConId(CALL_590), 1, 1, ACCOUNT, 0);
    rig.pass(60_000);
    expect(quantities(account())).toEqual({ [CALL_590]: 2 });
    rig.passTo(MONDAY);
    expect(quantities(account())).toEqual({ [SPY]: 100, [CALL_590]: 1 });
    expect(account()).toMatchObject({ cash: cash - 59_000, executions });
    expect(lines().filter((line) => line.startsWith("error"))).toEqual([]);
  });

  it("is refused for more than is held, for what is short, and out of the money unless it is meant", () => {
    const { rig, account } = holding(optionId("C", 610), 1, 1);
    const { ib, lines } = listening(rig);
    const call = byConId(optionId("C", 610));
    ib.exerciseOptions(1, call, 1, 2, ACCOUNT, 1);
    ib.exerciseOptions(2, call, 1, 1, ACCOUNT, 0);
    ib.exerciseOptions(3, byConId(SPY), 1, 1, ACCOUNT, 1);
    ib.exerciseOptions(4, call, 3 as OptionExerciseAction, 1, ACCOUNT, 1);
    expect(lines().map((line) => line.split(" ").slice(0, 3).join(" "))).toEqual(
      [1, 2, 3, 4].map((reqId) => `error 321 ${reqId}`),
    );
    ib.exerciseOptions(5, call, 1, 1, ACCOUNT, 1);
    rig.passTo(MONDAY);
    expect(quantities(account())).toEqual({ [SPY]: 100 });
  });

  it("cannot be asked for twice of the same contract", () => {
    const { rig, account } = holding(CALL_590, 1, 12);
    const { ib, lines } = listening(rig);
    ib.exerciseOptions(1, byConId(CALL_590), 1, 1, ACCOUNT, 0);
    ib.exerciseOptions(2, byConId(CALL_590), 1, 1, ACCOUNT, 0);
    expect(lines()).toEqual([expect.stringMatching(/^error 321 2 /)]);
    rig.passTo(MONDAY);
    expect(quantities(account())).toEqual({ [SPY]: 100 });
  });

  it("near the strike is a matter of chance for who is short, and certain away from it", () => {
    const at = (settlement: number): number => {
      const { rig, account } = holding(CALL_590, -40, 12, 20_000_000);
      rig.market.setSettlement(SPY, settlement);
      rig.passTo(instantOf(addDays(EXPIRY, 3), 570));
      return Math.abs((quantities(account())[SPY] ?? 0) / 100);
    };
    expect([at(588), at(592)]).toEqual([0, 40]);
    const pinned = at(590.01);
    expect(pinned).toBeGreaterThan(8);
    expect(pinned).toBeLessThan(32);
  });

  it("that is wished not to be lets an option in the money go at its expiry", () => {
    const { rig, account } = holding(CALL_590, 1, 12);
    const { ib } = listening(rig);
    ib.exerciseOptions(8, byConId(CALL_590), 2, 1, ACCOUNT, 1);
    rig.settle();
    rig.market.setSettlement(SPY, 600);
    rig.passTo(instantOf(addDays(EXPIRY, 3), 570));
    expect(quantities(account())).toEqual({});
  });

  it("that is noted survives a restart of the broker", () => {
    const { rig } = holding(CALL_590, 2, 12);
    const { ib } = listening(rig);
    ib.exerciseOptions(8, byConId(CALL_590), 1, 1, ACCOUNT, 0);
    rig.settle();
    expect(rig.broker.saved().nights?.exercises).toEqual([{ account: ACCOUNT, conId: CALL_590, contracts: 1, lapse: false }]);
  });
});

describe("assignment before expiry", () => {
  const beforeExDay = (timeValue: number) => {
    const { rig, account } = holding(CALL_590, -40, 10 + timeValue, 2_000_000);
    rig.market.set(SPY, 600, 600);
    rig.market.set(CALL_590, 10 + timeValue, 10 + timeValue);
    rig.market.setDividends([{ exDay: addDays(TODAY, 3), payDay: addDays(TODAY, 10), amount: price(1.8) }]);
    rig.market.setSettlement(SPY, 600);
    rig.passTo(MONDAY);
    return { rig, account };
  };

  it("calls most short calls away whose time value is less than the dividend, and none that has more", () => {
    const { account } = beforeExDay(0.06);
    const left = -(quantities(account())[CALL_590] ?? 0);
    expect(left).toBeLessThan(20);
    expect(quantities(account())[SPY]).toBe(-100 * (40 - left));
    expect(quantities(beforeExDay(2.5).account())).toEqual({ [CALL_590]: -40 });
  });

  it("makes the account owe the dividend on the shares that it is short", () => {
    const { rig, account } = beforeExDay(0.06);
    const short = -(quantities(account())[SPY] ?? 0);
    const { cash } = account();
    rig.passTo(instantOf(addDays(TODAY, 11), 570));
    expect(account().cash).toBeCloseTo(cash - 1.8 * short, 6);
  });

  it("is likelier the less time value there is, never out of the money, and a share", () => {
    const units = fc.integer({ min: 0, max: 100_000 });
    fc.assert(
      fc.property(
        fc.constantFrom("C" as const, "P" as const),
        fc.integer({ min: -50_000, max: 50_000 }),
        units,
        units,
        units,
        (right, inTheMoney, timeValue, dividend, carry) => {
          const at = (value: number) => exercisedShare({ right, inTheMoney, timeValue: value, dividend, carry });
          const share = at(timeValue);
          expect(share).toBeGreaterThanOrEqual(0);
          expect(share).toBeLessThanOrEqual(1);
          expect(at(timeValue + 1_000)).toBeLessThanOrEqual(share);
          if (inTheMoney <= 0) expect(share).toBe(0);
        },
      ),
    );
  });

  it("comes when told to, and says how many there were", () => {
    const { rig, account } = holding(PUT_610, -3, 12);
    expect(rig.broker.assign(ACCOUNT, PUT_610, 2)).toBe(2);
    expect(quantities(account())).toEqual({ [SPY]: 200, [PUT_610]: -1 });
    expect(rig.broker.assign(ACCOUNT, PUT_610)).toBe(1);
    expect(rig.broker.assign(ACCOUNT, PUT_610)).toBe(0);
  });
});

describe("dividends", () => {
  it("belong to who held the shares before the ex-day, count at once, and are paid on their day", () => {
    const { rig, account } = holding(SPY, 100, 600);
    const { cash, netLiquidation } = account();
    rig.market.setDividends([{ exDay: addDays(TODAY, 3), payDay: addDays(TODAY, 10), amount: price(1.5) }]);
    rig.passTo(MONDAY);
    expect(account().cash).toBe(cash);
    expect(account().netLiquidation).toBeCloseTo(netLiquidation + 150, 6);
    rig.passTo(instantOf(addDays(TODAY, 10), 570));
    expect(account().cash).toBeCloseTo(cash + 150, 6);
    expect(account().netLiquidation).toBeCloseTo(netLiquidation + 150, 6);
  });

  it("are not owed to who bought on the ex-day", () => {
    const rig = createBrokerRig();
    rig.market.setDividends([{ exDay: addDays(TODAY, 3), payDay: addDays(TODAY, 10), amount: price(1.5) }]);
    rig.passTo(MONDAY);
    const client = rig.connect(1);
    client.ib.placeOrder(1, byConId(SPY), limitOrder("BUY", 10, 601));
    rig.pass(1_000);
    const { cash } = rig.broker.truth().accounts[0]!;
    rig.passTo(instantOf(addDays(TODAY, 12), 570));
    expect(rig.broker.truth().accounts[0]?.cash).toBe(cash);
  });
});
