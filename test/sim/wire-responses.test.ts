import type { ContractDetails, Order, OrderState } from "@stoqey/ib";
import { Liquidities, OptionType, OrderStatus, OrderType, SecType } from "@stoqey/ib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { IbEvents } from "../../src/ports/ib-client.ts";
import type { GatewayEventName, GatewayEvents } from "../../src/sim/gateway-api.ts";
import { BarSets } from "../../src/sim/wire/responses/bar-sets.ts";
import { errorMessage } from "../../src/sim/wire/responses/notice.ts";
import { openOrder } from "../../src/sim/wire/responses/order.ts";
import { PriceSizePairs } from "../../src/sim/wire/responses/price-size-pairs.ts";
import { Relay } from "../../src/sim/wire/responses/relay.ts";
import { GATEWAY_EVENTS } from "../support/gateway-events.ts";
import { answerContract, anyId, anyText, commonOrder, finite, permId, shortLegs, tagValues } from "../support/ib-arbitraries.ts";
import { KNOWN_MESSAGES } from "../support/strict-reader.ts";
import { connectIbApi, type Heard, serveScript } from "../support/wire-clients.ts";

type Said = { [E in GatewayEventName]: readonly [event: E, ...args: GatewayEvents[E]] }[GatewayEventName];
/** Something a broker says, and what a client must have heard when the bytes are through. */
interface Saying {
  readonly said: readonly Said[];
  readonly check: (heard: readonly Heard[]) => void;
}

/** Doubles that mean "unset" when they are the largest one. */
const realOrMax = fc.oneof({ weight: 5, arbitrary: finite }, { weight: 1, arbitrary: fc.constant(Number.MAX_VALUE) });
const unsetIfMax = (value: unknown): unknown => (value === Number.MAX_VALUE ? undefined : value);

/** The client hears what was said, word for word, but for the largest double. */
const verbatim = <E extends GatewayEventName>(event: E, args: fc.Arbitrary<GatewayEvents[E]>): fc.Arbitrary<Saying> =>
  args.map((said) => ({
    said: [[event, ...said] as unknown as Said],
    check: (heard) => expect(heard).toEqual([[event, ...said.map(unsetIfMax)]]),
  }));

const seconds = fc.integer({ min: 0, max: 2_000_000_000 });
const time = fc.constantFrom("20261120 11:43:28 US/Eastern", "20260105 09:30:00 America/Chicago");

const state: fc.Arbitrary<OrderState> = fc.record({
  status: fc.constantFrom(OrderStatus.Submitted, OrderStatus.Filled, OrderStatus.PreSubmitted),
  initMarginBefore: realOrMax,
  maintMarginBefore: finite,
  equityWithLoanBefore: finite,
  initMarginChange: finite,
  maintMarginChange: realOrMax,
  equityWithLoanChange: finite,
  initMarginAfter: finite,
  maintMarginAfter: finite,
  equityWithLoanAfter: finite,
  commission: realOrMax,
  minCommission: finite,
  maxCommission: finite,
  commissionCurrency: anyText,
  warningText: anyText,
});

/** What a field of an order may read as when nobody set it. */
const QUIET: readonly unknown[] = [undefined, "", 0, -1, 3, false, "None", "?", "IB", 2_147_483_647];
const QUIET_TIER = { name: "", value: "", displayName: "" };

const checkOrder = (heard: object, said: object): void => {
  for (const [key, value] of Object.entries(heard)) {
    const expected: unknown = Reflect.get(said, key);
    if (expected !== undefined) expect([key, value]).toEqual([key, unsetIfMax(expected)]);
    else if (key === "softDollarTier") expect(value).toEqual(QUIET_TIER);
    else expect(QUIET, `${key} is ${String(value)}`).toContain(value);
  }
  const lost = Object.keys(said).filter((key) => Reflect.get(said, key) !== undefined && !(key in heard));
  expect(lost).toEqual([]);
};

