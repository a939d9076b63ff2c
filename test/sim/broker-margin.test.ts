import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ContractDetails, Right } from "../../src/domain/contract.ts";
import { dollars, epochMs, money, moneyUnits, type Price, price, priceUnits, tradingDay } from "../../src/domain/units.ts";
import { charge, commissionOf, IBKR_LIKE, noCharges } from "../../src/sim/broker/commission.ts";
import { type Held, marginOf } from "../../src/sim/broker/margin.ts";
import { flat, traded } from "../../src/sim/broker/positions.ts";
import { createScriptedMarket, ES, optionId, SPY, STRIKES } from "../support/scripted-market.ts";

const market = createScriptedMarket(epochMs(0));
const details = (conId: number): ContractDetails => market.byConId(conId) as ContractDetails;
const option = (right: Right, strike: number, quantity: number): Held => ({
  details: details(optionId(right, strike)),
  quantity,
});
const marks = (conId: number): Price => (conId === SPY ? price(600) : conId === ES ? price(6_000) : price(2));
const initial = (...held: Held[]): number => dollars(marginOf(held, marks).initial);

describe("margin", () => {
  it("of a condor is its wider wing, of a vertical its width, of longs nothing", () => {
    expect(initial(option("P", 590, 1), option("P", 595, -1), option("C", 605, -1), option("C", 615, 1))).toBe(1_000);
    expect(initial(option("P", 590, 3), option("P", 595, -3))).toBe(1_500);
    expect(initial(option("P", 595, 1), option("P", 590, -1))).toBe(0);
    expect(initial(option("C", 620, 4))).toBe(0);
  });

  it("of a naked put is 20 % of the underlying less what it is out of the money, and its price", () => {
    expect(initial(option("P", 595, -1))).toBe((0.2 * 600 - 5 + 2) * 100);
  });

  it("of a short strangle is the larger side with both prices", () => {
    expect(initial(option("P", 595, -1), option("C", 610, -1))).toBe((0.2 * 600 - 5 + 2 + 2) * 100);
  });

  it("of a call covered by stock is the stock's", () => {
    expect(initial(option("C", 605, -1), { details: details(SPY), quantity: 100 })).toBe(30_000);
  });

  const later = (right: Right, strike: number, quantity: number): Held => {
    const near = details(optionId(right, strike));
    const contract = { ...near.contract, conId: near.contract.conId + 50_000, expiry: tradingDay("2027-01-15") };
    return { details: { ...near, contract }, quantity };
  };

  it("of a calendar is nothing, of a diagonal its width, and of a short that outlives its long the naked one", () => {
    expect(initial(option("P", 595, -1), later("P", 595, 1))).toBe(0);
    expect(initial(option("C", 605, -2), later("C", 610, 2))).toBe(1_000);
    expect(initial(option("P", 595, 1), later("P", 595, -1))).toBe((0.2 * 600 - 5 + 2) * 100);
    // The later long is needed for the later short.
    expect(initial(option("P", 595, -1), later("P", 595, 1), later("P", 590, -1))).toBeGreaterThan(5_000);
  });

  it("is not known where it depends on a price that nobody quotes, and is where nothing depends on it", () => {
    const blind = (conId: number): Price | undefined => (conId === SPY ? undefined : marks(conId));
    expect(marginOf([option("P", 595, -1)], blind).known).toBe(false);
    expect(marginOf([option("P", 590, 1), option("P", 595, -1)], blind).known).toBe(true);
    expect(marginOf([{ details: details(SPY), quantity: 1 }], blind).known).toBe(false);
    expect(marginOf([{ details: details(ES), quantity: 1 }], () => undefined).known).toBe(true);
  });

  it("of an account that pays in full is the stock's value and the puts' strike", () => {
    const inFull = (kind: "cash" | "ira", ...held: Held[]): number => dollars(marginOf(held, marks, kind).initial);
    expect(inFull("cash", { details: details(SPY), quantity: 100 }, option("C", 605, -1))).toBe(60_000);
    expect(inFull("ira", option("P", 595, -1), option("P", 590, 1))).toBe(59_500);
  });

  it("of a future is a flat figure", () => {
    expect(initial({ details: details(ES), quantity: -2 })).toBe(28_000);
  });

  it("never lets a structure whose shorts are all covered lose more than it asks, at any price", () => {
    const wing = fc.record({
      right: fc.constantFrom<Right>("C", "P"),
      strike: fc.constantFrom(...STRIKES),
      quantity: fc.integer({ min: -3, max: 3 }),
    });
    fc.assert(
      fc.property(fc.array(wing, { maxLength: 6 }), fc.integer({ min: 400, max: 800 }), (lines, spot) => {
        const total = (right: Right): number =>
          lines.reduce((sum, line) => (line.right === right ? sum + line.quantity : sum), 0);
        fc.pre(total("C") >= 0 && total("P") >= 0);
        const payoff = lines.reduce(
          (sum, { right, strike, quantity }) => sum + quantity * 100 * Math.max(0, right === "C" ? spot - strike : strike - spot),
          0,
        );
        expect(payoff).toBeGreaterThanOrEqual(
          -initial(...lines.map(({ right, strike, quantity }) => option(right, strike, quantity))),
        );
      }),
    );
  });
});

