/** Messages about orders: 3 orderStatus, 5 openOrder, 53 its end, 9 nextValidId, 100 orderBound, 101 completedOrder, 102 its end. */
import type { Contract, Order, OrderState } from "@stoqey/ib";
import type { IbEvents } from "../../../ports/ib-client.ts";
import type { GatewayEvents } from "../../gateway-api.ts";
import { flag, real, text, UNSET_REAL, UNSET_WHOLE, whole } from "../fields.ts";
import { comboFields, contractFields, deltaNeutralFields } from "./contract.ts";
import {
  algoFields,
  allocationFields,
  boxFields,
  clearingFields,
  conditionsFields,
  customerFields,
  mainFields,
  pegBenchFields,
  pegOffsetFields,
  scaleAndHedgeFields,
  timingFields,
  volatilityFields,
} from "./order-fields.ts";

export const nextValidId = (orderId: number): readonly string[] => ["9", "1", whole(orderId)];

export const orderBound = (...ids: GatewayEvents["orderBound"]): readonly string[] => ["100", ...ids.map((id) => whole(id))];

export const orderStatus = (...[orderId, status, ...rest]: IbEvents["orderStatus"]): readonly string[] => {
  const [filled, remaining, avgFillPrice, permId, parentId, lastFillPrice, clientId, whyHeld, mktCapPrice] = rest;
  return [
    "3",
    whole(orderId),
    text(status),
    real(filled, "0"),
    real(remaining, "0"),
    real(avgFillPrice, "0"),
    whole(permId),
    whole(parentId),
    real(lastFillPrice, "0"),
    whole(clientId),
    text(whyHeld),
    real(mktCapPrice, "0"),
  ];
};

/** Margins that were not asked for read as the largest double. */
const marginFields = (state: OrderState): readonly string[] =>
  [
    state.initMarginBefore,
    state.maintMarginBefore,
    state.equityWithLoanBefore,
    state.initMarginChange,
    state.maintMarginChange,
    state.equityWithLoanChange,
    state.initMarginAfter,
    state.maintMarginAfter,
    state.equityWithLoanAfter,
  ].map((value) => real(value, UNSET_REAL));

const commissionFields = (state: OrderState): readonly string[] => [
  real(state.commission),
  real(state.minCommission),
  real(state.maxCommission),
  text(state.commissionCurrency),
  text(state.warningText),
];

/** From adjustedOrderType to usePriceMgmtAlgo. */
const adjustmentFields = (order: Order): readonly string[] => [
  text(order.adjustedOrderType ?? "None"),
  real(order.triggerPrice, UNSET_REAL),
  real(order.trailStopPrice, UNSET_REAL),
  real(order.lmtPriceOffset, UNSET_REAL),
  real(order.adjustedStopPrice, UNSET_REAL),
  real(order.adjustedStopLimitPrice, UNSET_REAL),
  real(order.adjustedTrailingAmount, UNSET_REAL),
  whole(order.adjustableTrailingUnit),
  text(order.softDollarTier?.name),
  text(order.softDollarTier?.value),
  text(order.softDollarTier?.displayName),
  real(order.cashQty),
  flag(order.dontUseAutoPriceForHedge),
  flag(order.isOmsContainer),
  flag(order.discretionaryUpToLimitPrice),
  flag(order.usePriceMgmtAlgo),
];

const laterFields = (order: Order, serverVersion: number): readonly string[] => [
  ...(serverVersion >= 158 ? [whole(order.duration, "")] : []),
  ...(serverVersion >= 160 ? [whole(order.postToAts, "")] : []),
  ...(serverVersion >= 162 ? [flag(order.autoCancelParent)] : []),
  ...pegOffsetFields(order, serverVersion),
  ...customerFields(order, serverVersion),
  ...(serverVersion >= 185 ? [text(order.bondAccruedInterest)] : []),
  ...(serverVersion >= 189 ? [flag(order.includeOvernight)] : []),
  ...(serverVersion >= 193 ? [text(order.extOperator), whole(order.manualOrderIndicator, String(UNSET_WHOLE))] : []),
];

export const openOrder = (
  serverVersion: number,
  orderId: number,
  contract: Contract,
  order: Order,
  state: OrderState,
): readonly string[] => [
  "5",
  whole(orderId),
  ...contractFields(contract, "?"),
  ...mainFields(order),
  whole(order.clientId),
  whole(order.permId),
  ...timingFields(order),
  "", // shares allocation, long gone
  ...allocationFields(order, serverVersion),
  whole(order.auctionStrategy),
  ...boxFields(order),
  flag(order.blockOrder),
  flag(order.sweepToFill),
  flag(order.allOrNone),
  whole(order.minQty, ""),
  whole(order.ocaType, "3"),
  flag(order.eTradeOnly),
  flag(order.firmQuoteOnly),
  real(order.nbboPriceCap),
  whole(order.parentId),
  whole(order.triggerMethod),
  ...volatilityFields(order, true),
  real(order.basisPoints),
  whole(order.basisPointsType, ""),
  ...comboFields(contract, order),
  ...scaleAndHedgeFields(order),
  flag(order.optOutSmartRouting),
  ...clearingFields(order),
  ...deltaNeutralFields(contract),
  ...algoFields(order),
  flag(order.solicited),
  flag(order.whatIf),
  text(state.status),
  ...marginFields(state),
  ...commissionFields(state),
  flag(order.randomizeSize),
  flag(order.randomizePrice),
  ...pegBenchFields(order),
  ...conditionsFields(order),
  ...adjustmentFields(order),
  ...laterFields(order, serverVersion),
];

export const openOrderEnd = (): readonly string[] => ["53", "1"];

export const completedOrder = (serverVersion: number, contract: Contract, order: Order, state: OrderState): readonly string[] => [
  "101",
  ...contractFields(contract, "?"),
  ...mainFields(order),
  whole(order.permId),
  ...timingFields(order),
  ...allocationFields(order, serverVersion),
  ...boxFields(order),
  flag(order.sweepToFill),
  flag(order.allOrNone),
  whole(order.minQty, ""),
  whole(order.ocaType, "3"),
  whole(order.triggerMethod),
  ...volatilityFields(order, false),
  ...comboFields(contract, order),
  ...scaleAndHedgeFields(order),
  ...clearingFields(order),
  ...deltaNeutralFields(contract),
  ...algoFields(order),
  flag(order.solicited),
  text(state.status),
  flag(order.randomizeSize),
  flag(order.randomizePrice),
  ...pegBenchFields(order),
  ...conditionsFields(order),
  real(order.trailStopPrice, UNSET_REAL),
  real(order.lmtPriceOffset, UNSET_REAL),
  real(order.cashQty),
  flag(order.dontUseAutoPriceForHedge),
  flag(order.isOmsContainer),
  text(order.autoCancelDate),
  real(order.filledQuantity),
  whole(order.refFuturesConId, String(UNSET_WHOLE)),
  flag(order.autoCancelParent),
  text(order.shareholder),
  flag(order.imbalanceOnly),
  flag(order.routeMarketableToBbo),
  whole(order.parentPermId),
  text(state.completedTime),
  text(state.completedStatus),
  ...pegOffsetFields(order, serverVersion),
  ...customerFields(order, serverVersion),
];

export const completedOrdersEnd = (): readonly string[] => ["102"];
