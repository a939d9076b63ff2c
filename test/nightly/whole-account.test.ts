/**
 * An account of 5,000 option positions behind a real gateway on TCP, 100 lines: every contract is refreshed in turn, none starves, the
 * broker never has to refuse a line. The whole engine with its real IB side; market time at twice real speed, about nine minutes.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MemoryLevel } from "memory-level";
import { expect, it } from "vitest";
import { assembleEngine } from "../../src/cli/engine-assembly.ts";
import { asJson, engineConfigOf } from "../../src/cli/engine-config.ts";
import { configSchema } from "../../src/domain/config-schema.ts";
import type { EpochMs } from "../../src/domain/units.ts";
import { createMarketClock } from "../../src/io/clock/market-clock.ts";
import { realScheduler } from "../../src/io/clock/real-scheduler.ts";
import { realClients } from "../../src/io/ib/real-client.ts";
import { openStore } from "../../src/store/store.ts";

const POSITIONS = 5_000;
const SPEED = 2;
const ACCOUNT = "DU1000001";
const silence = (): void => {};

it("refreshes 5,000 positions in turn on 100 lines, through the wire, and starves none", async () => {
  const directory = mkdtempSync(join(tmpdir(), "caretaker-account-"));
  // Ten minutes into the session.
  const child = fork(
    join(import.meta.dirname, "../../bench/account.child.ts"),
    [String(POSITIONS), directory, String(SPEED), "15"],
    {
      execArgv: ["--no-warnings"],
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    },
  );
  try {
    const [said] = (await once(child, "message")) as [{ port: number; begins: number; positions: number }];
    expect(said.positions).toBe(POSITIONS);
    const level = new MemoryLevel<string, string>({ valueEncoding: "utf8" });
    const { journal, snapshots } = await openStore(level as never, { genesis: "0".repeat(64), dayOf: () => "2026-10-05" });
    const refreshed = new Map<number, number>();
    const failures = new Map<string, number>();
    /** Snapshots asked for and not answered: what holds a line here, as nothing streams. */
    let looking = 0;
    let mostLines = 0;
    let counted: { readonly oldestAgeMs?: number; readonly failed: number } | undefined;
    let now = 0;
    const { kernel, port } = assembleEngine({
      journal,
      snapshots,
      build: "nightly",
      clock: createMarketClock({ from: said.begins as EpochMs, speed: SPEED, skipClosed: false }),
      scheduler: realScheduler,
      newClient: realClients({ host: "127.0.0.1", port: said.port, clientId: 17 }),
      clientId: 17,
      logger: { debug: silence, info: silence, warn: silence, error: silence },
      onNotice: silence,
      fatal: (error) => {
        throw error;
      },
      onDurable: (steps) => {
        for (const { input, facts, effects, now: at } of steps) {
          now = at;
          looking += effects.filter(({ type }) => type === "line.snapshot").length;
          if (input.type === "snapshot.answered" || input.type === "snapshot.failed") looking--;
          mostLines = Math.max(mostLines, looking);
          if (input.type === "snapshot.answered") refreshed.set(Number((input["quote"] as { conId: number }).conId), at);
          if (input.type === "snapshot.failed" || input.type === "line.failed") {
            const code = String(input["code"]);
            failures.set(code, (failures.get(code) ?? 0) + 1);
          }
          for (const fact of facts) {
            if (fact.type === "queue.counted") counted = fact as unknown as typeof counted;
          }
        }
      },
    });
    await kernel.recover();
    const config = engineConfigOf(
      configSchema.parse({ mode: "simulated", futures: [], clock: { kind: "simulated", speed: SPEED } }),
      {
        account: ACCOUNT,
        installation: "5f2c81aa-0000",
      },
    );
    kernel.start({ config: asJson(config), node: process.versions.node, mode: "simulated" });
    const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
    // Two laps of 5,000 at ten a second of market time, and a little.
    await wait((2 * (POSITIONS / 10) * 1_000 * 1.05) / SPEED);
    const oldest = Math.max(...[...refreshed.values()].map((at) => now - at)) / 1_000;
    console.info({
      refreshed: refreshed.size,
      oldestSeconds: oldest,
      mostLines,
      counted,
      failures: Object.fromEntries(failures),
    });
    port.close();
    await kernel.stop();
    expect(failures.get("101")).toBeUndefined();
    expect(mostLines).toBeGreaterThan(0);
    expect(mostLines).toBeLessThanOrEqual(100);
    expect(refreshed.size).toBe(POSITIONS);
    expect(oldest).toBeLessThan(1.2 * (POSITIONS / 10));
  } finally {
    child.kill("SIGKILL");
    rmSync(directory, { recursive: true, force: true });
  }
});
