/**
 * Random order flow of every kind: types, times in force, brackets, OCA groups, hands at the screen, in a market that moves at
 * random. What the laws of the broker are tried on.
 */
import type { Contract, Order, OrderType, TimeInForce } from "@stoqey/ib";
import fc from "fast-check";
import { epochMs } from "../../src/domain/units.ts";
import { ACCOUNT, type BrokerRig, byConId, combo, type HeardClient, limitOrder } from "./broker-rig.ts";
import { ES, optionId, SPY } from "./scripted-market.ts";

const PUT = optionId("P", 595);
const CALL = optionId("C", 605);
const WING = optionId("P", 590);
export const QUOTED = [SPY, ES, PUT, CALL, WING];
const base = (conId: number): { at: number; tick: number } =>
  conId === SPY ? { at: 600, tick: 0.01 } : conId === ES ? { at: 6_000, tick: 0.25 } : { at: 1.5, tick: 0.05 };

const TRADED: readonly { readonly contract: Contract; readonly at: number; readonly tick: number }[] = [
  { contract: byConId(SPY), ...base(SPY) },
  { contract: byConId(ES), ...base(ES) },
  { contract: byConId(PUT), ...base(PUT) },
  { contract: byConId(CALL), ...base(CALL) },
  { contract: combo([1, "P", 590], [-1, "P", 595]), at: 0, tick: 0.05 },
];

const kind = <Kind extends string>(name: Kind) => fc.constant(name);
const client = fc.integer({ min: 0, max: 1 });
const offset = fc.integer({ min: -4, max: 4 });
const terms = fc.record({
  contract: fc.nat(TRADED.length - 1),
  sell: fc.boolean(),
  quantity: fc.integer({ min: 1, max: 6 }),
  offset,
  type: fc.constantFrom("LMT", "LMT", "LMT", "MKT", "STP", "STP LMT", "TRAIL", "TRAIL LIMIT", "MIT", "LIT"),
  stop: offset,
  tif: fc.constantFrom("DAY", "DAY", "GTC", "IOC", "FOK", "GTD"),
  trigger: fc.constantFrom(0, 0, 1, 2, 4, 7, 8),
  loose: fc.boolean(),
});
export type FlowTerms = typeof terms extends fc.Arbitrary<infer T> ? T : never;

/** Commands of a flow; those of the market carry what is set. */
export const flowCommand = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: kind("order"),
      client,
      terms,
      group: fc.constantFrom("", "", "", "one", "two", "three"),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: kind("bracket"), client, terms, target: fc.integer({ min: 1, max: 3 }), extra: fc.boolean() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: kind("modify"), client, which: fc.nat(15), quantity: fc.integer({ min: 1, max: 8 }), offset }),
  },
  { weight: 2, arbitrary: fc.record({ kind: kind("cancel"), client, which: fc.nat(15) }) },
  { weight: 1, arbitrary: fc.record({ kind: kind("hand"), terms }) },
  { weight: 1, arbitrary: fc.record({ kind: kind("close"), which: fc.nat(QUOTED.length - 1), forced: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: kind("correct"), which: fc.nat(9), ticks: offset, shares: fc.nat(6) }) },
  { weight: 1, arbitrary: fc.record({ kind: kind("bind") }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: kind("quote"),
      which: fc.nat(QUOTED.length),
      mid: offset,
      halfSpread: fc.integer({ min: 1, max: 2 }),
      size: fc.integer({ min: 1, max: 6 }),
      trade: fc.boolean(),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: kind("pass"), ms: fc.integer({ min: 1, max: 40_000 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: kind("sleep"), hours: fc.integer({ min: 1, max: 60 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: kind("apart"), on: fc.boolean() }) },
);
export type FlowCommand = typeof flowCommand extends fc.Arbitrary<infer C> ? C : never;

const near = fc.integer({ min: -1, max: 1 });
const nearTerms = fc.record({
  contract: fc.nat(3),
  sell: fc.boolean(),
  quantity: fc.integer({ min: 2, max: 6 }),
  offset: near,
  type: fc.constantFrom("LMT", "LMT", "MKT", "STP", "MIT"),
  stop: near,
  tif: fc.constantFrom("DAY", "GTC"),
  trigger: fc.constantFrom(0, 4),
  loose: fc.constant(false),
});

/** Families and little else, near the market and in small displayed sizes: what makes partial fills race one another. */
export const familyCommand: fc.Arbitrary<FlowCommand> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: kind("order"), client, terms: nearTerms, group: fc.constantFrom("one", "two", "three") }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: kind("bracket"),
      client,
      terms: nearTerms,
      target: fc.integer({ min: 1, max: 2 }),
      extra: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: kind("cancel"), client, which: fc.nat(12) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: kind("quote"),
      which: fc.nat(4),
      mid: fc.integer({ min: -2, max: 2 }),
      halfSpread: fc.constant(1),
      size: fc.integer({ min: 1, max: 3 }),
      trade: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: kind("pass"), ms: fc.integer({ min: 1, max: 10_000 }) }) },
);

const cents = (value: number): number => Number(value.toFixed(2));

