/**
 * Orders, both ways: our ticket to IB's contract and order, IB's rows to our words. Every field that IB would fill in by its
 * own lights (transmit, tif, account, orderRef) is said outright: left out, `transmit` alone means "do not send".
 */
import {
  type Contract as IbContract,
  type Order as IbOrder,
  OrderAction,
  type OrderState,
  OrderType,
  SecType,
  TimeInForce,
} from "@stoqey/ib";
import type { OrderTicket } from "../../../domain/effects.ts";
import type { BrokerOrder, BrokerOrderStatus, MarginImpact } from "../../../domain/events/broker.ts";
import { dollars } from "../../../domain/units.ts";
import { contractFrom, contractTo } from "./contract.ts";
import { figure, idOf, moneyFigure, priceFigure } from "./figure.ts";
import { NotOurs, Refusal, refuse } from "./refusal.ts";

/** Ids from here on belong to requests; orders stay below, so that an error's id says whom it concerns. */
export const FIRST_REQUEST_ID = 1_000_000_000;

const wholePositive = (field: string, value: number): number =>
  Number.isSafeInteger(value) && value > 0 ? value : refuse(field, value);
const text = (field: string, value: string): string => (value === "" ? refuse(field, value) : value);
const actionTo = (action: "BUY" | "SELL"): OrderAction =>
  action === "BUY" ? OrderAction.BUY : action === "SELL" ? OrderAction.SELL : refuse("action", action);

const comboTo = (combo: NonNullable<OrderTicket["combo"]>): IbContract => {
  if (combo.legs.length < 2) throw new Refusal(`a combo has at least two legs, not ${combo.legs.length}`);
  return {
    symbol: text("symbol", combo.symbol),
    secType: SecType.BAG,
    currency: text("currency", combo.currency),
    exchange: "SMART",
    comboLegs: combo.legs.map((leg) => ({
      conId: wholePositive("leg conId", leg.conId),
      ratio: wholePositive("leg ratio", leg.ratio),
      action: actionTo(leg.action),
      exchange: text("leg exchange", leg.exchange),
      openClose: 0,
      shortSaleSlot: 0,
      designatedLocation: "",
      exemptCode: -1,
    })),
  };
};

/** What placeOrder wants. Refuses a ticket that could mean two things, or nothing. */
export const ticketTo = (ticket: OrderTicket, whatIf: boolean): { orderId: number; contract: IbContract; order: IbOrder } => {
  const { combo, contract } = ticket;
  if ((combo === undefined) === (contract === undefined)) throw new Refusal("a ticket names either a combo or a contract");
  if (combo && ticket.action !== "BUY") throw new Refusal("a combo is always bought; its legs say which way");
  if (contract && ticket.limitPrice <= 0)
    throw new Refusal(`a single contract has no limit price of ${dollars(ticket.limitPrice)}`);
  if (!Number.isSafeInteger(ticket.limitPrice)) refuse("limitPrice", ticket.limitPrice);
  if (ticket.tif !== "DAY" && ticket.tif !== "GTC") refuse("tif", ticket.tif);
  const orderId = wholePositive("orderId", ticket.orderId);
  if (orderId >= FIRST_REQUEST_ID) refuse("orderId", orderId);
  return {
    orderId,
    contract: combo ? comboTo(combo) : contractTo(contract as NonNullable<typeof contract>),
    order: {
      orderId,
      action: actionTo(ticket.action),
      totalQuantity: wholePositive("quantity", ticket.quantity),
      orderType: OrderType.LMT,
      lmtPrice: dollars(ticket.limitPrice),
      tif: ticket.tif === "DAY" ? TimeInForce.DAY : TimeInForce.GTC,
      account: text("account", ticket.account),
      orderRef: text("orderRef", ticket.orderRef),
      transmit: true,
      outsideRth: false,
      whatIf,
    },
  };
};

const STATUSES: ReadonlySet<string> = new Set<BrokerOrderStatus>([
  "PendingSubmit",
  "ApiPending",
  "PendingCancel",
  "PreSubmitted",
  "Submitted",
  "ApiCancelled",
  "Cancelled",
  "Filled",
  "Inactive",
  "Unknown",
]);

/** IB's own word for a state. A word that we do not know is IB's "Unknown": it says that the order is there, and ends nothing. */
export const statusFrom = (status: string | undefined): BrokerOrderStatus =>
  status !== undefined && STATUSES.has(status) ? (status as BrokerOrderStatus) : "Unknown";

/** The order types whose lmtPrice is a limit; on the others IB fills it with whatever it likes. */
const LIMITED = /LMT|LIT|LOC|LOO/;

/** An open or completed order. IB does not tell a completed one's orderId and clientId: both are 0. */
export const brokerOrderFrom = (ib: IbContract, order: IbOrder, state: OrderState): BrokerOrder => {
  const action: string | undefined = order.action;
  // Institutional short sales (SSHORT, SLONG) are none of ours.
  if (action !== "BUY" && action !== "SELL") throw new NotOurs(`an order to ${action}`);
  const quantity = figure(order.totalQuantity);
  // An order for an amount of cash has none; we never place one.
  if (quantity === undefined) throw new NotOurs("an order without a quantity");
  const filled = figure(order.filledQuantity);
  const limitPrice = LIMITED.test(order.orderType ?? "") ? priceFigure(order.lmtPrice) : undefined;
  return {
    orderId: idOf(order.orderId),
    clientId: idOf(order.clientId),
    permId: idOf(order.permId),
    orderRef: order.orderRef ?? "",
    account: order.account ?? "",
    contract: contractFrom(ib),
    action,
    quantity,
    ...(filled === undefined ? {} : { filled }),
    ...(limitPrice === undefined ? {} : { limitPrice }),
    status: statusFrom(state.status),
  };
};

/** A what-if's figures; IB's "unset" and anything unreadable is absent. */
export const impactFrom = (state: OrderState): MarginImpact => {
  const impact: { -readonly [Figure in keyof MarginImpact]: MarginImpact[Figure] } = {};
  const put = (name: keyof MarginImpact, value: number | undefined) => {
    const amount = moneyFigure(value);
    if (amount !== undefined) impact[name] = amount;
  };
  put("initialMarginChange", state.initMarginChange);
  put("maintenanceMarginChange", state.maintMarginChange);
  put("initialMarginAfter", state.initMarginAfter);
  put("equityWithLoanAfter", state.equityWithLoanAfter);
  put("commission", state.commission);
  return impact;
};
