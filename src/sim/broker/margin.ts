/**
 * What an account must hold against its positions: Regulation T, simplified.
 *
 * - Long options: paid in full, no requirement, and no loan value either.
 * - Options of one underlying and expiry together: the worst payoff at expiry over their strikes. For defined-risk structures
 *   that is the wider wing; with the credit in cash it ties up exactly the maximum loss.
 * - Shorts that nothing covers (beyond the outermost strikes): mark + the larger of 20 % of the underlying less the amount out
 *   of the money, and 10 % of the underlying (puts: of the strike); of a naked call and put the larger, plus the other's mark.
 *   Calls may be covered by long stock.
 * - Stock: 50 % initial, 25 % maintenance (short 30 %).
 * - Futures: a flat figure a contract, below; unknown ones 10 % of their value. Maintenance 90 %. SPAN is not modelled.
 * - Calendars and diagonals: a long that its own expiry does not need covers a short of an earlier one as if it expired with it;
 *   never the other way round.
 * Cash and retirement accounts pay in full: stock its value, short puts their strike, nothing covers anything else.
 */
import type { ContractDetails } from "../../domain/contract.ts";
import { type Money, moneyUnits, notional, type Price, roundHalfAway } from "../../domain/units.ts";

/** Initial margin a contract in dollars, near the exchange's figures of 2024: good for sizing, not for decisions. */
const FUTURES_INITIAL_DOLLARS: { readonly [symbol: string]: number } = {
  ES: 14_000,
  MES: 1_400,
  NQ: 20_000,
  MNQ: 2_000,
  RTY: 7_500,
  M2K: 750,
};
const FUTURES_MAINTENANCE = 0.9;
const STOCK_INITIAL = 0.5;
const STOCK_MAINTENANCE_LONG = 0.25;
const STOCK_MAINTENANCE_SHORT = 0.3;
const NAKED_SHARE = 0.2;
const NAKED_FLOOR = 0.1;

export type AccountKind = "margin" | "cash" | "ira";

export interface Margin {
  readonly initial: Money;
  readonly maintenance: Money;
  /** False when a price that the figures depend on is not known: they are then too low. */
  readonly known: boolean;
}
export interface Held {
  readonly details: ContractDetails;
  readonly quantity: number;
}
/** The price at which a contract is valued now; for an underlying that nobody holds too. Undefined when unknown. */
export type Marks = (conId: number) => Price | undefined;

const scaled = (amount: number, factor: number): Money => moneyUnits(roundHalfAway(amount * factor));

const intrinsic = (right: "C" | "P", strike: Price, spot: Price): number =>
  Math.max(0, right === "C" ? spot - strike : strike - spot);

interface OptionLine {
  readonly conId: number;
  readonly underlying: number;
  readonly right: "C" | "P";
  readonly strike: Price;
  readonly multiplier: number;
  readonly quantity: number;
}

/** The worst payoff at expiry at any of the strikes, as a positive requirement. Between them the payoff is linear. */
const worstBetweenStrikes = (lines: readonly OptionLine[]): number => {
  let worst = 0;
  for (const { strike: spot } of lines) {
    let payoff = 0;
    for (const line of lines) payoff += line.quantity * line.multiplier * intrinsic(line.right, line.strike, spot);
    worst = Math.min(worst, payoff);
  }
  return -worst;
};

interface Naked {
  readonly rule: number;
  readonly mark: number;
}

/** The requirement of `count` shorts of one right that nothing covers, at the dearest of the shorts. */
const naked = (lines: readonly OptionLine[], right: "C" | "P", count: number, marks: Marks): Naked => {
  let dearest: Naked = { rule: 0, mark: 0 };
  for (const line of lines) {
    if (line.right !== right || line.quantity >= 0 || count <= 0) continue;
    const spot = marks(line.underlying) ?? line.strike;
    const outOfTheMoney = Math.max(0, right === "C" ? line.strike - spot : spot - line.strike);
    const floor = NAKED_FLOOR * (right === "C" ? spot : line.strike);
    const rule = Math.max(NAKED_SHARE * spot - outOfTheMoney, floor) * line.multiplier * count;
    const mark = (marks(line.conId) ?? intrinsic(right, line.strike, spot)) * line.multiplier * count;
    if (rule + mark > dearest.rule + dearest.mark) dearest = { rule, mark };
  }
  return dearest;
};

const optionsMargin = (
  lines: readonly OptionLine[],
  sharesLong: number,
  marks: Marks,
): { margin: number; sharesUsed: number } => {
  const net = (right: "C" | "P"): number => lines.reduce((sum, line) => (line.right === right ? sum + line.quantity : sum), 0);
  const multiplier = lines[0]?.multiplier ?? 1;
  const shortCalls = Math.max(0, -net("C"));
  const coveredCalls = Math.min(shortCalls, Math.floor(sharesLong / multiplier));
  const call = naked(lines, "C", shortCalls - coveredCalls, marks);
  const put = naked(lines, "P", Math.max(0, -net("P")), marks);
  return {
    margin: worstBetweenStrikes(lines) + Math.max(call.rule, put.rule) + call.mark + put.mark,
    sharesUsed: coveredCalls * multiplier,
  };
};

