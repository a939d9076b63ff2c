/** Order types and times in force: when an order sleeps, what wakes it, what it may pay, and how its life ends. */
import { type Order, OrderType, TimeInForce } from "@stoqey/ib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { instantOf } from "../../src/domain/calendar/new-york.ts";
import { epochMs, tradingDay } from "../../src/domain/units.ts";
import { instantFrom } from "../../src/sim/broker/ib-instant.ts";
import { byConId, combo, createBrokerRig, limitOrder, quoteCondor } from "../support/broker-rig.ts";
import { ES, optionId, SPY } from "../support/scripted-market.ts";

const PUT_ID = optionId("P", 595);
const PUT = byConId(PUT_ID);
const at = (day: string, minute: number) => instantOf(tradingDay(day), minute);

const order = (action: "BUY" | "SELL", quantity: number, type: OrderType, more: Partial<Order> = {}): Order => {
  const { lmtPrice: _, ...rest } = limitOrder(action, quantity, 0);
  return { ...rest, orderType: type, ...more };
};
const rigWithPut = (...options: Parameters<typeof createBrokerRig>) => {
  const rig = createBrokerRig(...options);
  rig.market.set(PUT_ID, 1.45, 1.55);
  const client = rig.connect(1);
  const statuses = (): string[] => client.all("orderStatus").map(([, status]) => status);
  const fills = (): [number | undefined, number | undefined][] =>
    client
      .all("execDetails")
      .filter(([, contract]) => contract.secType !== "BAG")
      .map(([, , { shares, price }]) => [shares, price]);
  return { rig, client, statuses, fills };
};

describe("a market order", () => {
  it("takes the other side's price, and beyond the displayed size pays the more the more it wants", () => {
    const { rig, client, statuses, fills } = rigWithPut();
    rig.market.set(PUT_ID, 1.45, 1.55, { ask: 4 });
    client.ib.placeOrder(1, PUT, order("BUY", 8, OrderType.MKT));
    rig.settle();
    // Half the spread, once over: as much again as was shown.
    expect(fills()).toEqual([
      [4, 1.55],
      [4, 1.6],
    ]);
    expect(statuses().at(-1)).toBe("Filled");
    expect(client.all("orderStatus").at(-1)?.[4]).toBeCloseTo(1.575, 10);
  });

  it("waits while nobody is on the other side, and in a recorded market for the next quote", () => {
    const { rig, client, fills } = rigWithPut({ fills: "recorded" });
    client.ib.placeOrder(1, PUT, order("SELL", 1, OrderType.MKT));
    rig.pass(5_000);
    expect(fills()).toEqual([]);
    rig.market.set(PUT_ID, null, 1.55);
    rig.pass(1_000);
    expect(fills()).toEqual([]);
    rig.market.set(PUT_ID, 1.3, 1.55);
    rig.pass(1_000);
    expect(fills()).toEqual([[1, 1.3]]);
  });
});

