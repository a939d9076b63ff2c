/** The pool of market data lines under any wishes, snapshots, failures, silences and sessions. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Contract } from "../../src/domain/contract.ts";
import { priorityOf } from "../../src/domain/lines/allocation.ts";
import { inUse } from "../../src/domain/lines/pool.ts";
import { marketDataLinesMachine } from "../../src/machines/market-data-lines.machine.ts";
import { given } from "../support/given.ts";
import { ENGINE, NOON, SPY } from "../support/quoted-chain.ts";

const LIMIT = 4;
const LINES = { ...ENGINE.lines, max: LIMIT, reserve: 1, streamingSlots: 2 };
const SLICE_MS = 500;
const contract = (n: number): Contract => ({ ...SPY, conId: n });
const pool = (lines: Partial<typeof LINES> = {}) =>
  given(marketDataLinesMachine, { config: { ...ENGINE, lines: { ...LINES, ...lines } } }, NOON);
const readied = (epoch: number) => ({ type: "session.readied", epoch, account: "DU1", clientId: 7 });
const unreadied = (epoch: number) => ({ type: "session.unreadied", epoch, reason: "" });
const holder = fc.constantFrom("slot/s1", "slot/s2", "slot/s3", "strategy/a", "future/ES");
const conId = fc.integer({ min: 1, max: 9 });
type Make = (epoch: number) => { readonly type: string; readonly [key: string]: unknown };
const ofContract = (type: string, more: object = {}) =>
  fc.tuple(conId, fc.constantFrom(0, 0, -1)).map(
    ([n, back]): Make =>
      (epoch) => ({ type, epoch: epoch + back, conId: n, ...more }),
  );
const happening: fc.Arbitrary<Make | number> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(holder, conId, fc.constantFrom(1, 2, 3, 4)).map(
      ([who, n, priority]): Make =>
        () => ({
          type: "line.requested",
          holder: who,
          contract: contract(n),
          priority,
        }),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.integer({ min: 20, max: 29 }).map(
      (n): Make =>
        () => ({ type: "snapshot.requested", contract: contract(n) }),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.integer({ min: 20, max: 29 }).map(
      (n): Make =>
        (epoch) => ({ type: "snapshot.answered", epoch, conId: n, quote: { conId: n, at: NOON } }),
    ),
  },
  fc.integer({ min: 20, max: 29 }).map(
    (n): Make =>
      () => ({ type: "snapshot.abandoned", conId: n }),
  ),
  {
    weight: 2,
    arbitrary: fc.tuple(holder, conId).map(
      ([who, n]): Make =>
        () => ({ type: "line.released", holder: who, conId: n }),
    ),
  },
  holder.map(
    (who): Make =>
      () => ({ type: "lines.released", holder: who }),
  ),
  ...[354, 101, 10_197, 507].map((code) => ofContract("line.failed", { code, text: "no" })),
  ofContract("line.stalled", { silentMs: 10_000 }),
  ofContract("line.resumed"),
  fc.constant<Make>((epoch) => readied(epoch + 1)),
  fc.constant<Make>(unreadied),
  { weight: 6, arbitrary: fc.constantFrom(500, 1_000, 5_000, 35_000) },
);

describe("market data lines, whatever is wished", () => {
  test("never exceed the budget as a broker counts it, close only what is open, and serve the better priority first", () => {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 70, size: "max" }), (events) => {
        const it = pool();
        const streams = new Set<number>();
        const looks = new Set<number>();
        let counted: number[] = [];
        // Market time passes in slices, so that it is known when each line was given back.
        const slices: (Make | number)[] = events.flatMap((make): (Make | number)[] =>
          typeof make === "number" ? Array<number>(Math.ceil(make / SLICE_MS)).fill(SLICE_MS) : [make],
        );
        for (const make of slices) {
          const made = typeof make === "number" ? make : make(it.context.epoch);
          const before = it.said.length;
          if (typeof made === "number") it.wait(made);
          else {
            const thisEpoch = (made as { epoch?: number }).epoch === it.context.epoch;
            // With its connection every line is gone; a line that failed, or a look that was answered, is gone by itself.
            if (made.type.startsWith("session.")) {
              streams.clear();
              looks.clear();
              counted = [];
            }
            if (made.type === "line.failed" && thisEpoch) streams.delete(made["conId"] as number);
            if (made.type === "snapshot.answered" && thisEpoch) looks.delete(made["conId"] as number);
            it.hear(made);
          }
          for (const { type, params } of it.said.slice(before)) {
            for (const each of [params].flat()) {
              const { conId: closing, contract: opening } = each as { conId: number; contract?: Contract };
              if (type === "line.close") {
                expect(streams.delete(closing)).toBe(true);
                // IB may still count it; a line that is opened anew at once is the same line.
                if (!it.said.slice(before).some((one) => one.type === "line.open" && one.params[0]?.afterStall === true))
                  counted.push(it.now + LINES.coolingSeconds * 1_000 - SLICE_MS);
              } else if (type === "line.withdraw") {
                looks.delete(closing);
                if (typeof made === "number" || made.type !== "snapshot.abandoned")
                  counted.push(it.now + LINES.coolingSeconds * 1_000 - SLICE_MS);
              } else if (type === "line.snapshot") looks.add((opening as Contract).conId);
              else if (type === "line.open") streams.add((opening as Contract).conId);
            }
          }
          counted = counted.filter((until) => until > it.now);
          if (typeof made !== "number") expect(streams.size + looks.size + counted.length).toBeLessThanOrEqual(LIMIT);
          const { leased, wants, resting, cooling } = it.context.pool;
          expect(inUse(it.context.pool)).toBeLessThanOrEqual(LIMIT);
          expect(new Set(Object.keys(leased).map(Number))).toEqual(streams);
          if (!it.state.startsWith("online")) continue;
          // A held leg or an underlying waits only behind its equals, for a line that cools, or for its own rest.
          const served = Object.keys(leased).map((key) => priorityOf(wants[key] as NonNullable<(typeof wants)[string]>));
          const waiting = Object.entries(wants).filter(
            ([key, { holders }]) =>
              leased[key] === undefined && resting[key] === undefined && Object.values(holders).some((wish) => wish === 2),
          );
          if (waiting.length > 0 && cooling.length === 0 && it.context.pool.ceiling === null)
            expect(Math.max(0, ...served.filter((priority) => priority > 2))).toBe(0);
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe("a line", () => {
  const wish = (n: number, priority = 3, who = "a") => ({ type: "line.requested", holder: who, contract: contract(n), priority });
  const leasedOf = (it: ReturnType<typeof pool>) => Object.keys(it.context.pool.leased);
  const opened = (it: ReturnType<typeof pool>) =>
    it
      .params("line.open")
      .flat()
      .map(({ epoch, contract: { conId: id } }) => [epoch, id]);

  test("keeps its lease against a newcomer of equal priority, and yields it to a better one once it has cooled", () => {
    const it = pool().hear(readied(1), wish(1), wish(2), wish(3), wish(4), wish(5));
    expect(leasedOf(it)).toEqual(["1", "2", "3", "4"]);
    it.hear(wish(6, 1));
    expect(leasedOf(it)).toEqual(["1", "2", "3"]);
    expect(it.wait(999) && leasedOf(it)).toEqual(["1", "2", "3"]);
    expect(it.wait(1) && leasedOf(it)).toEqual(["1", "2", "3", "6"]);
  });
  test("of the rest is kept for a while and then takes turns; a held leg and an underlying never do", () => {
    const it = pool().hear(readied(1), wish(1, 1, "slot/s1"), wish(2, 2), wish(3, 4), wish(4, 4), wish(5, 4));
    // Half of what is left is for snapshots.
    expect(leasedOf(it)).toEqual(["1", "2", "3"]);
    it.wait(59_000);
    expect(leasedOf(it)).toEqual(["1", "2", "3"]);
    it.wait(3_000);
    expect(leasedOf(it)).toEqual(["1", "2", "4"]);
    const streamed = new Set<string>();
    for (let n = 0; n < 12; n++) {
      it.wait(31_000);
      for (const key of leasedOf(it)) streamed.add(key);
      expect(leasedOf(it)).toEqual(expect.arrayContaining(["1", "2"]));
    }
    expect([...streamed].sort()).toEqual(["1", "2", "3", "4", "5"]);
  });
  test("of a slot beyond the streaming ones waits behind entry candidates, and the queue is told of it", () => {
    const it = pool().hear(readied(1), wish(1, 1, "slot/s1"), wish(2, 1, "slot/s2"), wish(3, 1, "slot/s3"), wish(4), wish(5));
    it.wait(2_000);
    expect(leasedOf(it)).toEqual(["1", "2", "4", "5"]);
    expect(
      it
        .told("contracts")
        .at(-1)
        .heldWaiting.map(({ conId: id }: Contract) => id),
    ).toEqual([3]);
  });
  test("that may not be seen is taken from all its holders, and they hear why; one of an older epoch takes nothing", () => {
    const it = pool()
      .hear(readied(2), wish(1, 3, "a"), wish(1, 2, "b"))
      .quiet();
    const holders = () =>
      it
        .params("tell")
        .flat()
        .filter(({ to }) => to === "a" || to === "b")
        .map(({ event }) => event);
    it.hear({ type: "line.failed", epoch: 1, conId: 1, code: 354, text: "no" });
    expect(holders()).toEqual([]);
    it.hear({ type: "line.failed", epoch: 2, conId: 1, code: 354, text: "no" });
    expect(holders()).toEqual([1, 2].map(() => ({ type: "line.lost", conId: 1, reason: "354 no" })));
  });
  test("that another session took is opened again by itself, ever later; one of a held leg is never given up", () => {
    const it = pool()
      .hear(readied(1), wish(1, 2), wish(2, 1, "slot/s1"))
      .quiet();
    for (const waitMs of [30_000, 60_000, 120_000]) {
      it.hear({ type: "line.failed", epoch: 1, conId: 1, code: 10_197, text: "no" }).wait(waitMs - 100);
      expect(leasedOf(it)).not.toContain("1");
      expect(it.wait(200) && leasedOf(it)).toContain("1");
    }
    it.hear({ type: "line.failed", epoch: 1, conId: 2, code: 354, text: "no" });
    expect(
      it
        .params("tell")
        .flat()
        .filter(({ to }) => to === "slot/s1"),
    ).toHaveLength(1);
    expect(it.wait(300_000) && leasedOf(it)).toContain("2");
  });
  test("too many (101) lowers the limit for a while", () => {
    const it = pool({ reserve: 0 }).hear(readied(1), wish(1), wish(2), wish(3));
    it.hear({ type: "line.failed", epoch: 1, conId: 3, code: 101, text: "Max number of tickers" });
    expect([leasedOf(it), it.hear(wish(4)) && leasedOf(it)]).toEqual([
      ["1", "2"],
      ["1", "2"],
    ]);
    expect(it.wait(31_000) && leasedOf(it)).toEqual(["1", "2", "3", "4"]);
  });
  test("is opened once again with each session", () => {
    const it = pool().hear(wish(1), wish(2), readied(1)).hear(unreadied(1), readied(2));
    expect(opened(it)).toEqual([
      [1, 1],
      [1, 2],
      [2, 1],
      [2, 2],
    ]);
  });
  test("that IB dropped with all others (1101) is opened once, when the session stands again", () => {
    const dropped = (n: number) => ({ type: "line.failed", epoch: 1, conId: n, code: 1_101, text: "data lost" });
    const it = pool().hear(readied(1), wish(1), wish(2)).quiet();
    it.hear(unreadied(1), dropped(1), dropped(2)).wait(60_000).hear(readied(1)).wait(60_000);
    expect(opened(it)).toEqual([
      [1, 1],
      [1, 2],
    ]);
  });
  test("that is dead on a living connection is opened anew at once, then after 30 s, 60 s, ...; the session hears of it", () => {
    const it = pool().hear(readied(1), wish(1, 2)).quiet();
    const stall = { type: "line.stalled", epoch: 1, conId: 1, silentMs: 10_000 };
    it.hear(stall);
    expect([it.params("line.close").flat().length, opened(it).length]).toEqual([1, 1]);
    expect(it.told("session").at(-1)).toMatchObject({ type: "feeds.told", stalled: ["SPY"] });
    expect(it.facts("feed.stalled")).toMatchObject([{ name: "SPY", silentMs: 10_000, attempt: 1 }]);
    for (const waitMs of [30_000, 60_000, 120_000, 240_000, 300_000, 300_000]) {
      const before = opened(it).length;
      it.hear(stall).wait(waitMs - 1);
      expect(opened(it).length).toBe(before);
      expect(it.wait(1) && opened(it).length).toBe(before + 1);
    }
    it.hear({ type: "line.resumed", epoch: 1, conId: 1 });
    expect(it.told("session").at(-1)).toMatchObject({ type: "feeds.told", stalled: [] });
    expect(it.facts("feed.resumed")).toHaveLength(1);
    expect(leasedOf(it)).toEqual(["1"]);
  });
});

describe("a snapshot", () => {
  const look = (n: number) => ({ type: "snapshot.requested", contract: contract(n) });
  const wish = (n: number, priority: number) => ({ type: "line.requested", holder: "a", contract: contract(n), priority });
  test("is let through while lines are to spare, and gives way to a stream", () => {
    const it = pool().hear(readied(1), look(21), look(22), look(23), look(24));
    expect(it.params("line.snapshot")).toHaveLength(3);
    expect(it.told("contracts").filter(({ type }) => type === "snapshot.evicted")).toMatchObject([{ conId: 24 }]);
    it.quiet().hear(wish(1, 2));
    // The reserve is there for it.
    expect([it.params("line.open").flat().length, it.params("line.withdraw").flat()]).toEqual([1, []]);
    it.hear(wish(2, 2));
    expect([it.params("line.open").flat().length, it.params("line.withdraw").flat().length]).toEqual([1, 1]);
    expect(it.wait(1_000).params("line.open").flat()).toHaveLength(2);
  });
  test("of what streams is not asked for", () => {
    const it = pool().hear(readied(1), wish(1, 1), look(1));
    expect(it.params("line.snapshot")).toEqual([]);
    expect(it.told("contracts").at(-1)).toEqual({ type: "snapshot.spared", conId: 1 });
  });
});
