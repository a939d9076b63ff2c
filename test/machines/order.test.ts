/** The order saga alone, told what it must not believe and what it must not forget. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { instantOf } from "../../src/domain/calendar/new-york.ts";
import { reversed } from "../../src/domain/contract.ts";
import type { OrderIntent } from "../../src/domain/events/actors.ts";
import { type EpochMs, moneyUnits, price } from "../../src/domain/units.ts";
import { orderMachine } from "../../src/machines/order.machine.ts";
import { type Given, given } from "../support/given.ts";
import { DAY, ENGINE, leg, NOON, twoSided } from "../support/quoted-chain.ts";

const LEGS = [leg(590, "P", -1), leg(585, "P", 1)];
const QUOTES = [twoSided(590002, 3.45, 3.55), twoSided(585002, 1.95, 2.05)];
const REF = "caretaker/5f2c81aa/20261123-s1-1";
type Saga = Given<typeof orderMachine>;

const saga = (
  purpose: OrderIntent["purpose"] = "exit",
  more: Partial<OrderIntent> = {},
  quotes = QUOTES,
  now: EpochMs = NOON,
): Saga =>
  given(
    orderMachine,
    {
      path: "order/20261123/s1-1",
      intent: {
        intentId: "20261123-s1-1",
        orderRef: REF,
        owner: "slot/s1",
        purpose,
        symbol: "SPY",
        legs: purpose === "entry" ? LEGS : reversed(LEGS),
        quantity: 2,
        urgency: "high",
        reducing: purpose !== "entry",
        maxLoss: moneyUnits(purpose === "entry" ? 8_000_000 : 0),
        tick: price(0.01),
        width: price(5),
        ...more,
      },
      config: ENGINE,
      quotes,
      now,
    },
    now,
  );
const IDS = { type: "orderId.assigned", orderId: 12, whatIfId: 11, epoch: 3, account: "DU1", clientId: 7 };
const approved = (order: Saga) => ({
  type: "order.approved",
  approval: { id: "a1", approvedAt: order.now, expiresAt: order.now + 5_000, reducing: true },
});
const sent = (order: Saga = saga()): Saga => order.hear(IDS, IDS).hear(approved(order));
const status = (word: string, filled = 0, more = {}) => ({
  type: "order.statusReported",
  epoch: 3,
  orderId: 12,
  clientId: 7,
  permId: 900,
  status: word,
  filled,
  remaining: 2 - filled,
  ...more,
});
const working = (order: Saga = saga()): Saga => sent(order).hear(status("Submitted"));
const LOST = { type: "session.unreadied", epoch: 3, reason: "the socket was closed" };
const record = (word: string, more = {}) => ({
  orderId: 12,
  clientId: 7,
  permId: 900,
  orderRef: REF,
  account: "DU1",
  action: "BUY",
  quantity: 2,
  status: word,
  limitPrice: price(1.5),
  contract: { conId: 0, secType: "BAG", symbol: "SPY", exchange: "SMART", currency: "USD", multiplier: 100 },
  ...more,
});
const truth = (startedAt: number, orders: readonly object[] = [], discrepancies: readonly object[] = []) => ({
  type: "reconciliation.completed",
  epoch: 4,
  startedAt,
  orders,
  discrepancies,
});
const execution = (leg: number, n = 1, revision = 1, shares = 2) => ({
  type: "execution.reported",
  epoch: 3,
  execution: {
    execId: `0000e0d5.65a1b2c3.${n}${leg}.0${revision}`,
    orderId: 12,
    clientId: 7,
    permId: 900,
    orderRef: REF,
    account: "DU1",
    contract: LEGS[leg]?.contract,
    side: leg === 0 ? "BOT" : "SLD",
    shares,
    price: price(1),
    cumulative: shares,
    at: NOON,
  },
});
const refused = (name: string, params: object = { modify: false }) => ({
  type: "effect.refused",
  effect: "1.1",
  name,
  params,
  reason: "no",
});

describe("an order in doubt", () => {
  test("believes no answer that was begun before it went out of sight", () => {
    const order = working().wait(1_000).hear(LOST);
    expect(order.state).toBe("unknown.asking");
    order.wait(2_000).hear(truth(order.now - 2_001, [record("Submitted")]));
    expect(order.state).toBe("unknown.asking");
    order.hear(truth(order.now - 1_999, [record("Submitted")]));
    expect(order.state).toBe("live.working.unfilled");
  });
  test("is not absent when the broker spoke of it after the question, or when positions in its legs differ (pain 22)", () => {
    const order = sent().hear(LOST).wait(1_000);
    const began = order.now;
    order.wait(1_000).hear(status("PreSubmitted"));
    expect(order.hear(truth(began)).state).toBe("unknown.asking");
    const differs = { kind: "missingThere", subject: "SPY 2027-01-08 590 P", ours: -2, theirs: 0 };
    const other = sent().hear(LOST).wait(1_000);
    expect(other.hear(truth(other.now, [], [differs])).state).toBe("unknown.asking");
    expect(other.hear(truth(other.now)).state).toBe("ended.notAtBroker");
  });
  test("that the broker has worked today is not believed gone when it is in no answer: it is over only in the completed orders", () => {
    const order = working().hear(LOST).wait(1_000);
    expect(order.hear(truth(order.now)).state).toBe("unknown.asking");
    order.wait(1_000);
    expect(order.hear(truth(order.now)).state).toBe("unknown.asking");
    order.wait(1_000);
    expect(order.hear(truth(order.now, [record("Cancelled", { orderId: 0, filled: 0 })])).state).toBe("ended.cancelled");
    const unseen = sent().hear(LOST).wait(1_000);
    expect(unseen.hear(truth(unseen.now)).state).toBe("ended.notAtBroker");
  });
  test("ends only when all that the broker counts is counted here", () => {
    const order = working().hear(LOST).wait(1_000);
    const over = truth(order.now, [record("Cancelled", { orderId: 0, filled: 1 })]);
    expect(order.hear(over).state).toBe("unknown.asking");
    order.hear(execution(0, 1, 1, 1), execution(1, 1, 1, 1));
    expect(order.hear(over).state).toBe("ended.cancelled");
    expect(order.told("slot/s1").at(-1)).toMatchObject({ type: "order.ended", filledUnits: 1 });
  });
  test("asks again, tells the operator when nobody answers, and sends nothing meanwhile", () => {
    const order = working().quiet().hear(LOST).wait(75_000);
    expect(order.told("reconciler").filter(({ type }) => type === "reconciliation.wanted").length).toBe(6);
    expect(order.raised).toMatchObject([{ severity: "critical", slot: "slot/s1", symbol: "SPY" }]);
    expect([...order.params("order.place"), ...order.params("order.cancel")]).toEqual([]);
    order
      .quiet()
      .wait(10)
      .hear(truth(order.now, [record("Submitted")]));
    expect(order.cleared).toEqual(["order/20261123-s1-1/unknown"]);
  });
  test("that cannot be priced says so, and takes it back when it can be", () => {
    const order = saga("exit", {}, []).hear(IDS);
    while (order.raised.length < 2) order.wait(1_000);
    expect(new Set(order.raised.map(({ key }) => key))).toEqual(new Set(["order/20261123-s1-1/unpriced"]));
    order.hear({ type: "order.abandon", reason: "enough" });
    expect(order.cleared).toContain("order/20261123-s1-1/unpriced");
  });
  test("remembers that it was given up, and goes on with the cancel when it is found alive", () => {
    const order = working().hear(LOST, { type: "order.abandon", reason: "enough" }).quiet();
    order.wait(10).hear(truth(order.now, [record("Submitted")]));
    expect(order.state).toBe("live.cancelling");
    expect(order.params("order.cancel")).toEqual([{ epoch: 4, orderId: 12, orderRef: REF }]);
  });
  test("that never left, as its own border says, ends unsent", () => {
    expect(sent().hear(LOST).hear(refused("order.place")).state).toBe("ended.cancelled");
    expect(working().hear(LOST).hear(refused("order.place")).state).toBe("unknown.asking");
  });
  test("doubts when a complete answer does not list what the broker had confirmed: its status was lost", () => {
    const order = working().wait(3_000);
    expect(order.hear(truth(order.now - 10, [record("Submitted")])).state).toBe("live.working.unfilled");
    expect(order.hear(truth(order.now - 10)).state).toBe("unknown.asking");
  });
});

describe("an order at work", () => {
  test("never mistakes another client's order of the same number for its own (pain 3)", () => {
    expect(sent().hear(status("Cancelled", 0, { clientId: 8, permId: 0 })).state).toBe("live.submitted");
    expect(working().hear(status("Cancelled", 0, { clientId: 8, permId: 5 })).state).toBe("live.working.unfilled");
  });
  test("keeps the old price when the new one is refused, however often it is said, and unknown codes change nothing", () => {
    const order = working();
    const old = order.context.limit;
    order.hear({ type: "order.escalate", urgency: "immediate" }).wait(5_001);
    expect(order.state).toBe("live.repricing");
    order.hear(approved(order));
    expect(order.context.limit).not.toBe(old);
    order.hear({ type: "order.errored", epoch: 3, orderId: 12, code: 110, text: "tick" });
    expect([order.state, order.context.limit]).toEqual(["live.working.unfilled", old]);
    for (const code of [399, 404, 2_150, 10_349, 77_777])
      order.hear({ type: "order.errored", epoch: 3, orderId: 12, code, text: "" });
    expect(order.state).toBe("live.working.unfilled");
    // A repetition is no rejection of the order itself: the books must say.
    expect(order.hear({ type: "order.errored", epoch: 3, orderId: 12, code: 110, text: "tick" }).state).toBe("unknown.asking");
  });
  test("reads nothing of its own into an error of its what-if", () => {
    expect(sent().hear({ type: "order.errored", epoch: 3, orderId: 11, code: 201, text: "late" }).state).toBe("live.submitted");
  });
  test("waits for executions that a Cancelled announces, and ends with them (pain 54)", () => {
    const order = working().hear(status("Cancelled", 2));
    expect(order.state).toBe("live.settling");
    order.hear(execution(0));
    expect(order.hear(execution(1)).state).toBe("ended.filled");
  });
  test("takes no number from before its end for what was filled in the end", () => {
    const order = working().hear({ type: "order.reported", epoch: 3, order: record("Cancelled") });
    expect(order.state).toBe("live.settling");
    order.hear(status("Cancelled", 1), execution(0, 1, 1, 1), execution(1, 1, 1, 1));
    expect(order.state).toBe("ended.cancelled");
    expect(order.told("slot/s1").at(-1)).toMatchObject({ type: "order.ended", filledUnits: 1 });
  });
  test("that the broker cancels after the close, unasked, has expired; one that we gave up is cancelled", () => {
    const close = instantOf(DAY, 16 * 60);
    const late = instantOf(DAY, 15 * 60 + 59);
    const expired = working(saga("exit", {}, QUOTES, late));
    expired.wait(close - expired.now).hear(status("Cancelled"));
    expect(expired.state).toBe("ended.expired");
    expect(expired.told("slot/s1").at(-1)).toMatchObject({ type: "order.ended", outcome: "expired" });
    const abandoned = working(saga("exit", {}, QUOTES, late)).hear({ type: "order.abandon", reason: "enough" });
    abandoned.now = close;
    expect(abandoned.hear(status("Cancelled")).state).toBe("ended.cancelled");
    expect(working().hear(status("Cancelled")).state).toBe("ended.cancelled");
  });
  test("that was out of sight over night and is in no book of the new day has expired", () => {
    const order = working().hear(LOST);
    order.now = instantOf(DAY, 33 * 60);
    expect(order.hear(truth(order.now)).state).toBe("ended.expired");
  });
  test("draws the id that it sends with after its what-if was answered", () => {
    const order = saga("entry").hear(IDS).quiet();
    order.hear({
      type: "order.whatIfAnswered",
      epoch: 3,
      orderId: 11,
      orderRef: REF,
      impact: { initialMarginAfter: moneyUnits(1) },
    });
    expect(order.state).toBe("numbering");
    order.hear({ ...IDS, orderId: 40, whatIfId: 39 }).hear(approved(order));
    expect(order.params("order.place")[0]?.ticket.orderId).toBe(40);
  });
  test("sells a single contract with the sign turned, there and back", () => {
    const single = saga("exit", { legs: [leg(590, "P", -1)], quantity: 2, width: price(0) });
    sent(single);
    expect(single.params("order.place")[0]?.ticket).toMatchObject({ action: "SELL", limitPrice: price(3.5) });
    single.hear({ type: "order.reported", epoch: 3, order: record("Submitted", { action: "SELL", limitPrice: price(3.5) }) });
    expect([single.context.standing, single.context.limit]).toEqual([price(-3.5), price(-3.5)]);
  });
});

describe("an order that ended", () => {
  test("tells a late fill to owner, ledger and gate, and nothing else (pains 17, 56)", () => {
    const entry = saga("entry").hear(
      IDS,
      { type: "order.whatIfAnswered", epoch: 3, orderId: 11, orderRef: REF, impact: {} },
      IDS,
    );
    entry.hear(approved(entry)).hear(status("Cancelled"));
    expect(entry.state).toBe("ended.cancelled");
    entry
      .quiet()
      .hear(
        { ...execution(0), execution: { ...execution(0).execution, side: "SLD" } },
        { ...execution(1), execution: { ...execution(1).execution, side: "BOT" } },
      );
    expect(entry.told("slot/s1").map(({ type }) => type)).toEqual(["leg.filled", "leg.filled"]);
    expect(entry.told("reconciler").length).toBe(2);
    expect(entry.told("riskGate").at(-1)).toMatchObject({ type: "exposure.released", heldMaxLoss: 8_000_000 });
  });
  test("and is found alive is cancelled, for nobody works for it any more", () => {
    const order = working().hear(status("Cancelled")).quiet();
    order.hear({ type: "order.reported", epoch: 3, order: record("Submitted") });
    expect(order.params("order.cancel").length).toBe(1);
    expect(order.state).toBe("ended.cancelled");
  });
});

describe("an order that the broker keeps twice (pain 1)", () => {
  const twin = (word: string, more = {}) => ({ type: "order.reported", epoch: 3, order: record(word, { permId: 901, ...more }) });
  const ofTwin = (leg: number, n: number, shares = 2) => {
    const made = execution(leg, n, 1, shares);
    return { ...made, execution: { ...made.execution, permId: 901 } };
  };
  const entry = (): Saga => {
    const order = saga("entry").hear(
      IDS,
      { type: "order.whatIfAnswered", epoch: 3, orderId: 11, orderRef: REF, impact: {} },
      IDS,
    );
    return order.hear(approved(order), status("Submitted"));
  };
  /** A new price is on its way, and nobody has answered it. */
  const changing = (): Saga => {
    const order = working().wait(15_001);
    expect(order.state).toBe("live.repricing");
    order.hear(approved(order));
    expect(order.context.standing).not.toBe(order.context.limit);
    return order;
  };

  test.each([
    ["an open order", [twin("Submitted")]],
    ["a status alone", [status("PreSubmitted", 0, { permId: 901 })]],
    ["an execution", [ofTwin(0, 5, 1)]],
    ["the broker's books", [truth(NOON, [record("Submitted"), record("Submitted", { permId: 901 })])]],
  ])("is cancelled by its id when %s shows it, and nothing else is sent from then on", (_, news) => {
    const order = working()
      .quiet()
      .hear(...news);
    expect(order.state).toBe("live.cancelling");
    expect(order.params("order.cancel").length).toBe(1);
    expect(order.raised.length).toBe(1);
    order.hear({ type: "order.escalate", urgency: "immediate" }, approved(order), ...news).wait(60_000);
    expect(order.params("order.place")).toEqual([]);
    expect(order.raised.filter(({ key }) => key.includes("/twins/")).length).toBe(1);
  });
  test("counts in full as often as it is there, until the gate hears what it holds", () => {
    const order = entry().quiet().hear(twin("Submitted"));
    expect(order.told("riskGate")).toEqual([
      { type: "exposure.grown", orderRef: REF, slot: "slot/s1", maxLoss: moneyUnits(16_000_000) },
    ]);
    order.hear(status("Cancelled"), twin("Cancelled"), status("Cancelled", 0, { permId: 901 }));
    expect(order.told("riskGate").at(-1)).toMatchObject({ type: "exposure.released", heldMaxLoss: 0 });
  });
  test("is cancelled again while one of the two lives, and ends with what both have filled", () => {
    const order = working().hear(twin("Submitted")).quiet();
    order.hear(status("Cancelled", 1, { permId: 901 }), status("Cancelled", 1, { permId: 901 }));
    expect([order.state, order.params("order.cancel").length]).toEqual(["live.cancelling", 1]);
    // Too late for the other: all of it, and one unit of the one that was cancelled, are real.
    order.hear(execution(0), execution(1), ofTwin(0, 7, 1));
    expect(order.state).toBe("live.cancelling");
    order.hear(ofTwin(1, 7, 1));
    expect(order.state).toBe("ended.filled");
    expect(order.told("slot/s1").at(-1)).toMatchObject({
      type: "order.ended",
      outcome: "filled",
      filledUnits: 3,
      reason: "the broker kept 2 orders of it",
    });
    expect(order.told("slot/s1").filter(({ type }) => type === "leg.filled").length).toBe(4);
  });
  test("found while it is out of sight waits for the complete answer, and is cancelled then", () => {
    const order = working().hear(LOST).quiet().wait(10).hear(twin("Submitted"));
    expect([order.state, order.params("order.cancel").length]).toEqual(["unknown.asking", 0]);
    order.hear(truth(order.now, [record("Submitted"), record("Submitted", { permId: 901 })]));
    expect([order.state, order.params("order.cancel").length]).toEqual(["live.cancelling", 1]);
    // The cancel has reached one of them.
    order
      .wait(10_001)
      .hear(truth(order.now, [record("Cancelled", { orderId: 0, filled: 0 }), record("Submitted", { permId: 901 })]));
    expect([order.state, order.params("order.cancel").length]).toEqual(["live.cancelling", 2]);
    const over = [record("Cancelled", { orderId: 0, filled: 0 }), record("Cancelled", { orderId: 0, filled: 1, permId: 901 })];
    order.wait(10_001).hear(truth(order.now, over));
    expect(order.state).toBe("unknown.asking");
    order.hear(ofTwin(0, 7, 1), ofTwin(1, 7, 1), truth(order.now, over));
    expect(order.state).toBe("ended.cancelled");
    expect(order.told("slot/s1").at(-1)).toMatchObject({ type: "order.ended", filledUnits: 1 });
  });
  test("found long after it has filled is cancelled, again and again while it is listed, and its fills are told", () => {
    const order = entry();
    for (const leg of [0, 1]) {
      const made = execution(leg);
      order.hear({ ...made, execution: { ...made.execution, side: leg === 0 ? "SLD" : "BOT" } });
    }
    expect(order.state).toBe("ended.filled");
    // Told again of what is done: no reason to do anything.
    order.quiet().hear({ type: "order.reported", epoch: 3, order: record("Submitted") });
    expect(order.said.filter(({ type }) => type !== "listen")).toEqual([]);
    order.now += 6 * 3_600_000;
    order.hear(twin("Submitted"), twin("Submitted"));
    expect(order.params("order.cancel").length).toBe(2);
    expect(order.told("riskGate")).toEqual([
      { type: "exposure.grown", orderRef: REF, slot: "slot/s1", maxLoss: moneyUnits(16_000_000) },
    ]);
    // After a restart the next session is told at once what is still there.
    order.quiet().hear(LOST, { type: "session.readied", epoch: 4, account: "DU1", clientId: 7 });
    expect(order.params("order.cancel")).toEqual([{ epoch: 4, orderId: 12, orderRef: REF }]);
    const late = [ofTwin(0, 7), ofTwin(1, 7)].map((made, i) => ({
      ...made,
      execution: { ...made.execution, side: i === 0 ? "SLD" : "BOT" },
    }));
    order.quiet().hear(...late);
    expect(order.told("slot/s1").map(({ type }) => type)).toEqual(["leg.filled", "leg.filled"]);
    expect(order.told("riskGate").at(-1)).toMatchObject({ type: "exposure.released", heldMaxLoss: 16_000_000 });
    order.quiet().hear({ type: "session.readied", epoch: 5, account: "DU1", clientId: 7 });
    expect(order.params("order.cancel")).toEqual([]);
  });

  test("cannot come of a second change before the first is answered: the broker is asked", () => {
    const order = changing().quiet().hear({ type: "order.escalate", urgency: "immediate" });
    expect(order.state).toBe("live.working.unfilled");
    order.wait(5_001);
    expect(order.state).toBe("unknown.asking");
    expect(order.params("order.place")).toEqual([]);
  });
  test.each([
    ["has the new price", true, "live.working.unfilled"],
    ["has the old one: it is cancelled, and the owner begins anew", false, "live.cancelling"],
  ])("nor after an answer in which the one order %s", (_, isNew, state) => {
    const order = changing().wait(15_001);
    const { limit, standing } = order.context;
    order.hear(truth(order.now, [record("Submitted", { limitPrice: isNew ? limit : standing })]));
    expect(order.state).toBe(state);
  });
  test("nor after a connection that went while a change was on its way: what is found is cancelled, whatever its price", () => {
    const order = changing().hear(LOST).wait(10);
    order.hear(truth(order.now, [record("Submitted", { limitPrice: order.context.limit })]));
    expect(order.state).toBe("live.cancelling");
    const quietOne = working()
      .hear({ type: "order.reported", epoch: 3, order: record("Submitted") }, LOST)
      .wait(10);
    expect(quietOne.hear(truth(quietOne.now, [record("Submitted")])).state).toBe("live.working.unfilled");
  });
  test("is looked for when the order fills while a change is on its way, unless the change was refused", () => {
    const asked = changing().hear(execution(0), execution(1));
    expect(asked.state).toBe("live.settling");
    asked.wait(10_001).hear(truth(asked.now, [record("Submitted", { permId: 901 })]));
    expect(asked.state).toBe("live.cancelling");
    const refusedOne = changing().hear(execution(0), execution(1));
    expect(refusedOne.hear({ type: "order.errored", epoch: 3, orderId: 12, code: 104, text: "filled" }).state).toBe(
      "ended.filled",
    );
    const cancelled = changing().hear(status("Cancelled"));
    expect(cancelled.state).toBe("live.settling");
    cancelled.hear({ type: "order.errored", epoch: 3, orderId: 12, code: 104, text: "cancelled" });
    expect(cancelled.state).toBe("ended.cancelled");
    const done = changing().hear(execution(0), execution(1)).wait(10_001);
    done.hear(truth(done.now, [record("Filled", { orderId: 0, filled: 2 })]));
    expect(done.state).toBe("ended.filled");
  });
});

