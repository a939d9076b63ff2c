/** Requests about the session and the account: 6, 14, 17, 49, 61 to 64, 71, 74 to 77, 92 to 95, 104. */
import { bare, byId, byIdAlone, call, ignored, type RequestTable } from "./request.ts";

export const accountRequests: RequestTable = {
  6: {
    name: "reqAccountUpdates",
    read: (reader) => {
      reader.legacyVersion();
      const subscribe = reader.flag("subscribe") ?? false;
      const account = reader.raw("acctCode");
      return call((client) => client.reqAccountUpdates(subscribe, account));
    },
  },
  14: {
    name: "setServerLogLevel",
    read: (reader) => {
      reader.legacyVersion();
      reader.whole("logLevel");
      return ignored;
    },
  },
  17: bare(
    "reqManagedAccts",
    call((client) => client.reqManagedAccts()),
  ),
  49: bare(
    "reqCurrentTime",
    call((client) => client.reqCurrentTime()),
  ),
  61: bare(
    "reqPositions",
    call((client) => client.reqPositions()),
  ),
  62: {
    name: "reqAccountSummary",
    read: (reader) => {
      reader.legacyVersion();
      const reqId = reader.id("reqId");
      const group = reader.raw("group");
      const tags = reader.raw("tags");
      return call((client) => client.reqAccountSummary(reqId, group, tags));
    },
  },
  63: byId("cancelAccountSummary", (reqId) => call((client) => client.cancelAccountSummary(reqId))),
  64: bare(
    "cancelPositions",
    call((client) => client.cancelPositions()),
  ),
  71: {
    name: "startApi",
    read: (reader) => {
      reader.legacyVersion();
      const clientId = reader.required("clientId");
      reader.raw("optionalCapabilities");
      return { kind: "startApi", clientId };
    },
  },
  74: {
    name: "reqPositionsMulti",
    read: (reader) => {
      reader.legacyVersion();
      const reqId = reader.id("reqId");
      const account = reader.raw("account");
      const model = reader.raw("modelCode");
      return call((client) => client.reqPositionsMulti(reqId, account, model));
    },
  },
  75: byId("cancelPositionsMulti", (reqId) => call((client) => client.cancelPositionsMulti(reqId))),
  76: {
    name: "reqAccountUpdatesMulti",
    read: (reader) => {
      reader.legacyVersion();
      const reqId = reader.id("reqId");
      const account = reader.raw("account");
      const model = reader.raw("modelCode");
      const ledgerAndNlv = reader.flag("ledgerAndNLV") ?? false;
      return call((client) => client.reqAccountUpdatesMulti(reqId, account, model, ledgerAndNlv));
    },
  },
  77: byId("cancelAccountUpdatesMulti", (reqId) => call((client) => client.cancelAccountUpdatesMulti(reqId))),
  92: {
    name: "reqPnL",
    read: (reader) => {
      const reqId = reader.id("reqId");
      const account = reader.raw("account");
      const model = reader.raw("modelCode");
      return call((client) => client.reqPnL(reqId, account, model));
    },
  },
  93: byIdAlone("cancelPnL", (reqId) => call((client) => client.cancelPnL(reqId))),
  94: {
    name: "reqPnLSingle",
    read: (reader) => {
      const reqId = reader.id("reqId");
      const account = reader.raw("account");
      const model = reader.raw("modelCode");
      const conId = reader.required("conId");
      return call((client) => client.reqPnLSingle(reqId, account, model, conId));
    },
  },
  95: byIdAlone("cancelPnLSingle", (reqId) => call((client) => client.cancelPnLSingle(reqId))),
  104: { ...byIdAlone("reqUserInfo", (reqId) => call((client) => client.reqUserInfo(reqId))), since: 167 },
};
