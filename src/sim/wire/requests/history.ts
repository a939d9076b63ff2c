/** Requests for past prices: 20, 25, 87, 90, 96. */
import type { BarSizeSetting, Contract, WhatToShow } from "@stoqey/ib";
import type { FieldReader } from "../fields.ts";
import { isBag, readContract, readLegs } from "./contract.ts";
import { byId, byIdAlone, call, type RequestTable } from "./request.ts";

/** A contract that may have expired. */
const readPastContract = (reader: FieldReader): Contract => {
  const contract = readContract(reader);
  contract.includeExpired = reader.flag("includeExpired") ?? false;
  return contract;
};

export const historyRequests: RequestTable = {
  20: {
    name: "reqHistoricalData",
    read: (reader) => {
      const reqId = reader.id("reqId");
      const contract = readPastContract(reader);
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
  87: {
    name: "reqHeadTimestamp",
    read: (reader) => {
      const reqId = reader.id("reqId");
      const contract = readPastContract(reader);
      const useRth = reader.flag("useRTH") ?? false;
      const show = reader.raw("whatToShow") as WhatToShow;
      const formatDate = reader.whole("formatDate") ?? 1;
      return call((client) => client.reqHeadTimestamp(reqId, contract, show, useRth, formatDate));
    },
  },
  90: byIdAlone("cancelHeadTimestamp", (reqId) => call((client) => client.cancelHeadTimestamp(reqId))),
  96: {
    name: "reqHistoricalTicks",
    read: (reader) => {
      const reqId = reader.id("reqId");
      const contract = readPastContract(reader);
      const start = reader.raw("startDateTime");
      const end = reader.raw("endDateTime");
      const count = reader.required("numberOfTicks");
      const show = reader.raw("whatToShow") as WhatToShow;
      const useRth = reader.flag("useRth") ?? false;
      const ignoreSize = reader.flag("ignoreSize") ?? false;
      reader.raw("miscOptions");
      return call((client) => client.reqHistoricalTicks(reqId, contract, start, end, count, show, useRth, ignoreSize));
    },
  },
};
