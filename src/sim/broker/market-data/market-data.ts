/**
 * All that the broker answers about prices and listings: lines, bars, tick by tick, reference data. What it needs of the rest of the broker
 * is a market, a clock of real time, and two switches.
 */
import type { Scheduler } from "../../../ports/clock.ts";
import type { Market } from "../../market/market.ts";
import { createLines, type Lines } from "../lines.ts";
import { answerContractDetails, answerOptionParameters } from "../requests.ts";
import type { IbError } from "../resolve.ts";
import type { Front, FurtherRequests, Listener } from "../session.ts";
import { createBarStreams } from "./bar-streams.ts";
import type { Entitlements } from "./entitlement.ts";
import type { HistoricalPacing } from "./historical-pacing.ts";
import { answerHistoricalTicks } from "./historical-ticks.ts";
import { createHistory } from "./history.ts";
import { incrementsOf } from "./market-rules.ts";
import { answerMatchingSymbols } from "./matching-symbols.ts";
import { createOptionCalculator } from "./option-calculator.ts";
import { createTickByTick } from "./tick-by-tick.ts";

export interface MarketDataRules {
  readonly market: Market;
  /** Real time: what historical pacing counts in. */
  readonly scheduler: Scheduler;
  readonly lineLimit: number;
  readonly optionComputations: boolean;
  readonly entitlements: () => Entitlements;
  readonly historicalPacing: () => HistoricalPacing;
}

type Base =
  | "reqMarketDataType"
  | "reqMktData"
  | "cancelMktData"
  | "reqHistoricalData"
  | "cancelHistoricalData"
  | "reqContractDetails"
  | "reqSecDefOptParams";
type Further =
  | "reqRealTimeBars"
  | "cancelRealTimeBars"
  | "reqTickByTickData"
  | "cancelTickByTickData"
  | "reqHistoricalTicks"
  | "reqHeadTimestamp"
  | "cancelHeadTimestamp"
  | "reqMarketRule"
  | "reqMatchingSymbols"
  | "calculateImpliedVolatility"
  | "cancelCalculateImpliedVolatility"
  | "calculateOptionPrice"
  | "cancelCalculateOptionPrice"
  | "reqUserInfo";

export interface MarketData {
  readonly lines: Lines;
  readonly requests: Pick<Front, Base>;
  readonly further: Pick<FurtherRequests, Further>;
  /** Streams what the time that has passed brings. */
  advance(): void;
  /** Ends all of a client's subscriptions and queries, without a word. */
  closeAll(client: Listener): void;
}

export const createMarketData = (rules: MarketDataRules): MarketData => {
  const { market } = rules;
  const { entitlements, optionComputations } = rules;
  const lines = createLines({ market, limit: rules.lineLimit, entitlements, optionComputations });
  const history = createHistory(rules);
  const bars = createBarStreams(market);
  const ticks = createTickByTick(market);
  const calculator = createOptionCalculator(market);

  const refuse = (to: Listener, reqId: number, error: IbError | undefined): void => {
    if (error !== undefined) to.tell("error", new Error(error.text), error.code, reqId);
  };

  return {
    lines,
    requests: {
      reqMarketDataType: (from, type) => lines.ask(from, type),
      reqMktData: (from, reqId, contract, genericTicks, snapshot, regulatorySnapshot) =>
        lines.open(from, reqId, contract, genericTicks ?? "", snapshot || regulatorySnapshot),
      cancelMktData: (from, reqId) => lines.close(from, reqId),
      reqHistoricalData: (from, reqId, contract, end, duration, barSize, show, regularHours, formatDate, keepUpToDate) =>
        refuse(
          from,
          reqId,
          history.open(from, reqId, {
            contract,
            end: end ?? "",
            duration,
            barSize,
            show,
            regularHours: Boolean(regularHours),
            epochDates: formatDate === 2,
            keepUpToDate,
          }),
        ),
      cancelHistoricalData: (from, reqId) => refuse(from, reqId, history.cancel(from, reqId)),
      reqContractDetails: (from, reqId, contract) => refuse(from, reqId, answerContractDetails(market, from, reqId, contract)),
      reqSecDefOptParams: (from, reqId, _symbol, _exchange, _secType, conId) =>
        refuse(from, reqId, answerOptionParameters(market, from, reqId, conId)),
    },
    further: {
      reqRealTimeBars: (from, reqId, contract, barSize, show, regularHours) =>
        refuse(from, reqId, bars.open(from, reqId, contract, barSize, show, regularHours)),
      cancelRealTimeBars: (from, reqId) => refuse(from, reqId, bars.close(from, reqId)),
      reqTickByTickData: (from, reqId, contract, tickType, numberOfTicks, ignoreSize) =>
        refuse(from, reqId, ticks.open(from, reqId, contract, tickType, numberOfTicks, ignoreSize)),
      cancelTickByTickData: (from, reqId) => refuse(from, reqId, ticks.close(from, reqId)),
      reqHistoricalTicks: (from, reqId, contract, start, end, count, show, regularHours, ignoreSize) =>
        refuse(
          from,
          reqId,
          answerHistoricalTicks(market, from, reqId, {
            contract,
            start,
            end: end ?? "",
            count,
            show,
            regularHours: Boolean(regularHours),
            ignoreSize,
          }),
        ),
      reqHeadTimestamp: (from, reqId, contract, show, _regularHours, formatDate) =>
        refuse(from, reqId, history.head(from, reqId, contract, show, formatDate === 2)),
      // Answered at once: there never is one left to cancel.
      cancelHeadTimestamp: () => undefined,
      reqMarketRule: (from, ruleId) => {
        const increments = incrementsOf(ruleId);
        if (increments !== undefined) from.tell("marketRule", ruleId, increments);
        else
          refuse(from, -1, {
            code: 321,
            text: `Error validating request.-'cV' : cause - Market rule ${ruleId} is not available`,
          });
      },
      reqMatchingSymbols: (from, reqId, pattern) => answerMatchingSymbols(market, from, reqId, pattern),
      calculateImpliedVolatility: (from, reqId, contract, optionPrice, underlyingPrice) =>
        refuse(from, reqId, calculator.volatility(from, reqId, contract, optionPrice, underlyingPrice)),
      calculateOptionPrice: (from, reqId, contract, volatility, underlyingPrice) =>
        refuse(from, reqId, calculator.price(from, reqId, contract, volatility, underlyingPrice)),
      // Answered at once, like head timestamps.
      cancelCalculateImpliedVolatility: () => undefined,
      cancelCalculateOptionPrice: () => undefined,
      reqUserInfo: (from, reqId) => from.tell("userInfo", reqId, ""),
    },
    advance: () => {
      lines.advance();
      history.advance();
      bars.advance();
      ticks.advance();
    },
    closeAll: (client) => {
      lines.closeAll(client);
      history.closeAll(client);
      bars.closeAll(client);
      ticks.closeAll(client);
    },
  };
};
