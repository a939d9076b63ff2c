import { EventName, MarketDataType, OptionExerciseAction, OptionType, SecType, TickByTickDataType, WhatToShow } from "@stoqey/ib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseRequest } from "../../src/sim/wire/requests/parse.ts";
import { asRead, placed, requestContract, shortLegs } from "../support/ib-arbitraries.ts";
import { connectIbApi, serveScript } from "../support/wire-clients.ts";

type World = Awaited<ReturnType<typeof serveScript>>;
type Client = Awaited<ReturnType<typeof connectIbApi>>;

/** Every version that is negotiated: each gate, and both sides of it. */
const VERSIONS = Array.from({ length: 193 - 157 + 1 }, (_, index) => 157 + index);

describe.each(VERSIONS)("what IBApi sends at server version %i", (version) => {
  let world: World;
  let client: Client;
  beforeAll(async () => {
    world = await serveScript();
    client = await connectIbApi(world.gateway.port, version, 7);
  });
  afterAll(async () => {
    client.api.disconnect();
    await world.gateway.close();
  });

  /** What reaches the broker when the client calls this. */
  const reaching = async (send: (api: Client["api"]) => unknown) => {
    const session = await world.desk.session(0);
    const before = session.asked.length;
    const refused = new Promise<never>((_, reject) => client.api.once(EventName.error, reject));
    send(client.api);
    await Promise.race([session.askedTimes(before + 1), refused]);
    client.api.removeAllListeners(EventName.error);
    return session.asked.slice(before);
  };

  test("is agreed on", () => expect(client.version).toBe(version));

  test("reaches the broker as it was said: orders of every kind, nothing lost, nothing moved", async () => {
    await fc.assert(
      fc.asyncProperty(placed(version), fc.nat(), async ({ contract, order }, orderId) => {
        const [asked] = await reaching((api) => api.placeOrder(orderId, contract, order));
        expect(asked).toEqual(["placeOrder", orderId, asRead(contract), asRead(order)]);
      }),
      { numRuns: 25 },
    );
  });

  test("reaches the broker as it was said: market data and history, of combos too", async () => {
    const described = fc
      .tuple(requestContract, fc.option(shortLegs, { nil: undefined }))
      .map(([contract, legs]) => (legs === undefined ? contract : { ...contract, secType: SecType.BAG, comboLegs: legs }));
    await fc.assert(
      fc.asyncProperty(described, fc.nat(), fc.boolean(), async (contract, reqId, flag) => {
        expect(await reaching((api) => api.reqMktData(reqId, contract, "100,101", flag, !flag))).toEqual([
          ["reqMktData", reqId, asRead(contract), "100,101", flag, !flag],
        ]);
        const history = await reaching((api) =>
          api.reqHistoricalData(reqId, contract, "", "1 Y", "1 day" as never, WhatToShow.TRADES, flag ? 1 : 0, 1, !flag),
        );
        const withExpired = { ...(asRead(contract) as object), includeExpired: false };
        expect(history).toEqual([["reqHistoricalData", reqId, withExpired, undefined, "1 Y", "1 day", "TRADES", flag, 1, !flag]]);
      }),
      { numRuns: 15 },
    );
  });

  test("reaches the broker as it was said: everything short", async () => {
    const option = { symbol: "SPY", secType: SecType.OPT, strike: 450, right: OptionType.Put, includeExpired: true };
    const issuer = version >= 176 ? { issuerId: "e1453" } : {};
    const filter = { clientId: "7", acctCode: "DU1", time: "20261120-09:30:00", symbol: "SPY", side: "BUY" };
    const cases: readonly [(api: Client["api"]) => unknown, readonly unknown[]][] = [
      [(api) => api.reqContractDetails(3, { ...option, ...issuer }), ["reqContractDetails", 3, { ...option, ...issuer }]],
      [(api) => api.reqSecDefOptParams(4, "SPY", "", SecType.STK, 756733), ["reqSecDefOptParams", 4, "SPY", "", "STK", 756733]],
      [(api) => api.reqExecutions(5, filter), ["reqExecutions", 5, filter]],
      [(api) => api.reqExecutions(6, {}), ["reqExecutions", 6, {}]],
      [(api) => api.cancelMktData(8), ["cancelMktData", 8]],
      [(api) => api.cancelHistoricalData(9), ["cancelHistoricalData", 9]],
      [(api) => api.reqMarketDataType(MarketDataType.DELAYED), ["reqMarketDataType", 3]],
      [(api) => api.cancelOrder(10), ["cancelOrder", 10]],
      [(api) => api.reqGlobalCancel(), ["reqGlobalCancel"]],
      [(api) => api.reqOpenOrders(), ["reqOpenOrders"]],
      [(api) => api.reqAllOpenOrders(), ["reqAllOpenOrders"]],
      [(api) => api.reqCompletedOrders(true), ["reqCompletedOrders", true]],
      [(api) => api.reqPositions(), ["reqPositions"]],
      [(api) => api.cancelPositions(), ["cancelPositions"]],
      [
        (api) => api.reqAccountSummary(11, "All", "NetLiquidation,$LEDGER"),
        ["reqAccountSummary", 11, "All", "NetLiquidation,$LEDGER"],
      ],
      [(api) => api.cancelAccountSummary(11), ["cancelAccountSummary", 11]],
      [(api) => api.reqIds(), ["reqIds"]],
      [(api) => api.reqCurrentTime(), ["reqCurrentTime"]],
    ];
    for (const [send, expected] of cases) expect(await reaching(send)).toEqual([expected]);
  });

  test("reaches the broker as it was said: everything that asks for more than Caretaker itself does", async () => {
    const option = { conId: 12, symbol: "SPY", secType: SecType.OPT, strike: 450, right: OptionType.Put, exchange: "SMART" };
    const past = { ...option, includeExpired: false };
    const end = "20261120-16:00:00";
    const cases: readonly [(api: Client["api"]) => unknown, readonly unknown[]][] = [
      [(api) => api.reqManagedAccts(), ["reqManagedAccts"]],
      [(api) => api.reqAutoOpenOrders(true), ["reqAutoOpenOrders", true]],
      [(api) => api.reqAccountUpdates(true, "DU1"), ["reqAccountUpdates", true, "DU1"]],
      [(api) => api.reqAccountUpdates(false, undefined), ["reqAccountUpdates", false, ""]],
      [(api) => api.reqAccountUpdatesMulti(1, "DU1", "m", true), ["reqAccountUpdatesMulti", 1, "DU1", "m", true]],
      [(api) => api.cancelAccountUpdatesMulti(1), ["cancelAccountUpdatesMulti", 1]],
      [(api) => api.reqPositionsMulti(2, "DU1", null), ["reqPositionsMulti", 2, "DU1", ""]],
      [(api) => api.cancelPositionsMulti(2), ["cancelPositionsMulti", 2]],
      [(api) => api.reqPnL(3, "DU1", "m"), ["reqPnL", 3, "DU1", "m"]],
      [(api) => api.cancelPnL(3), ["cancelPnL", 3]],
      [(api) => api.reqPnLSingle(4, "DU1", null, 12), ["reqPnLSingle", 4, "DU1", "", 12]],
      [(api) => api.cancelPnLSingle(4), ["cancelPnLSingle", 4]],
      [
        (api) => api.exerciseOptions(5, option, OptionExerciseAction.EXERCISE, 2, "DU1", 1),
        ["exerciseOptions", 5, option, 1, 2, "DU1", 1],
      ],
      [
        (api) => api.exerciseOptions(5, option, OptionExerciseAction.LAPSE, 1, "DU1", 0),
        ["exerciseOptions", 5, option, 2, 1, "DU1", 0],
      ],
      [
        (api) => api.reqRealTimeBars(6, option, 5, WhatToShow.MIDPOINT, true),
        ["reqRealTimeBars", 6, option, 5, "MIDPOINT", true],
      ],
      [(api) => api.cancelRealTimeBars(6), ["cancelRealTimeBars", 6]],
      [
        (api) => api.reqTickByTickData(7, option, TickByTickDataType.BidAsk, 10, true),
        ["reqTickByTickData", 7, option, "BidAsk", 10, true],
      ],
      [(api) => api.cancelTickByTickData(7), ["cancelTickByTickData", 7]],
      [
        (api) => api.reqHistoricalTicks(8, option, "", end, 1000, WhatToShow.TRADES, 1, false),
        ["reqHistoricalTicks", 8, past, "", end, 1000, "TRADES", true, false],
      ],
      [(api) => api.reqHeadTimestamp(9, option, WhatToShow.TRADES, true, 2), ["reqHeadTimestamp", 9, past, "TRADES", true, 2]],
      [(api) => api.cancelHeadTimestamp(9), ["cancelHeadTimestamp", 9]],
      [(api) => api.reqMarketRule(26), ["reqMarketRule", 26]],
      [(api) => api.reqMatchingSymbols(10, "SP"), ["reqMatchingSymbols", 10, "SP"]],
      [(api) => api.calculateImpliedVolatility(11, option, 2.35, 450.1), ["calculateImpliedVolatility", 11, option, 2.35, 450.1]],
      [(api) => api.cancelCalculateImpliedVolatility(11), ["cancelCalculateImpliedVolatility", 11]],
      [(api) => api.calculateOptionPrice(12, option, 0.2, 450.1), ["calculateOptionPrice", 12, option, 0.2, 450.1]],
      [(api) => api.cancelCalculateOptionPrice(12), ["cancelCalculateOptionPrice", 12]],
      ...(version >= 167 ? [[(api: Client["api"]) => api.reqUserInfo(13), ["reqUserInfo", 13]] as const] : []),
    ] as readonly [(api: Client["api"]) => unknown, readonly unknown[]][];
    for (const [send, expected] of cases) expect(await reaching(send)).toEqual([expected]);
  });

  test("never left a field over and never went unread", () => {
    expect(world.logger.lines.filter(({ level }) => level !== "info")).toEqual([]);
    expect(client.heard).toEqual([]);
  });
});

