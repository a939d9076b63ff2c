/** A state directory of an earlier version: who wanted a line still does. */
import { expect, test } from "vitest";
import { household } from "../../src/actors/household.ts";
import type { Logic } from "../../src/kernel/logic.ts";
import type { Input, Snapshot } from "../../src/ports/journal.ts";
import { MemorySnapshots, settle } from "../support/kernel-memory.ts";
import { rig } from "../support/kernel-rig.ts";
import { ENGINE, NOON, SPY } from "../support/quoted-chain.ts";

test("the pool of version 1 keeps who wants what, takes the new limits, and opens it with the next session", async () => {
  const snapshots = new MemorySnapshots();
  const wants = { [SPY.conId]: { contract: SPY, holders: { "slot/s1": 1 }, order: 1 } };
  const context = { limit: 100, epoch: 3, wants, leased: { [SPY.conId]: SPY }, requests: 1 };
  snapshots.kept.push({
    seq: 0,
    now: NOON,
    build: "old",
    timers: [],
    unacknowledged: [],
    counters: { startedSeq: 0, startedAt: NOON, live: 0 },
    actors: [
      {
        path: "lines",
        machine: "marketDataLines",
        version: 1,
        input: { config: ENGINE },
        snapshot: { status: "active", value: "online", historyValue: {}, context, children: {} },
        topics: ["session"],
        standing: "live",
      },
    ],
  } as unknown as Snapshot);
  const logic = {
    ...(household as unknown as Logic),
    supervisor: "lines",
    genesis: () => [],
    gate: () => undefined,
    route: ({ type }: Input) => (type === "run.started" ? {} : { to: ["lines"] }),
    quiet: () => true,
  } as Logic;
  const { kernel, released, clock } = rig({ logic, snapshots });
  clock.jump(NOON);
  await kernel.recover();
  kernel.start({ config: {}, node: "test", mode: "simulated" });
  kernel.offer({ type: "run.resumed", config: ENGINE } as unknown as Input);
  kernel.offer({ type: "session.readied", epoch: 4, account: "DU1", clientId: 7 } as unknown as Input);
  await settle();
  const pool = kernel.view.snapshotOf("lines");
  expect(pool?.value).toEqual({ online: "holding" });
  expect(pool?.context).toMatchObject({ pool: { limits: ENGINE.lines, wants } });
  expect(released.map(({ type, params }) => [type, params["epoch"]])).toEqual([["line.open", 4]]);
});
