/** Epochs, order ids and readiness of the gateway session, whatever the gateway says and whenever. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { gatewaySessionMachine } from "../../src/machines/gateway-session.machine.ts";
import { type Given, given } from "../support/given.ts";
import { ENGINE, NOON } from "../support/quoted-chain.ts";

type Session = Given<typeof gatewaySessionMachine>;
const session = (): Session => given(gatewaySessionMachine, { config: ENGINE }, NOON);
const identified = (epoch: number, nextOrderId = 1, accounts = ["DU1"]) => ({
  type: "gateway.identified",
  epoch,
  accounts,
  nextOrderId,
  clientId: 7,
});
const reconciled = (epoch: number) => ({
  type: "reconciliation.completed",
  epoch,
  startedAt: NOON,
  orders: [],
  discrepancies: [],
});
const lost = (epoch: number) => ({ type: "gateway.lost", epoch, reason: "closed" });
const noticed = (epoch: number, code: number) => ({ type: "gateway.noticed", epoch, code, text: "" });
const ask = { type: "orderId.requested", replyTo: "saga", orderRef: "r" };
const ready = (): Session => session().hear({ type: "session.open" }, identified(1), reconciled(1));
const announced = (it: Session): string[] =>
  it
    .params("tell")
    .filter(({ topic }) => topic === "session")
    .map(({ event }) => event.type);

const happening = fc.oneof(
  fc.constantFrom({ type: "session.open" }, { type: "session.restarted" }, ask, ask),
  fc.tuple(fc.constantFrom(-1, 0, 0, 0), fc.nat(20)).map(
    ([back, next]) =>
      (epoch: number) =>
        identified(epoch + back, next),
  ),
  fc.constantFrom(-1, 0, 0).map((back) => (epoch: number) => reconciled(epoch + back)),
  fc.constantFrom(-1, 0).map((back) => (epoch: number) => lost(epoch + back)),
  fc.tuple(fc.constantFrom(-1, 0, 0), fc.constantFrom(1_100, 1_101, 1_102, 2_104)).map(
    ([back, code]) =>
      (epoch: number) =>
        noticed(epoch + back, code),
  ),
  fc.constantFrom(-1, 0).map((back) => (epoch: number) => ({ type: "reconciliation.failed", epoch: epoch + back, reason: "" })),
  fc.constantFrom(-1, 0).map((back) => (epoch: number) => ({
    type: "effect.refused",
    effect: "1.1",
    name: "gateway.connect",
    params: { epoch: epoch + back },
    reason: "",
  })),
  fc.integer({ min: 100, max: 400_000 }),
);

describe("the gateway session, whatever happens", () => {
  test("numbers epochs upwards, gives no order id twice, and is ready only when this epoch was reconciled", () => {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 60, size: "max" }), (events) => {
        const it = session();
        const given: number[] = [];
        let sayReady = false;
        for (const event of events) {
          const [before, epoch, state] = [it.said.length, it.context.epoch, it.state];
          const made = typeof event === "function" ? event(epoch) : event;
          if (typeof made === "number") it.wait(made);
          else it.hear(made);
          const said = it.said.slice(before);
          for (const { type, params } of said) {
            if (type === "gateway.connect") expect(params.epoch).toBeGreaterThan(epoch);
            if (type !== "tell" || params.event.type === undefined) continue;
            if (params.event.type === "session.readied") {
              expect(made).toMatchObject({ type: "reconciliation.completed", epoch: it.context.epoch });
              expect(state).toBe("synchronising");
              sayReady = true;
            }
            if (params.event.type === "session.unreadied") sayReady = false;
            if (params.event.type === "orderId.assigned") {
              expect(state).toBe("ready");
              given.push(params.event.whatIfId, params.event.orderId);
            }
          }
          // C4: whoever listens is right about it.
          expect(sayReady).toBe(it.state === "ready");
          // Stale facts change nothing.
          if (typeof made === "object" && "epoch" in made && Number(made.epoch) < epoch)
            expect([it.state, it.context.epoch]).toEqual([state, epoch]);
        }
        expect(given).toEqual([...new Set(given)].sort((a, b) => a - b));
      }),
    );
  });
});

describe("the gateway session", () => {
  test("counts order ids on from its own, when the gateway's have rolled back", () => {
    const it = session().hear({ type: "session.open" }, identified(1, 40), reconciled(1), ask, lost(1)).wait(2_000);
    it.hear(identified(2, 12), reconciled(2), ask);
    expect(it.told("saga").map(({ orderId }) => orderId)).toEqual([41, 43]);
  });
  test("refuses accounts that may hold real money, tells the engine which, and hangs up", () => {
    for (const accounts of [["U123"], ["DU1", "U123"], ["DU9"], []]) {
      const it = session().hear({ type: "session.open" }, identified(1, 1, accounts));
      expect(it.state).toBe("refused");
      expect(it.told("engine")[0]?.type).toBe("account.refused");
      expect(it.facts("account.refused")[0]?.accounts).toEqual(accounts);
      expect(it.params("gateway.disconnect")).toHaveLength(1);
      expect(it.hear(ask).told("saga")[0]?.type).toBe("orderId.refused");
    }
  });
  test("1100 unreadies, 1102 and 1101 compare anew in the same epoch; 1101 alone does too", () => {
    for (const code of [1_101, 1_102]) {
      const it = ready().quiet().hear(noticed(1, 1_100), noticed(1, 1_100));
      expect([it.state, announced(it)]).toEqual(["degraded", ["session.unreadied"]]);
      it.hear(noticed(1, code));
      expect(it.state).toBe("synchronising");
      expect(it.hear(reconciled(1)).state).toBe("ready");
    }
    expect(ready().hear(noticed(1, 1_102)).state).toBe("ready");
    const it = ready().quiet().hear(noticed(1, 1_101));
    expect([it.state, announced(it)]).toEqual(["synchronising", ["session.unreadied"]]);
  });
  test("is not made ready by a comparison that ends while IB's servers are away", () => {
    const it = session().hear({ type: "session.open" }, identified(1), noticed(1, 1_100), reconciled(1));
    expect(it.state).toBe("degraded");
  });
  test("gives up a silent connect and a comparison that never ends, and tries again, ever slower", () => {
    const it = session().hear({ type: "session.open" }).wait(120_000);
    expect([it.state, it.params("gateway.disconnect").length]).toEqual(["lost", 1]);
    it.wait(2_000).hear(identified(2));
    expect(it.state).toBe("synchronising");
    expect(it.wait(300_000).state).toBe("lost");
  });
});