const combo = fc.record({
  comboLegs: shortLegs.map((legs) =>
    legs.map((leg) => ({ ...leg, openClose: 1, shortSaleSlot: 0, designatedLocation: "", exemptCode: -1 })),
  ),
  neutral: fc.option(fc.record({ conId: anyId, delta: finite, price: finite }), { nil: undefined }),
});
const tradedContract = fc.tuple(answerContract, fc.option(combo, { nil: undefined })).map(([contract, legs]) =>
  legs === undefined
    ? contract
    : {
        ...contract,
        comboLegs: legs.comboLegs,
        comboLegsDescription: "1|1,2|-1",
        ...(legs.neutral === undefined ? {} : { deltaNeutralContract: legs.neutral }),
      },
);
const pegOffsets = fc.record({
  minTradeQty: fc.nat(99),
  minCompeteSize: fc.nat(99),
  competeAgainstBestOffset: fc.oneof(finite, fc.constant(Number.POSITIVE_INFINITY)),
  midOffsetAtWhole: finite,
  midOffsetAtHalf: finite,
});
const comboOrder = fc.record({
  orderComboLegs: fc.array(fc.record({ price: finite }), { minLength: 1, maxLength: 3 }),
  smartComboRoutingParams: tagValues,
});

const answeredOrder = (version: number): fc.Arbitrary<Order> =>
  fc
    .tuple(commonOrder(version), permId, anyId, comboOrder, pegOffsets, fc.boolean())
    .map(([order, id, clientId, legs, peg, full]) => ({
      ...order,
      permId: id,
      clientId,
      ...(full ? legs : {}),
      ...(full && version >= 170 ? peg : {}),
    }));

const openOrders = (version: number): fc.Arbitrary<Saying> =>
  fc.tuple(anyId, tradedContract, answeredOrder(version), state).map(([orderId, contract, order, margins]) => ({
    said: [["openOrder", orderId, contract, order, margins]],
    check: (heard) => {
      const [name, id, heardContract, heardOrder, heardState] = heard[0] as readonly [string, number, object, object, OrderState];
      expect([heard.length, name, id]).toEqual([1, "openOrder", orderId]);
      checkOrder(heardContract, contract);
      checkOrder(heardOrder, { ...order, orderId });
      checkOrder(heardState, margins);
    },
  }));

/** Fields of a live order that its completed self no longer tells. */
const GONE_WHEN_COMPLETED: readonly (keyof Order)[] = [
  ...(["clientId", "auctionStrategy", "blockOrder", "eTradeOnly", "firmQuoteOnly", "nbboPriceCap", "parentId"] as const),
  ...(["optOutSmartRouting", "deltaNeutralSettlingFirm", "deltaNeutralClearingAccount", "whatIf"] as const),
  ...(["deltaNeutralClearingIntent", "deltaNeutralOpenClose", "adjustedOrderType", "triggerPrice"] as const),
  ...(["adjustedStopPrice", "adjustedStopLimitPrice", "adjustedTrailingAmount", "adjustableTrailingUnit"] as const),
  ...(["discretionaryUpToLimitPrice", "usePriceMgmtAlgo", "duration", "postToAts", "includeOvernight"] as const),
];

const completedOrders = (version: number): fc.Arbitrary<Saying> => {
  const completion = fc.record({
    filledQuantity: finite,
    refFuturesConId: anyId,
    autoCancelDate: anyText,
    shareholder: anyText,
    imbalanceOnly: fc.boolean(),
    routeMarketableToBbo: fc.boolean(),
    parentPermId: permId,
    autoCancelParent: fc.boolean(),
  });
  const outcome = fc.record({ completedTime: anyText, completedStatus: anyText });
  return fc.tuple(tradedContract, answeredOrder(version), completion, outcome).map(([contract, order, done, ended]) => {
    const told: Order = { ...order, ...done };
    const stateSaid = { status: OrderStatus.Filled, ...ended };
    return {
      said: [["completedOrder", contract, told, stateSaid]],
      check: (heard) => {
        const [name, heardContract, heardOrder, heardState] = heard[0] as readonly [string, object, object, object];
        expect([heard.length, name]).toEqual([1, "completedOrder"]);
        checkOrder(heardContract, contract);
        checkOrder(
          heardOrder,
          Object.fromEntries(Object.entries(told).filter(([key]) => !GONE_WHEN_COMPLETED.includes(key as keyof Order))),
        );
        expect(heardState).toEqual(stateSaid);
      },
    };
  });
};

