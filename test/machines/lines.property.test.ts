/** The pool of market data lines under any wishes, failures and sessions. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Contract } from "../../src/domain/contract.ts";
import { priorityOf } from "../../src/domain/lines/allocation.ts";
import { marketDataLinesMachine } from "../../src/machines/market-data-lines.machine.ts";
import { given } from "../support/given.ts";
import { ENGINE, NOON, SPY } from "../support/quoted-chain.ts";

const LIMIT = 4;
const contract = (n: number): Contract => ({ ...SPY, conId: n });
const pool = () => given(marketDataLinesMachine, { config: { ...ENGINE, lines: { max: LIMIT } } }, NOON);
const readied = (epoch: number) => ({ type: "session.readied", epoch, account: "DU1", clientId: 7 });
const unreadied = (epoch: number) => ({ type: "session.unreadied", epoch, reason: "" });
const holder = fc.constantFrom("slot/s1", "slot/s2", "strategy/a", "future/ES");
const conId = fc.integer({ min: 1, max: 9 });
const happening = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.tuple(holder, conId, fc.constantFrom(1, 2, 3, 4)).map(([who, n, priority]) => () => ({
      type: "line.requested",
      holder: who,
      contract: contract(n),
      priority,
    })),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(holder, conId).map(([who, n]) => () => ({ type: "line.released", holder: who, conId: n })),
  },
  holder.map((who) => () => ({ type: "lines.released", holder: who })),
  fc.tuple(conId, fc.constantFrom(0, 0, -1)).map(([n, back]) => (epoch: number) => ({
    type: "line.failed",
    epoch: epoch + back,
    conId: n,
    code: 354,
    text: "no",
  })),
  fc.tuple(conId, fc.constantFrom(0, -1)).map(([n, back]) => (epoch: number) => ({
    type: "effect.refused",
    effect: "1.1",
    name: "line.open",
    params: { epoch: epoch + back, contract: contract(n) },
    reason: "no",
  })),
  fc.constant((epoch: number) => readied(epoch + 1)),
  fc.constant(unreadied),
  fc.integer({ min: 1, max: 6 }).map((max) => () => ({ type: "run.resumed", config: { ...ENGINE, lines: { max } } })),
);

describe("market data lines, whatever is wished", () => {
  test("never exceed the budget, serve the better priority first, close only what is open", () => {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 60, size: "max" }), (events) => {
        const it = pool();
        let open = new Set<number>();
        for (const make of events) {
          const made = make(it.context.epoch);
          const before = it.said.length;
          // With its connection every line is gone; a line that failed is gone by itself.
          if (made.type === "session.unreadied" || made.type === "session.readied") open = new Set();
          if (made.type === "line.failed" && it.state === "online" && (made as { epoch: number }).epoch === it.context.epoch)
            open.delete((made as { conId: number }).conId);
          if (
            made.type === "effect.refused" &&
            it.state === "online" &&
            (made as { params: { epoch: number } }).params.epoch === it.context.epoch
          )
            open.delete((made as { params: { contract: Contract } }).params.contract.conId);
          it.hear(made);
          for (const { type, params } of it.said.slice(before)) {
            for (const each of [params].flat()) {
              if (type === "line.close") {
                expect(open.delete(each.conId)).toBe(true);
                expect(each.epoch).toBe(it.context.epoch);
              } else if (type === "line.open") {
                // What streams is asked for again only on behalf of whoever asks for it now.
                if (open.has(each.contract.conId))
                  expect(made).toMatchObject({ type: "line.requested", contract: each.contract });
                open.add(each.contract.conId);
                expect(open.size).toBeLessThanOrEqual(it.context.limit);
              }
            }
          }
          const { leased, wants, limit } = it.context;
          expect(Object.keys(leased).length).toBeLessThanOrEqual(limit);
          if (it.state !== "online") {
            expect(leased).toEqual({});
            continue;
          }
          expect(new Set(Object.keys(leased).map(Number))).toEqual(open);
          const worstServed = Math.max(
            0,
            ...Object.keys(leased).map((key) => priorityOf(wants[key] as NonNullable<(typeof wants)[string]>)),
          );
          const waiting = Object.entries(wants).filter(([key]) => leased[key] === undefined);
          for (const [, one] of waiting) expect(priorityOf(one)).toBeGreaterThanOrEqual(worstServed);
          if (waiting.length > 0) expect(Object.keys(leased).length).toBe(limit);
        }
      }),
    );
  });
});

describe("a line", () => {
  const wish = (n: number, priority = 3, who = "a") => ({ type: "line.requested", holder: who, contract: contract(n), priority });
  test("keeps its lease against a newcomer of equal priority, and yields it to a better one", () => {
    const it = pool().hear(readied(1), wish(1), wish(2), wish(3), wish(4), wish(5));
    expect(Object.keys(it.context.leased)).toEqual(["1", "2", "3", "4"]);
    it.hear(wish(6, 1));
    expect(Object.keys(it.context.leased)).toEqual(["1", "2", "3", "6"]);
  });
  test("that fails is taken from all its holders, and they hear why; one of an older epoch takes nothing", () => {
    const it = pool()
      .hear(readied(2), wish(1, 1, "a"), wish(1, 2, "b"))
      .quiet();
    it.hear({ type: "line.failed", epoch: 1, conId: 1, code: 354, text: "no" });
    expect(it.params("tell").flat()).toEqual([]);
    it.hear({ type: "line.failed", epoch: 2, conId: 1, code: 354, text: "no" });
    const told = it.params("tell").flat();
    expect(told.map(({ to }) => to).sort()).toEqual(["a", "b"]);
    expect(told.map(({ event }) => event)).toEqual([1, 2].map(() => ({ type: "line.lost", conId: 1, reason: "354 no" })));
  });
  test("is opened once again with each session", () => {
    const it = pool().hear(wish(1), wish(2), readied(1)).hear(unreadied(1), readied(2));
    const opened = it
      .params("line.open")
      .flat()
      .map(({ epoch, contract: { conId: id } }) => [epoch, id]);
    expect(opened).toEqual([
      [1, 1],
      [1, 2],
      [2, 1],
      [2, 2],
    ]);
  });
});
