/**
 * Tick by tick: each trade, quote or midpoint as the broker sees it change, after so many past ones as were asked for. What
 * changes between two moves of time is one tick.
 */
import type { Contract as IbContract } from "@stoqey/ib";
import type { ContractDetails } from "../../../domain/contract.ts";
import { dollars, epochMs } from "../../../domain/units.ts";
import type { Market, MarketQuote } from "../../market/market.ts";
import { type IbError, isError, theListing } from "../resolve.ts";
import type { Listener } from "../session.ts";
import { DAY_MS } from "./bar-request.ts";
import { MOST_TICKS, pastTicks, type TickShow, tellPastTicks } from "./historical-ticks.ts";

/** Of all clients together: what IB allows an account with a hundred lines. */
const MOST_SUBSCRIPTIONS = 3;

const KINDS = { Last: "TRADES", AllLast: "TRADES", BidAsk: "BID_ASK", MidPoint: "MIDPOINT" } as const satisfies Record<
  string,
  TickShow
>;
type Kind = keyof typeof KINDS;

interface Subscription {
  readonly to: Listener;
  readonly reqId: number;
  readonly details: ContractDetails;
  readonly kind: Kind;
  readonly ignoreSize: boolean;
  seen: MarketQuote | undefined;
}

export interface TickByTick {
  open(
    to: Listener,
    reqId: number,
    contract: IbContract,
    kind: string,
    numberOfTicks: number,
    ignoreSize: boolean,
  ): IbError | undefined;
  close(to: Listener, reqId: number): IbError | undefined;
  closeAll(to: Listener): void;
  advance(): void;
}

const side = (value: number | null): number => (value === null ? -1 : value / 10_000);

export const createTickByTick = (market: Market): TickByTick => {
  const clients = new Map<Listener, Map<number, Subscription>>();
  const inUse = (): number => [...clients.values()].reduce((sum, own) => sum + own.size, 0);

  const tell = (subscription: Subscription): void => {
    const { to, reqId, details, kind, ignoreSize, seen } = subscription;
    const quote = market.quote(details.contract.conId);
    if (quote === undefined || quote === seen) return;
    subscription.seen = quote;
    const seconds = Math.floor(quote.at / 1_000);
    if (kind === "Last" || kind === "AllLast") {
      // The trade that stands when somebody subscribes is the past's.
      if (quote.last === null || seen === undefined) return;
      if (quote.last === seen.last && quote.lastSize === seen.lastSize && quote.volume === seen.volume) return;
      const exchange = details.contract.primaryExchange ?? details.contract.exchange;
      to.tell(
        "tickByTickAllLast",
        reqId,
        kind === "Last" ? 1 : 2,
        seconds,
        dollars(quote.last),
        quote.lastSize,
        {},
        exchange,
        "",
      );
      return;
    }
    const { bid, bidSize, ask, askSize } = quote;
    const moved = bid !== seen?.bid || ask !== seen.ask;
    if (kind === "MidPoint") {
      if (moved && bid !== null && ask !== null) to.tell("tickByTickMidPoint", reqId, seconds, (bid + ask) / 20_000);
      return;
    }
    if (!moved && (ignoreSize || (bidSize === seen.bidSize && askSize === seen.askSize))) return;
    to.tell("tickByTickBidAsk", reqId, seconds, side(bid), side(ask), bid === null ? 0 : bidSize, ask === null ? 0 : askSize, {});
  };

  const past = (to: Listener, reqId: number, { contract }: ContractDetails, kind: Kind, count: number): void => {
    const stretch = { from: epochMs(market.now - 4 * DAY_MS), to: market.now, regularHours: false };
    const show = KINDS[kind];
    const ticks = pastTicks(market, contract.conId, show, stretch) ?? [];
    tellPastTicks(to, reqId, show, ticks.slice(-count), contract.primaryExchange ?? contract.exchange);
  };

  return {
    open: (to, reqId, contract, word, numberOfTicks, ignoreSize) => {
      const invalid = (cause: string): IbError => ({ code: 321, text: `Error validating request.-'cd' : cause - ${cause}` });
      const own = clients.get(to) ?? new Map<number, Subscription>();
      if (own.has(reqId)) return { code: 322, text: "Error processing request.-'cd' : cause - Duplicate ticker id" };
      if (!(word in KINDS)) return invalid(`Tick-by-tick data are ${Object.keys(KINDS).join(", ")}, not ${word}`);
      const kind = word as Kind;
      if (!(numberOfTicks >= 0 && numberOfTicks <= MOST_TICKS)) return invalid(`The number of ticks must be 0 to ${MOST_TICKS}`);
      if (contract.secType === "BAG") return invalid("Combos have no tick-by-tick data");
      const details = theListing(market, contract);
      if (isError(details)) return details;
      if (inUse() >= MOST_SUBSCRIPTIONS) return { code: 10190, text: "Max number of tick-by-tick requests has been reached." };
      const subscription: Subscription = { to, reqId, details, kind, ignoreSize, seen: undefined };
      own.set(reqId, subscription);
      clients.set(to, own);
      if (numberOfTicks > 0) past(to, reqId, details, kind, numberOfTicks);
      tell(subscription);
      return undefined;
    },
    close: (to, reqId) =>
      clients.get(to)?.delete(reqId) ? undefined : { code: 300, text: `Can't find EId with tickerId:${reqId}` },
    closeAll: (to) => {
      clients.delete(to);
    },
    advance: () => {
      for (const own of clients.values()) for (const subscription of own.values()) tell(subscription);
    },
  };
};
