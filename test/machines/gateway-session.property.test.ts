/** Epochs, order ids and readiness of the gateway session, whatever the gateway says and whenever. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { instantOf } from "../../src/domain/calendar/new-york.ts";
import { backOffMs, jittered } from "../../src/domain/connection.ts";
import { gatewaySessionMachine } from "../../src/machines/gateway-session.machine.ts";
import { type Given, given } from "../support/given.ts";
import { DAY, ENGINE, NOON } from "../support/quoted-chain.ts";

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
            if (type !== "tell" || params.event?.type === undefined) continue;
            if (params.event.type === "session.readied") {
              expect(made).toMatchObject({ type: "reconciliation.completed", epoch: it.context.epoch });
              expect(state).toBe("synchronising");
              sayReady = true;
            }
            if (params.event.type === "session.unreadied") sayReady = false;
            if (params.event.type === "orderId.assigned") {
              expect(state).toMatch(/^ready/);
              given.push(params.event.whatIfId, params.event.orderId);
            }
          }
          // C4: whoever listens is right about it.
          expect(sayReady).toBe(it.state.startsWith("ready"));
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
  test("counts order ids on from its own, when the gateway's have rolled back (pain 4)", () => {
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
      expect(it.hear(reconciled(1)).state).toBe("ready.whole");
    }
    expect(ready().hear(noticed(1, 1_102)).state).toBe("ready.whole");
    const it = ready().quiet().hear(noticed(1, 1_101));
    expect([it.state, announced(it)]).toEqual(["synchronising", ["session.unreadied"]]);
  });
  test("a broken farm and a dead stream degrade it, in words, and order ids are given as ever; both gone, it is whole", () => {
    const farm = (code: number, name: string) => ({ type: "gateway.noticed", epoch: 1, code, text: `connection:${name}` });
    const it = ready().quiet().hear(farm(2_103, "usopt"));
    expect(it.state).toBe("ready.degraded");
    expect(announced(it)).toEqual([]);
    expect(it.facts("session.degraded").at(-1)?.reason).toContain("usopt");
    expect(it.hear(ask).told("saga")[0]?.type).toBe("orderId.assigned");
    it.hear({ type: "feeds.told", epoch: 1, stalled: ["SPY"] }, farm(2_104, "usopt"));
    expect([it.state, announced(it)]).toEqual(["ready.degraded", []]);
    it.hear({ type: "feeds.told", epoch: 0, stalled: [] });
    expect(it.state).toBe("ready.degraded");
    it.hear({ type: "feeds.told", epoch: 1, stalled: [] });
    expect([it.state, it.facts("session.degraded").at(-1)?.reason]).toEqual(["ready.whole", ""]);
    expect(it.raised.at(-1)).toMatchObject({ key: "session/feeds", severity: "warning" });
    expect(it.cleared).toEqual(["session/feeds"]);
  });
  test("is not made ready by a comparison that ends while IB's servers are away", () => {
    const it = session().hear({ type: "session.open" }, identified(1), noticed(1, 1_100), reconciled(1));
    expect(it.state).toBe("degraded");
  });
  test("gives up a silent connect and a comparison that never ends, and tries again, ever slower (pain 24)", () => {
    const it = session().hear({ type: "session.open" }).wait(120_000);
    expect([it.state, it.params("gateway.disconnect").length]).toEqual(["lost", 1]);
    it.wait(2_000).hear(identified(2));
    expect(it.state).toBe("synchronising");
    expect(it.wait(300_000).state).toBe("lost");
  });
});

describe("a connection that comes and goes", () => {
  test("once a second for ten minutes is tried ever more slowly, and the next wait is short again only after a quiet minute (F07)", () => {
    const it = ready();
    for (let second = 0; second < 600; second++) {
      if (it.state.startsWith("ready")) it.hear(lost(it.context.epoch));
      it.wait(1_000);
      if (it.state === "connecting") it.hear(identified(it.context.epoch), reconciled(it.context.epoch));
    }
    const connects = it.params("gateway.connect").length;
    expect(connects).toBeGreaterThan(8);
    expect(connects).toBeLessThan(20);
    it.wait(61_000);
    if (it.state === "connecting") it.hear(identified(it.context.epoch), reconciled(it.context.epoch)).wait(61_000);
    it.hear(lost(it.context.epoch)).wait(2_000);
    expect(it.state).toBe("connecting");
  });
  test("waits the same in every replay, and not the same as another installation's", () => {
    const waits = (installation: string): number[] =>
      Array.from({ length: 20 }, (_, epoch) => jittered(backOffMs(3), installation, epoch));
    expect(waits("5f2c81aa")).toEqual(waits("5f2c81aa"));
    expect(waits("5f2c81aa")).not.toEqual(waits("00000000"));
    for (const wait of waits("5f2c81aa")) expect(wait).toSatisfy((ms: number) => ms >= 6_000 && ms <= 8_000);
  });
  test("is tried for two minutes at growing gaps while its client id is still taken (326), then every five minutes", () => {
    const it = session().hear({ type: "session.open" });
    const at: number[] = [];
    for (let n = 0; n < 9; n++) {
      at.push(it.now - NOON);
      it.hear(noticed(it.context.epoch, 326), lost(it.context.epoch));
      while (it.state !== "connecting") it.wait(1_000);
    }
    const gaps = at.slice(1).map((time, n) => (time - (at[n] as number)) / 1_000);
    expect(gaps).toEqual([5, 10, 15, 20, 30, 40, 300, 300]);
    expect(it.raised.length).toBe(1);
    it.hear(identified(it.context.epoch));
    expect(it.context.taken).toBe(0);
  });
});

describe("another session in our place (F20, pain 33)", () => {
  const competing = (epoch: number) => ({ type: "line.failed", epoch, conId: 1, code: 10_197, text: "competing session" });
  const again = (it: Session): Session => {
    while (it.state !== "connecting" && it.state !== "contested") it.wait(1_000);
    return it.state === "contested" ? it : it.hear(identified(it.context.epoch), reconciled(it.context.epoch));
  };
  test("is yielded to after the third time within half an hour: the engine is halted with the reason, nothing is tried any more", () => {
    const it = ready();
    for (let n = 0; n < 3; n++) again(it.hear(competing(it.context.epoch), lost(it.context.epoch)));
    expect(it.state).toBe("contested");
    expect(it.told("engine")).toMatchObject([{ type: "session.contested", reason: expect.stringContaining("closed") }]);
    const connects = it.params("gateway.connect").length;
    expect(it.wait(24 * 3_600_000).params("gateway.connect").length).toBe(connects);
    it.hear({ type: "session.rearmed" });
    expect([it.state, it.context.takeovers]).toEqual(["connecting", []]);
  });
  test("that only has the market data is told once and moves nothing: orders go on", () => {
    const it = ready().quiet().hear(competing(1), competing(1), competing(1));
    expect([it.state, it.raised.length]).toEqual(["ready.whole", 1]);
  });
  test("has to be there: losses without it never end in giving up", () => {
    const it = ready();
    for (let n = 0; n < 10; n++) again(it.hear(lost(it.context.epoch)));
    expect(it.state).not.toBe("contested");
  });
});

describe("the nightly restart", () => {
  const at = (hour: number, minute: number): number => instantOf(DAY, hour * 60 + minute);
  const lostAt = (now: number): Session => {
    const it = given(gatewaySessionMachine, { config: ENGINE }, now).hear({ type: "session.open" }, identified(1), reconciled(1));
    return it.wait(61_000).quiet().hear(lost(1));
  };
  const outage = (it: Session, ms: number): Session => {
    const until = it.now + ms;
    while (it.now < until) {
      it.wait(1_000);
      if (it.state === "connecting") it.hear(lost(it.context.epoch));
    }
    return it;
  };
  test("is known: within its window a loss is quiet and tried every half minute", () => {
    const it = lostAt(at(23, 46));
    expect(it.state).toBe("restarting");
    outage(it, 5 * 60_000);
    expect(it.raised).toEqual([]);
    expect(it.params("gateway.connect").length).toSatisfy((n: number) => n >= 9 && n <= 15);
  });
  test("that outlives its window is told (F18), and so is one outside of it; each once", () => {
    expect(outage(lostAt(at(23, 46)), 16 * 60_000).raised.length).toBe(1);
    expect(outage(lostAt(at(11, 0)), 16 * 60_000).raised.length).toBe(1);
  });
  test("is over only when the session has been ready for a minute: one that comes and goes is still an outage", () => {
    const it = outage(lostAt(at(11, 0)), 5 * 60_000).quiet();
    const back = (ms: number): void => {
      while (it.state !== "connecting") it.wait(1_000);
      it.hear(identified(it.context.epoch), reconciled(it.context.epoch)).wait(ms);
    };
    back(30_000);
    it.hear(lost(it.context.epoch));
    expect(it.cleared.filter((key) => key === "session/outage")).toEqual([]);
    back(60_000);
    expect(it.cleared.filter((key) => key === "session/outage").length).toBe(1);
    expect(it.raised).toEqual([]);
  });
  test("of IB's servers that outlives its window is told too, while the socket stands", () => {
    const it = given(gatewaySessionMachine, { config: ENGINE }, at(23, 46)).hear(
      { type: "session.open" },
      identified(1),
      reconciled(1),
    );
    it.quiet()
      .hear(noticed(1, 1_100))
      .wait(10 * 60_000);
    expect(it.raised).toEqual([]);
    expect(it.wait(6 * 60_000).raised.length).toBe(1);
  });
});

describe("a read-only login (F43)", () => {
  const said = {
    type: "gateway.noticed",
    epoch: 1,
    code: 321,
    text: "Error validating request: the API interface is currently in Read-Only mode.",
  };
  test("is recognised wherever it is said, told once an epoch, and gets no order ids", () => {
    for (const event of [said, { ...said, type: "order.errored", orderId: 7 }]) {
      const it = ready().quiet().hear(event, event, ask);
      expect(it.facts("session.readOnly").length).toBe(1);
      expect(it.raised).toMatchObject([{ severity: "critical", text: expect.stringContaining("Read-Only API") }]);
      expect(it.told("saga")).toMatchObject([{ type: "orderId.refused", reason: expect.stringContaining("read-only") }]);
    }
  });
  test("is over with its epoch; another validation error is none", () => {
    const it = ready().hear(said, lost(1)).wait(2_000).hear(identified(2), reconciled(2), ask);
    expect(it.told("saga").at(-1)?.type).toBe("orderId.assigned");
    expect(
      ready()
        .hear({ ...said, text: "Invalid action" }, ask)
        .told("saga")
        .at(-1)?.type,
    ).toBe("orderId.assigned");
  });
});

test("a farm that comes and goes touches neither the session's readiness nor its order ids", () => {
  const it = ready().quiet();
  for (const code of [2_103, 2_105, 2_157, 2_104, 2_106, 2_158, 2_107, 2_108])
    it.hear({ ...noticed(1, code), text: "Market data farm connection is broken:usfarm" });
  expect(announced(it)).toEqual([]);
  expect(it.hear(ask).told("saga").at(-1)?.type).toBe("orderId.assigned");
});
