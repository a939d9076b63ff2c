/** What holds of a position that is reduced, rolled and closed, whatever market, strategy, broker and process do in whatever order. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cashOf, feesOf } from "../../src/domain/pnl.ts";
import { type Money, money, price, priceUnits } from "../../src/domain/units.ts";
import { campaignOf } from "../../src/machines/position-slot.books.ts";
import { costsOf, worstPriceFor } from "../../src/machines/position-slot.roll.ts";
import { CONDOR, candidateOf, Desk, EARLY, FORCED, later, VERTICAL, WINDOW } from "../support/slot-desk.ts";

const doing = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      what: fc.constant("market" as const),
      value: fc.constantFrom(0.5, 1.3, 1.3, 1.9, 1.9, 2.3, 8),
      more: fc.constantFrom(0.6, 0.9),
      seconds: fc.constantFrom(2, 14, 14),
    }),
  },
  { weight: 3, arbitrary: fc.record({ what: fc.constant("offer" as const), more: fc.constantFrom(0.05, 0.7, 0.9) }) },
  fc.record({ what: fc.constant("decline" as const) }),
  {
    weight: 4,
    arbitrary: fc.record({
      what: fc.constant("fill" as const),
      back: fc.constantFrom(0, 0, 0, 0, 0, 1),
      units: fc.constantFrom(1, 1, 2, 4),
    }),
  },
  fc.record({ what: fc.constant("fillLeg" as const), which: fc.nat(3) }),
  { weight: 4, arbitrary: fc.record({ what: fc.constant("end" as const) }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant("charge" as const) }) },
  fc.record({ what: fc.constant("wait" as const), ms: fc.constantFrom(1_000, 6_000, 31_000, 1_900_000) }),
  fc.record({ what: fc.constant("mode" as const), mode: fc.constantFrom("trading", "trading", "reducing") }),
  fc.record({ what: fc.constant("doubt" as const) }),
);
type Doing = typeof doing extends fc.Arbitrary<infer D> ? D : never;

const act = (desk: Desk, one: Doing): void => {
  const { last } = desk;
  switch (one.what) {
    case "market":
      desk.market(one.value, one.seconds, one.more);
      break;
    case "offer":
      desk.quote(1.9, one.more).offer(1.9, one.more, later(desk.slot.context.candidate?.legs ?? VERTICAL));
      break;
    case "decline":
      desk.hear({ type: "roll.declined", slot: "slot/s1", reason: "nothing" });
      break;
    case "fill": {
      const order = desk.back(one.back);
      if (order !== undefined) desk.fill(Math.min(one.units, order.intent.quantity - order.filled), order);
      break;
    }
    case "fillLeg":
      if (last !== undefined && !last.over && one.which < last.intent.legs.length) desk.fillLeg(last, one.which, 1);
      break;
    case "end":
      if (last !== undefined && !last.over) desk.end(last, "ended");
      break;
    case "charge":
      desk.charge();
      break;
    case "wait":
      desk.wait(one.ms);
      break;
    case "mode":
      desk.hear({ type: "mode.changed", mode: one.mode, reason: "" });
      break;
    case "doubt":
      desk.hear({ type: "order.doubted", orderRef: last?.intent.orderRef ?? "", reason: "" });
      break;
  }
};

interface Story {
  readonly condor: boolean;
  readonly quantity: number;
  readonly at: typeof WINDOW;
  readonly doings: readonly Doing[];
}
const begin = ({ condor, quantity, at }: Story): Desk => {
  const desk = new Desk(candidateOf(condor ? CONDOR : VERTICAL, quantity, 2), at);
  return desk.enter().done(quantity);
};
/** Most stories start with what leads to a change, so that the rest happens in the middle of it. */
const looks: Doing[] = [{ what: "market", value: 1.9, more: 0.9, seconds: 14 }];
const rolls: Doing[] = [...looks, { what: "offer", more: 0.9 }];
const rolled: Doing[] = [...rolls, { what: "fill", back: 0, units: 4 }, { what: "end" }, { what: "charge" }];
const torn: Doing[] = [...rolls, { what: "fillLeg", which: 0 }, { what: "end" }, { what: "wait", ms: 6_000 }];
const reduces: Doing[] = [{ what: "market", value: 1.3, more: 0.6, seconds: 14 }];
const story: fc.Arbitrary<Story> = fc.record({
  condor: fc.constantFrom(false, false, false, true),
  quantity: fc.constantFrom(1, 2, 3, 4),
  at: fc.constantFrom(WINDOW, WINDOW, FORCED, EARLY),
  doings: fc
    .tuple(fc.constantFrom<Doing[]>([], looks, rolls, rolls, rolled, reduces, torn), fc.array(doing, { maxLength: 12 }))
    .map(([before, then]) => [...before, ...then]),
});
/** `before` is of this story alone. */
interface Memory {
  orders: number;
  campaign: { readonly loss: number; readonly rolls: number } | null;
}
const each = (check: (desk: Desk, before: Memory) => void, numRuns = 60): void => {
  fc.assert(
    fc.property(story, (told) => {
      const desk = begin(told);
      const before: Memory = { orders: desk.orders.length, campaign: null };
      for (const one of told.doings) {
        act(desk, one);
        check(desk, before);
      }
    }),
    { numRuns },
  );
};
const states = new Set<string>();

