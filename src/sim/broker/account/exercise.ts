/**
 * Exercise of long options on stock at the holder's wish (`exerciseOptions`): noted during the day, booked over night. A wish to let
 * an option lapse keeps the clearing house from exercising it at its expiry.
 */
import { type Account, markOf } from "../account.ts";
import type { Floor } from "../floor.ts";
import { isError, theListing } from "../resolve.ts";
import type { FurtherRequests } from "../session.ts";

const EXERCISE = 1;
const LAPSE = 2;

export interface SavedExercise {
  readonly account: string;
  readonly conId: number;
  readonly contracts: number;
  readonly lapse: boolean;
}

export interface Exercises {
  readonly requests: Pick<FurtherRequests, "exerciseOptions">;
  /** What is to be booked tonight, and is noted no more. */
  take(): readonly SavedExercise[];
  /** How many contracts of a position are to lapse at expiry. */
  lapsing(account: string, conId: number): number;
  saved(): readonly SavedExercise[];
}

export const createExercises = (floor: Floor, before: readonly SavedExercise[]): Exercises => {
  const { market } = floor;
  let noted: readonly SavedExercise[] = before;
  const sumOf = (account: string, conId: number, lapse?: boolean): number =>
    noted.reduce(
      (sum, one) =>
        sum +
        (one.account === account && one.conId === conId && (lapse === undefined || one.lapse === lapse) ? one.contracts : 0),
      0,
    );
  /** Why it cannot be; undefined when it can. */
  const objection = (
    account: Account | undefined,
    conId: number,
    right: string | undefined,
    contracts: number,
  ): string | undefined => {
    if (account === undefined) return "Invalid account code";
    if (right === undefined) return "Only options can be exercised";
    const held = account.position(conId)?.quantity ?? 0;
    return contracts > held - sumOf(account.id, conId) ? "Exercise quantity exceeds the long position" : undefined;
  };

  return {
    requests: {
      exerciseOptions: (from, reqId, contract, action, quantity, name, override) => {
        const refuse = (why: string, code = 321): void =>
          from.tell("error", new Error(code === 321 ? `Error validating request.-'bS' : cause - ${why}` : why), code, reqId);
        const details = theListing(market, contract);
        if (isError(details)) return refuse(details.text, details.code);
        const { conId, right, strike, secType } = details.contract;
        // Options on an index are European, and worth cash by themselves.
        if (market.byConId(details.underlyingConId)?.contract.secType === "IND")
          return refuse("The option cannot be exercised before its expiry");
        if (action !== EXERCISE && action !== LAPSE) return refuse("Invalid exercise action");
        if (!Number.isSafeInteger(quantity) || quantity <= 0) return refuse("Invalid exercise quantity");
        const account = name === "" ? [...floor.accounts.values()][0] : floor.accounts.get(name);
        const why = objection(account, conId, secType === "OPT" ? right : undefined, quantity);
        if (why !== undefined || account === undefined) return refuse(why ?? "");
        const spot = markOf(market, details.underlyingConId);
        const inTheMoney = spot === undefined || strike === undefined ? undefined : right === "C" ? spot - strike : strike - spot;
        // Against one's own interest only on purpose: an exercise out of the money, a lapse in it.
        const unwise = inTheMoney === undefined || (action === EXERCISE ? inTheMoney <= 0 : inTheMoney > 0);
        if (unwise && override !== 1)
          return refuse(
            action === EXERCISE
              ? "The option is not in the money; override is needed"
              : "The option is in the money; override is needed",
          );
        noted = [...noted, { account: account.id, conId, contracts: quantity, lapse: action === LAPSE }];
        floor.changed();
      },
    },
    take: () => {
      const going = noted.filter(({ lapse }) => !lapse);
      noted = noted.filter(
        ({ lapse, account, conId }) => lapse && (floor.accounts.get(account)?.position(conId)?.quantity ?? 0) > 0,
      );
      // Sold meanwhile: there is no more to exercise than is held.
      return going.flatMap((one) => {
        const held = floor.accounts.get(one.account)?.position(one.conId)?.quantity ?? 0;
        const contracts = Math.min(one.contracts, held);
        return contracts > 0 ? [{ ...one, contracts }] : [];
      });
    },
    lapsing: (account, conId) => sumOf(account, conId, true),
    saved: () => noted,
  };
};
