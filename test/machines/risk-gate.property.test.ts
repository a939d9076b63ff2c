/** What the risk gate holds, whatever slots, sagas, breakers and modes do in whatever order. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { moneyUnits } from "../../src/domain/units.ts";
import { riskGateMachine } from "../../src/machines/risk-gate.machine.ts";
import { type Given, given } from "../support/given.ts";
import { ENGINE, NOON } from "../support/quoted-chain.ts";

const SLOTS = 3;
const EQUITY = 1_000_000;
const CONFIG = { ...ENGINE, limits: { ...ENGINE.limits, slots: SLOTS, maxLossPerPositionPct: 10, maxLossTotalPct: 20 } };
type Gate = Given<typeof riskGateMachine>;
const gate = (): Gate => given(riskGateMachine, { config: CONFIG }, NOON);
const truth = (netLiquidation?: number) => ({
  type: "reconciliation.completed",
  epoch: 1,
  startedAt: NOON,
  orders: [],
  discrepancies: [],
  ...(netLiquidation === undefined ? {} : { netLiquidation }),
});
const mode = (name: string) => ({ type: "mode.changed", mode: name, reason: "" });
const breaker = (state: string) => ({ type: "breaker.changed", scope: "orders", state, reason: "" });
const wish = (strategy: string, maxLoss: number, quantity = 1) => ({
  type: "slot.requested",
  replyTo: strategy,
  strategy,
  symbol: "SPY",
  maxLoss,
  quantity,
});
const approval = (slot: string, orderRef: string, maxLoss: number, more = {}) => ({
  type: "approval.requested",
  replyTo: orderRef,
  orderRef,
  slot,
  reducing: false,
  maxLoss,
  quantity: 1,
  initialMarginAfter: 1,
  ...more,
});
const open = (): Gate => gate().hear(truth(EQUITY), mode("trading"));
const exposures = ({ context }: Gate): number => Object.values(context.occupied).reduce((sum, { maxLoss }) => sum + maxLoss, 0);
const answers = (it: Gate, to: string, type: string) => it.told(to).filter((event) => event.type === type);

const SLOT = fc.integer({ min: 1, max: SLOTS }).map((n) => `slot/s${n}`);
const REF = fc.integer({ min: 1, max: 8 }).map((n) => `ref-${n}`);
const LOSS = fc.integer({ min: 1, max: 130_000 });
const happening = fc.oneof(
  fc
    .tuple(fc.integer({ min: 1, max: 6 }), LOSS, fc.integer({ min: 1, max: 3 }))
    .map(([n, loss, quantity]) => wish(`strategy-${n}`, loss, quantity)),
  fc
    .tuple(SLOT, REF, LOSS, fc.boolean(), fc.integer({ min: 1, max: 3 }))
    .map(([slot, ref, loss, reducing, quantity]) => approval(slot, ref, loss, { reducing, quantity })),
  fc.tuple(SLOT, REF, LOSS).map(([slot, orderRef, heldMaxLoss]) => ({ type: "exposure.released", slot, orderRef, heldMaxLoss })),
  fc.tuple(SLOT, REF).map(([slot, orderRef]) => ({ type: "exposure.released", slot, orderRef, heldMaxLoss: 0 })),
  SLOT.map((slot) => ({ type: "slot.released", slot })),
  fc.constantFrom("armed", "tripped", "probing").map(breaker),
  fc.constantFrom("trading", "trading", "reducing", "halted", "reconciling").map(mode),
  fc.constantFrom(EQUITY, undefined).map(truth),
);

describe("the risk gate, under any interleaving", () => {
  test("grants no more slots than there are, keeps what was granted within the limit, and lets in nothing but what may come in", () => {
    fc.assert(
      fc.property(fc.array(happening, { minLength: 20, maxLength: 60, size: "max" }), (events) => {
        const it = open();
        const probes = new Set<string>();
        for (const event of events) {
          const before = it.context;
          const held = Object.keys(before.occupied).sort();
          const state = before.breakers["orders"] ?? "armed";
          const was = exposures(it);
          it.quiet().hear(event);
          const heldNow = Object.keys(it.context.occupied).sort();
          expect(heldNow.length).toBeLessThanOrEqual(SLOTS);
          // Slots come free when they are released, and only then.
          if (event.type === "slot.released")
            expect(heldNow).toEqual(held.filter((slot) => slot !== (event as { slot?: string }).slot));
          else if (event.type !== "slot.requested") expect(heldNow).toEqual(held);
          // A late fill is a fact and no grant; all else that grows is within the limit.
          if (event.type !== "exposure.released" && exposures(it) > was) expect(exposures(it)).toBeLessThanOrEqual(EQUITY * 0.2);
          if (event.type === "exposure.released") probes.delete((event as { orderRef: string }).orderRef);
          if (event.type !== "approval.requested") continue;
          const asked = event as ReturnType<typeof approval>;
          const given = answers(it, asked.replyTo, "order.approved").length === 1;
          expect(answers(it, asked.replyTo, "order.denied").length).toBe(given ? 0 : 1);
          if (asked.reducing) {
            expect(given).toBe(true);
            continue;
          }
          if (before.mode !== "trading" || state === "tripped" || before.netLiquidation === null || !held.includes(asked.slot))
            expect(given).toBe(false);
          if (state === "probing" && given) {
            expect(asked.quantity).toBe(1);
            expect([...probes].filter((ref) => ref !== asked.orderRef)).toEqual([]);
            probes.add(asked.orderRef);
          }
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe("the risk gate", () => {
  test("does not know its equity when the last answer did not say it", () => {
    const it = open().hear(truth(undefined)).quiet();
    expect(it.hear(wish("a", 1_000)).told("a")[0]).toMatchObject({ denial: { reason: "equityUnknown" } });
  });
  test("denies an unknown margin", () => {
    const it = open().hear(wish("a", 1_000));
    it.hear({ ...approval("slot/s1", "ref-1", 1_000), initialMarginAfter: undefined });
    expect(it.told("ref-1")[0]).toMatchObject({ type: "order.denied", denial: { reason: "marginUnknown" } });
  });
  test("approves one entry for a grant, and none without one", () => {
    const it = open().hear(approval("slot/s1", "ref-1", 1_000));
    expect(it.told("ref-1")[0]).toMatchObject({ denial: { reason: "noFreeSlot" } });
    it.hear(
      wish("a", 1_000),
      approval("slot/s1", "ref-2", 1_000),
      approval("slot/s1", "ref-2", 1_000),
      approval("slot/s1", "ref-3", 1_000),
    );
    expect(it.told("ref-2").map(({ type }) => type)).toEqual(["order.approved", "order.approved"]);
    expect(it.told("ref-3")[0]).toMatchObject({ denial: { reason: "duplicateIntent" } });
  });
  test("counts an entry that is larger than its grant with what was approved", () => {
    const it = open().hear(wish("a", 1_000), approval("slot/s1", "ref-1", 90_000), wish("b", 80_000), wish("c", 80_000));
    expect(it.told("b")[0]).toMatchObject({ type: "slot.granted" });
    expect(it.told("c")[0]).toMatchObject({ denial: { reason: "maxLossTotal" } });
    expect(it.context.occupied["slot/s1"]?.maxLoss).toBe(moneyUnits(90_000));
  });
  test("grants nothing more when a config with fewer slots finds more of them held", () => {
    const it = open().hear(wish("a", 1), wish("b", 1), { type: "slot.released", slot: "slot/s1" });
    it.hear({ type: "run.resumed", config: { ...CONFIG, limits: { ...CONFIG.limits, slots: 1 } } }, wish("c", 1));
    expect(it.told("c")[0]).toMatchObject({ denial: { reason: "noFreeSlot" } });
  });
  test("lets one entry of one contract through while a breaker probes, and the next when that has ended", () => {
    const it = open().hear(wish("a", 1), wish("b", 1), breaker("tripped"), breaker("probing"));
    it.hear(approval("slot/s1", "ref-1", 1, { quantity: 2 }), approval("slot/s1", "ref-2", 1), approval("slot/s2", "ref-3", 1));
    expect(it.told("ref-1")[0]).toMatchObject({ denial: { reason: "breakerProbing" } });
    expect(it.told("ref-2")[0]?.type).toBe("order.approved");
    expect(it.told("ref-3")[0]).toMatchObject({ denial: { reason: "breakerProbing" } });
    // A new price of the probe is the same probe.
    it.quiet().hear(approval("slot/s1", "ref-2", 1), {
      type: "exposure.released",
      slot: "slot/s1",
      orderRef: "ref-2",
      heldMaxLoss: 0,
    });
    expect(it.told("ref-2")[0]?.type).toBe("order.approved");
    expect(it.hear(approval("slot/s2", "ref-3", 1)).told("ref-3")[0]?.type).toBe("order.approved");
  });
});