const contractDetails = (version: number): fc.Arbitrary<Saying> => {
  const details = fc.record({
    contract: fc
      .tuple(answerContract, anyText, fc.constantFrom("20261218", "20270115"), fc.boolean())
      .map(([contract, primaryExch, lastTradeDate, fund]) => ({
        ...contract,
        primaryExch,
        ...(version >= 182 ? { lastTradeDate } : {}),
        ...(fund ? { secType: SecType.FUND } : {}),
      })),
    marketName: anyText,
    minTick: finite,
    orderTypes: anyText,
    validExchanges: anyText,
    priceMagnifier: fc.nat(100),
    underConId: anyId,
    longName: anyText,
    contractMonth: anyText,
    industry: anyText,
    category: anyText,
    subcategory: anyText,
    timeZoneId: anyText,
    tradingHours: fc.constant("20261120:0930-20261120:1600;20261121:CLOSED"),
    liquidHours: anyText,
    evRule: anyText,
    evMultiplier: finite,
    secIdList: tagValues,
    aggGroup: fc.nat(99),
    underSymbol: anyText,
    underSecType: fc.constantFrom(SecType.STK, SecType.IND),
    marketRuleIds: anyText,
    realExpirationDate: anyText,
    stockType: anyText,
    ...(version >= 164 ? { minSize: finite, sizeIncrement: finite, suggestedSizeIncrement: finite } : {}),
    ...(version >= 186
      ? { ineligibilityReasonList: fc.array(fc.record({ id: anyText, description: anyText }), { maxLength: 2 }) }
      : {}),
  });
  const fundOnly = fc.record({ fundName: anyText, fundClosed: fc.boolean(), fundBlueSkyStates: anyText });
  return fc.tuple(anyId, details, fundOnly, fc.boolean()).map(([reqId, plain, fund, timed]) => {
    const dated = plain.contract.lastTradeDateOrContractMonth !== "" && timed ? { lastTradeTime: "15:00" } : {};
    const isFund = version >= 179 && plain.contract.secType === SecType.FUND;
    const said = { ...plain, ...dated, ...(isFund ? fund : {}) } as ContractDetails;
    const whole = { ...said, contract: { ...said.contract } };
    // An empty date is no date.
    if (whole.contract.lastTradeDateOrContractMonth === "") delete whole.contract.lastTradeDateOrContractMonth;
    return {
      said: [["contractDetails", reqId, said]],
      check: (heard) => {
        if (isFund) expect(heard).toMatchObject([["contractDetails", reqId, whole]]);
        else expect(heard).toEqual([["contractDetails", reqId, whole]]);
      },
    };
  });
};

const historicalBars: fc.Arbitrary<Saying> = fc
  .record({
    reqId: anyId,
    bounds: fc.constantFrom("20261119 09:30:00 US/Eastern-20261120 16:00:00 US/Eastern", "20261119-14:30:00-20261120-21:00:00"),
    bars: fc.array(fc.tuple(anyText, finite, finite, finite, finite, finite, fc.integer({ min: -1, max: 999 }), finite), {
      maxLength: 5,
    }),
  })
  .map(({ reqId, bounds, bars }) => {
    const rows = bars.map((bar): Said => ["historicalData", reqId, ...bar]);
    const end: Said = ["historicalData", reqId, `finished-${bounds}`, -1, -1, -1, -1, -1, -1, -1];
    return {
      said: [...rows, end],
      check: (heard) => expect(heard).toEqual([...rows.map((row) => [...row, undefined]), [...end, false]]),
    };
  });

/** Price field and size field: bid, ask, last; live and delayed. */
const SIZED = [
  [1, 0],
  [2, 3],
  [4, 5],
  [66, 69],
  [67, 70],
  [68, 71],
] as const;

