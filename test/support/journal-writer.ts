/**
 * A process of its own that opens a state directory: to be locked out, or to be killed while it appends.
 *
 *     node journal-writer.ts DIRECTORY hold|append
 *
 * Prints one JSON line when it is open or refused, then, appending, the last acknowledged seq after each batch.
 */
import { writeSync } from "node:fs";
import { openState } from "../../src/store/state-directory.ts";
import { StoreError } from "../../src/store/store-error.ts";
import { stepAt } from "./steps.ts";

const say = (value: unknown): void => {
  writeSync(1, `${JSON.stringify(value)}\n`);
};

const [directory = "", what = "hold"] = process.argv.slice(2);
try {
  const state = await openState(directory, {
    account: "DU1234567",
    dayOf: (nowMs) => String(Math.floor(nowMs / 86_400_000)),
    anchorEveryMs: 20,
    lockPatienceMs: 0,
    ballastBytes: 1024,
  });
  say({ open: state.journal.lastSeq });
  if (what === "hold") setInterval(() => {}, 1000);
  while (what === "append") {
    const first = state.journal.lastSeq + 1;
    await state.journal.append(Array.from({ length: 1 + (first % 7) }, (_, i) => stepAt(first + i)));
    say(state.journal.lastSeq);
    if (first % 50 === 0) {
      const head = { seq: first, now: first, build: "b", timers: [], unacknowledged: [], counters: {} };
      await state.snapshots.save(head, [], []);
    }
  }
} catch (error) {
  say({ refused: error instanceof StoreError ? error.code : String(error) });
}
