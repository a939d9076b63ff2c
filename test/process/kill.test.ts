/**
 * A machine that fails twenty times: `caretaker run` is killed with SIGKILL and started again on the same state directory, against
 * a gateway that lives on. Nothing is cleaned up by hand in between. Afterwards the broker's books and ours must be the same.
 */
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  document,
  eventually,
  ROOT,
  type Running,
  scratch,
  start,
  startGatewayProcess,
  statusWhere,
} from "../support/process-caretaker.ts";
import { executionsAt } from "../support/process-drop-copy.ts";
import { cashAfter, holdings, stepsOf, tell, unitsFilled } from "../support/process-journal.ts";
import { type Sight, startProxy, type Verdict } from "../support/process-proxy.ts";

const KILLS = 20;
const KILLS_WITH_OPEN_ORDERS = 12;
const KILLS_BETWEEN_APPEND_AND_WRITTEN = 5;
/** A moment that does not come is not waited for longer than this; the kill happens all the same. */
const PATIENCE_MS = 4_000;
const CASH = 100_000;

const ORDER_IS_DURABLE = /"type":"order\.place","msg":"durable"/;
const CONNECTS = /"type":"gateway\.connect",.*"msg":"released"/;

const EXECUTION = 11;
const CANCEL = 4;
const COMPLETED_ORDERS = 99;

/**
 * When to kill. *durable*: the batch with an order in it is on disk and nothing of it has left. *withheld*: the order's bytes left
 * and never arrive. *unheard*: they arrive, and no answer does. *fill*: the first leg of a fill has been told. *cancel*: a cancel
 * is under way. *recovering*: right in the questions of the reconciliation.
 */
type Moment = "durable" | "withheld" | "unheard" | "fill" | "cancel" | "recovering";
const MOMENTS: readonly Moment[] = [
  ...["durable", "withheld", "durable", "unheard", "recovering"],
  ...["durable", "fill", "withheld", "durable", "cancel"],
  ...["unheard", "recovering", "durable", "fill", "withheld"],
  ...["durable", "withheld", "unheard", "durable", "fill"],
] as readonly Moment[];