const pricesWithSizes: fc.Arbitrary<Saying> = fc
  .record({
    reqId: anyId,
    fields: fc.subarray([...SIZED], { minLength: 1 }),
    price: realOrMax,
    size: finite,
    auto: fc.boolean(),
    order: fc.constantFrom("pairs", "pricesFirst", "sizesReversed"),
  })
  .map(({ reqId, fields, price, size, auto, order }) => {
    const prices = fields.map(([field]): Said => ["tickPrice", reqId, field, price, auto]);
    const sizes = fields.map(([, field]): Said => ["tickSize", reqId, field, size]);
    const pairs = prices.flatMap((one, index): Said[] => [one, sizes[index] as Said]);
    const said = order === "pairs" ? pairs : [...prices, ...(order === "pricesFirst" ? sizes : sizes.toReversed())];
    // IBApi hears the sizes of asks and lasts twice: with the price, and alone. Those of live bids it hears alone only.
    const wanted = fields.flatMap(([field, sizeField]) => {
      const alone = ["tickSize", reqId, sizeField, size];
      return [["tickPrice", reqId, field, unsetIfMax(price), auto], ...(field === 1 ? [alone] : [alone, alone])];
    });
    return { said, check: (heard) => expect(heard).toEqual(wanted) };
  });

const computed = (unset: number) =>
  fc.option(
    finite.filter((value) => value !== unset),
    { nil: undefined },
  );
const computation: fc.Arbitrary<unknown> = fc.tuple(
  anyId,
  fc.constantFrom(10, 11, 12, 13, 83),
  fc.constantFrom(0, 1),
  ...([computed(-1), computed(-2), computed(-1), computed(-1)] as const),
  ...([computed(-2), computed(-2), computed(-2), computed(-1)] as const),
);

/** The client hears this for what was said. */
const translated = <E extends GatewayEventName>(
  event: E,
  args: fc.Arbitrary<GatewayEvents[E]>,
  heardAs: (...said: GatewayEvents[E]) => readonly unknown[],
): fc.Arbitrary<Saying> =>
  args.map((said) => ({
    said: [[event, ...said] as unknown as Said],
    check: (heard) => expect(heard).toEqual([[event, ...heardAs(...said)]]),
  }));

const realOrUnknown = fc.option(finite, { nil: undefined });
const tradeAttributes = fc.record({ pastLimit: fc.boolean(), unreported: fc.boolean() });
const quoteAttributes = fc.record({ bidPastLow: fc.boolean(), askPastHigh: fc.boolean() });
const ticksOf = <T>(tick: fc.Arbitrary<T>): fc.Arbitrary<[number, T[], boolean]> =>
  fc.tuple(anyId, fc.array(tick, { maxLength: 4 }), fc.boolean());

const accountEvents: readonly fc.Arbitrary<Saying>[] = [
  verbatim("updateAccountValue", fc.tuple(anyText, anyText, anyText, anyText)),
  translated(
    "updatePortfolio",
    fc.tuple(answerContract, finite, finite, finite, realOrUnknown, realOrUnknown, realOrUnknown, anyText),
    // This message has the primary exchange where others have the exchange.
    ({ exchange: _, ...contract }, ...rest) => [{ ...contract, primaryExch: "" }, ...rest],
  ),
  verbatim("updateAccountTime", fc.constantFrom(["09:31"], ["16:00"])),
  verbatim("accountDownloadEnd", fc.tuple(anyText)),
  verbatim("accountUpdateMulti", fc.tuple(anyId, anyText, anyText, anyText, anyText, anyText)),
  // IBApi leaves this id a text.
  translated("accountUpdateMultiEnd", fc.tuple(anyId), (reqId) => [String(reqId)]),
  verbatim("positionMulti", fc.tuple(anyId, anyText, anyText, answerContract, finite, finite)),
  verbatim("positionMultiEnd", fc.tuple(anyId)),
  verbatim("pnl", fc.tuple(anyId, realOrUnknown, realOrUnknown, realOrUnknown)),
  verbatim("pnlSingle", fc.tuple(anyId, finite, realOrUnknown, realOrUnknown, realOrUnknown, realOrUnknown)),
  verbatim("orderBound", fc.tuple(permId, anyId, anyId)),
  verbatim("userInfo", fc.tuple(anyId, anyText)),
];

