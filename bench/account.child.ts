/**
 * A simulated gateway whose account holds so many option positions: the real thing over TCP, with a world file into which the positions
 * were written between two starts. Arguments: how many, a directory, speed, minutes after 09:25 at which the market begins.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { epochMs, money } from "../src/domain/units.ts";
import { startGateway } from "../src/sim/gateway.ts";
import { createSyntheticMarket, DEFAULT_BEGINS } from "../src/sim/market/synthetic-market.ts";
import type { World } from "../src/sim/world-file.ts";

const [positions = "5000", directory = ".", speed = "1", minutes = "0"] = process.argv.slice(2);
const begins = epochMs(DEFAULT_BEGINS + Number(minutes) * 60_000);
const worldFile = join(directory, "world.json");
const quiet = { info() {}, warn() {}, error() {} };
const start = () =>
  startGateway({
    market: createSyntheticMarket({ seed: 1, begins }),
    fills: "synthetic",
    account: "DU1000001",
    cash: money(10_000_000),
    seed: 1,
    port: 0,
    speed: Number(speed),
    skipClosed: false,
    logger: quiet,
    worldFile,
  });

await (await start()).close();
const world = JSON.parse(readFileSync(worldFile, "utf8")) as World;
const market = createSyntheticMarket({ seed: 1, begins });
const contracts = ["SPY", "QQQ", "IWM"].flatMap((symbol) => market.find({ secType: "OPT", symbol })).slice(0, Number(positions));
const held = contracts.map(({ contract }) => ({ conId: contract.conId, quantity: 1, basis: money(100), fees: money(0.65) }));
const accounts = world.broker.accounts.map((account) => ({ ...account, positions: held }));
writeFileSync(worldFile, JSON.stringify({ ...world, broker: { ...world.broker, accounts } }));
const gateway = await start();
process.send?.({ port: gateway.port, begins: market.begins, positions: held.length });
