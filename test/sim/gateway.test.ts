import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { EventName, type Execution, type IBApi, OrderStatus } from "@stoqey/ib";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { parseAnnouncement } from "../../src/domain/announcement.ts";
import { instantOf } from "../../src/domain/calendar/new-york.ts";
import { epochMs, money, tradingDay } from "../../src/domain/units.ts";
import { type GatewaySettings, type RunningGateway, startGateway } from "../../src/sim/gateway.ts";
import type { Market } from "../../src/sim/market/market.ts";
import { createRecordedMarket } from "../../src/sim/market/recorded-market.ts";
import { readWorld, type World } from "../../src/sim/world-file.ts";
import { byConId, limitOrder } from "../support/broker-rig.ts";
import { tradingGateway } from "../support/gateway-process.ts";
import { createScriptedMarket, type ScriptedMarket, SPY } from "../support/scripted-market.ts";
import { collectingLogger, connectIbApi } from "../support/wire-clients.ts";

const scratch = mkdtempSync(join(tmpdir(), "caretaker-gateway-"));
const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});
afterAll(() => rmSync(scratch, { recursive: true }));

let files = 0;
const freshFile = (): string => join(scratch, `world-${++files}.json`);
const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/recorded/${name}`, import.meta.url));

const TEN = instantOf(tradingDay("2026-11-20"), 600);
const scripted = (): ScriptedMarket => {
  const market = createScriptedMarket(TEN);
  market.set(SPY, 599.98, 600, { ask: 1_000 });
  return market;
};

const start = async (settings: Partial<GatewaySettings> & { readonly market?: Market } = {}): Promise<RunningGateway> => {
  const gateway = await startGateway({
    market: settings.market ?? scripted(),
    fills: "synthetic",
    account: "DU1234567",
    cash: money(100_000),
    seed: 7,
    port: 0,
    speed: 1,
    skipClosed: false,
    logger: collectingLogger(),
    ...settings,
  });
  endings.push(() => gateway.close());
  return gateway;
};

/** Polls: what is waited for comes from a socket or a clock. */
const until = async (reached: () => boolean): Promise<void> => {
  while (!reached()) await new Promise((resolve) => setTimeout(resolve, 5));
};

const connect = async (gateway: { readonly port: number }, clientId = 1) => {
  const client = await connectIbApi(gateway.port, 193, clientId);
  endings.push(() => client.api.disconnect());
  const codes = (id: number): readonly unknown[] =>
    client.heard.filter(([event, , , about]) => event === "error" && about === id).map(([, , code]) => code);
  const statuses = (id: number): readonly unknown[] =>
    client.heard.filter(([event, about]) => event === "orderStatus" && about === id).map(([, , status]) => status);
  return { ...client, codes, statuses };
};

/** All that a restart may not change: the truth but for market time and what depends on it. */
const books = ({ broker }: RunningGateway) => {
  const { at, day, accounts } = broker.truth();
  expect(day).toBe("2026-11-20");
  expect(at).toBeGreaterThanOrEqual(TEN);
  return accounts;
};

describe("a simulated gateway", () => {
  it("announces market time, speed and what it skips at login, in the one text that engines read", async () => {
    const gateway = await start({ speed: 60, skipClosed: true });
    const api = gateway.broker.client();
    const announced = new Promise<string>((resolve) => api.on("info", (text, code) => code === 2199 && resolve(text)));
    api.connect(3);
    expect(parseAnnouncement(await announced)).toEqual({
      now: expect.any(Number),
      speed: 60,
      skipClosed: true,
      label: "scripted",
    });
  });

  it("rejects by its scenario so many new orders from an instant on; a what-if passes and does not count", async () => {
    const told: string[] = [];
    const scenario = [{ when: { at: TEN }, label: "two fail", fault: "order.reject", with: { orders: 2, code: 201 } }];
    const gateway = await start({ scenario, onFault: (text) => told.push(text) });
    const { api, codes, statuses } = await connect(gateway);
    await until(() => told.length > 0);
    api.placeOrder(1, byConId(SPY), limitOrder("BUY", 1, 500, { whatIf: true }));
    for (const id of [2, 3, 4]) api.placeOrder(id, byConId(SPY), limitOrder("BUY", 1, 500));
    await until(() => statuses(4).length > 0);
    expect([1, 2, 3, 4].map(codes)).toEqual([[], [201], [201], []]);
    expect(told).toEqual(["two fail"]);
  });

  it("stops its clock a minute after the end of a recorded market, and says so once", async () => {
    const market = createRecordedMarket({
      chainFile: fixture("xyz-chain-2026-11-27.csv"),
      underlyingFile: fixture("xyz-underlying.csv"),
    });
    let ends = 0;
    const gateway = await start({ market, fills: "recorded", speed: 200_000, onEnd: () => ends++ });
    await until(() => ends > 0);
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect([ends, gateway.now(), gateway.truth().at]).toEqual([1, market.ends! + 60_000, market.ends! + 60_000]);
  });
});

describe("a simulated gateway with a world file", () => {
  it("goes on after a restart where it was: market time, account, orders, executions, ids", async () => {
    const file = freshFile();
    const first = await start({ worldFile: file });
    const { api, statuses } = await connect(first);
    api.placeOrder(1, byConId(SPY), limitOrder("BUY", 10, 600));
    api.placeOrder(7, byConId(SPY), limitOrder("BUY", 5, 590));
    await until(() => statuses(7).includes(OrderStatus.Submitted));
    await first.close();
    const stoppedAt = first.truth().at;
    const kept = books(first);
    expect(kept[0]).toMatchObject({ executions: 1, positions: [{ conId: SPY, quantity: 10 }], openOrders: [{ orderId: 7 }] });

    const second = await start({ worldFile: file });
    expect(books(second)).toEqual(kept);
    expect(second.truth().at).toBeGreaterThanOrEqual(stoppedAt);
    expect(second.truth().at).toBeLessThan(stoppedAt + 60_000);
    const heir = await connect(second);
    heir.api.placeOrder(7, byConId(SPY), limitOrder("BUY", 5, 591));
    heir.api.placeOrder(2, byConId(SPY), limitOrder("BUY", 5, 591));
    await until(() => heir.codes(2).length > 0);
    expect([heir.codes(7), heir.codes(2)]).toEqual([[], [103]]);
    expect(second.truth().accounts[0]!.openOrders).toMatchObject([{ orderId: 7, limitPrice: 591 }]);
  });

  it("has each change on disk before the first byte about it leaves", async () => {
    const file = freshFile();
    const behind: string[] = [];
    let fills = 0;
    const gateway = await start({
      worldFile: file,
      onFrame: (direction, _, fields) => {
        if (direction === "in") return;
        const { broker } = JSON.parse(readFileSync(file, "utf8")) as World;
        if (fields[0] === "11") {
          fills++;
          if (!broker.executions.some(({ execId }) => fields.includes(execId))) behind.push(fields.join(","));
        }
        if (fields[0] === "3" && !broker.book.highestIds.some(({ orderId }) => orderId >= Number(fields[1])))
          behind.push(fields.join(","));
      },
    });
    const { api } = await connect(gateway);
    for (let id = 1; id <= 20; id++) api.placeOrder(id, byConId(SPY), limitOrder("BUY", 1, 600));
    await until(() => fills === 20);
    expect(behind).toEqual([]);
  });

  it("is refused a world of another market or account by file, reason and way out, and touches nothing", async () => {
    const file = freshFile();
    await (await start({ worldFile: file })).close();
    const text = readFileSync(file, "utf8");
    await expect(start({ worldFile: file, account: "DU2" })).rejects.toThrow(
      `the saved world ${file} does not fit: it holds the account DU1234567`,
    );
    await expect(start({ worldFile: file, seed: 8 })).rejects.toThrow("it is of seed 7, not of 8");
    const broken = JSON.parse(text) as World;
    writeFileSync(file, JSON.stringify({ ...broken, broker: { ...broken.broker, book: 3 } }));
    await expect(start({ worldFile: file })).rejects.toThrow(`the saved world ${file} cannot be used`);
    writeFileSync(file, text);
    const running = await start({ worldFile: file });
    await expect(start({ worldFile: file })).rejects.toThrow("another simulated gateway is running");
    await running.close();
    await start({ worldFile: file });
  });

  it("plays a scripted fault once, however often it is restarted", async () => {
    const file = freshFile();
    const scenario = [{ when: { at: epochMs(TEN + 500) }, label: "fault", fault: "order.reject" }];
    const told: number[] = [];
    for (const life of [1, 2, 3]) {
      const gateway = await start({ worldFile: file, speed: 20, scenario, onFault: () => told.push(life) });
      await until(() => gateway.truth().at > TEN + life * 1_000);
      await gateway.close();
    }
    expect(told).toEqual([1]);
  });

  it("drops everybody and stops when the world cannot be written: nobody hears what is not on disk", async () => {
    const directory = join(scratch, "gone");
    const file = join(directory, "world.json");
    const failures: Error[] = [];
    const gateway = await start({ worldFile: file, onFailure: (error) => failures.push(error) });
    const { api, heard } = await connect(gateway);
    const dropped = new Promise<void>((resolve) => api.once(EventName.disconnected, () => resolve()));
    api.on(EventName.error, () => {});
    rmSync(directory, { recursive: true });
    api.placeOrder(1, byConId(SPY), limitOrder("BUY", 10, 600));
    await dropped;
    expect(failures.map(({ message }) => message)).toEqual([expect.stringContaining(`could not be written to ${file}`)]);
    expect(heard.filter(([event]) => ["openOrder", "orderStatus", "execDetails"].includes(event))).toEqual([]);
    await gateway.close();
    expect(existsSync(file)).toBe(false);
  });
});

describe("a gateway's process that is killed while its client trades", () => {
  const program = fileURLToPath(new URL("../support/gateway-process.ts", import.meta.url));

  const portOf = (child: ChildProcess): Promise<number> =>
    new Promise((resolve, reject) => {
      child.stdout!.once("data", (text) => resolve(Number(text)));
      child.once("exit", (code) => reject(new Error(`the gateway's process ended with ${code}`)));
    });

  /** Buys and sells a share, each order right after the last one's fill, and notes all it hears. */
  const trade = (api: IBApi, from: number, spy: number) => {
    const executions = new Set<string>();
    const noted = { executions, filled: new Set<number>(), highestId: 0, permIds: new Map<number, number>() };
    let next = from;
    const send = (): void => {
      const id = next++;
      api.placeOrder(id, byConId(spy), limitOrder(id % 2 === 1 ? "BUY" : "SELL", 1, id % 2 === 1 ? 2_000 : 1));
    };
    api.on(EventName.execDetails, (_reqId, _contract, { execId }: Execution) => executions.add(execId as string));
    api.on(EventName.orderStatus, (id, status, _filled, _remaining, _average, permId) => {
      noted.highestId = Math.max(noted.highestId, id);
      noted.permIds.set(id, permId as number);
      if (status !== OrderStatus.Filled || noted.filled.has(id)) return;
      noted.filled.add(id);
      send();
    });
    api.on(EventName.error, () => {});
    send();
    return noted;
  };

  it("is not behind anything that the client was told, three times over", async () => {
    const file = freshFile();
    const told = new Set<string>();
    let from = 1;
    for (const fills of [3, 17, 40]) {
      const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", program, file], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      endings.push(() => child.kill("SIGKILL"));
      const gone = new Promise((resolve) => child.once("exit", (_code, signal) => resolve(signal)));
      const { api } = await connectIbApi(await portOf(child), 193, 1);
      const spy = await new Promise<number>((resolve) => {
        api.once(EventName.contractDetails, (_reqId, { contract }) => resolve(contract.conId as number));
        api.reqContractDetails(1, { symbol: "SPY", secType: "STK" as never, exchange: "SMART", currency: "USD" });
      });
      const noted = trade(api, from, spy);
      await until(() => noted.filled.size >= fills);
      child.kill("SIGKILL");
      expect(await gone).toBe("SIGKILL");
      api.disconnect();
      for (const execId of noted.executions) told.add(execId);

      const { broker } = readWorld(file)!;
      const known = new Set(broker.executions.map(({ execId }) => execId));
      expect([...told].filter((execId) => !known.has(execId))).toEqual([]);
      const filled = new Set(broker.book.done.filter(({ ended }) => ended?.as === "Filled").map(({ orderId }) => orderId));
      expect([...noted.filled].filter((id) => !filled.has(id))).toEqual([]);
      const orders = [...broker.book.done, ...broker.book.live];
      for (const [id, permId] of noted.permIds) expect(orders.find(({ orderId }) => orderId === id)?.permId).toBe(permId);
      from = broker.book.highestIds.find(({ clientId }) => clientId === 1)!.orderId + 1;
      expect(from).toBeGreaterThan(noted.highestId);
    }
    const gateway = await tradingGateway(file);
    endings.push(() => gateway.close());
    const [account] = gateway.truth().accounts;
    const { broker } = readWorld(file)!;
    expect(account!.executions).toBe(broker.executions.length);
    const net = broker.executions.reduce((sum, { side, shares }) => sum + (side === "BOT" ? shares : -shares), 0);
    expect(account!.positions.reduce((sum, { quantity }) => sum + quantity, 0)).toBe(net);
  });
});
