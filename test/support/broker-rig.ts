/**
 * A broker over a scripted market, with clients that write down what they hear: what the broker's tests stand on.
 */

import type { Contract as IbContract, Order as IbOrder } from "@stoqey/ib";
import { type ComboLeg, OrderAction, OrderType, SecType, TimeInForce } from "@stoqey/ib";
import { instantOf } from "../../src/domain/calendar/new-york.ts";
import { type EpochMs, epochMs, money, tradingDay } from "../../src/domain/units.ts";
import type { IbClient, IbEventName, IbEvents } from "../../src/ports/ib-client.ts";
import { type Broker, type BrokerOptions, createBroker } from "../../src/sim/broker/broker.ts";
import { EVENTS } from "../../src/sim/runner/line.ts";
import { createScriptedMarket, optionId, type ScriptedMarket, SPY } from "./scripted-market.ts";
import { VirtualScheduler } from "./virtual-scheduler.ts";

export const ACCOUNT = "DU1234567";
export const FRIDAY_10_00 = instantOf(tradingDay("2026-11-20"), 600);

export interface HeardClient {
  readonly ib: IbClient;
  /** All events so far, oldest first. */
  readonly heard: [name: IbEventName, ...words: unknown[]][];
  /** The arguments of every event of a name. */
  all<E extends IbEventName>(name: E): IbEvents[E][];
  /** What was heard since the last call, as short lines: `orderStatus Filled`, `error 201`, ... */
  news(): string[];
}

export interface BrokerRig {
  readonly market: ScriptedMarket;
  readonly broker: Broker;
  readonly scheduler: VirtualScheduler;
  connect(clientId: number): HeardClient;
  /** Lets queued events be delivered. */
  settle(): void;
  /** Moves market time and delivers what it brings. */
  pass(ms: number): void;
  passTo(at: EpochMs): void;
}

/** The telling word of an event: status, code or kind of contract. */
const brief = (name: IbEventName, words: readonly unknown[]): string => {
  const [first, second, third, fourth] = words as [unknown, unknown, unknown, unknown];
  switch (name) {
    case "orderStatus":
      return `orderStatus ${second}`;
    case "openOrder":
      return `openOrder ${(fourth as { status: string }).status}`;
    case "error":
      return `error ${second}`;
    case "info":
      return `info ${second}`;
    case "execDetails":
      return `execDetails ${(second as IbContract).secType}`;
    case "position":
      return `position ${(second as IbContract).conId} ${third}`;
    case "tickPrice":
    case "tickSize":
      return `${name} ${second} ${third}`;
    case "nextValidId":
      return `nextValidId ${first}`;
    default:
      return name;
  }
};

/** A market given is taken as it stands; else SPY is quoted at 600. */
export const createBrokerRig = (options: Partial<BrokerOptions> & { readonly market?: ScriptedMarket } = {}): BrokerRig => {
  const market = options.market ?? createScriptedMarket(FRIDAY_10_00);
  const scheduler = new VirtualScheduler();
  const broker = createBroker({
    market,
    accounts: [{ id: ACCOUNT, cash: money(100_000) }],
    seed: 7,
    scheduler,
    cancelLatencyMs: { from: 0, to: 0 },
    ...options,
  });
  if (options.market === undefined) market.set(SPY, 600, 600.02);
  const rig: BrokerRig = {
    market,
    broker,
    scheduler,
    connect: (clientId) => {
      const ib = broker.client();
      const heard: HeardClient["heard"] = [];
      let read = 0;
      for (const event of EVENTS) ib.on(event, (...words: unknown[]) => void heard.push([event, ...words]));
      ib.connect(clientId);
      rig.settle();
      const client: HeardClient = {
        ib,
        heard,
        all: <E extends IbEventName>(name: E) =>
          heard.filter(([event]) => event === name).map(([, ...words]) => words as unknown as IbEvents[E]),
        news: () => {
          const lines = heard.slice(read).map(([name, ...words]) => brief(name, words));
          read = heard.length;
          return lines;
        },
      };
      client.news();
      return client;
    },
    settle: () => scheduler.advance(0),
    pass: (ms) => rig.passTo(epochMs(market.now + ms)),
    passTo: (at) => {
      broker.advance(at);
      scheduler.advance(0);
    },
  };
  return rig;
};

export const limitOrder = (action: "BUY" | "SELL", quantity: number, limit: number, more: Partial<IbOrder> = {}): IbOrder => ({
  action: action === "BUY" ? OrderAction.BUY : OrderAction.SELL,
  totalQuantity: quantity,
  orderType: OrderType.LMT,
  lmtPrice: limit,
  tif: TimeInForce.DAY,
  transmit: true,
  orderRef: "caretaker/00000001/20261120-s1-1",
  ...more,
});

export const byConId = (conId: number): IbContract => ({ conId, exchange: "SMART" });

export const combo = (...legs: readonly (readonly [ratio: number, right: "C" | "P", strike: number])[]): IbContract => ({
  symbol: "SPY",
  secType: SecType.BAG,
  exchange: "SMART",
  currency: "USD",
  comboLegs: legs.map(
    ([ratio, right, strike]): ComboLeg => ({
      conId: optionId(right, strike),
      ratio: Math.abs(ratio),
      action: ratio > 0 ? OrderAction.BUY : OrderAction.SELL,
      exchange: "SMART",
    }),
  ),
});

/** A short iron condor 590/595/605/610, bought as a combo for a credit. */
export const CONDOR = combo([1, "P", 590], [-1, "P", 595], [-1, "C", 605], [1, "C", 610]);

/** Quotes for it: natural credit 2.90 − 1.10 = 1.80 (cost −1.80), mid credit 2.00. */
export const quoteCondor = (market: ScriptedMarket, sizes: { bid?: number; ask?: number } = {}): void => {
  market.set(optionId("P", 590), 0.45, 0.55, sizes);
  market.set(optionId("P", 595), 1.45, 1.55, sizes);
  market.set(optionId("C", 605), 1.45, 1.55, sizes);
  market.set(optionId("C", 610), 0.45, 0.55, sizes);
};
