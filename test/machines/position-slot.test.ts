import { describe, expect, it } from "vitest";
import { address, topic } from "../../src/domain/address.ts";
import { instantOf } from "../../src/domain/calendar/new-york.ts";
import type { Candidate } from "../../src/domain/events/actors.ts";
import { parseOrderRef } from "../../src/domain/identity.ts";
import { extremes } from "../../src/domain/payoff.ts";
import { NO_GREEKS } from "../../src/domain/risk/greeks.ts";
import { RULES } from "../../src/domain/rules/index.ts";
import { price } from "../../src/domain/units.ts";
import { positionSlotMachine } from "../../src/machines/position-slot.machine.ts";
import { type Given, given } from "../support/given.ts";
import { CALM, CONDOR, DAY, ENGINE, NOON, quoteOf, SPY, spotQuote, twoSided, VIX } from "../support/quoted-chain.ts";
import { regimeTold, underlyingTold } from "../support/weather.ts";

type Slot = Given<typeof positionSlotMachine>;
const PATH = address.slot(1);
const STRATEGY = address.strategy("spy-condor");
const CREDIT = -2.4;

const candidate: Candidate = {
  strategy: "spy-condor",
  symbol: "SPY",
  underlying: SPY,
  legs: CONDOR,
  quantity: 2,
  mid: price(CREDIT),
  natural: price(CREDIT + 0.12),
  width: price(12),
  unitMaxLoss: extremes(CONDOR, price(CREDIT)).maxLoss as Candidate["unitMaxLoss"],
  tick: price(0.01),
  shortDeltas: { put: -0.16, call: 0.16 },
  daysToExpiry: 46,
  spot: price(600),
  worstPrice: price(-1.8),
  kind: "iron-condor",
  carry: 0.028,
  vix: VIX,
  american: true,
  weather: { regime: "normal", vix: 15, iv30: 0.16, ivPercentile: 60, ivRank: 55 },
};

const trading = { type: "mode.changed", mode: "trading", reason: "" };
const intended = { type: "entry.intended", candidate, quotes: CONDOR.map(({ contract }) => quoteOf(CALM, contract, NOON)) };
const idle = (now: number = NOON): Slot => given(positionSlotMachine, { path: PATH, n: 1, engine: ENGINE }, now).hear(trading);
const ref = (slot: Slot): string => slot.context.order?.orderRef ?? "none";

/** Legs' fills of an order: the prices of the entry make CREDIT. Every leg has its own execution. */
const ids = (function* () {
  for (let n = 1; ; n += 1) yield `0000e0d5.${n}.01.01`;
})();
const PRICES = [1.1, 2.3, 2.2, 1.0];
const fills = (
  orderRef: string,
  units: number,
  { direction = 1, prices = PRICES }: { direction?: 1 | -1; prices?: number[] } = {},
) =>
  CONDOR.map(({ contract, ratio }, i) => ({
    type: "leg.filled",
    orderRef,
    execId: ids.next().value,
    contract,
    quantity: ratio * units * direction,
    price: price(prices[i] as number),
    at: NOON,
  }));
const fee = (execId: string, dollars: number, orderRef: string) => ({
  type: "commission.charged",
  orderRef,
  execId,
  amount: price(dollars),
});
/** Every execution of two contracts costs 1.30. */
const feesFor = (slot: Slot, each = 1.3) =>
  Object.entries(slot.context.ledger.fills)
    .filter(([execId]) => slot.context.ledger.fees[execId] === undefined)
    .map(([execId, fill]) => fee(execId, each, fill.orderRef));
const ended = (orderRef: string, filledUnits: number, outcome = filledUnits > 0 ? "filled" : "cancelled") => ({
  type: "order.ended",
  orderRef,
  purpose: "entry",
  outcome,
  filledUnits,
  reason: "",
});

