/** A shelf of the queue: nothing is lost, nothing is asked for twice at once, and everybody has a turn. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Contract } from "../../src/domain/contract.ts";
import {
  calmed,
  EMPTY_SHELF,
  failed,
  filled,
  picked,
  refreshed,
  returned,
  type Shelf,
  tally,
} from "../../src/domain/lines/shelf.ts";
import { SPY } from "../support/quoted-chain.ts";

const EVERY_MS = 60_000;
const contract = (conId: number): Contract => ({ ...SPY, conId });
const shelfOf = (size: number): Shelf =>
  filled(
    EMPTY_SHELF,
    Array.from({ length: size }, (_, n) => contract(n + 1)),
  );

describe("a shelf, whatever is answered", () => {
  const answer = fc.constantFrom("refreshed", "failed", "dead", "returned", "lost");
  test("holds each contract in one state, and never asks for one that is under way", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }),
        fc.array(fc.record({ count: fc.integer({ min: 1, max: 6 }), waitMs: fc.nat(90_000), answer }), { maxLength: 40 }),
        (size, rounds) => {
          let shelf = shelfOf(size);
          let now = 1_000_000;
          const underWay: number[] = [];
          for (const round of rounds) {
            now += round.waitMs;
            const turn = picked(shelf, round.count, now);
            shelf = turn.shelf;
            for (const { conId } of turn.contracts) {
              expect(underWay).not.toContain(conId);
              underWay.push(conId);
            }
            const conId = underWay.shift();
            if (conId !== undefined) {
              if (round.answer === "refreshed") shelf = refreshed(shelf, conId, now, EVERY_MS);
              else if (round.answer === "failed") shelf = failed(shelf, conId, now + 10_000, false);
              else if (round.answer === "dead") shelf = failed(shelf, conId, now + 80_000, true);
              else if (round.answer === "returned") shelf = returned(shelf, conId);
              else {
                shelf = calmed(shelf);
                underWay.length = 0;
              }
            }
            const { waiting, refreshing, done, failed: dead } = tally(shelf, now);
            expect(waiting + refreshing + done + dead).toBe(size);
            expect(refreshing).toBe(underWay.length);
          }
        },
      ),
    );
  });

  test("gives everybody a turn in a lap, also when the first are due again before the last had one", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 1, max: 100_000 }),
        (size, count, beat) => {
          let shelf = shelfOf(size);
          const seen = new Set<number>();
          for (let now = 0, n = 0; n <= Math.ceil(size / count); n++, now += beat) {
            const turn = picked(shelf, count, now);
            shelf = turn.shelf;
            for (const { conId } of turn.contracts) {
              seen.add(conId);
              shelf = refreshed(shelf, conId, now, 1);
            }
            if (turn.ended) break;
          }
          expect(seen.size).toBe(size);
        },
      ),
    );
  });

  test("keeps what it knows about those that stay, when others come and go", () => {
    const shelf = refreshed(shelfOf(3), 2, 5_000, EVERY_MS);
    const other = filled(shelf, [contract(2), contract(9)]);
    expect(other.heardAt).toEqual([5_000, 0]);
    expect(picked(other, 5, 6_000).contracts.map(({ conId }) => conId)).toEqual([9]);
  });
});