describe("a position that changes, whatever happens in whatever order", () => {
  it("never has two orders alive, and its books have every dollar of its fills and fees", () => {
    each((desk) => {
      const { ledger, totals } = desk.slot.context;
      states.add(desk.slot.state);
      expect(desk.mostLive).toBeLessThanOrEqual(1);
      expect(totals.profit + cashOf(Object.values(ledger.fills)) - feesOf(ledger)).toBe(desk.cash);
    }, 110);
  });

  it("is put by these stories into every state of a change", () => {
    expect([...states]).toEqual(
      expect.arrayContaining([
        "counting",
        "free",
        "quarantined",
        "settling",
        "open.exiting.backingOff",
        "open.exiting.working",
        "open.holding.watching",
        "open.reducing.withdrawing",
        "open.reducing.working",
        "open.rolling.seeking.waiting",
        "open.rolling.withdrawing",
        "open.rolling.working",
      ]),
    );
  });

  it("is flat exactly when it is free or settles, or still counts", () => {
    each((desk) => {
      const { state, context } = desk.slot;
      const legs = [VERTICAL, CONDOR, later(VERTICAL), later(CONDOR)].flat();
      const conIds = new Set(legs.map(({ contract }) => contract.conId));
      const held: Record<string, number> = {};
      for (const { conId, quantity } of desk.execs.values()) held[conId] = (held[conId] ?? 0) + quantity;
      const flat = [...conIds].every((conId) => (held[conId] ?? 0) === 0);
      if (state === "free" || state === "settling") expect(flat).toBe(true);
      if (state.startsWith("open.holding") || state.startsWith("open.rolling.seeking"))
        expect([flat, context.order]).toEqual([false, null]);
    });
  });

  it("closes no more of a structure than is held of it, and rolls no more", () => {
    each((desk, before) => {
      for (const { intent, filled } of desk.orders.slice(before.orders)) {
        const closed = intent.purpose === "roll" ? intent.legs.slice(0, intent.legs.length / 2) : intent.legs;
        const own = closed.map((one) => ({ ...one, ratio: -one.ratio }));
        expect(intent.quantity).toBeGreaterThan(0);
        for (const units of desk.held(own)) expect(intent.quantity - filled).toBeLessThanOrEqual(units);
      }
      before.orders = desk.orders.length;
    });
  });

  it("rolls only for a credit that is left when all its commissions are paid, and adds risk in no other way", () => {
    let rolls = 0;
    each((desk) => {
      for (const { intent } of desk.orders) {
        expect(intent.reducing).toBe(intent.purpose === "exit" || intent.purpose === "reduce");
        if (intent.purpose !== "roll") continue;
        rolls += 1;
        const contracts = intent.legs.reduce((sum, { ratio }) => sum + Math.abs(ratio), 0);
        const left = -(intent.worstPrice as number) * 100 - contracts * money(0.65);
        expect(left).toBeGreaterThan(0);
        expect(intent.maxLoss).toBeGreaterThan(0);
      }
    });
    expect(rolls).toBeGreaterThan(0);
  });

  it("what its campaign has lost never becomes less while it lasts, nor the number of its rolls", () => {
    let lost = 0;
    each((desk, before) => {
      const now = desk.slot.context.candidate === null ? null : campaignOf(desk.slot.context);
      if (now !== null && before.campaign !== null) {
        expect(now.loss).toBeGreaterThanOrEqual(before.campaign.loss);
        expect(now.rolls).toBeGreaterThanOrEqual(before.campaign.rolls);
      }
      if ((now?.loss ?? 0) > 0) lost += 1;
      before.campaign = now;
    });
    expect(lost).toBeGreaterThan(0);
  });

  it("goes on after a restart in any state as if there had been none", () => {
    fc.assert(
      fc.property(story, (told) => {
        const straight = begin(told);
        const restarted = begin(told);
        for (const one of told.doings) {
          act(straight, one);
          restarted.slot.reopen();
          act(restarted, one);
          expect(restarted.slot.state).toBe(straight.slot.state);
        }
        expect(restarted.slot.context).toEqual(straight.slot.context);
        expect(restarted.slot.said).toEqual(straight.slot.said);
      }),
      { numRuns: 30 },
    );
  });
});

