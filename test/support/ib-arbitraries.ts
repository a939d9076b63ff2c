/** Arbitrary contracts, orders and texts in IBApi's words, with the server version from which each field exists. */
import type { ComboLeg, Contract, Order, OrderCondition, TagValue } from "@stoqey/ib";
import {
  ConjunctionConnection,
  ExecutionCondition,
  MarginCondition,
  OptionType,
  OrderAction,
  OrderType,
  PercentChangeCondition,
  PriceCondition,
  SecType,
  TimeCondition,
  VolumeCondition,
} from "@stoqey/ib";
import fc from "fast-check";

/** Any text but a NUL, which no field can hold, and `\u`, which clients take for the start of an escape. */
export const anyText = fc.string({ unit: "grapheme", maxLength: 12 }).filter((s) => !s.includes("\0") && !s.includes("\\u"));
export const filledText = anyText.filter((s) => s !== "");
const upTo = (max: number) => fc.integer({ min: 0, max });
export const anyId = upTo(2_147_483_646);
export const permId = upTo(2 ** 40);
/** Prices as they come: negative, zero, odd, tiny, huge. */
export const finite = fc.oneof(
  fc.constantFrom(0, -1, -2, 0.05, -1.25, 450, 1e-7, 12345678.9),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e12, max: 1e12 }).map((value) => value + 0),
);

const secType = fc.constantFrom(SecType.STK, SecType.OPT, SecType.FUT, SecType.IND);

/** The eleven fields of contracts in answers, all there. */
export const answerContract: fc.Arbitrary<Contract> = fc
  .record({
    conId: anyId,
    symbol: anyText,
    secType,
    lastTradeDateOrContractMonth: fc.constantFrom("", "20261218", "202612"),
    strike: finite,
    right: fc.option(fc.constantFrom(OptionType.Call, OptionType.Put), { nil: undefined }),
    multiplier: fc.constantFrom(0, 1, 100, 0.5),
    exchange: anyText,
    currency: anyText,
    localSymbol: anyText,
    tradingClass: anyText,
  })
  .map(({ right, ...rest }) => (right === undefined ? rest : { ...rest, right }));

const sometimes = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined });

type Draft<T> = { [K in keyof T]?: fc.Arbitrary<T[K] | undefined> };

/** An object with some of the fields, others absent. */
const partly = <T extends object>(draft: Draft<T>): fc.Arbitrary<Partial<T>> =>
  fc
    .record(draft as Record<string, fc.Arbitrary<unknown>>)
    .map((fields) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>);

/** A contract as a client describes it: any fields, none of them zero where zero says unset. */
export const requestContract: fc.Arbitrary<Contract> = partly<Contract>({
  conId: sometimes(fc.integer({ min: 1, max: 2_000_000_000 })),
  symbol: sometimes(anyText),
  secType: sometimes(secType),
  lastTradeDateOrContractMonth: sometimes(fc.constantFrom("20261218", "202612")),
  strike: sometimes(finite.filter((value) => value !== 0)),
  right: sometimes(fc.constantFrom(OptionType.Call, OptionType.Put)),
  multiplier: sometimes(fc.constantFrom(1, 100, 0.5)),
  exchange: sometimes(fc.constantFrom("SMART", "CBOE", "IBKRATS")),
  primaryExch: sometimes(anyText),
  currency: sometimes(anyText),
  localSymbol: sometimes(anyText),
  tradingClass: sometimes(anyText),
});

export const shortLegs: fc.Arbitrary<ComboLeg[]> = fc.array(
  fc.record({
    conId: anyId,
    ratio: fc.integer({ min: 1, max: 9 }),
    action: fc.constantFrom(OrderAction.BUY, OrderAction.SELL),
    exchange: fc.constantFrom("SMART", "CBOE"),
  }),
  { minLength: 1, maxLength: 4 },
);

const fullLegs: fc.Arbitrary<ComboLeg[]> = shortLegs.chain((legs) =>
  fc
    .array(
      fc.record({
        openClose: upTo(3),
        shortSaleSlot: upTo(2),
        designatedLocation: filledText,
        exemptCode: fc.integer({ min: -1, max: 9 }),
      }),
      { minLength: legs.length, maxLength: legs.length },
    )
    .map((rest) => legs.map((leg, index) => ({ ...leg, ...rest[index] }))),
);

export const tagValues: fc.Arbitrary<TagValue[]> = fc.array(fc.record({ tag: anyText, value: anyText }), {
  minLength: 1,
  maxLength: 3,
});

