/** Every fault of the registry that needs no socket, shown at a client. A name without a row here fails. */
import { describe, expect, it } from "vitest";
import { FaultError } from "../../src/sim/faults/parameter.ts";
import { FAULTS } from "../../src/sim/faults/registry.ts";
import { CONDOR, combo, createBrokerRig, quoteCondor } from "../support/broker-rig.ts";
import { byConId, createFaultRig, type FaultRig, limitOrder, PUT, SPY } from "../support/fault-rig.ts";

const openOrders = (rig: FaultRig) => rig.broker.truth().accounts[0]!.openOrders;
const quantity = (rig: FaultRig): number => rig.broker.truth().accounts[0]!.positions[0]?.quantity ?? 0;
const told = (rig: FaultRig, event: Parameters<FaultRig["client"]["all"]>[0]): number => rig.client.all(event).length;
const WELCOME = [2104, 2106, 2158, 2199];
const infos = (rig: FaultRig): readonly number[] =>
  rig.client
    .all("info")
    .map(([, code]) => code)
    .slice(WELCOME.length);
/** What arrives from here on, as short lines. */
const news = (rig: FaultRig): string[] => rig.client.news();
const ask = (rig: FaultRig, act: (ib: FaultRig["ib"]) => unknown): string[] => {
  news(rig);
  act(rig.ib);
  rig.settle();
  return news(rig);
};
const BID = 1;
const ASK = 2;

