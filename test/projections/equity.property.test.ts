import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Leg } from "../../src/domain/contract.ts";
import { type EpochMs, money, moneyUnits, type Price, price, priceUnits } from "../../src/domain/units.ts";
import type { Step } from "../../src/ports/journal.ts";
import { createReadModel, type ReadModel } from "../../src/projections/read-model.ts";
import { condor, intentOf, Script, startOfDay } from "../support/scripted-day.ts";

/** One thing that may happen to a slot: leg fills out of the blue are as welcome as orderly ones. */
type Happening =
  | {
      readonly what: "leg";
      readonly slot: number;
      readonly leg: number;
      readonly quantity: number;
      readonly price: Price;
      readonly fee: number | undefined;
    }
  | {
      readonly what: "units";
      readonly slot: number;
      readonly quantity: number;
      readonly price: Price;
      readonly fee: number | undefined;
    }
  | { readonly what: "mark"; readonly slot: number; readonly mark: Price | undefined }
  | { readonly what: "correct" };

const slot = fc.integer({ min: 1, max: 3 });
const legPrice = fc.integer({ min: 0, max: 2_000 }).map((cents) => priceUnits(cents * 100 + 25));
const fee = fc.option(fc.integer({ min: 0, max: 30_000 }), { nil: undefined });
const quantity = fc.integer({ min: -4, max: 4 }).filter((n) => n !== 0);
const happening: fc.Arbitrary<Happening> = fc.oneof(
  fc.record({ what: fc.constant("leg" as const), slot, leg: fc.integer({ min: 0, max: 3 }), quantity, price: legPrice, fee }),
  fc.record({ what: fc.constant("units" as const), slot, quantity, price: legPrice, fee }),
  fc.record({
    what: fc.constant("mark" as const),
    slot,
    mark: fc.option(
      fc.integer({ min: -500, max: 0 }).map((cents) => priceUnits(cents * 100)),
      { nil: undefined },
    ),
  }),
  fc.record({ what: fc.constant("correct" as const) }),
);
const LEGS: readonly (readonly Leg[])[] = [
  condor("SPY", 560, 565, 620, 625),
  condor("QQQ", 480, 485, 530, 535),
  condor("IWM", 200, 205, 230, 235),
];
const CASH = money(250_000);

interface Book {
  /** Cash by the definition, in exact integers of any size. */
  cash: bigint;
  commissions: bigint;
  fills: number;
  /** Held by slot and leg. */
  readonly held: number[][];
  readonly marks: (Price | undefined)[];
}

