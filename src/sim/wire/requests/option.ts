/** Requests that only options know: 21 exercise and lapse, 54 and 55 calculations, 56 and 57 their cancels. */
import type { OptionExerciseAction } from "@stoqey/ib";
import { readContract } from "./contract.ts";
import { byId, call, type RequestTable } from "./request.ts";

export const optionRequests: RequestTable = {
  21: {
    name: "exerciseOptions",
    read: (reader, serverVersion) => {
      reader.legacyVersion();
      const reqId = reader.id("reqId");
      const contract = readContract(reader, false);
      const action = reader.required("exerciseAction") as OptionExerciseAction;
      const quantity = reader.required("exerciseQuantity");
      const account = reader.raw("account");
      // A flag in one client, a number in another.
      const override = reader.flag("override") === true ? 1 : 0;
      if (serverVersion >= 180) reader.raw("manualOrderTime");
      if (serverVersion >= 183) reader.raw("customerAccount");
      if (serverVersion >= 184) reader.flag("professionalCustomer");
      return call((client) => client.exerciseOptions(reqId, contract, action, quantity, account, override));
    },
  },
  54: {
    name: "calculateImpliedVolatility",
    read: (reader) => {
      reader.legacyVersion();
      const reqId = reader.id("reqId");
      const contract = readContract(reader);
      const optionPrice = reader.requiredReal("optionPrice");
      const underlyingPrice = reader.requiredReal("underPrice");
      reader.lastOptions();
      return call((client) => client.calculateImpliedVolatility(reqId, contract, optionPrice, underlyingPrice));
    },
  },
  55: {
    name: "calculateOptionPrice",
    read: (reader) => {
      reader.legacyVersion();
      const reqId = reader.id("reqId");
      const contract = readContract(reader);
      const volatility = reader.requiredReal("volatility");
      const underlyingPrice = reader.requiredReal("underPrice");
      reader.lastOptions();
      return call((client) => client.calculateOptionPrice(reqId, contract, volatility, underlyingPrice));
    },
  },
  56: byId("cancelCalculateImpliedVolatility", (reqId) => call((client) => client.cancelCalculateImpliedVolatility(reqId))),
  57: byId("cancelCalculateOptionPrice", (reqId) => call((client) => client.cancelCalculateOptionPrice(reqId))),
};
