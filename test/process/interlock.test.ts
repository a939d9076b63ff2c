/** P7: live money only on purpose. Nothing that looks live is traded, connected to for longer than a login, or remembered. */
import { existsSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { caretaker, ROOT, scratch, start, startGatewayProcess, statusWhere } from "../support/process-caretaker.ts";
import { startProxy } from "../support/process-proxy.ts";
import { frame, startRawGateway } from "../support/raw-gateway.ts";

const PLACE_ORDER = "3";
const configFile = (text: string): string => {
  const file = join(scratch(), "config.yaml");
  writeFileSync(file, text);
  return file;
};
const SIMULATED = "mode: simulated\nclock: { kind: simulated, speed: 60, skipClosed: true }\n";

/** Listens on a port that must not be connected to; undefined when something else has it. */
const trap = async (port: number): Promise<{ readonly connections: () => number } | undefined> => {
  let connections = 0;
  const server: Server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  const listening = await new Promise<boolean>((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => resolve(true));
  });
  if (!listening) return undefined;
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return { connections: () => connections };
};

describe("live ports", () => {
  test.each([4001, 7496])("%i is refused with exit 77, without a connection", async (port) => {
    const trapped = await trap(port);
    const state = join(scratch(), "state");
    const { code, stdout, stderr } = await caretaker([
      "run",
      "--config",
      configFile(SIMULATED),
      "--port",
      String(port),
      "--state",
      state,
      "--json",
    ]);
    expect({ code, stdout, made: existsSync(state), connections: trapped?.connections() ?? 0 }).toStrictEqual({
      code: 77,
      stdout: "",
      made: false,
      connections: 0,
    });
    expect(stderr).toContain(`port ${port}`);
    expect(stderr).toContain("7497 and 4002");
  });
});

describe("live accounts", () => {
  test.each(["U1234567", "DU1000001,U1234567", "F1234567", "DUM12345"])(
    "a gateway that manages %s is refused with exit 77: no order, no directory",
    async (accounts) => {
      const gateway = await startRawGateway({ greet: (peer) => peer.say(frame(15, 1, accounts), frame(9, 1, 100)) });
      onTestFinished(() => gateway.close());
      const state = join(scratch(), "state");
      const { code, stdout, stderr } = await caretaker([
        "run",
        "--config",
        configFile(SIMULATED),
        "--port",
        String(gateway.port),
        "--state",
        state,
        "--json",
      ]);
      expect({ code, stdout, made: existsSync(state) }).toStrictEqual({ code: 77, stdout: "", made: false });
      expect(stderr).toContain(accounts.split(",").at(-1));
      expect(gateway.peers.flatMap(({ heard }) => heard).filter(([id]) => id === PLACE_ORDER)).toStrictEqual([]);
    },
  );

  test("no state directory is made for one, by 'init' or by 'gateway'", async () => {
    const state = join(scratch(), "state");
    const [init, gateway, paper] = await Promise.all([
      caretaker(["init", "--account", "U1234567", "--state", state]),
      caretaker(["gateway", "--port", "0", "--account", "U1234567"]),
      caretaker(["init", "--account", "DU1234567", "--state", join(scratch(), "paper"), "--json"]),
    ]);
    expect({ code: init.code, made: existsSync(state) }).toStrictEqual({ code: 77, made: false });
    expect(init.stderr).toContain("U1234567");
    expect(gateway.code).toBe(64);
    expect(paper.code).toBe(0);
    expect(JSON.parse(paper.stdout)).toMatchObject({ account: "DU1234567" });
  });

  test("a gateway whose account changes under a running engine is left alone: the engine halts, and stays halted", async () => {
    const gateway = await startGatewayProcess();
    const live = await startRawGateway({
      serverVersion: 193,
      greet: (peer) => peer.say(frame(15, 1, "U1234567"), frame(9, 1, 100)),
    });
    onTestFinished(() => live.close());
    const proxy = await startProxy(gateway.port);
    const state = join(scratch(), "state");
    const run = start([
      "run",
      "--config",
      join(ROOT, "test/fixtures/kill.yaml"),
      "--port",
      String(proxy.port),
      "--state",
      state,
      "--http-port",
      "0",
      "--headless",
      "--json",
    ]);
    await statusWhere(state, run, "trading", ({ mode }) => mode === "trading");
    const before = proxy.placements.length;
    proxy.turnTo(live.port);
    const { reason } = await statusWhere(state, run, "halted", ({ mode }) => mode === "halted");
    expect(reason).toContain("U1234567");
    run.signal("SIGTERM");
    expect((await run.ended).code).toBe(0);
    expect(live.peers.flatMap(({ heard }) => heard).filter(([id]) => id === PLACE_ORDER)).toStrictEqual([]);
    expect(proxy.placements.slice(before).filter(({ whatIf }) => !whatIf)).toStrictEqual([]);
  });
});

describe("modes", () => {
  test("live is refused with its place, and the demo takes no configuration that is not simulated", async () => {
    const [live, demo] = await Promise.all([
      caretaker(["run", "--config", "config/live.yaml", "--port", "4002"]),
      caretaker(["demo", "--config", "config/paper.yaml", "--headless", "--for", "1s", "--state", join(scratch(), "state")]),
    ]);
    expect(live.code).toBe(78);
    expect(live.stderr).toMatch(/live\.yaml:\d+:\d+ mode: live trading is not built yet/);
    expect(demo.code).toBe(78);
    expect(demo.stderr).toContain("only to its own gateway");
  });
});
