/** Requests for live prices by line: 1, 2, 59. */
import type { MarketDataType } from "@stoqey/ib";
import { isBag, readContract, readDeltaNeutral, readLegs } from "./contract.ts";
import { byId, call, type RequestTable } from "./request.ts";

export const marketDataRequests: RequestTable = {
  1: {
    name: "reqMktData",
    read: (reader) => {
      reader.legacyVersion();
      const reqId = reader.id("reqId");
      const contract = readContract(reader);
      if (isBag(contract)) readLegs(reader, contract);
      readDeltaNeutral(reader, contract);
      const genericTicks = reader.raw("genericTickList");
      const snapshot = reader.flag("snapshot") ?? false;
      const regulatory = reader.flag("regulatorySnapshot") ?? false;
      reader.raw("options");
      return call((client) => client.reqMktData(reqId, contract, genericTicks, snapshot, regulatory), reqId);
    },
  },
  2: byId("cancelMktData", (reqId) => call((client) => client.cancelMktData(reqId), reqId)),
  59: {
    name: "reqMarketDataType",
    read: (reader) => {
      reader.legacyVersion();
      const type = reader.required("marketDataType") as MarketDataType;
      return call((client) => client.reqMarketDataType(type));
    },
  },
};