/** Writes the happenings as steps and reckons the same by the definitions, with other means. */
const played = (happenings: readonly Happening[]): { readonly steps: Step[]; readonly book: Book } => {
  const script = new Script();
  startOfDay(script, CASH);
  const book: Book = { cash: BigInt(CASH), commissions: 0n, fills: 0, held: [0, 1, 2, 3].map(() => [0, 0, 0, 0]), marks: [] };
  const booked: {
    readonly orderRef: string;
    readonly execId: string;
    readonly slot: number;
    readonly leg: number;
    readonly quantity: number;
    readonly price: Price;
  }[] = [];
  const orders = LEGS.map((legs, index) =>
    intentOf({
      n: 1,
      slot: `slot/s${index + 1}`,
      symbol: legs[0]!.contract.symbol,
      purpose: "entry",
      legs,
      quantity: 1,
      limits: [],
      mid: price(-1),
      natural: price(-1),
    }),
  );
  orders.forEach((intent, index) => {
    const { owner, symbol, legs } = intent;
    script.tick(owner, {
      facts: [
        [`order/x/s${index + 1}-1`, { type: "order.intended", intent }],
        [
          owner,
          {
            type: "slot.opened",
            slot: owner,
            strategy: "any",
            symbol,
            legs,
            quantity: 1,
            netPrice: price(-1),
            unitMaxLoss: money(400),
          },
        ],
      ],
    });
  });
  let n = 0;
  const fill = (slot: number, leg: number, quantity: number, each: Price, fee: number | undefined, undoes?: string): void => {
    const { orderRef, legs } = orders[slot - 1]!;
    const { contract } = legs[leg]!;
    const execId = undoes === undefined ? `e${++n}` : `${undoes}/corrected`;
    script.pass(700).tick("order", {
      facts: [["order", { type: "fill.booked", orderRef, execId, contract, quantity, price: each, at: script.now as EpochMs }]],
    });
    if (undoes === undefined) booked.push({ orderRef, execId, slot, leg, quantity, price: each });
    book.cash -= BigInt(quantity) * BigInt(each) * 100n;
    book.fills += undoes === undefined ? 1 : -1;
    book.held[slot]![leg]! += quantity;
    if (fee === undefined) return;
    const amount = moneyUnits(fee);
    script.tick("order", { facts: [["order", { type: "commission.booked", orderRef, execId, amount }]] });
    book.cash -= BigInt(fee);
    book.commissions += BigInt(fee);
  };
  for (const one of happenings) {
    if (one.what === "leg") fill(one.slot, one.leg, one.quantity, one.price, one.fee);
    else if (one.what === "units") {
      for (const [leg, { ratio }] of LEGS[one.slot - 1]!.entries()) fill(one.slot, leg, ratio * one.quantity, one.price, one.fee);
    } else if (one.what === "mark") {
      book.marks[one.slot] = one.mark;
      const symbol = LEGS[one.slot - 1]![0]!.contract.symbol;
      const marked = one.mark === undefined ? { unknown: "a spread too wide" } : { mark: one.mark };
      script.pass(1_000).tick(`slot/s${one.slot}`, {
        facts: [[`slot/s${one.slot}`, { type: "slot.marked", slot: `slot/s${one.slot}`, symbol, ...marked }]],
      });
    } else {
      const wrong = booked.pop();
      if (wrong !== undefined) fill(wrong.slot, wrong.leg, -wrong.quantity, wrong.price, undefined, wrong.execId);
    }
  }
  return { steps: script.steps, book };
};
const readOf = (steps: readonly Step[]): ReadModel => {
  const model = createReadModel();
  for (const step of steps) model.apply(step);
  return model;
};
const happenings = fc.array(happening, { maxLength: 40 });

