/** The broker's laws, over random sessions of two clients in a market that moves at random. */
import type { Contract, Execution, Order } from "@stoqey/ib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { price } from "../../src/domain/units.ts";
import { byConId, combo, createBrokerRig, type HeardClient, limitOrder } from "../support/broker-rig.ts";
import { ES, optionId, SPY } from "../support/scripted-market.ts";

const OPTIONS = [optionId("P", 590), optionId("P", 595), optionId("C", 605), optionId("C", 610)];
const MULTIPLIER: Readonly<Record<number, number>> = { [SPY]: 1, [ES]: 50 };
const multiplierOf = (conId: number): number => MULTIPLIER[conId] ?? 100;

const CONTRACTS: readonly Contract[] = [
  byConId(SPY),
  byConId(ES),
  byConId(optionId("P", 595)),
  byConId(optionId("C", 605)),
  combo([1, "P", 590], [-1, "P", 595]),
  combo([1, "P", 590], [-1, "P", 595], [-1, "C", 605], [1, "C", 610]),
  combo([1, "P", 590], [-2, "P", 595]),
];

type Command =
  | { kind: "place"; client: number; contract: number; sell: boolean; quantity: number; offset: number; gtc: boolean }
  | { kind: "modify"; client: number; which: number; quantity: number; offset: number }
  | { kind: "cancel"; client: number; which: number }
  | { kind: "quote"; which: number; mid: number; halfSpread: number; size: number; oneSided: boolean }
  | { kind: "pass"; ms: number };

const client = fc.integer({ min: 0, max: 1 });
const offset = fc.integer({ min: -6, max: 6 });
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("place" as const),
      client,
      contract: fc.nat(CONTRACTS.length - 1),
      sell: fc.boolean(),
      quantity: fc.integer({ min: 1, max: 7 }),
      offset,
      gtc: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("modify" as const),
      client,
      which: fc.nat(9),
      quantity: fc.integer({ min: 1, max: 9 }),
      offset,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("cancel" as const), client, which: fc.nat(9) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("quote" as const),
      which: fc.nat(5),
      mid: fc.integer({ min: 3, max: 9 }),
      halfSpread: fc.integer({ min: 0, max: 2 }),
      size: fc.integer({ min: 1, max: 6 }),
      oneSided: fc.boolean(),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("pass" as const), ms: fc.integer({ min: 1, max: 60_000 }) }) },
);

const QUOTED = [SPY, ES, ...OPTIONS];
/** Options near 1.50, SPY near 600, ES near 6000: moved by ticks. */
const base = (conId: number): { at: number; tick: number } =>
  conId === SPY ? { at: 600, tick: 0.01 } : conId === ES ? { at: 6_000, tick: 0.25 } : { at: 1.5, tick: 0.05 };

interface Session {
  readonly clients: readonly [HeardClient, HeardClient];
  readonly replayed: HeardClient;
  readonly truth: ReturnType<ReturnType<typeof createBrokerRig>["broker"]["truth"]>;
  readonly transcript: unknown;
}

