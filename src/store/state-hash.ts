/**
 * One hash for the state of the core: what two runs, or a run and its recovery, are compared by.
 *
 * Only what is said counts, not the order it is listed in: actors by path, timers by (deadline, path, id), effects by number.
 */
import { canonical } from "../domain/canonical-json.ts";
import type { Effect, Snapshot, TimerRecord } from "../ports/journal.ts";
import { sha256 } from "./seal.ts";

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const byDeadline = (a: TimerRecord, b: TimerRecord): number =>
  a.deadline - b.deadline || byText(a.actor, b.actor) || byText(a.id, b.id);

const effectNumbers = ({ id }: Effect): [seq: number, n: number] => {
  const [seq = "", n = ""] = id.split(".");
  return [Number(seq), Number(n)];
};

/** In the order of their ids `<seq>.<n>` read as numbers: 9.2, 9.10, 10.1. */
const byEffectId = (a: Effect, b: Effect): number => {
  const [seqA, nA] = effectNumbers(a);
  const [seqB, nB] = effectNumbers(b);
  return seqA - seqB || nA - nB || byText(a.id, b.id);
};

/** SHA-256, in hex, of the canonical JSON of actors, timers and unacknowledged effects. Throws a NotPlainError. */
export const stateHash = ({ actors, timers, unacknowledged }: Pick<Snapshot, "actors" | "timers" | "unacknowledged">): string =>
  sha256(
    canonical({
      actors: actors.toSorted((a, b) => byText(a.path, b.path)),
      timers: timers.toSorted(byDeadline),
      unacknowledged: unacknowledged.toSorted(byEffectId),
    }),
  );
