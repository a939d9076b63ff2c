/** An account outlives its broker: going on from what was saved is the same as never having stopped. */
import type { Contract } from "@stoqey/ib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { instantOf } from "../../src/domain/calendar/new-york.ts";
import { type EpochMs, epochMs, money, tradingDay } from "../../src/domain/units.ts";
import type { BrokerOptions } from "../../src/sim/broker/broker.ts";
import type { SavedBroker, SavedOrder } from "../../src/sim/broker/saved.ts";
import {
  ACCOUNT,
  type BrokerRig,
  byConId,
  CONDOR,
  combo,
  createBrokerRig,
  FRIDAY_10_00,
  type HeardClient,
  limitOrder,
} from "../support/broker-rig.ts";
import { type Flow, type FlowCommand, familyCommand, flowCommand, OPENING_QUOTES, playFlow } from "../support/order-flow.ts";
import { createScriptedMarket, ES, optionId, type ScriptedMarket, SPY } from "../support/scripted-market.ts";

const OPTIONS = [optionId("P", 590), optionId("P", 595), optionId("C", 605), optionId("C", 610)];
const QUOTED = [SPY, ES, ...OPTIONS];
const CONTRACTS: readonly { readonly contract: Contract; readonly at: number; readonly tick: number }[] = [
  { contract: byConId(SPY), at: 600, tick: 0.01 },
  { contract: byConId(ES), at: 6_000, tick: 0.25 },
  { contract: byConId(optionId("P", 595)), at: 1.5, tick: 0.05 },
  { contract: byConId(optionId("C", 605)), at: 1.5, tick: 0.05 },
  { contract: combo([1, "P", 590], [-1, "P", 595]), at: 0, tick: 0.05 },
  { contract: CONDOR, at: 0, tick: 0.05 },
];

const client = fc.integer({ min: 0, max: 1 });
const offset = fc.integer({ min: -4, max: 4 });
const kind = <Kind extends string>(name: Kind) => fc.constant(name);
const command = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: kind("place"),
      client,
      contract: fc.nat(CONTRACTS.length - 1),
      sell: fc.boolean(),
      quantity: fc.integer({ min: 1, max: 5 }),
      offset,
      gtc: fc.boolean(),
      as: fc.constantFrom("real", "real", "real", "whatIf", "parked", "unworkable"),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: kind("modify"), client, which: fc.nat(9), quantity: fc.integer({ min: 1, max: 9 }), offset }),
  },
  { weight: 2, arbitrary: fc.record({ kind: kind("cancel"), client, which: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ kind: kind("cancelAll"), client }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: kind("quote"),
      which: fc.nat(QUOTED.length),
      mid: fc.integer({ min: -3, max: 3 }),
      halfSpread: fc.integer({ min: 1, max: 2 }),
      size: fc.integer({ min: 1, max: 6 }),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: kind("pass"), ms: fc.integer({ min: 1, max: 40_000 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: kind("sleep"), days: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: kind("expire"), at: fc.constantFrom(588, 600, 607) }) },
  { weight: 1, arbitrary: fc.record({ kind: kind("silence"), on: fc.boolean() }) },
);
type Command = typeof command extends fc.Arbitrary<infer C> ? C : never;

interface Stage {
  readonly rig: BrokerRig;
  readonly clients: readonly HeardClient[];
  /** What was done to the market, to do it to another. */
  readonly marketMoves: ((market: ScriptedMarket) => void)[];
  readonly placed: { readonly id: number; readonly what: Extract<Command, { kind: "place" }> }[][];
  readonly nextIds: number[];
}

const order = (what: Extract<Command, { kind: "place" }>, quantity: number, away: number) => {
  const { at, tick } = CONTRACTS[what.contract]!;
  return limitOrder(what.sell ? "SELL" : "BUY", quantity, Number((at + away * tick).toFixed(2)), {
    ...(what.gtc ? { tif: "GTC" as never } : {}),
    ...(what.as === "whatIf" ? { whatIf: true } : {}),
    ...(what.as === "parked" ? { transmit: false } : {}),
    ...(what.as === "unworkable" ? { allOrNone: true, percentOffset: Number.POSITIVE_INFINITY } : {}),
  });
};