const historyEvents: readonly fc.Arbitrary<Saying>[] = [
  verbatim("realtimeBar", fc.tuple(anyId, seconds, finite, finite, finite, finite, finite, finite, fc.nat(999))),
  verbatim("historicalDataUpdate", fc.tuple(anyId, anyText, finite, finite, finite, finite, finite, fc.nat(999), finite)),
  verbatim(
    "historicalSchedule",
    fc.tuple(
      anyId,
      anyText,
      anyText,
      anyText,
      fc.array(fc.record({ startDateTime: anyText, endDateTime: anyText, refDate: anyText }), { maxLength: 3 }),
    ),
  ),
  verbatim("headTimestamp", fc.tuple(anyId, anyText)),
  verbatim("historicalTicks", ticksOf(fc.record({ time: seconds, price: finite, size: finite }))),
  translated(
    "historicalTicksBidAsk",
    ticksOf(
      fc.record({
        time: seconds,
        tickAttribBidAsk: quoteAttributes,
        priceBid: finite,
        priceAsk: finite,
        sizeBid: finite,
        sizeAsk: finite,
      }),
    ),
    // IBApi takes the two attributes for each other; IB's own client and ib_async do not.
    (reqId, ticks, done) => [
      reqId,
      ticks.map((tick) => ({
        ...tick,
        tickAttribBidAsk: {
          bidPastLow: tick.tickAttribBidAsk?.askPastHigh,
          askPastHigh: tick.tickAttribBidAsk?.bidPastLow,
        },
      })),
      done,
    ],
  ),
  verbatim(
    "historicalTicksLast",
    ticksOf(
      fc.record({
        time: seconds,
        tickAttribLast: tradeAttributes,
        price: finite,
        size: finite,
        exchange: anyText,
        specialConditions: anyText,
      }),
    ),
  ),
  // IBApi leaves the times of ticks as texts.
  translated(
    "tickByTickAllLast",
    fc.tuple(anyId, fc.constantFrom(1, 2), seconds, finite, finite, tradeAttributes, anyText, anyText),
    (reqId, type, time, ...rest) => [reqId, type, String(time), ...rest],
  ),
  translated(
    "tickByTickBidAsk",
    fc.tuple(anyId, seconds, finite, finite, finite, finite, quoteAttributes),
    (reqId, time, ...rest) => [reqId, String(time), ...rest],
  ),
  translated("tickByTickMidPoint", fc.tuple(anyId, seconds, finite), (reqId, time, price) => [reqId, String(time), price]),
];

const referenceEvents = (version: number): readonly fc.Arbitrary<Saying>[] => [
  verbatim(
    "symbolSamples",
    fc.tuple(
      anyId,
      fc.array(
        fc.record({
          contract: fc.record({
            conId: anyId,
            symbol: anyText,
            secType: fc.constantFrom(SecType.STK, SecType.IND),
            primaryExch: anyText,
            currency: anyText,
            ...(version >= 176 ? { description: anyText, issuerId: anyText } : {}),
          }),
          derivativeSecTypes: fc.array(fc.constantFrom(SecType.OPT, SecType.FUT), { maxLength: 3 }),
        }),
        { maxLength: 3 },
      ),
    ),
  ),
  verbatim("marketRule", fc.tuple(anyId, fc.array(fc.record({ lowEdge: finite, increment: finite }), { maxLength: 3 }))),
  // IBApi makes an integer of the tick size.
  translated("tickReqParams", fc.tuple(anyId, fc.constantFrom(0.01, 0.05, 0.25), anyText, fc.nat(3)), (reqId, _, ...rest) => [
    reqId,
    0,
    ...rest,
  ]),
];