describe("a reduction", () => {
  it("at the mark changes neither the share of profit nor the profit, and leaves the peak as it is", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 5 }),
        fc.integer({ min: 105, max: 135 }),
        fc.integer({ min: 1, max: 5 }),
        (quantity, cents, cut) => {
          const value = cents / 100;
          const desk = Desk.holding(candidateOf(VERTICAL, quantity, 2), EARLY).market(value, 14);
          expect(desk.slot.state).toBe("open.reducing.working");
          const order = desk.last as NonNullable<typeof desk.last>;
          const before = desk.slot.facts("slot.marked").at(-1);
          const units = Math.min(cut, order.intent.quantity);
          const { legs, orderRef } = order.intent;
          legs.forEach(({ contract, ratio }, n) => {
            const mid = price(ratio < 0 ? 1 : 1 + value);
            desk.hear({
              type: "leg.filled",
              orderRef,
              execId: `m.${n}.01`,
              contract,
              quantity: ratio * units,
              price: priceUnits(mid),
              at: desk.slot.now,
            });
          });
          order.filled = units;
          const { peak } = desk.slot.context;
          desk.end().wait(1_000).quote(value);
          const after = desk.slot.facts("slot.marked").at(-1);
          expect([after.profitShare, after.profit]).toEqual([before.profitShare, before.profit]);
          expect(desk.slot.context.peak.peakPct).toBe(peak.peakPct);
          expect(desk.slot.facts("slot.reduced")).toMatchObject([{ closed: units, units: quantity - units }]);
        },
      ),
      { numRuns: 20 },
    );
  });
});

describe("the worst price of a roll", () => {
  it("is the highest on the grid that leaves something: a tick more leaves nothing", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 400 }),
        fc.constantFrom(0, 0, 1, 2_500),
        fc.constantFrom(100, 500, 1_000),
        (n, more, tick) => {
          // Often just what a number of ticks brings.
          const costs = n * tick * 100 + more;
          const worst = worstPriceFor(costs as Money, 100, priceUnits(tick));
          expect(-worst * 100 - costs).toBeGreaterThan(0);
          expect(-(worst + tick) * 100 - costs).toBeLessThanOrEqual(0);
          expect(Math.abs(worst % tick)).toBe(0);
        },
      ),
    );
  });
  it("counts every contract of both structures", () => {
    expect(costsOf(money(0.65), [...VERTICAL, ...CONDOR])).toBe(money(6 * 0.65));
  });
});