export const flowOrder = (what: FlowTerms, now: number, more: Partial<Order> = {}): Order => {
  const { at, tick } = TRADED[what.contract] as (typeof TRADED)[number];
  const price = (away: number): number => cents(at + away * tick);
  const limit = price(what.offset);
  const stop = price(what.stop);
  const byType: Partial<Order> =
    what.type === "LMT"
      ? {}
      : what.type === "MKT"
        ? { lmtPrice: 0 }
        : what.type === "TRAIL" || what.type === "TRAIL LIMIT"
          ? { auxPrice: cents(2 * tick), lmtPrice: 0, lmtPriceOffset: cents(tick) }
          : { auxPrice: stop };
  const { lmtPrice, ...order } = limitOrder(what.sell ? "SELL" : "BUY", what.quantity, limit, {
    orderType: what.type as OrderType,
    tif: what.tif as TimeInForce,
    triggerMethod: what.trigger,
    ...(what.tif === "GTD"
      ? { goodTillDate: new Date(now + 90_000).toISOString().replace(/-/g, "").replace("T", "-").slice(0, 17) }
      : {}),
    ...(what.loose ? { smartComboRoutingParams: [{ tag: "NonGuaranteed", value: "1" }] } : {}),
    ...byType,
    ...more,
  });
  return lmtPrice === undefined ? order : { ...order, lmtPrice };
};

export interface Flow {
  readonly rig: BrokerRig;
  readonly clients: readonly HeardClient[];
  /** What was done to the market, to do it to another. */
  readonly marketMoves: ((market: BrokerRig["market"]) => void)[];
  readonly placed: { readonly id: number; readonly terms: FlowTerms; readonly more: Partial<Order> }[][];
  readonly nextIds: number[];
}

export const playFlow = ({ rig, clients, marketMoves, placed, nextIds }: Flow, commands: readonly FlowCommand[]): void => {
  const move = (action: (market: BrokerRig["market"]) => void): void => {
    marketMoves.push(action);
    action(rig.market);
  };
  const pass = (ms: number): void => {
    const at = epochMs(rig.market.now + ms);
    marketMoves.push((market) => market.advance(at));
    rig.passTo(at);
  };
  const contractOf = ({ contract }: FlowTerms): Contract => (TRADED[contract] as (typeof TRADED)[number]).contract;
  const place = (who: number, what: FlowTerms, more: Partial<Order>): number => {
    const id = nextIds[who] as number;
    nextIds[who] = id + 1;
    placed[who]?.push({ id, terms: what, more });
    clients[who]?.ib.placeOrder(id, contractOf(what), flowOrder(what, rig.market.now, more));
    return id;
  };
  for (const what of commands) {
    switch (what.kind) {
      case "order":
        place(
          what.client,
          what.terms,
          what.group === "" ? {} : { ocaGroup: what.group, ocaType: { one: 1, two: 2, three: 3 }[what.group] ?? 3 },
        );
        break;
      case "bracket": {
        const exit = { ...what.terms, sell: !what.terms.sell, tif: "GTC" } as const;
        const away = what.terms.sell ? -what.target : what.target;
        const parentId = place(what.client, what.terms, { transmit: false });
        place(what.client, { ...exit, type: "LMT", offset: away }, { parentId, transmit: false });
        if (what.extra) rig.settle();
        place(what.client, { ...exit, type: "STP", stop: -away }, { parentId });
        break;
      }
      case "modify": {
        const own = placed[what.client] ?? [];
        const before = own[what.which % Math.max(1, own.length)];
        if (before === undefined) break;
        const changed = { ...before.terms, quantity: what.quantity, offset: what.offset };
        const { parentId: _, ...more } = before.more;
        clients[what.client]?.ib.placeOrder(
          before.id,
          contractOf(before.terms),
          flowOrder(changed, rig.market.now, { ...more, transmit: true }),
        );
        break;
      }
      case "cancel":
        clients[what.client]?.ib.cancelOrder(what.which + 1);
        break;
      case "hand":
        rig.broker.manual.place(contractOf(what.terms), flowOrder(what.terms, rig.market.now));
        break;
      case "close": {
        const conId = QUOTED[what.which] as number;
        if (what.forced) rig.broker.liquidate(ACCOUNT, conId);
        else rig.broker.manual.close(ACCOUNT, conId);
        break;
      }
      case "correct": {
        const rows = rig.broker.saved().executions.filter((row) => "conId" in row.of && row.shares > 0);
        const row = rows[what.which % Math.max(1, rows.length)];
        if (row === undefined) break;
        const price = Math.max(100, row.price + what.ticks * 100) / 10_000;
        rig.broker.correctExecution(row.execId, { price, shares: Math.min(row.shares, what.shares) });
        break;
      }
      case "bind": {
        const zero = rig.connect(0);
        zero.ib.reqOpenOrders();
        rig.settle();
        zero.ib.disconnect();
        break;
      }
      case "quote": {
        for (const conId of what.which === QUOTED.length ? QUOTED : [QUOTED[what.which] as number]) {
          const { at, tick } = base(conId);
          const middle = at + what.mid * tick;
          const [bid, ask] = [cents(middle - what.halfSpread * tick), cents(middle + what.halfSpread * tick)];
          move((market) => {
            market.set(conId, bid, ask, { bid: what.size, ask: what.size });
            if (what.trade) market.traded(conId, cents(middle));
          });
        }
        pass(1_000);
        break;
      }
      case "pass":
        pass(what.ms);
        break;
      case "sleep":
        pass(what.hours * 3_600_000);
        break;
      case "apart":
        rig.broker.faults.legsFillApart = what.on;
    }
    rig.settle();
  }
};

/** Everything quoted, so that a flow has something to trade from the start. */
export const OPENING_QUOTES: readonly FlowCommand[] = [
  { kind: "quote", which: QUOTED.length, mid: 0, halfSpread: 1, size: 5, trade: true },
];