const sayings = (version: number): fc.Arbitrary<Saying> =>
  fc.oneof(
    ...accountEvents,
    ...historyEvents,
    ...referenceEvents(version),
    openOrders(version),
    // Below 177 IBApi forgets that completed orders, too, have an allocation profile there (ib_async reads it).
    ...(version < 177 ? [] : [completedOrders(version)]),
    contractDetails(version),
    historicalBars,
    pricesWithSizes,
    verbatim("info", fc.tuple(anyText, fc.nat(9999))),
    verbatim(
      "error",
      fc
        .tuple(anyText, fc.nat(9999), anyId, fc.constantFrom(undefined, { reason: 'Größe "zu" klein \\ 🙂', parts: [1, null] }))
        .map(([text, code, id, reject]) => [new Error(text), code, id, version >= 166 ? reject : undefined]),
    ),
    verbatim("managedAccounts", fc.tuple(anyText)),
    verbatim("nextValidId", fc.tuple(anyId)),
    verbatim("position", fc.tuple(anyText, answerContract, finite, realOrMax)),
    verbatim("positionEnd", fc.constant([])),
    verbatim("accountSummary", fc.tuple(anyId, anyText, anyText, anyText, anyText)),
    verbatim("accountSummaryEnd", fc.tuple(anyId)),
    verbatim("contractDetailsEnd", fc.tuple(anyId)),
    fc.tuple(anyId, anyText, anyId, anyText, fc.array(anyText), fc.array(finite)).map(
      ([reqId, exchange, conId, tradingClass, expirations, strikes]): Saying => ({
        said: [["securityDefinitionOptionParameter", reqId, exchange, conId, tradingClass, "100", expirations, strikes]],
        // IBApi makes a number of the multiplier, whatever its types say.
        check: (heard) =>
          expect(heard).toEqual([
            ["securityDefinitionOptionParameter", reqId, exchange, conId, tradingClass, 100, expirations, strikes],
          ]),
      }),
    ),
    verbatim("securityDefinitionOptionParameterEnd", fc.tuple(anyId)),
    verbatim("marketDataType", fc.tuple(anyId, fc.constantFrom(1, 2, 3, 4))),
    verbatim("tickPrice", fc.tuple(anyId, fc.constantFrom(6, 7, 9, 14, 37, 75), realOrMax, fc.boolean())),
    verbatim("tickSize", fc.tuple(anyId, fc.constantFrom(8, 74, 86, 27), finite)),
    verbatim("tickString", fc.tuple(anyId, fc.constantFrom(45, 32), anyText)),
    verbatim("tickGeneric", fc.tuple(anyId, fc.constantFrom(23, 49), realOrMax)),
    verbatim("tickOptionComputation", computation as fc.Arbitrary<IbEvents["tickOptionComputation"]>),
    verbatim("tickSnapshotEnd", fc.tuple(anyId)),
    verbatim("openOrderEnd", fc.constant([])),
    verbatim(
      "orderStatus",
      fc.tuple(
        anyId,
        fc.constantFrom(OrderStatus.Submitted, OrderStatus.Cancelled, OrderStatus.Inactive),
        ...([finite, finite, finite, permId, anyId, finite, anyId, anyText, realOrMax] as const),
      ),
    ),
    verbatim(
      "execDetails",
      fc.tuple(
        fc.oneof(anyId, fc.constant(-1)),
        answerContract,
        fc.record({
          orderId: anyId,
          execId: anyText,
          time,
          acctNumber: anyText,
          exchange: anyText,
          side: fc.constantFrom("BOT", "SLD"),
          shares: finite,
          price: finite,
          permId,
          clientId: anyId,
          liquidation: fc.nat(1),
          cumQty: finite,
          avgPrice: finite,
          orderRef: anyText,
          evRule: anyText,
          evMultiplier: finite,
          modelCode: anyText,
          lastLiquidity: fc.constantFrom(Liquidities.Added, Liquidities.Removed),
          ...(version >= 178 ? { pendingPriceRevision: fc.boolean() } : {}),
        }),
      ),
    ),
    verbatim("execDetailsEnd", fc.tuple(anyId)),
    fc
      .record({
        execId: anyText,
        commission: finite,
        currency: anyText,
        realizedPNL: realOrMax,
        yield: realOrMax,
        yieldRedemptionDate: seconds,
      })
      .map(
        (report): Saying => ({
          said: [["commissionReport", report]],
          check: (heard) =>
            expect(heard).toEqual([
              ["commissionReport", { ...report, realizedPNL: unsetIfMax(report.realizedPNL), yield: unsetIfMax(report.yield) }],
            ]),
        }),
      ),
    verbatim("completedOrdersEnd", fc.constant([])),
  );

/** Every version that is negotiated: each gate, and both sides of it. */
const VERSIONS = Array.from({ length: 193 - 157 + 1 }, (_, index) => 157 + index);

