/** Requests for what can be traded: 9, 78, 81 and 91. */
import { FieldsInto } from "../fields.ts";
import { readContract } from "./contract.ts";
import { call, type RequestTable } from "./request.ts";

export const referenceRequests: RequestTable = {
  9: {
    name: "reqContractDetails",
    read: (reader, serverVersion) => {
      reader.legacyVersion();
      const reqId = reader.id("reqId");
      const into = new FieldsInto(readContract(reader), reader);
      into.flags("includeExpired").texts("secIdType", "secId");
      if (serverVersion >= 176) into.texts("issuerId");
      return call((client) => client.reqContractDetails(reqId, into.target));
    },
  },
  78: {
    name: "reqSecDefOptParams",
    read: (reader) => {
      const reqId = reader.id("reqId");
      const symbol = reader.raw("underlyingSymbol");
      const exchange = reader.raw("futFopExchange");
      const secType = reader.raw("underlyingSecType");
      const conId = reader.whole("underlyingConId") ?? 0;
      return call((client) => client.reqSecDefOptParams(reqId, symbol, exchange, secType, conId));
    },
  },
  81: {
    name: "reqMatchingSymbols",
    read: (reader) => {
      const reqId = reader.id("reqId");
      const pattern = reader.raw("pattern");
      return call((client) => client.reqMatchingSymbols(reqId, pattern));
    },
  },
  91: {
    name: "reqMarketRule",
    read: (reader) => {
      const ruleId = reader.required("marketRuleId");
      return call((client) => client.reqMarketRule(ruleId));
    },
  },
};
