/** One connection's life over a fake client and a scheduler turned by hand: identification, heartbeat, its single end, orders at the door. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { IbPortOptions } from "../../src/io/ib/ib-port.ts";
import { type FakeIbClient, fakeIbClient } from "../support/fake-ib-client.ts";
import { createRig, enquiry, INTENT_REF, NOW, option, placeVertical, type Rig, SPY } from "../support/ib-port-rig.ts";
import { VirtualScheduler } from "../support/virtual-scheduler.ts";

const bench = (options: Partial<IbPortOptions> = {}) => {
  const scheduler = new VirtualScheduler();
  const clients: FakeIbClient[] = [];
  const newClient = () => {
    const client = fakeIbClient();
    clients.push(client);
    return client;
  };
  const rig: Rig = createRig({ newClient, scheduler, ...options });
  const begin = (epoch: number): FakeIbClient => {
    rig.send("gateway.connect", { epoch });
    const client = clients.at(-1) as FakeIbClient;
    client.login();
    scheduler.advance(0);
    return client;
  };
  return { scheduler, clients, rig, begin };
};

describe("identification", () => {
  test.each([
    ["accounts first", ["managedAccounts", "nextValidId"]],
    ["id first", ["nextValidId", "managedAccounts"]],
  ] as const)("needs accounts and next id, in whatever order (%s), and is told once", (_, order) => {
    const { scheduler, clients, rig } = bench();
    rig.send("gateway.connect", { epoch: 1 });
    const client = clients[0] as FakeIbClient;
    for (const event of [...order, ...order]) {
      expect(rig.port.state).toBe(rig.of("gateway.identified").length === 0 ? "connecting" : "identified");
      if (event === "managedAccounts") client.say("managedAccounts", " DU1000001, DU1000002,");
      else client.say("nextValidId", 100);
    }
    scheduler.advance(0);
    expect(rig.of("gateway.identified")).toEqual([
      { type: "gateway.identified", epoch: 1, accounts: ["DU1000001", "DU1000002"], nextOrderId: 100, clientId: 7 },
    ]);
    expect(client.calls("connect")).toEqual([[7]]);
  });

  test("that does not come in time ends the epoch", () => {
    const { scheduler, clients, rig } = bench();
    rig.send("gateway.connect", { epoch: 1 });
    clients[0]?.say("managedAccounts", "DU1000001");
    scheduler.advance(9_999);
    expect(rig.of("gateway.lost")).toEqual([]);
    scheduler.advance(1);
    expect(rig.of("gateway.lost")).toEqual([{ type: "gateway.lost", epoch: 1, reason: "not identified within 10000 ms" }]);
  });
});

describe("the heartbeat", () => {
  test("finds a half-open peer within 15 s of its last answer, whatever the last answer's time", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 4_900 }), { maxLength: 8 }), (delaysMs) => {
        const { scheduler, rig, begin } = bench();
        const client = begin(1);
        let answered = 0;
        for (const delayMs of delaysMs) {
          while (client.calls("reqCurrentTime").length <= answered) scheduler.advance(1_000);
          scheduler.advance(delayMs);
          answered = client.calls("reqCurrentTime").length;
          client.say("currentTime", 1_795_000_000);
          expect(rig.port.state).toBe("identified");
        }
        scheduler.advance(14_999);
        expect(rig.port.state).toBe("identified");
        client.say("tickPrice", 1_000_000_000, 1, 450);
        scheduler.advance(1);
        expect(rig.port.state).toBe("over");
        expect(rig.of("gateway.lost").length).toBe(1);
        expect(scheduler.pending).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  test("excuses the peer once when this process slept, and only once", () => {
    const { scheduler, rig, begin } = bench();
    begin(1);
    scheduler.sleep(60_000);
    expect(rig.port.state).toBe("identified");
    scheduler.advance(4_999);
    expect(rig.port.state).toBe("identified");
    scheduler.advance(1);
    expect(rig.port.state).toBe("over");
  });

  test("does not excuse it for ever, however often this process sleeps", () => {
    const { scheduler, rig, begin } = bench();
    begin(1);
    scheduler.sleep(60_000);
    scheduler.sleep(60_000);
    expect(rig.port.state).toBe("over");
  });

  test("does not judge a peer that we do not read, and probes again on resuming", () => {
    const { scheduler, rig, begin } = bench();
    const client = begin(1);
    rig.port.pause();
    client.say("currentTime", 1_795_000_000);
    scheduler.advance(120_000);
    expect(rig.port.state).toBe("identified");
    const probes = client.calls("reqCurrentTime").length;
    rig.port.resume();
    expect(client.calls("reqCurrentTime").length).toBe(probes + 1);
    scheduler.advance(15_000);
    expect(rig.port.state).toBe("over");
  });
});

describe("the end of an epoch", () => {
  const ENDS: readonly (readonly [string, (client: FakeIbClient, rig: Rig) => void])[] = [
    ["the socket closes", (client) => client.say("disconnected")],
    ["the client id is taken", (client) => client.say("info", "in use", 326)],
    ["the socket errs", (client) => client.say("error", new Error("ECONNRESET"), 502, -1)],
    ["we disconnect", (_, rig) => rig.send("gateway.disconnect", { epoch: 1, reason: "restart window" })],
    ["another begins", (_, rig) => rig.send("gateway.connect", { epoch: 2 })],
    ["the port closes", (_, rig) => rig.port.close()],
    ["a fill is unreadable", (client) => client.say("execDetails", -1, {}, {})],
  ];
  test.each(ENDS)("comes once when %s, whatever follows; the client is deaf, disconnected and never used again", (_, end) => {
    const { scheduler, rig, begin } = bench();
    const client = begin(1);
    const listeners = new Map(client.listeners);
    rig.send("line.open", { epoch: 1, contract: SPY });
    end(client, rig);
    const asked = client.asked.filter(([method]) => method !== "disconnect").length;
    const told = rig.reports.length;
    const late: readonly (readonly [string, ...unknown[]])[] = [
      ["nextValidId", 200],
      ["managedAccounts", "DU1000001"],
      ["position", "DU1000001", { conId: 756733, symbol: "SPY", secType: "STK" }, 5, 450],
      ["info", "farm", 2104],
      ["disconnected"],
      ["error", new Error("late"), 502, -1],
      ["orderStatus", 100, "Filled", 1, 0, 2.5, 9001, 0, 2.5, 7, "", 0],
    ];
    for (const [event, ...args] of late) for (const listener of listeners.get(event) ?? []) listener(...args);
    expect(rig.reports.length).toBe(told);
    scheduler.advance(0);
    expect(rig.of("gateway.lost").filter(({ epoch }) => epoch === 1).length).toBe(1);
    expect([...client.listeners.keys()]).toEqual(["error"]);
    expect(client.calls("disconnect").length).toBe(1);
    expect(client.asked.filter(([method]) => method !== "disconnect").length).toBe(asked);
  });

  test("refuses what waited and fails what was asked, before it is told as lost", () => {
    const { rig, begin } = bench();
    const client = begin(1);
    rig.send("executions.request", enquiry(1, "fills"));
    rig.send("positions.request", enquiry(1, "book"));
    rig.send("positions.request", enquiry(1, "book again"), "waits");
    rig.send("openOrders.request", enquiry(1, "orders"), "fenced");
    for (let n = 0; n < 60; n++) rig.send("line.open", { epoch: 1, contract: option(1000 + n, 400 + n, "C") }, `line-${n}`);
    rig.send("order.place", placeVertical(1, 100), "order");
    client.say("disconnected");
    const types = rig.reports.map(({ type }) => type);
    expect(types.slice(-3)).toEqual(["request.failed", "request.failed", "gateway.lost"]);
    expect(
      rig
        .of("request.failed")
        .map(({ request, code }) => [request, code])
        .sort(),
    ).toEqual([
      ["book", 0],
      ["fills", 0],
    ]);
    for (const id of ["order", "waits", "fenced"]) {
      expect(rig.settlements.filter(([settled]) => settled === id)).toEqual([[id, { refused: "epoch over" }]]);
    }
  });

  test("leaves nothing of the old epoch in the new one, and each epoch has a client of its own with the same client id", () => {
    const { clients, rig, begin } = bench();
    for (let epoch = 1; epoch <= 5; epoch++) begin(epoch);
    expect(new Set(clients).size).toBe(5);
    expect(clients.map((client) => client.calls("connect"))).toEqual(Array.from({ length: 5 }, () => [[7]]));
    expect(rig.send("gateway.connect", { epoch: 5 })).toEqual({ refused: "epoch 5 is not later than 5" });
    expect(rig.send("gateway.connect", { epoch: 3 })).toEqual({ refused: "epoch 3 is not later than 5" });
    expect(rig.port.epoch).toBe(5);
  });
});

describe("an effect at the door", () => {
  test("is refused before the login, for another epoch, after the end, and when it is none of ours", () => {
    const { clients, rig, begin } = bench();
    const place = (epoch: number) => rig.send("order.place", placeVertical(epoch, 100));
    expect(place(1)).toEqual({ refused: "epoch over" });
    rig.send("gateway.connect", { epoch: 1 });
    expect(place(1)).toEqual({ refused: "not identified" });
    const client = begin(2);
    expect(place(1)).toEqual({ refused: "epoch over" });
    expect(place(3)).toEqual({ refused: "epoch over" });
    expect(rig.send("operator.notify", { key: "k", severity: "info", text: "t" })).toHaveProperty("refused");
    expect(rig.port.send({ id: "1.1", actor: "x", type: "order.obliterate", params: { epoch: 2 } })).toHaveProperty("refused");
    client.say("disconnected");
    expect(place(2)).toEqual({ refused: "epoch over" });
    rig.port.close();
    expect(rig.send("gateway.connect", { epoch: 9 })).toEqual({ refused: "the port is closed" });
    expect(clients.flatMap((one) => one.calls("placeOrder"))).toEqual([]);
  });

  test("a ticket that could mean two things is refused with its reason, and not a byte leaves", () => {
    const { rig, begin } = bench();
    const client = begin(1);
    const { ticket, ...rest } = placeVertical(1, 100);
    const { combo, ...single } = ticket;
    const bad = [
      [{ ...ticket, contract: SPY }, /either/],
      [{ ...single }, /either/],
      [{ ...ticket, action: "SELL" as const }, /bought/],
      [{ ...single, contract: SPY }, /no limit price of -1.25/],
      [{ ...ticket, quantity: 0 }, /quantity/],
      [{ ...ticket, quantity: 1.5 }, /quantity/],
      [{ ...ticket, account: "" }, /account/],
      [{ ...ticket, orderRef: "" }, /orderRef/],
      [{ ...ticket, orderId: 1_000_000_000 }, /orderId/],
      [{ ...ticket, limitPrice: Number.NaN as never }, /limitPrice/],
      [{ ...ticket, combo: { symbol: "SPY", currency: "USD", legs: combo?.legs.slice(0, 1) ?? [] } }, /two legs/],
    ] as const;
    for (const [wrong, reason] of bad) {
      expect(rig.send("order.place", { ...rest, ticket: wrong })).toEqual({ refused: expect.stringMatching(reason) });
    }
    expect(client.calls("placeOrder")).toEqual([]);
  });

  test("an order whose approval ran out, or that the last check holds back, is refused when its turn comes", () => {
    let now = NOW as number;
    let halted = false;
    const { scheduler, rig, begin } = bench({
      now: () => now as typeof NOW,
      lastCheck: () => (halted ? "halted" : undefined),
      messagesPerSecond: 2,
    });
    const client = begin(1);
    rig.send("line.open", { epoch: 1, contract: SPY });
    rig.send("line.open", { epoch: 1, contract: option(1, 1, "C") });
    expect(rig.send("order.place", placeVertical(1, 100, { expiresAt: NOW + 500 }), "stale")).toEqual({ pending: 1 });
    expect(rig.send("order.place", placeVertical(1, 101, { expiresAt: NOW + 90_000 }), "stopped")).toEqual({ pending: 1 });
    expect(rig.send("order.cancel", { epoch: 1, orderId: 55, orderRef: INTENT_REF }, "cancel")).toEqual({ pending: 1 });
    now += 501;
    halted = true;
    scheduler.advance(5_000);
    expect(rig.settlements.filter(([id]) => id === "stale")).toEqual([["stale", { refused: "approval expired" }]]);
    expect(rig.settlements.filter(([id]) => id === "stopped")).toEqual([["stopped", { refused: "halted" }]]);
    expect(client.calls("placeOrder")).toEqual([]);
    expect(client.calls("cancelOrder")).toEqual([[55]]);
  });
});

test("the simulated gateway's announcement is handed over before it is told", () => {
  const order: string[] = [];
  const client = fakeIbClient();
  const rig = createRig(
    { newClient: () => client, scheduler: new VirtualScheduler(), onAnnouncement: (text) => void order.push(text) },
    ({ type }) => void order.push(type),
  );
  rig.send("gateway.connect", { epoch: 1 });
  client.say("info", "market time 2026-11-20T16:00:00Z, speed 60", 2199);
  client.say("info", "Market data farm connection is OK:usfarm", 2104);
  expect(order).toEqual(["market time 2026-11-20T16:00:00Z, speed 60", "gateway.noticed", "gateway.noticed"]);
});
