/** What a gateway knows and this one does not offer: every client that waits for an answer gets one, under its own request id. */
import { EventName } from "@stoqey/ib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectIbApi, connectRaw, messageBytes, serveScript } from "../support/wire-clients.ts";

let world: Awaited<ReturnType<typeof serveScript>>;
beforeAll(async () => {
  world = await serveScript({ reqPositions: (session) => session.emit("positionEnd") });
});
afterAll(() => world.gateway.close());

type Fields = readonly (string | number)[];
const stock: Fields = [756733, "SPY", "STK", "", 0, "", "", "SMART", "ARCA", "USD", "SPY", "SPY"];

const REFUSED: readonly [name: string, code: number, fields: Fields][] = [
  ["reqMktDepth", 10092, [10, 5, 42, ...stock, 5, 1, ""]],
  ["cancelMktDepth", 310, [11, 1, 42, 1]],
  ["replaceFA", 321, [19, 1, 1, "<xml/>", 42]],
  ["reqScannerSubscription", 162, [22, 42, 10, "STK", "STK.US", "TOP_PERC_GAIN", ...Array(18).fill("")]],
  ["cancelScannerSubscription", 365, [23, 1, 42]],
  ["reqFundamentalData", 430, [52, 2, 42, 756733, "SPY", "STK", "SMART", "ARCA", "USD", "SPY", "ReportSnapshot", 0, ""]],
  ["subscribeToGroupEvents", 321, [68, 1, 42, 3]],
  ["reqNewsArticle", 10172, [84, 42, "BRFG", "BRFG$1", ""]],
  ["reqHistoricalNews", 10276, [86, 42, 756733, "BRFG", "", "", 10, ""]],
  ["reqHistogramData", 10188, [88, 42, ...stock, 0, 1, "3 days"]],
  ["reqWshMetaData", 10276, [100, 42]],
  ["reqWshEventData", 10276, [102, 42, 756733, "", 0, 0, 0, "", "", ""]],
];
const EMPTY: readonly [name: string, fields: Fields, answer: readonly string[] | string][] = [
  ["reqScannerParameters", [24, 1], "19"],
  ["queryDisplayGroups", [67, 1, 42], ["67", "1", "42", ""]],
  ["reqSoftDollarTiers", [79, 42], ["77", "42", "0"]],
  ["reqFamilyCodes", [80], ["78", "0"]],
  ["reqMktDepthExchanges", [82], ["80", "0"]],
  ["reqSmartComponents", [83, 42, "a6"], ["82", "42", "0"]],
  ["reqNewsProviders", [85], ["85", "0"]],
];

let clientId = 0;
const answersTo = async (version: number, ...fields: Fields): Promise<readonly (readonly string[])[]> => {
  clientId += 1;
  const client = await connectRaw(world.gateway.port, version, clientId);
  const before = client.messages.length;
  client.send(messageBytes(...fields), messageBytes(61, 1));
  await client.message(([id]) => id === "62");
  client.destroy();
  return client.messages.slice(before, -1);
};

describe.each([161, 178, 193])("at server version %i", (version) => {
  test.each(REFUSED)("%s is refused with %i, by its id", async (_, code, fields) => {
    const [answer, ...more] = await answersTo(version, ...fields);
    expect([answer?.slice(0, 4), more]).toEqual([["4", "2", "42", String(code)], []]);
  });

  test.each(EMPTY)("%s is answered with nothing in it", async (_, fields, expected) => {
    const [answer, ...more] = await answersTo(version, ...fields);
    expect([typeof expected === "string" ? answer?.[0] : answer, more]).toEqual([expected, []]);
  });
});

test("a request without an id is refused to nobody in particular", async () => {
  expect((await answersTo(178, 18, 1, 1)).map((fields) => fields.slice(0, 4))).toEqual([["4", "2", "-1", "321"]]);
});

test("one that ends before its id is malformed", async () => {
  expect(await answersTo(178, 10, 5)).toEqual([
    ["4", "2", "-1", "320", "Error reading request. reqMktDepth: it ends before reqId, after 1 fields", ""],
  ]);
});

test("IBApi understands the answers", async () => {
  clientId += 1;
  const { api } = await connectIbApi(world.gateway.port, 193, clientId);
  const heard = (event: EventName) => new Promise((resolve) => api.once(event, (...words: unknown[]) => resolve(words)));
  const providers = heard(EventName.newsProviders);
  api.reqNewsProviders();
  expect(await providers).toEqual([[]]);
  const families = heard(EventName.familyCodes);
  api.reqFamilyCodes();
  expect(await families).toEqual([[]]);
  const exchanges = heard(EventName.mktDepthExchanges);
  api.reqMktDepthExchanges();
  expect(await exchanges).toEqual([[]]);
  const refusal = heard(EventName.error);
  api.reqMktDepth(43, { symbol: "SPY" }, 5, true);
  expect(((await refusal) as unknown[]).slice(1, 3)).toEqual([10092, 43]);
  api.disconnect();
});