const play = (commands: readonly Command[], fills: "synthetic" | "recorded", seed: number): Session => {
  const rig = createBrokerRig({ fills, seed, cancelLatencyMs: { from: 0, to: 2_000 } });
  const clients = [rig.connect(1), rig.connect(2)] as const;
  const placed: { id: number; contract: Contract; order: Order }[][] = [[], []];
  const nextId = [1, 1];
  const quote = (conId: number, mid: number, half: number, size: number, oneSided: boolean): void => {
    const { at, tick } = base(conId);
    const centre = at + (mid - 6) * tick;
    rig.market.set(conId, oneSided ? null : centre - half * tick, centre + Math.max(1, half) * tick, { bid: size, ask: size });
  };
  for (const conId of QUOTED) quote(conId, 6, 1, 5, false);
  const limitOf = (contract: Contract, by: number): number => {
    if (contract.comboLegs === undefined) return base(contract.conId ?? 0).at + by * base(contract.conId ?? 0).tick;
    const net = contract.comboLegs.reduce((sum, leg) => sum + (leg.action === "BUY" ? 1 : -1) * (leg.ratio ?? 0) * 1.5, 0);
    return net + by * 0.05;
  };
  const rounded = (limit: number): number => Math.round(limit * 100) / 100;
  for (const one of commands) {
    switch (one.kind) {
      case "place": {
        const contract = CONTRACTS[one.contract] as Contract;
        const id = nextId[one.client] ?? 0;
        nextId[one.client] = id + 1;
        const order = limitOrder(one.sell ? "SELL" : "BUY", one.quantity, rounded(limitOf(contract, one.offset)));
        placed[one.client]?.push({ id, contract, order });
        clients[one.client]?.ib.placeOrder(id, contract, order);
        break;
      }
      case "modify": {
        const before = placed[one.client]?.[one.which];
        if (before === undefined) break;
        const lmtPrice = rounded(limitOf(before.contract, one.offset));
        clients[one.client]?.ib.placeOrder(before.id, before.contract, {
          ...before.order,
          totalQuantity: one.quantity,
          lmtPrice,
        });
        break;
      }
      case "cancel": {
        const before = placed[one.client]?.[one.which];
        if (before !== undefined) clients[one.client]?.ib.cancelOrder(before.id);
        break;
      }
      case "quote":
        quote(QUOTED[one.which] as number, one.mid, one.halfSpread, one.size, one.oneSided);
        break;
      case "pass":
        rig.pass(one.ms);
        break;
    }
  }
  rig.pass(1);
  const replayed = rig.connect(9);
  replayed.ib.reqExecutions(1, {});
  replayed.ib.reqAllOpenOrders();
  rig.settle();
  return { clients, replayed, truth: rig.broker.truth(), transcript: clients.map(({ heard }) => JSON.stringify(heard)) };
};

const executionsOf = (heard: HeardClient): { contract: Contract; execution: Execution }[] =>
  heard.all("execDetails").map(([, contract, execution]) => ({ contract, execution }));

const sign = (execution: Execution): number => (execution.side === "BOT" ? 1 : -1);
const units = (dollars: number | undefined): number => price(dollars ?? Number.NaN);
const stemOf = (execution: Execution): string => execution.execId?.slice(0, 17) ?? "";

const sessions = (check: (session: Session) => void): void => {
  fc.assert(
    fc.property(
      fc.array(command, { minLength: 10, maxLength: 60, size: "max" }),
      fc.constantFrom("synthetic" as const, "recorded" as const),
      fc.nat(1_000),
      (commands, fills, seed) => check(play(commands, fills, seed)),
    ),
    { numRuns: 150 },
  );
};

