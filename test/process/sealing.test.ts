/**
 * A machine that dies while it closes its books: `caretaker run` trades simulated days, seals each when it is over, and is killed with
 * SIGKILL in the middle of that, again and again, on one state directory. Afterwards nothing is missing and all of it derives again.
 */
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { caretaker, document, ROOT, type Running, scratch, start, startGatewayProcess } from "../support/process-caretaker.ts";
import { stepsOf } from "../support/process-journal.ts";

/** The stage at whose log line each process is killed; the last one ends by itself. */
const KILLED_AT = ["writing", "naming", "removing", "sealed"] as const;
const SEALS = /"stage":"(\w+)".*"msg":"sealing"/;
/** A stage that does not come is not waited for longer than this. */
const PATIENCE_MS = 25_000;

interface Verification {
  readonly records: number;
  readonly sealed: readonly { readonly day: string; readonly firstSeq: number; readonly lastSeq: number }[];
}

test("killed at each stage of sealing its days, it goes on; every way of replay agrees, and no day is lost or written twice", async () => {
  const gateway = await startGatewayProcess(["--speed", "10000", "--skip-closed", "--seed", "7"]);
  const directory = join(scratch(), "state");
  const config = join(ROOT, "test", "fixtures", "sealing.yaml");
  const run = (): Running =>
    start([
      ...["run", "--config", config, "--port", String(gateway.port), "--state", directory],
      ...["--http-port", "0", "--json", "--headless", "--log-level", "debug"],
    ]);
  const untilStage = async (daemon: Running, stage: string, signal: NodeJS.Signals): Promise<boolean> => {
    let met = false;
    daemon.watch((chunk) => {
      met = chunk.split("\n").some((line) => SEALS.exec(line)?.[1] === stage);
      if (met) daemon.signal(signal);
      return met;
    });
    const timer = setTimeout(() => daemon.signal(signal), PATIENCE_MS);
    const { code, stderr } = await daemon.ended;
    clearTimeout(timer);
    expect(code, stderr.slice(-1_500)).toBe(signal === "SIGTERM" ? 0 : signal);
    return met;
  };

  const met: string[] = [];
  for (const stage of KILLED_AT) if (await untilStage(run(), stage, "SIGKILL")) met.push(stage);
  expect(met).toStrictEqual(KILLED_AT);
  expect(await untilStage(run(), "sealed", "SIGTERM")).toBe(true);

  const verified = await document<Verification>(["journal", "verify", "--state", directory, "--json"]);
  const days = verified.sealed.map(({ day }) => day);
  expect(days.length).toBeGreaterThanOrEqual(2);
  expect(new Set(days).size).toBe(days.length);
  expect(days).toStrictEqual(days.toSorted());
  const steps = await stepsOf(directory);
  expect(steps.map(({ seq }) => seq)).toStrictEqual(Array.from({ length: verified.records }, (_, i) => i + 1));

  const replayed = await document<{
    readonly records: number;
    readonly effectsMismatched: number;
    readonly fromGenesis: boolean;
  }>([...["replay", "--state", directory, "--json"]]);
  expect(replayed).toMatchObject({ records: verified.records, effectsMismatched: 0, fromGenesis: true });

  // What the checkpoint of the read side answers is what the records say.
  const status = await document<object>(["status", "--state", directory, "--json"]);
  const names = readdirSync(directory);
  expect(names).toContain("read-model.checkpoint");
  const elsewhere = join(scratch(), "state");
  cpSync(directory, elsewhere, { recursive: true });
  rmSync(join(elsewhere, "read-model.checkpoint"));
  expect(await document<object>(["status", "--state", elsewhere, "--json"])).toStrictEqual(status);

  // Damage in a sealed day: named, exit 65, for the daemon and for every verb.
  const [segment = ""] = readdirSync(join(elsewhere, "segments"));
  const file = join(elsewhere, "segments", segment);
  const bytes = readFileSync(file);
  bytes[Math.floor(bytes.length / 2)] = (bytes[Math.floor(bytes.length / 2)] as number) ^ 1;
  writeFileSync(file, bytes);
  for (const args of [
    ["journal", "verify"],
    ["replay"],
    ["run", "--config", config, "--port", String(gateway.port), "--http-port", "0", "--headless"],
  ]) {
    const { code, stderr } = await caretaker([...args, "--state", elsewhere]);
    expect(code, stderr).toBe(65);
    expect(stderr).toContain(segment);
    expect(stderr).toMatch(/at seq \d+/);
  }
}, 240_000);
