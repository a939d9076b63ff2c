/** Broker's truth against ours: which answers count, what is named, and that it never stops asking. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { reconcilerMachine } from "../../src/machines/reconciler.machine.ts";
import { type Given, given } from "../support/given.ts";
import { ENGINE, leg, NOON, SPY } from "../support/quoted-chain.ts";

type Reconciler = Given<typeof reconcilerMachine>;
const LEG = leg(590, "P", -1).contract;
const REF = "caretaker/5f2c81aa/20261123-s1-1";
const OLD_REF = "caretaker/5f2c81aa/20261120-s1-9";
const start = (): Reconciler => given(reconcilerMachine, { config: ENGINE }, NOON);
const requested = (epoch = 1) => ({ type: "reconciliation.requested", epoch, account: "DU1", reason: "" });
const WANTED = { type: "reconciliation.wanted", reason: "" };
const KINDS = ["openOrders", "completedOrders", "executions", "account", "positions"] as const;
type Kind = (typeof KINDS)[number];
const body: { readonly [K in Kind]: object } = {
  openOrders: { orders: [] },
  completedOrders: { orders: [] },
  executions: { executions: [] },
  account: { account: "DU1", netLiquidation: 1 },
  positions: { positions: [] },
};
const answer = (kind: Kind, round: number, epoch = 1, more: object = {}) => ({
  type: `${kind}.answered`,
  epoch,
  replyTo: "reconciler",
  request: `round-${round}`,
  ...body[kind],
  ...more,
});
const all = (round: number, more: { readonly [K in Kind]?: object } = {}, epoch = 1) =>
  KINDS.map((kind) => answer(kind, round, epoch, more[kind]));
const execution = (execId: string, orderRef = REF, shares = 1) => ({
  execId,
  orderId: 1,
  clientId: 7,
  permId: 9,
  orderRef,
  account: "DU1",
  contract: LEG,
  side: "SLD",
  shares,
  price: 1,
  cumulative: 1,
  at: NOON,
});
const filled = (execId: string, quantity = -1) => ({
  type: "leg.filled",
  orderRef: REF,
  execId,
  contract: LEG,
  quantity,
  price: 1,
  at: NOON,
});
const held = (quantity: number, more: object = {}) => ({ positions: [{ account: "DU1", contract: LEG, quantity, ...more }] });
const completed = (it: Reconciler) =>
  it
    .params("tell")
    .map(({ event }) => event)
    .filter(({ type }) => type === "reconciliation.completed");
const failures = (it: Reconciler) => it.params("tell").filter(({ event }) => event.type === "reconciliation.failed").length;

describe("which answers count", () => {
  test("only those of this round and this epoch, in whatever order they come and however often", () => {
    const stray = fc
      .tuple(fc.constantFrom(...KINDS), fc.constantFrom(0, 1, 3), fc.constantFrom(1, 2))
      .map(([kind, round, epoch]) => answer(kind, round, epoch));
    const right = fc.constantFrom(...KINDS).map((kind) => answer(kind, 2));
    fc.assert(
      fc.property(fc.array(fc.oneof(stray, right), { maxLength: 25 }), (answers) => {
        const it = start().hear(requested()).wait(5).hear(requested());
        const got = new Set<string>();
        for (const one of answers) {
          const ours = one.request === "round-2" && one.epoch === 1;
          const was = it.state;
          it.hear(one);
          const asked = {
            "collecting.openOrders": ["openOrders"],
            "collecting.theRest": ["completedOrders", "executions", "account"],
            comparing: ["positions"],
          };
          if (ours && (asked[was as keyof typeof asked] ?? []).some((kind) => one.type.startsWith(kind))) got.add(one.type);
          expect(completed(it).length).toBe(got.size === 5 ? 1 : 0);
        }
      }),
    );
  });
  test("completed orders and executions are asked for after the open orders were answered, positions after all", () => {
    const it = start().hear(requested());
    const asked = (): string[] => it.said.map(({ type }) => type).filter((type) => type.endsWith(".request"));
    expect(asked()).toEqual(["openOrders.request"]);
    it.hear(answer("openOrders", 1));
    expect(asked().slice(1)).toEqual(["completedOrders.request", "executions.request", "account.request"]);
    it.hear(answer("account", 1), answer("executions", 1), answer("completedOrders", 1));
    expect(asked().at(-1)).toBe("positions.request");
  });
  test("a set without its end is a failure and not an empty account; it asks again by itself", () => {
    const it = start()
      .hear(filled("a.01"), requested(), ...all(1).slice(0, 4))
      .wait(120_000);
    expect([it.state, failures(it), completed(it).length]).toEqual(["failed", 1, 0]);
    expect(it.wait(30_000).state).toBe("collecting.openOrders");
  });
  test("a refusal of an earlier round, or of another epoch, fails nothing", () => {
    const it = start().hear(requested()).wait(1).hear(requested());
    const refused = (round: number, epoch: number) => ({
      type: "effect.refused",
      effect: "1.1",
      name: "openOrders.request",
      params: { request: `round-${round}`, epoch },
      reason: "x",
    });
    it.hear(refused(1, 1), refused(2, 7), {
      type: "request.failed",
      epoch: 1,
      request: "round-1",
      replyTo: "reconciler",
      code: 1,
      text: "",
    });
    expect(it.state).toBe("collecting.openOrders");
    expect(it.hear(refused(2, 1)).state).toBe("failed");
  });
  test("a request of an older epoch is not heard, and none is made without a session", () => {
    const it = start().hear(requested(5)).wait(1).hear(requested(4));
    expect([it.context.epoch, it.context.round]).toEqual([5, 1]);
    it.hear({ type: "session.unreadied", epoch: 5, reason: "" }, WANTED).wait(900_000);
    expect([it.state, it.context.round]).toEqual(["idle", 1]);
  });
});

describe("when it asks", () => {
  test("in turn, and at once when a saga wants to know; asked meanwhile, once more", () => {
    const it = start().hear(requested(), ...all(1));
    expect(it.wait(ENGINE.reconcileEverySeconds * 1_000).state).toBe("collecting.openOrders");
    it.hear(...all(2), WANTED);
    expect(it.context.round).toBe(3);
    it.wait(10).hear(WANTED, WANTED, ...all(3));
    expect([it.context.round, it.context.startedAt]).toEqual([4, it.now]);
  });
  test("a wish of the very instant at which a round began begins a new one, so that no answer is older than the wish", () => {
    const it = start().hear(requested(), WANTED);
    expect(it.context.round).toBe(2);
    it.hear(...all(1));
    expect(completed(it)).toEqual([]);
  });
});

describe("what it names", () => {
  const discrepancies = (...events: { type: string }[]) => completed(start().hear(...events)).at(-1)?.discrepancies;
  test("positions that differ, and that are missing; another account's and foreign ones put nothing of ours in doubt", () => {
    const named = (positions: object) => discrepancies(filled("a.01"), requested(), ...all(1, { positions }));
    expect(named(held(-1))).toEqual([]);
    expect(named(held(-2))).toMatchObject([{ kind: "quantity", ours: -1, theirs: -2 }]);
    expect(named({ positions: [] })).toMatchObject([{ kind: "missingThere", ours: -1, theirs: 0 }]);
    expect(named(held(-1, { account: "DU2" }))).toMatchObject([{ kind: "missingThere" }]);
    const foreign = start().hear(
      requested(),
      ...all(1, { positions: { positions: [{ account: "DU1", contract: SPY, quantity: 100 }] } }),
    );
    expect([foreign.state, completed(foreign)[0]?.discrepancies[0]?.kind]).toEqual(["resolved", "missingHere"]);
  });
  test("executions that no saga booked, but not one that its correction has replaced", () => {
    const named = (...executions: object[]) =>
      discrepancies(filled("a.1.02", 0), requested(), ...all(1, { executions: { executions } }));
    expect(named(execution("a.1.01"), execution("a.1.02"))).toEqual([]);
    expect(named(execution("b.1.01"))).toMatchObject([{ kind: "unknownExecution", subject: "b.1.01", theirs: -1 }]);
    expect(named(execution("b.1.01", OLD_REF))).toMatchObject([{ kind: "archivedOrder" }]);
    expect(named(execution("b.1.01", "caretaker/00000000/20261123-s1-1"), execution("c.1.01", ""))).toEqual([]);
  });
  test("a fill that reaches no saga is compared at once, stays named in every round, and is gone when an operator has seen it", () => {
    const it = start().hear(requested(), ...all(1));
    it.hear({ type: "execution.reported", epoch: 1, execution: execution("z.1.01", OLD_REF) });
    expect(it.state).toBe("collecting.openOrders");
    it.hear(...all(2))
      .wait(ENGINE.reconcileEverySeconds * 1_000)
      .hear(...all(3));
    expect([it.state, completed(it).at(-1)?.discrepancies]).toMatchObject([
      "mismatched",
      [{ kind: "archivedOrder", subject: "z.1.01" }],
    ]);
    expect(it.params("operator.notify").length).toBe(1);
    it.hear(
      { type: "operator.rearm", scope: "reconciliation", by: "me", from: "cli", reason: "" },
      ...all(4, { executions: { executions: [execution("z.1.01", OLD_REF)] } }),
    );
    expect([it.state, completed(it).at(-1)?.discrepancies]).toEqual(["resolved", []]);
  });
  test("an open order of ours that no saga takes, for as long as the broker lists it", () => {
    const order = {
      orderId: 3,
      clientId: 7,
      permId: 4,
      orderRef: REF,
      account: "DU1",
      contract: SPY,
      action: "BUY",
      quantity: 2,
      status: "Submitted",
    };
    const it = start().hear(
      requested(),
      { type: "order.reported", epoch: 1, order },
      { type: "order.reported", epoch: 1, order: { ...order, orderRef: "somebody's" } },
      ...all(1),
    );
    expect([it.state, completed(it).at(-1)?.discrepancies]).toMatchObject([
      "mismatched",
      [{ kind: "unknownOrder", subject: REF }],
    ]);
    it.hear(WANTED, ...all(2));
    expect(it.state).toBe("resolved");
  });
  test("a ledger is the sum of the fills told to it, each once", () => {
    const fill = fc
      .tuple(fc.integer({ min: 1, max: 9 }), fc.constantFrom(-2, -1, 1, 2))
      .map(([n, quantity]) => ({ n, quantity }));
    fc.assert(
      fc.property(fc.array(fill, { maxLength: 20 }), (fills) => {
        const it = start();
        const once = new Map<number, number>();
        for (const { n, quantity } of fills) {
          it.hear(filled(`x.${n}.01`, quantity));
          if (!once.has(n)) once.set(n, quantity);
        }
        const sum = [...once.values()].reduce((total, quantity) => total + quantity, 0);
        expect(it.context.ledger[LEG.conId]?.quantity ?? 0).toBe(sum);
      }),
    );
  });
});
