/**
 * What an order costs at the broker: so much a contract or share, with a minimum an order.
 *
 * | security | each   | minimum an order | resembles                        |
 * |----------|--------|------------------|----------------------------------|
 * | OPT      | 0.65   | 1.00             | IBKR Pro fixed, US options       |
 * | FOP, FUT | 2.25   | none             | IBKR Pro fixed, E-mini, all in   |
 * | STK      | 0.005  | 1.00             | IBKR Pro fixed, US stocks        |
 *
 * Exchange, regulatory and clearing fees, tiers and the 1 % ceiling on cheap stock are left out.
 */
import type { SecurityType } from "../../domain/contract.ts";
import { type Money, money, moneyUnits } from "../../domain/units.ts";

export interface Tariff {
  readonly each: Money;
  readonly minimumAnOrder: Money;
}
export type Tariffs = { readonly [Type in SecurityType]?: Tariff };

export const IBKR_LIKE: Tariffs = {
  OPT: { each: money(0.65), minimumAnOrder: money(1) },
  FOP: { each: money(2.25), minimumAnOrder: money(0) },
  FUT: { each: money(2.25), minimumAnOrder: money(0) },
  STK: { each: money(0.005), minimumAnOrder: money(1) },
};

/** What one order has been charged so far. A combo is one order: its legs share the minimum. */
export interface Charges {
  /** At the rate a contract, without the minimum. */
  earned: Money;
  charged: Money;
}
export const noCharges = (): Charges => ({ earned: moneyUnits(0), charged: moneyUnits(0) });

const tariffOf = (tariffs: Tariffs, secType: SecurityType): Tariff =>
  tariffs[secType] ?? { each: moneyUnits(0), minimumAnOrder: moneyUnits(0) };

/** Charges one more execution to the order: what is due in total (at least the minimum) less what was charged before. */
export const charge = (charges: Charges, tariffs: Tariffs, secType: SecurityType, quantity: number): Money => {
  const tariff = tariffOf(tariffs, secType);
  charges.earned = moneyUnits(charges.earned + tariff.each * quantity);
  const due = moneyUnits(Math.max(charges.earned, tariff.minimumAnOrder) - charges.charged);
  charges.charged = moneyUnits(charges.charged + due);
  return due;
};

/** What a whole order will cost if it fills: each leg's contracts, and the minimum. */
export const commissionOf = (
  tariffs: Tariffs,
  legs: Iterable<{ readonly secType: SecurityType; readonly quantity: number }>,
): Money => {
  const charges = noCharges();
  for (const leg of legs) charge(charges, tariffs, leg.secType, leg.quantity);
  return charges.charged;
};