const condition: fc.Arbitrary<OrderCondition> = fc
  .record({
    kind: upTo(5),
    conjunction: fc.constantFrom(ConjunctionConnection.AND, ConjunctionConnection.OR),
    isMore: fc.boolean(),
    price: finite,
    count: upTo(1000),
    conId: anyId,
    exchange: anyText,
    text: anyText,
    secType,
  })
  .map(({ kind, conjunction, isMore, price, count, conId, exchange, text, secType: type }): OrderCondition => {
    if (kind === 0) return new PriceCondition(price, count, conId, exchange, isMore, conjunction);
    if (kind === 1) return new TimeCondition(text, isMore, conjunction);
    if (kind === 2) return new MarginCondition(count, isMore, conjunction);
    if (kind === 3) return new ExecutionCondition(exchange, type, text, conjunction);
    if (kind === 4) return new VolumeCondition(count, conId, exchange, isMore, conjunction);
    return new PercentChangeCondition(price, conId, exchange, isMore, conjunction);
  });

const texts = (...keys: (keyof Order)[]) => Object.fromEntries(keys.map((key) => [key, sometimes(anyText)]));
const reals = (...keys: (keyof Order)[]) => Object.fromEntries(keys.map((key) => [key, sometimes(finite)]));
const wholes = (...keys: (keyof Order)[]) => Object.fromEntries(keys.map((key) => [key, sometimes(upTo(99))]));
const flags = (...keys: (keyof Order)[]) => Object.fromEntries(keys.map((key) => [key, sometimes(fc.boolean())]));

/** Fields that stand alone and exist in every version, both in placeOrder and in openOrder. */
const common = {
  action: sometimes(fc.constantFrom(OrderAction.BUY, OrderAction.SELL)),
  ...reals("totalQuantity", "lmtPrice", "auxPrice", "discretionaryAmt", "percentOffset", "nbboPriceCap"),
  ...reals("startingPrice", "stockRefPrice", "delta", "stockRangeLower", "stockRangeUpper", "volatility"),
  ...reals("trailStopPrice", "trailingPercent", "triggerPrice", "lmtPriceOffset", "adjustedStopPrice"),
  ...reals("adjustedStopLimitPrice", "adjustedTrailingAmount", "cashQty"),
  ...wholes("origin", "parentId", "displaySize", "triggerMethod", "shortSaleSlot", "exemptCode", "ocaType", "minQty"),
  ...wholes("auctionStrategy", "volatilityType", "continuousUpdate", "referencePriceType", "scaleInitLevelSize"),
  ...wholes("scaleSubsLevelSize", "adjustableTrailingUnit"),
  ...texts("tif", "ocaGroup", "account", "openClose", "orderRef", "goodAfterTime", "goodTillDate", "faGroup"),
  ...texts("faMethod", "faPercentage", "modelCode", "designatedLocation", "rule80A", "settlingFirm"),
  ...texts("clearingAccount", "clearingIntent", "adjustedOrderType"),
  ...flags("outsideRth", "hidden", "blockOrder", "sweepToFill", "allOrNone", "eTradeOnly", "firmQuoteOnly"),
  ...flags("optOutSmartRouting", "notHeld", "whatIf", "solicited", "randomizeSize", "randomizePrice"),
  ...flags("dontUseAutoPriceForHedge", "isOmsContainer", "discretionaryUpToLimitPrice", "usePriceMgmtAlgo"),
} as Draft<Order>;

/** Fields that came with a version, again in both messages. */
const since = (version: number): Draft<Order> => ({
  ...(version >= 158 ? wholes("duration") : {}),
  ...(version >= 160 ? wholes("postToAts") : {}),
  ...(version >= 162 ? flags("autoCancelParent") : {}),
  ...(version >= 183 ? texts("customerAccount") : {}),
  ...(version >= 184 ? flags("professionalCustomer") : {}),
  ...(version >= 189 ? flags("includeOvernight") : {}),
});

/** Fields of which one decides whether the others are there. */
const blocks = {
  none: fc.constant<Partial<Order>>({}),
  hedgeOrder: fc.record({
    deltaNeutralOrderType: filledText,
    deltaNeutralAuxPrice: finite,
    deltaNeutralConId: anyId,
    deltaNeutralSettlingFirm: anyText,
    deltaNeutralClearingAccount: anyText,
    deltaNeutralClearingIntent: anyText,
    deltaNeutralOpenClose: anyText,
    deltaNeutralShortSale: fc.boolean(),
    deltaNeutralShortSaleSlot: upTo(2),
    deltaNeutralDesignatedLocation: anyText,
  }),
  scale: fc.record({
    scalePriceIncrement: finite.filter((value) => value > 0),
    scalePriceAdjustValue: finite,
    scalePriceAdjustInterval: upTo(99),
    scaleProfitOffset: finite,
    scaleAutoReset: fc.boolean(),
    scaleInitPosition: upTo(99),
    scaleInitFillQty: upTo(99),
    scaleRandomPercent: fc.boolean(),
  }),
  hedge: fc.record({ hedgeType: filledText, hedgeParam: anyText }),
  algo: fc.oneof(fc.record({ algoStrategy: filledText, algoParams: tagValues }), fc.record({ algoStrategy: filledText })),
  pegBench: fc.record({
    orderType: fc.constant(OrderType.PEG_BENCH),
    referenceContractId: anyId,
    isPeggedChangeAmountDecrease: fc.boolean(),
    peggedChangeAmount: finite,
    referenceChangeAmount: finite,
    referenceExchangeId: anyText,
  }),
  conditions: fc.record({
    conditions: fc.array(condition, { minLength: 1, maxLength: 4 }),
    conditionsIgnoreRth: fc.boolean(),
    conditionsCancelOrder: fc.boolean(),
  }),
};

