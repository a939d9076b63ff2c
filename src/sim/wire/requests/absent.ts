/**
 * Requests that a gateway knows and this one does not offer: depth, news, scanners, fundamentals, advisors' groups, histograms,
 * display groups, event calendars. A client waits for an answer to most of them, so each is answered as by a gateway whose user
 * lacks the subscription: by its error where it has an id, by an empty list where it has none. Their contents are not looked at.
 */
import type { FieldReader } from "../fields.ts";
import {
  displayGroups,
  familyCodes,
  marketDepthExchanges,
  newsProviders,
  scannerParameters,
  smartComponents,
  softDollarTiers,
} from "../responses/absent.ts";
import { errorMessage, NO_SUBJECT } from "../responses/notice.ts";
import { ignored, type Request, type RequestForm, type RequestTable } from "./request.ts";

const answer = (message: readonly string[]): Request => ({ kind: "answer", message: () => message });

/** Answered by an error of the request's own. `legacy` when a version comes before its id. */
const refused = (name: string, code: number, text: string | ((id: number) => string), legacy: boolean): RequestForm => ({
  name,
  read: (reader) => {
    if (legacy) reader.legacyVersion();
    const id = reader.id("reqId");
    reader.skipRest();
    const message = typeof text === "string" ? text : text(id);
    return { kind: "answer", message: (serverVersion) => errorMessage(serverVersion, id, code, message) };
  },
});

const passedOver = (name: string): RequestForm => ({
  name,
  read: (reader) => {
    reader.skipRest();
    return ignored;
  },
});

/** A list of which there is nothing. */
const empty = (
  name: string,
  message: (reqId: number) => readonly string[],
  id: (reader: FieldReader) => number,
): RequestForm => ({
  name,
  read: (reader) => {
    const reqId = id(reader);
    reader.skipRest();
    return answer(message(reqId));
  },
});
const none = (): number => NO_SUBJECT;
const first = (reader: FieldReader): number => reader.id("reqId");
const second = (reader: FieldReader): number => {
  reader.legacyVersion();
  return reader.id("reqId");
};

const NO_ADVISOR = "Error validating request.-'bI' : cause - FA data operations ignored for non FA customers.";
const SINCE_CALENDARS = 161;

export const absentRequests: RequestTable = {
  10: refused("reqMktDepth", 10092, "Deep market data is not supported for this combination of security type/exchange", true),
  11: refused("cancelMktDepth", 310, (id) => `Can't find the subscribed market depth with tickerId:${id}`, true),
  12: passedOver("reqNewsBulletins"),
  13: passedOver("cancelNewsBulletins"),
  18: {
    name: "requestFA",
    read: (reader) => {
      reader.skipRest();
      return { kind: "answer", message: (serverVersion) => errorMessage(serverVersion, NO_SUBJECT, 321, NO_ADVISOR) };
    },
  },
  19: {
    name: "replaceFA",
    read: (reader) => {
      reader.legacyVersion();
      reader.raw("faDataType");
      reader.raw("xml");
      const id = reader.id("reqId");
      return { kind: "answer", message: (serverVersion) => errorMessage(serverVersion, id, 321, NO_ADVISOR) };
    },
  },
  22: refused(
    "reqScannerSubscription",
    162,
    "Historical Market Data Service error message:API scanner subscriptions are not offered by this simulated gateway",
    false,
  ),
  23: refused("cancelScannerSubscription", 365, (id) => `No scanner subscription found for ticker id:${id}`, true),
  24: empty("reqScannerParameters", scannerParameters, none),
  52: refused(
    "reqFundamentalData",
    430,
    "The fundamentals data for the security specified is not available. No fundamentals in this simulated gateway",
    true,
  ),
  53: passedOver("cancelFundamentalData"),
  67: empty("queryDisplayGroups", displayGroups, second),
  68: refused("subscribeToGroupEvents", 321, "Error validating request.-'bI' : cause - There is no such display group", true),
  69: passedOver("updateDisplayGroup"),
  70: passedOver("unsubscribeFromGroupEvents"),
  79: empty("reqSoftDollarTiers", softDollarTiers, first),
  80: empty("reqFamilyCodes", familyCodes, none),
  82: empty("reqMktDepthExchanges", marketDepthExchanges, none),
  83: empty("reqSmartComponents", smartComponents, first),
  84: refused("reqNewsArticle", 10172, "Failed to request news article:No data available", false),
  85: empty("reqNewsProviders", newsProviders, none),
  86: refused("reqHistoricalNews", 10276, "News feed is not allowed.", false),
  88: refused("reqHistogramData", 10188, "Failed to request histogram data:No data available", false),
  89: passedOver("cancelHistogramData"),
  100: { ...refused("reqWshMetaData", 10276, "News feed is not allowed.", false), since: SINCE_CALENDARS },
  101: { ...passedOver("cancelWshMetaData"), since: SINCE_CALENDARS },
  102: { ...refused("reqWshEventData", 10276, "News feed is not allowed.", false), since: SINCE_CALENDARS },
  103: { ...passedOver("cancelWshEventData"), since: SINCE_CALENDARS },
};