/** Fault → what is disputable about it. Each gets a rig of its own. */
const SHOWN: { readonly [fault: string]: (rig: FaultRig) => void } = {
  "servers.lost": (rig) => {
    rig.watch();
    rig.buy(1, 1.3);
    news(rig);
    rig.fault("servers.lost", { fills: "late", back: "kept" }, { forMs: 60_000 });
    rig.quote(1.25, 1.3);
    rig.ib.reqPositions();
    rig.settle();
    expect(news(rig)).toEqual(["info 1100"]);
    expect(quantity(rig)).toBe(1);
    rig.pass(60_000);
    const after = news(rig);
    expect(after[0]).toBe("info 1102");
    expect(after).toEqual(expect.arrayContaining(["orderStatus Filled", "execDetails OPT", "tickPrice 1 1.25", "positionEnd"]));
  },
  "servers.backDataLost": (rig) => {
    rig.watch();
    rig.fault("servers.lost");
    rig.fault("servers.backDataLost");
    expect(infos(rig)).toEqual([1100, 1101]);
    news(rig);
    rig.quote(1.2, 1.3);
    expect(news(rig)).toEqual([]);
    rig.watch();
    expect(rig.codes(50)).toEqual([]);
    expect(rig.prices(50, BID).at(-1)).toBe(1.2);
  },
  "servers.backDataKept": (rig) => {
    rig.watch();
    rig.fault("servers.lost");
    rig.fault("servers.backDataKept", { dead: true });
    expect(infos(rig)).toEqual([1100, 1102]);
    rig.quote(1.2, 1.3);
    expect(rig.prices(50, BID)).toEqual([1.45]);
    rig.ib.cancelMktData(50);
    rig.watch();
    expect(rig.prices(50, BID).at(-1)).toBe(1.2);
  },
  "farm.broken": (rig) => {
    rig.watch();
    rig.fault("farm.broken", { resubscribe: false }, { forMs: 5_000 });
    rig.quote(1.2, 1.3);
    rig.pass(5_000);
    rig.quote(1.1, 1.3);
    expect(infos(rig)).toEqual([2103, 2104]);
    expect(rig.prices(50, BID)).toEqual([1.45]);
    rig.ib.cancelMktData(50);
    rig.watch();
    expect(rig.prices(50, BID).at(-1)).toBe(1.1);
  },
  "farm.ok": (rig) => {
    rig.fault("farm.ok", { farm: "ushmds" });
    expect(infos(rig)).toEqual([2106]);
  },
  "farm.idle": (rig) => {
    rig.fault("farm.idle");
    expect(infos(rig)).toEqual([2108]);
  },
  "gateway.restart": (rig) => {
    rig.buy(1, 1.3);
    news(rig);
    rig.fault("gateway.restart", { closed: "30s", linger: "20s", rollBack: 1 });
    expect(news(rig)).toEqual(["disconnected"]);
    expect(ask(rig, (ib) => ib.connect(1))).toEqual(["error 502", "disconnected"]);
    rig.pass(30_000);
    expect(ask(rig, (ib) => ib.connect(1))).toContain("info 326");
    rig.pass(20_000);
    expect(ask(rig, (ib) => ib.connect(1))).toEqual(expect.arrayContaining(["nextValidId 1", "openOrder Submitted"]));
    expect(ask(rig, (ib) => ib.reqIds())).toEqual(["nextValidId 2"]);
  },
  "gateway.idsRollBack": (rig) => {
    for (const id of [1, 2, 3, 4, 5]) rig.buy(id, 1.3);
    rig.fault("gateway.idsRollBack", { by: 4 });
    rig.ib.disconnect();
    expect(ask(rig, (ib) => ib.connect(1))).toContain("nextValidId 2");
  },
  "gateway.clientIdTaken": (rig) => {
    rig.ib.disconnect();
    rig.fault("gateway.clientIdTaken", {}, { forMs: 10_000 });
    expect(ask(rig, (ib) => ib.connect(1))).toContain("info 326");
    rig.pass(10_000);
    expect(ask(rig, (ib) => ib.connect(1))).toContain("nextValidId 1");
  },
  "gateway.clientIdLingers": (rig) => {
    rig.fault("gateway.clientIdLingers", { linger: "10s" });
    rig.ib.disconnect();
    expect(ask(rig, (ib) => ib.connect(1))).toContain("info 326");
    expect(rig.connect(2).ib).toBeDefined();
    rig.pass(10_000);
    expect(ask(rig, (ib) => ib.connect(1))).toContain("nextValidId 1");
  },
  "gateway.readOnly": (rig) => {
    rig.fault("gateway.readOnly");
    rig.buy(1);
    rig.buy(2, 1.5, { whatIf: true });
    rig.ib.cancelOrder(9);
    rig.settle();
    expect([1, 2, 9].map(rig.codes)).toEqual([[321], [321], [321]]);
    expect(quantity(rig)).toBe(0);
  },
  "gateway.portMoved": (rig) => {
    news(rig);
    rig.fault("gateway.portMoved");
    rig.pass(1);
    expect(news(rig)).toEqual(["info 1300", "disconnected"]);
  },
  "session.competing": (rig) => {
    rig.watch();
    rig.fault("session.competing");
    rig.quote(1.2, 1.3);
    rig.watch(51);
    expect([rig.codes(50), rig.codes(51)]).toEqual([[10_197], [10_197]]);
    expect(rig.prices(50, BID)).toEqual([1.45]);
    rig.clear();
    expect(rig.prices(50, BID)).toEqual([1.45, 1.2]);
  },
  "session.takenOver": (rig) => {
    news(rig);
    rig.fault("session.takenOver", {}, { forMs: 60_000 });
    rig.pass(1);
    expect(news(rig)).toEqual(["info 1100", "disconnected"]);
    expect(ask(rig, (ib) => ib.connect(1))).toContain("info 326");
    rig.pass(60_000);
    expect(ask(rig, (ib) => ib.connect(1))).toContain("nextValidId 1");
  },
  "pacing.reject": (rig) => {
    rig.fault("pacing.reject", { perSecond: 10, window: "600s" });
    news(rig);
    for (let n = 0; n < 6_000; n++) rig.ib.reqCurrentTime();
    rig.settle();
    expect(told(rig, "currentTime")).toBe(6_000);
    for (let n = 0; n < 3; n++) rig.ib.reqCurrentTime();
    rig.settle();
    rig.pass(1);
    expect(rig.codes(-1)).toEqual([100, 100, 100]);
    expect(news(rig).at(-1)).toBe("disconnected");
  },
  "pacing.warn": (rig) => {
    rig.fault("pacing.warn");
    expect(rig.codes(-1)).toEqual([0]);
  },
  "clock.skew": (rig) => {
    rig.fault("clock.skew", { by: "30s", way: "behind" });
    rig.ib.reqCurrentTime();
    rig.settle();
    expect(rig.client.all("currentTime")).toEqual([[Math.floor(rig.market.now / 1_000) - 30]]);
  },
  "clock.unanswered": (rig) => {
    rig.fault("clock.unanswered");
    expect(ask(rig, (ib) => ib.reqCurrentTime())).toEqual([]);
  },
  "notice.unknown": (rig) => {
    rig.fault("notice.unknown", { code: 77_777 });
    expect(rig.codes(-1)).toEqual([77_777]);
  },
  "status.lose": (rig) => {
    rig.fault("status.lose");
    rig.buy(1);
    expect([rig.statuses(1).length, told(rig, "execDetails")]).toEqual([0, 1]);
  },
  "status.duplicate": (rig) => {
    rig.broker.faults.duplicateStatus = false;
    rig.fault("status.duplicate", { times: 3 });
    rig.buy(1, 1.3);
    expect(rig.statuses(1)).toEqual([...Array(3).fill("PreSubmitted"), ...Array(3).fill("Submitted")]);
  },
  "status.delay": (rig) => {
    rig.fault("status.delay", { delay: "5s" });
    rig.buy(1);
    expect([rig.statuses(1).length, told(rig, "execDetails")]).toEqual([0, 1]);
    rig.pass(5_000);
    expect(rig.statuses(1).at(-1)).toBe("Filled");
  },
  "status.reorder": (rig) => {
    rig.broker.faults.duplicateStatus = false;
    rig.fault("status.reorder");
    rig.buy(1);
    rig.pass(2_000);
    expect(rig.statuses(1)).toEqual(["Submitted", "PreSubmitted", "Filled"]);
  },
  "status.lie": (rig) => {
    rig.fault("status.lie");
    rig.buy(1, 1.3);
    expect(rig.statuses(1)[0]).toBe("Filled");
    expect([told(rig, "execDetails"), quantity(rig), rig.board.active()]).toEqual([0, 0, []]);
  },
  "execution.beforeOpenOrder": (rig) => {
    rig.fault("execution.beforeOpenOrder");
    news(rig);
    rig.buy(1);
    expect(news(rig)[0]).toBe("execDetails OPT");
  },
  "execution.delay": (rig) => {
    rig.fault("execution.delay", { delay: "5s" });
    rig.buy(1);
    expect([rig.statuses(1).at(-1), told(rig, "execDetails")]).toEqual(["Filled", 0]);
    rig.pass(5_000);
    expect(told(rig, "execDetails")).toBe(1);
  },
  "execution.duplicate": (rig) => {
    rig.fault("execution.duplicate", { times: 3, gap: "10s" });
    rig.buy(1);
    rig.pass(20_000);
    const ids = rig.client.all("execDetails").map(([, , { execId }]) => execId);
    expect([ids.length, new Set(ids).size]).toEqual([3, 1]);
  },
  "execution.lose": (rig) => {
    rig.fault("execution.lose");
    rig.buy(1);
    expect(told(rig, "execDetails")).toBe(0);
    rig.ib.reqExecutions(9, {});
    rig.settle();
    expect(told(rig, "execDetails")).toBe(1);
  },
  "execution.reorder": (rig) => {
    quoteCondor(rig.market);
    rig.fault("execution.reorder");
    rig.ib.placeOrder(1, CONDOR, limitOrder("BUY", 1, -1.5));
    rig.pass(1_000);
    expect(rig.client.all("execDetails").at(-1)?.[1].secType).toBe("BAG");
    expect(told(rig, "execDetails")).toBe(5);
  },
  "execution.loseSummary": (rig) => {
    quoteCondor(rig.market);
    rig.fault("execution.loseSummary");
    rig.ib.placeOrder(1, CONDOR, limitOrder("BUY", 1, -1.5));
    rig.pass(1_000);
    expect(rig.client.all("execDetails").map(([, { secType }]) => secType)).toEqual(Array(4).fill("OPT"));
  },
  "commission.delay": (rig) => {
    rig.fault("commission.delay", { delay: "30s" });
    rig.buy(1);
    expect([told(rig, "execDetails"), told(rig, "commissionReport")]).toEqual([1, 0]);
    rig.pass(30_000);
    expect(told(rig, "commissionReport")).toBe(1);
  },
  "commission.lose": (rig) => {
    rig.fault("commission.lose");
    rig.buy(1);
    rig.ib.reqExecutions(9, {});
    rig.pass(60_000);
    expect(told(rig, "commissionReport")).toBe(0);
  },
  "commission.duplicate": (rig) => {
    rig.fault("commission.duplicate", { times: 4 });
    rig.buy(1);
    expect(told(rig, "commissionReport")).toBe(4);
  },
  "commission.unknownExecution": (rig) => {
    rig.fault("commission.unknownExecution");
    expect([told(rig, "commissionReport"), told(rig, "execDetails")]).toEqual([1, 0]);
  },
  "order.blackhole": (rig) => {
    rig.fault("order.blackhole", { orders: 2 });
    rig.buy(1);
    rig.buy(2);
    rig.buy(3, 1.3);
    expect([rig.statuses(1), rig.statuses(2), openOrders(rig).length]).toEqual([[], [], 1]);
    rig.buy(4, 1.5, { whatIf: true });
    expect(rig.board.active()).toEqual([]);
  },
  "order.acceptSilently": (rig) => {
    rig.fault("order.acceptSilently");
    rig.buy(1, 1.3);
    expect([rig.statuses(1), openOrders(rig).length]).toEqual([[], 1]);
  },
  "order.reject": (rig) => {
    rig.fault("order.reject", { orders: 2, code: 110 });
    for (const id of [1, 2, 3]) rig.buy(id, 1.3);
    expect([1, 2, 3].map(rig.codes)).toEqual([[110], [110], []]);
    rig.pass(2_000);
    expect(rig.board.active()).toEqual([]);
  },
  "order.rejectChange": (rig) => {
    rig.buy(1, 1.3);
    rig.fault("order.rejectChange", { code: 321 });
    rig.buy(1, 1.35);
    rig.buy(2, 1.3);
    expect([rig.codes(1), rig.codes(2)]).toEqual([[321], []]);
    expect(openOrders(rig).map(({ limitPrice }) => limitPrice)).toEqual([1.3, 1.3]);
  },
  "order.sleeps": (rig) => {
    rig.fault("order.sleeps", { sleep: "60s", code: "201" });
    rig.buy(1);
    expect([rig.statuses(1), rig.codes(1), quantity(rig)]).toEqual([["Inactive"], [201], 0]);
    expect(ask(rig, (ib) => ib.reqOpenOrders())).toEqual(["openOrder Inactive", "orderStatus Inactive", "openOrderEnd"]);
    const permIds = new Set(rig.client.all("orderStatus").map(([, , , , , permId]) => permId));
    rig.pass(60_000);
    expect([rig.statuses(1).at(-1), quantity(rig)]).toEqual(["Filled", 1]);
    for (const [, , , , , permId] of rig.client.all("orderStatus")) permIds.add(permId);
    expect(permIds.size).toBe(1);
  },
  "order.warning": (rig) => {
    rig.fault("order.warning", { code: "10349" });
    rig.buy(1, 1.3);
    expect([rig.codes(1), rig.statuses(1).at(-1)]).toEqual([[10_349], "Submitted"]);
  },
  "order.cancelledBySystem": (rig) => {
    rig.buy(1, 1.3);
    rig.fault("order.cancelledBySystem");
    expect([rig.statuses(1).at(-1), rig.codes(1), openOrders(rig)]).toEqual(["Cancelled", [202], []]);
  },
  "order.fillAfterCancel": (rig) => {
    rig.buy(1, 1.3);
    rig.buy(2, 1.2);
    rig.fault("order.fillAfterCancel", { cancels: 2, works: "60s" });
    for (const id of [1, 2]) rig.ib.cancelOrder(id);
    rig.settle();
    expect([rig.statuses(1).at(-1), rig.codes(1), openOrders(rig).length]).toEqual(["Cancelled", [202], 2]);
    rig.quote(1.25, 1.3);
    expect([rig.statuses(1).at(-1), told(rig, "execDetails")]).toEqual(["Filled", 1]);
    rig.pass(60_000);
    // The other one is cancelled in truth, without another word.
    expect([openOrders(rig), rig.codes(2), rig.statuses(2).filter((status) => status === "Cancelled").length]).toEqual([
      [],
      [202],
      1,
    ]);
  },
  "order.cancelUnanswered": (rig) => {
    rig.buy(1, 1.3);
    rig.fault("order.cancelUnanswered");
    expect(ask(rig, (ib) => ib.cancelOrder(1))).toEqual([]);
    expect(ask(rig, (ib) => ib.reqGlobalCancel())).toEqual([]);
    rig.pass(60_000);
    expect(openOrders(rig).length).toBe(1);
  },
  "order.cancelRefused": (rig) => {
    rig.buy(1, 1.3);
    rig.fault("order.cancelRefused", { code: "10147" });
    expect(ask(rig, (ib) => ib.cancelOrder(1))).toEqual(["error 10147"]);
    expect(openOrders(rig).length).toBe(1);
    expect(ask(rig, (ib) => ib.cancelOrder(1))).toContain("orderStatus Cancelled");
  },
  "order.twice": (rig) => {
    rig.buy(1, 1.3);
    rig.fault("order.twice", { cancel: "both" });
    rig.buy(1, 1.35);
    const describe = (): readonly (readonly [number, number | undefined, number | undefined])[] => {
      const before = told(rig, "openOrder");
      rig.ib.reqOpenOrders();
      rig.settle();
      return rig.client
        .all("openOrder")
        .slice(before)
        .map(([id, , { clientId, permId }]) => [id, clientId, permId] as const);
    };
    const listed = describe();
    expect(listed.map(([id, clientId]) => [id, clientId])).toEqual([
      [1, 1],
      [1, 1],
    ]);
    expect(new Set(listed.map(([, , permId]) => permId)).size).toBe(2);
    expect(openOrders(rig).length).toBe(2);
    rig.ib.cancelOrder(1);
    rig.pass(1_000);
    expect([openOrders(rig), rig.statuses(1).filter((status) => status === "Cancelled").length >= 2]).toEqual([[], true]);
  },
  "order.legsFillApart": (rig) => {
    quoteCondor(rig.market);
    rig.fault("order.legsFillApart");
    const vertical = combo([-1, "P", 595], [1, "P", 590]);
    rig.ib.placeOrder(
      1,
      vertical,
      limitOrder("BUY", 1, -0.9, { smartComboRoutingParams: [{ tag: "NonGuaranteed", value: "1" }] }),
    );
    rig.settle();
    expect(rig.broker.truth().accounts[0]!.positions.length).toBe(1);
  },
  "order.cancelNoticeFirst": (rig) => {
    rig.buy(1, 1.3);
    rig.fault("order.cancelNoticeFirst");
    const heard = ask(rig, (ib) => ib.cancelOrder(1));
    expect(heard.indexOf("error 202")).toBeLessThan(heard.indexOf("orderStatus Cancelled"));
  },
  "execution.correct": (rig) => {
    rig.buy(1);
    const before = rig.broker.truth().accounts[0]!.cash;
    rig.fault("execution.correct", { by: 0.1, delay: "5s" });
    rig.pass(5_000);
    const [first, second] = rig.client.all("execDetails").map(([, , { execId, price }]) => [execId, price] as const);
    expect(second).toEqual([first![0]!.replace(/01$/, "02"), 1.65]);
    expect(rig.broker.truth().accounts[0]!.cash).toBeCloseTo(before - 10, 6);
  },
  "execution.bust": (rig) => {
    rig.fault("execution.bust", { which: "next", delay: "5s" });
    rig.buy(1);
    expect(quantity(rig)).toBe(1);
    rig.pass(5_000);
    expect([quantity(rig), rig.client.all("execDetails").at(-1)?.[2].shares, rig.board.active()]).toEqual([0, 0, []]);
  },
  "orders.manual": (rig) => {
    rig.fault("orders.manual", { quantity: 3 });
    rig.pass(1_000);
    expect(quantity(rig)).toBe(3);
    rig.ib.reqExecutions(9, {});
    rig.settle();
    expect([0, 2_147_483_647]).toContain(rig.client.all("execDetails").at(-1)?.[2].orderId);
  },
  "orders.cancelledByHand": (rig) => {
    rig.buy(1, 1.3);
    rig.fault("orders.cancelledByHand");
    rig.pass(1_000);
    expect([openOrders(rig), rig.statuses(1).at(-1)]).toEqual([[], "Cancelled"]);
  },
  "positions.closedByHand": (rig) => {
    rig.buy(1);
    rig.fault("positions.closedByHand");
    rig.pass(1_000);
    expect(quantity(rig)).toBe(0);
  },
  "positions.assigned": (rig) => {
    rig.ib.placeOrder(1, byConId(PUT), limitOrder("SELL", 1, 1.45));
    rig.settle();
    rig.fault("positions.assigned");
    rig.ib.reqPositions();
    rig.settle();
    expect(news(rig)).toEqual(expect.arrayContaining([`position ${SPY} 100`, "positionEnd"]));
  },
  "positions.liquidated": (rig) => {
    rig.buy(1);
    rig.fault("positions.liquidated", { quantity: 1 });
    rig.ib.reqExecutions(9, {});
    rig.pass(1_000);
    expect([quantity(rig), rig.client.all("execDetails").at(-1)?.[2].liquidation]).toEqual([0, 1]);
  },
  "whatIf.unanswered": (rig) => {
    rig.fault("whatIf.unanswered");
    news(rig);
    rig.buy(1, 1.5, { whatIf: true });
    expect(news(rig)).toEqual([]);
    rig.buy(1);
    expect(rig.statuses(1).at(-1)).toBe("Filled");
  },
  "whatIf.max": (rig) => {
    rig.fault("whatIf.max");
    rig.buy(1, 1.5, { whatIf: true });
    expect(rig.client.all("openOrder")[0]?.[3].initMarginAfter).toBe(Number.MAX_VALUE);
  },
  "whatIf.refused": (rig) => {
    rig.fault("whatIf.refused", { code: 460 });
    rig.buy(1, 1.5, { whatIf: true });
    rig.buy(2);
    expect([rig.codes(1), rig.codes(2), quantity(rig)]).toEqual([[460], [], 1]);
  },
  "positions.truncated": (rig) => {
    rig.buy(1);
    rig.fault("positions.truncated", { keep: 1 });
    expect(ask(rig, (ib) => ib.reqPositions())).toEqual([`position ${PUT} 1`]);
  },
  "positions.falselyEmpty": (rig) => {
    rig.buy(1);
    rig.fault("positions.falselyEmpty");
    expect(ask(rig, (ib) => ib.reqPositions())).toEqual(["positionEnd"]);
    // A fill is told all the same.
    rig.buy(2);
    expect(news(rig)).toContain(`position ${PUT} 2`);
  },
  "openOrders.truncated": (rig) => {
    rig.buy(1, 1.3);
    rig.fault("openOrders.truncated");
    expect(ask(rig, (ib) => ib.reqOpenOrders())).toEqual([]);
  },
  "openOrders.falselyEmpty": (rig) => {
    rig.buy(1, 1.3);
    rig.fault("openOrders.falselyEmpty");
    expect(ask(rig, (ib) => ib.reqAllOpenOrders())).toEqual(["openOrderEnd"]);
    expect(openOrders(rig).length).toBe(1);
  },
  "executions.truncated": (rig) => {
    rig.buy(1);
    rig.fault("executions.truncated", { keep: 1 });
    expect(ask(rig, (ib) => ib.reqExecutions(9, {}))).toEqual(["execDetails OPT"]);
  },
  "executions.partialAnswer": (rig) => {
    rig.buy(1);
    rig.fault("executions.partialAnswer", { share: "100%" });
    expect(ask(rig, (ib) => ib.reqExecutions(9, {}))).toEqual(["execDetailsEnd", "commissionReport"]);
  },
  "positions.wrong": (rig) => {
    rig.buy(1);
    rig.fault("positions.wrong", { by: 2 });
    expect(ask(rig, (ib) => ib.reqPositions())).toEqual([`position ${PUT} 3`, "positionEnd"]);
    expect(quantity(rig)).toBe(1);
  },
  "account.late": (rig) => {
    rig.fault("account.late", { delay: "60s" });
    expect(ask(rig, (ib) => ib.reqAccountSummary(9, "All", "NetLiquidation"))).toEqual([]);
    rig.pass(60_000);
    expect(news(rig)).toContain("accountSummaryEnd");
  },
  "account.unanswered": (rig) => {
    rig.fault("account.unanswered");
    expect(ask(rig, (ib) => ib.reqAccountSummary(9, "All", "NetLiquidation"))).toEqual([]);
  },
  "account.otherCurrency": (rig) => {
    rig.fault("account.otherCurrency", { currency: "CHF" });
    ask(rig, (ib) => ib.reqAccountSummary(9, "All", "NetLiquidation"));
    expect(rig.client.all("accountSummary")[0]?.slice(2)).toEqual(["NetLiquidation", "100000.00", "CHF"]);
  },
  "account.noFunds": (rig) => {
    rig.fault("account.noFunds");
    ask(rig, (ib) => ib.reqAccountSummary(9, "All", "NetLiquidation,BuyingPower"));
    expect(rig.client.all("accountSummary").map(([, , tag, value]) => [tag, value])).toEqual([
      ["NetLiquidation", "100000.00"],
      ["BuyingPower", "-1000.00"],
    ]);
  },
  "accounts.wrong": (rig) => {
    rig.fault("accounts.wrong", { account: "U1111111", how: "instead" });
    rig.ib.disconnect();
    ask(rig, (ib) => ib.connect(1));
    expect(rig.client.all("managedAccounts").at(-1)).toEqual(["U1111111"]);
  },
  "contract.adjusted": (rig) => {
    rig.fault("contract.adjusted", { multiplier: 150 });
    ask(rig, (ib) => ib.reqContractDetails(9, byConId(PUT)));
    expect(rig.client.all("contractDetails")[0]?.[1].contract.multiplier).toBe(150);
  },
  "data.freeze": (rig) => {
    rig.watch();
    rig.fault("data.freeze", {}, { forMs: 5_000 });
    rig.quote(1.2, 1.3);
    rig.quote(1.1, 1.3);
    expect(rig.prices(50, BID)).toEqual([1.45]);
    rig.pass(5_000);
    expect(rig.prices(50, BID)).toEqual([1.45, 1.1]);
  },
  "data.delayed": (rig) => {
    rig.watch();
    rig.fault("data.delayed", { delay: "10s" });
    rig.quote(1.2, 1.3);
    expect([rig.codes(50), rig.client.all("marketDataType").at(-1)]).toEqual([[10_167], [50, 3]]);
    expect(rig.prices(50, BID)).toEqual([1.45]);
    rig.pass(10_000);
    expect(rig.prices(50, 66)).toEqual([1.2]);
  },
  "data.none": (rig) => {
    rig.watch();
    rig.fault("data.none", { code: "10168" });
    rig.watch(51);
    rig.quote(1.2, 1.3);
    expect([rig.codes(50), rig.codes(51), rig.prices(50, BID)]).toEqual([[10_168], [10_168], [1.45]]);
  },
  "data.sentinels": (rig) => {
    rig.fault("data.sentinels", { value: "max" });
    rig.watch();
    expect([rig.prices(50, BID), rig.prices(50, ASK)]).toEqual([[Number.MAX_VALUE], [Number.MAX_VALUE]]);
  },
  "data.crossed": (rig) => {
    rig.fault("data.crossed", { how: "crossed" });
    rig.watch();
    expect([rig.prices(50, BID).at(-1), rig.prices(50, ASK).at(-1)]).toEqual([1.55, 1.45]);
  },
  "data.negative": (rig) => {
    rig.fault("data.negative", { by: 2 });
    rig.watch();
    expect(rig.prices(50, ASK)).toEqual([-0.45]);
    expect(rig.client.all("tickSize").some(([reqId, tick, size]) => reqId === 50 && tick === 3 && size === 10)).toBe(true);
  },
  "data.spike": (rig) => {
    rig.watch();
    rig.fault("data.spike", { factor: 100, ticks: 1, lasts: "1s" });
    rig.quote(1.5, 1.55);
    expect(rig.prices(50, BID)).toEqual([1.45, 150]);
    rig.pass(1_000);
    expect(rig.prices(50, BID)).toEqual([1.45, 150, 1.5]);
  },
  "data.halt": (rig) => {
    rig.watch();
    rig.fault("data.halt", { kind: "volatility" });
    rig.quote(1.2, 1.3);
    rig.clear();
    const halted = rig.client.all("tickGeneric").filter(([, tick]) => tick === 49);
    expect(halted.map(([, , value]) => value).slice(-2)).toEqual([2, 0]);
    expect(rig.prices(50, BID)).toEqual([1.45, 1.2]);
  },
  "data.storm": (rig) => {
    rig.watch();
    rig.fault("data.storm", { factor: 10 });
    rig.quote(1.2, 1.55);
    expect([rig.prices(50, BID).length, rig.prices(50, BID).at(-1)]).toEqual([11, 1.2]);
  },
  "data.lineLimit": (rig) => {
    rig.fault("data.lineLimit", { lines: 1 });
    rig.watch(50);
    rig.watch(51);
    expect([rig.codes(50), rig.codes(51)]).toEqual([[], [101]]);
  },
  "data.unknownLine": (rig) => {
    rig.fault("data.unknownLine", { reqId: 123 });
    expect(rig.prices(123, BID)).toEqual([1.23]);
  },
  "chain.incomplete": (rig) => {
    rig.fault("chain.incomplete", { share: 0.5 });
    const strikes = (reqId: number): readonly number[] => {
      ask(rig, (ib) => ib.reqSecDefOptParams(reqId, "SPY", "", "STK" as never, SPY));
      return rig.client.all("securityDefinitionOptionParameter").at(-1)![6];
    };
    const once = strikes(9);
    expect(once.length).toBeLessThan(9);
    expect(strikes(10)).toEqual(once);
  },
  "chain.unknown": (rig) => {
    rig.fault("chain.unknown");
    ask(rig, (ib) => ib.reqContractDetails(9, byConId(PUT)));
    expect(rig.codes(9)).toEqual([200]);
  },
  "history.refused": (rig) => {
    rig.fault("history.refused");
    ask(rig, (ib) => ib.reqHistoricalData(9, byConId(SPY), "", "5 D", "1 day" as never, "TRADES" as never, 1 as never, 1, false));
    expect(rig.codes(9)).toEqual([162]);
  },
};

