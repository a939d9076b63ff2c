/** A look at a contract, as bytes over TCP with the real IBApi. */
import { afterEach, expect, test } from "vitest";
import type { OptionContract } from "../../src/domain/contract.ts";
import { price } from "../../src/domain/units.ts";
import { realClients } from "../../src/io/ib/real-client.ts";
import { serveGateway } from "../../src/sim/wire/server.ts";
import { createBrokerRig, quoteCondor } from "../support/broker-rig.ts";
import { createRig } from "../support/ib-port-rig.ts";
import { realScheduler } from "../support/real-scheduler.ts";
import { EXPIRY, optionId } from "../support/scripted-market.ts";

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

const put = (strike: number): OptionContract => ({
  conId: optionId("P", strike),
  secType: "OPT",
  symbol: "SPY",
  exchange: "SMART",
  currency: "USD",
  multiplier: 100,
  expiry: EXPIRY,
  strike: price(strike),
  right: "P",
});

test("a snapshot comes back whole, gives its line back, and names what is not listed; no bid is null, a bid of 0 is data", async () => {
  const broker = createBrokerRig({ scheduler: realScheduler });
  quoteCondor(broker.market);
  broker.market.set(optionId("P", 595), 0, 0.05);
  broker.market.set(optionId("P", 600), null, 0.05);
  const logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const gateway = await serveGateway({ desk: broker.broker, host: "127.0.0.1", port: 0, logger, now: () => broker.market.now });
  endings.push(() => gateway.close());
  const newClient = realClients({ host: "127.0.0.1", port: gateway.port, clientId: 7 });
  const rig = createRig({ newClient, scheduler: realScheduler, now: () => broker.market.now });
  endings.push(() => rig.port.close());
  rig.send("gateway.connect", { epoch: 1 });
  await rig.until(({ type }) => type === "gateway.identified");
  await new Promise((resolve) => setTimeout(resolve, 20));
  const look = async (contract: OptionContract) => {
    rig.send("line.snapshot", { epoch: 1, contract });
    return rig.until(
      (report) => (report.type === "snapshot.answered" || report.type === "snapshot.failed") && report.conId === contract.conId,
    );
  };
  expect(await look(put(590))).toMatchObject({ quote: { bid: price(0.45), ask: price(0.55), source: "snapshot" } });
  expect(await look(put(595))).toMatchObject({ quote: { bid: 0, ask: price(0.05) } });
  expect(await look(put(600))).toMatchObject({ quote: { bid: null, ask: price(0.05) } });
  expect(await look({ ...put(590), conId: 999_999 })).toMatchObject({ type: "snapshot.failed", code: 200 });
  expect([rig.of("quote.updated"), rig.port.lines()]).toEqual([[], []]);
});
