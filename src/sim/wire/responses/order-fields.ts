/**
 * The blocks of fields that openOrder and completedOrder share. The two messages differ in which blocks they have and in a few
 * fields between them; that is written where the messages are. Unset fields read as they do in a quiet order of a real gateway.
 */
import type {
  ExecutionCondition,
  MarginCondition,
  Order,
  OrderCondition,
  PercentChangeCondition,
  PriceCondition,
  TimeCondition,
  VolumeCondition,
} from "@stoqey/ib";
import { OrderConditionType } from "@stoqey/ib";
import { unreachable } from "../../../domain/assert.ts";
import { flag, list, real, text, whole } from "../fields.ts";
import { isPegBenchOrder } from "../order-type.ts";
import { tagValueFields } from "./contract.ts";

/** From action to orderRef. */
export const mainFields = (order: Order): readonly string[] => [
  text(order.action),
  real(order.totalQuantity),
  text(order.orderType),
  real(order.lmtPrice),
  real(order.auxPrice),
  text(order.tif),
  text(order.ocaGroup),
  text(order.account),
  text(order.openClose),
  whole(order.origin),
  text(order.orderRef),
];

/** From outsideRth to goodAfterTime. */
export const timingFields = (order: Order): readonly string[] => [
  flag(order.outsideRth),
  flag(order.hidden),
  real(order.discretionaryAmt, "0"),
  text(order.goodAfterTime),
];

/** From faGroup to exemptCode. */
export const allocationFields = (order: Order, serverVersion: number): readonly string[] => [
  text(order.faGroup),
  text(order.faMethod),
  text(order.faPercentage),
  ...(serverVersion < 177 ? [text(order.faProfile)] : []),
  text(order.modelCode),
  text(order.goodTillDate),
  text(order.rule80A),
  real(order.percentOffset),
  text(order.settlingFirm),
  whole(order.shortSaleSlot),
  text(order.designatedLocation),
  whole(order.exemptCode, "-1"),
];

/** From startingPrice to displaySize. */
export const boxFields = (order: Order): readonly string[] => [
  real(order.startingPrice),
  real(order.stockRefPrice),
  real(order.delta),
  real(order.stockRangeLower),
  real(order.stockRangeUpper),
  whole(order.displaySize, ""),
];

/**
 * From volatility to trailingPercent. A gateway says `None` where there is no hedge, and because that is not empty the hedge's
 * fields always follow: eight in open orders, four in completed ones.
 */
export const volatilityFields = (order: Order, ofOpenOrder: boolean): readonly string[] => {
  const type = order.deltaNeutralOrderType ?? "None";
  return [
    real(order.volatility),
    whole(order.volatilityType),
    text(type),
    real(order.deltaNeutralAuxPrice),
    ...(type === "" ? [] : hedgeOrderFields(order, ofOpenOrder)),
    whole(order.continuousUpdate),
    whole(order.referencePriceType),
    real(order.trailStopPrice),
    real(order.trailingPercent),
  ];
};

const hedgeOrderFields = (order: Order, ofOpenOrder: boolean): readonly string[] => [
  whole(order.deltaNeutralConId),
  ...(ofOpenOrder
    ? [
        text(order.deltaNeutralSettlingFirm),
        text(order.deltaNeutralClearingAccount),
        text(order.deltaNeutralClearingIntent),
        text(order.deltaNeutralOpenClose ?? "?"),
      ]
    : []),
  flag(order.deltaNeutralShortSale),
  whole(order.deltaNeutralShortSaleSlot),
  text(order.deltaNeutralDesignatedLocation),
];

/** From scaleInitLevelSize to hedgeParam. */
export const scaleAndHedgeFields = (order: Order): readonly string[] => [
  whole(order.scaleInitLevelSize, ""),
  whole(order.scaleSubsLevelSize, ""),
  real(order.scalePriceIncrement),
  ...((order.scalePriceIncrement ?? 0) > 0
    ? [
        real(order.scalePriceAdjustValue),
        whole(order.scalePriceAdjustInterval, ""),
        real(order.scaleProfitOffset),
        flag(order.scaleAutoReset),
        whole(order.scaleInitPosition, ""),
        whole(order.scaleInitFillQty, ""),
        flag(order.scaleRandomPercent),
      ]
    : []),
  text(order.hedgeType),
  ...(text(order.hedgeType) === "" ? [] : [text(order.hedgeParam)]),
];

export const clearingFields = (order: Order): readonly string[] => [
  text(order.clearingAccount),
  text(order.clearingIntent ?? "IB"),
  flag(order.notHeld),
];

export const algoFields = (order: Order): readonly string[] =>
  text(order.algoStrategy) === "" ? [""] : [text(order.algoStrategy), ...list(order.algoParams, tagValueFields)];

export const pegBenchFields = (order: Order): readonly string[] =>
  isPegBenchOrder(order.orderType)
    ? [
        whole(order.referenceContractId),
        flag(order.isPeggedChangeAmountDecrease),
        real(order.peggedChangeAmount, "0"),
        real(order.referenceChangeAmount, "0"),
        text(order.referenceExchangeId),
      ]
    : [];

const conditionFields = (condition: OrderCondition): readonly string[] => {
  const head = [whole(condition.type), text(condition.conjunctionConnection)];
  switch (condition.type) {
    case OrderConditionType.Price: {
      const { isMore, strValue, conId, exchange, triggerMethod } = condition as PriceCondition;
      return [...head, flag(isMore), strValue, whole(conId), text(exchange), whole(triggerMethod)];
    }
    case OrderConditionType.Time: {
      const { isMore, strValue } = condition as TimeCondition;
      return [...head, flag(isMore), text(strValue)];
    }
    case OrderConditionType.Margin: {
      const { isMore, strValue } = condition as MarginCondition;
      return [...head, flag(isMore), strValue];
    }
    case OrderConditionType.Execution: {
      const { secType, exchange, symbol } = condition as ExecutionCondition;
      return [...head, text(secType), text(exchange), text(symbol)];
    }
    case OrderConditionType.Volume:
    case OrderConditionType.PercentChange: {
      const { isMore, strValue, conId, exchange } = condition as VolumeCondition | PercentChangeCondition;
      return [...head, flag(isMore), strValue, whole(conId), text(exchange)];
    }
    default:
      return unreachable(condition.type);
  }
};

export const conditionsFields = (order: Order): readonly string[] => {
  const conditions = list(order.conditions, conditionFields);
  const both = [flag(order.conditionsIgnoreRth), flag(order.conditionsCancelOrder)];
  return conditions[0] === "0" ? conditions : [...conditions, ...both];
};

/** From minTradeQty to midOffsetAtHalf. */
export const pegOffsetFields = (order: Order, serverVersion: number): readonly string[] =>
  serverVersion < 170
    ? []
    : [
        whole(order.minTradeQty, ""),
        whole(order.minCompeteSize, ""),
        real(order.competeAgainstBestOffset),
        real(order.midOffsetAtWhole),
        real(order.midOffsetAtHalf),
      ];

export const customerFields = (order: Order, serverVersion: number): readonly string[] => [
  ...(serverVersion >= 183 ? [text(order.customerAccount)] : []),
  ...(serverVersion >= 184 ? [flag(order.professionalCustomer)] : []),
];
