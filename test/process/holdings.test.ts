/** `caretaker positions --json` is the broker's own book of the account: ours and others', to the contract and the average cost. */

import { join } from "node:path";
import { type Contract, EventName, IBApi, type Order, OrderAction, OrderType, SecType, TimeInForce } from "@stoqey/ib";
import { expect, onTestFinished, test } from "vitest";
import type { HoldingsView } from "../../src/projections/holdings.ts";
import type { TruthAccount } from "../../src/sim/broker/truth.ts";
import { holdingsApart } from "../support/broker-positions.ts";
import { document, eventually, ROOT, scratch, start, startGatewayProcess, statusWhere } from "../support/process-caretaker.ts";

const STOCK: Contract = { symbol: "SPY", secType: SecType.STK, exchange: "SMART", currency: "USD" };

/** Somebody else trades in the account. */
const buyShares = async (port: number, shares: number): Promise<void> => {
  const api = new IBApi({ host: "127.0.0.1", port, clientId: 99 });
  onTestFinished(() => {
    api.removeAllListeners();
    api.on(EventName.error, () => {});
    api.disconnect();
  });
  const id = await new Promise<number>((resolve) => {
    api.once(EventName.nextValidId, resolve);
    api.connect();
  });
  const order: Order = {
    action: OrderAction.BUY,
    totalQuantity: shares,
    orderType: OrderType.LMT,
    lmtPrice: 900,
    tif: TimeInForce.GTC,
    transmit: true,
  };
  api.placeOrder(id, STOCK, order);
};

test("with positions of ours and of others: while it runs, and from the journal when it does not", async () => {
  const gateway = await startGatewayProcess();
  await buyShares(gateway.port, 30);
  const state = join(scratch(), "state");
  const config = join(ROOT, "test/fixtures/kill.yaml");
  const run = start([
    "run",
    "--config",
    config,
    "--port",
    String(gateway.port),
    "--state",
    state,
    "--http-port",
    "0",
    "--headless",
    "--json",
  ]);
  await statusWhere(state, run, "two positions", ({ fills }) => fills >= 8, 90_000);
  const look = async () => {
    const { account } = await document<{ account: HoldingsView }>(["positions", "--state", state, "--json"]);
    const truth = (await gateway.truth()) as unknown as TruthAccount;
    return { account, apart: holdingsApart({ account }, { at: 0, day: "", accounts: [truth] }) };
  };
  const isOurs = ({ foreign }: { readonly foreign: boolean }): boolean => !foreign;
  const { account } = await eventually(
    "the same book, with positions of ours in it",
    async () => {
      const seen = await look();
      return seen.apart.length === 0 && (seen.account.holdings ?? []).filter(isOurs).length >= 4 ? seen : undefined;
    },
    { withinMs: 90_000, running: run },
  );
  const shares = account.holdings?.find(({ contract }) => contract.secType === "STK");
  expect(shares).toMatchObject({ quantity: 30, ours: 0, foreign: true });
  run.signal("SIGTERM");
  expect((await run.ended).code, run.stderr).toBe(0);
  expect((await look()).apart).toEqual([]);
}, 240_000);
