import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { payoffAt } from "../../src/domain/payoff.ts";
import {
  bookFee,
  bookFill,
  cashOf,
  EMPTY_LEDGER,
  entryOf,
  type Fill,
  feesAwaited,
  feesOf,
  holdingOf,
  type Ledger,
  profitAtMark,
  realisedProfit,
  unitProfit,
  unitsHeld,
} from "../../src/domain/pnl.ts";
import { type Money, moneyUnits, price, priceUnits } from "../../src/domain/units.ts";
import { CONDOR } from "../support/quoted-chain.ts";

const legPrices = fc.tuple(...CONDOR.map(() => fc.integer({ min: 0, max: 120_000 }).map(priceUnits)));
const fee = fc.integer({ min: -5_000, max: 50_000 }).map(moneyUnits);
/** The fills of some units of the condor, bought (1) or closed (−1), at prices of their own. */
const trade = (direction: 1 | -1) =>
  fc.tuple(fc.integer({ min: 1, max: 5 }), legPrices, fee).map(([units, prices, cost]) => ({ units, direction, prices, cost }));
type Trade = { units: number; direction: 1 | -1; prices: readonly ReturnType<typeof priceUnits>[]; cost: Money };

const fillsOf = ({ units, direction, prices }: Trade, orderRef: string): Fill[] =>
  CONDOR.map(({ contract, ratio }, i) => ({
    orderRef,
    conId: contract.conId,
    quantity: ratio * units * direction,
    price: prices[i] as (typeof prices)[number],
    multiplier: 100,
  }));
const ledgerOf = (trades: readonly Trade[]): Ledger =>
  trades.reduce<Ledger>((ledger, made, n) => {
    const booked = fillsOf(made, `o${n}`).reduce((so, fill, i) => bookFill(so, `${n}.${i}`, fill), ledger);
    return bookFee(booked, `${n}.0`, made.cost);
  }, EMPTY_LEDGER);
const netOf = ({ prices }: Trade): number => CONDOR.reduce((sum, { ratio }, i) => sum + ratio * (prices[i] as number), 0);

