/** The pacer: never too fast, the urgent first, each message settled once. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createPacer, LANES, type Lane } from "../../src/io/ib/pacer.ts";
import { VirtualScheduler } from "../support/virtual-scheduler.ts";

interface Left {
  readonly n: number;
  readonly lane: Lane;
  readonly at: number;
}
const createBench = (messagesPerSecond = 45) => {
  const scheduler = new VirtualScheduler();
  const left: Left[] = [];
  const settled: [number, string | undefined][] = [];
  let congested = false;
  const pacer = createPacer({ scheduler, messagesPerSecond, congested: () => congested });
  let n = 0;
  const offer = (lane: Lane, orderId?: number, objection?: () => string | undefined) => {
    const own = n++;
    pacer.offer({
      lane,
      ...(orderId === undefined ? {} : { orderId }),
      ...(objection ? { objection } : {}),
      write: () => void left.push({ n: own, lane, at: scheduler.now() }),
      settle: (refusal) => void settled.push([own, refusal]),
    });
    return own;
  };
  const congest = (now: boolean) => {
    congested = now;
  };
  return { scheduler, pacer, left, settled, offer, congest };
};

const offers = fc.array(
  fc.record({
    lane: fc.constantFrom(...LANES),
    waitMs: fc.oneof({ weight: 20, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(300) }),
  }),
  {
    maxLength: 300,
    size: "max",
  },
);

describe("whatever is offered, whenever", () => {
  test("no second of time, wherever it begins, holds more than 45 messages, and all get out (pain 35)", () => {
    fc.assert(
      fc.property(offers, (all) => {
        const { scheduler, pacer, left, settled, offer } = createBench();
        pacer.open();
        for (const { lane, waitMs } of all) {
          scheduler.advance(waitMs);
          offer(lane);
        }
        scheduler.advance(60_000);
        expect(left.length).toBe(all.length);
        expect(settled.length).toBe(all.length);
        left.forEach(({ at }, from) => {
          expect(left.slice(from).filter((other) => other.at < at + 1_000).length).toBeLessThanOrEqual(45);
        });
      }),
      { numRuns: 60 },
    );
  });

  test("nothing leaves while something more urgent waits, and a lane keeps its order", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...LANES), { minLength: 1, maxLength: 200 }), (lanes) => {
        const { scheduler, pacer, left, offer } = createBench(5);
        for (const lane of lanes) offer(lane);
        pacer.open();
        scheduler.advance(120_000);
        const rank = left.map(({ lane }) => LANES.indexOf(lane));
        expect(rank).toEqual([...rank].sort((a, b) => a - b));
        for (const lane of LANES) {
          const ns = left.filter((one) => one.lane === lane).map(({ n }) => n);
          expect(ns).toEqual([...ns].sort((a, b) => a - b));
        }
      }),
      { numRuns: 60 },
    );
  });

  test("when the epoch ends each message has been written or is refused, never both, and none is written after", () => {
    fc.assert(
      fc.property(offers, fc.nat(5_000), (all, endsAt) => {
        const { scheduler, pacer, left, settled, offer } = createBench();
        pacer.open();
        for (const { lane, waitMs } of all) {
          scheduler.advance(waitMs);
          if (scheduler.now() >= endsAt) pacer.close();
          offer(lane);
        }
        pacer.close();
        const written = left.length;
        scheduler.advance(60_000);
        expect(left.length).toBe(written);
        expect(settled.map(([n]) => n).sort((a, b) => a - b)).toEqual(all.map((_, n) => n));
        expect(settled.filter(([, refusal]) => refusal === undefined).map(([n]) => n)).toEqual(left.map(({ n }) => n));
        expect(settled.every(([, refusal]) => refusal === undefined || refusal === "epoch over")).toBe(true);
        expect(scheduler.pending).toBe(0);
      }),
      { numRuns: 100 },
    );
  });
});

test("a cancel overtakes other orders, never its own", () => {
  const { scheduler, pacer, left, offer } = createBench(1);
  const names = new Map([
    [offer("order", 1), "place 1"],
    [offer("order", 2), "place 2"],
    [offer("order", 3), "place 3"],
    [offer("cancel", 2), "cancel 2"],
    [offer("cancel", 9), "cancel 9"],
  ]);
  pacer.open();
  scheduler.advance(10_000);
  expect(left.map(({ n }) => names.get(n))).toEqual(["cancel 9", "place 1", "place 2", "place 3", "cancel 2"]);
});

test("an objection just before the bytes keeps the message back and costs no place in the second", () => {
  const { scheduler, pacer, left, settled, offer } = createBench(2);
  pacer.open();
  for (let n = 0; n < 10; n++) offer("order", n, () => "halted");
  const sound = offer("order", 99);
  expect(left.map(({ n }) => n)).toEqual([sound]);
  expect(settled.filter(([, refusal]) => refusal === "halted").length).toBe(10);
  scheduler.advance(1);
  expect(left[0]?.at).toBe(0);
});

test("while the socket is congested nothing is handed to it, so that a later cancel still goes first", () => {
  const { scheduler, pacer, left, offer, congest } = createBench();
  pacer.open();
  congest(true);
  offer("order", 1);
  scheduler.advance(500);
  offer("cancel", 9);
  expect(left).toEqual([]);
  congest(false);
  scheduler.advance(100);
  expect(left.map(({ lane }) => lane)).toEqual(["cancel", "order"]);
});

test("a write that throws is a refusal, and the next message still goes", () => {
  const scheduler = new VirtualScheduler();
  const pacer = createPacer({ scheduler, messagesPerSecond: 45 });
  pacer.open();
  const told: (string | undefined)[] = [];
  const settle = (refusal?: string) => void told.push(refusal);
  pacer.offer({
    lane: "order",
    write: () => {
      throw new Error("no such field");
    },
    settle,
  });
  pacer.offer({ lane: "order", write: () => {}, settle });
  expect(told).toEqual(["not written: no such field", undefined]);
});
