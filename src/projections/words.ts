/** How a trader says it: structures, prices, amounts and durations as text. For people only; nothing reads these back. */
import { type Contract, isOption, type Leg } from "../domain/contract.ts";
import type { Denial } from "../domain/denial.ts";
import type { OrderOutcome } from "../domain/events/actors.ts";
import { legName } from "../domain/structure-quote.ts";
import { formatMoney, formatPrice, type Money, type Price, priceUnits } from "../domain/units.ts";

const byStrike = (legs: readonly Leg[]): Leg[] =>
  legs.toSorted((a, b) => a.contract.strike - b.contract.strike || (a.contract.right < b.contract.right ? 1 : -1));

/** `iron condor`, `put vertical`, `call`, or `3-leg structure`. */
export const structureKind = (legs: readonly Leg[]): string => {
  const rights = byStrike(legs)
    .map(({ contract }) => contract.right)
    .join("");
  if (legs.length === 1) return rights === "C" ? "call" : "put";
  if (rights === "PPCC") return "iron condor";
  if (rights === "PP") return "put vertical";
  if (rights === "CC") return "call vertical";
  return `${legs.length}-leg structure`;
};

/** `560/565/620/625`. */
export const strikesOf = (legs: readonly Leg[]): string =>
  byStrike(legs)
    .map(({ contract }) => `${contract.strike / 10_000}`)
    .join("/");

/** `SPY iron condor 560/565/620/625 2026-01-16`. */
export const structureName = (symbol: string, legs: readonly Leg[]): string => {
  const expiry = legs[0]?.contract.expiry;
  return `${symbol} ${structureKind(legs)} ${strikesOf(legs)}${expiry === undefined ? "" : ` ${expiry}`}`;
};

/** `SPY 560P 2026-01-16`, `ES 2026-12-18`, `SPY`. */
export const contractName = (contract: Contract): string => {
  const strike = isOption(contract) ? ` ${legName({ contract, ratio: 1 })}` : "";
  return `${contract.symbol}${strike}${contract.expiry === undefined ? "" : ` ${contract.expiry}`}`;
};

/** How an order ended, as a trader says it. */
export const outcomeWords = (outcome: OrderOutcome): string => (outcome === "notAtBroker" ? "not at the broker" : outcome);

/** A net price in words: `a credit of 1.24`, `a debit of 0.85`, `nothing`. */
export const creditOrDebit = (net: Price): string =>
  net === 0 ? "nothing" : net < 0 ? `a credit of ${formatPrice(priceUnits(-net))}` : `a debit of ${formatPrice(net)}`;

/** `+$12.30`, `-$4.00`, `$0.00`: gains carry their sign. */
export const signedMoney = (amount: Money): string => `${amount > 0 ? "+" : ""}${formatMoney(amount)}`;

/** Whole dollars where there are no cents: `$376`, `$376.40`. */
export const shortMoney = (amount: Money): string => formatMoney(amount).replace(/\.00$/, "");

/** Two decimals (four below 1), thousands separated, no trailing zeros: a figure of a trace or a denial. */
export const figure = (value: number): string => {
  const [whole = "0", fraction] = String(Number(Math.abs(value).toFixed(Math.abs(value) < 1 ? 4 : 2))).split(".");
  const digits = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return `${value < 0 ? "-" : ""}${digits}${fraction === undefined ? "" : `.${fraction}`}`;
};

export const DENIAL_WORDS: { readonly [Reason in Denial["reason"]]: string } = {
  engineNotTrading: "the engine is not trading",
  sessionNotReady: "the gateway session is not ready",
  breakerTripped: "a breaker is tripped",
  breakerProbing: "a breaker is probing",
  noFreeSlot: "no slot is free",
  maxLossPerPosition: "max loss of one position",
  maxLossTotal: "max loss of all positions",
  orderSize: "order size",
  marginUnknown: "the margin is unknown",
  marginAfter: "margin afterwards",
  equityUnknown: "the equity is unknown",
  duplicateIntent: "the strategy has a position already",
  undefinedRisk: "its loss has no bound, and limits.allowUndefinedRisk is off",
  maxLossPerSymbol: "max loss in one symbol",
  maxLossPerGroup: "max loss in symbols that are one bet",
  portfolioUnknown: "the portfolio cannot be measured",
  portfolioDelta: "delta of the portfolio",
  portfolioGamma: "gamma of the portfolio",
  portfolioTheta: "theta of the portfolio",
  portfolioVega: "vega of the portfolio",
};

/** What was seen against what was allowed: `3,760 > 2,000 USD`; nothing where the reason is a state. */
export const againstLimit = (actual: number | null, limit: number | null, unit: string): string => {
  if (actual === null && limit === null) return "";
  const seen = actual === null ? "unknown" : figure(actual);
  if (limit === null) return `${seen} ${unit}`.trim();
  const sign = actual === null ? "against" : actual > limit ? ">" : actual < limit ? "<" : "=";
  return `${seen} ${sign} ${figure(limit)} ${unit}`.trim();
};

export const denialWords = ({ reason, actual, limit, unit }: Denial): string => {
  const numbers = againstLimit(actual, limit, unit);
  return `${DENIAL_WORDS[reason] ?? reason}${numbers === "" ? "" : `: ${numbers}`}`;
};

/** `45 s`, `12 min`, `3 h 05 min`, `2 d 4 h`. */
export const durationWords = (ms: number): string => {
  const seconds = Math.round(ms / 1000);
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${String(minutes % 60).padStart(2, "0")} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
};