describe("a stop", () => {
  it("on stock sleeps until the last price is there, then is a market order, also over a gap", () => {
    const { rig, client, statuses, fills } = rigWithPut();
    rig.market.traded(SPY, 600.01);
    client.ib.placeOrder(1, byConId(SPY), limitOrder("BUY", 10, 600.02));
    client.ib.placeOrder(2, byConId(SPY), order("SELL", 10, OrderType.STP, { auxPrice: 599, tif: TimeInForce.GTC }));
    rig.pass(1_000);
    expect(statuses().at(-1)).toBe("PreSubmitted");
    // A lower quote alone does not move the last price.
    rig.market.set(SPY, 598, 598.02);
    rig.market.traded(SPY, 599.5);
    rig.pass(1_000);
    expect(statuses().at(-1)).toBe("PreSubmitted");
    rig.passTo(at("2026-11-20", 1_000));
    rig.market.set(SPY, 580, 580.02);
    rig.market.traded(SPY, 580.01);
    rig.pass(1_000);
    expect(statuses().at(-1)).toBe("PreSubmitted");
    rig.passTo(at("2026-11-23", 571));
    expect(fills().at(-1)).toEqual([10, 580]);
    expect(
      client
        .all("orderStatus")
        .filter(([id]) => id === 2)
        .map(([, status]) => status),
    ).toEqual(["PreSubmitted", "Submitted", "Submitted", "Filled", "Filled"]);
  });

  it("on an option needs two quotes one after the other, of the side that a mere widening does not move", () => {
    const { rig, client, statuses } = rigWithPut();
    client.ib.placeOrder(1, PUT, order("BUY", 1, OrderType.STP, { auxPrice: 2 }));
    const quote = (bid: number, ask: number): string | undefined => {
      rig.market.set(PUT_ID, bid, ask);
      rig.pass(1_000);
      rig.pass(1_000);
      return statuses().at(-1);
    };
    expect(quote(1.45, 2.5)).toBe("PreSubmitted");
    expect(quote(2.05, 2.1)).toBe("PreSubmitted");
    expect(quote(1.9, 1.95)).toBe("PreSubmitted");
    expect(quote(2.05, 2.1)).toBe("PreSubmitted");
    expect(quote(2.1, 2.15)).toBe("Filled");
  });

  it("with a limit never pays more than that, however far the market has gone", () => {
    const { rig, client, statuses, fills } = rigWithPut();
    client.ib.placeOrder(1, PUT, order("BUY", 1, OrderType.STP_LMT, { auxPrice: 2, lmtPrice: 2.2, triggerMethod: 4 }));
    rig.market.set(PUT_ID, 2.5, 2.6);
    rig.pass(1_000);
    expect([statuses().at(-1), fills()]).toEqual(["Submitted", []]);
    rig.market.set(PUT_ID, 2.1, 2.2);
    rig.pass(1_000);
    expect(fills()).toEqual([[1, 2.2]]);
  });

  it("on a future is looked at in the regular session only, unless the order allows more", () => {
    for (const [outsideRth, status] of [
      [false, "PreSubmitted"],
      [true, "Filled"],
    ] as const) {
      const { rig, client, statuses } = rigWithPut();
      rig.market.opened(true);
      rig.market.set(ES, 6_000, 6_000.25);
      client.ib.placeOrder(
        1,
        byConId(ES),
        order("SELL", 1, OrderType.STP, { auxPrice: 5_990, outsideRth, tif: TimeInForce.GTC }),
      );
      rig.passTo(at("2026-11-20", 1_200));
      rig.market.set(ES, 5_980, 5_980.25);
      rig.pass(1_000);
      expect(statuses().at(-1)).toBe(status);
    }
  });

  it("sold is set off by a fall, an if-touched order sold by a rise", () => {
    const { rig, client, fills } = rigWithPut();
    client.ib.placeOrder(1, byConId(SPY), order("SELL", 1, OrderType.MIT, { auxPrice: 601 }));
    client.ib.placeOrder(2, byConId(SPY), order("BUY", 1, OrderType.LIT, { auxPrice: 599, lmtPrice: 599.02 }));
    rig.pass(1_000);
    expect(fills()).toEqual([]);
    rig.market.set(SPY, 601.1, 601.12);
    rig.pass(1_000);
    expect(fills()).toEqual([[1, 601.1]]);
    rig.market.set(SPY, 598.98, 599);
    rig.pass(1_000);
    expect(fills().at(-1)).toEqual([1, 599]);
  });

  it("that trails follows the best price, never back, and openOrder tells where it stands", () => {
    const { rig, client, statuses, fills } = rigWithPut();
    client.ib.placeOrder(1, byConId(SPY), order("SELL", 1, OrderType.TRAIL, { auxPrice: 2, triggerMethod: 4 }));
    const stops: (number | undefined)[] = [];
    for (const ask of [600.02, 603, 602, 601.01]) {
      rig.market.set(SPY, ask - 0.02, ask);
      rig.pass(1_000);
      client.ib.reqOpenOrders();
      rig.settle();
      stops.push(client.all("openOrder").at(-1)?.[2].trailStopPrice);
    }
    expect(stops).toEqual([598.02, 601, 601, 601]);
    expect(statuses().at(-1)).toBe("PreSubmitted");
    rig.market.set(SPY, 600.9, 600.95);
    rig.pass(1_000);
    expect(fills()).toEqual([[1, 600.9]]);
  });

  it("that trails with a limit keeps the limit's distance from the stop", () => {
    const { rig, client, statuses, fills } = rigWithPut();
    const trail = { trailingPercent: 1, lmtPriceOffset: 0.5, triggerMethod: 4 };
    client.ib.placeOrder(1, byConId(SPY), order("SELL", 1, OrderType.TRAIL_LIMIT, trail));
    rig.pass(1_000);
    // One per cent below 600.02 is 594.0198: rounded away from the market.
    rig.market.set(SPY, 593, 593.02);
    rig.pass(1_000);
    expect([statuses().at(-1), fills()]).toEqual(["Submitted", []]);
    rig.market.set(SPY, 593.51, 593.53);
    rig.pass(1_000);
    expect(fills()).toEqual([[1, 593.51]]);
  });

  it("of a combo goes by the combo's own bid and ask", () => {
    const rig = createBrokerRig();
    quoteCondor(rig.market);
    const client = rig.connect(1);
    // The spread costs 0.80 to 1.00; bought back when nobody sells it below 1.50.
    const spread = combo([1, "P", 595], [-1, "P", 590]);
    client.ib.placeOrder(1, spread, order("BUY", 1, OrderType.STP_LMT, { auxPrice: 1.3, lmtPrice: 1.8 }));
    rig.pass(1_000);
    expect(client.all("execDetails")).toEqual([]);
    rig.market.set(PUT_ID, 2, 2.1);
    rig.pass(1_000);
    expect(client.all("execDetails")[0]?.[2]).toMatchObject({ price: 1.65, side: "BOT" });
  });
});

