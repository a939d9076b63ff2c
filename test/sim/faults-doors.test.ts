/** The three doors to faults: the words of a command line, a scenario file, the control socket; and embedding. */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { instantOf } from "../../src/domain/calendar/new-york.ts";
import { money, tradingDay } from "../../src/domain/units.ts";
import { askControl } from "../../src/sim/faults/control.ts";
import { readFaultText } from "../../src/sim/faults/fault-text.ts";
import { FaultError } from "../../src/sim/faults/parameter.ts";
import { FAULTS } from "../../src/sim/faults/registry.ts";
import { readScenario, ScenarioError } from "../../src/sim/faults/scenario.ts";
import { type GatewaySettings, type RunningGateway, startGateway } from "../../src/sim/gateway.ts";
import { createScriptedMarket, SPY } from "../support/scripted-market.ts";
import { collectingLogger } from "../support/wire-clients.ts";

const scratch = mkdtempSync(join(tmpdir(), "caretaker-faults-"));
const ROOT = join(import.meta.dirname, "..", "..");
const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});
afterAll(() => rmSync(scratch, { recursive: true }));

const TEN = instantOf(tradingDay("2026-11-20"), 600);
const start = async (settings: Partial<GatewaySettings> = {}): Promise<RunningGateway> => {
  const market = createScriptedMarket(TEN);
  market.set(SPY, 599.98, 600);
  const gateway = await startGateway({
    market,
    fills: "synthetic",
    account: "DU1234567",
    cash: money(100_000),
    seed: 7,
    port: 0,
    speed: 10,
    skipClosed: false,
    logger: collectingLogger(),
    ...settings,
  });
  endings.push(() => gateway.close());
  return gateway;
};
const until = async (reached: () => boolean): Promise<void> => {
  while (!reached()) await new Promise((resolve) => setTimeout(resolve, 5));
};
const refusal = (text: string): string => {
  try {
    readFaultText(text);
  } catch (error) {
    if (error instanceof FaultError) return error.message;
    throw error;
  }
  return "";
};

describe("a fault in words", () => {
  it("has a name, parameters, a time, a moment and a client, in any order", () => {
    expect(readFaultText("@+90s line.delay".split(" ").reverse().join(" "))).toMatchObject({ when: { afterMs: 90_000 } });
    expect(readFaultText('order.rejectChange code=110 message="no such tick" client=7 @order:3+500ms')).toEqual({
      fault: "order.rejectChange",
      with: { code: "110", message: "no such tick" },
      client: 7,
      when: { afterOrder: 3, laterMs: 500 },
    });
    expect(readFaultText("status.lose share=30% for=5m @2026-11-20T10:00:30")).toEqual({
      fault: "status.lose",
      with: { share: "30%" },
      forMs: 300_000,
      when: { at: TEN + 30_000 },
    });
  });

  it("says what is wrong with it, and the nearest right word", () => {
    expect(refusal("")).toContain("has a name");
    expect(refusal("servers.list")).toContain("did you mean servers.lost?");
    expect(refusal("servers.lost backs=lost")).toContain("did you mean back?");
    expect(refusal("servers.lost back=gone")).toContain("one of kept, dead, lost");
    expect(refusal("servers.lost @noon")).toContain("not a moment");
    expect(refusal("servers.lost @2026-13-01T10:00")).toContain("not a moment");
    expect(refusal("servers.lost loudly")).toContain("neither key=value");
    expect(refusal("line.reset for=5s")).toContain("happens once");
    expect(refusal("status.lose share=1 share=0")).toContain("twice");
  });
});

