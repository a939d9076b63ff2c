/**
 * What a strategy's offer for a roll is worth to a slot: only a net credit that is left when the commissions of both structures are paid.
 * Two legs for two, or one for one, are rolled in one order; anything else is closed, and entered again. Pure.
 */
import { type Leg, reversed } from "../domain/contract.ts";
import type { Candidate, EntryEvent } from "../domain/events/actors.ts";
import { sourceFault, staleness } from "../domain/freshness.ts";
import { multiplierOf } from "../domain/payoff.ts";
import type { Quote } from "../domain/quote.ts";
import { type QuoteBook, quoteStructure } from "../domain/structure-quote.ts";
import {
  type EpochMs,
  formatMoney,
  formatPrice,
  type Money,
  moneyUnits,
  type Price,
  priceUnits,
  toTick,
} from "../domain/units.ts";
import { feePerContract, knownContracts } from "./position-slot.books.ts";
import { legsOf, type Next, type SlotContext } from "./position-slot.context.ts";

type Offer = Extract<EntryEvent, { type: "roll.offered" }>;
export type Valued =
  | { readonly worth: true; readonly next: Next; readonly inOneOrder: boolean }
  | { readonly worth: false; readonly reason: string; readonly net: Price | null };

/** IB takes no more legs in one combo. */
const MOST_LEGS = 4;
const isVertical = (legs: readonly Leg[]): boolean =>
  legs.length === 1 || (legs.length === 2 && legs[0]?.contract.right === legs[1]?.contract.right);
const fitsOneOrder = (old: readonly Leg[], next: readonly Leg[]): boolean =>
  isVertical(old) && isVertical(next) && old.length === next.length && old.length + next.length <= MOST_LEGS;

/** The newer of what the slot's lines and the offer say of each contract. */
export const quotesWith = (known: QuoteBook, offered: readonly Quote[]): QuoteBook => {
  const book: Record<string, Quote> = { ...known };
  for (const quote of offered) if ((book[quote.conId]?.at ?? 0) <= quote.at) book[quote.conId] = quote;
  return book;
};
/** The highest price on the grid that leaves more than nothing once the costs are paid. */
export const worstPriceFor = (costs: Money, multiplier: number, tick: Price): Price => {
  const even = toTick(-costs / multiplier, tick, "down");
  return even * multiplier + costs < 0 ? even : priceUnits(even - tick);
};
/** Commissions of one unit: every contract of the old legs and of the new ones, at what this position's contracts have cost. */
export const costsOf = (feeEach: Money, traded: readonly Leg[]): Money =>
  moneyUnits(traded.reduce((sum, { ratio }) => sum + Math.abs(ratio) * feeEach, 0));

const sameContracts = (some: readonly Leg[], others: readonly Leg[]): boolean =>
  some.length === others.length &&
  some.every(({ contract, ratio }) => others.some((other) => other.contract.conId === contract.conId && other.ratio === ratio));
const misfit = (context: SlotContext, { underlying, legs }: Candidate): string | undefined => {
  const old = legsOf(context);
  if (context.mode !== "trading") return "the engine does not trade";
  if (underlying.conId !== context.candidate?.underlying.conId) return "the offer is in another underlying";
  if (legs.some(({ contract }) => knownContracts(context).some(({ conId }) => conId === contract.conId)))
    return "the offer has a contract that this position has traded";
  if (multiplierOf(legs) !== multiplierOf(old)) return "the offer has another multiplier";
  const [from, to] = [old[0]?.contract.expiry ?? "", legs[0]?.contract.expiry ?? ""];
  return to > from ? undefined : `the offer expires ${to}, and the position ${from}`;
};

export const valued = (context: SlotContext, { candidate, quotes }: Offer, now: EpochMs): Valued => {
  const no = (reason: string, net: Price | null = null): Valued => ({ worth: false, reason, net });
  const fault = misfit({ ...context, next: null }, candidate);
  if (fault !== undefined) return no(fault);
  const old = legsOf(context);
  const traded = [...reversed(old), ...candidate.legs];
  const feed = context.quotes[candidate.underlying.conId];
  const broken = feed === undefined ? undefined : sourceFault(feed);
  if (broken !== undefined) return no(`${candidate.symbol} ${broken}`);
  const quote = quoteStructure(traded, quotesWith(context.quotes, quotes), (one) =>
    staleness(one, "leg", now, context.engine.freshness),
  );
  if (!quote.known) return no(quote.missing.join(", "));
  const net = quote.ask;
  const feeEach = feePerContract(context);
  if (feeEach === undefined) return no("no commission of this position is known yet", net);
  const costs = costsOf(feeEach, traded);
  const tick = priceUnits(Math.max(candidate.tick, context.candidate?.tick ?? 0));
  const worst = worstPriceFor(costs, multiplierOf(old), tick);
  if (net > worst)
    return no(
      `no credit after costs: ${formatPrice(net)} a unit, commissions ${formatMoney(costs)}, at most ${formatPrice(worst)}`,
      net,
    );
  // Of an order that was sent for the same legs before, a fill may still be told.
  const again = context.next !== null && sameContracts(context.next.candidate.legs, candidate.legs);
  const orderRefs = again ? (context.next?.orderRefs ?? []) : [];
  return { worth: true, next: { candidate, orderRefs, net, worst }, inOneOrder: fitsOneOrder(old, candidate.legs) };
};
