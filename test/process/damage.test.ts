/** What can happen to a state directory between two starts: each is refused or survived, and what is refused is left as it is. */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, statfsSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { engineConfigOf } from "../../src/cli/engine-config.ts";
import { startEngine } from "../../src/cli/engine-process.ts";
import { createMarketClock } from "../../src/io/clock/market-clock.ts";
import { loadConfig } from "../../src/io/config/config-file.ts";
import { realClients } from "../../src/io/ib/real-client.ts";
import type { Step } from "../../src/ports/journal.ts";
import { openState } from "../../src/store/state-directory.ts";
import {
  caretaker,
  document,
  eventually,
  type GatewayProcess,
  inTurn,
  ROOT,
  scratch,
  start,
  startGatewayProcess,
  statusWhere,
} from "../support/process-caretaker.ts";
import { executionsAt } from "../support/process-drop-copy.ts";
import { holdings, stepsOf, tell } from "../support/process-journal.ts";
import { startProxy } from "../support/process-proxy.ts";
import { collect, dayOf, filesOf, fingerprint } from "../support/state-directories.ts";

const CONFIG = join(ROOT, "test/fixtures/kill.yaml");
const runArgs = (port: number, state: string, ...more: string[]): string[] => [
  "run",
  "--config",
  CONFIG,
  "--port",
  String(port),
  "--state",
  state,
  "--http-port",
  "0",
  "--headless",
  "--json",
  ...more,
];

/** A directory after some seconds of trading and a clean stop. */
const livedIn = async (gateway: GatewayProcess, seconds = 6): Promise<string> => {
  const state = join(scratch(), "state");
  const { code, stderr } = await caretaker(runArgs(gateway.port, state, "--for", `${seconds}s`));
  expect(code, stderr).toBe(0);
  return state;
};
const copyOf = (state: string): string => {
  const copy = join(scratch(), "state");
  cpSync(state, copy, { recursive: true });
  return copy;
};
/** The largest file of the journal with this ending. */
const largest = (state: string, ...endings: string[]): string =>
  filesOf(join(state, "journal"))
    .filter((name) => endings.some((ending) => name.endsWith(ending)))
    .map((name) => join(state, "journal", name))
    .sort((a, b) => statSync(b).size - statSync(a).size)[0] as string;
const flipABit = (file: string): void => {
  const bytes = readFileSync(file);
  const at = Math.floor(bytes.length / 2);
  bytes[at] = (bytes[at] as number) ^ 0b100;
  writeFileSync(file, bytes);
};

interface Damage {
  readonly name: string;
  readonly harm: (state: string) => void;
  readonly code: number;
  readonly says: RegExp;
}
const DAMAGES: readonly Damage[] = [
  {
    name: "one bit flipped in the journal",
    harm: (state) => flipABit(largest(state, ".ldb", ".log")),
    code: 65,
    says: /journal.*(seq \d+|restore)/i,
  },
  {
    name: "a file of the journal cut short",
    harm: (state) => truncateSync(largest(state, ".ldb", ".log"), Math.floor(statSync(largest(state, ".ldb", ".log")).size / 2)),
    code: 65,
    says: /journal/,
  },
  { name: "a file of the journal gone", harm: (state) => rmSync(largest(state, ".ldb", ".log")), code: 65, says: /journal/ },
  {
    name: "CURRENT gone",
    harm: (state) => rmSync(join(state, "journal", "CURRENT")),
    code: 65,
    says: /no journal in a directory that is not empty/,
  },
  {
    name: "an identity that is not JSON",
    harm: (state) => writeFileSync(join(state, "identity.json"), "{"),
    code: 65,
    says: /identity/,
  },
  {
    name: "somebody else's directory",
    harm: (state) => rmSync(join(state, "journal"), { recursive: true }),
    code: 65,
    says: /not empty/,
  },
];