describe("a scenario file", () => {
  const problems = (text: string): readonly string[] => {
    try {
      readScenario("night.yaml", text);
    } catch (error) {
      if (error instanceof ScenarioError) return error.problems;
      throw error;
    }
    return [];
  };

  it("is read as its entries: moment, fault, parameters, duration", () => {
    const text =
      "- at: +2m\n  fault: order.reject\n  with: { orders: 3, code: 110 }\n- afterOrder: 2\n  later: 500ms\n  fault: status.lose\n  for: 5m\n  client: 4\n";
    expect(readScenario("night.yaml", text)).toEqual([
      { fault: "order.reject", with: { orders: 3, code: 110 }, when: { afterMs: 120_000 } },
      { fault: "status.lose", with: {}, when: { afterOrder: 2, laterMs: 500 }, forMs: 300_000, client: 4 },
    ]);
  });

  it("names the place of every problem, all at once", () => {
    const text = [
      "- at: +2m",
      "  fault: order.rejekt",
      "- fault: order.reject",
      "  with: { order: 3 }",
      "- fault: line.reset",
      "  wen: +3m",
      "- afterOrder: none",
      "  fault: line.reset",
      "- fault: status.lose",
      "  for: ever",
    ].join("\n");
    expect(problems(text).map((problem) => problem.replace(/(\d+:\d+: .{0,40}).*/s, "$1"))).toEqual([
      expect.stringMatching(/^night\.yaml:2:10: there is no fault/),
      expect.stringMatching(/^night\.yaml:4:11: order\.reject has no parameter/),
      expect.stringMatching(/^night\.yaml:6:3: unknown key "wen"/),
      expect.stringMatching(/^night\.yaml:7:15: afterOrder takes/),
      expect.stringMatching(/^night\.yaml:10:8: status\.lose: for=/),
    ]);
    expect(problems("fault: line.reset")[0]).toMatch(/^night\.yaml:1:1: a scenario is a list/);
    expect(problems("- fault: [")[0]).toMatch(/^night\.yaml:\d+:\d+: /);
  });

  it("comes with an example that can be played", () => {
    const file = join(ROOT, "config", "scenarios", "bad-night.yaml");
    expect(readScenario(file, readFileSync(file, "utf8")).length).toBeGreaterThan(3);
  });

  it("is played by the gateway as its moments come, and told", async () => {
    const told: string[] = [];
    const gateway = await start({
      speed: 100,
      scenario: readScenario(
        "x.yaml",
        "- at: +2s\n  fault: gateway.readOnly\n  for: 3s\n- at: +4s\n  fault: notice.unknown\n  label: LOOK\n",
      ),
      onFault: (text) => told.push(text),
    });
    expect(gateway.faults.planned().length).toBe(2);
    await until(() => gateway.faults.active().length === 1);
    await until(() => told.length === 2 && gateway.faults.active().length === 0);
    expect(told).toEqual(["FAULT gateway.readOnly for=3s", "LOOK"]);
  });
});

describe("the control socket", () => {
  it("begins, lists and clears faults, and is this user's alone", async () => {
    const path = join(scratch, "one.sock");
    const gateway = await start({ controlPath: path });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await askControl(path, { do: "begin", text: "servers.lost back=lost for=10m" })).toEqual({ ok: true, id: 1 });
    expect(await askControl(path, { do: "begin", fault: "line.delay", with: { delay: "5ms" }, when: "+1h" })).toEqual({
      ok: true,
      planned: true,
    });
    expect(gateway.broker.connectivity.lost).toBe(true);
    expect(await askControl(path, { do: "list" })).toMatchObject({
      ok: true,
      active: [{ id: 1, fault: "servers.lost", with: { back: "lost" } }],
      planned: [{ fault: "line.delay" }],
    });
    expect(await askControl(path, { do: "clear", which: "servers.lost" })).toEqual({ ok: true, cleared: 1 });
    expect(gateway.broker.connectivity.lost).toBe(false);
    const { faults } = (await askControl(path, { do: "faults" })) as unknown as { faults: readonly { name: string }[] };
    expect(faults.map(({ name }) => name)).toEqual(FAULTS.map(({ name }) => name));
    await gateway.close();
    endings.pop();
    expect(existsSync(path)).toBe(false);
  });

  it("answers nonsense with what is wrong, line by line, and lives", async () => {
    const path = join(scratch, "two.sock");
    await start({ controlPath: path });
    const socket = connect(path);
    endings.push(() => socket.destroy());
    let text = "";
    socket.on("data", (piece) => {
      text += String(piece);
    });
    socket.write(
      '{"do":"begin"\n42\n{"do":"dance"}\n{"do":"begin","fault":"line.rest"}\n{"do":"begin","fault":"line.delay","with":[1]}\n{"do":"list"}\n',
    );
    await until(() => text.split("\n").length > 6);
    const answers = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { ok: boolean; error?: string });
    expect(answers.map(({ ok }) => ok)).toEqual([false, false, false, false, false, true]);
    expect(answers[3]?.error).toContain("did you mean line.reset?");
  });

  it("takes over a path that a dead gateway left, and refuses one that is in use or no socket", async () => {
    const path = join(scratch, "three.sock");
    await start({ controlPath: path });
    await expect(start({ controlPath: path })).rejects.toThrow("another gateway listens");
    const file = join(scratch, "file");
    writeFileSync(file, "mine");
    await expect(start({ controlPath: file })).rejects.toThrow("no socket");
    expect(readFileSync(file, "utf8")).toBe("mine");
  });
});

