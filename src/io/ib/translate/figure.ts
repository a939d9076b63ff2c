/**
 * IB's numbers. IB says "no value" with the largest double, the largest int, NaN or nothing at all; here all of them are
 * undefined. A −1 is decided by whoever knows the field, because a net price may honestly be −1.
 */
import { type Money, money, type Price, price } from "../../../domain/units.ts";
import { refuse } from "./refusal.ts";

/** IB's "unset" for integers. No price, size or id that we handle comes near it. */
export const LARGEST_INT = 2_147_483_647;
/** Beyond this an amount of dollars is a sentinel, and no longer exact in 1/10,000 dollar. */
const LARGEST_DOLLARS = 1e11;

/** The number, or undefined when it is one of IB's ways to say that there is none. */
export const figure = (value: number | undefined | null): number | undefined =>
  typeof value === "number" && Number.isFinite(value) && Math.abs(value) < LARGEST_INT ? value : undefined;

/** A price in dollars as IB writes it. */
export const priceFigure = (value: number | undefined | null): Price | undefined => {
  const known = figure(value);
  return known === undefined ? undefined : price(known);
};

/** An amount of dollars as IB writes it, in a number or in text. */
export const moneyFigure = (value: number | string | undefined | null): Money | undefined => {
  const amount = typeof value === "string" ? (value.trim() === "" ? Number.NaN : Number(value)) : value;
  return typeof amount === "number" && Number.isFinite(amount) && Math.abs(amount) < LARGEST_DOLLARS ? money(amount) : undefined;
};

/** The number, or a Refusal that names the field. */
export const figureOf = (field: string, value: number | undefined | null): number => figure(value) ?? refuse(field, value);

/** An id of IB's: its "unset" and a missing one are 0. */
export const idOf = (value: number | undefined | null): number => {
  const known = typeof value === "number" && Number.isSafeInteger(value) ? value : 0;
  return known === LARGEST_INT ? 0 : known;
};