describe("a time in force", () => {
  it("IOC takes what is there and cancels the rest; FOK takes all or nothing", () => {
    for (const [tif, filled] of [
      [TimeInForce.IOC, 4],
      [TimeInForce.FOK, 0],
    ] as const) {
      const { rig, client } = rigWithPut();
      rig.market.set(PUT_ID, 1.45, 1.55, { ask: 4 });
      client.ib.placeOrder(1, PUT, limitOrder("BUY", 6, 1.55, { tif }));
      rig.settle();
      expect(client.all("orderStatus").at(-1)?.slice(1, 4)).toEqual(["Cancelled", filled, 6 - filled]);
      expect(client.news().at(-1)).toBe("error 202");
    }
    const { rig, client } = rigWithPut();
    client.ib.placeOrder(1, PUT, limitOrder("BUY", 6, 1.55, { tif: TimeInForce.FOK }));
    rig.settle();
    expect(client.all("orderStatus").at(-1)?.[1]).toBe("Filled");
  });

  it("IOC in a recorded market is decided by the first quote after its arrival", () => {
    const { rig, client, statuses } = rigWithPut({ fills: "recorded" });
    client.ib.placeOrder(1, PUT, limitOrder("BUY", 1, 1.5, { tif: TimeInForce.IOC }));
    rig.pass(10_000);
    expect(statuses().at(-1)).toBe("Submitted");
    rig.market.set(PUT_ID, 1.45, 1.56);
    rig.pass(1_000);
    expect(statuses().at(-1)).toBe("Cancelled");
  });

  it("GTD ends at its instant, without a notice, as a DAY order does with its session", () => {
    const { rig, client } = rigWithPut();
    const till = { tif: TimeInForce.GTD, goodTillDate: "20261123 10:00:00 US/Eastern" };
    client.ib.placeOrder(1, PUT, limitOrder("BUY", 1, 1.3, till));
    rig.passTo(epochMs(at("2026-11-23", 600) - 1));
    client.news();
    rig.pass(1);
    expect(client.news()).toEqual(["orderStatus Cancelled", "orderStatus Cancelled"]);
  });

  it("a good-after time holds an order back until then", () => {
    const { rig, client, statuses } = rigWithPut();
    client.ib.placeOrder(1, PUT, limitOrder("BUY", 1, 1.55, { goodAfterTime: "20261120-15:30:00" }));
    rig.passTo(epochMs(at("2026-11-20", 630) - 1));
    expect(statuses()).toEqual(["PreSubmitted"]);
    rig.pass(1);
    expect(statuses().at(-1)).toBe("Filled");
    const later = rigWithPut();
    later.client.ib.placeOrder(1, PUT, limitOrder("BUY", 1, 1.3, { goodAfterTime: "20261123 10:00:00" }));
    later.rig.passTo(at("2026-11-23", 601));
    expect(later.statuses().at(-1)).toBe("Submitted");
    later.rig.passTo(at("2026-11-23", 960));
    expect(later.statuses().at(-1)).toBe("Cancelled");
  });

  it("an instant reads the same in every zone that IB takes", () => {
    fc.assert(
      fc.property(fc.integer({ min: 60, max: 1_300 }), (minute) => {
        const clock = (minutes: number): string =>
          `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}:00`;
        const meant = at("2026-11-20", minute);
        expect(instantFrom(`20261120 ${clock(minute)} US/Eastern`)).toBe(meant);
        expect(instantFrom(`20261120 ${clock(minute)}`)).toBe(meant);
        expect(instantFrom(`20261120 ${clock(minute - 60)} US/Central`)).toBe(meant);
        if (minute + 300 < 1_440) expect(instantFrom(`20261120-${clock(minute + 300)}`)).toBe(meant);
      }),
    );
    for (const wrong of ["", "tomorrow", "20261320 10:00:00", "20261120 25:00:00", "20261120 10:00:00 Mars/Phobos"])
      expect(instantFrom(wrong)).toBeUndefined();
  });

  it("outside regular hours means nothing to an option, which says so and lives", () => {
    const { rig, client } = rigWithPut();
    client.ib.placeOrder(1, PUT, limitOrder("BUY", 1, 1.3, { outsideRth: true }));
    rig.settle();
    expect(client.news()).toContain("error 2109");
    expect(rig.broker.truth().accounts[0]?.openOrders).toHaveLength(1);
  });
});