const surroundings = (slot: Slot, vix = 15) => [
  { type: "quote.updated", epoch: 1, quote: spotQuote(CALM, slot.now as typeof NOON) },
  { type: "quote.updated", epoch: 1, quote: { conId: VIX.conId, last: price(vix), at: slot.now } },
  { ...underlyingTold({ at: slot.now as typeof NOON }) },
];
/** Quotes of all legs so that the structure's mid is `mid` dollars (credit negative), and of the underlying. */
const quotes = (slot: Slot, mid: number, half = 0.02) => {
  const inner = -mid / 2 + 0.05;
  const legs = [0.05, inner, inner, 0.05];
  const told = CONDOR.map(({ contract }, i) =>
    twoSided(contract.conId, (legs[i] as number) - half, (legs[i] as number) + half, slot.now),
  );
  return [...told.map((quote) => ({ type: "quote.updated", epoch: 1, quote })), ...surroundings(slot)];
};
/** The market at a mid for some seconds. */
const market = (slot: Slot, mid: number, seconds: number): Slot => {
  for (let i = 0; i < seconds; i += 1) slot.wait(1_000).hear(...quotes(slot, mid));
  return slot;
};
/** Legs that do not change: the underlying and VIX tick, and their watchers tell. */
const calm = (slot: Slot, seconds: number): Slot => {
  for (let i = 0; i < seconds; i += 4) slot.wait(4_000).hear(...surroundings(slot));
  return slot;
};
const held = (units = 2): Slot => {
  const slot = idle().hear(intended, regimeTold() as never, underlyingTold() as never);
  slot.hear(...fills(ref(slot), units));
  return slot.hear(ended(ref(slot), units)).quiet();
};