describe("a fault, shown at a client", () => {
  const names = FAULTS.filter(({ needsWire }) => !needsWire).map(({ name }) => name);

  it("has a test for each name, and no name but the registry's", () => {
    expect(Object.keys(SHOWN).sort()).toEqual([...names].sort());
  });

  it.each(names)("%s", (name) => {
    const rig = createFaultRig();
    SHOWN[name]?.(rig);
    expect(rig.begun.some((text) => text.includes(name))).toBe(true);
    rig.board.close();
    expect(rig.board.active()).toEqual([]);
  });

  it("says for each name what it does, and which faults of the catalogue it serves", () => {
    for (const { name, says, serves } of FAULTS) {
      expect(name).toMatch(/^[a-z][A-Za-z]*\.[a-z][A-Za-z]*$/);
      expect(says).toMatch(/^[0-9A-Z].*\.$/);
      expect(serves.length).toBeGreaterThan(0);
    }
    expect(new Set(FAULTS.map(({ name }) => name)).size).toBe(FAULTS.length);
  });
});

describe("the board", () => {
  it("leaves everything as it was when a state is over", () => {
    for (const { name, kind } of FAULTS.filter((fault) => fault.kind === "state" && !fault.needsWire)) {
      const rig = createFaultRig();
      expect([name, kind]).toEqual([name, "state"]);
      rig.fault(name, {}, { forMs: 10_000 });
      rig.pass(20_000);
      expect(rig.board.active()).toEqual([]);
      const fresh = rig.connect(2);
      fresh.ib.reqMktData(60, byConId(PUT), "", false, false);
      fresh.ib.placeOrder(1, byConId(PUT), limitOrder("BUY", 1, 1.55));
      rig.pass(30_000);
      const sound = createBrokerRig();
      sound.market.set(PUT, 1.45, 1.55);
      sound.pass(20_000);
      const plain = sound.connect(2);
      plain.ib.reqMktData(60, byConId(PUT), "", false, false);
      plain.ib.placeOrder(1, byConId(PUT), limitOrder("BUY", 1, 1.55));
      sound.pass(30_000);
      expect([name, fresh.news()]).toEqual([name, plain.news()]);
    }
  });

  it("concerns one client only when told so", () => {
    const rig = createFaultRig();
    const other = rig.connect(2);
    rig.fault("gateway.readOnly", {}, { client: 2 });
    rig.buy(1);
    other.ib.placeOrder(1, byConId(PUT), limitOrder("BUY", 1, 1.55));
    rig.settle();
    expect([rig.codes(1), other.all("error").map(([, code]) => code)]).toEqual([[], [321]]);
  });

  it("begins what is planned after the n-th order, so much later; changes count and what-ifs do not", () => {
    const rig = createFaultRig();
    rig.board.plan({ fault: "gateway.readOnly", when: { afterOrder: 3, laterMs: 500 } });
    rig.buy(1, 1.3);
    rig.buy(2, 1.3, { whatIf: true });
    rig.buy(1, 1.31);
    rig.buy(3, 1.3);
    rig.pass(499);
    expect([rig.board.active().length, rig.board.planned().length]).toEqual([0, 1]);
    rig.pass(1);
    expect(rig.board.active().map(({ fault }) => fault)).toEqual(["gateway.readOnly"]);
  });

  it("says the same twice: the same seed, calls and faults give the same words", () => {
    const story = (seed: number): string => {
      const rig = createFaultRig({ seed });
      for (const [fault, parameters] of [
        ["status.lose", { share: 0.4 }],
        ["status.delay", { delay: "2s", share: 0.5 }],
        ["execution.duplicate", { share: 0.5 }],
        ["executions.partialAnswer", {}],
        ["data.sentinels", { share: "30%" }],
      ] as const)
        rig.fault(fault, parameters);
      rig.watch();
      for (let id = 1; id <= 20; id++) {
        rig.buy(id, id % 2 === 0 ? 1.55 : 1.3);
        rig.quote(1.4 + (id % 5) / 100, 1.55);
      }
      rig.ib.reqExecutions(9, {});
      rig.settle();
      return JSON.stringify(rig.client.heard);
    };
    expect(story(7)).toBe(story(7));
    expect(story(7)).not.toBe(story(8));
  });

  it("moves no money: under every fault that acts on words alone, the books are those of a sound day", () => {
    const actOnOrders = /^(order\.|gateway\.|session\.|servers\.|whatIf\.|pacing\.)/;
    const books = (name?: string): unknown => {
      const rig = createFaultRig();
      if (name !== undefined) rig.fault(name, {}, { forMs: 50_000 });
      rig.watch();
      rig.buy(1);
      rig.buy(2, 1.3);
      rig.quote(1.25, 1.3);
      rig.pass(60_000);
      return rig.broker.truth().accounts;
    };
    const sound = books();
    for (const { name, kind, needsWire } of FAULTS)
      if (kind === "state" && !needsWire && !actOnOrders.test(name)) expect([name, books(name)]).toEqual([name, sound]);
  });

  it("refuses with the nearest name, and says what a parameter takes", () => {
    const rig = createFaultRig();
    const refusal = (name: string, parameters: Record<string, unknown> = {}, more = {}): string => {
      try {
        rig.fault(name, parameters, more);
      } catch (error) {
        if (error instanceof FaultError) return error.message;
        throw error;
      }
      return "";
    };
    expect(refusal("status.loose")).toContain("did you mean status.lose?");
    expect(refusal("restart")).toContain("did you mean gateway.restart?");
    expect(refusal("status.lose", { shares: 1 })).toContain("did you mean share?");
    expect(refusal("status.lose", { share: 3 })).toContain("a share from 0 to 1");
    expect(refusal("status.delay", { delay: "5" })).toContain("such as 500ms, 90s");
    expect(refusal("order.blackhole", {}, { forMs: 1_000 })).toContain("happens once");
    expect(refusal("line.reset")).toContain("needs a socket");
    expect(rig.board.active()).toEqual([]);
  });

  it("lets both of two orders for one fill, under one order id and two permIds, and cancels only the new one if told so", () => {
    const rig = createFaultRig();
    rig.buy(1, 1.3);
    rig.fault("order.twice", { cancel: "newest" });
    rig.buy(1, 1.55);
    expect([quantity(rig), openOrders(rig).length]).toEqual([1, 1]);
    rig.ib.cancelOrder(1);
    rig.settle();
    expect(openOrders(rig)).toEqual([]);
    const two = createFaultRig();
    two.buy(1, 1.3);
    two.fault("order.twice", { cancel: "newest" });
    two.buy(1, 1.31);
    two.ib.cancelOrder(1);
    two.settle();
    expect(openOrders(two).map(({ clientId, orderId, limitPrice }) => [clientId, orderId, limitPrice])).toEqual([[1, 1, 1.3]]);
    two.quote(1.2, 1.25);
    const fills = [...rig.client.all("execDetails"), ...two.client.all("execDetails")].map(([, , { orderId }]) => orderId);
    expect(fills).toEqual([1, 1]);
    expect([...rig.client.heard, ...two.client.heard].filter((words) => JSON.stringify(words).includes("900000000"))).toEqual([]);
  });

  it("gives swallowed ids out again after a restart only", () => {
    const rig = createFaultRig();
    rig.buy(1, 1.3);
    rig.fault("order.blackhole", { orders: 3 });
    for (const id of [2, 3, 4]) rig.buy(id);
    expect(ask(rig, (ib) => ib.reqIds())).toEqual(["nextValidId 5"]);
    rig.fault("gateway.restart", { closed: "30s" });
    rig.pass(30_000);
    expect(ask(rig, (ib) => ib.connect(1))).toContain("nextValidId 2");
  });
});
