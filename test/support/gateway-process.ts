/** A gateway in a process of its own, to be killed: `node gateway-process.ts WORLD_FILE`. Says its port, then nothing. */
import { instantOf } from "../../src/domain/calendar/new-york.ts";
import { money, tradingDay } from "../../src/domain/units.ts";
import { startGateway } from "../../src/sim/gateway.ts";
import { createSyntheticMarket } from "../../src/sim/market/synthetic-market.ts";

/** Ten in the morning of an ordinary day: orders trade at once. */
export const tradingGateway = (worldFile: string) => {
  const silent = { info: () => {}, warn: () => {}, error: () => {} };
  return startGateway({
    market: createSyntheticMarket({ seed: 5, begins: instantOf(tradingDay("2026-10-05"), 600) }),
    fills: "synthetic",
    account: "DU1234567",
    cash: money(1_000_000),
    seed: 5,
    port: 0,
    speed: 20,
    skipClosed: true,
    logger: silent,
    worldFile,
  });
};

const [, script, file] = process.argv;
if (script === import.meta.filename && file !== undefined) {
  const { port } = await tradingGateway(file);
  process.stdout.write(`${port}\n`);
}