describe("abandoned", () => {
  const inEach: readonly (readonly [string, () => Saga, string])[] = [
    ["intended", () => saga(), "ended.cancelled"],
    ["pricing", () => saga("exit", {}, []).hear(IDS), "ended.cancelled"],
    ["whatIf", () => saga("entry").hear(IDS), "ended.cancelled"],
    ["numbering", () => saga().hear(IDS), "ended.cancelled"],
    ["approving", () => saga().hear(IDS, IDS), "ended.cancelled"],
    ["live.submitted", () => sent(), "live.cancelling"],
    ["live.working.unfilled", () => working(), "live.cancelling"],
    ["live.settling", () => working().hear(status("Filled", 2)), "live.settling"],
    ["live.cancelling", () => working().hear({ type: "order.abandon", reason: "first" }), "live.cancelling"],
    ["unknown.asking", () => working().hear(LOST), "unknown.asking"],
    ["ended.cancelled", () => working().hear(status("Cancelled")), "ended.cancelled"],
  ];
  test.each(inEach)("in %s it does the right thing", (state, make, then) => {
    const order = make();
    expect(order.state).toBe(state);
    expect(order.hear({ type: "order.abandon", reason: "enough" }).state).toBe(then);
    if (!state.startsWith("ended")) expect(order.context.abandoned ?? order.context.reason).not.toBe("");
  });
});