/** Of a group's shorts of one right, how many its own longs leave uncovered; negative: longs to spare. */
const uncovered = (lines: readonly OptionLine[], right: "C" | "P"): number =>
  -lines.reduce((sum, line) => (line.right === right ? sum + line.quantity : sum), 0);

/** Lends the longs that later expiries do not need to the uncovered shorts of earlier ones. `groups` are by expiry, earliest first. */
const lendLongs = (groups: readonly OptionLine[][]): void => {
  for (const right of ["C", "P"] as const)
    groups.forEach((early, at) => {
      for (const late of groups.slice(at + 1)) {
        let count = Math.min(Math.max(0, uncovered(early, right)), Math.max(0, -uncovered(late, right)));
        // The nearer to the money the better a long covers.
        const longs = late
          .filter((line) => line.right === right && line.quantity > 0)
          .sort((a, b) => (right === "C" ? a.strike - b.strike : b.strike - a.strike));
        for (const long of longs) {
          const lent = Math.min(count, long.quantity);
          if (lent <= 0) continue;
          late[late.indexOf(long)] = { ...long, quantity: long.quantity - lent };
          early.push({ ...long, quantity: lent });
          count -= lent;
        }
      }
    });
};

/** Are all prices known that a group's requirement depends on? Only of shorts that nothing covers. */
const isGroupKnown = (lines: readonly OptionLine[], marks: Marks): boolean =>
  (uncovered(lines, "C") <= 0 && uncovered(lines, "P") <= 0) ||
  lines.every((line) => line.quantity >= 0 || (marks(line.underlying) !== undefined && marks(line.conId) !== undefined));

/** Initial and maintenance margin of everything held together. */
export const marginOf = (held: Iterable<Held>, marks: Marks, kind: AccountKind = "margin"): Margin => {
  let initial = 0;
  let maintenance = 0;
  let known = true;
  const groups = new Map<string, Map<string, OptionLine[]>>();
  const shares = new Map<number, number>();
  for (const { details, quantity } of held) {
    const { contract } = details;
    if (quantity === 0) continue;
    if (contract.right !== undefined && contract.strike !== undefined) {
      if (kind !== "margin") {
        if (contract.right === "P" && quantity < 0) {
          const secured = contract.strike * contract.multiplier * -quantity;
          initial += secured;
          maintenance += secured;
        }
        continue;
      }
      const key = `${details.underlyingConId}/${contract.multiplier}`;
      const ofUnderlying = groups.get(key) ?? new Map<string, OptionLine[]>();
      const expiry = contract.expiry ?? "";
      const lines = ofUnderlying.get(expiry) ?? [];
      lines.push({
        conId: contract.conId,
        underlying: details.underlyingConId,
        right: contract.right,
        strike: contract.strike,
        multiplier: contract.multiplier,
        quantity,
      });
      ofUnderlying.set(expiry, lines);
      groups.set(key, ofUnderlying);
      continue;
    }
    const mark = marks(contract.conId);
    const value = Math.abs(notional(mark ?? (0 as Price), contract.multiplier, quantity));
    if (contract.secType === "FUT") {
      const each = FUTURES_INITIAL_DOLLARS[contract.symbol];
      const flatFigure = each === undefined ? value * NAKED_FLOOR : each * 10_000 * Math.abs(quantity);
      known &&= each !== undefined || mark !== undefined;
      initial += flatFigure;
      maintenance += flatFigure * FUTURES_MAINTENANCE;
    } else {
      const inFull = kind !== "margin";
      known &&= mark !== undefined;
      initial += value * (inFull ? 1 : STOCK_INITIAL);
      maintenance += value * (inFull ? 1 : quantity > 0 ? STOCK_MAINTENANCE_LONG : STOCK_MAINTENANCE_SHORT);
      if (quantity > 0) shares.set(contract.conId, quantity);
    }
  }
  for (const [key, ofUnderlying] of [...groups].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const underlying = Number(key.split("/")[0]);
    const byExpiry = [...ofUnderlying].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, lines]) => lines);
    lendLongs(byExpiry);
    for (const lines of byExpiry) {
      const { margin, sharesUsed } = optionsMargin(lines, shares.get(underlying) ?? 0, marks);
      shares.set(underlying, (shares.get(underlying) ?? 0) - sharesUsed);
      known &&= isGroupKnown(lines, marks);
      initial += margin;
      maintenance += margin;
    }
  }
  return { initial: scaled(initial, 1), maintenance: scaled(maintenance, 1), known };
};
