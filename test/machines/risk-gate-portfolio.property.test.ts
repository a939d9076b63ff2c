/** The gate measures the whole portfolio: what it lets in never makes a breached limit worse, and a breach is told to whom it concerns. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { PortfolioLimits } from "../../src/domain/config.ts";
import { NO_GREEKS, type PositionGreeks } from "../../src/domain/risk/greeks.ts";
import { counted, limitOf, PORTFOLIO_MEASURES, portfolioOf } from "../../src/domain/risk/portfolio.ts";
import { money, price } from "../../src/domain/units.ts";
import { riskGateMachine } from "../../src/machines/risk-gate.machine.ts";
import { type Given, given } from "../support/given.ts";
import { ENGINE, NOON } from "../support/quoted-chain.ts";
import { underlyingTold } from "../support/weather.ts";

const LIMITS: PortfolioLimits = {
  betas: { SPY: 1, QQQ: 1.065 },
  maxDeltaPer100k: 200,
  maxGammaPer100k: 500,
  maxThetaPctPerDay: 0.3,
  maxVegaLossPct: 5,
};
const EQUITY = money(100_000);
const CONFIG = {
  ...ENGINE,
  limits: {
    ...ENGINE.limits,
    slots: 4,
    maxLossPerPositionPct: 5,
    maxLossTotalPct: 20,
    maxLossPerSymbolPct: 6,
    maxLossPerGroupPct: 8,
    groups: [["SPY", "QQQ"]],
    portfolio: LIMITS,
  },
};
type Gate = Given<typeof riskGateMachine>;
const truth = {
  type: "reconciliation.completed",
  epoch: 1,
  startedAt: NOON,
  orders: [],
  discrepancies: [],
  netLiquidation: EQUITY,
};
const open = (): Gate =>
  given(riskGateMachine, { config: CONFIG }, NOON).hear(
    truth,
    { type: "mode.changed", mode: "trading", reason: "" },
    { ...spy(500) },
  );
const spy = (dollars: number | null) => ({ ...underlyingTold({ spot: dollars === null ? null : price(dollars) }) });
const wish = (strategy: string, greeks: PositionGreeks | undefined, more = {}) => ({
  type: "slot.requested",
  replyTo: strategy,
  strategy,
  symbol: "SPY",
  maxLoss: money(100),
  quantity: 1,
  spot: price(500),
  ...(greeks === undefined ? {} : { greeks }),
  ...more,
});
const answer = (gate: Gate, to: string) => gate.told(to).at(-1);
const greeksOf = (most: number): fc.Arbitrary<PositionGreeks> => {
  const number = (scale: number) => fc.double({ min: -most * scale, max: most * scale, noNaN: true });
  return fc.record({ deltaShares: number(150), gammaShares: number(40), thetaUsd: number(200), vegaUsd: number(300) });
};
const portfolio = ({ context }: Gate) => {
  const summed = portfolioOf(Object.values(context.occupied), { equity: EQUITY, spySpot: price(500), limits: LIMITS });
  return summed.known ? summed.portfolio : undefined;
};

describe("the gate and the portfolio", () => {
  test("no entry makes a limit that is breached afterwards any worse, whatever was held before", () => {
    fc.assert(
      fc.property(fc.array(greeksOf(1), { minLength: 1, maxLength: 4 }), (wishes) => {
        const gate = open();
        wishes.forEach((greeks, n) => {
          const before = portfolio(gate);
          gate.hear(wish(`strategy/${n}`, greeks));
          const after = portfolio(gate);
          for (const measure of PORTFOLIO_MEASURES) {
            if (before === undefined || after === undefined) throw new Error("all of it is known");
            if (counted(after, measure) > limitOf(LIMITS, measure))
              expect(counted(after, measure)).toBeLessThanOrEqual(counted(before, measure));
          }
        });
      }),
    );
  });

  test("orders that still work count as filled, until they are released", () => {
    const gate = open();
    gate.hear(wish("strategy/a", { ...NO_GREEKS, deltaShares: 150 }), wish("strategy/b", { ...NO_GREEKS, deltaShares: 150 }));
    expect(answer(gate, "strategy/a")).toMatchObject({ type: "slot.granted" });
    expect(answer(gate, "strategy/b")).toMatchObject({
      type: "entry.denied",
      denial: { reason: "portfolioDelta", actual: 300, limit: 200 },
    });
    gate.hear({ type: "slot.released", slot: "slot/s1" }, wish("strategy/b", { ...NO_GREEKS, deltaShares: 150 }));
    expect(answer(gate, "strategy/b")).toMatchObject({ type: "slot.granted" });
  });

  test("what cannot be measured is denied, unless the strategy's configuration lets it pass: then the gate says what was missing", () => {
    const gate = open();
    gate.hear(wish("strategy/a", undefined));
    expect(answer(gate, "strategy/a")).toMatchObject({ denial: { reason: "portfolioUnknown", unit: "the Greeks of SPY" } });
    gate.hear(wish("strategy/a", undefined, { portfolioWhenUnknown: "skip" }));
    expect(answer(gate, "strategy/a")).toMatchObject({ type: "slot.granted", unmeasured: "the Greeks of SPY" });
    const blind = open().hear(spy(null));
    blind.hear(wish("strategy/a", { ...NO_GREEKS, deltaShares: 1 }));
    expect(answer(blind, "strategy/a")).toMatchObject({ denial: { unit: "the price of SPY" } });
  });

  test("losses add up by symbol and by group, and a loss without a bound is denied unless allowed", () => {
    const gate = open();
    const with3500 = (strategy: string, symbol: string) => wish(strategy, NO_GREEKS, { symbol, maxLoss: money(3_500) });
    gate.hear(
      with3500("strategy/a", "SPY"),
      with3500("strategy/b", "SPY"),
      with3500("strategy/c", "QQQ"),
      with3500("strategy/d", "QQQ"),
    );
    expect(answer(gate, "strategy/a")).toMatchObject({ type: "slot.granted" });
    expect(answer(gate, "strategy/b")).toMatchObject({ denial: { reason: "maxLossPerSymbol", actual: 7, limit: 6 } });
    expect(answer(gate, "strategy/c")).toMatchObject({ type: "slot.granted" });
    expect(answer(gate, "strategy/d")).toMatchObject({ denial: { reason: "maxLossPerSymbol" } });
    gate.hear(wish("strategy/e", NO_GREEKS, { symbol: "QQQ", maxLoss: money(1_500) }));
    expect(answer(gate, "strategy/e")).toMatchObject({ denial: { reason: "maxLossPerGroup", actual: 8.5, limit: 8 } });
    gate.hear(wish("strategy/f", NO_GREEKS, { symbol: "IWM", undefinedRisk: true }));
    expect(answer(gate, "strategy/f")).toMatchObject({ denial: { reason: "undefinedRisk" } });
    const allowed = { ...CONFIG, limits: { ...CONFIG.limits, allowUndefinedRisk: true } };
    gate.hear({ type: "run.resumed", config: allowed }, wish("strategy/f", NO_GREEKS, { symbol: "IWM", undefinedRisk: true }));
    expect(answer(gate, "strategy/f")).toMatchObject({ type: "slot.granted" });
  });

  test("a symbol in two groups counts in both, in whatever order they are configured", () => {
    const groups = [
      ["SPY", "IWM"],
      ["SPY", "QQQ"],
    ];
    for (const ordered of [groups, groups.toReversed()]) {
      const gate = open().hear({ type: "run.resumed", config: { ...CONFIG, limits: { ...CONFIG.limits, groups: ordered } } });
      gate.hear(wish("strategy/a", NO_GREEKS, { symbol: "QQQ", maxLoss: money(5_000) }));
      gate.hear(wish("strategy/b", NO_GREEKS, { symbol: "SPY", maxLoss: money(3_500) }));
      expect(answer(gate, "strategy/b")).toMatchObject({ denial: { reason: "maxLossPerGroup", actual: 8.5 } });
    }
  });

  test("a breach is told once to the slot that adds most, with its beginning, and its cure as well", () => {
    const gate = open();
    gate
      .hear(wish("strategy/a", { ...NO_GREEKS, deltaShares: 60 }), wish("strategy/b", { ...NO_GREEKS, deltaShares: 50 }))
      .quiet();
    const valued = (slot: string, deltaShares: number) => ({
      type: "exposure.valued",
      slot,
      symbol: "SPY",
      greeks: { ...NO_GREEKS, deltaShares },
      spot: price(500),
    });
    gate.hear(valued("slot/s1", 90), valued("slot/s2", 130));
    const since = gate.now;
    expect(gate.told("slot/s1")).toEqual([]);
    expect(gate.told("slot/s2")).toEqual([
      { type: "portfolio.breached", limit: "delta", actual: 220, allowed: 200, unit: "shares of SPY per 100,000 USD", since },
    ]);
    gate.wait(60_000).hear(valued("slot/s2", 140));
    expect(gate.told("slot/s2")).toHaveLength(1);
    expect(gate.context.breached?.since).toBe(since);
    gate.quiet().hear(valued("slot/s1", 190));
    expect(gate.told("slot/s2")).toMatchObject([{ limit: null }]);
    // Another adds most now; the limit has been breached since then all the same.
    expect(gate.told("slot/s1")).toMatchObject([{ limit: "delta", since }]);
    gate.quiet().hear({ type: "slot.released", slot: "slot/s1" });
    expect(gate.told("slot/s1")).toMatchObject([{ limit: null }]);
    expect(gate.context.breached).toBeNull();
  });

  const twins = (): {
    readonly gate: Gate;
    readonly since: number;
    readonly value: (slot: string, delta: number | null) => Gate;
  } => {
    const gate = open();
    gate
      .hear(wish("strategy/a", { ...NO_GREEKS, deltaShares: 60 }), wish("strategy/b", { ...NO_GREEKS, deltaShares: 50 }))
      .quiet();
    const value = (slot: string, deltaShares: number | null) =>
      gate.hear({
        type: "exposure.valued",
        slot,
        symbol: "SPY",
        greeks: deltaShares === null ? null : { ...NO_GREEKS, deltaShares },
        spot: price(500),
      });
    value("slot/s1", 110);
    value("slot/s2", 115);
    return { gate, since: gate.now, value };
  };
  test("two that add nearly as much do not pass a breach to and fro: it grows old with one of them", () => {
    const { gate, since, value } = twins();
    expect(gate.told("slot/s2")).toMatchObject([{ limit: "delta", since }]);
    for (let n = 1; n <= 40; n += 1) {
      gate.wait(5_000);
      value("slot/s1", n % 2 === 0 ? 110 : 119);
    }
    expect(gate.told("slot/s2")).toHaveLength(1);
    expect(gate.told("slot/s1")).toEqual([]);
    expect(gate.context.breached).toMatchObject({ slot: "slot/s2", since });
  });
  test("a value that is missing for a moment cures no breach, and one that stays missing for a minute leaves nothing to say", () => {
    const { gate, since, value } = twins();
    gate.quiet().wait(20_000);
    value("slot/s1", null);
    gate.wait(20_000).hear(spy(null));
    expect(gate.told("slot/s2")).toEqual([]);
    gate.wait(20_000).hear(spy(500));
    value("slot/s1", 110);
    expect(gate.told("slot/s2")).toEqual([]);
    expect(gate.context.breached).toMatchObject({ slot: "slot/s2", since });
    value("slot/s1", null);
    gate.wait(61_000).hear(spy(500));
    expect(gate.told("slot/s2")).toMatchObject([{ limit: null, unknown: "the Greeks of SPY" }]);
  });

  test("a roll is measured by what it makes of its slot, and denied when nobody can tell", () => {
    const gate = open();
    gate.hear(wish("strategy/a", { ...NO_GREEKS, deltaShares: 20 }));
    const approval = (orderRef: string, purpose: string, greeks?: PositionGreeks) => ({
      type: "approval.requested",
      replyTo: orderRef,
      orderRef,
      slot: "slot/s1",
      reducing: false,
      purpose,
      maxLoss: money(100),
      quantity: 1,
      initialMarginAfter: money(1_000),
      ...(greeks === undefined ? {} : { greeks }),
    });
    gate.hear(approval("entry", "entry"), {
      type: "exposure.released",
      orderRef: "entry",
      slot: "slot/s1",
      heldMaxLoss: money(100),
    });
    expect(answer(gate, "entry")).toMatchObject({ type: "order.approved" });
    gate.hear(approval("r1", "roll", { ...NO_GREEKS, deltaShares: 260 }), approval("r2", "roll"));
    expect(answer(gate, "r1")).toMatchObject({ denial: { reason: "portfolioDelta", actual: 260, limit: 200 } });
    expect(answer(gate, "r2")).toMatchObject({ denial: { reason: "portfolioUnknown" } });
    gate.hear(approval("r3", "roll", { ...NO_GREEKS, deltaShares: 60 }));
    expect(answer(gate, "r3")).toMatchObject({ type: "order.approved" });
  });

  test("an entry or a roll that says it only reduces is measured like any other", () => {
    const gate = open();
    for (const purpose of ["entry", "roll"]) {
      const asked = { orderRef: purpose, slot: "slot/s1", reducing: true, purpose, maxLoss: money(100), quantity: 1 };
      gate.hear({ type: "approval.requested", replyTo: "order/x", ...asked });
      expect(answer(gate, "order/x")).toMatchObject({ type: "order.denied", denial: { reason: "noFreeSlot" } });
    }
  });

  test("values of a slot that holds nothing change nothing", () => {
    const gate = open();
    gate.hear({
      type: "exposure.valued",
      slot: "slot/s3",
      symbol: "SPY",
      greeks: { ...NO_GREEKS, deltaShares: 9_999 },
      spot: price(500),
    });
    expect(gate.context.occupied).toEqual({});
    expect(gate.context.breached).toBeNull();
  });
});
