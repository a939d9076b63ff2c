/** A state directory of an earlier version with an open position: it is watched on, and left, as if it had been entered by this one. */
import { expect, test } from "vitest";
import { household } from "../../src/actors/household.ts";
import { reversed } from "../../src/domain/contract.ts";
import type { Json } from "../../src/domain/json.ts";
import type { Logic } from "../../src/kernel/logic.ts";
import type { Input, Snapshot } from "../../src/ports/journal.ts";
import { MemorySnapshots, settle } from "../support/kernel-memory.ts";
import { rig } from "../support/kernel-rig.ts";
import { CONDOR, ENGINE, NOON, SPY, VIX } from "../support/quoted-chain.ts";
import { candidateOf, PATH } from "../support/slot-desk.ts";
import { regimeTold, underlyingTold } from "../support/weather.ts";

const ENTRY = "caretaker/5f2c81aa/20261123-s1-1";
const EXIT = "caretaker/5f2c81aa/20261123-s1-2";
const {
  kind: _kind,
  carry: _carry,
  vix: _vix,
  american: _american,
  weather: _weather,
  prediction: _prediction,
  ...old
} = candidateOf(CONDOR, 2, 2.4);
/** As the version before kept it: no weather, no latches, no campaign. */
const version1 = (more: object = {}) => ({
  path: PATH,
  n: 1,
  engine: ENGINE,
  mode: "trading",
  epoch: 3,
  intents: 1,
  candidate: old,
  quotes: {},
  toRequest: [],
  ledger: {
    fills: Object.fromEntries(
      CONDOR.map(({ contract, ratio }, n) => [
        `e.${n}.01`,
        {
          orderRef: ENTRY,
          conId: contract.conId,
          quantity: 2 * ratio,
          price: ([1.1, 2.3, 2.2, 1][n] as number) * 10_000,
          multiplier: 100,
        },
      ]),
    ),
    fees: {},
  },
  refs: [ENTRY],
  order: null,
  ended: { orderRef: ENTRY, filledUnits: 2, reason: "filled" },
  openedAt: NOON,
  sight: null,
  evaluatedAt: NOON - 5_000,
  firings: { "take-profit": { since: NOON, last: NOON } },
  told: null,
  blind: null,
  exit: null,
  quarantine: null,
  past: [],
  totals: { positions: 3, profit: 120_000, fees: 10_000 },
  ...more,
});
const revived = async (value: Json, context: object) => {
  const snapshots = new MemorySnapshots();
  snapshots.kept.push({
    seq: 0,
    now: NOON,
    build: "old",
    timers: [],
    unacknowledged: [],
    counters: { startedSeq: 0, startedAt: NOON, live: 0 },
    actors: [
      {
        path: PATH,
        machine: "positionSlot",
        version: 1,
        input: { path: PATH, n: 1, engine: ENGINE },
        snapshot: { status: "active", value, historyValue: {}, context, children: {} },
        topics: ["session", "mode"],
        standing: "live",
      },
    ],
  } as unknown as Snapshot);
  const { positionSlot, order } = household.machines;
  const logic = {
    ...(household as unknown as Logic),
    machines: { positionSlot, order },
    supervisor: PATH,
    genesis: () => [],
    gate: () => undefined,
    route: ({ type }: Input) => (type === "run.started" ? {} : { to: [PATH] }),
    quiet: () => true,
  } as unknown as Logic;
  const { kernel, clock } = rig({ logic, snapshots });
  clock.jump(NOON);
  await kernel.recover();
  kernel.start({ config: {}, node: "test", mode: "simulated" });
  const hear = async (event: object): Promise<void> => {
    kernel.offer(event as Input);
    await settle();
  };
  await hear({ type: "run.resumed", config: ENGINE });
  // biome-ignore lint/suspicious/noExplicitAny: a look into any context
  const look = () => kernel.view.snapshotOf(PATH) as { value: any; context: any };
  return { hear, look };
};

test("a position that is held goes on with unknown weather, and takes the VIX from whoever tells the regime", async () => {
  const { hear, look } = await revived({ open: { holding: "watching" } }, version1());
  expect([look().value, look().context.quarantine]).toEqual([{ open: { holding: "watching" } }, null]);
  expect(look().context).toMatchObject({
    entryRefs: [ENTRY],
    campaign: { loss: 0, rolls: 0 },
    former: [],
    next: null,
    firings: {},
  });
  await hear(regimeTold());
  await hear(underlyingTold());
  await hear({ type: "quote.updated", epoch: 3, quote: { conId: SPY.conId, last: 6_000_000, at: NOON } });
  expect(look().context.weather).toMatchObject({ regime: { regime: "normal", vix: VIX }, underlying: { symbol: "SPY" } });
  expect(look().context.sight).toMatchObject({ decision: { action: "hold" } });
});
test("an exit that was at work is still the only order, and its fills close the position", async () => {
  const order = { intentId: "20261123-s1-2", orderRef: EXIT, purpose: "exit", quantity: 2, urgency: "normal", doubted: false };
  const exit = { decision: { action: "close", rule: "take-profit", urgency: "normal" }, attempts: 1 };
  const { hear, look } = await revived(
    { open: { exiting: "working" } },
    version1({ refs: [ENTRY, EXIT], order, ended: null, exit, intents: 2 }),
  );
  expect(look().context.order).toMatchObject({ orderRef: EXIT, legs: reversed(CONDOR) });
  for (const [n, { contract, ratio }] of reversed(CONDOR).entries())
    await hear({
      type: "leg.filled",
      orderRef: EXIT,
      execId: `x.${n}.01`,
      contract,
      quantity: 2 * ratio,
      price: 5_000,
      at: NOON,
    });
  await hear({ type: "order.ended", orderRef: EXIT, purpose: "exit", outcome: "filled", filledUnits: 2, reason: "" });
  expect(look().value).toBe("settling");
});
