/**
 * placeOrder: the longest message of the protocol, read field by field. What it carries is kept, but for three deprecated or
 * untyped fields (shares allocation, activeStartTime, activeStopTime). Whether the order makes sense is the broker's question.
 */
import type { Contract, Order, OrderType, TagValue } from "@stoqey/ib";
import { type FieldReader, FieldsInto } from "../fields.ts";
import { isPegBenchOrder, isPegBestOrder, isPegMidOrder } from "../order-type.ts";
import { readConditions } from "./conditions.ts";
import { isBag, readContract, readDeltaNeutral, readOrderLegs, readTagValues } from "./contract.ts";
import { call, type RequestForm } from "./request.ts";

/** `tag=value;tag=value;` */
const tagValuesIn = (field: string): TagValue[] =>
  field
    .split(";")
    .filter((pair) => pair !== "")
    .map((pair) => {
      const [tag = "", ...value] = pair.split("=");
      return { tag, value: value.join("=") };
    });

const readMain = (reader: FieldReader, order: FieldsInto<Order>): void => {
  order.texts("action").reals("totalQuantity");
  // An order without a type is the broker's to reject.
  order.set("orderType", reader.raw("orderType") as OrderType).reals("lmtPrice", "auxPrice");
  order.texts("tif", "ocaGroup", "account", "openClose").wholes("origin").texts("orderRef").flags("transmit");
  order.wholes("parentId").flags("blockOrder", "sweepToFill").wholes("displaySize", "triggerMethod");
  order.flags("outsideRth", "hidden");
};

const readCombo = (reader: FieldReader, contract: Contract, order: FieldsInto<Order>): void => {
  readOrderLegs(reader, contract);
  const prices = reader.count("number of leg prices");
  if (prices > 0) {
    order.set(
      "orderComboLegs",
      Array.from({ length: prices }, () => {
        const price = reader.real("leg price");
        return price === undefined ? {} : { price };
      }),
    );
  }
  const params = readTagValues(reader, "smart routing parameters");
  if (params.length > 0) order.set("smartComboRoutingParams", params);
};

const readAttributes = (reader: FieldReader, serverVersion: number, order: FieldsInto<Order>): void => {
  reader.raw("shares allocation");
  order.reals("discretionaryAmt").texts("goodAfterTime", "goodTillDate", "faGroup", "faMethod", "faPercentage");
  if (serverVersion < 177) order.texts("faProfile");
  order.texts("modelCode").wholes("shortSaleSlot").texts("designatedLocation").wholes("exemptCode", "ocaType");
  order.texts("rule80A", "settlingFirm").flags("allOrNone").wholes("minQty").reals("percentOffset");
  order.flags("eTradeOnly", "firmQuoteOnly").reals("nbboPriceCap").wholes("auctionStrategy");
  order.reals("startingPrice", "stockRefPrice", "delta", "stockRangeLower", "stockRangeUpper");
  order.flags("overridePercentageConstraints");
  order.reals("volatility").wholes("volatilityType").texts("deltaNeutralOrderType").reals("deltaNeutralAuxPrice");
  if (order.target.deltaNeutralOrderType !== undefined) {
    order.wholes("deltaNeutralConId");
    order.texts("deltaNeutralSettlingFirm", "deltaNeutralClearingAccount", "deltaNeutralClearingIntent");
    order.texts("deltaNeutralOpenClose").flags("deltaNeutralShortSale").wholes("deltaNeutralShortSaleSlot");
    order.texts("deltaNeutralDesignatedLocation");
  }
  order.wholes("continuousUpdate", "referencePriceType").reals("trailStopPrice", "trailingPercent");
};

const readScaleAndHedge = (reader: FieldReader, order: FieldsInto<Order>): void => {
  order.wholes("scaleInitLevelSize", "scaleSubsLevelSize").reals("scalePriceIncrement");
  if ((order.target.scalePriceIncrement ?? 0) > 0) {
    order.reals("scalePriceAdjustValue").wholes("scalePriceAdjustInterval").reals("scaleProfitOffset");
    order.flags("scaleAutoReset").wholes("scaleInitPosition", "scaleInitFillQty").flags("scaleRandomPercent");
  }
  order.texts("scaleTable");
  reader.raw("activeStartTime");
  reader.raw("activeStopTime");
  order.texts("hedgeType");
  if (order.target.hedgeType !== undefined) order.texts("hedgeParam");
};

