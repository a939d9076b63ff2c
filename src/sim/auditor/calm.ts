/**
 * When all is at rest: the broker's books have not changed since the engine asked for everything, and everything it asked for has
 * been answered to the end and is durable. Only then must the two agree; before, the truth may still be on its way.
 */
import { CompleteAnswer } from "./complete-answer.ts";
import type { Evidence } from "./evidence.ts";

/** So long after the last answer nothing can be under way any more. */
const SETTLED_MS = 5_000;

export class Calm {
  #answer = new CompleteAnswer();
  #since: number | undefined;
  /** Days of expiry (`YYYYMMDD`) of what was traded, by conId. */
  readonly #expiries = new Map<number, string>();

  hear(evidence: Evidence): void {
    if (evidence.kind === "executed" && evidence.row.expiry !== "") this.#expiries.set(evidence.row.conId, evidence.row.expiry);
    if (
      evidence.kind === "books" ||
      evidence.kind === "commissioned" ||
      evidence.kind === "lineEnded" ||
      evidence.kind === "processEnded"
    ) {
      this.#answer = new CompleteAnswer();
      this.#since = undefined;
      return;
    }
    if (this.#since !== undefined) return;
    this.#answer.hear(evidence);
    if (this.#answer.complete) this.#since = evidence.at;
  }

  at(now: number): boolean {
    return this.#since !== undefined && now - this.#since >= SETTLED_MS;
  }

  /** Whether a contract had expired by the beginning of a day. */
  expired(conId: number, day: string): boolean {
    const expiry = this.#expiries.get(conId);
    return expiry !== undefined && expiry < day.replaceAll("-", "");
  }
}
