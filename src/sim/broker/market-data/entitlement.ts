/**
 * What an account may see of which contracts, and in which of IB's four data types a line therefore speaks. The answers are
 * IB's: 354, 10089, 10090, 10167, 10168. Whether an option's computations are allowed (10091) is the lines' question.
 */
import type { ContractDetails } from "../../../domain/contract.ts";
import { type IbError, isError } from "../resolve.ts";

/**
 * `live`: everything. `partial`: live quotes after notice 10090, without the generic ticks that other subscriptions pay for.
 * `delayed`: 15 minutes behind for who asks for types 3 or 4 (10167), else 354. `delayed-unasked`: as `delayed`, but who asks for live data
 * gets the delayed ones after notice 10089. `none`: 354, or 10168 for who asks for delayed data.
 */
export type Entitlement = "live" | "partial" | "delayed" | "delayed-unasked" | "none";

/**
 * By asset class (`OPT`) or asset class at an exchange (`FUT@CME`), the closer one first; what is not named is live. Replace the object to change
 * it: open lines are judged anew at the next advance.
 */
export type Entitlements = Readonly<Record<string, Entitlement>>;

/** 1 live, 2 frozen (the last quotes of a closed market), 3 delayed, 4 delayed and frozen. */
export type DataType = 1 | 2 | 3 | 4;

export const entitlementOf = (entitlements: Entitlements, { contract }: ContractDetails): Entitlement =>
  entitlements[`${contract.secType}@${contract.exchange}`] ?? entitlements[contract.secType] ?? "live";

/** How a line may speak: delayed or not, with all ticks or not, after which notice. */
export interface Grant {
  readonly delayed: boolean;
  readonly partial: boolean;
  readonly notice: IbError | undefined;
}

const NOT_SUBSCRIBED = "Requested market data is not subscribed.";
const RANK: readonly Entitlement[] = ["live", "partial", "delayed-unasked", "delayed", "none"];

/** The least of what the legs are entitled to decides. */
export const grantFor = (entitlements: Entitlements, legs: readonly ContractDetails[], asked: DataType): Grant | IbError => {
  let least = 0;
  let named = legs[0];
  for (const leg of legs) {
    const rank = RANK.indexOf(entitlementOf(entitlements, leg));
    if (rank <= least) continue;
    least = rank;
    named = leg;
  }
  const about = named === undefined ? "" : `${named.contract.symbol} ${named.contract.exchange}/TOP/ALL`;
  const asksDelayed = asked >= 3;
  switch (RANK[least] as Entitlement) {
    case "live":
      return { delayed: false, partial: false, notice: undefined };
    case "partial": {
      const text = `Part of requested market data is not subscribed. Subscription-independent ticks are still active.${about}`;
      return { delayed: false, partial: true, notice: { code: 10090, text } };
    }
    case "delayed-unasked":
      if (asksDelayed) return delayed();
      return delayed(
        10089,
        `Requested market data requires additional subscription for API. Delayed market data is available.${about}`,
      );
    case "delayed":
      if (asksDelayed) return delayed();
      return { code: 354, text: `${NOT_SUBSCRIBED} Delayed market data is available.${about}` };
    case "none":
      if (asksDelayed) return { code: 10168, text: `${NOT_SUBSCRIBED} Delayed market data is not enabled.` };
      return {
        code: 354,
        text: `${NOT_SUBSCRIBED} Check API status by selecting the Account menu then under Management choose Market Data Subscription Manager.${about}`,
      };
  }
};

const delayed = (code = 10167, text = `${NOT_SUBSCRIBED} Displaying delayed market data.`): Grant => ({
  delayed: true,
  partial: false,
  notice: { code, text },
});

/** The type that a line announces: frozen only for who asks for it, while its market is closed. */
export const typeShown = (grant: Grant, asked: DataType, isOpen: boolean): DataType => {
  const frozen = !isOpen && (asked === 2 || asked === 4);
  if (grant.delayed) return frozen ? 4 : 3;
  return frozen ? 2 : 1;
};

export const isGrant = (answer: Grant | IbError): answer is Grant => !isError(answer);
