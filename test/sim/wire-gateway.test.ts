/**
 * The whole simulated gateway asked by a client on a bare socket, at the two versions that matter most: every request is answered, and
 * every message is exactly what the protocol says, as a reader apart from the gateway's own code has it.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { money } from "../../src/domain/units.ts";
import { type RunningGateway, startGateway } from "../../src/sim/gateway.ts";
import { createSyntheticMarket } from "../../src/sim/market/synthetic-market.ts";
import { strictTap } from "../support/strict-reader.ts";
import { collectingLogger, connectRaw, messageBytes, type RawClient } from "../support/wire-clients.ts";

type Fields = readonly (string | number)[];
type Answer = (fields: readonly string[]) => boolean;

const logger = collectingLogger();
let gateway: RunningGateway;
beforeAll(async () => {
  gateway = await startGateway({
    market: createSyntheticMarket({ seed: 1 }),
    fills: "synthetic",
    account: "DU1",
    cash: money(1_000_000),
    seed: 1,
    port: 0,
    speed: 600,
    skipClosed: true,
    logger,
    onFrame: strictTap,
  });
});
afterAll(async () => {
  await gateway.close();
  expect(logger.lines.filter(({ level }) => level === "error")).toEqual([]);
});

/** A message by its id and, where it has one, the request's id behind its legacy version. */
const of =
  (id: number, reqId?: number, at = 2): Answer =>
  (fields) =>
    fields[0] === String(id) && (reqId === undefined || fields[at] === String(reqId));
/** The same of messages that came late, and have no legacy version. */
const late = (id: number, reqId: number): Answer => of(id, reqId, 1);
const refusal = (reqId: number, code?: number): Answer => {
  const by = of(4, reqId);
  return (fields) => by(fields) && (code === undefined || fields[3] === String(code));
};

const SPY: Fields = ["", "SPY", "STK", "", "", "", "", "SMART", "", "USD", "", ""];

/** A limit order for one unit of a contract, as ib_async writes it, with what later versions add. */
const limitOrder = (version: number, id: number, contract: Fields, limit: number, whatIf: 0 | 1): Fields => [
  ...[3, id, ...contract, "", "", "BUY", "1.0", "LMT", limit.toFixed(2), "", "DAY", "", "DU1", "", 0, "ref", 1, 0],
  ...[0, 0, 0, 0, 0, 0, "", "0.0", "", "", "", "", "", "", 0, "", -1, 0, "", "", 0, "", "", 0, 0, "", 0, "", "", "", "", ""],
  ...[0, "", "", "", "", 0, 0, "", "", "", "", "", "", "", "", "", 0, "", "", 0, 0, "", "", whatIf, "", 0, 0, 0, 0],
  ...["", "", "", "", "", "", 0, "", "", "", "", "", "", "", "", 0, 0, 0, 0, "", "", 0, "", ""],
  ...(version >= 184 ? ["", 0] : []),
  ...(version >= 189 ? [0] : []),
  ...(version >= 192 ? [""] : []),
];

