/**
 * An order ticket, read and checked: which contracts, how many, on which terms. What the broker cannot work is refused here in
 * IB's numbers, before anything is on the book.
 */
import type { ComboLeg, Contract as IbContract, Order as IbOrder } from "@stoqey/ib";
import { expiryInstant } from "../../domain/calendar/time-to-expiry.ts";
import type { Contract } from "../../domain/contract.ts";
import { type Price, priceUnits } from "../../domain/units.ts";
import { coarseTickAt } from "../market/index-options.ts";
import type { Market } from "../market/market.ts";
import { BAG_CON_ID, echoedLeg, ibContract } from "./ib-words.ts";
import type { TradingLeg } from "./matching.ts";
import { type IbError, isError, theListing } from "./resolve.ts";
import { invalid, readTerms, type Terms } from "./terms.ts";

export interface Ticket extends Terms {
  /** The contract that the order names: a listing, or the combo itself. */
  readonly contract: Contract;
  /** The same as openOrder echoes it. */
  readonly ibContract: IbContract;
  /** Signed as the order trades: bought is positive. */
  readonly legs: readonly TradingLeg[];
  readonly action: "BUY" | "SELL";
  readonly quantity: number;
  readonly account: string;
  readonly orderRef: string;
  /** The client's own order, as it came. */
  readonly order: IbOrder;
  /** Why the broker will not work it (201), if so. */
  readonly unworkable?: string;
}

export const isCombo = (ticket: Ticket): boolean => ticket.contract.secType === "BAG";

/** A net price in the order's own direction, from what a unit costs. */
export const netPrice = (ticket: Ticket, cost: number): number => (ticket.action === "BUY" ? cost : -cost) + 0;

/** Dollars of notional that one price point of one unit is worth. */
export const unitMultiplier = (ticket: Ticket): number => ticket.legs[0]?.details.contract.multiplier ?? 1;

interface Resolved {
  readonly contract: Contract;
  readonly ibContract: IbContract;
  readonly legs: readonly TradingLeg[];
  readonly unworkable?: string;
}

const single = (market: Market, contract: IbContract, direction: number): Resolved | IbError => {
  const details = theListing(market, contract);
  if (isError(details)) return details;
  return {
    contract: details.contract,
    ibContract: ibContract(details.contract),
    legs: [{ details, ratio: direction }],
    ...(details.contract.secType === "IND" ? { unworkable: "An index cannot be traded." } : {}),
  };
};

const combo = (market: Market, contract: IbContract, direction: number): Resolved | IbError => {
  const asked: readonly ComboLeg[] = contract.comboLegs ?? [];
  if (asked.length < 2) return invalid("a combo needs at least two legs");
  const legs: TradingLeg[] = [];
  for (const leg of asked) {
    const details = market.byConId(leg.conId ?? 0);
    if (details === undefined) return { code: 200, text: "No security definition has been found for the request" };
    const ratio = leg.ratio ?? 0;
    if (!Number.isSafeInteger(ratio) || ratio < 1) return invalid("a leg's ratio must be a positive whole number");
    if (leg.action !== "BUY" && leg.action !== "SELL") return invalid("a leg's action must be BUY or SELL");
    if (legs.some((other) => other.details.contract.conId === leg.conId)) return invalid("a combo names each contract once");
    legs.push({ details, ratio: direction * (leg.action === "BUY" ? ratio : -ratio) });
  }
  const [first] = legs as [TradingLeg, ...TradingLeg[]];
  const alike = legs.every(
    ({ details: { contract: leg } }) =>
      leg.secType === first.details.contract.secType && leg.multiplier === first.details.contract.multiplier,
  );
  const symbol = contract.symbol ?? first.details.contract.symbol;
  const bag: Contract = {
    conId: BAG_CON_ID,
    secType: "BAG",
    symbol,
    exchange: contract.exchange ?? "SMART",
    currency: contract.currency ?? first.details.contract.currency,
    multiplier: first.details.contract.multiplier,
    localSymbol: String(BAG_CON_ID),
    tradingClass: "COMB",
  };
  return {
    contract: bag,
    ibContract: {
      ...ibContract(bag),
      comboLegsDescription: asked.map(({ conId, ratio, action }) => `${conId}|${action === "BUY" ? "" : "-"}${ratio}`).join(","),
      comboLegs: asked.map(echoedLeg),
    },
    legs,
    ...(alike ? {} : { unworkable: "Combos of unlike securities are not supported by this gateway." }),
  };
};

/** The coarsest tick of the legs: where IB knows a finer one for the combo, this gateway is the stricter. */
export const tickOf = (legs: readonly TradingLeg[]): Price => priceUnits(Math.max(...legs.map(({ details }) => details.minTick)));

/** Terms of an order that is rejected before they were read. */
const UNREAD: Terms = { type: "LMT", trigger: 2, tif: "DAY", outsideRth: false, parentId: 0, guaranteed: true };

/** Reads a client's order, or says which error answers it. */
export const readTicket = (
  market: Market,
  accounts: readonly string[],
  contract: IbContract,
  order: IbOrder,
): Ticket | IbError => {
  const { action, totalQuantity } = order;
  if (action !== "BUY" && action !== "SELL") return invalid(`order action ${action} is not BUY or SELL`);
  if (!totalQuantity) return { code: 434, text: "The order size cannot be zero." };
  if (!Number.isSafeInteger(totalQuantity) || totalQuantity < 0) return invalid("the order size must be a positive whole number");
  const account = order.account || (accounts.length === 1 ? accounts[0] : undefined);
  if (account === undefined) return { code: 435, text: "You must specify an account." };
  if (!accounts.includes(account)) return invalid(`invalid account code '${account}'`);

  const direction = action === "BUY" ? 1 : -1;
  const resolved = contract.secType === "BAG" ? combo(market, contract, direction) : single(market, contract, direction);
  if (isError(resolved)) return resolved;
  const { unworkable: untradable, ...what } = resolved;
  const expired = what.legs.some(
    ({ details }) => details.contract.expiry !== undefined && expiryInstant(details.contract.expiry) <= market.now,
  );
  const ticket = { ...what, action, quantity: totalQuantity, account, orderRef: order.orderRef ?? "", order: { ...order } };
  const reason = untradable ?? (expired ? "The contract has expired." : undefined);
  if (reason !== undefined) return { ...ticket, ...UNREAD, unworkable: reason };
  const [only] = what.legs.length === 1 ? what.legs : [];
  const terms = readTerms(
    order,
    {
      ...(only === undefined ? {} : { tickAt: (at: Price) => coarseTickAt(only.details.contract, at) }),
      isCombo: what.contract.secType === "BAG",
      isOption: what.contract.secType === "OPT",
      legs: what.legs.length,
      tick: tickOf(what.legs),
    },
    market.now,
  );
  if ("code" in terms) return terms;
  return "unworkable" in terms ? { ...ticket, ...UNREAD, unworkable: terms.unworkable } : { ...ticket, ...terms };
};

/** Is it the same order with another price or quantity? Anything else may not be modified (105). */
export const sameOrder = (before: Ticket, after: Ticket): boolean =>
  before.action === after.action &&
  before.account === after.account &&
  before.type === after.type &&
  before.tif === after.tif &&
  before.oca?.group === after.oca?.group &&
  before.guaranteed === after.guaranteed &&
  before.contract.conId === after.contract.conId &&
  before.legs.length === after.legs.length &&
  before.legs.every((leg) =>
    after.legs.some((other) => other.details.contract.conId === leg.details.contract.conId && other.ratio === leg.ratio),
  );