describe("equity", () => {
  it("keeps cash at starting cash less every fill's cost less every commission, to the last 1/10,000 dollar", () => {
    fc.assert(
      fc.property(happenings, (what) => {
        const { steps, book } = played(what);
        const { equity } = readOf(steps);
        expect(BigInt(equity.cash!)).toBe(book.cash);
        expect(BigInt(equity.commissions)).toBe(book.commissions);
        expect(equity.fills).toBe(book.fills);
      }),
    );
  });

  it("is cash plus units × mark × multiplier of every slot, and unknown while legs are out of ratio or a mark is missing", () => {
    fc.assert(
      fc.property(happenings, (what) => {
        const { steps, book } = played(what);
        const { equity } = readOf(steps);
        let value: bigint | undefined = 0n;
        LEGS.forEach((legs, index) => {
          const held = book.held[index + 1]!;
          if (held.every((n) => n === 0)) return;
          const units = held[0]! / legs[0]!.ratio;
          const mark = book.marks[index + 1];
          const inRatio = legs.every(({ ratio }, leg) => held[leg] === ratio * units);
          value = value === undefined || !inRatio || mark === undefined ? undefined : value + BigInt(units) * BigInt(mark) * 100n;
        });
        expect(equity.equity === undefined ? undefined : BigInt(equity.equity)).toBe(
          value === undefined ? undefined : book.cash + value,
        );
        expect(equity.unknown === undefined).toBe(value !== undefined);
      }),
    );
  });

  it("shows the account's contracts as the sums of their fills, none of them flat", () => {
    fc.assert(
      fc.property(happenings, (what) => {
        const { steps, book } = played(what);
        const expected = LEGS.flatMap((legs, index) =>
          legs.map(({ contract }, leg) => [contract.conId, book.held[index + 1]![leg]] as const),
        ).filter(([, n]) => n !== 0);
        const shown = readOf(steps).positions.contracts.map(({ conId, quantity }) => [conId, quantity] as const);
        expect(new Map(shown)).toEqual(new Map(expected));
      }),
    );
  });

  it("draws at most one point each ten seconds of market time", () => {
    fc.assert(
      fc.property(happenings, (what) => {
        const { points } = readOf(played(what).steps).equity;
        for (let i = 1; i < points.length; i++) expect(points[i]!.at - points[i - 1]!.at).toBeGreaterThanOrEqual(10_000);
      }),
    );
  });

  it("is the same for the same steps, read live or back from their JSON", () => {
    const everything = (model: ReadModel): unknown =>
      JSON.parse(
        JSON.stringify([model.status, model.actors, model.positions, model.equity, model.orders, model.decisions, model.story]),
      );
    fc.assert(
      fc.property(happenings, (what) => {
        const { steps } = played(what);
        const again = JSON.parse(JSON.stringify(steps)) as Step[];
        expect(everything(readOf(again))).toEqual(everything(readOf(steps)));
      }),
    );
  });

  it("does not know its starting cash when the steps begin after the journal does", () => {
    const { steps } = played([]);
    const model = createReadModel();
    for (const step of steps.slice(3)) model.apply(step);
    expect(model.equity.startingCash).toBeUndefined();
    expect(model.equity.equity).toBeUndefined();
  });

  it("replaces a commission that is reported again for the same execution", () => {
    const { steps } = played([{ what: "leg", slot: 1, leg: 0, quantity: 1, price: priceUnits(100), fee: 6_500 }]);
    const model = readOf(steps);
    const before = model.equity.cash!;
    const { orderRef } = steps.flatMap(({ facts }) => facts).find(({ type }) => type === "commission.booked")!;
    const again = { actor: "order", type: "commission.booked", orderRef, execId: "e1", amount: 7_000 };
    model.apply({ ...steps.at(-1)!, seq: steps.length + 1, facts: [again] });
    expect(model.equity.commissions).toBe(7_000);
    expect(model.equity.cash).toBe(before - 500);
  });

  it("takes no cash for starting cash that the broker named after a fill", () => {
    const script = new Script();
    const { contract } = LEGS[0]![0]!;
    script.tick("order", {
      facts: [
        [
          "order",
          {
            type: "fill.booked",
            orderRef: "any",
            execId: "e1",
            contract,
            quantity: 1,
            price: price(1),
            at: script.now as EpochMs,
          },
        ],
      ],
    });
    script.tick("reconciler", { facts: [["reconciler", { type: "account.valued", account: "DU1", cash: money(5) }]] });
    expect(readOf(script.steps).equity.startingCash).toBeUndefined();
  });
});

describe("a lot's average price", () => {
  it("is that of the fills that opened it, whatever was closed since", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ quantity: fc.integer({ min: 1, max: 5 }), price: legPrice }), { minLength: 1, maxLength: 6 }),
        fc.nat(),
        (opened, closing) => {
          const total = opened.reduce((sum, { quantity }) => sum + quantity, 0);
          const close = closing % total;
          const what: Happening[] = opened.map((one) => ({ what: "leg", slot: 1, leg: 0, fee: undefined, ...one }));
          if (close > 0) what.push({ what: "leg", slot: 1, leg: 0, quantity: -close, price: priceUnits(77), fee: undefined });
          const cost = opened.reduce((sum, one) => sum + one.quantity * one.price, 0);
          const [lot] = readOf(played(what).steps).positions.contracts;
          expect(lot!.averagePrice).toBe(Math.round(cost / total));
        },
      ),
    );
  });

  it("forgets a fill that was corrected", () => {
    const model = readOf(
      played([
        { what: "leg", slot: 1, leg: 0, quantity: 2, price: priceUnits(10_000), fee: undefined },
        { what: "leg", slot: 1, leg: 0, quantity: 3, price: priceUnits(90_000), fee: undefined },
        { what: "correct" },
      ]).steps,
    );
    expect(model.positions.contracts[0]).toMatchObject({ quantity: 2, averagePrice: 10_000 });
  });
});