const someBlocks = (names: readonly (keyof typeof blocks)[]): fc.Arbitrary<Partial<Order>> =>
  fc
    .tuple(...names.map((name) => fc.oneof(blocks.none, blocks[name])))
    .map((parts) => Object.assign({}, ...parts) as Partial<Order>);

const plainType = fc.constantFrom(OrderType.MKT, OrderType.LMT, OrderType.STP, OrderType.VOL);

/** An order with the fields that both placeOrder and openOrder carry at a version. */
export const commonOrder = (version: number): fc.Arbitrary<Order> =>
  fc
    .tuple(
      plainType,
      partly<Order>({ ...common, ...since(version) }),
      someBlocks(["hedgeOrder", "scale", "hedge", "algo", "pegBench", "conditions"]),
    )
    .map(([orderType, fields, block]) => ({ orderType, ...fields, ...block }));

const pegOrder = fc.oneof(
  fc.record({ orderType: fc.constant(OrderType.PEG_BEST), minCompeteSize: upTo(99), competeAgainstBestOffset: finite }),
  fc.record({
    orderType: fc.constant(OrderType.PEG_BEST),
    minCompeteSize: upTo(99),
    competeAgainstBestOffset: fc.constant(Number.POSITIVE_INFINITY),
    midOffsetAtWhole: finite,
    midOffsetAtHalf: finite,
  }),
  fc.record({ orderType: fc.constant(OrderType.PEG_MID), midOffsetAtWhole: finite, midOffsetAtHalf: finite }),
);

/** What placeOrder alone carries. */
const onlyPlaced = (version: number): Draft<Order> =>
  ({
    ...flags("transmit", "overridePercentageConstraints"),
    ...texts("algoId", "extOperator", "mifid2DecisionMaker", "mifid2DecisionAlgo", "mifid2ExecutionTrader"),
    ...texts("mifid2ExecutionAlgo", "scaleTable"),
    softDollarTier: sometimes(fc.record({ name: filledText, value: filledText })),
    ...(version >= 166 ? texts("advancedErrorOverride") : {}),
    ...(version >= 169 ? texts("manualOrderTime") : {}),
    ...(version >= 192 ? wholes("manualOrderIndicator") : {}),
  }) as Draft<Order>;

export interface Placed {
  readonly contract: Contract;
  readonly order: Order;
}

/** What a client may place at a version: single contracts and combos. */
export const placed = (version: number): fc.Arbitrary<Placed> =>
  fc
    .record({
      contract: requestContract,
      secId: fc.constantFrom({}, { secIdType: "ISIN", secId: "US78462F1030" }),
      neutral: sometimes(fc.record({ conId: anyId, delta: finite, price: finite })),
      order: commonOrder(version),
      alone: partly<Order>(onlyPlaced(version)),
      peg: version >= 170 ? fc.oneof(fc.constant({}), pegOrder) : fc.constant({}),
      ats: upTo(99),
      legs: sometimes(fullLegs),
      legPrices: fc.array(fc.oneof(fc.constant({}), fc.record({ price: finite })), { maxLength: 3 }),
      smart: sometimes(tagValues),
    })
    .map(({ contract, secId, neutral, order, alone, peg, ats, legs, legPrices, smart }) => {
      const pegBench = order.orderType === OrderType.PEG_BENCH;
      return {
        contract: {
          ...contract,
          ...secId,
          ...(neutral === undefined ? {} : { deltaNeutralContract: neutral }),
          ...(legs === undefined ? {} : { secType: SecType.BAG, comboLegs: legs }),
        },
        order: {
          ...order,
          ...alone,
          ...(pegBench ? {} : peg),
          ...(contract.exchange === "IBKRATS" && version >= 170 ? { minTradeQty: ats } : {}),
          ...(legs !== undefined && legPrices.length > 0 ? { orderComboLegs: legPrices } : {}),
          ...(legs !== undefined && smart !== undefined ? { smartComboRoutingParams: smart } : {}),
        },
      };
    });

/** A value as it is after the wire: empty texts are unset, and unset fields are absent. Pairs of tag and value stay whole. */
export const asRead = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(asRead);
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  if ("tag" in value) return value;
  const set = Object.entries(value).filter(([, field]) => field !== undefined && field !== "");
  return Object.fromEntries(set.map(([key, field]) => [key, asRead(field)]));
};