describe("a damaged directory", () => {
  test("is refused with its code and its place, and left byte for byte as it was", async () => {
    const gateway = await startGatewayProcess();
    const sound = await livedIn(gateway);
    const ends = await inTurn(DAMAGES, 3, async (damage) => {
      const state = copyOf(sound);
      damage.harm(state);
      const before = fingerprint(state);
      const ended = await caretaker(runArgs(gateway.port, state, "--for", "1s"));
      return { ...damage, ...ended, state, before, after: fingerprint(state) };
    });
    for (const { name, code, stdout, stderr, says, state, before, after } of ends) {
      const wanted = DAMAGES.find((damage) => damage.name === name)?.code;
      expect({ name, code, stdout }, stderr).toStrictEqual({ name, code: wanted, stdout: "" });
      expect(stderr, name).toContain(state);
      expect(stderr, name).toMatch(says);
      expect(after, name).toStrictEqual(before);
    }
    console.info(ends.map(({ name, code, stderr }) => `${code} ${name}: ${stderr.trim().slice(0, 200)}`).join("\n"));
    // The directory that was copied is as good as ever.
    const again = await document<{ verified: boolean }>(["journal", "verify", "--state", sound, "--json"]);
    expect(again.verified).toBe(true);
  });

  test("is not shared: a second daemon is told who has it, exit 75, and readers ask the first (pain 11)", async () => {
    const gateway = await startGatewayProcess();
    const state = join(scratch(), "state");
    const first = start(runArgs(gateway.port, state));
    await statusWhere(state, first, "trading", ({ mode }) => mode === "trading");
    const [second, verify, status] = await Promise.all([
      caretaker(runArgs(gateway.port, state)),
      caretaker(["journal", "verify", "--state", state]),
      caretaker(["status", "--state", state, "--json"]),
    ]);
    expect(second).toMatchObject({ code: 75, stdout: "" });
    expect(second.stderr).toContain(`process ${first.pid}`);
    expect(verify.code).toBe(75);
    expect(status.code).toBe(0);
    expect(first.end).toBeUndefined();
    first.signal("SIGTERM");
    expect((await first.ended).code).toBe(0);
  });
});

describe("the tail of another build", () => {
  test("is taken over with what it recorded: the difference is told, who differs is quarantined, and nothing is entered", async () => {
    const gateway = await startGatewayProcess();
    const state = await livedIn(gateway, 1);
    const before = tell(await stepsOf(state)).records;
    await liveAsAnotherBuild(gateway, state);
    const run = start(runArgs(gateway.port, state));
    const { reason } = await statusWhere(state, run, "reducing", ({ mode }) => mode === "reducing");
    expect(reason).toContain("another build");
    run.signal("SIGTERM");
    expect((await run.ended).code).toBe(0);

    const journal = tell(await stepsOf(state));
    const [, old, ours] = journal.runs;
    expect(old?.build).toBe("0.0.0+another");
    expect(ours?.build).not.toBe("0.0.0+another");
    expect(ours?.differences.length).toBeGreaterThan(0);
    expect(ours?.differences.join("\n")).toContain("strategy/spy-a");
    expect(journal.modes.at(-2)).toBe("reducing");
    expect(journal.placed.filter(({ effect }) => Number(effect.split(".")[0]) > (ours?.seq ?? 0))).toStrictEqual([]);
    console.info(`the tail of ${(ours?.seq ?? 0) - before} records of another build: ${ours?.differences[0]?.slice(0, 160)}`);
  });
});

/** Runs the engine for a moment under another build id, recording something that this build does not derive; then it is gone. */
const liveAsAnotherBuild = async (gateway: GatewayProcess, directory: string): Promise<void> => {
  const loaded = loadConfig(CONFIG);
  if (!loaded.ok) throw new Error("the fixture is a good configuration");
  const { config } = loaded;
  const state = await openState(directory, { account: "DU1234567", dayOf });
  const last = await collect(state.journal.tail(1));
  let strayed = false;
  const otherwise = (step: Step): Step => {
    const transitions = step.transitions.map((transition) => {
      // Later than the snapshot that a run takes when it goes live: what stands before it is not derived again.
      const resolving = JSON.stringify(transition.from).includes("resolving");
      if (transition.actor !== "strategy/spy-a" || !resolving || strayed) return transition;
      strayed = true;
      return { ...transition, to: "elsewhere" };
    });
    return { ...step, transitions };
  };
  const journal = new Proxy(state.journal, {
    get: (real, name) => {
      if (name === "append") return (steps: readonly Step[]) => real.append(steps.map(otherwise));
      const value: unknown = Reflect.get(real, name, real);
      return typeof value === "function" ? value.bind(real) : value;
    },
  });
  const quiet = (): void => {};
  let dead = false;
  await startEngine({
    state: { ...state, journal },
    config: engineConfigOf(config, state.identity),
    build: "0.0.0+another",
    clock: createMarketClock({ from: (last[0]?.now ?? 0) as never, speed: 60, skipClosed: true }),
    newClient: realClients({ host: "127.0.0.1", port: gateway.port, clientId: config.gateway.clientId }),
    clientId: config.gateway.clientId,
    messagesPerSecond: config.gateway.messagesPerSecond,
    heartbeatMs: config.gateway.heartbeatSeconds * 1_000,
    logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    onDurable: quiet,
    onNotice: quiet,
    onFatal: () => {
      dead = true;
    },
  });
  await eventually("something that the other build saw otherwise", () => (strayed ? true : undefined));
  // The journal goes away under it: it ends as by a crash, without a last snapshot.
  await state.close();
  await eventually("the end of the other build", () => (dead ? true : undefined));
};

