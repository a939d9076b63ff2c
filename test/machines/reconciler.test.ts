/** Broker's truth against ours: which answers count, what is named, and that it never stops asking. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DEFAULT_RECONCILIATION } from "../../src/domain/reconciliation/policy.ts";
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
    .flat()
    .map(({ event }) => event)
    .filter(({ type }) => type === "reconciliation.completed");
const failures = (it: Reconciler) =>
  it
    .params("tell")
    .flat()
    .filter(({ event }) => event.type === "reconciliation.failed").length;

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
  test("a set without its end is a failure and not an empty account; it asks again by itself (pain 60)", () => {
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
  /** Whatever is new about positions is looked at twice. */
  const twice = (it: Reconciler, more: { readonly [K in Kind]?: object }): Reconciler => {
    it.hear(...all(1, more));
    return it.state === "doubting" ? it.wait(2_000).hear(...all(2, more)) : it;
  };
  const discrepancies = (...events: { type: string }[]) => completed(start().hear(...events)).at(-1)?.discrepancies;
  test("positions that differ, and that are missing; another account's and foreign ones put nothing of ours in doubt", () => {
    const named = (positions: object) =>
      completed(twice(start().hear(filled("a.01"), requested()), { positions })).at(-1)?.discrepancies;
    expect(named(held(-1))).toEqual([]);
    expect(named(held(-2))).toMatchObject([{ kind: "quantity", ours: -1, theirs: -2 }]);
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
    expect(it.raised.length).toBe(1);
    it.hear(
      { type: "operator.rearm", scope: "reconciliation", by: "me", from: "cli", reason: "" },
      ...all(4, { executions: { executions: [execution("z.1.01", OLD_REF)] } }),
    );
    expect([it.state, completed(it).at(-1)?.discrepancies]).toEqual(["resolved", []]);
    expect(it.cleared).toEqual(["reconciliation/archivedOrder/z.1.01"]);
  });
  test("many of them are twenty alerts and a number, and all of these are taken back when they are gone", () => {
    const strays = Array.from({ length: 30 }, (_, n) => execution(`z${n}.1.01`, OLD_REF));
    const it = start().hear(requested(), ...all(1, { executions: { executions: strays } }));
    expect(completed(it).at(-1)?.discrepancies.length).toBe(30);
    const keys = it.raised.map(({ key }) => key);
    expect([keys.length, new Set(keys).size, keys.at(-1)]).toEqual([21, 21, "reconciliation/more"]);
    expect(it.raised.at(-1)?.text).toContain("10 more");
    it.quiet()
      .wait(ENGINE.reconcileEverySeconds * 1_000)
      .hear(...all(2, { executions: { executions: strays } }));
    expect([it.raised, it.cleared]).toEqual([[], []]);
    it.hear({ type: "operator.rearm", scope: "reconciliation", by: "me", from: "cli", reason: "" }, ...all(3));
    expect(new Set(it.cleared)).toEqual(new Set(keys));
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
      ...all(1, { openOrders: { orders: [order] } }),
    );
    expect([it.state, completed(it).at(-1)?.discrepancies]).toMatchObject([
      "mismatched",
      [{ kind: "unknownOrder", subject: REF }],
    ]);
    // An order in neither answer is looked for again before it is believed to be gone.
    it.hear(WANTED, ...all(2));
    expect(it.state).toBe("doubting");
    it.wait(2_000).hear(...all(3));
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

describe("what is not believed at once", () => {
  const empty = { positions: { positions: [] } };
  test("an account that is empty all of a sudden is asked again, and again, and only then named; nothing is ever sold", () => {
    const it = start().hear(filled("a.01"), requested(), ...all(1, { positions: held(-1) }));
    expect(it.state).toBe("resolved");
    it.quiet().hear(WANTED, ...all(2, empty));
    expect([it.state, completed(it)]).toEqual(["doubting", []]);
    it.wait(2_000).hear(...all(3, empty));
    expect([it.state, completed(it)]).toEqual(["doubting", []]);
    it.wait(2_000).hear(...all(4, empty));
    expect(completed(it)[0]?.discrepancies).toMatchObject([{ kind: "missingThere", ours: -1, theirs: 0, policy: "quarantine" }]);
    expect(it.context.ledger[LEG.conId]?.quantity).toBe(-1);
  });
  test("one that is there again at the second look was never announced", () => {
    const it = start().hear(filled("a.01"), requested(), ...all(1, { positions: held(-1) }));
    it.quiet()
      .hear(WANTED, ...all(2, empty))
      .wait(2_000)
      .hear(...all(3, { positions: held(-1) }));
    expect([it.state, completed(it)[0]?.discrepancies, it.raised]).toEqual(["resolved", [], []]);
  });
  test("what stands is told to the slot that holds it, once, and to the operator, once", () => {
    const it = start().hear(filled("a.01"), requested());
    for (let round = 1; round <= 6; round++) {
      it.hear(...all(round, { positions: held(-3) }));
      it.wait(it.state === "doubting" ? 2_000 : ENGINE.reconcileEverySeconds * 1_000);
    }
    const told = it
      .params("tell")
      .flat()
      .filter(({ to }) => to === "slot/s1");
    expect(told).toEqual([
      { to: "slot/s1", event: { type: "position.disputed", reason: expect.stringContaining("ours -1, theirs -3") } },
    ]);
    expect(it.raised.length).toBe(1);
  });
});

describe("a set told by its changes", () => {
  const told = (round: number, positions: object) => all(round, { positions });
  const row = (conId: number, quantity: number) => ({ account: "DU1", contract: { ...LEG, conId }, quantity });
  test("is put together from the one before, and asked for by its digest", () => {
    const it = start().hear(requested(), ...told(1, { positions: [row(1, 5), row(2, 6)], digest: "A" }));
    it.hear(WANTED, ...told(2, { positions: [row(2, 7), row(3, 1)], gone: ["DU1/1"], base: "A", digest: "B" }));
    expect(it.params("positions.request").map(({ known }) => known)).toEqual([undefined, "A"]);
    expect(it.context.sets.positions.rows.map(({ contract, quantity }) => [contract.conId, quantity])).toEqual([
      [2, 7],
      [3, 1],
    ]);
    it.hear(WANTED, ...told(3, { positions: [], base: "B", digest: "B" }));
    expect([it.state, it.context.foreign]).toEqual(["resolved", 2]);
    // The queue of contracts hears the whole set, when there is news of it.
    const whole = it
      .params("tell")
      .flat()
      .filter(({ to }) => to === "contracts");
    expect(
      whole.map(({ event }) => event.positions.map(({ contract }: { contract: { conId: number } }) => contract.conId)),
    ).toEqual([
      [1, 2],
      [2, 3],
    ]);
  });
  test("that builds on another is no truth: the round fails, and the next asks for the whole", () => {
    const it = start().hear(requested(), ...told(1, { positions: [row(1, 5)], digest: "A" }));
    it.quiet().hear(WANTED, ...told(2, { positions: [], base: "X", digest: "Y" }));
    expect([it.state, failures(it), completed(it)]).toEqual(["failed", 1, []]);
    it.wait(30_000).hear(...told(3, { positions: [row(1, 5)], digest: "A" }));
    expect([it.state, it.params("positions.request").at(-1)?.known]).toEqual(["resolved", undefined]);
  });
});

describe("policies", () => {
  const reconciliation = { ...DEFAULT_RECONCILIATION, quantity: "adopt" as const };
  test("adopt takes the broker's quantity as a fact of its own, and the next comparison is clean", () => {
    const it = given(reconcilerMachine, { config: { ...ENGINE, reconciliation } }, NOON).hear(filled("a.01"), requested());
    it.hear(...all(1, { positions: held(-3) }))
      .wait(2_000)
      .hear(...all(2, { positions: held(-3) }));
    expect(it.facts("position.adopted")).toMatchObject([{ quantity: -2, ours: -1, theirs: -3, kind: "quantity", by: "policy" }]);
    expect(it.facts("fill.booked")).toEqual([]);
    it.hear(WANTED, ...all(3, { positions: held(-3) }));
    expect([it.state, completed(it).at(-1)?.discrepancies]).toEqual(["resolved", []]);
  });
  test("an operator adopts by the name of the difference, after a fresh look", () => {
    const it = start().hear(filled("a.01"), requested());
    it.hear(...all(1, { positions: held(-3) }))
      .wait(2_000)
      .hear(...all(2, { positions: held(-3) }));
    const subject = completed(it)[0]?.discrepancies[0]?.subject;
    it.hear(
      { type: "operator.adopt", subject, by: "ann", from: "cli", reason: "sold by hand" },
      ...all(3, { positions: held(-4) }),
    );
    it.wait(2_000).hear(...all(4, { positions: held(-4) }));
    expect(it.facts("position.adopted")).toMatchObject([{ quantity: -3, theirs: -4, by: "ann", reason: "sold by hand" }]);
    expect(it.context.ledger[LEG.conId]?.quantity).toBe(-4);
  });
  test("no sequence of answers changes the ledger: only fills and adoptions do", () => {
    const quantities = fc.array(fc.integer({ min: -3, max: 3 }), { maxLength: 12 });
    fc.assert(
      fc.property(quantities, (seen) => {
        const it = start().hear(filled("a.01"), requested());
        let round = 1;
        for (const quantity of seen) {
          it.hear(...all(it.context.round, { positions: quantity === 0 ? { positions: [] } : held(quantity) }));
          it.wait(++round % 2 === 0 ? 2_000 : 400_000);
        }
        expect(it.context.ledger[LEG.conId]?.quantity).toBe(-1);
      }),
    );
  });
});

describe("an order that is in no answer", () => {
  test("is looked for again before the round is announced", () => {
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
    const it = start().hear(requested(), ...all(1, { openOrders: { orders: [order] } }));
    it.quiet().hear(WANTED, ...all(2));
    expect([it.state, completed(it)]).toEqual(["doubting", []]);
    it.wait(2_000).hear(...all(3));
    expect(completed(it).length).toBe(1);
  });
});
