/**
 * Why an option is gone from the broker's books: it expired, or it was assigned or exercised and shares stand in its place. Told from
 * positions alone; a notice of the broker's may come a day later or never.
 */
import { sessionOf } from "../calendar/market-calendar.ts";
import { newYorkDay } from "../calendar/new-york.ts";
import type { Discrepancy } from "../events/actors.ts";
import type { EpochMs } from "../units.ts";
import type { Ledger, Theirs } from "./compare.ts";
import type { BookLine } from "./ledger.ts";

/** Shares of others in the account, by symbol, as they stood when no option of ours on that symbol was missing. */
export type SharesBefore = { readonly [symbol: string]: number };

/** More options than this of one symbol gone at once are not sorted out: each is named by its own kind. */
const MOST_GONE = 12;

const isOver = ({ contract: { expiry } }: BookLine, now: EpochMs): boolean => {
  if (expiry === undefined) return false;
  const today = newYorkDay(now);
  return expiry < today || (expiry === today && now >= (sessionOf(today)?.close ?? 0));
};

/** Shares of a symbol in the account that are not ours by our book. */
const otherShares = (ledger: Ledger, theirs: Theirs, symbol: string): number => {
  let shares = 0;
  for (const { contract, quantity } of Object.values(theirs))
    if (contract.secType === "STK" && contract.symbol === symbol) shares += quantity - (ledger[contract.conId]?.quantity ?? 0);
  return shares;
};

/** What delivering the missing quantity brings: a short put assigned and a long call exercised bring shares, the others take them. */
const delivered = ({ contract }: BookLine, { ours, theirs }: Discrepancy): number =>
  ((ours ?? 0) - (theirs ?? 0)) * contract.multiplier * (contract.right === "C" ? 1 : -1);

/** The first of the amounts, in order, that add up to the sum; undefined when none do. */
const addingUp = (amounts: readonly number[], sum: number, from = 0): readonly number[] | undefined => {
  if (sum === 0) return [];
  for (let n = from; n < amounts.length; n++) {
    const rest = addingUp(amounts, sum - (amounts[n] as number), n + 1);
    if (rest !== undefined) return [n, ...rest];
  }
  return undefined;
};

const lineOf = (ledger: Ledger, { conId }: Discrepancy): BookLine | undefined =>
  conId === undefined ? undefined : ledger[conId];
/** Less of an option than we hold, and no reversal. */
const isGone = (found: Discrepancy, line: BookLine | undefined): boolean => {
  const [ours, theirs] = [found.ours ?? 0, found.theirs ?? 0];
  return (
    line?.contract.secType === "OPT" && Math.abs(theirs) < Math.abs(ours) && ours * theirs >= 0 && found.kind !== "averageCost"
  );
};

/**
 * The same differences, none more and none fewer, with *assigned* for options whose missing quantity explains the shares that came or
 * went, and for these shares; *expired* for options of which nothing is left after their last session.
 */
export const withCauses = (
  found: readonly Discrepancy[],
  { ledger, theirs, before, now }: { ledger: Ledger; theirs: Theirs; before: SharesBefore; now: EpochMs },
): Discrepancy[] => {
  const gone = new Map<string, Discrepancy[]>();
  for (const one of found) {
    const line = lineOf(ledger, one);
    if (line === undefined || !isGone(one, line)) continue;
    const { symbol } = line.contract;
    gone.set(symbol, [...(gone.get(symbol) ?? []), one]);
  }
  const assigned = new Set<Discrepancy>();
  const delivering = new Map<string, readonly string[]>();
  for (const [symbol, options] of gone) {
    const moved = otherShares(ledger, theirs, symbol) - (before[symbol] ?? 0);
    if (moved === 0 || options.length > MOST_GONE) continue;
    const amounts = options.map((one) => delivered(lineOf(ledger, one) as BookLine, one));
    const which = (addingUp(amounts, moved) ?? []).map((n) => options[n] as Discrepancy);
    for (const one of which) assigned.add(one);
    if (which.length > 0) delivering.set(symbol, [...new Set(which.flatMap(({ slots }) => slots ?? []))].sort());
  }
  return found.map((one) => {
    const line = lineOf(ledger, one);
    if (assigned.has(one)) return { ...one, kind: "assigned" };
    if (line !== undefined && isGone(one, line) && one.theirs === 0 && isOver(line, now)) return { ...one, kind: "expired" };
    const contract = line?.contract ?? theirs[one.conId ?? ""]?.contract;
    const slots = contract?.secType === "STK" ? delivering.get(contract.symbol) : undefined;
    if (slots === undefined || one.kind === "averageCost") return one;
    return { ...one, kind: "assigned", ...(slots.length === 0 ? {} : { slots }) };
  });
};

/** Others' shares in the symbols of our options as they stand now; those of a symbol with an option gone stay as they were. */
export const sharesNow = (
  found: readonly Discrepancy[],
  { ledger, theirs, before }: { ledger: Ledger; theirs: Theirs; before: SharesBefore },
): SharesBefore => {
  const unsettled = new Set(
    found.flatMap((one) => {
      const line = lineOf(ledger, one);
      return isGone(one, line) || (one.kind === "assigned" && line?.contract.secType === "OPT") ? [line?.contract.symbol] : [];
    }),
  );
  const symbols = new Set(Object.values(ledger).flatMap(({ contract }) => (contract.secType === "OPT" ? [contract.symbol] : [])));
  return Object.fromEntries(
    [...symbols]
      .sort()
      .map((symbol) => [symbol, unsettled.has(symbol) ? (before[symbol] ?? 0) : otherShares(ledger, theirs, symbol)]),
  );
};