describe("what is told of fills", () => {
  const messages = [
    execution(0, 1, 1),
    execution(1, 1, 1),
    execution(0, 1, 2, 1),
    execution(0, 2, 1, 1),
    execution(1, 1, 3),
    { type: "commission.reported", epoch: 3, execId: "0000e0d5.65a1b2c3.10.01", amount: 100, currency: "USD" },
    { type: "commission.reported", epoch: 3, execId: "0000e0d5.65a1b2c3.10.02", amount: 300, currency: "USD" },
  ];
  test("sums up to the same whatever the order and the repetition of the broker's messages (pains 16, 19)", () => {
    const all = fc.shuffledSubarray(messages, { minLength: messages.length });
    fc.assert(
      fc.property(all, fc.array(fc.constantFrom(...messages), { maxLength: 6 }), (order, again) => {
        const it = working(saga("exit", { quantity: 9 }));
        it.quiet().hear(...order, ...again);
        const sums: Record<string, number> = {};
        for (const told of it.told("slot/s1")) {
          if (told.type === "leg.filled") sums[told.contract.conId] = (sums[told.contract.conId] ?? 0) + told.quantity;
          if (told.type === "commission.charged") sums["fees"] = (sums["fees"] ?? 0) + told.amount;
        }
        expect(sums).toEqual({ 590002: 2, 585002: -2, fees: 300 });
        expect(it.state).toBe("live.working.partiallyFilled");
      }),
    );
  });
});