describe("a gateway that is embedded", () => {
  it("begins faults by name, and says what is wrong with a request", async () => {
    const gateway = await start();
    const id = gateway.fault("gateway.readOnly", {}, { forMs: 60_000 });
    expect(gateway.faults.active()).toMatchObject([{ id, fault: "gateway.readOnly" }]);
    expect(() => gateway.fault("gateway.readonly")).toThrow("did you mean gateway.readOnly?");
    expect(gateway.faults.clear(id)).toBe(1);
  });

  it("refuses a scenario that cannot be, before anybody can connect", async () => {
    await expect(start({ scenario: [{ fault: "no.such" }] })).rejects.toThrow("there is no fault");
  });
});

describe("a script in the clone", { timeout: 30_000 }, () => {
  it("imports the gateway by the package's name, embeds it and makes trouble", async () => {
    const script = `
      import { createSyntheticMarket, money, startGateway } from "caretaker/gateway";
      const quiet = { info() {}, warn() {}, error() {} };
      const gateway = await startGateway({
        market: createSyntheticMarket({ seed: 1 }), fills: "synthetic", account: "DU1", cash: money(100_000), seed: 1,
        port: 0, speed: 60, skipClosed: true, logger: quiet,
        scenario: [{ fault: "order.reject", with: { orders: 3 }, when: { afterMs: 60_000 } }],
      });
      gateway.fault("servers.lost", { back: "lost" }, { forMs: 30_000 });
      console.log(JSON.stringify(gateway.faults.active().map(({ fault }) => fault)));
      await gateway.close();
    `;
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module-typescript", "--eval", script], {
      cwd: ROOT,
    });
    expect(stdout).toBe('["servers.lost"]\n');
  });
});

describe("caretaker gateway", { timeout: 30_000 }, () => {
  const run = promisify(execFile);
  const caretaker = async (...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
    run(join(ROOT, "bin", "caretaker"), args, { maxBuffer: 4_000_000 }).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (error: { code: number; stdout: string; stderr: string }) => error,
    );

  it("lists every fault, in words and as JSON, and names each in its help", async () => {
    const [words, json, help] = await Promise.all([
      caretaker("gateway", "--faults"),
      caretaker("gateway", "--faults", "--json"),
      caretaker("gateway", "--help"),
    ]);
    const listed = JSON.parse(json.stdout) as { name: string; parameters: { takes: string }[] }[];
    expect(listed.map(({ name }) => name)).toEqual(FAULTS.map(({ name }) => name));
    for (const { name } of FAULTS) {
      expect(words.stdout).toContain(`${name} (`);
      expect(help.stdout).toContain(`  ${name} `);
    }
  });

  it("ends with 64 for an unknown fault and 65 for a bad scenario, naming the way out", async () => {
    const file = join(scratch, "bad.yaml");
    writeFileSync(file, "- fault: line.rest\n");
    const [fault, scenario, told] = await Promise.all([
      caretaker("gateway", "--port", "0", "--fault", "line.rest"),
      caretaker("gateway", "--port", "0", "--scenario", file),
      caretaker("gateway", "tell", "--control", join(scratch, "nobody.sock"), "line.reset"),
    ]);
    expect([fault.code, scenario.code, told.code]).toEqual([64, 65, 69]);
    expect(fault.stderr).toContain("did you mean line.reset?");
    expect(scenario.stderr).toContain("bad.yaml:1:10: there is no fault");
  });

  it("is told a fault while it runs", async () => {
    const path = join(scratch, "told.sock");
    const gateway = await start({ controlPath: path });
    expect((await caretaker("gateway", "tell", "--control", path, "gateway.readOnly", "for=1h")).stdout).toBe(
      "begun, number 1\n",
    );
    expect((await caretaker("gateway", "tell", "--control", path, "--list")).stdout).toMatch(/^1 {2}gateway\.readOnly/);
    expect((await caretaker("gateway", "tell", "--control", path, "--clear")).stdout).toBe("1 cleared\n");
    expect(gateway.faults.active()).toEqual([]);
  });
});
