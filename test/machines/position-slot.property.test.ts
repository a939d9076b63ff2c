import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { address } from "../../src/domain/address.ts";
import type { Candidate } from "../../src/domain/events/actors.ts";
import { extremes } from "../../src/domain/payoff.ts";
import { price } from "../../src/domain/units.ts";
import { positionSlotMachine } from "../../src/machines/position-slot.machine.ts";
import { type Given, given } from "../support/given.ts";
import { CONDOR, ENGINE, NOON, SPY, twoSided } from "../support/quoted-chain.ts";

type Heard = { readonly type: string; readonly [key: string]: unknown };
type Slot = Given<typeof positionSlotMachine>;
const PATH = address.slot(1);
const candidate: Candidate = {
  strategy: "spy-condor",
  symbol: "SPY",
  underlying: SPY,
  legs: CONDOR,
  quantity: 2,
  mid: price(-2.4),
  natural: price(-2.3),
  width: price(12),
  unitMaxLoss: extremes(CONDOR, price(-2.4)).maxLoss as Candidate["unitMaxLoss"],
  tick: price(0.01),
  shortDeltas: {},
  daysToExpiry: 46,
  spot: price(600),
};

/** One thing the world may do next. References go to the newest order or an earlier one. */
const doing = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ what: "enter" as const }) },
  fc.record({
    what: fc.constant("fill" as const),
    leg: fc.nat(3),
    back: fc.constantFrom(0, 0, 0, 0, 1, 2),
    units: fc.integer({ min: 1, max: 2 }),
  }),
  {
    weight: 3,
    arbitrary: fc.record({
      what: fc.constant("fillAll" as const),
      back: fc.constantFrom(0, 0, 0, 0, 0, 1),
      units: fc.integer({ min: 1, max: 2 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ what: fc.constant("end" as const), back: fc.constantFrom(0, 0, 1), honest: fc.boolean() }),
  },
  fc.record({ what: fc.constant("doubt" as const) }),
  fc.record({ what: fc.constant("repeat" as const) }),
  fc.record({ what: fc.constant("fee" as const), cents: fc.integer({ min: 0, max: 300 }) }),
  {
    weight: 3,
    arbitrary: fc.record({
      what: fc.constant("market" as const),
      mid: fc.constantFrom(-0.5, -1, -2.4, -8.5),
      seconds: fc.constantFrom(2, 12),
    }),
  },
  fc.record({ what: fc.constant("wait" as const), ms: fc.constantFrom(100, 1_000, 6_000, 31_000) }),
  fc.record({ what: fc.constant("mode" as const), mode: fc.constantFrom("trading", "trading", "trading", "reducing", "halted") }),
  fc.record({ what: fc.constant("lose" as const) }),
);
type Doing = typeof doing extends fc.Arbitrary<infer D> ? D : never;

/** A world around one slot that keeps its own books, so that the slot's can be compared with them. */
class World {
  readonly slot: Slot;
  readonly live = new Map<string, { purpose: string; quantity: number }>();
  readonly everSent: string[] = [];
  readonly booked = new Map<string, { quantity: number; conId: number; price: number; orderRef: string }>();
  mostLive = 0;
  refused = 0;
  readonly #exits = new Set<string>();
  #n = 0;
  #heard = 0;
  #last: Heard | undefined;

  constructor() {
    this.slot = given(positionSlotMachine, { path: PATH, n: 1, engine: ENGINE }, NOON);
    this.slot.hear({ type: "mode.changed", mode: "trading", reason: "" });
  }

  #ref(back: number): string {
    return this.everSent.at(-1 - back) ?? this.everSent.at(-1) ?? "caretaker/5f2c81aa/20261123-s9-1";
  }
  #fill(orderRef: string, leg: number, units: number): void {
    const { contract, ratio } = CONDOR[leg] as (typeof CONDOR)[number];
    const direction = this.#exits.has(orderRef) ? -1 : 1;
    const quantity = ratio * units * direction;
    this.#n += 1;
    const execId = `e.${this.#n}.01`;
    const each = price([1.1, 2.3, 2.2, 1.0][leg] as number);
    this.booked.set(execId, { quantity, conId: contract.conId, price: each, orderRef });
    this.#hear({ type: "leg.filled", orderRef, execId, contract, quantity, price: each, at: this.slot.now });
  }
  #hear(event: Heard): void {
    this.#last = event;
    if (event.type === "entry.intended" && this.slot.state === "free" && this.slot.context.mode !== "trading") this.refused += 1;
    this.slot.hear(event);
    this.#listen();
  }
  #listen(): void {
    const spawns = this.slot.params("spawn");
    for (; this.#heard < spawns.length; this.#heard += 1) {
      const { intent } = spawns[this.#heard].input;
      this.live.set(intent.orderRef, intent);
      this.everSent.push(intent.orderRef);
      if (intent.purpose === "exit") this.#exits.add(intent.orderRef);
      this.mostLive = Math.max(this.mostLive, this.live.size);
    }
  }

  act(doing: Doing): void {
    const { slot } = this;
    switch (doing.what) {
      case "enter":
        this.#hear({ type: "entry.intended", candidate });
        break;
      case "fill":
        this.#fill(this.#ref(doing.back), doing.leg, doing.units);
        break;
      case "fillAll":
        for (let leg = 0; leg < 4; leg += 1) this.#fill(this.#ref(doing.back), leg, doing.units);
        break;
      case "end": {
        const orderRef = this.#ref(doing.back);
        const filledUnits = doing.honest ? 0 : 1;
        this.live.delete(orderRef);
        this.#hear({ type: "order.ended", orderRef, purpose: "entry", outcome: "cancelled", filledUnits, reason: "" });
        break;
      }
      case "doubt":
        this.#hear({ type: "order.doubted", orderRef: this.#ref(0), reason: "" });
        break;
      case "repeat":
        if (this.#last !== undefined) this.#hear(this.#last);
        break;
      case "fee": {
        const execId = [...this.booked.keys()].at(-1) ?? "e.0.01";
        const orderRef = this.booked.get(execId)?.orderRef ?? "";
        this.#hear({ type: "commission.charged", orderRef, execId, amount: price(doing.cents / 100) });
        break;
      }
      case "market":
        for (let i = 0; i < doing.seconds; i += 1) {
          slot.wait(1_000);
          const inner = -doing.mid / 2 + 0.05;
          CONDOR.forEach(({ contract }, leg) => {
            const value = [0.05, inner, inner, 0.05][leg] as number;
            this.#hear({
              type: "quote.updated",
              epoch: 1,
              quote: twoSided(contract.conId, value - 0.02, value + 0.02, slot.now),
            });
          });
        }
        break;
      case "wait":
        slot.wait(doing.ms);
        this.#listen();
        break;
      case "mode":
        this.#hear({ type: "mode.changed", mode: doing.mode, reason: "" });
        break;
      case "lose":
        this.#hear({ type: "session.unreadied", epoch: 1, reason: "" });
        break;
    }
  }
}

