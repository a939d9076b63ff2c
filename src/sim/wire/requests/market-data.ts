/** Requests for prices, live and past: 1, 2, 20, 25, 59. */
import type { BarSizeSetting, MarketDataType, WhatToShow } from "@stoqey/ib";
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
  20: {
    name: "reqHistoricalData",
    read: (reader) => {
      const reqId = reader.id("reqId");
      const contract = readContract(reader);
      contract.includeExpired = reader.flag("includeExpired") ?? false;
      const end = reader.text("endDateTime");
      const barSize = reader.raw("barSizeSetting") as BarSizeSetting;
      const duration = reader.raw("durationStr");
      const useRth = reader.flag("useRTH") ?? false;
      const show = reader.raw("whatToShow") as WhatToShow;
      const formatDate = reader.whole("formatDate") ?? 1;
      if (isBag(contract)) readLegs(reader, contract);
      const keepUpToDate = reader.flag("keepUpToDate") ?? false;
      reader.raw("chartOptions");
      return call((client) =>
        client.reqHistoricalData(reqId, contract, end, duration, barSize, show, useRth, formatDate, keepUpToDate),
      );
    },
  },
  25: byId("cancelHistoricalData", (reqId) => call((client) => client.cancelHistoricalData(reqId), reqId)),
  59: {
    name: "reqMarketDataType",
    read: (reader) => {
      reader.legacyVersion();
      const type = reader.required("marketDataType") as MarketDataType;
      return call((client) => client.reqMarketDataType(type));
    },
  },
};