test("killed twenty times amid its orders, it neither repeats an order nor loses a fill, and agrees with the broker", async () => {
  const gateway = await startGatewayProcess(["--speed", "60", "--skip-closed", "--seed", "7"]);
  const proxy = await startProxy(gateway.port);
  const directory = join(scratch(), "state");
  const config = join(ROOT, "test", "fixtures", "kill.yaml");
  const run = (): Running =>
    start([
      "run",
      "--config",
      config,
      "--port",
      String(proxy.port),
      "--state",
      directory,
      "--http-port",
      "0",
      "--json",
      "--headless",
      "--log-level",
      "debug",
    ]);

  const missed: Moment[] = [];
  const began = performance.now();
  for (const moment of MOMENTS) {
    const daemon = run();
    let met = false;
    const meet = (): void => {
      met = true;
      daemon.signal("SIGKILL");
    };
    const atDurable = (): void =>
      daemon.watch((chunk) => {
        if (daemon.end !== undefined || !ORDER_IS_DURABLE.test(chunk)) return false;
        meet();
        return true;
      });
    if (moment === "durable") atDurable();
    else proxy.look(killerOf(moment, meet));
    // Patience begins when it connects. A moment that does not come gives way to the next order, or to none.
    const timers: NodeJS.Timeout[] = [];
    daemon.watch((chunk) => {
      if (!CONNECTS.test(chunk)) return false;
      timers.push(
        setTimeout(() => {
          missed.push(moment);
          atDurable();
        }, PATIENCE_MS),
        setTimeout(() => daemon.signal("SIGKILL"), 2 * PATIENCE_MS),
      );
      return true;
    });
    await daemon.ended;
    for (const timer of timers) clearTimeout(timer);
    proxy.look(undefined);
    if (!met && missed.at(-1) !== moment) missed.push(moment);
    expect(daemon.end?.code, daemon.stderr.slice(-1_500)).toBe("SIGKILL");
  }
  const killedAfter = performance.now() - began;

  const last = run();
  await statusWhere(
    directory,
    last,
    "trading again by itself",
    ({ mode, doubtedOrders, discrepancies }) => mode === "trading" && doubtedOrders === 0 && discrepancies === 0,
  );
  await document(["pause", "--state", directory, "--reason", "the test compares the books", "--json"]);
  await statusWhere(directory, last, "no order at work", ({ openOrders }) => openOrders === 0, 60_000);
  last.signal("SIGTERM");
  const { code, stdout, stderr } = await last.ended;
  expect(code, stderr.slice(-1_500)).toBe(0);
  const closing = JSON.parse(stdout) as {
    readonly fills: number;
    readonly cash: number;
    readonly violations: readonly string[];
    readonly journal: { readonly records: number; readonly verified: boolean };
  };

  const truth = await gateway.truth();
  const executions = await executionsAt(gateway.port);
  const journal = tell(await stepsOf(directory));
  const crashes = journal.runs.slice(1);
  const amidOrders = crashes.filter(({ openOrders }) => openOrders.length > 0).length;
  const unwritten = crashes.filter(({ unconfirmed }) => unconfirmed.length > 0).length;
  const settled = Object.entries(Object.groupBy(journal.resolvedAs, (as) => as)).map(([as, all]) => `${all?.length} ${as}`);
  console.info(
    [
      `kills ${crashes.length} in ${(killedAfter / 1_000).toFixed(0)} s: ${amidOrders} between an intent and its end, ${unwritten} between the append and effect.written (${crashes.reduce((sum, { unconfirmed }) => sum + unconfirmed.length, 0)} orders)`,
      `moments that did not come: ${missed.length === 0 ? "none" : missed.join(", ")}`,
      `unknown orders settled by the broker's records: ${settled.join(", ") || "none"}`,
      `orders ${journal.orders.size}, placements journaled ${journal.placed.length}, seen on the wire ${proxy.placements.filter(({ whatIf }) => !whatIf).length}`,
      `fills ${journal.fills.length}, at the broker ${executions.length}; commissions ${truth.commissions}; records ${journal.records}`,
    ].join("\n"),
  );

  // The test itself did what it says.
  expect(crashes).toHaveLength(KILLS);
  expect(amidOrders).toBeGreaterThanOrEqual(KILLS_WITH_OPEN_ORDERS);
  expect(unwritten).toBeGreaterThanOrEqual(KILLS_BETWEEN_APPEND_AND_WRITTEN);
  expect(executions.length).toBeGreaterThan(20);

  // P1: whatever was on the wire was in the journal, with that id and that price.
  const journaled = new Set(journal.placed.map(({ orderRef, orderId, limit }) => `${orderRef} ${orderId} ${limit}`));
  const onTheWire = proxy.placements.filter(({ whatIf }) => !whatIf);
  expect(
    onTheWire.filter(({ orderRef, orderId, limit }) => !journaled.has(`${orderRef} ${orderId} ${Math.round(limit * 10_000)}`)),
  ).toStrictEqual([]);
  // P2: one order id for life, one first transmission, and never more filled than wanted.
  for (const orderRef of journal.orders.keys()) {
    const sent = onTheWire.filter((placement) => placement.orderRef === orderRef);
    expect(new Set(sent.map(({ orderId }) => orderId)).size, orderRef).toBeLessThanOrEqual(1);
    expect(
      journal.placed.filter((placed) => placed.orderRef === orderRef && !placed.modify).length,
      orderRef,
    ).toBeLessThanOrEqual(1);
  }
  for (const order of journal.orders.values())
    expect(unitsFilled(order, journal.fills), order.orderRef).toBeLessThanOrEqual(order.quantity);
  // No lost fill, and none invented.
  const rows = (
    fills: readonly { execId: string; orderRef: string; conId: number; quantity: number; price: number }[],
  ): string[] =>
    fills.map(({ execId, orderRef, conId, quantity, price }) => `${execId} ${orderRef} ${conId} ${quantity} ${price}`).sort();
  expect(rows(journal.fills)).toStrictEqual(rows(executions));
  expect(journal.fills).toHaveLength(truth.executions);
  // Positions and money.
  expect(holdings(journal.fills)).toStrictEqual(holdings(truth.positions));
  expect(cashAfter(CASH, journal)).toBe(Math.round(truth.cash * 10_000));
  expect(closing.cash).toBe(truth.cash);
  expect(closing.fills).toBe(journal.fills.length);
  expect(truth.openOrders).toStrictEqual([]);
  expect([...journal.orders.values()].filter(({ endedAt }) => endedAt === undefined)).toStrictEqual([]);
  // The journal is whole, derives again, and nothing threw.
  expect(closing.journal).toStrictEqual({ records: journal.records, verified: true });
  expect(closing.violations).toStrictEqual([]);
  expect(journal.poisoned).toBe(0);
  const replayed = await document<{ effectsMismatched: number; otherBuildsDiffer: number; records: number }>([
    "replay",
    "--state",
    directory,
    "--json",
  ]);
  expect(replayed).toMatchObject({ effectsMismatched: 0, otherBuildsDiffer: 0, records: journal.records });
  await eventually("the gateway has outlived it all", () => (gateway.process.end === undefined ? true : undefined));
}, 240_000);

/** Kills once, at the moment's frame. */
const killerOf = (moment: Exclude<Moment, "durable">, kill: () => void): ((sight: Sight) => Verdict) => {
  let done = false;
  const once = (verdict: Verdict, delayMs = 0): Verdict => {
    if (done) return verdict;
    done = true;
    if (delayMs === 0) kill();
    else setTimeout(kill, delayMs);
    return verdict;
  };
  return (sight) => {
    switch (moment) {
      case "withheld":
        return sight.kind === "placement" && !sight.placement.whatIf ? once("withhold") : "pass";
      case "unheard":
        return sight.kind === "placement" && !sight.placement.whatIf ? once("withholdAnswers", 150) : "pass";
      case "fill":
        return sight.kind === "answer" && sight.id === EXECUTION ? once("withholdAnswers") : "pass";
      case "cancel":
        return sight.kind === "request" && sight.id === CANCEL ? once("pass") : "pass";
      case "recovering":
        return sight.kind === "request" && sight.id === COMPLETED_ORDERS ? once("pass") : "pass";
    }
  };
};