const play = ({ rig, clients, marketMoves, placed, nextIds }: Stage, commands: readonly Command[]): void => {
  const move = (action: (market: ScriptedMarket) => void): void => {
    marketMoves.push(action);
    action(rig.market);
  };
  const passTo = (at: EpochMs): void => {
    marketMoves.push((market) => market.advance(at));
    rig.passTo(at);
  };
  for (const what of commands) {
    switch (what.kind) {
      case "place": {
        const id = nextIds[what.client]!;
        nextIds[what.client] = id + 1;
        placed[what.client]!.push({ id, what });
        clients[what.client]!.ib.placeOrder(id, CONTRACTS[what.contract]!.contract, order(what, what.quantity, what.offset));
        break;
      }
      case "modify": {
        const own = placed[what.client]!;
        const before = own[what.which % Math.max(1, own.length)];
        if (before === undefined) break;
        const changed = { ...before.what, as: "real" as const };
        clients[what.client]!.ib.placeOrder(
          before.id,
          CONTRACTS[before.what.contract]!.contract,
          order(changed, what.quantity, what.offset),
        );
        break;
      }
      case "cancel":
        clients[what.client]!.ib.cancelOrder(what.which + 1);
        break;
      case "cancelAll":
        clients[what.client]!.ib.reqGlobalCancel();
        break;
      case "quote": {
        const among = what.which === QUOTED.length ? QUOTED : [QUOTED[what.which]!];
        for (const conId of among) {
          const { at, tick } = conId === SPY ? CONTRACTS[0]! : conId === ES ? CONTRACTS[1]! : CONTRACTS[2]!;
          const middle = at + what.mid * tick;
          const [bid, ask] = [middle - what.halfSpread * tick, middle + what.halfSpread * tick].map((side) =>
            Number(side.toFixed(2)),
          );
          move((market) => market.set(conId, bid!, ask!, { bid: what.size, ask: what.size }));
        }
        passTo(epochMs(rig.market.now + 1_000));
        break;
      }
      case "pass":
        passTo(epochMs(rig.market.now + what.ms));
        break;
      case "sleep":
        passTo(epochMs(rig.market.now + what.days * 86_400_000));
        break;
      case "expire": {
        const after = instantOf(tradingDay("2026-12-21"), 600);
        move((market) => market.setSettlement(SPY, what.at));
        passTo(epochMs(Math.max(after, rig.market.now)));
        break;
      }
      case "silence":
        rig.broker.faults.acceptSilently = what.on;
    }
    rig.settle();
  }
};

const OPTIONS_OF_BOTH: Partial<BrokerOptions> = {
  cancelLatencyMs: { from: 0, to: 2_000 },
  faults: { loseStatus: 0.2, delayCommissionMs: 15_000 },
};

/** Two clients that ask for everything, play, and ask again; and what the broker then knows. */
const finish = (stage: Omit<Stage, "clients">, commands: readonly Command[]) => {
  const clients = [stage.rig.connect(1), stage.rig.connect(2)];
  const askAll = (): void => {
    for (const { ib } of clients) {
      ib.reqPositions();
      ib.reqAllOpenOrders();
      ib.reqExecutions(1, {});
      ib.reqCompletedOrders(false);
      ib.reqIds();
      stage.rig.settle();
    }
  };
  const greeted = stage.rig.broker.truth();
  askAll();
  play({ ...stage, clients }, commands);
  askAll();
  return { greeted, truth: stage.rig.broker.truth(), heard: clients.map(({ heard }) => heard), saved: stage.rig.broker.saved() };
};

const begun = (fills: "synthetic" | "recorded", commands: readonly Command[]): Omit<Stage, "clients"> => {
  const market = createScriptedMarket(FRIDAY_10_00);
  const stage = {
    rig: createBrokerRig({ ...OPTIONS_OF_BOTH, fills, market }),
    marketMoves: [],
    placed: [[], []],
    nextIds: [1, 1],
  };
  const quotes = [{ kind: "quote" as const, which: QUOTED.length, mid: 0, halfSpread: 1, size: 3 }];
  play({ ...stage, clients: [stage.rig.connect(1), stage.rig.connect(2)] }, [...quotes, ...commands]);
  return stage;
};

const restart = (stage: Omit<Stage, "clients">, fills: "synthetic" | "recorded"): Omit<Stage, "clients"> => {
  const restored = JSON.parse(JSON.stringify(stage.rig.broker.saved())) as SavedBroker;
  const market = createScriptedMarket(FRIDAY_10_00);
  for (const move of stage.marketMoves) move(market);
  const rig = createBrokerRig({ ...OPTIONS_OF_BOTH, fills, market, restored });
  // The switches of misbehaviour belong to the process.
  rig.broker.faults.acceptSilently = stage.rig.broker.faults.acceptSilently;
  return { ...stage, rig };
};

