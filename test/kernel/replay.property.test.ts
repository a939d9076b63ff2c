/**
 * The law of the journal (P3, K10): live state, recovery and replay from any snapshot are one and the same, whatever came in,
 * in whatever batches, and however often the process was stopped, killed or snapshotted.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonical } from "../../src/domain/canonical-json.ts";
import { replay } from "../../src/kernel/replay.ts";
import type { Input, Step } from "../../src/ports/journal.ts";
import { settle } from "../support/kernel-memory.ts";
import { type Rig, type RigOptions, startedRig, stateText } from "../support/kernel-rig.ts";
import { zoo } from "../support/kernel-zoo.ts";

type Act =
  | { readonly do: "offer"; readonly input: Input; readonly key?: string }
  | { readonly do: "advance"; readonly ms: number }
  | { readonly do: "settle" }
  | { readonly do: "restart"; readonly clean: boolean; readonly awayMs: number };

const id = fc.constantFrom("a", "b", "10", "9");
const inputs: fc.Arbitrary<Act> = fc
  .oneof(
    fc.record({ type: fc.constant("intent.made"), id }),
    fc.record({ type: fc.constantFrom("order.working", "order.filled", "order.cancelled"), id }),
    fc.record({ type: fc.constantFrom("chat.begin", "reconciliation.completed", "day.ended", "surprise", "misrouted") }),
    fc.record({
      type: fc.constantFrom("poke.well", "poke.assign", "poke.guard", "poke.params", "poke.codec", "poke.context"),
      to: fc.constantFrom("fragile", "glass", "nobody"),
    }),
  )
  .map((input) => ({ do: "offer", input }));
const acts = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: inputs },
    {
      weight: 1,
      arbitrary: fc.nat(9).map((price): Act => ({ do: "offer", input: { type: "quote.updated", price }, key: "SPY" })),
    },
    { weight: 2, arbitrary: fc.integer({ min: 1, max: 6_000 }).map((ms): Act => ({ do: "advance", ms })) },
    { weight: 2, arbitrary: fc.constant<Act>({ do: "settle" }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const), clean: fc.boolean(), awayMs: fc.nat(9_000) }) },
  ),
  { minLength: 5, maxLength: 40 },
);

/** Refuses some effects, leaves some pending: by their number, so that every run does the same. */
const options: RigOptions = {
  snapshotEvery: 7,
  maxBatch: 4,
  release: (effect) => {
    const n = Number(effect.id.split(".")[0]) % 5;
    return n === 0 ? { refused: "by number" } : n === 1 ? "pending" : { written: 1 };
  },
};

const live = async (story: readonly Act[], more: RigOptions = {}): Promise<Rig> => {
  let made = await startedRig({ ...options, ...more });
  for (const act of story) {
    if (act.do === "offer") made.kernel.offer(act.input, act.key === undefined ? {} : { key: act.key });
    else if (act.do === "advance") made.clock.advance(act.ms);
    else if (act.do === "settle") await settle();
    else {
      if (act.clean) await made.kernel.stop();
      else await settle();
      made.clock.jump(made.clock.now() + act.awayMs);
      const { journal, snapshots, clock } = made;
      made = await startedRig({ ...options, ...more, journal, snapshots, clock });
    }
  }
  await settle();
  expect(made.fatal).toEqual([]);
  return made;
};

const history = (steps: readonly Step[]): string => canonical(steps);

describe("over random stories", () => {
  test("replay from genesis and from every kept snapshot ends in the live state, and every record derives again", async () => {
    await fc.assert(
      fc.asyncProperty(acts, async (story) => {
        const { kernel, journal, snapshots } = await live(story);
        const here = stateText(kernel.stateParts());
        for (const snapshot of [undefined, ...snapshots.kept]) {
          const past = await replay({ logic: zoo, journal, build: "test", snapshot });
          expect(past.divergences).toEqual([]);
          expect(stateText(past.parts)).toBe(here);
        }
      }),
      { numRuns: 120 },
    );
  });

  test("the same story twice gives the same records, byte for byte", async () => {
    await fc.assert(
      fc.asyncProperty(acts, async (story) => {
        const [one, other] = [await live(story), await live(story)];
        expect(history(one.journal.steps)).toBe(history(other.journal.steps));
      }),
      { numRuns: 40 },
    );
  });

  test("every snapshot is the state that replay reaches at its seq", async () => {
    await fc.assert(
      fc.asyncProperty(acts, async (story) => {
        const { journal, snapshots } = await live(story);
        for (const { seq, actors, timers, unacknowledged } of snapshots.kept) {
          const past = await replay({ logic: zoo, journal, build: "test", upTo: seq });
          expect(stateText(past.parts)).toBe(canonical({ actors, timers, unacknowledged }));
        }
      }),
      { numRuns: 40 },
    );
  });

  test("seqs are gapless, effect ids unique, and each names its own record", async () => {
    await fc.assert(
      fc.asyncProperty(acts, async (story) => {
        const { journal } = await live(story);
        expect(journal.steps.map(({ seq }) => seq)).toEqual(journal.steps.map((_, i) => i + 1));
        for (const { seq, effects } of journal.steps) {
          expect(effects.map((effect) => effect.id)).toEqual(effects.map((_, n) => `${seq}.${n + 1}`));
        }
      }),
      { numRuns: 30 },
    );
  });
});