/** Message ids that left the gateway in the tests below. */
const sent = new Set<string>();

describe.each(VERSIONS)("what IBApi hears at server version %i", (version) => {
  let world: Awaited<ReturnType<typeof serveScript>>;
  let client: Awaited<ReturnType<typeof connectIbApi>>;
  let marks = 0;
  beforeAll(async () => {
    world = await serveScript({}, { onFrame: (_direction, _clientId, [id]) => void sent.add(id ?? "") });
    client = await connectIbApi(world.gateway.port, version, 7);
  });
  afterAll(async () => {
    client.api.disconnect();
    await world.gateway.close();
  });

  /** What the client hears of what the broker says, up to a mark that follows it. */
  const hearing = async (said: readonly Said[]): Promise<readonly Heard[]> => {
    const session = await world.desk.session(0);
    const from = client.heard.length;
    marks += 1;
    const marked = new Promise<void>((resolve) => {
      const listen = (mark: number) => {
        if (mark !== marks) return;
        client.api.off("currentTime" as never, listen);
        queueMicrotask(resolve);
      };
      client.api.on("currentTime" as never, listen);
    });
    for (const [event, ...args] of said) session.emit(event, ...(args as never));
    session.emit("currentTime", marks);
    await marked;
    return client.heard.slice(from).filter(([event]) => event !== "currentTime");
  };

  test("is what the broker said, field by field", async () => {
    await fc.assert(
      fc.asyncProperty(sayings(version), async ({ said, check }) => {
        check(await hearing(said));
      }),
      { numRuns: 250 },
    );
  });
});

test("nothing that a session can say is lost for want of words", () => {
  const heard: string[] = [];
  const client = { on: (event: string) => heard.push(event) } as never;
  new Relay(client, { serverVersion: 193, say: () => {}, guard: (action) => action(), onDisconnected: () => {} });
  // These two the connection says itself, before there is a session.
  expect(heard.toSorted()).toEqual(GATEWAY_EVENTS.filter((event) => event !== "connected" && event !== "server").toSorted());
});

test("every message that a strict reader knows was among them, but for the empty answers to what is not offered", () => {
  const emptyAnswers = ["19", "67", "77", "78", "80", "82", "85"];
  expect(KNOWN_MESSAGES.filter((id) => !sent.has(id))).toEqual(emptyAnswers);
});

describe("a price that comes without its size", () => {
  const saying = () => {
    const frames: string[][] = [];
    return { frames, pairs: new PriceSizePairs((fields) => frames.push([...fields])) };
  };

  test("leaves with 0 when no size is known, with the last known one when there is, and does not repeat it", () => {
    const { frames, pairs } = saying();
    pairs.price(9, 2, 1.25, true);
    pairs.flush();
    pairs.size(9, 3, 40);
    pairs.price(9, 2, 1.3, { pastLimit: true, preOpen: true });
    pairs.flush();
    expect(frames).toEqual([
      ["1", "6", "9", "2", "1.25", "0", "1"],
      ["2", "6", "9", "3", "40"],
      ["1", "6", "9", "2", "1.3", "40", "6"],
    ]);
  });

  test("takes no size of another line, nor of its own line's former life", () => {
    const { frames, pairs } = saying();
    pairs.size(9, 3, 40);
    pairs.price(8, 2, 1.25);
    pairs.flush();
    pairs.forget(9);
    pairs.price(9, 2, 1.25);
    pairs.flush();
    expect(frames.slice(1).map((fields) => fields[5])).toEqual(["0", "0"]);
  });

  test("lets a second price of its kind not overtake it", () => {
    const { frames, pairs } = saying();
    pairs.price(9, 2, 1.25);
    pairs.price(9, 2, 1.3);
    pairs.size(9, 3, 7);
    expect(frames).toEqual([
      ["1", "6", "9", "2", "1.25", "0", "0"],
      ["1", "6", "9", "2", "1.3", "7", "0"],
      ["2", "6", "9", "3", "7"],
    ]);
  });
});

