/** Hears a broker session's events and says each in the wire's words, in order. What is said when nobody listens is lost. */
import type { GatewayClient, GatewayEventName, GatewayEvents } from "../../gateway-api.ts";
import * as account from "./account.ts";
import * as updates from "./account-updates.ts";
import { BarSets } from "./bar-sets.ts";
import * as execution from "./execution.ts";
import * as history from "./history.ts";
import { currentTime, errorMessage, NO_SUBJECT, userInfo } from "./notice.ts";
import * as order from "./order.ts";
import { PriceSizePairs } from "./price-size-pairs.ts";
import * as reference from "./reference.ts";
import * as tick from "./tick.ts";
import * as stream from "./tick-by-tick.ts";

export interface RelayOptions {
  readonly serverVersion: number;
  readonly say: (fields: readonly string[]) => void;
  /** The broker ended the session; everything it said before has been said. */
  readonly onDisconnected: () => void;
  /** Runs what an event asks for; a throw must not reach the broker, who has other sessions to serve. */
  readonly guard: (action: () => void) => void;
}

export class Relay {
  readonly #options: RelayOptions;
  readonly #pairs: PriceSizePairs;
  readonly #bars = new BarSets();
  #flushScheduled = false;

  constructor(client: GatewayClient, options: RelayOptions) {
    this.#options = options;
    this.#pairs = new PriceSizePairs(options.say);
    this.#hear(client);
  }

  /** Forgets sizes and half-collected bars of a request. */
  forget(reqId: number): void {
    this.#pairs.forget(reqId);
    this.#bars.forget(reqId);
  }

  /** Lets everything go that still waits for its other half. */
  flush(): void {
    this.#pairs.flush();
  }

  #scheduleFlush(): void {
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    queueMicrotask(() => {
      this.#flushScheduled = false;
      this.#options.guard(() => this.#pairs.flush());
    });
  }

  #hear(client: GatewayClient): void {
    const { say, guard, serverVersion } = this.#options;
    const on = <E extends GatewayEventName>(event: E, listener: (...args: GatewayEvents[E]) => void): void => {
      client.on(event, (...args) => guard(() => listener(...args)));
    };
    const says = <E extends GatewayEventName>(event: E, encode: (...args: GatewayEvents[E]) => readonly string[]): void =>
      on(event, (...args) => {
        this.#pairs.flush();
        say(encode(...args));
      });

    on("tickPrice", (...args) => {
      if (this.#pairs.price(...args)) this.#scheduleFlush();
    });
    on("tickSize", (...args) => this.#pairs.size(...args));
    on("historicalData", (...args) => {
      this.#pairs.flush();
      const set = this.#bars.add(...args);
      if (set !== undefined) say(set);
    });
    on("error", (error, code, reqId, reject) => {
      this.#pairs.flush();
      this.#bars.forget(reqId);
      say(errorMessage(serverVersion, reqId, code, error.message, reject));
    });
    on("disconnected", () => {
      this.#pairs.flush();
      this.#options.onDisconnected();
    });

    says("info", (message, code) => errorMessage(serverVersion, NO_SUBJECT, code, message));
    says("managedAccounts", account.managedAccounts);
    says("nextValidId", order.nextValidId);
    says("currentTime", currentTime);
    says("userInfo", userInfo);
    says("position", account.position);
    says("positionEnd", account.positionEnd);
    says("accountSummary", account.accountSummary);
    says("accountSummaryEnd", account.accountSummaryEnd);
    says("updateAccountValue", updates.accountValue);
    says("updatePortfolio", updates.portfolioValue);
    says("updateAccountTime", updates.accountUpdateTime);
    says("accountDownloadEnd", updates.accountDownloadEnd);
    says("accountUpdateMulti", updates.accountUpdateMulti);
    says("accountUpdateMultiEnd", updates.accountUpdateMultiEnd);
    says("positionMulti", updates.positionMulti);
    says("positionMultiEnd", updates.positionMultiEnd);
    says("pnl", updates.profitAndLoss);
    says("pnlSingle", updates.profitAndLossOfOne);
    says("contractDetails", (...args) => reference.contractDetails(serverVersion, ...args));
    says("contractDetailsEnd", reference.contractDetailsEnd);
    says("securityDefinitionOptionParameter", reference.optionParameters);
    says("securityDefinitionOptionParameterEnd", reference.optionParametersEnd);
    says("symbolSamples", (...args) => reference.symbolSamples(serverVersion, ...args));
    says("marketRule", reference.marketRule);
    says("historicalDataUpdate", history.barUpdate);
    says("historicalSchedule", history.schedule);
    says("historicalTicks", history.historicalMidpoints);
    says("historicalTicksBidAsk", history.historicalQuotes);
    says("historicalTicksLast", history.historicalTrades);
    says("headTimestamp", history.headTimestamp);
    says("realtimeBar", stream.realTimeBar);
    says("tickByTickAllLast", stream.trade);
    says("tickByTickBidAsk", stream.quote);
    says("tickByTickMidPoint", stream.midpoint);
    says("tickReqParams", tick.tickParameters);
    says("marketDataType", tick.marketDataType);
    says("tickString", tick.tickString);
    says("tickGeneric", tick.tickGeneric);
    says("tickOptionComputation", tick.tickOptionComputation);
    says("tickSnapshotEnd", tick.tickSnapshotEnd);
    says("openOrder", (...args) => order.openOrder(serverVersion, ...args));
    says("openOrderEnd", order.openOrderEnd);
    says("orderStatus", order.orderStatus);
    says("orderBound", order.orderBound);
    says("execDetails", (...args) => execution.execDetails(serverVersion, ...args));
    says("execDetailsEnd", execution.execDetailsEnd);
    says("commissionReport", execution.commissionReport);
    says("completedOrder", (...args) => order.completedOrder(serverVersion, ...args));
    says("completedOrdersEnd", order.completedOrdersEnd);
  }
}