/** A file system of its own, or undefined where none can be mounted. */
const ownDisk = (
  bytes: number,
): { readonly path: string; readonly fillUp: () => void; readonly empty: () => void } | undefined => {
  const path = join(scratch(), "disk");
  mkdirSync(path);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${bytes}`, "tmpfs", path], { stdio: "pipe" });
  } catch {
    return undefined;
  }
  onTestFinished(() => void execFileSync("umount", ["-l", path]));
  const filler = join(path, "filler");
  return {
    path,
    fillUp: () => {
      const { bavail, bsize } = statfsSync(path);
      writeFileSync(filler, Buffer.alloc(bavail * bsize - LEFT_BYTES));
    },
    empty: () => rmSync(filler),
  };
};
/** More than the reserve is taken from; and what is left when it fills up. */
const DISK_BYTES = 96 << 20;
const LEFT_BYTES = 128 << 10;

describe("a disk that fills up", () => {
  test("ends the engine with exit 74 and nothing unjournaled on the wire; with room again it goes on", async () => {
    const gateway = await startGatewayProcess();
    const proxy = await startProxy(gateway.port);
    const disk = ownDisk(DISK_BYTES);
    const state = join(disk?.path ?? scratch(), "state");
    // Without a disk of our own: no file beyond 1 MiB (in blocks of 512 bytes). The reserve is larger, so the directory is made first.
    if (disk === undefined) expect((await caretaker(runArgs(proxy.port, state, "--for", "1s"))).code).toBe(0);
    const run = start(runArgs(proxy.port, state), disk === undefined ? { shell: 'ulimit -f 2048; exec "$@"' } : {});
    if (disk !== undefined) {
      await statusWhere(state, run, "some fills", ({ fills }) => fills >= 4, 60_000);
      disk.fillUp();
    }
    const full = await run.ended;
    expect(full.code, full.stderr).toBe(74);
    expect(full.stdout).toBe("");
    expect(full.stderr).toContain(state);
    // The reserve was given back, so that the next start has room.
    if (disk !== undefined) expect(existsSync(join(state, "ballast"))).toBe(false);
    disk?.empty();

    const again = await caretaker(runArgs(proxy.port, state, "--for", "8s"));
    expect(again.code, again.stderr).toBe(0);
    const journal = tell(await stepsOf(state));
    const journaled = new Set(journal.placed.map(({ orderRef, orderId, limit }) => `${orderRef} ${orderId} ${limit}`));
    const wire = proxy.placements.filter(({ whatIf }) => !whatIf);
    expect(
      wire.filter(({ orderRef, orderId, limit }) => !journaled.has(`${orderRef} ${orderId} ${Math.round(limit * 10_000)}`)),
    ).toStrictEqual([]);
    const known = new Set(journal.fills.map(({ execId }) => execId));
    const executions = await executionsAt(gateway.port);
    const late = executions.filter(({ execId }) => !known.has(execId));
    // An exit that was left working at the stop may have filled since.
    expect(late.filter(({ orderRef }) => journal.orders.get(orderRef)?.endedAt !== undefined)).toStrictEqual([]);
    expect(holdings([...journal.fills, ...late])).toStrictEqual(holdings((await gateway.truth()).positions));
    expect(existsSync(join(state, "ballast"))).toBe(true);
    console.info(
      `${disk === undefined ? "ulimit -f, no tmpfs here" : "a tmpfs"}: ${full.stderr.trim().slice(-300)}\nplacements ${wire.length}, fills ${journal.fills.length}, runs ${journal.runs.length}`,
    );
  }, 120_000);
});
