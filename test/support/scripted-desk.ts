/**
 * A desk without a market: it remembers what the wire asked of it, in order, and says what a test lets it say.
 */
import type { Desk } from "../../src/sim/desk.ts";
import type { GatewayClient, GatewayEventName, GatewayEvents } from "../../src/sim/gateway-api.ts";

export type Asked = readonly [method: string, ...args: readonly unknown[]];
/** What a test wants a session to do when a method is called; `connect` logs in unless a script says otherwise. */
export type Script = Readonly<Record<string, (session: ScriptedSession, ...args: readonly unknown[]) => void>>;

/** The last thing that a session says at login. */
export const ANNOUNCEMENT = "market time 2026-11-20T14:30:00Z speed 60";

type Listener = (...args: never[]) => void;

export class ScriptedSession implements GatewayClient {
  readonly asked: Asked[] = [];
  readonly #script: Script;
  readonly #listeners = new Map<string, Listener[]>();
  #waiting: { readonly count: number; readonly resolve: () => void }[] = [];

  constructor(script: Script) {
    this.#script = script;
  }

  on<E extends GatewayEventName>(event: E, listener: (...args: GatewayEvents[E]) => void): this {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener as Listener]);
    return this;
  }

  emit<E extends GatewayEventName>(event: E, ...args: GatewayEvents[E]): void {
    for (const listener of this.#listeners.get(event) ?? []) (listener as (...heard: GatewayEvents[E]) => void)(...args);
  }

  removeAllListeners(): void {
    this.#listeners.clear();
  }

  /** Resolves once so many methods have been called on this session, `connect` included. */
  async askedTimes(count: number): Promise<void> {
    if (this.asked.length >= count) return;
    await new Promise<void>((resolve) => this.#waiting.push({ count, resolve }));
  }

  readonly #ask = (method: string, ...args: readonly unknown[]): void => {
    this.asked.push([method, ...args]);
    const scripted = this.#script[method];
    if (scripted !== undefined) scripted(this, ...args);
    else if (method === "connect") {
      this.emit("managedAccounts", "DU1000001");
      this.emit("nextValidId", 1);
      this.emit("info", ANNOUNCEMENT, 2199);
    }
    const met = this.#waiting.filter(({ count }) => this.asked.length >= count);
    this.#waiting = this.#waiting.filter((one) => !met.includes(one));
    for (const { resolve } of met) resolve();
  };

  readonly #asks =
    (method: string) =>
    (...args: readonly unknown[]): void =>
      this.#ask(method, ...args);

  connect = this.#asks("connect");
  disconnect = this.#asks("disconnect");
  reqIds = this.#asks("reqIds");
  reqCurrentTime = this.#asks("reqCurrentTime");
  reqMarketDataType = this.#asks("reqMarketDataType");
  reqPositions = this.#asks("reqPositions");
  cancelPositions = this.#asks("cancelPositions");
  reqAccountSummary = this.#asks("reqAccountSummary");
  cancelAccountSummary = this.#asks("cancelAccountSummary");
  reqContractDetails = this.#asks("reqContractDetails");
  reqSecDefOptParams = this.#asks("reqSecDefOptParams");
  reqMktData = this.#asks("reqMktData");
  cancelMktData = this.#asks("cancelMktData");
  reqHistoricalData = this.#asks("reqHistoricalData");
  cancelHistoricalData = this.#asks("cancelHistoricalData");
  placeOrder = this.#asks("placeOrder");
  cancelOrder = this.#asks("cancelOrder");
  reqGlobalCancel = this.#asks("reqGlobalCancel");
  reqOpenOrders = this.#asks("reqOpenOrders");
  reqAllOpenOrders = this.#asks("reqAllOpenOrders");
  reqExecutions = this.#asks("reqExecutions");
  reqCompletedOrders = this.#asks("reqCompletedOrders");
  reqManagedAccts = this.#asks("reqManagedAccts");
  reqAutoOpenOrders = this.#asks("reqAutoOpenOrders");
  reqAccountUpdates = this.#asks("reqAccountUpdates");
  reqAccountUpdatesMulti = this.#asks("reqAccountUpdatesMulti");
  cancelAccountUpdatesMulti = this.#asks("cancelAccountUpdatesMulti");
  reqPositionsMulti = this.#asks("reqPositionsMulti");
  cancelPositionsMulti = this.#asks("cancelPositionsMulti");
  reqPnL = this.#asks("reqPnL");
  cancelPnL = this.#asks("cancelPnL");
  reqPnLSingle = this.#asks("reqPnLSingle");
  cancelPnLSingle = this.#asks("cancelPnLSingle");
  exerciseOptions = this.#asks("exerciseOptions");
  reqRealTimeBars = this.#asks("reqRealTimeBars");
  cancelRealTimeBars = this.#asks("cancelRealTimeBars");
  reqTickByTickData = this.#asks("reqTickByTickData");
  cancelTickByTickData = this.#asks("cancelTickByTickData");
  reqHistoricalTicks = this.#asks("reqHistoricalTicks");
  reqHeadTimestamp = this.#asks("reqHeadTimestamp");
  cancelHeadTimestamp = this.#asks("cancelHeadTimestamp");
  reqMarketRule = this.#asks("reqMarketRule");
  reqMatchingSymbols = this.#asks("reqMatchingSymbols");
  calculateImpliedVolatility = this.#asks("calculateImpliedVolatility");
  cancelCalculateImpliedVolatility = this.#asks("cancelCalculateImpliedVolatility");
  calculateOptionPrice = this.#asks("calculateOptionPrice");
  cancelCalculateOptionPrice = this.#asks("cancelCalculateOptionPrice");
  reqUserInfo = this.#asks("reqUserInfo");
}

export class ScriptedDesk implements Desk {
  readonly sessions: ScriptedSession[] = [];
  readonly #script: Script;
  #waiting: (() => void)[] = [];

  constructor(script: Script = {}) {
    this.#script = script;
  }

  client(): ScriptedSession {
    const session = new ScriptedSession(this.#script);
    this.sessions.push(session);
    for (const resolve of this.#waiting.splice(0)) resolve();
    return session;
  }

  announcement(): string {
    return ANNOUNCEMENT;
  }

  /** The n-th session from 0, once a client has logged in to it. */
  async session(index: number): Promise<ScriptedSession> {
    for (;;) {
      const session = this.sessions[index];
      if (session !== undefined) {
        await session.askedTimes(1);
        return session;
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }
}
