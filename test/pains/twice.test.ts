/** A change that leaves the old order working: two live orders of one id at the broker, by its own doing (F27). */
import { expect, test } from "vitest";
import { CHECKS } from "../../src/sim/auditor/auditor.ts";
import { oneLiveOrder } from "../../src/sim/auditor/checks/one-live-order.check.ts";
import type { Check } from "../../src/sim/auditor/evidence.ts";
import { createFaultBoard } from "../../src/sim/faults/board.ts";
import type { Stage } from "../../src/sim/runner/stage.ts";
import { expectAgreement, factsOfType, type Played, play } from "./scenario.ts";

const CLIENT = 17;
const isOurs = (orderRef: string): boolean => orderRef.startsWith("caretaker/");
/** S2 as far as it is the engine's: what the broker doubles belongs to no client that we are, and is not counted. */
const oneOrderOfOurs: Check = {
  name: "S2",
  law: "an intent has at most one live order of our own making at the broker",
  open:
    ({ held, violated }) =>
    (evidence) => {
      if (evidence.kind !== "books") return;
      const refs = evidence.truth.accounts
        .flatMap(({ openOrders }) => openOrders)
        .filter(({ clientId, orderRef }) => clientId === CLIENT && isOurs(orderRef))
        .map(({ orderRef }) => orderRef);
      if (new Set(refs).size === refs.length) held();
      else violated(`live orders: ${refs.join(", ")}`);
    },
};
const checks = [...CHECKS.filter((check) => check !== oneLiveOrder), oneOrderOfOurs];

/** Doubles the next changes. A cancel of the id reaches both orders, or the newest alone. */
const double = (stage: Stage, changes: number, cancel: "both" | "newest" = "both"): void => {
  const board = createFaultBoard({ broker: stage.broker, seed: 7, now: () => stage.market.now });
  board.begin({ fault: "order.twice", with: { changes, cancel } });
};
/** The most orders that were live under one reference at a time. */
const watchTwins = (stage: Stage): { most: number } => {
  const seen = { most: 0 };
  stage.broker.onChange(() => {
    const counts: { [orderRef: string]: number } = {};
    for (const { openOrders } of stage.broker.truth().accounts)
      for (const { orderRef } of openOrders) if (isOurs(orderRef)) counts[orderRef] = (counts[orderRef] ?? 0) + 1;
    seen.most = Math.max(seen.most, ...Object.values(counts));
  });
  return seen;
};
const told = ({ records }: Played): readonly string[] =>
  records
    .flatMap(({ effects }) => effects)
    .filter(({ type, params }) => type === "operator.notify" && String(params["key"]).includes("/twins/"))
    .map(({ params }) => String(params["text"]));
/** The effects that left for one order, in order. */
const sentFor = ({ records }: Played, orderRef: string): readonly string[] =>
  records
    .flatMap(({ effects }) => effects)
    .filter(({ params }) => params["orderRef"] === orderRef || (params["ticket"] as { orderRef?: string })?.orderRef === orderRef)
    .map(({ type, params }) => (params["modify"] === true ? "order.change" : type));
const nothingLeftOver = ({ truth }: Played): void =>
  expect(truth.accounts.flatMap(({ openOrders }) => openOrders).filter(({ orderRef }) => isOurs(orderRef))).toEqual([]);

for (const cancel of ["both", "newest"] as const) {
  test(`both orders that a change has left are cancelled when a cancel reaches ${cancel === "both" ? "both" : "the newest alone"} (pain 1)`, async () => {
    let twins = { most: 0 };
    const played = await play({
      minutes: 60,
      checks,
      stage: (stage) => {
        twins = watchTwins(stage);
        double(stage, 3, cancel);
      },
    });
    expect(twins.most).toBe(2);
    expect(told(played).length).toBe(3);
    const doubled = factsOfType(played, "order.ended").filter(({ reason }) => reason === "the broker kept 2 orders of it");
    expect(doubled.length).toBe(3);
    // After the change that was doubled: cancels, and nothing else.
    for (const { orderRef } of doubled) {
      const sent = sentFor(played, orderRef);
      const after = sent.slice(sent.lastIndexOf("order.change") + 1);
      expect(new Set(after)).toEqual(new Set(["order.cancel"]));
      expect(after.length).toBeGreaterThanOrEqual(cancel === "both" ? 1 : 2);
    }
    nothingLeftOver(played);
    expectAgreement(played);
  });
}

