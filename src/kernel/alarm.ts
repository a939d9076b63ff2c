/** The kernel's alarm: it rings at the earliest timer when nothing else wakes the kernel before. One at a time. */
import type { Clock } from "../ports/clock.ts";

export class Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #set: { readonly at: number; readonly cancel: () => void } | undefined;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Sets it for this time, in place of any other; undefined: it does not ring. */
  setFor(at: number | undefined): void {
    if (at === this.#set?.at) return;
    this.cancel();
    this.#set = undefined;
    if (at === undefined) return;
    const cancel = this.#clock.wakeAt(at, () => {
      this.#set = undefined;
      this.#ring();
    });
    this.#set = { at, cancel };
  }

  cancel(): void {
    this.#set?.cancel();
  }
}
