/** A position of which a part is closed, and one that is put into a later expiry. */
import { describe, expect, it } from "vitest";
import { address, topic } from "../../src/domain/address.ts";
import { nextSession } from "../../src/domain/calendar/market-calendar.ts";
import { reversed } from "../../src/domain/contract.ts";
import { price } from "../../src/domain/units.ts";
import { ENGINE, NOON, VIX } from "../support/quoted-chain.ts";
import { CONDOR, candidateOf, Desk, EARLY, FORCED, later, PATH, VERTICAL, WINDOW } from "../support/slot-desk.ts";
import { regimeTold } from "../support/weather.ts";

/** Sold at 1.90 (2.00 less the concession): 30 % of it is earned when it costs 1.33, half when it costs 0.95. */
const bullPut = (quantity: number, more = {}) => candidateOf(VERTICAL, quantity, 2, more);
const PART = 1.3;

describe("a part is closed", () => {
  it("half of it, once, and the rest is held with the same share of profit", () => {
    const desk = Desk.holding(bullPut(4), EARLY).market(PART, 14);
    expect(desk.slot.state).toBe("open.reducing.working");
    const { intent } = desk.last as NonNullable<typeof desk.last>;
    expect(intent).toMatchObject({ purpose: "reduce", quantity: 2, reducing: true, urgency: "normal", maxLoss: 0 });
    expect(intent.legs).toEqual(reversed(VERTICAL));
    const before = desk.slot.facts("slot.marked").at(-1).profitShare;
    desk.done(2).market(PART, 30);
    expect(desk.slot.state).toBe("open.holding.watching");
    expect(desk.slot.facts("slot.reduced")).toEqual([
      { type: "slot.reduced", slot: PATH, symbol: "SPY", rule: "take-profit", closed: 2, units: 2 },
    ]);
    expect(desk.slot.facts("slot.marked").at(-1).profitShare).toBe(before);
    expect(desk.purposes).toEqual(["entry", "reduce"]);
  });
  it.each([
    [1, 0],
    [2, 1],
    [3, 1],
    [5, 2],
  ])("of %i units %i are closed", (held, closed) => {
    const desk = Desk.holding(bullPut(held), EARLY).market(PART, 14);
    expect(desk.slot.params("spawn").map(({ input }) => input.intent.quantity)).toEqual(closed === 0 ? [] : [closed]);
  });
  it("never all of it, whatever share is configured", () => {
    const takeProfit = { ...ENGINE.rules.takeProfit, partialClosePct: 100 };
    const desk = Desk.holding(bullPut(3), EARLY, undefined, { ...ENGINE, rules: { ...ENGINE.rules, takeProfit } });
    expect(desk.market(PART, 14).last?.intent).toMatchObject({ purpose: "reduce", quantity: 2 });
  });
  it("tries a few times without a fill, then waits for the next session and says so", () => {
    const desk = Desk.holding(bullPut(4), EARLY);
    for (let n = 0; n < 10; n += 1) {
      desk.market(PART, 45);
      if (desk.slot.state === "open.reducing.working") desk.end();
    }
    expect(desk.slot.params("spawn")).toHaveLength(5);
    expect(desk.slot.raised.filter(({ title }) => title === "Cannot reduce")).toHaveLength(1);
    desk.slot.now = nextSession(EARLY).open + 600_000;
    desk.market(PART, 14);
    expect(desk.slot.params("spawn")).toHaveLength(6);
  });
  it("a more severe rule withdraws it, and exits what is left only when it has ended", () => {
    const desk = Desk.holding(bullPut(4), EARLY).market(PART, 14).fill(1).market(8, 14);
    expect(desk.slot.state).toBe("open.reducing.withdrawing");
    expect(desk.slot.params("spawn")).toHaveLength(1);
    expect(desk.slot.told(`order/20261123/s1-2`)).toMatchObject([{ type: "order.abandon" }]);
    desk.end().market(8, 3);
    expect(desk.slot.state).toBe("open.exiting.working");
    expect(desk.last?.intent).toMatchObject({ purpose: "exit", quantity: 3, urgency: "immediate" });
  });
});