describe("position slot", () => {
  it("sends a candidate's entry with the legs as they are and asks for its lines first in rank", () => {
    const slot = idle().hear(intended);
    expect(slot.state).toBe("entering");
    const [spawn] = slot.params("spawn");
    const { intent, quotes: known } = spawn.input;
    expect(spawn.machine).toBe("order");
    expect(spawn.path).toBe("order/20261123/s1-1");
    expect(parseOrderRef(intent.orderRef)).toEqual({ installation: "5f2c81aa", intentId: "20261123-s1-1" });
    expect(intent).toMatchObject({
      purpose: "entry",
      owner: PATH,
      quantity: 2,
      reducing: false,
      worstPrice: price(-1.8),
      legs: CONDOR,
    });
    expect(intent.maxLoss).toBe(2 * candidate.unitMaxLoss);
    expect(known).toHaveLength(4);
    const wanted = slot.told(address.lines).filter(({ type }) => type === "line.requested");
    expect(wanted.map(({ contract, priority }) => [contract.conId, priority])).toEqual([
      ...[...CONDOR.map(({ contract }) => contract), SPY].map(({ conId }) => [conId, 1]),
      [VIX.conId, 2],
    ]);
    const heard = slot.params("listen").flatMap(({ topics }) => topics);
    expect(heard).toEqual(expect.arrayContaining([topic.quote(SPY.conId), topic.quote(VIX.conId), topic.regime]));
  });

  it("takes no entry unless the engine trades, and gives the slot back", () => {
    for (const mode of ["halted", "reducing", "draining", "recovering"]) {
      const slot = idle().hear({ type: "mode.changed", mode, reason: "" }, intended);
      expect(slot.state).toBe("free");
      expect(slot.params("spawn")).toEqual([]);
      expect(slot.told(address.riskGate)).toEqual([{ type: "slot.released", slot: PATH }]);
      expect(slot.told(STRATEGY)[0]).toMatchObject({ type: "slot.freed", slot: PATH });
    }
  });

  it("wants its entry cancelled when the engine is halted meanwhile, and keeps what was filled", () => {
    const slot = idle().hear(intended).hear({ type: "mode.changed", mode: "halted", reason: "operator" });
    expect(slot.told("order/20261123/s1-1")).toEqual([{ type: "order.abandon", reason: expect.any(String) }]);
    slot.hear(...fills(ref(slot), 1)).hear(ended(ref(slot), 1, "cancelled"));
    expect(slot.state).toBe("open.holding.watching");
    expect(slot.facts("slot.opened")[0]).toMatchObject({ quantity: 1 });
  });

  it("is free again when nothing was filled", () => {
    const slot = idle().hear(intended);
    slot.hear(ended(ref(slot), 0, "denied"));
    expect(slot.state).toBe("free");
    expect(slot.told(address.riskGate)).toEqual([{ type: "slot.released", slot: PATH }]);
    expect(slot.told(STRATEGY)).toEqual([{ type: "slot.freed", slot: PATH, reason: "denied" }]);
    expect(slot.told(address.lines).at(-1)).toEqual({ type: "lines.released", holder: PATH });
    expect(slot.timers).toBe(0);
  });

  it("opens at the exact average of its fills", () => {
    const slot = idle().hear(intended);
    slot.hear(...fills(ref(slot), 1), ...fills(ref(slot), 1, { prices: [1.1, 2.31, 2.2, 1.0] }), ended(ref(slot), 2));
    const [opened] = slot.facts("slot.opened");
    expect(opened.netPrice).toBe(price(-2.405));
    expect(opened.unitMaxLoss).toBe(price((12 - 2.405) * 100));
    expect(slot.told(STRATEGY)).toEqual([{ type: "slot.opened", slot: PATH }]);
  });

  it("waits for the legs of one fill, and is quarantined when they do not come", () => {
    const slot = idle().hear(intended);
    const legs = fills(ref(slot), 2);
    slot.hear(...legs.slice(0, 3), ended(ref(slot), 0));
    expect(slot.state).toBe("counting");
    slot.wait(5_000);
    expect(slot.state).toBe("quarantined");
    expect(slot.raised).toMatchObject([{ key: `${PATH}/quarantined/1`, severity: "critical", slot: PATH, source: PATH }]);
    expect(slot.facts("slot.quarantined")).toHaveLength(1);
  });

  it("marks at most once a second and tells a decision when it changes and once a minute", () => {
    const slot = market(held(), CREDIT, 90);
    for (let i = 0; i < 20; i += 1) slot.hear(...quotes(slot, CREDIT));
    expect(slot.facts("slot.marked").length).toBeLessThanOrEqual(91);
    expect(slot.facts("slot.marked").length).toBeGreaterThanOrEqual(90);
    // The first was told when the position opened.
    expect(slot.facts("decision.made")).toHaveLength(1);
    expect(
      slot
        .facts("decision.made")
        .at(-1)
        .trace.map(({ rule }: { rule: string }) => rule),
    ).toEqual(RULES.map(({ name }) => name));
  });

  it("looks at least every ten seconds though no leg changes, and tells when it is blind", () => {
    const slot = calm(held(), 100);
    expect(slot.facts("slot.marked").length).toBeGreaterThanOrEqual(10);
    expect(slot.raised).toHaveLength(0);
    slot.hear({ type: "session.unreadied", epoch: 1, reason: "lost" }).wait(90_000);
    expect(slot.facts("slot.marked").at(-1).unknown).toContain("550P not quoted");
    expect(slot.raised).toMatchObject([{ key: `${PATH}/blind/1`, severity: "warning", symbol: "SPY" }]);
    expect(slot.raised[0].text).toContain("stop-loss");
  });

  it("says once that it sees again, and only when it had said that it was blind", () => {
    const slot = calm(held(), 100).hear({ type: "session.unreadied", epoch: 1, reason: "lost" }).wait(30_000);
    market(slot, CREDIT, 2);
    expect(slot.told(address.alerts)).toEqual([]);
    slot.hear({ type: "session.unreadied", epoch: 1, reason: "lost again" }).wait(90_000);
    market(slot, CREDIT, 5);
    expect(slot.told(address.alerts).map(({ type, key }) => [type, key])).toEqual([
      ["alert.raised", `${PATH}/blind/1`],
      ["alert.cleared", `${PATH}/blind/1`],
    ]);
  });

  it("raises an alert when it leaves, raises it again when a more urgent rule takes over, and clears it once the position is closed", () => {
    const slot = market(held(), -1.0, 12);
    expect(slot.raised).toMatchObject([{ key: `${PATH}/exit/1`, severity: "info", rule: "take-profit" }]);
    market(slot, -8.5, 30);
    expect(slot.raised[1]).toMatchObject({ key: `${PATH}/exit/1`, severity: "critical", rule: "stop-loss" });
    slot.hear(...fills(ref(slot), 2, { direction: -1 }), ended(ref(slot), 2));
    slot.hear(...feesFor(slot)).wait(11_000);
    expect(slot.state).toBe("free");
    expect(slot.cleared).toContain(`${PATH}/exit/1`);
  });

  it("takes a profit only after two evaluations ten seconds apart, with the legs reversed and the rule's urgency", () => {
    const slot = market(held(), -1.0, 9);
    expect(slot.state).toBe("open.holding.watching");
    market(slot, -1.0, 3);
    expect(slot.state).toBe("open.exiting.working");
    const { intent } = slot.params("spawn")[0].input;
    expect(intent).toMatchObject({ purpose: "exit", reducing: true, quantity: 2, urgency: "normal", maxLoss: 0 });
    expect(intent.legs.map((leg: { ratio: number }) => leg.ratio)).toEqual([-1, 1, 1, -1]);
  });

  it("forgets a threshold that was touched only once", () => {
    const slot = held();
    market(slot, -1.0, 8);
    market(slot, -2.0, 2);
    market(slot, -1.0, 9);
    expect(slot.state).toBe("open.holding.watching");
  });

  it("does nothing on prices in the opening minutes, however they look", () => {
    const slot = held();
    const open = instantOf(DAY, 9 * 60 + 30) + 24 * 3_600_000;
    slot.now = open;
    market(slot, -8.0, 290);
    expect(slot.state).toBe("open.holding.watching");
    market(slot, -8.0, 25);
    expect(slot.state).toBe("open.exiting.working");
    expect(slot.params("spawn")[0].input.intent.urgency).toBe("immediate");
  });

  it("closes before expiry by the clock, at once, when the opening minutes are over", () => {
    const slot = held();
    slot.now = instantOf("2027-01-07" as typeof DAY, 9 * 60 + 31);
    slot.wait(1_000);
    expect(slot.state).toBe("open.holding.watching");
    slot.wait(240_000);
    expect(slot.state).toBe("open.exiting.working");
    expect(slot.context.exit?.decision.rule).toBe("expiry");
    expect(slot.params("spawn")).toHaveLength(1);
  });

  it("sleeps between sessions", () => {
    const slot = held();
    slot.wait(instantOf(DAY, 16 * 60 + 1) - slot.now).quiet();
    expect(slot.state).toBe("open.holding.resting");
    slot.wait(10 * 3_600_000);
    expect(slot.said).toEqual([]);
  });

  it("tells the exact profit once the commissions are in, and gives everything back", () => {
    const slot = held();
    slot.hear(...feesFor(slot));
    market(slot, -1.0, 12);
    slot.hear(...fills(ref(slot), 2, { direction: -1, prices: [0.1, 0.6, 0.6, 0.1] }));
    slot.hear(ended(ref(slot), 2));
    expect(slot.state).toBe("settling");
    slot.hear(...feesFor(slot));
    expect(slot.state).toBe("free");
    const [closed] = slot.facts("slot.closed");
    // 2 condors sold at 2.40, bought back at 1.00; 16 contracts at 0.65.
    expect(closed).toMatchObject({ rule: "take-profit", profit: price(280 - 10.4), fees: price(10.4), strategy: "spy-condor" });
    expect(slot.told(address.riskGate).filter(({ type }) => type === "slot.released")).toEqual([
      { type: "slot.released", slot: PATH },
    ]);
    // What nothing is worth in Greeks is known, and said before the slot goes back.
    expect(slot.told(address.riskGate).at(-2)).toMatchObject({ type: "exposure.valued", greeks: NO_GREEKS });
    expect(slot.told(STRATEGY)).toEqual([{ type: "slot.freed", slot: PATH, reason: "take-profit" }]);
    expect(slot.context.totals).toEqual({ positions: 1, profit: price(280 - 10.4), fees: price(10.4) });
    expect(slot.context.candidate).toBeNull();
  });

  it("closes its books without a commission that never comes, and counts it in the totals when it does (pain 20)", () => {
    const slot = held();
    market(slot, -1.0, 12);
    slot.hear(...fills(ref(slot), 2, { direction: -1 }), ended(ref(slot), 2));
    const late = feesFor(slot)[0] as ReturnType<typeof fee>;
    slot.wait(10_000);
    expect(slot.state).toBe("free");
    expect(slot.facts("slot.closed")[0]).toMatchObject({ profit: 0, fees: 0 });
    slot.quiet().hear(late, late);
    expect(slot.said).toEqual([]);
    expect(slot.context.totals).toMatchObject({ profit: price(-1.3), fees: price(1.3) });
  });

  it("exits what is left after a partial exit, with a new intent and only after the first has ended", () => {
    const slot = market(held(), -1.0, 12);
    const first = ref(slot);
    slot.hear(...fills(first, 1, { direction: -1 }), { type: "order.doubted", orderRef: first, reason: "silence" });
    market(slot, -1.0, 60);
    expect(slot.params("spawn")).toHaveLength(1);
    slot.hear(ended(first, 1, "expired"));
    expect(slot.state).toBe("open.exiting.backingOff");
    slot.wait(1_000);
    expect(slot.params("spawn")).toHaveLength(2);
    expect(slot.params("spawn")[1].input.intent).toMatchObject({ quantity: 1, purpose: "exit" });
    expect(ref(slot)).not.toBe(first);
  });

  it("re-prices the working exit for a more severe rule and never sends a second order", () => {
    const slot = market(held(), -1.0, 12);
    market(slot, -8.5, 30);
    expect(slot.told("order/20261123/s1-2")).toEqual([{ type: "order.escalate", urgency: "immediate" }]);
    expect(slot.params("spawn")).toHaveLength(1);
    expect(slot.context.exit?.decision.rule).toBe("stop-loss");
  });

  it("backs off between exits that come to nothing, and cries after five", () => {
    const slot = market(held(), -1.0, 12);
    for (let attempt = 1; attempt <= 6; attempt += 1) {
      slot.hear(ended(ref(slot), 0, "rejected")).wait(31_000);
      expect(slot.state).toBe("open.exiting.working");
    }
    expect(slot.params("spawn")).toHaveLength(7);
    expect(slot.raised.filter(({ key }) => key === `${PATH}/stuck/1`)).toHaveLength(1);
  });

  it("sends no exit between sessions, and the rest in the morning", () => {
    const slot = held();
    slot.now = instantOf(DAY, 15 * 60 + 59);
    market(slot, -1.0, 12);
    slot.wait(instantOf(DAY, 16 * 60) - slot.now).hear(ended(ref(slot), 0, "expired"));
    slot.wait(17 * 3_600_000);
    expect(slot.state).toBe("open.exiting.asleep");
    expect(slot.params("spawn")).toHaveLength(1);
    slot.wait(3_600_000);
    expect(slot.state).toBe("open.exiting.working");
    expect(slot.params("spawn")[1].input.intent.intentId).toBe("20261124-s1-3");
  });

  it("goes on exiting while the engine is halted", () => {
    const slot = market(held(), -1.0, 12);
    slot.hear({ type: "mode.changed", mode: "halted", reason: "" }, ended(ref(slot), 0)).wait(2_000);
    expect(slot.state).toBe("open.exiting.working");
  });

  it("adds a fill that came after its entry had ended, once all its legs are in", () => {
    const slot = held(1);
    const entry = slot.context.refs[0] as string;
    const late = fills(entry, 1);
    slot.hear(...late.slice(0, 2));
    expect(slot.state).toBe("counting");
    slot.hear(...late.slice(2));
    expect(slot.state).toBe("open.holding.watching");
    expect(slot.facts("slot.opened")).toHaveLength(0);
    market(slot, -1.0, 12);
    expect(slot.params("spawn")[0].input.intent.quantity).toBe(2);
  });

  it("withdraws an exit that an earlier one made too large", () => {
    const slot = market(held(), -1.0, 12);
    const first = ref(slot);
    slot.hear(ended(first, 0)).wait(1_000);
    const [late] = fills(first, 1, { direction: -1 });
    slot.hear(late as NonNullable<typeof late>);
    expect(slot.told("order/20261123/s1-3")[0]).toMatchObject({ type: "order.abandon" });
  });

  it("is quarantined by a fill that is nobody's, also when free, and only then books on", () => {
    const slot = idle();
    const stray = fills("caretaker/5f2c81aa/20261123-s1-99", 1);
    slot.hear(...stray);
    expect(slot.state).toBe("quarantined");
    expect(slot.raised).toHaveLength(1);
    expect(Object.keys(slot.context.ledger.fills)).toHaveLength(4);
    slot.hear(intended);
    expect(slot.params("spawn")).toEqual([]);
    expect(slot.told(STRATEGY)[0]).toMatchObject({ type: "slot.freed" });
    expect(slot.told(address.riskGate)).toEqual([]);
  });

  it("knows a repeated execution of an earlier position", () => {
    const slot = held();
    market(slot, -1.0, 12);
    const exit = fills(ref(slot), 2, { direction: -1 });
    slot.hear(...exit, ended(ref(slot), 2)).wait(10_000);
    expect(slot.state).toBe("free");
    slot.hear(...exit);
    expect(slot.state).toBe("free");
  });
});
