/** Journals of several trading days, sealed or not: records, snapshots, and the crash image at any stage of the sealing. */
import type { Step } from "../../src/ports/journal.ts";
import type { Kept } from "../../src/store/retention.ts";
import type { SealingStage } from "../../src/store/sealing.ts";
import { type DaemonState, type OpenOptions, openState } from "../../src/store/state-directory.ts";
import { crashImage, newState, QUIET } from "./state-directories.ts";
import { stepAt } from "./steps.ts";

const DAY_MS = 86_400_000;
export const EVERYTHING: Kept = { quotesDays: 1e9, years: 1e9, quoteInputs: new Set(["quote.changed"]) };

/** Steps from seq 1 on: so many a day, every third of them a command, days one after the other or further apart. */
export const daysOfSteps = (counts: readonly number[], daysApart = 1): Step[][] => {
  let seq = 0;
  return counts.map((count, day) =>
    Array.from({ length: count }, (_, i): Step => {
      const step = stepAt(++seq);
      const now = 20_000 * DAY_MS + day * daysApart * DAY_MS + i;
      const quote = Object.fromEntries(
        ["bid", "ask", "last", "volume"].map((name, n) => [name, (seq * (n + 7_919)) ** 2 % 999_983]),
      );
      return {
        ...step,
        now,
        input: seq % 3 === 0 ? { type: "operator.pause", reason: `nr ${seq}` } : { ...step.input, ...quote },
      };
    }),
  );
};

export const appendDays = async ({ journal, snapshots }: DaemonState, days: readonly (readonly Step[])[]): Promise<void> => {
  for (const day of days) {
    if (day.length === 0) continue;
    for (let from = 0; from < day.length; from += 500) await journal.append(day.slice(from, from + 500));
    const last = day.at(-1) as Step;
    const head = { seq: last.seq, now: last.now, build: "b", timers: [], unacknowledged: [], counters: {} };
    await snapshots.save(head, [], []);
  }
};

/** A closed directory with these days in LevelDB. */
export const withDays = async (days: readonly (readonly Step[])[]): Promise<string> => {
  const path = await newState();
  const state = await openState(path, QUIET);
  await appendDays(state, days);
  await state.close();
  return path;
};

/** Opens it, seals what can be sealed, gives it to `look`, and closes it. Trouble is thrown. */
export const sealed = async <Result>(
  path: string,
  look: (state: DaemonState) => Promise<Result>,
  options: Partial<OpenOptions> = {},
): Promise<Result> => {
  const troubles: Error[] = [];
  const state = await openState(path, {
    ...QUIET,
    kept: EVERYTHING,
    onSealingTrouble: (error) => troubles.push(error),
    ...options,
  });
  try {
    await state.sealing.pass();
    if (troubles[0] !== undefined) throw troubles[0];
    return await look(state);
  } finally {
    await state.close();
  }
};

/** What a crash would leave at each stage of a pass, in order. Copies are made by the stage's own callback, so nothing goes on meanwhile. */
export const crashesOf = async (path: string, kept: Kept = EVERYTHING): Promise<{ stage: SealingStage; image: string }[]> => {
  const images: { stage: SealingStage; image: string }[] = [];
  await sealed(path, async () => {}, {
    kept,
    onSealingStage: (stage) => images.push({ stage, image: crashImage(path) }),
  });
  return images;
};