test("a quiet open order has the fields that a real gateway's has, at 193", () => {
  const contract = {
    conId: 756733,
    symbol: "SPY",
    secType: SecType.STK,
    exchange: "SMART",
    currency: "USD",
    localSymbol: "SPY",
    tradingClass: "SPY",
  };
  const order: Order = { orderType: OrderType.LMT, totalQuantity: 5, lmtPrice: 450.5, clientId: 7, permId: 9001 };
  const max = "1.7976931348623157E308";
  expect(openOrder(193, 12, contract, order, { status: OrderStatus.Submitted })).toEqual([
    ...["5", "12", "756733", "SPY", "STK", "", "0", "?", "", "SMART", "USD", "SPY", "SPY"],
    ...["", "5", "LMT", "450.5", "", "", "", "", "", "0", "", "7", "9001"],
    ...["0", "0", "0", "", "", "", "", "", "", "", "", "", "", "0", "", "-1", "0"],
    ...["", "", "", "", "", "", "0", "0", "0", "", "3", "0", "0", "", "0", "0"],
    ...["", "0", "None", "", "0", "", "", "", "?", "0", "0", "", "0", "0", "", "", "", ""],
    ...["", "0", "0", "0", "", "", "", "", "0", "", "IB", "0", "0", "", "0", "0"],
    ...["Submitted", max, max, max, max, max, max, max, max, max, "", "", "", "", ""],
    ...["0", "0", "0", "None", max, max, max, max, max, max, "0", "", "", "", "", "0", "0", "0", "0"],
    ...["", "", "0", "", "", "", "", "", "", "0", "", "0", "", "2147483647"],
  ]);
});

test("a combo tells its legs by contract id and signed ratio", () => {
  const legs = [
    { conId: 9408, ratio: 1, action: "SELL" as never, exchange: "SMART" },
    { conId: 43645865, ratio: 2, action: "BUY" as never, exchange: "SMART" },
  ];
  const fields = openOrder(
    178,
    1,
    { secType: SecType.BAG, comboLegs: legs },
    { orderType: OrderType.LMT },
    { status: OrderStatus.Submitted },
  );
  expect(fields).toContain("9408|-1,43645865|2");
});

test("text beyond ASCII leaves as escapes, and a NUL cannot break a message", () => {
  expect(errorMessage(178, -1, 399, "Größe 🙂\nline", undefined)).toEqual([
    "4",
    "2",
    "-1",
    "399",
    "Gr\\u00f6\\u00dfe \\ud83d\\ude42\nline",
    "",
  ]);
  expect(errorMessage(178, 5, 201, "a\0b", undefined)[4]).toBe("a\\ufffdb");
});

test("an advanced rejection stays JSON after a client has undone its escapes", () => {
  const undo = (json: string) =>
    json.replace(/\\u([0-9a-f]{4})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom("a", "b"), fc.string({ unit: "binary-ascii" })), (reject) => {
      expect(() => JSON.parse(undo(errorMessage(178, 1, 201, "no", reject)[5] as string))).not.toThrow();
    }),
  );
  expect(errorMessage(165, 1, 201, "no", { a: 1 })).toHaveLength(5);
});

test("bars of a request that failed or was cancelled do not reach the next one", () => {
  const sets = new BarSets();
  const bar = (reqId: number, day: string) => [reqId, day, 1, 2, 0, 1, 100, 3, 1] as const;
  expect(sets.add(...bar(1, "20261118"))).toBeUndefined();
  expect(sets.add(...bar(2, "20261119"))).toBeUndefined();
  sets.forget(1);
  const end = [-1, -1, -1, -1, -1, -1, -1] as const;
  expect(sets.add(1, "finished-20261119-14:30:00-20261120-21:00:00", ...end)).toEqual([
    ...["17", "1", "20261119-14:30:00", "20261120-21:00:00", "0"],
  ]);
  expect(sets.add(2, "finished-a-b", ...end)).toEqual([
    "17",
    "2",
    "a",
    "b",
    "1",
    "20261119",
    "1",
    "2",
    "0",
    "1",
    "100",
    "1",
    "3",
  ]);
});

test("options have their right, all else has none", () => {
  const put = openOrder(178, 1, { right: OptionType.Put }, { orderType: OrderType.LMT }, { status: OrderStatus.Submitted });
  expect(put[7]).toBe("P");
});
