/**
 * The message rate of one connection: a token bucket, because a strict window of a second would trip clients that pace
 * themselves just below the limit. Time is real milliseconds, never market time.
 */
import { assert } from "../../domain/assert.ts";

export class MessageBudget {
  readonly #perSecond: number;
  #tokens: number;
  #filledAtMs: number;

  /** Full at the start: `perSecond` messages may come at once. Infinity allows everything. */
  constructor(perSecond: number, nowMs: number) {
    assert(perSecond > 0, `a message rate is positive, got ${perSecond}`);
    this.#perSecond = perSecond;
    this.#tokens = perSecond;
    this.#filledAtMs = nowMs;
  }

  /** Takes one message's token, if there is one. */
  take(nowMs: number): boolean {
    if (this.#perSecond === Number.POSITIVE_INFINITY) return true;
    const elapsedMs = Math.max(0, nowMs - this.#filledAtMs);
    this.#tokens = Math.min(this.#perSecond, this.#tokens + (elapsedMs * this.#perSecond) / 1000);
    this.#filledAtMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Milliseconds until the next token, from the last `take`. */
  waitMs(): number {
    return this.#tokens >= 1 ? 0 : Math.ceil(((1 - this.#tokens) * 1000) / this.#perSecond);
  }
}
