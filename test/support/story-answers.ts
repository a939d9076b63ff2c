/** What a gateway answers to the engine's enquiries in a written story: the broker's books, what is listed, and the past. */
import { newYorkDay } from "../../src/domain/calendar/new-york.ts";
import type { Contract, ContractQuery, OptionContract } from "../../src/domain/contract.ts";
import type { Execution } from "../../src/domain/events/broker.ts";
import type { JsonObject } from "../../src/domain/json.ts";
import { type EpochMs, money } from "../../src/domain/units.ts";
import { SPY, VIX } from "./quoted-chain.ts";
import { type Books, rowOf } from "./story-books.ts";
import { EXPIRIES, type Story } from "./story-market.ts";

/** USD, whatever was won or lost. */
const EQUITY = 1_000_000;

export interface Gateway {
  readonly books: Books;
  readonly story: Story;
  readonly account: string;
  readonly now: EpochMs;
}

/** IB tells completed orders and executions of the present day only. */
export const executionsToday = ({ books, now }: Gateway): Execution[] => {
  const today = newYorkDay(now);
  return books.executions.filter(({ at }) => newYorkDay(at) === today);
};

/** The rows of one answer. Throws for an enquiry that no story has met yet. */
export const rowsFor = (request: string, params: JsonObject, gateway: Gateway): object => {
  const { books, story, account, now } = gateway;
  switch (request) {
    case "openOrders.request":
      return { orders: books.working.map(rowOf) };
    case "completedOrders.request": {
      const traded = new Set(executionsToday(gateway).map(({ orderRef }) => orderRef));
      const over = books.orders.filter(({ status, ticket }) => status !== "Submitted" && traded.has(ticket.orderRef));
      return { orders: over.map((order) => ({ ...rowOf(order), orderId: 0, filled: order.filled })) };
    }
    case "executions.request":
      return { executions: executionsToday(gateway) };
    case "account.request":
      return { account, netLiquidation: money(EQUITY), cash: books.cash() + money(EQUITY) };
    case "positions.request":
      return {
        positions: [...books.held()].map(([conId, quantity]) => ({ account, contract: books.contracts.get(conId), quantity })),
      };
    case "contracts.request":
      return { details: detailsOf(params["query"] as unknown as ContractQuery, gateway) };
    case "optionParameters.request": {
      const expirations = EXPIRIES.filter((day) => day >= newYorkDay(now));
      return { parameters: [{ exchange: "SMART", tradingClass: "SPY", multiplier: 100, expirations, strikes: [] }] };
    }
    case "bars.request": {
      const contract = params["contract"] as unknown as Contract;
      const isDaily = params["size"] === undefined || params["size"] === "day";
      return { bars: isDaily ? story.dailyBars(contract, String(params["show"]), now) : story.minuteBars(now) };
    }
    default:
      throw new Error(`an enquiry that this gateway does not know: ${request}`);
  }
};

const detailsOf = ({ secType, symbol, expiry }: ContractQuery, { books, story }: Gateway): object[] => {
  const options = (): OptionContract[] => (expiry === undefined ? EXPIRIES : [expiry]).flatMap((day) => story.listed(day));
  const found: readonly Contract[] = secType === "STK" ? [SPY] : secType === "IND" ? [VIX] : options();
  for (const one of found) if (one.secType === "OPT") books.contracts.set(one.conId, one as OptionContract);
  return found.map((contract) => ({
    contract,
    minTick: 100,
    longName: symbol,
    contractMonth: "",
    underlyingConId: SPY.conId,
    timeZone: "US/Eastern",
    tradingHours: "",
    liquidHours: "",
  }));
};