describe("a position is rolled", () => {
  it("asks its strategy in the window, and sends one order of four legs for no less than a credit that pays the commissions", () => {
    const desk = Desk.holding(bullPut(2), WINDOW).market(1.9, 14);
    expect(desk.slot.state).toBe("open.rolling.seeking.waiting");
    expect(desk.slot.told(address.strategy("spy"))).toEqual([
      { type: "roll.requested", slot: PATH, legs: VERTICAL, quantity: 2 },
    ]);
    desk.offer(1.9);
    const { intent } = desk.last as NonNullable<typeof desk.last>;
    expect(intent).toMatchObject({
      purpose: "roll",
      quantity: 2,
      reducing: false,
      legs: [...reversed(VERTICAL), ...later(VERTICAL)],
    });
    // Four contracts at 0.65 are 0.026 a share: less than a credit of 0.03 leaves nothing.
    expect(intent.worstPrice).toBe(price(-0.03));
    expect(intent.maxLoss).toBe(2 * candidateOf(later(VERTICAL), 1, 2.5).unitMaxLoss);
    const lines = desk.slot.told(address.lines).filter(({ type }) => type === "line.requested");
    expect(lines.map(({ contract, priority }) => [contract.conId, priority])).toEqual(
      later(VERTICAL).map(({ contract }) => [contract.conId, 1]),
    );
  });
  it("is another position once it is filled: a new base, new latches, the loss of the old one kept", () => {
    const desk = Desk.holding(bullPut(2), WINDOW).market(2.2, 14, 0.8).offer(2.2, 0.8);
    desk.fill(2).charge().end();
    expect(desk.slot.state).toBe("open.holding.watching");
    const [rolled] = desk.slot.facts("slot.rolled");
    expect(rolled).toMatchObject({ from: VERTICAL, legs: later(VERTICAL), quantity: 2, net: price(-0.03) });
    expect(rolled.campaignLoss).toBe(Math.max(0, -rolled.profit));
    expect(desk.slot.context).toMatchObject({ campaign: { loss: rolled.campaignLoss, rolls: 1 }, reducedUnits: 0, next: null });
    expect(desk.slot.context.candidate?.legs).toEqual(later(VERTICAL));
    expect(desk.slot.told(address.predictions)).toMatchObject([
      { type: "prediction.settled", outcome: { won: rolled.profit > 0 } },
    ]);
    const released = desk.slot.told(address.lines).filter(({ type }) => type === "line.released");
    expect(released.map(({ conId }) => conId)).toEqual(VERTICAL.map(({ contract }) => contract.conId));
    expect(desk.slot.told(address.strategy("spy")).filter(({ type }) => type === "slot.freed")).toEqual([]);
  });
  it("holds when the strategy has no offer, or none that pays, and does not ask again at once", () => {
    for (const answer of ["declined", "dear", "late"]) {
      const desk = Desk.holding(bullPut(2), WINDOW).market(1.9, 14);
      if (answer === "declined") desk.hear({ type: "roll.declined", slot: PATH, reason: "nothing listed" });
      if (answer === "dear") desk.offer(1.9, 0.1);
      if (answer === "late") desk.market(1.9, 500);
      expect(desk.slot.facts("roll.declined")).toHaveLength(1);
      desk.market(1.9, 60);
      expect([desk.slot.state, desk.asked, desk.slot.params("spawn")]).toEqual(["open.holding.watching", 1, []]);
      desk
        .market(1.9, 3)
        .wait(30 * 60_000)
        .market(1.9, 14);
      expect(desk.asked).toBe(2);
    }
  });
  it("closes when a roll was due and there is none", () => {
    for (const answer of ["declined", "dear", "unfilled"]) {
      const desk = Desk.holding(bullPut(2), FORCED).market(1.9, 14);
      if (answer === "declined") desk.hear({ type: "roll.declined", slot: PATH, reason: "nothing listed" });
      if (answer === "dear") desk.offer(1.9, 0.1);
      if (answer === "unfilled") desk.offer(1.9).end(undefined, "the price ladder ran out");
      expect(desk.slot.facts("roll.declined")).toHaveLength(1);
      expect(desk.slot.state).toBe("open.exiting.working");
      expect(desk.last?.intent).toMatchObject({ purpose: "exit", quantity: 2, urgency: "high" });
      expect(desk.slot.context.exit?.decision.rule).toBe("dte-roll");
    }
  });
  it("holds in the window when the roll was not filled, and lets go of the lines of the new legs", () => {
    const desk = Desk.holding(bullPut(2), WINDOW).market(1.9, 14).offer(1.9).end(undefined, "the price ladder ran out");
    expect(desk.slot.state).toBe("open.holding.watching");
    expect(desk.slot.facts("roll.declined")).toMatchObject([{ reason: "the price ladder ran out" }]);
    const released = desk.slot.told(address.lines).filter(({ type }) => type === "line.released");
    expect(released.map(({ conId }) => conId)).toEqual(later(VERTICAL).map(({ contract }) => contract.conId));
    expect(desk.market(1.9, 30).asked).toBe(1);
  });
  it("closes at once what a roll filled in part has left, and goes on with what it has opened", () => {
    const desk = Desk.holding(bullPut(3), WINDOW).market(1.9, 14).offer(1.9).fill(1).end();
    expect(desk.slot.state).toBe("open.exiting.working");
    expect(desk.last?.intent).toMatchObject({ purpose: "exit", quantity: 2, urgency: "high", legs: reversed(VERTICAL) });
    expect(desk.slot.facts("slot.rolled")).toEqual([]);
    desk.done(2);
    expect(desk.slot.state).toBe("open.holding.watching");
    expect(desk.slot.facts("slot.rolled")).toMatchObject([{ quantity: 1 }]);
    expect([desk.held(VERTICAL), desk.held(later(VERTICAL))]).toEqual([
      [0, 0],
      [1, 1],
    ]);
    expect(desk.slot.context.exit).toBeNull();
  });
  it("a fill that comes after its roll had ended without one makes it the new position all the same", () => {
    const desk = Desk.holding(bullPut(2), WINDOW).market(1.9, 14).offer(1.9);
    const roll = desk.last;
    desk.end().fill(1, roll);
    expect(desk.slot.state).toBe("open.exiting.working");
    expect(desk.last?.intent).toMatchObject({ quantity: 1, legs: reversed(VERTICAL) });
    desk.done(1);
    expect(desk.slot.context.candidate?.legs).toEqual(later(VERTICAL));
  });
  it("drops the search at once for a more severe rule, and a roll at work only when it has ended", () => {
    const seeking = Desk.holding(bullPut(2), WINDOW).market(1.9, 14).market(8, 14);
    expect(seeking.slot.state).toBe("open.exiting.working");
    expect(seeking.offer(8).slot.params("spawn")).toHaveLength(1);

    const working = Desk.holding(bullPut(2), WINDOW).market(1.9, 14).offer(1.9).market(8, 14);
    expect(working.slot.state).toBe("open.rolling.withdrawing");
    expect(working.slot.params("spawn")).toHaveLength(1);
    working.end();
    expect(working.slot.state).toBe("open.exiting.working");
    expect(working.last?.intent).toMatchObject({ purpose: "exit", urgency: "immediate", legs: reversed(VERTICAL) });
  });
  it("rolls what is left after a reduction, and the new position may be reduced again", () => {
    const desk = Desk.holding(bullPut(4), WINDOW).market(PART, 14).done(2).market(1.9, 14).offer(1.9);
    expect(desk.last?.intent).toMatchObject({ purpose: "roll", quantity: 2 });
    desk.done(2);
    expect(desk.slot.context).toMatchObject({ reducedUnits: 0, reductions: [], reduceRest: null, rollRest: null });
    // The roll's new legs brought 3.13 a unit: a third of it is earned at 2.00 (the desk quotes them 0.60 above).
    desk.market(1.4, 14);
    expect(desk.last?.intent).toMatchObject({ purpose: "reduce", quantity: 1, legs: reversed(later(VERTICAL)) });
  });
  it("withdraws a roll that a late fill of an earlier order has made too large", () => {
    const desk = Desk.holding(bullPut(2), WINDOW).market(PART, 14);
    const reduction = desk.last;
    desk.end().quote(1.9).market(1.9, 14).offer(1.9);
    expect(desk.last?.intent.purpose).toBe("roll");
    desk.fillLeg(reduction as NonNullable<typeof reduction>, 0, 1);
    expect(desk.slot.told("order/20261216/s1-3")).toMatchObject([{ type: "order.abandon" }]);
  });
  it("is quarantined when the legs of a roll stay out of ratio", () => {
    const desk = Desk.holding(bullPut(2), WINDOW).market(1.9, 14).offer(1.9);
    desk
      .fillLeg(desk.last as NonNullable<typeof desk.last>, 0, 1)
      .end()
      .wait(5_000);
    expect(desk.slot.state).toBe("quarantined");
  });
  it("closes a condor whose roll would pay, and tells its strategy to enter again with what the campaign has lost", () => {
    const desk = Desk.holding(candidateOf(CONDOR, 1, 2), WINDOW)
      .market(2.4, 14)
      .offer(2.4, 0.9);
    expect(desk.slot.state).toBe("open.exiting.working");
    desk.done(1);
    const told = desk.slot.told(address.strategy("spy")).slice(1);
    const [closed] = desk.slot.facts("slot.closed");
    expect(closed).toMatchObject({ rule: "dte-roll", kind: "iron-condor", regime: "normal" });
    expect(told).toEqual([
      { type: "campaign.continued", slot: PATH, campaign: { loss: Math.max(0, -closed.profit), rolls: 1 } },
      { type: "slot.freed", slot: PATH, reason: "dte-roll" },
    ]);
  });
  it("does not roll while the engine does not trade", () => {
    const desk = Desk.holding(bullPut(2), FORCED).hear({ type: "mode.changed", mode: "reducing", reason: "" }).market(1.9, 14);
    expect([desk.asked, desk.slot.state]).toEqual([0, "open.exiting.working"]);
    expect(desk.slot.facts("roll.declined")).toMatchObject([{ reason: "the engine does not trade" }]);
  });
  it("withdraws a roll at work when the engine is halted, and holds what it has", () => {
    const desk = Desk.holding(bullPut(2), WINDOW).market(1.9, 14).offer(1.9);
    desk.hear({ type: "mode.changed", mode: "halted", reason: "operator" });
    expect(desk.slot.told("order/20261216/s1-2")).toMatchObject([{ type: "order.abandon" }]);
    desk.end();
    expect([desk.slot.state, desk.held(VERTICAL)]).toEqual(["open.holding.watching", [2, 2]]);
  });
  it("refuses what does not fit: the same expiry, a contract it has, another underlying, commissions that nobody has told", () => {
    const refused = (desk: Desk, offer: (desk: Desk) => void): string => {
      offer(desk.market(1.9, 14));
      return desk.slot.facts("roll.declined").at(-1)?.reason;
    };
    const holding = () => Desk.holding(bullPut(2), WINDOW);
    expect(refused(holding(), (desk) => desk.offer(1.9, 0.6, VERTICAL))).toContain("has traded");
    const same = VERTICAL.map((one) => ({ ...one, contract: { ...one.contract, conId: one.contract.conId + 3 } }));
    expect(refused(holding(), (desk) => desk.offer(1.9, 0.6, same))).toContain("expires");
    expect(refused(holding(), (desk) => desk.offer(1.9, 0.6, later(VERTICAL), { underlying: VIX }))).toContain("underlying");
    const unpaid = new Desk(bullPut(2), WINDOW).enter().fill(2).end();
    expect(refused(unpaid, (desk) => desk.offer(1.9))).toContain("commission");
  });
});