describe("a broker that goes on from what was saved", () => {
  it.each(["synthetic", "recorded"] as const)(
    "tells the same truth and says the same words as one that never stopped (%s fills)",
    (fills) => {
      let [withOrders, withPositions] = [0, 0];
      fc.assert(
        fc.property(
          fc.array(command, { minLength: 10, maxLength: 45, size: "max" }),
          fc.array(command, { minLength: 5, maxLength: 25, size: "max" }),
          (before, after) => {
            const straight = begun(fills, before);
            straight.rig.broker.drop();
            straight.rig.settle();
            const first = begun(fills, before);
            const [account] = first.rig.broker.truth().accounts;
            withOrders += account!.openOrders.length > 0 ? 1 : 0;
            withPositions += account!.positions.length > 0 ? 1 : 0;
            const again = finish(restart(first, fills), after);
            expect(again).toEqual(finish(straight, after));
          },
        ),
        { numRuns: 150 },
      );
      // The law is not kept by having nothing to keep.
      expect(Math.min(withOrders, withPositions)).toBeGreaterThan(10);
    },
  );

  it.each(["synthetic", "recorded"] as const)(
    "does so with orders of every kind, brackets, groups and hands (%s fills)",
    (fills) => {
      let [asleep, waiting, tied, cut] = [0, 0, 0, 0];
      const mixed = fc.array(fc.oneof(flowCommand, familyCommand), { minLength: 10, maxLength: 40, size: "max" });
      const flow = (market: ScriptedMarket, restored?: SavedBroker) =>
        createBrokerRig({
          ...OPTIONS_OF_BOTH,
          cancelLatencyMs: { from: 0, to: 60_000 },
          accounts: [{ id: ACCOUNT, cash: money(1_000_000) }],
          priceImprovement: 0.5,
          fills,
          market,
          ...(restored === undefined ? {} : { restored }),
        });
      const start = (commands: readonly FlowCommand[]): Flow => {
        const rig = flow(createScriptedMarket(FRIDAY_10_00));
        const stage: Flow = {
          rig,
          clients: [rig.connect(1), rig.connect(2)],
          marketMoves: [],
          placed: [[], []],
          nextIds: [1, 1],
        };
        playFlow(stage, [...OPENING_QUOTES, ...commands]);
        rig.broker.drop();
        rig.settle();
        return stage;
      };
      const end = (stage: Flow, commands: readonly FlowCommand[]) => {
        const { rig } = stage;
        const clients = [rig.connect(1), rig.connect(2)];
        playFlow({ ...stage, clients }, commands);
        for (const { ib } of clients) {
          ib.reqAllOpenOrders();
          ib.reqExecutions(1, {});
          ib.reqCompletedOrders(false);
          ib.reqIds();
          rig.settle();
        }
        return { truth: rig.broker.truth(), heard: clients.map(({ heard }) => heard), saved: rig.broker.saved() };
      };
      fc.assert(
        fc.property(mixed, mixed, (before, after) => {
          const first = start(before);
          const restored = JSON.parse(JSON.stringify(first.rig.broker.saved())) as SavedBroker;
          const { live } = restored.book;
          asleep += live.some(({ triggered, ticket }) => triggered === false && ticket.trail !== undefined) ? 1 : 0;
          waiting += live.some((order) => order.waiting === true) ? 1 : 0;
          tied += live.some(({ ticket }) => ticket.oca !== undefined) ? 1 : 0;
          cut += live.some((order) => order.cut !== undefined) ? 1 : 0;
          const market = createScriptedMarket(FRIDAY_10_00);
          for (const move of first.marketMoves) move(market);
          const rig = flow(market, restored);
          rig.broker.faults.legsFillApart = first.rig.broker.faults.legsFillApart;
          expect(end({ ...first, rig }, after)).toEqual(end(start(before), after));
        }),
        { numRuns: 60 },
      );
      expect(Math.min(asleep, waiting, tied)).toBeGreaterThan(5);
      expect(cut).toBeGreaterThan(1);
    },
  );

  it("reads version 1, whose orders were guaranteed limit orders with no ties", () => {
    const rig = createBrokerRig();
    const client = rig.connect(1);
    client.ib.placeOrder(1, byConId(SPY), limitOrder("BUY", 10, 599));
    client.ib.placeOrder(2, CONDOR, limitOrder("BUY", 1, -1.5, { tif: "GTC" as never, transmit: false }));
    rig.settle();
    const { book, ...rest } = JSON.parse(JSON.stringify(rig.broker.saved())) as SavedBroker;
    const asOf1 = ({ ticket, waiting: _, triggered: __, ...order }: SavedOrder): SavedOrder => {
      const { type: ___, trigger: ____, outsideRth: _____, parentId: ______, guaranteed: _______, ...terms } = ticket;
      return { ...order, ticket: terms as SavedOrder["ticket"] };
    };
    const old: SavedBroker = { ...rest, v: 1, book: { ...book, live: book.live.map(asOf1) } };
    const market = createScriptedMarket(FRIDAY_10_00);
    const again = createBrokerRig({ restored: old, market });
    expect(again.broker.saved()).toEqual(rig.broker.saved());
    market.set(SPY, 598.9, 599);
    again.pass(1_000);
    expect(again.broker.truth().accounts[0]?.positions[0]?.quantity).toBe(10);
  });

  const saved = (): SavedBroker => createBrokerRig().broker.saved();
  const on =
    (restored: SavedBroker, more: Partial<BrokerOptions> = {}) =>
    () =>
      createBrokerRig({ ...more, restored, market: createScriptedMarket(FRIDAY_10_00) });

  it("is refused by name on another market, seed, account or version", () => {
    expect(on({ ...saved(), market: "other" })).toThrow('it is of the market "other", not of "scripted"');
    expect(on(saved(), { seed: 8 })).toThrow("it is of seed 7, not of 8");
    expect(on(saved(), { accounts: [{ id: "DU2", cash: money(1) }] })).toThrow(`it holds the account ${ACCOUNT}, not DU2`);
    expect(on({ ...saved(), v: 3 as 1 })).toThrow("it is of version 3, and this program reads versions 1 and 2");
    expect(on(saved())).not.toThrow();
  });

  it("is refused where the market does not list a contract of its, or stands at another instant", () => {
    const [account] = saved().accounts;
    const alien = { conId: 77, quantity: 1, basis: money(1), fees: money(0) };
    expect(on({ ...saved(), accounts: [{ ...account!, positions: [alien] }] })).toThrow("names contract 77");
    expect(on({ ...saved(), at: epochMs(FRIDAY_10_00 + 1) })).toThrow("goes on there");
  });

  it("keeps orders and executions for the rest of their day and the next one with a session, then counts them only", () => {
    const stage = begun("synthetic", []);
    const { rig } = stage;
    const client = rig.connect(5);
    rig.market.set(SPY, 599.99, 600, { ask: 10 });
    client.ib.placeOrder(1, byConId(SPY), limitOrder("BUY", 10, 600));
    rig.settle();
    const known = (): readonly number[] => {
      const { book, executions } = rig.broker.saved();
      return [book.done.length, executions.length, rig.broker.truth().accounts[0]!.executions];
    };
    expect(known()).toEqual([1, 1, 1]);
    for (const [day, expected] of [
      ["2026-11-22", [1, 1, 1]],
      ["2026-11-23", [1, 1, 1]],
      ["2026-11-24", [0, 0, 1]],
    ] as const) {
      rig.passTo(instantOf(tradingDay(day), 600));
      expect([day, known()]).toEqual([day, expected]);
    }
    client.ib.placeOrder(1, byConId(SPY), limitOrder("BUY", 10, 600));
    client.ib.placeOrder(2, byConId(SPY), limitOrder("BUY", 10, 500));
    rig.settle();
    expect(client.all("error").map(([, code]) => code)).toEqual([103]);
  });

  it("tells of each change before the first message about it is delivered, also of ids that a refusal used up", () => {
    const rig = createBrokerRig();
    const order: string[] = [];
    const client = rig.connect(1);
    rig.broker.onChange(() => order.push("changed"));
    for (const event of ["openOrder", "orderStatus", "execDetails", "error"] as const)
      client.ib.on(event, () => order.push("told"));
    const tell = (action: () => void): string[] => {
      order.length = 0;
      action();
      expect(order).not.toContain("told");
      rig.settle();
      return [...new Set(order)];
    };
    expect(tell(() => client.ib.placeOrder(1, byConId(SPY), limitOrder("BUY", 1, 600.02)))).toEqual(["changed", "told"]);
    expect(tell(() => client.ib.placeOrder(2, byConId(SPY), limitOrder("BUY", 1, 600.001)))).toEqual(["changed", "told"]);
    expect(tell(() => client.ib.placeOrder(3, byConId(SPY), limitOrder("BUY", 1, 600, { whatIf: true })))).toEqual([
      "changed",
      "told",
    ]);
    client.ib.placeOrder(4, byConId(SPY), limitOrder("BUY", 1, 500));
    rig.market.set(SPY, 499, 499.5);
    expect(tell(() => rig.broker.advance(epochMs(rig.market.now + 1_000)))).toEqual(["changed", "told"]);
    expect(tell(() => client.ib.placeOrder(4, byConId(SPY), limitOrder("BUY", 1, 500)))).toEqual(["told"]);
  });
});