describe("profit and loss", () => {
  it("is exact: what was received less what was paid less fees, whatever the prices", () => {
    fc.assert(
      fc.property(trade(1), legPrices, fee, (entry, prices, cost) => {
        const exit: Trade = { ...entry, direction: -1, prices, cost };
        const profit = realisedProfit(ledgerOf([entry, exit]));
        expect(profit).toBe((netOf(exit) - netOf(entry)) * 100 * entry.units - entry.cost - cost);
      }),
    );
  });

  it("at the mark is what closing at the mark then realises", () => {
    fc.assert(
      fc.property(trade(1), legPrices, (entry, prices) => {
        const exit: Trade = { ...entry, direction: -1, prices, cost: moneyUnits(0) };
        const mark = priceUnits(netOf(exit));
        expect(profitAtMark(ledgerOf([entry]), entry.units, mark, 100)).toBe(realisedProfit(ledgerOf([entry, exit])));
      }),
    );
  });

  it("does not depend on the order or the repetition of bookings", () => {
    fc.assert(
      fc.property(trade(1), fc.array(fc.nat(3), { maxLength: 12 }), (entry, repeats) => {
        const all = fillsOf(entry, "o0").map((fill, i) => [`0.${i}`, fill] as const);
        const shuffled = [...repeats.map((i) => all[i] as (typeof all)[number]), ...all.toReversed()];
        const ledger = shuffled.reduce((so, [execId, fill]) => bookFill(so, execId, fill), EMPTY_LEDGER);
        expect(ledger.fills).toEqual(ledgerOf([entry]).fills);
      }),
    );
  });

  it("of one unit is the same whether or not others have been closed", () => {
    fc.assert(
      fc.property(trade(1), legPrices, (made, prices) => {
        const entry: Trade = { ...made, units: made.units + 1 };
        const before = entryOf(CONDOR, entry.units, fillsOf(entry, "o0"));
        const part: Trade = { ...entry, units: 1, direction: -1, prices, cost: moneyUnits(0) };
        const ledger = ledgerOf([entry, part]);
        const after = entryOf(
          CONDOR,
          entry.units,
          Object.values(ledger.fills).filter(({ orderRef }) => orderRef === "o0"),
        );
        expect(after).toEqual(before);
        expect(unitsHeld(CONDOR, holdingOf(ledger))).toBe(entry.units - 1);
      }),
    );
  });

  it("a held unit makes at expiry what its payoff says", () => {
    fc.assert(
      fc.property(trade(1), fc.integer({ min: 4_000_000, max: 8_000_000 }), (entry, end) => {
        const { netPrice, cash } = entryOf(CONDOR, entry.units, fillsOf(entry, "o0"));
        expect(netPrice).toBe(netOf(entry));
        const worth = priceUnits(payoffAt(CONDOR, price(0), priceUnits(end)) / 100);
        const made = unitProfit({ ...entryOf(CONDOR, entry.units, fillsOf(entry, "o0")), cash }, moneyUnits(0), worth, 100);
        expect(made).toBe(payoffAt(CONDOR, netPrice, priceUnits(end)));
      }),
    );
  });

  it("of a unit bears its share of the entry's fees, to the rounding", () => {
    fc.assert(
      fc.property(trade(1), legPrices, (entry, prices) => {
        const mark = priceUnits(netOf({ ...entry, prices }));
        const each = unitProfit(entryOf(CONDOR, entry.units, fillsOf(entry, "o0")), entry.cost, mark, 100);
        const whole = profitAtMark(ledgerOf([entry]), entry.units, mark, 100);
        expect(Math.abs(each * entry.units - whole)).toBeLessThanOrEqual(entry.units / 2);
      }),
    );
  });

  it("knows units only while the legs are in ratio", () => {
    const held = { [String(CONDOR[0]?.contract.conId)]: 1 };
    expect(unitsHeld(CONDOR, held)).toBeUndefined();
    expect(unitsHeld(CONDOR, {})).toBe(0);
    expect(unitsHeld(CONDOR, { 99: 1 })).toBeUndefined();
    expect(() =>
      realisedProfit({
        fills: {
          a: fillsOf({ units: 1, direction: 1, prices: CONDOR.map(() => price(1)), cost: moneyUnits(0) }, "o")[0] as Fill,
        },
        fees: {},
      }),
    ).toThrow();
  });

  it("waits for the commissions of all executions but of corrections taken back", () => {
    const entry: Trade = { units: 1, direction: 1, prices: CONDOR.map(() => price(1)), cost: moneyUnits(6_500) };
    const ledger = bookFill(ledgerOf([entry]), "0.1/corrected", fillsOf(entry, "o0")[1] as Fill);
    expect(feesAwaited(ledger)).toEqual(["0.1", "0.2", "0.3"]);
    expect(feesOf(bookFee(ledger, "0.0", moneyUnits(7_000)))).toBe(7_000);
    expect(cashOf([])).toBe(0);
  });

  it("has the credit as its base, or what a debit can gain", () => {
    const at = (net: number) =>
      entryOf(CONDOR, 1, [{ orderRef: "o", conId: 1, quantity: 1, price: price(net), multiplier: 100 }]);
    expect(at(-2.4)).toMatchObject({ unitBase: price(240), unitMaxLoss: price(960) });
    const bought = entryOf(
      [CONDOR[3], CONDOR[2]].map((leg) => ({ ...(leg as (typeof CONDOR)[number]), ratio: -(leg?.ratio ?? 0) })),
      1,
      [{ orderRef: "o", conId: 1, quantity: 1, price: price(4), multiplier: 100 }],
    );
    expect(bought).toMatchObject({ unitBase: price(800), unitMaxLoss: price(400) });
  });
});
