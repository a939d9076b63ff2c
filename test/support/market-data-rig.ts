/** A broker over a market, with clients that write down every event that a gateway can send: what the market data tests stand on. */

import { sessionAt } from "../../src/domain/calendar/market-calendar.ts";
import { newYorkDay } from "../../src/domain/calendar/new-york.ts";
import { type EpochMs, epochMs, money } from "../../src/domain/units.ts";
import { type Broker, type BrokerOptions, createBroker } from "../../src/sim/broker/broker.ts";
import type { GatewayClient, GatewayEventName, GatewayEvents } from "../../src/sim/gateway-api.ts";
import { merged } from "../../src/sim/market/bars.ts";
import type { BarShow, BarsAsked, Market, TimedBar } from "../../src/sim/market/market.ts";
import { createScriptedMarket, type ScriptedMarket, SPY } from "./scripted-market.ts";
import { VirtualScheduler } from "./virtual-scheduler.ts";

const HEARD = [
  "info",
  "error",
  "disconnected",
  "contractDetails",
  "contractDetailsEnd",
  "historicalData",
  "historicalDataUpdate",
  "historicalSchedule",
  "historicalTicks",
  "historicalTicksBidAsk",
  "historicalTicksLast",
  "headTimestamp",
  "symbolSamples",
  "marketRule",
  "userInfo",
  "realtimeBar",
  "tickByTickAllLast",
  "tickByTickBidAsk",
  "tickByTickMidPoint",
  "marketDataType",
  "tickReqParams",
  "tickPrice",
  "tickSize",
  "tickString",
  "tickGeneric",
  "tickOptionComputation",
  "tickSnapshotEnd",
  "currentTime",
] as const satisfies readonly GatewayEventName[];

export interface DataClient {
  readonly ib: GatewayClient;
  /** All that was heard since the last call. */
  news(): readonly (readonly [GatewayEventName, ...unknown[]])[];
  /** The arguments of every event of a name so far. */
  all<E extends GatewayEventName>(name: E): GatewayEvents[E][];
  /** Codes of errors so far, each with the request it is about. */
  errors(): readonly (readonly [code: number, reqId: number])[];
  /** What a line shows: the last value of each tick type. */
  line(reqId: number): ReadonlyMap<number, unknown>;
}

export interface DataRig<M extends Market> {
  readonly market: M;
  readonly broker: Broker;
  readonly scheduler: VirtualScheduler;
  connect(clientId: number): DataClient;
  settle(): void;
  pass(ms: number): void;
  passTo(at: EpochMs): void;
}

export const createDataRig = <M extends Market>(market: M, options: Partial<BrokerOptions> = {}): DataRig<M> => {
  const scheduler = new VirtualScheduler();
  const accounts = [{ id: "DU1", cash: money(100_000) }];
  const broker = createBroker({ market, accounts, seed: 7, scheduler, ...options });
  const rig: DataRig<M> = {
    market,
    broker,
    scheduler,
    connect: (clientId) => {
      const ib = broker.client();
      const heard: [GatewayEventName, ...unknown[]][] = [];
      let read = 0;
      for (const event of HEARD) ib.on(event, (...words: unknown[]) => void heard.push([event, ...words]));
      ib.connect(clientId);
      rig.settle();
      read = heard.length;
      const all = <E extends GatewayEventName>(name: E): GatewayEvents[E][] =>
        heard.filter(([event]) => event === name).map(([, ...words]) => words as unknown as GatewayEvents[E]);
      return {
        ib,
        all,
        news: () => {
          const news = heard.slice(read);
          read = heard.length;
          return news;
        },
        errors: () => all("error").map(([, code, reqId]) => [code, reqId] as const),
        line: (reqId) => {
          const shown = new Map<number, unknown>();
          for (const [event, id, type, ...values] of heard) {
            const isTick = event.startsWith("tick") && !["tickSnapshotEnd", "tickReqParams"].includes(event);
            if (id === reqId && isTick) shown.set(type as number, event === "tickOptionComputation" ? values : values[0]);
          }
          return shown;
        },
      };
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

const MINUTE_MS = 60_000;

/** Dollars that SPY trades at in a minute, by a law of the test's own: four prices and a volume. */
export const minuteOf = (at: number): TimedBar => {
  const level = (n: number): number => 600 + Math.round(100 * Math.sin(n / 17)) / 100;
  const minute = at / MINUTE_MS;
  const [open, close] = [level(minute), level(minute + 1)];
  const [high, low] = [Math.max(open, close) + 0.05, Math.min(open, close) - 0.05];
  return { at: epochMs(at), open, high, low, close, volume: 100 + (minute % 7), wap: (open + close) / 2, count: 3 };
};

/** A scripted market in which SPY has minute bars of the regular sessions of the last ten days, and options have bids and asks but no trades. */
export const createBarredMarket = (begins: EpochMs): ScriptedMarket => {
  const market = createScriptedMarket(begins);
  const bars = (conId: number, { show, sizeMs, from, to }: BarsAsked): readonly TimedBar[] | undefined => {
    const isOption = conId >= 1_000;
    if (show === "HISTORICAL_VOLATILITY" || show === "OPTION_IMPLIED_VOLATILITY") return undefined;
    if ((conId !== SPY && !isOption) || (isOption && show === "TRADES")) return undefined;
    const oldest = market.now - 10 * 86_400_000;
    const parts = [];
    const first = Math.floor(Math.max(from - sizeMs, oldest) / MINUTE_MS) * MINUTE_MS;
    for (let at = first; at < Math.min(to + sizeMs, market.now); at += MINUTE_MS) {
      const session = sessionAt(epochMs(at));
      if (session === undefined) continue;
      const shift = ({ BID: -0.01, ASK: 0.01 } as Partial<Record<BarShow, number>>)[show] ?? 0;
      const { open, high, low, close, volume, wap, count } = minuteOf(at);
      const traded = show === "TRADES" ? { volume, wap, count } : { volume: null, wap: null, count: null };
      const prices = { open: open + shift, high: high + shift, low: low + shift, close: close + shift };
      parts.push({ at: epochMs(at), ...prices, ...traded, day: newYorkDay(epochMs(at)), opens: session.open });
    }
    return merged(parts, sizeMs).filter(({ at }) => at >= from && at < to);
  };
  return Object.assign(market, { bars, headTimestamp: (conId: number) => (conId === SPY ? begins : undefined) });
};