describe("a fill at the natural price", () => {
  it("is bettered only where that is asked for, and never beyond the mid", () => {
    const paid = (priceImprovement: number): number[] =>
      Array.from({ length: 20 }, (_, seed) => {
        const { rig, client, fills } = rigWithPut({ priceImprovement, seed });
        rig.market.set(PUT_ID, 1.4, 1.6);
        client.ib.placeOrder(1, PUT, limitOrder("BUY", 1, 1.6));
        rig.settle();
        return fills()[0]?.[1] ?? Number.NaN;
      });
    expect(new Set(paid(0))).toEqual(new Set([1.6]));
    const bettered = paid(0.5);
    expect(new Set(bettered).size).toBeGreaterThan(3);
    expect(Math.min(...bettered)).toBeGreaterThanOrEqual(1.5);
    expect(Math.max(...bettered)).toBeLessThanOrEqual(1.6);
  });

  it("says whether it took what was shown or was met while it rested", () => {
    const { rig, client } = rigWithPut();
    client.ib.placeOrder(1, PUT, limitOrder("BUY", 1, 1.55));
    client.ib.placeOrder(2, PUT, limitOrder("BUY", 1, 1.4));
    rig.pass(1_000);
    rig.market.set(PUT_ID, 1.35, 1.4);
    rig.pass(1_000);
    expect(client.all("execDetails").map(([, , { lastLiquidity }]) => lastLiquidity)).toEqual([2, 1]);
  });
});

describe("a modification", () => {
  it("moves a stop that has not been met, and is refused another type", () => {
    const { rig, client, statuses } = rigWithPut();
    const stop = (auxPrice: number): Order => order("SELL", 1, OrderType.STP, { auxPrice, triggerMethod: 4 });
    client.ib.placeOrder(1, byConId(SPY), stop(595));
    rig.settle();
    client.ib.placeOrder(1, byConId(SPY), order("SELL", 1, OrderType.MKT));
    client.ib.placeOrder(1, byConId(SPY), stop(599));
    rig.settle();
    expect(client.all("error").map(([, code]) => code)).toEqual([105]);
    rig.market.set(SPY, 598, 598.5);
    rig.pass(1_000);
    expect(statuses().at(-1)).toBe("Filled");
  });
});

describe("a combo that is not guaranteed", () => {
  const VERTICAL = combo([1, "P", 590], [-1, "P", 595]);
  const loose = { smartComboRoutingParams: [{ tag: "NonGuaranteed", value: "1" }] };

  it("fills in whole units as long as nobody lets its legs fill apart", () => {
    const rig = createBrokerRig();
    quoteCondor(rig.market);
    const client = rig.connect(1);
    client.ib.placeOrder(1, VERTICAL, limitOrder("BUY", 1, -0.9, loose));
    rig.settle();
    expect(client.news().filter((line) => line.startsWith("execDetails"))).toEqual([
      "execDetails BAG",
      "execDetails OPT",
      "execDetails OPT",
    ]);
  });

  it("may be left with one leg when it is cancelled in between; its summary comes with the first whole unit", () => {
    const rig = createBrokerRig();
    quoteCondor(rig.market);
    rig.broker.faults.legsFillApart = true;
    const client = rig.connect(1);
    for (const id of [1, 2]) client.ib.placeOrder(id, VERTICAL, limitOrder("BUY", 2, -0.9, loose));
    rig.settle();
    expect(client.all("execDetails").map(([, { secType }, { orderId }]) => [secType, orderId])).toEqual([
      ["OPT", 1],
      ["OPT", 2],
    ]);
    client.ib.cancelOrder(2);
    rig.pass(1_000);
    expect(
      client
        .all("orderStatus")
        .filter(([id]) => id === 2)
        .at(-1)
        ?.slice(1, 4),
    ).toEqual(["Cancelled", 0, 2]);
    expect(
      client
        .all("orderStatus")
        .filter(([id]) => id === 1)
        .at(-1)
        ?.slice(1, 4),
    ).toEqual(["Filled", 2, 0]);
    expect(client.all("execDetails").find(([, { secType }]) => secType === "BAG")?.[2]).toMatchObject({ shares: 2, price: -0.9 });
    expect(rig.broker.truth().accounts[0]?.positions.map(({ quantity }) => quantity)).toEqual([4, -2]);
  });

  it("of four legs is refused, and so are prices of its legs", () => {
    const rig = createBrokerRig();
    quoteCondor(rig.market);
    const client = rig.connect(1);
    const condor = combo([1, "P", 590], [-1, "P", 595], [-1, "C", 605], [1, "C", 610]);
    client.ib.placeOrder(1, condor, limitOrder("BUY", 1, -1.8, loose));
    client.ib.placeOrder(2, condor, limitOrder("BUY", 1, -1.8, { orderComboLegs: [{ price: 1 }, {}, {}, {}] }));
    rig.settle();
    expect(client.all("error").map(([, code]) => code)).toEqual([201, 201]);
  });
});
