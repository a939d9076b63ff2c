/** The verbs as a user meets them: what they say, how they end, and that the daemon and the journal tell the same. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createReadModel, type ReadModel } from "../../src/projections/read-model.ts";
import {
  caretaker,
  daemonAt,
  document,
  eventually,
  inTurn,
  ROOT,
  type Running,
  scratch,
  start,
  startGatewayProcess,
  statusWhere,
} from "../support/process-caretaker.ts";
import { stepsOf, tell } from "../support/process-journal.ts";

const CONFIG = join(ROOT, "test/fixtures/kill.yaml");
const runArgs = (port: number, state: string): string[] => [
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
];
const stop = async (run: Running): Promise<void> => {
  run.signal("SIGTERM");
  expect((await run.ended).code, run.stderr).toBe(0);
};
const VERBS = [
  "demo",
  "run",
  "gateway",
  "simulate",
  "replay",
  "explain",
  "explain order",
  "explain why-not",
  "status",
  "positions",
  "orders",
  "alerts",
  "alerts acknowledge",
  "alerts resolve",
  "alerts dismiss",
  "pause",
  "resume",
  "halt",
  "rearm",
  "adopt",
  "journal",
  "journal verify",
  "journal tail",
  "export",
  "config",
  "config check",
  "config show",
  "init",
] as const;

describe("--help", () => {
  test("of every verb works and teaches: what it does, and each flag with a word on it", async () => {
    const helps = await inTurn(["", ...VERBS], 3, async (verb) => ({
      verb,
      ...(await caretaker([...verb.split(" ").filter((word) => word !== ""), "--help"])),
    }));
    for (const { verb, code, stdout, stderr } of helps) {
      expect({ verb, code, stderr }).toStrictEqual({ verb, code: 0, stderr: "" });
      expect(stdout).toContain(`Usage: caretaker${verb === "" ? "" : ` ${verb}`}`);
      const flags = stdout.split("\n").filter((line) => /^ {2}-/.test(line));
      expect(flags.length, verb).toBeGreaterThan(0);
      // A flag stands with its description on the same line, or on the next one when it is long.
      for (const flag of flags) expect(flag.length > 30 || stdout.includes(`${flag}\n   `), `${verb}: ${flag}`).toBe(true);
      const paragraph = stdout.split("\n\n")[1] ?? "";
      expect(paragraph.length, verb).toBeGreaterThan(15);
    }
    const general = helps[0]?.stdout ?? "";
    for (const verb of VERBS.filter((name) => !name.includes(" "))) expect(general).toMatch(new RegExp(`^ {2}${verb}\\b`, "m"));
    for (const code of [64, 65, 69, 70, 74, 75, 77, 78]) expect(general).toContain(`${code} `);
  });
});

describe("wrong usage", () => {
  test("ends with 64 and says what was wrong", async () => {
    const wrong: readonly (readonly [args: string, says: string])[] = [
      ["nonsense", "nonsense"],
      ["run --config x --port 70000", "65535"],
      ["run", "--config"],
      ["demo --for 5", "90s"],
      ["demo --bogus", "--bogus"],
      ["demo --http-port web", "whole number"],
      ["demo --speed 0", "above 0"],
      ["gateway --market imaginary", "synthetic"],
      ["gateway --market recorded", "--chain"],
      ["gateway --account SHARES", "DU"],
      ["rearm", "--scope"],
      ["journal tail -n 0", "whole number"],
      ["init", "--account"],
      ["explain why-not SPY --at noon --state /nowhere", ""],
    ];
    const ends = await inTurn(wrong, 3, async ([args, says]) => ({ args, says, ...(await caretaker(args.split(" "))) }));
    for (const { args, says, code, stdout, stderr } of ends) {
      if (says === "") expect([64, 65], `${args}: ${stderr}`).toContain(code);
      else expect({ args, code, stdout }, stderr).toStrictEqual({ args, code: 64, stdout: "" });
      expect(stderr, args).toContain(says);
    }
  });

  test("verbs that need a daemon say so with 69, and those that need a directory with 65", async () => {
    const nowhere = join(scratch(), "nowhere");
    const ends = await inTurn(["halt", "status", "journal verify", "replay"], 2, (verb) =>
      caretaker([...verb.split(" "), "--state", nowhere]),
    );
    expect(ends.map(({ code }) => code)).toStrictEqual([69, 65, 65, 65]);
    for (const { stderr } of ends) expect(stderr).toContain(nowhere);
  });
});

describe("the daemon and the journal", () => {
  test("tell the same, to the last field, while it runs and after it has stopped", async () => {
    const gateway = await startGatewayProcess();
    const state = join(scratch(), "state");
    const run = start(runArgs(gateway.port, state));
    await statusWhere(state, run, "some fills", ({ fills }) => fills >= 4, 60_000);
    await document(["pause", "--state", state, "--reason", "to compare", "--json"]);
    const daemon = await daemonAt(state, run);
    const read = async () => {
      const before = await daemon.get<{ seq: number }>("/api/v1/status");
      const [positions, orders, whyNot] = await Promise.all([
        daemon.get<object>("/api/v1/positions"),
        daemon.get<{ orders: { intentId: string }[] }>("/api/v1/orders"),
        daemon.get<object>("/api/v1/explain/why-not?symbol=SPY"),
      ]);
      const intentId = orders.orders[0]?.intentId ?? "";
      const explained = await daemon.get<object>(`/api/v1/explain/order/${intentId}`);
      const status = await daemon.get<{ seq: number }>("/api/v1/status");
      return before.seq === status.seq ? { status, positions, orders, intentId, explained, whyNot } : undefined;
    };
    // A broker that stands still tells nothing new: what is read together is of one step.
    gateway.process.signal("SIGSTOP");
    const told = await eventually("one step's worth of answers", read, { withinMs: 8_000, everyMs: 5, running: run });
    gateway.process.signal("SIGCONT");
    const ask = (...args: string[]): Promise<object> => document<object>([...args, "--state", state, "--json"]);
    const verbs: readonly (readonly string[])[] = [
      ["status"],
      ["positions"],
      ["orders"],
      ["explain", "order", told.intentId],
      ["explain", "why-not", "SPY"],
    ];
    const asked = await inTurn(verbs, 2, (verb) => ask(...verb));
    await stop(run);

    const model: ReadModel = createReadModel();
    const steps = await stepsOf(state);
    for (const step of steps.filter(({ seq }) => seq <= told.status.seq)) model.apply(step);
    const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
    expect(told.status).toStrictEqual(json(model.status));
    const positions = (): object => ({ ...model.positions, account: model.holdings });
    expect(told.positions).toStrictEqual(json(positions()));
    expect(told.orders).toStrictEqual(json(model.orders));
    expect(told.explained).toStrictEqual(json(model.explainOrder(told.intentId)));
    expect(told.whyNot).toStrictEqual(json(model.explainWhyNot("SPY", model.now)));

    for (const step of steps.filter(({ seq }) => seq > told.status.seq)) model.apply(step);
    const offline = await inTurn(verbs, 2, (verb) => ask(...verb));
    const whole = [
      model.status,
      positions(),
      model.orders,
      model.explainOrder(told.intentId),
      model.explainWhyNot("SPY", model.now),
    ];
    expect(offline).toStrictEqual(whole.map(json));
    // The same documents, of other steps.
    const required = ["account", "mode", "fills", "seq", "slots", "positions", "orders", "lines", "slot"];
    const shape = (value: object): string[] => Object.keys(value).filter((key) => required.includes(key));
    expect(asked.map(shape)).toStrictEqual(offline.map(shape));

    const ended = await document<{ fills: number; seq: number }>(["status", "--state", state, "--json"]);
    const journal = tell(await stepsOf(state));
    expect(ended).toMatchObject({ fills: journal.fills.length, seq: journal.records });
  }, 120_000);

  test("a halt survives the restart, keeps entries out, and is lifted by rearm", async () => {
    const gateway = await startGatewayProcess();
    const state = join(scratch(), "state");
    const first = start(runArgs(gateway.port, state));
    await statusWhere(state, first, "trading", ({ mode }) => mode === "trading");
    const halted = await document<{ seq: number }>(["halt", "--state", state, "--reason", "a test of the latch", "--json"]);
    expect(halted.seq).toBeGreaterThan(0);
    await statusWhere(state, first, "halted", ({ mode, reason }) => mode === "halted" && reason.includes("a test of the latch"));
    await stop(first);

    const second = start(runArgs(gateway.port, state));
    const { reason } = await statusWhere(
      state,
      second,
      "halted again and connected",
      ({ mode, ready }) => mode === "halted" && ready,
    );
    expect(reason).toContain("a test of the latch");
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const vague = await caretaker(["rearm", "--state", state, "--scope", "engine", "--reason", "the test goes on", "--json"]);
    expect(vague.code, vague.stderr).toBe(0);
    await statusWhere(state, second, "trading again", ({ mode }) => mode === "trading");
    await stop(second);
    const steps = await stepsOf(state);
    const rearmed = steps.find(({ input }) => input.type === "operator.rearm")?.seq ?? 0;
    const entries = steps.filter(
      ({ seq, facts }) => seq > halted.seq && seq < rearmed && facts.some(({ type }) => type === "candidate.found"),
    );
    expect(entries.map(({ seq }) => seq)).toStrictEqual([]);
    const audited = steps.filter(({ input }) => input.type.startsWith("operator."));
    expect(audited.map(({ input }) => input.type)).toStrictEqual(["operator.halt", "operator.rearm"]);
  }, 120_000);
});

interface Closing {
  readonly fills: number;
  readonly trades: readonly object[];
  readonly cash: number;
  readonly equity: number;
  readonly startingCash: number;
  readonly journal: { readonly records: number; readonly verified: boolean };
  readonly violations: readonly string[];
  readonly stateHash: string;
}

describe("demo --headless", () => {
  test("trades on loopback within 45 s, closes with one document, and goes on where it stopped", async () => {
    const state = join(scratch(), "state");
    const demo = (...more: string[]): string[] => ["demo", "--headless", "--json", "--state", state, "--http-port", "0", ...more];
    const first = await caretaker(demo("--for", "45s"));
    expect(first.code, first.stderr).toBe(0);
    const closing = JSON.parse(first.stdout) as Closing;
    expect(closing.fills).toBeGreaterThanOrEqual(4);
    expect(closing).toMatchObject({ startingCash: 100_000, violations: [], journal: { verified: true } });
    expect(closing.stateHash).toMatch(/^[0-9a-f]{64}$/);
    expect([typeof closing.cash, typeof closing.equity]).toStrictEqual(["number", "number"]);
    const replayed = await document<{ effectsMismatched: number; stateHash: string }>(["replay", "--state", state, "--json"]);
    expect(replayed).toMatchObject({ effectsMismatched: 0, stateHash: closing.stateHash });

    const second = start(demo());
    await statusWhere(
      state,
      second,
      "trading on",
      ({ mode, fills, discrepancies }) => mode === "trading" && fills >= closing.fills && discrepancies === 0,
    );
    const asked = performance.now();
    second.signal("SIGINT");
    const { code, stdout, stderr } = await second.ended;
    const tookMs = performance.now() - asked;
    expect(code, stderr).toBe(0);
    const next = JSON.parse(stdout) as Closing;
    expect(next.violations).toStrictEqual([]);
    expect(next.fills).toBeGreaterThanOrEqual(closing.fills);
    expect(next.journal.records).toBeGreaterThan(closing.journal.records);
    expect(tookMs).toBeLessThan(5_000);
    const journal = tell(await stepsOf(state));
    expect(journal.reconciliations.flat()).toStrictEqual([]);
    console.info(
      `demo: ${closing.fills} fills, ${closing.trades.length} trades, ${closing.journal.records} records in 45 s; SIGINT to exit ${Math.round(tookMs)} ms`,
    );
  }, 180_000);
});