describe("what other clients send", () => {
  /** A market order by ib_async's encoder at version 178: zeros for unset integers, plain `0.0` doubles. */
  const order = (contract: string, tail: readonly string[] = []) => [
    ...["3", "12", ...contract.split(",")],
    ...["", "", "BUY", "1.0", "LMT", "-1.25", "", "DAY", "", "DU1", "", "0", "ref", "1", "0", "0", "0", "0", "0", "0", "0"],
    ...tail,
    ...["", "0.0", "", "", "", "", "", "", "0", "", "-1", "0", "", "", "0", "", "", "0", "0", "", "0", "", "", "", "", ""],
    ...["0", "", "", "", "", "0", "0", "", "", "", "", "", "", "", "", "", "0", "", "", "0", "0", "", "", "0", "", "0", "0", "0"],
    ...["0", "", "", "", "", "", "", "0", "", "", "", "", "", "", "", "", "0", "0", "0", "0", "", "", "0", "", ""],
  ];

  test("an id of 0, a strike of 0.0 and a right of ? describe nothing", () => {
    const parsed = parseRequest(
      ["9", "8", "4", "0", "SPY", "STK", "", "0.0", "?", "", "SMART", "", "USD", "", "", "0", "", "", ""],
      178,
    );
    expect(parsed.kind).toBe("request");
    const heard: unknown[] = [];
    if (parsed.kind === "request" && parsed.request.kind === "call") {
      parsed.request.call({ reqContractDetails: (...args: unknown[]) => heard.push(args) } as never);
    }
    expect(heard).toEqual([[4, { symbol: "SPY", secType: "STK", exchange: "SMART", currency: "USD", includeExpired: false }]]);
  });

  test("an order in another client's dialect is read to the last field", () => {
    const parsed = parseRequest(order("0,SPY,STK,,0.0,,,SMART,,USD,,"), 178);
    expect(parsed).toMatchObject({ kind: "request", name: "placeOrder" });
  });

  test("one field too many or too few is named, with the order it belongs to", () => {
    const whole = order("0,SPY,STK,,0.0,,,SMART,,USD,,");
    expect(parseRequest([...whole, ""], 178)).toMatchObject({ kind: "malformed", subject: 12, reason: /1 fields are left over/ });
    expect(parseRequest(whole.slice(0, -1), 178)).toMatchObject({
      kind: "malformed",
      subject: 12,
      reason: /ends before manualOrderTime/,
    });
  });

  test("whatever a client sends is a request, unknown or malformed, never a crash", () => {
    const field = fc.oneof(fc.constantFrom("", "0", "1", "3", "BAG", "Infinite", "1.7976931348623157E308"), fc.string());
    const id = fc.oneof(fc.nat({ max: 110 }).map(String), fc.string());
    fc.assert(
      fc.property(id, fc.array(field, { maxLength: 150 }), fc.constantFrom(157, 178, 193), (first, rest, version) => {
        expect(["request", "unknown", "malformed"]).toContain(parseRequest([first, ...rest], version).kind);
      }),
      { numRuns: 500 },
    );
  });

  test("a list cannot claim more elements than there are fields", () => {
    const parsed = parseRequest(["1", "11", "5", "0", "SPY", "BAG", "", "", "", "", "", "", "", "", "", "2000000000"], 178);
    expect(parsed).toMatchObject({
      kind: "malformed",
      subject: 5,
      reason: "number of combo legs says 2000000000, with 0 fields left",
    });
  });
});