describe.each([178, 193])("at server version %i", (version) => {
  let client: RawClient;
  let stock: Fields;
  let option: Fields;
  let last = 0;
  beforeAll(async () => {
    client = await connectRaw(gateway.port, version, version);
    client.send(messageBytes(9, 8, 1, ...SPY, 0, "", "", ""));
    const details = await client.message(of(10, 1, 1));
    const conId = Number(details[version >= 182 ? 13 : 12]);
    stock = [conId, ...SPY.slice(1)];
    client.send(messageBytes(78, 2, "SPY", "", "STK", conId), messageBytes(1, 11, 3, ...stock, 0, "100,101,106", 0, 0, ""));
    const chain = await client.message(of(75, 2, 1));
    await client.message(late(76, 2));
    last = Number((await client.message((fields) => fields[0] === "1" && fields[2] === "3" && fields[3] === "2"))[4]);
    const expirations = Number(chain[6]);
    const strikes = chain.slice(8 + expirations).map(Number);
    const strike = strikes.toSorted((a, b) => Math.abs(a - last) - Math.abs(b - last))[0] ?? 0;
    // Not the first: it may expire while this runs.
    option = ["", "SPY", "OPT", chain[6 + Math.min(4, expirations)] ?? "", strike, "C", "100", "SMART", "", "USD", "", ""];
  });
  afterAll(() => client.destroy());

  /** The answer to a request. */
  const answered = async (request: Fields, answer: Answer): Promise<readonly string[]> => {
    const before = client.messages.length;
    client.send(messageBytes(...request));
    return client.message((fields) => client.messages.indexOf(fields as string[]) >= before && answer(fields));
  };

  test("an account tells itself, in every way that a client may ask", async () => {
    await answered([17, 1], of(15));
    await answered([6, 2, 1, "DU1"], of(54));
    await answered([61, 1], of(62));
    await answered([62, 1, 10, "All", "NetLiquidation,TotalCashValue,$LEDGER:ALL"], of(64, 10));
    await answered([74, 1, 11, "DU1", ""], of(72, 11));
    await answered([76, 1, 12, "DU1", "", 0], of(74, 12));
    await answered([92, 13, "DU1", ""], late(94, 13));
    await answered([94, 14, "DU1", "", stock[0] ?? 0], late(95, 14));
    client.send(
      ...[
        [63, 1, 10],
        [75, 1, 11],
        [77, 1, 12],
        [93, 13],
        [95, 14],
        [6, 2, 0, "DU1"],
        [64, 1],
      ].map((f) => messageBytes(...f)),
    );
    await answered([49, 1], of(49));
  });

  test("contracts, symbols, tick sizes and who asks are told", async () => {
    await answered([9, 8, 20, ...option, 0, "", "", ""], of(52, 20));
    await answered([81, 21, "SP"], late(79, 21));
    await answered([91, 26], late(93, 26));
    await answered([104, 22], late(107, 22));
  });

  test("live prices stream in every way, and stop", async () => {
    await answered([59, 1, 1], () => true);
    await answered([1, 11, 30, ...option, 0, "", 0, 0, ""], of(2, 30));
    await answered([1, 11, 31, ...stock, 0, "", 1, 0, ""], of(57, 31));
    await answered([50, 3, 32, ...stock, 5, "TRADES", 1, ""], of(50, 32));
    await answered([97, 33, ...stock, "AllLast", 0, 0], late(99, 33));
    await answered([97, 34, ...stock, "BidAsk", 0, 0], late(99, 34));
    await answered([97, 35, ...option, "MidPoint", 0, 0], late(99, 35));
    client.send(
      ...[
        [2, 2, 30],
        [51, 1, 32],
        [98, 33],
        [98, 34],
        [98, 35],
      ].map((fields) => messageBytes(...fields)),
    );
    await answered([2, 2, 30], refusal(30, 300));
  });

  test("the past is told as bars, ticks, sessions and its own beginning", async () => {
    const bars = (id: number, size: string, duration: string, show: string, on: 0 | 1): Fields => [
      ...[20, id, ...stock, 0, "", size, duration, 1, show, 1, on, ""],
    ];
    await answered(bars(40, "1 day", "10 D", "TRADES", 0), late(17, 40));
    await answered(bars(41, "1 day", "10 D", "OPTION_IMPLIED_VOLATILITY", 0), late(17, 41));
    await answered(bars(42, "5 mins", "1 D", "MIDPOINT", 0), late(17, 42));
    await answered(bars(43, "1 min", "1 D", "TRADES", 1), late(90, 43));
    await answered(bars(44, "1 day", "5 D", "SCHEDULE", 0), late(106, 44));
    await answered([87, 45, ...stock, 0, 1, "TRADES", 1], late(88, 45));
    const ticks = (id: number, show: string): Fields => [96, id, ...stock, 0, "", "", 10, show, 1, 0, ""];
    await answered(ticks(46, "TRADES"), (fields) => late(98, 46)(fields) || refusal(46)(fields));
    await answered(ticks(47, "BID_ASK"), (fields) => late(97, 47)(fields) || refusal(47)(fields));
    await answered(ticks(48, "MIDPOINT"), (fields) => late(96, 48)(fields) || refusal(48)(fields));
    await answered([25, 1, 43], () => true);
  });

  test("an option is calculated, and one that is not held cannot be exercised", async () => {
    await answered([54, 3, 50, ...option, "5.0", last, 0, ""], late(21, 50));
    await answered([55, 2, 51, ...option, "0.2", last, ""], late(21, 51));
    const later = [...(version >= 180 ? [""] : []), ...(version >= 183 ? [""] : []), ...(version >= 184 ? [0] : [])];
    await answered([21, 2, 52, ...option.toSpliced(8, 1), 1, 1, "DU1", 0, ...later], refusal(52));
  });

  test("an order is asked about, filled, rested and cancelled, and all of it is told again on request", async () => {
    const next = Number((await answered([8, 1, 1], of(9)))[2]);
    const status =
      (id: number, name: string): Answer =>
      (fields) =>
        fields[0] === "3" && fields[1] === String(id) && fields[2] === name;
    await answered(limitOrder(version, next, stock, last, 1), of(5, next, 1));
    await answered(limitOrder(version, next + 1, stock, last * 1.1, 0), status(next + 1, "Filled"));
    await client.message(of(11, next + 1, 2));
    await client.message(of(59));
    await answered(limitOrder(version, next + 2, stock, last * 0.9, 0), status(next + 2, "Submitted"));
    await answered([5, 1], of(53));
    await answered([16, 1], of(53));
    const cancel = version >= 192 ? [4, next + 2, "", "", ""] : [4, 1, next + 2, ""];
    await answered(cancel, status(next + 2, "Cancelled"));
    await client.message(refusal(next + 2, 202));
    await answered([7, 3, 60, 0, "", "", "", "", "", ""], of(55, 60));
    await answered([99, 0], of(102));
  });

  test("what the gateway does not offer is refused", async () => {
    await answered([10, 5, 70, ...stock, 5, 1, ""], refusal(70, 10092));
    await answered([85], of(85));
  });
});