describe("commission", () => {
  it("has a minimum an order, shared by its legs and its partial fills", () => {
    expect(dollars(commissionOf(IBKR_LIKE, [{ secType: "OPT", quantity: 1 }]))).toBe(1);
    expect(
      dollars(
        commissionOf(
          IBKR_LIKE,
          [1, 1, 1, 1].map((quantity) => ({ secType: "OPT", quantity })),
        ),
      ),
    ).toBe(2.6);
    expect(dollars(commissionOf(IBKR_LIKE, [{ secType: "STK", quantity: 1_000 }]))).toBe(5);
  });

  it("of an order is the same in however many pieces it fills", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 8 }), (pieces) => {
        const charges = noCharges();
        const paid = pieces.reduce((sum, quantity) => sum + charge(charges, IBKR_LIKE, "OPT", quantity), 0);
        const quantity = pieces.reduce((sum, piece) => sum + piece, 0);
        expect(paid).toBe(commissionOf(IBKR_LIKE, [{ secType: "OPT", quantity }]));
      }),
    );
  });
});

describe("a position", () => {
  const trade = fc.record({
    quantity: fc.integer({ min: -7, max: 7 }).filter((quantity) => quantity !== 0),
    price: fc.integer({ min: 1, max: 50_000 }),
    commission: fc.integer({ min: 0, max: 30_000 }),
  });

  it("realises, once it is flat, exactly what its trades brought in, to the last unit", () => {
    fc.assert(
      fc.property(fc.array(trade, { minLength: 1, maxLength: 12 }), (trades) => {
        const held = trades.reduce((sum, { quantity }) => sum + quantity, 0);
        const all = held === 0 ? trades : [...trades, { quantity: -held, price: 12_345, commission: 6_500 }];
        let position = flat(details(optionId("C", 600)));
        let [gross, net, paid, commissions] = [0, 0, 0, 0];
        for (const { quantity, price: each, commission } of all) {
          const outcome = traded(position, quantity, priceUnits(each), moneyUnits(commission));
          position = outcome.position;
          gross += outcome.realizedGross;
          net += outcome.realizedNet;
          paid += quantity * each * 100;
          commissions += commission;
        }
        expect(position).toMatchObject({ quantity: 0, basis: 0, fees: 0 });
        expect(gross).toBe(-paid + 0);
        expect(net).toBe(-paid - commissions + 0);
      }),
    );
  });

  it("keeps its cost a contract when part of it is closed", () => {
    const opened = traded(flat(details(optionId("C", 600))), 3, price(1.5), money(1.95)).position;
    const reduced = traded(opened, -1, price(2), money(0.65));
    expect(reduced.position.basis).toBe(money(300));
    expect(reduced.realizedNet).toBe(money(50 - 0.65 - 0.65));
  });
});
