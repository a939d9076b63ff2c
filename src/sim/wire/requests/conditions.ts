/** The conditions of an order as clients send them: a list of typed conditions, then two flags that belong to all. */
import type { ConjunctionConnection, Order, OrderCondition, SecType } from "@stoqey/ib";
import {
  ExecutionCondition,
  MarginCondition,
  OrderConditionType,
  PercentChangeCondition,
  PriceCondition,
  TimeCondition,
  VolumeCondition,
} from "@stoqey/ib";
import { type FieldReader, MalformedMessage } from "../fields.ts";

const readCondition = (reader: FieldReader): OrderCondition => {
  const type = reader.required("condition type");
  const conjunction = reader.raw("condition conjunction").toLowerCase() as ConjunctionConnection;
  if (type === OrderConditionType.Execution) {
    const secType = reader.raw("condition secType") as SecType;
    const exchange = reader.raw("condition exchange");
    return new ExecutionCondition(exchange, secType, reader.raw("condition symbol"), conjunction);
  }
  const isMore = reader.flag("condition isMore") ?? false;
  if (type === OrderConditionType.Time) return new TimeCondition(reader.raw("condition time"), isMore, conjunction);
  const value = reader.real("condition value") ?? 0;
  if (type === OrderConditionType.Margin) return new MarginCondition(value, isMore, conjunction);
  const conId = reader.required("condition conId");
  const exchange = reader.raw("condition exchange");
  switch (type) {
    case OrderConditionType.Price:
      return new PriceCondition(value, reader.whole("condition trigger method") ?? 0, conId, exchange, isMore, conjunction);
    case OrderConditionType.Volume:
      return new VolumeCondition(value, conId, exchange, isMore, conjunction);
    case OrderConditionType.PercentChange:
      return new PercentChangeCondition(value, conId, exchange, isMore, conjunction);
    default:
      throw new MalformedMessage(`condition type ${type} is none of 1, 3, 4, 5, 6, 7`);
  }
};

export const readConditions = (reader: FieldReader, order: Order): void => {
  const count = reader.count("number of conditions");
  if (count === 0) return;
  order.conditions = Array.from({ length: count }, () => readCondition(reader));
  const ignoreRth = reader.flag("conditionsIgnoreRth");
  const cancelOrder = reader.flag("conditionsCancelOrder");
  if (ignoreRth !== undefined) order.conditionsIgnoreRth = ignoreRth;
  if (cancelOrder !== undefined) order.conditionsCancelOrder = cancelOrder;
};
