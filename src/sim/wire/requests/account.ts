/** Requests about the session and the account: 14, 17, 49, 61 to 64, 71. */
import { bare, byId, call, ignored, type RequestTable } from "./request.ts";

export const accountRequests: RequestTable = {
  14: {
    name: "setServerLogLevel",
    read: (reader) => {
      reader.legacyVersion();
      reader.whole("logLevel");
      return ignored;
    },
  },
  17: bare("reqManagedAccts", { kind: "managedAccounts" }),
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
};
