/** Requests about orders and executions: 3, 4, 5, 7, 8, 15, 16, 58, 99. */
import type { ExecutionFilter } from "@stoqey/ib";
import { FieldsInto } from "../fields.ts";
import { placeOrder } from "./place-order.ts";
import { bare, call, type RequestTable } from "./request.ts";

/** From this version on, cancels carry who gave the order by hand and lose their legacy version. */
const CME_TAGGING = 192;

export const orderRequests: RequestTable = {
  3: placeOrder,
  4: {
    name: "cancelOrder",
    read: (reader, serverVersion) => {
      if (serverVersion < CME_TAGGING) reader.legacyVersion();
      const orderId = reader.id("orderId");
      if (serverVersion >= 169) reader.raw("manualOrderCancelTime");
      if (serverVersion >= 187 && serverVersion < 190) {
        for (const what of ["external user id", "extOperator", "manualOrderIndicator"]) reader.raw(what);
      }
      if (serverVersion >= CME_TAGGING) {
        reader.raw("extOperator");
        reader.whole("manualOrderIndicator");
      }
      return call((client) => client.cancelOrder(orderId));
    },
  },
  5: bare(
    "reqOpenOrders",
    call((client) => client.reqOpenOrders()),
  ),
  7: {
    name: "reqExecutions",
    read: (reader) => {
      reader.legacyVersion();
      const reqId = reader.id("reqId");
      const filter = new FieldsInto<ExecutionFilter>({}, reader);
      filter.texts("clientId", "acctCode", "time", "symbol", "secType", "exchange", "side");
      return call((client) => client.reqExecutions(reqId, filter.target));
    },
  },
  8: {
    name: "reqIds",
    read: (reader) => {
      reader.legacyVersion();
      reader.whole("numIds");
      return call((client) => client.reqIds());
    },
  },
  15: {
    name: "reqAutoOpenOrders",
    read: (reader) => {
      reader.legacyVersion();
      const bind = reader.flag("bind") ?? false;
      return call((client) => client.reqAutoOpenOrders(bind));
    },
  },
  16: bare(
    "reqAllOpenOrders",
    call((client) => client.reqAllOpenOrders()),
  ),
  58: {
    name: "reqGlobalCancel",
    read: (reader, serverVersion) => {
      if (serverVersion < CME_TAGGING) reader.legacyVersion();
      else {
        reader.raw("extOperator");
        reader.whole("manualOrderIndicator");
      }
      return call((client) => client.reqGlobalCancel());
    },
  },
  99: {
    name: "reqCompletedOrders",
    read: (reader) => {
      const apiOnly = reader.flag("apiOnly") ?? false;
      return call((client) => client.reqCompletedOrders(apiOnly));
    },
  },
};