describe("whatever two clients do in whatever market", () => {
  it("cash is the opening balance plus every execution less every commission, and positions are the executions' sum, exactly", () => {
    sessions(({ replayed, truth }) => {
      const [account] = truth.accounts;
      const legs = executionsOf(replayed).filter(({ contract }) => contract.secType !== "BAG");
      const commissions = replayed.all("commissionReport").reduce((sum, [report]) => sum + units(report.commission), 0);
      const held = new Map<number, number>();
      let cash = units(100_000) - commissions;
      for (const { contract, execution } of legs) {
        const conId = contract.conId ?? 0;
        const shares = sign(execution) * (execution.shares ?? 0);
        held.set(conId, (held.get(conId) ?? 0) + shares);
        cash -= units(execution.price) * multiplierOf(conId) * shares;
      }
      // A future's price is not paid, only what its closed part made or lost: its open basis is put back.
      const es = account?.positions.find(({ conId }) => conId === ES);
      if (es !== undefined) {
        const fees = units(2.25) * Math.abs(es.quantity);
        cash += Math.round(es.averageCost * es.quantity * 10_000) - fees;
      }
      expect(units(account?.cash)).toBe(cash);
      expect(units(account?.commissions)).toBe(commissions);
      expect(new Map(account?.positions.map(({ conId, quantity }) => [conId, quantity]))).toEqual(
        new Map([...held].filter(([, quantity]) => quantity !== 0).sort(([a], [b]) => a - b)),
      );
    });
  });

  it("no execution is worse than the limit that was in force", () => {
    sessions(({ clients }) => {
      for (const { heard } of clients) {
        const limits = new Map<number, { limit: number; action: string | undefined; bag: boolean }>();
        for (const [name, ...words] of heard) {
          if (name === "openOrder") {
            const [orderId, contract, order] = words as [number, Contract, Order];
            limits.set(orderId, { limit: units(order.lmtPrice), action: order.action, bag: contract.secType === "BAG" });
          }
          if (name !== "execDetails") continue;
          const [, contract, execution] = words as [number, Contract, Execution];
          const order = limits.get(execution.orderId ?? 0);
          expect(order).toBeDefined();
          if (order === undefined || order.bag !== (contract.secType === "BAG")) continue;
          const paid = units(execution.price);
          expect(order.action === "BUY" ? paid <= order.limit : paid >= order.limit).toBe(true);
        }
      }
    });
  });

  it("a combo's summary is the sum of its legs, to the last unit, in price and in shares", () => {
    sessions(({ replayed }) => {
      const rows = executionsOf(replayed);
      for (const { contract, execution } of rows) {
        if (contract.secType !== "BAG") continue;
        const legs = rows.filter((row) => row.contract.secType !== "BAG" && stemOf(row.execution) === stemOf(execution));
        const shares = execution.shares ?? 0;
        const net = legs.reduce(
          (sum, leg) => sum + sign(leg.execution) * units(leg.execution.price) * (leg.execution.shares ?? 0),
          0,
        );
        expect(sign(execution) * units(execution.price) * shares === net).toBe(true);
        for (const leg of legs) expect((leg.execution.shares ?? 0) % shares).toBe(0);
      }
    });
  });

  it("reqExecutions repeats exactly what was pushed, each leg with one commission and each summary with none", () => {
    sessions(({ clients, replayed }) => {
      const pushed = clients
        .flatMap(executionsOf)
        .sort((a, b) => ((a.execution.execId ?? "") < (b.execution.execId ?? "") ? -1 : 1));
      const repeated = executionsOf(replayed).sort((a, b) => ((a.execution.execId ?? "") < (b.execution.execId ?? "") ? -1 : 1));
      expect(repeated).toEqual(pushed);
      expect(new Set(pushed.map(({ execution }) => execution.execId)).size).toBe(pushed.length);
      const charged = replayed.all("commissionReport").map(([report]) => report.execId);
      const legs = repeated.filter(({ contract }) => contract.secType !== "BAG").map(({ execution }) => execution.execId);
      expect(charged.sort()).toEqual(legs.sort());
    });
  });

  it("an order ends at most once, never more filled than ordered, and says nothing but its end afterwards", () => {
    sessions(({ clients }) => {
      for (const heard of clients) {
        const ended = new Map<number, string>();
        for (const [orderId, status, filled, remaining] of heard.all("orderStatus")) {
          expect(remaining).toBeGreaterThanOrEqual(0);
          const before = ended.get(orderId);
          if (before !== undefined) expect(status as string).toBe(before);
          if (["Filled", "Cancelled", "Inactive"].includes(status)) ended.set(orderId, status);
          if (status === "Filled") expect([remaining, filled > 0]).toEqual([0, true]);
        }
      }
    });
  });

  it("nobody is told of another client's orders unless all are asked for", () => {
    sessions(({ clients, replayed, truth }) => {
      clients.forEach((heard, index) => {
        for (const [, , , , , , , , clientId] of heard.all("orderStatus")) expect(clientId).toBe(index + 1);
        for (const [, , order] of heard.all("openOrder")) expect(order.clientId).toBe(index + 1);
        for (const [, , execution] of heard.all("execDetails")) expect(execution.clientId).toBe(index + 1);
      });
      const open = truth.accounts.flatMap(({ openOrders }) => openOrders.map(({ permId }) => permId));
      expect(replayed.all("openOrder").map(([, , order]) => order.permId)).toEqual(open);
    });
  });

  it("says the same, word for word, when it is played again", () => {
    fc.assert(
      fc.property(fc.array(command, { minLength: 10, maxLength: 60, size: "max" }), fc.nat(1_000), (commands, seed) => {
        expect(play(commands, "synthetic", seed).transcript).toEqual(play(commands, "synthetic", seed).transcript);
      }),
      { numRuns: 40 },
    );
  });
});
