/** Contracts and their past: chains with holes, contracts that are not found or have another multiplier, history refused. */
import type { Contract } from "@stoqey/ib";
import type { Listener } from "../../broker/session.ts";
import { type Fault, fault, whenAsked, whenTold } from "../fault.ts";
import { choice, number, share } from "../parameter.ts";

const complain = (to: Listener, reqId: number, code: number, message: string): void =>
  to.tell("error", new Error(message), code, reqId);
const NOT_FOUND = "No security definition has been found for the request";

/** A number in [0, 1) that belongs to a strike. */
const frac = (strike: number, salt: number): number => {
  const wild = Math.sin(strike * 12.9898 + salt * 78.233) * 43_758.5453;
  return wild - Math.floor(wild);
};

export const chainFaults: readonly Fault[] = [
  fault({
    name: "chain.incomplete",
    kind: "state",
    says: "Option chains have holes: some strikes, and some contracts of those that are named, are left out.",
    serves: ["F52"],
    parameters: { share: share("how many are left out; the seed picks, the same each time", 0.3) },
    begin: (stage, { share: part }) => {
      const salt = stage.chance();
      /** The same strikes are missing however often one asks. */
      const missing = (strike: number): boolean => frac(strike, salt) < part;
      return whenTold(stage, ["securityDefinitionOptionParameter", "contractDetails"], (told) => {
        if (told.event === "contractDetails") {
          const { contract } = told.words[1] as { readonly contract: { readonly strike?: number; readonly right?: string } };
          if (!contract.right || contract.strike === undefined || !missing(contract.strike)) told.go();
          return;
        }
        const strikes = told.words[6] as readonly number[];
        told.pass(told.event, [...told.words.slice(0, 6), strikes.filter((strike) => !missing(strike))]);
      });
    },
  }),
  fault({
    name: "chain.unknown",
    kind: "state",
    says: "Contracts that exist are not found (200): expired in the meantime, delisted, or renamed.",
    serves: ["F38", "F52"],
    begin: (stage) =>
      whenAsked(stage, ["reqContractDetails", "reqSecDefOptParams"], ({ from, words }) =>
        complain(from, words[0] as number, 200, NOT_FOUND),
      ),
  }),
  fault({
    name: "history.refused",
    kind: "state",
    says: "162: historical data are refused for pacing, or there are none.",
    serves: ["F12", "F52"],
    parameters: { why: choice("why", ["pacing", "noData"], "pacing") },
    begin: (stage, { why }) =>
      whenAsked(stage, ["reqHistoricalData"], ({ from, words }) =>
        complain(
          from,
          words[0] as number,
          162,
          `Historical Market Data Service error message:${why === "pacing" ? "Historical data request pacing violation" : "HMDS query returned no data"}`,
        ),
      ),
  }),
  fault({
    name: "contract.adjusted",
    kind: "state",
    says: "Contract details name another multiplier, as after a split or a special dividend.",
    serves: ["F38"],
    parameters: { multiplier: number("which", 150) },
    begin: (stage, { multiplier }) =>
      whenTold(stage, ["contractDetails"], ({ event, words, pass }) => {
        const [reqId, details] = words as [number, { readonly contract: Contract }];
        const { contract } = details;
        const adjusted = contract.secType === "OPT" ? { ...contract, multiplier } : contract;
        pass(event, [reqId, { ...details, contract: adjusted }]);
      }),
  }),
];
