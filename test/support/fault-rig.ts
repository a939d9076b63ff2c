/** A broker with a board of faults, and clients that write down what they hear: what the tests of faults stand on. */
import type { IbClient } from "../../src/ports/ib-client.ts";
import type { BrokerOptions } from "../../src/sim/broker/broker.ts";
import { createFaultBoard, type FaultBoard, type FaultRequest } from "../../src/sim/faults/board.ts";
import { type BrokerRig, byConId, createBrokerRig, type HeardClient, limitOrder } from "./broker-rig.ts";
import { optionId, type ScriptedMarket, SPY } from "./scripted-market.ts";

export const PUT = optionId("P", 595);
export { byConId, limitOrder, SPY };

export interface FaultRig extends BrokerRig {
  readonly board: FaultBoard;
  /** Client 1, connected and quiet. */
  readonly client: HeardClient;
  readonly ib: IbClient;
  readonly begun: string[];
  /** Begins a fault and lets what it says at once be delivered. */
  fault(name: string, parameters?: FaultRequest["with"], more?: Pick<FaultRequest, "forMs" | "client">): number;
  /** Ends all faults and lets what that says be delivered. */
  clear(): void;
  /** An order on the put, quoted 1.45 to 1.55: 1.55 buys it at once, 1.30 rests. */
  buy(orderId: number, limit?: number, more?: Parameters<typeof limitOrder>[3]): void;
  /** Errors of an order or request, by code. */
  codes(id: number): readonly number[];
  statuses(id: number): readonly string[];
  /** Prices of a tick type on a line. */
  prices(reqId: number, tick: number): readonly number[];
  /** Streams the put as line 50. */
  watch(reqId?: number): void;
  quote(bid: number | null, ask: number | null): void;
}

export const createFaultRig = (options: Partial<BrokerOptions> & { readonly market?: ScriptedMarket } = {}): FaultRig => {
  const rig = createBrokerRig(options);
  rig.market.set(PUT, 1.45, 1.55);
  const begun: string[] = [];
  const board = createFaultBoard({
    broker: rig.broker,
    seed: options.seed ?? 7,
    now: () => rig.market.now,
    onBegun: (text) => begun.push(text),
  });
  const client = rig.connect(1);
  const { ib } = client;
  return {
    ...rig,
    board,
    client,
    ib,
    begun,
    fault: (name, parameters, more) => {
      const id = board.begin({ fault: name, ...(parameters === undefined ? {} : { with: parameters }), ...more });
      rig.settle();
      return id;
    },
    clear: () => {
      board.clear();
      rig.settle();
    },
    buy: (orderId, limit = 1.55, more) => {
      ib.placeOrder(orderId, byConId(PUT), limitOrder("BUY", 1, limit, more));
      rig.settle();
    },
    codes: (id) =>
      client
        .all("error")
        .filter(([, , about]) => about === id)
        .map(([, code]) => code),
    statuses: (id) =>
      client
        .all("orderStatus")
        .filter(([about]) => about === id)
        .map(([, status]) => status as string),
    prices: (reqId, tick) =>
      client
        .all("tickPrice")
        .filter(([about, kind]) => about === reqId && kind === tick)
        .map(([, , value]) => value),
    watch: (reqId = 50) => {
      ib.reqMktData(reqId, byConId(PUT), "", false, false);
      rig.settle();
    },
    quote: (bid, ask) => {
      rig.market.set(PUT, bid, ask);
      rig.pass(1_000);
    },
  };
};