const readRouting = (reader: FieldReader, contract: Contract, order: FieldsInto<Order>): void => {
  order.flags("optOutSmartRouting").texts("clearingAccount", "clearingIntent").flags("notHeld");
  readDeltaNeutral(reader, contract);
  order.texts("algoStrategy");
  if (order.target.algoStrategy !== undefined) {
    const params = readTagValues(reader, "algo parameters");
    if (params.length > 0) order.set("algoParams", params);
  }
  order.texts("algoId").flags("whatIf");
  const options = tagValuesIn(reader.raw("orderMiscOptions"));
  if (options.length > 0) order.set("orderMiscOptions", options);
  order.flags("solicited", "randomizeSize", "randomizePrice");
  if (isPegBenchOrder(order.target.orderType)) {
    order.wholes("referenceContractId").flags("isPeggedChangeAmountDecrease");
    order.reals("peggedChangeAmount", "referenceChangeAmount").texts("referenceExchangeId");
  }
};

const readAdjustmentAndTags = (reader: FieldReader, order: FieldsInto<Order>): void => {
  order.texts("adjustedOrderType").reals("triggerPrice", "lmtPriceOffset", "adjustedStopPrice");
  order.reals("adjustedStopLimitPrice", "adjustedTrailingAmount").wholes("adjustableTrailingUnit").texts("extOperator");
  const name = reader.text("soft dollar tier name");
  const value = reader.text("soft dollar tier value");
  if (name !== undefined || value !== undefined) order.set("softDollarTier", { name: name ?? "", value: value ?? "" });
  order.reals("cashQty");
  order.texts("mifid2DecisionMaker", "mifid2DecisionAlgo", "mifid2ExecutionTrader", "mifid2ExecutionAlgo");
  order.flags("dontUseAutoPriceForHedge", "isOmsContainer", "discretionaryUpToLimitPrice", "usePriceMgmtAlgo");
};

const readPegOffsets = (contract: Contract, order: FieldsInto<Order>): void => {
  if (contract.exchange === "IBKRATS") order.wholes("minTradeQty");
  let midOffsets = isPegMidOrder(order.target.orderType);
  if (isPegBestOrder(order.target.orderType)) {
    order.wholes("minCompeteSize").reals("competeAgainstBestOffset");
    midOffsets = order.target.competeAgainstBestOffset === Number.POSITIVE_INFINITY;
  }
  if (midOffsets) order.reals("midOffsetAtWhole", "midOffsetAtHalf");
};

const readLaterFields = (reader: FieldReader, serverVersion: number, contract: Contract, order: FieldsInto<Order>): void => {
  if (serverVersion >= 158) order.wholes("duration");
  if (serverVersion >= 160) order.wholes("postToAts");
  if (serverVersion >= 162) order.flags("autoCancelParent");
  if (serverVersion >= 166) order.texts("advancedErrorOverride");
  if (serverVersion >= 169) order.texts("manualOrderTime");
  if (serverVersion >= 170) readPegOffsets(contract, order);
  if (serverVersion >= 183) order.texts("customerAccount");
  if (serverVersion >= 184) order.flags("professionalCustomer");
  if (serverVersion >= 187 && serverVersion < 190) {
    reader.raw("external user id");
    reader.raw("manual order indicator of quote requests");
  }
  if (serverVersion >= 189) order.flags("includeOvernight");
  if (serverVersion >= 192) order.wholes("manualOrderIndicator");
};

export const placeOrder: RequestForm = {
  name: "placeOrder",
  read: (reader, serverVersion) => {
    const orderId = reader.id("orderId");
    const contract = new FieldsInto(readContract(reader), reader).texts("secIdType", "secId").target;
    const order = new FieldsInto<Order>({} as Order, reader);
    readMain(reader, order);
    if (isBag(contract)) readCombo(reader, contract, order);
    readAttributes(reader, serverVersion, order);
    readScaleAndHedge(reader, order);
    readRouting(reader, contract, order);
    readConditions(reader, order.target);
    readAdjustmentAndTags(reader, order);
    readLaterFields(reader, serverVersion, contract, order);
    return call((client) => client.placeOrder(orderId, contract, order.target));
  },
};