/** Many stories begin with a position, some with one on its way out, so that the rest happens to all of a slot's life. */
const opening: Doing[] = [{ what: "enter" }, { what: "fillAll", back: 0, units: 2 }, { what: "end", back: 0, honest: true }];
const leaving: Doing[] = [...opening, { what: "market", mid: -1, seconds: 12 }];
const gone: Doing[] = [...leaving, { what: "fillAll", back: 0, units: 2 }, { what: "end", back: 0, honest: true }];
const story = fc
  .tuple(fc.constantFrom<Doing[]>([], opening, leaving, gone), fc.array(doing, { maxLength: 20 }))
  .map(([before, then]) => [...before, ...then]);
const runs = { numRuns: 120 };

describe("position slot, whatever happens in whatever order", () => {
  it("never has two orders at work, and never re-uses an intent", () => {
    fc.assert(
      fc.property(story, (doings) => {
        const world = new World();
        for (const doing of doings) {
          world.act(doing);
          expect(world.live.size).toBeLessThanOrEqual(1);
        }
        expect(world.mostLive).toBeLessThanOrEqual(1);
        expect(new Set(world.everSent).size).toBe(world.everSent.length);
      }),
      runs,
    );
  });

  it("is free exactly when it holds nothing and nothing works, settling apart", () => {
    fc.assert(
      fc.property(story, (doings) => {
        const world = new World();
        for (const doing of doings) {
          world.act(doing);
          const { state, context } = world.slot;
          const empty = context.order === null && Object.keys(context.ledger.fills).length === 0;
          if (state === "free") expect(empty).toBe(true);
          else if (state !== "quarantined" && state !== "settling" && state !== "counting") expect(empty).toBe(false);
        }
      }),
      runs,
    );
  });

  it("books every execution exactly once: what it holds and has held is the sum of all fills", () => {
    fc.assert(
      fc.property(story, (doings) => {
        const world = new World();
        for (const doing of doings) world.act(doing);
        const { context } = world.slot;
        const known = [...Object.keys(context.ledger.fills), ...context.past.map(({ execId }) => execId)].filter((id) =>
          world.booked.has(id),
        );
        expect(new Set(known).size).toBe(world.booked.size);
        const held: Record<string, number> = {};
        for (const fill of Object.values(context.ledger.fills)) held[fill.conId] = (held[fill.conId] ?? 0) + fill.quantity;
        const truth: Record<string, number> = {};
        for (const { conId, quantity } of world.booked.values()) truth[conId] = (truth[conId] ?? 0) + quantity;
        for (const { contract } of CONDOR) expect(held[contract.conId] ?? 0).toBe(truth[contract.conId] ?? 0);
      }),
      runs,
    );
  });

  it("closes no more than it holds: an exit asks for the units that the ledger held when it was made", () => {
    fc.assert(
      fc.property(story, (doings) => {
        const world = new World();
        for (const doing of doings) {
          const before = world.everSent.length;
          world.act(doing);
          for (const { input } of world.slot.params("spawn").slice(before)) {
            if (input.intent.purpose !== "exit") continue;
            expect(input.intent.quantity).toBeGreaterThan(0);
            const bought = [...world.booked.values()].filter(({ conId }) => conId === CONDOR[0]?.contract.conId);
            expect(input.intent.quantity).toBeLessThanOrEqual(bought.reduce((sum, { quantity }) => sum + quantity, 0));
          }
        }
      }),
      runs,
    );
  });

  it("gives its slot back to the gate once for each time it lets go of its lines or refuses an entry", () => {
    fc.assert(
      fc.property(story, (doings) => {
        const world = new World();
        const { slot } = world;
        for (const doing of doings) world.act(doing);
        const letGo = slot.told(address.lines).filter(({ type }) => type === "lines.released").length;
        expect(slot.told(address.riskGate).filter(({ type }) => type === "slot.released")).toHaveLength(letGo + world.refused);
        expect(slot.facts("slot.closed")).toHaveLength(slot.context.totals.positions);
      }),
      runs,
    );
  });

  it("is put by these stories into every one of its states", () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(story, (doings) => {
        const world = new World();
        for (const doing of doings) {
          world.act(doing);
          seen.add(world.slot.state);
        }
      }),
      { numRuns: 150 },
    );
    // Sleeping between sessions has its own examples.
    expect([...seen].sort()).toEqual([
      "counting",
      "entering",
      "free",
      "open.exiting.backingOff",
      "open.exiting.working",
      "open.holding.watching",
      "quarantined",
      "settling",
    ]);
  });
});
