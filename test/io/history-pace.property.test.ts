/** IB's rules for historical data are kept whoever asks what and when; nobody is forgotten. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Effects } from "../../src/domain/effects.ts";
import { createHistoryPace } from "../../src/io/ib/history-pace.ts";
import { SPY } from "../support/ib-port-rig.ts";
import { VirtualScheduler } from "../support/virtual-scheduler.ts";

const bench = () => {
  const scheduler = new VirtualScheduler();
  const pace = createHistoryPace(scheduler);
  const asked: { readonly at: number; readonly conId: number; readonly days: number }[] = [];
  const settled: (string | undefined)[] = [];
  const ask = (conId: number, days: number) => {
    const params: Effects["bars.request"] = {
      epoch: 1,
      replyTo: "x",
      request: "b",
      contract: { ...SPY, conId },
      days,
      show: "TRADES",
    };
    const asker = { params, replyTo: "x", request: "b", settle: (reason?: string) => void settled.push(reason), fail: () => {} };
    pace.ask(asker, () => void asked.push({ at: scheduler.now(), conId, days }));
  };
  return { scheduler, pace, asked, settled, ask };
};
const question = fc.record({
  conId: fc.integer({ min: 1, max: 3 }),
  days: fc.integer({ min: 1, max: 40 }),
  after: fc.nat(3_000),
});

test("never the same within 15 s, six of a contract within 2 s, or more than 60 in 10 minutes; and all are asked at last", () => {
  fc.assert(
    fc.property(fc.array(question, { maxLength: 120, size: "max" }), (questions) => {
      const { scheduler, asked, ask } = bench();
      for (const { conId, days, after } of questions) {
        ask(conId, days);
        scheduler.advance(after);
      }
      scheduler.advance(3_600_000);
      expect(asked.length).toBe(questions.length);
      for (const [n, one] of asked.entries()) {
        const later = asked.slice(n + 1);
        expect(later.filter(({ at, conId, days }) => conId === one.conId && days === one.days && at - one.at < 15_000)).toEqual(
          [],
        );
        expect(later.filter(({ at, conId }) => conId === one.conId && at - one.at < 2_000).length).toBeLessThan(5);
        expect(later.filter(({ at }) => at - one.at < 600_000).length).toBeLessThan(60);
      }
    }),
    { numRuns: 40 },
  );
});

test("one that must wait holds up nobody else, and is refused when its epoch ends", () => {
  const { pace, asked, settled, ask } = bench();
  ask(1, 5);
  ask(1, 5);
  ask(2, 5);
  expect(asked.map(({ conId }) => conId)).toEqual([1, 2]);
  pace.close();
  expect(settled).toEqual(["epoch over"]);
});