test("a change that met a dying link: both orders are found when it is back, and cancelled before anything else is sent (pain 1)", async () => {
  let twins = { most: 0 };
  const played = await play({
    minutes: 60,
    checks,
    stage: (stage) => {
      twins = watchTwins(stage);
      double(stage, 1);
      // The first change reaches IB; what IB answers does not reach us.
      const lose = stage.broker.onChange(() => {
        if (twins.most < 2) return;
        lose();
        stage.begin("servers.dataKept", 0.3);
      });
    },
  });
  expect(played.outcome.faultsTriggered).toMatchObject({ "servers.dataKept": 1 });
  expect(told(played).length).toBe(1);
  const [doubled] = factsOfType(played, "order.doubted");
  const sent = sentFor(played, doubled?.orderRef ?? "");
  expect(new Set(sent.slice(sent.indexOf("order.change") + 1))).toEqual(new Set(["order.cancel"]));
  nothingLeftOver(played);
  expectAgreement(played);
});

test("a process that dies after the change finds both orders when it is back, and cancels them (pain 1)", async () => {
  let twins = { most: 0 };
  const played = await play({
    minutes: 60,
    checks,
    stage: (stage) => {
      twins = watchTwins(stage);
      double(stage, 1);
      const kill = stage.broker.onChange(() => {
        if (twins.most < 2) return;
        kill();
        stage.kill();
      });
    },
  });
  expect(played.outcome.crashes).toBe(1);
  expect(told(played).length).toBe(1);
  const [doubled] = factsOfType(played, "order.doubted");
  const sent = sentFor(played, doubled?.orderRef ?? "");
  expect(new Set(sent.slice(sent.indexOf("order.change") + 1))).toEqual(new Set(["order.cancel"]));
  nothingLeftOver(played);
  expectAgreement(played);
});

/** No cancel of ours reaches the broker until then. */
const deafUntil = (stage: Stage, minutes: number): void => {
  let deaf = true;
  stage.broker.filter({
    asked: (from, name, words, pass) => {
      if (!deaf || name !== "cancelOrder" || from.clientId !== CLIENT) pass(name, words);
    },
  });
  stage.at(minutes, () => {
    deaf = false;
  });
};

test("what both orders of an entry fill is held as what it is, and closed in full (pain 1)", async () => {
  const played = await play({
    seed: 22,
    minutes: 130,
    checks,
    stage: (stage) => {
      double(stage, 2);
      deafUntil(stage, 90);
    },
  });
  const [end] = factsOfType(played, "order.ended").filter(({ purpose, filledUnits }) => purpose === "entry" && filledUnits === 2);
  expect(end).toMatchObject({ outcome: "filled", reason: "the broker kept 2 orders of it" });
  const [opened] = factsOfType(played, "slot.opened").filter(({ quantity }) => quantity === 2);
  expect(factsOfType(played, "slot.closed").map(({ slot }) => slot)).toContain(opened?.slot);
  expect(factsOfType(played, "slot.quarantined")).toEqual([]);
  nothingLeftOver(played);
  expectAgreement(played);
});

test("an exit that fills twice has flipped the position: its slot is quarantined with the number, and nothing is hidden (pain 1)", async () => {
  const played = await play({
    seed: 8,
    minutes: 60,
    checks,
    stage: (stage) => {
      stage.at(25, () => double(stage, 2));
      deafUntil(stage, 50);
    },
  });
  const [end] = factsOfType(played, "order.ended").filter(({ purpose, filledUnits }) => purpose === "exit" && filledUnits === 2);
  expect(end).toMatchObject({ outcome: "filled", reason: "the broker kept 2 orders of it" });
  const [quarantined, ...more] = factsOfType(played, "slot.quarantined");
  expect(more).toEqual([]);
  expect(quarantined?.reason).toContain("-1 units held");
  nothingLeftOver(played);
  expectAgreement(played);
});