describe("what it hears of the weather", () => {
  it("asks when a position begins, after a restart and with a new session, and not when it holds nothing", () => {
    const asks = (desk: Desk) =>
      [...desk.slot.told(address.regime), ...desk.slot.told(address.underlying("SPY"))].map(({ type }) => type);
    const both = ["regime.asked", "underlying.asked"];
    const desk = new Desk(bullPut(1), EARLY);
    desk.hear({ type: "session.readied", epoch: 1, account: "DU1", clientId: 1 });
    expect(asks(desk)).toEqual([]);
    desk.enter();
    expect(asks(desk)).toEqual(both);
    expect(desk.slot.params("listen").flatMap(({ topics }) => topics)).toEqual(
      expect.arrayContaining([topic.regime, topic.underlying("SPY"), topic.quote(VIX.conId)]),
    );
    desk.done(1).slot.quiet();
    desk.hear({ type: "session.readied", epoch: 2, account: "DU1", clientId: 1 });
    desk.hear({ type: "run.resumed", config: desk.slot.context.engine });
    expect(asks(desk).sort()).toEqual([...both, ...both].sort());
  });
  it("follows the VIX that the regime's teller knows, when its candidate names none", () => {
    const { vix: _none, ...candidate } = bullPut(1);
    const desk = new Desk(candidate, EARLY).enter();
    const wanted = desk.slot.told(address.lines).filter(({ type }) => type === "line.requested");
    expect(wanted.at(-1)).toMatchObject({ contract: VIX, priority: 2 });
    desk.hear(regimeTold());
    expect(desk.slot.told(address.lines).filter(({ contract }) => contract?.conId === VIX.conId)).toHaveLength(1);
  });
  it("a stale VIX makes the rule that needs it unknown, by name", () => {
    const desk = Desk.holding(bullPut(1), EARLY).market(1.9, 4);
    const traced = (rule: string) => desk.slot.context.sight?.trace.find((one: { readonly rule: string }) => one.rule === rule);
    expect(traced("vix-exit")?.verdict).toBe("passed");
    for (let n = 0; n < 16; n += 1) desk.wait(4_000).spot();
    desk.wait(2_000).spot();
    expect(traced("vix-exit")).toMatchObject({ verdict: "unknown", missing: [expect.stringContaining("VIX stale")] });
  });
  it("tells the gate at most every ten seconds what it is worth in Greeks", () => {
    const desk = Desk.holding(bullPut(2), EARLY).market(1.9, 60);
    const told = desk.slot.told(address.riskGate).filter(({ type }) => type === "exposure.valued");
    expect(told.length).toBeGreaterThanOrEqual(5);
    expect(told.length).toBeLessThanOrEqual(7);
    expect(told.at(-1)).toMatchObject({ slot: PATH, symbol: "SPY", spot: price(600), greeks: { vegaUsd: expect.any(Number) } });
    expect(desk.slot.facts("slot.marked").at(-1).greeks).toEqual(told.at(-1).greeks);
  });
  it("shows its rules how long the portfolio has been in breach", () => {
    const desk = Desk.holding(bullPut(2), EARLY).market(1.9, 3);
    const breach = { type: "portfolio.breached", limit: "delta", actual: 300, allowed: 200, unit: "shares", since: NOON };
    desk.hear({ ...breach, since: desk.slot.now - 299_000 }).market(1.9, 14);
    expect(desk.slot.context.exit?.decision.rule ?? "").toBe("delta-risk");
  });
});
