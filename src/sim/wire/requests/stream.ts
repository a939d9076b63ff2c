/** Requests for streams beside the lines of market data: 50, 51, 97, 98. */
import type { TickByTickDataType, WhatToShow } from "@stoqey/ib";
import { readContract } from "./contract.ts";
import { byId, byIdAlone, call, type RequestTable } from "./request.ts";

export const streamRequests: RequestTable = {
  50: {
    name: "reqRealTimeBars",
    read: (reader) => {
      reader.legacyVersion();
      const reqId = reader.id("reqId");
      const contract = readContract(reader);
      const barSeconds = reader.whole("barSize") ?? 5;
      const show = reader.raw("whatToShow") as WhatToShow;
      const useRth = reader.flag("useRTH") ?? false;
      reader.raw("realTimeBarsOptions");
      return call((client) => client.reqRealTimeBars(reqId, contract, barSeconds, show, useRth));
    },
  },
  51: byId("cancelRealTimeBars", (reqId) => call((client) => client.cancelRealTimeBars(reqId))),
  97: {
    name: "reqTickByTickData",
    read: (reader) => {
      const reqId = reader.id("reqId");
      const contract = readContract(reader);
      const type = reader.raw("tickType") as TickByTickDataType;
      const count = reader.whole("numberOfTicks") ?? 0;
      const ignoreSize = reader.flag("ignoreSize") ?? false;
      return call((client) => client.reqTickByTickData(reqId, contract, type, count, ignoreSize));
    },
  },
  98: byIdAlone("cancelTickByTickData", (reqId) => call((client) => client.cancelTickByTickData(reqId))),
};
