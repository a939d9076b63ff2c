/** The same requests as different clients spell them: IB's own and IBApi, ib_async. All must reach the broker alike. */
import { expect, test } from "vitest";
import { parseRequest } from "../../src/sim/wire/requests/parse.ts";
import { type Asked, ScriptedSession } from "../support/scripted-desk.ts";

/** What the broker is asked by a message; a reason when it is refused, its id when it is unknown. */
const reaching = (fields: readonly (string | number)[], version = 178): Asked | string => {
  const parsed = parseRequest(fields.map(String), version);
  if (parsed.kind === "unknown") return `unknown ${parsed.id}`;
  if (parsed.kind === "malformed") return parsed.reason;
  const { request } = parsed;
  if (request.kind !== "call") return request.kind;
  const session = new ScriptedSession({});
  request.call(session);
  return session.asked[0] ?? "nothing";
};

/** An option as ib_async and as IBApi write its twelve fields: zeros, `0.0` and `?` for unset in one, empty fields in the other. */
const ASYNC = [0, "SPY", "OPT", "20261218", "450.0", "P", "100", "SMART", "", "USD", "", ""];
const IBAPI = ["", "SPY", "OPT", "20261218", 450, "P", 100, "SMART", "", "USD", "", ""];
const OPTION = {
  symbol: "SPY",
  secType: "OPT",
  lastTradeDateOrContractMonth: "20261218",
  strike: 450,
  right: "P",
  multiplier: 100,
  exchange: "SMART",
  currency: "USD",
};
const PAST = { ...OPTION, includeExpired: false };
/** Eleven fields: no primary exchange. */
const without = (contract: readonly (string | number)[]) => contract.toSpliced(8, 1);

test.each<[what: string, expected: Asked, ...spellings: (readonly (string | number)[])[]]>([
  ["account updates", ["reqAccountUpdates", true, "DU1"], [6, 2, 1, "DU1"], [6, 2, "true", "DU1"]],
  ["account updates ended", ["reqAccountUpdates", false, ""], [6, 2, 0, ""], [6, 2, "", ""]],
  ["updates by request", ["reqAccountUpdatesMulti", 5, "DU1", "", false], [76, 1, 5, "DU1", "", 0], [76, 2, 5, "DU1", "", ""]],
  ["their cancel", ["cancelAccountUpdatesMulti", 5], [77, 1, 5], [77, 2, 5]],
  ["the cancel of a line", ["cancelMktData", 5], [2, 1, 5], [2, 2, 5]],
  [
    "an implied volatility",
    ["calculateImpliedVolatility", 5, OPTION, 2.5, 450.25],
    [54, 3, 5, ...ASYNC, "2.5", "450.25", 0, ""],
    [54, 3, 5, ...ASYNC, "2.5", "450.25", 1, "a=b;"],
    [54, 2, 5, ...IBAPI, 2.5, 450.25, ""],
  ],
  [
    "an option price",
    ["calculateOptionPrice", 5, OPTION, 1e-5, 450],
    [55, 3, 5, ...ASYNC, "1e-05", "450.0", 0, ""],
    [55, 2, 5, ...IBAPI, 0.00001, 450, ""],
  ],
  [
    "an exercise",
    ["exerciseOptions", 5, OPTION, 1, 2, "DU1", 1],
    [21, 2, 5, ...without(ASYNC), 1, 2, "DU1", 1],
    [21, 2, 5, ...without(IBAPI), 1, 2, "DU1", "true"],
  ],
  [
    "real-time bars",
    ["reqRealTimeBars", 5, OPTION, 5, "TRADES", false],
    [50, 3, 5, ...ASYNC, 5, "TRADES", 0, ""],
    [50, 3, 5, ...IBAPI, "", "TRADES", "", ""],
  ],
  [
    "ticks one by one",
    ["reqTickByTickData", 5, OPTION, "BidAsk", 0, true],
    [97, 5, ...ASYNC, "BidAsk", 0, 1],
    [97, 5, ...IBAPI, "BidAsk", "", "true"],
  ],
  [
    "past ticks",
    ["reqHistoricalTicks", 5, PAST, "20261120 09:30:00", "", 100, "BID_ASK", true, false],
    [96, 5, ...ASYNC, 0, "20261120 09:30:00", "", 100, "BID_ASK", 1, 0, ""],
    [96, 5, ...IBAPI, "", "20261120 09:30:00", "", 100, "BID_ASK", 1, "", ""],
  ],
  [
    "where history begins",
    ["reqHeadTimestamp", 5, PAST, "TRADES", true, 1],
    [87, 5, ...ASYNC, 0, 1, "TRADES", 1],
    [87, 5, ...IBAPI, 0, "true", "TRADES", ""],
  ],
  ["profit and loss", ["reqPnL", 5, "DU1", ""], [92, 5, "DU1", ""]],
  ["that of one position", ["reqPnLSingle", 5, "DU1", "", 42], [94, 5, "DU1", "", 42], [94, 5, "DU1", "", "42.0"]],
  ["positions by request", ["reqPositionsMulti", 5, "", ""], [74, 1, 5, "", ""]],
  ["symbols", ["reqMatchingSymbols", 5, "sp"], [81, 5, "sp"]],
  ["tick sizes", ["reqMarketRule", 26], [91, 26], [91, "26.0"]],
  ["open orders from now on", ["reqAutoOpenOrders", true], [15, 1, 1], [15, 1, "True"]],
])("%s", (_, expected, ...spellings) => {
  for (const fields of spellings) expect(reaching(fields)).toEqual(expected);
});

test("an exercise carries its later fields from the versions that brought them, and no earlier", () => {
  const plain = [21, 2, 5, ...without(ASYNC), 2, 1, "DU1", 0];
  const asked = ["exerciseOptions", 5, OPTION, 2, 1, "DU1", 0];
  const fields = [plain, [...plain, ""], [...plain, "", ""], [...plain, "", "", 0]];
  const known = (version: number): number => (version < 180 ? 0 : version < 183 ? 1 : version < 184 ? 2 : 3);
  for (const version of [157, 178, 179, 180, 182, 183, 184, 193]) {
    for (const [later, message] of fields.entries()) {
      const reached = reaching(message, version);
      if (later === known(version)) expect(reached).toEqual(asked);
      else expect(reached).toMatch(later < known(version) ? /ends before/ : /left over/);
    }
  }
});

test("what came with a later version is unknown before it", () => {
  expect(reaching([104, 5], 166)).toBe("unknown 104");
  expect(reaching([104, 5], 167)).toEqual(["reqUserInfo", 5]);
  expect(reaching([100, 5], 160)).toBe("unknown 100");
  expect(reaching([100, 5], 161)).toBe("answer");
});

test("what must be said may not be unset", () => {
  expect(reaching([54, 3, 5, ...ASYNC, "", "450", 0, ""])).toMatch(/optionPrice is missing/);
  expect(reaching([54, 3, 5, ...ASYNC, "1.7976931348623157e+308", "450", 0, ""])).toMatch(/optionPrice is missing/);
  expect(reaching([94, 5, "DU1", "", ""])).toMatch(/conId is missing/);
  expect(reaching([91, "spy"])).toMatch(/marketRuleId \(field 1\) should be a number/);
});
