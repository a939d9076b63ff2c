/**
 * Snapshots on the side: the state is captured between two steps as references, and written in slices once that step is on disk.
 */
import type { ActorRecord } from "../ports/journal.ts";
import { recordOf } from "./cell.ts";
import type { KernelOptions } from "./logic.ts";
import type { State, StateImage } from "./state.ts";

/** Actors serialised without letting anything else run. */
const SLICE = 64;

export class SnapshotWriter {
  readonly #options: Pick<KernelOptions, "snapshots" | "breathe" | "probe">;
  /** The seq of the newest capture. */
  #capturedSeq = 0;
  #waiting: StateImage | undefined;
  #writing: Promise<void> | undefined;

  constructor(options: Pick<KernelOptions, "snapshots" | "breathe" | "probe">) {
    this.#options = options;
  }

  /** Where counting begins after recovery: at the snapshot that it used. */
  since(snapshotSeq: number): void {
    this.#capturedSeq = snapshotSeq;
  }

  captureIfDue(state: State, every: number): void {
    if (this.#waiting !== undefined || this.#writing !== undefined || state.seq - this.#capturedSeq < every) return;
    this.#capture(state);
  }

  /** Writes what was captured, if it is on disk up to there. */
  async writeIfDurable(durableSeq: number): Promise<void> {
    const image = this.#waiting;
    if (image === undefined || image.head.seq > durableSeq || this.#writing !== undefined) return;
    this.#waiting = undefined;
    this.#writing = this.#write(image);
    try {
      await this.#writing;
    } finally {
      this.#writing = undefined;
    }
  }

  /** The snapshot of a clean stop: everything is on disk already. */
  async last(state: State): Promise<void> {
    await this.#writing;
    await this.writeIfDurable(state.seq);
    if (state.seq === this.#capturedSeq) return;
    this.#capture(state);
    await this.writeIfDurable(state.seq);
  }

  #capture(state: State): void {
    this.#waiting = state.capture();
    this.#capturedSeq = state.seq;
  }

  async #write({ head, dirty, removed }: StateImage): Promise<void> {
    const { snapshots, breathe, probe } = this.#options;
    probe?.("snapshot.before", head.seq);
    const records: ActorRecord[] = [];
    for (let from = 0; from < dirty.length; from += SLICE) {
      if (from > 0) await breathe?.();
      for (const image of dirty.slice(from, from + SLICE)) records.push(recordOf(image));
    }
    await snapshots.save(head, records, removed);
    probe?.("snapshot.after", head.seq);
  }
}
