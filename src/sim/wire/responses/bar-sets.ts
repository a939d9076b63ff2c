/**
 * Historical bars (message 17): a gateway sends a whole set in one message, which IBApi takes apart into one event per bar and a
 * last one that says `finished-<start>-<end>`. Here the events of a set are collected until that last one.
 */
import type { IbEvents } from "../../../ports/ib-client.ts";
import { real, text, whole } from "../fields.ts";

type Bar = IbEvents["historicalData"];

const FINISHED = "finished-";

/** Start and end have the same form, dashes included, so they are the two halves of the dashed words. */
const bounds = (marker: string): readonly [start: string, end: string] => {
  const words = marker.slice(FINISHED.length).split("-");
  const half = Math.ceil(words.length / 2);
  return [words.slice(0, half).join("-"), words.slice(half).join("-")];
};

/** IB's number for "not applicable" in bars that have no trades. */
const NONE = "-1";

const barFields = ([, time, open, high, low, close, volume, count, average]: Bar): readonly string[] => [
  text(time),
  ...[open, high, low, close].map((price) => real(price)),
  real(volume, NONE),
  real(average, NONE),
  whole(count, NONE),
];

export class BarSets {
  readonly #bars = new Map<number, Bar[]>();

  /** Keeps a bar; the closing row gives the message of the whole set. */
  add(...bar: Bar): readonly string[] | undefined {
    const [reqId, time] = bar;
    const bars = this.#bars.get(reqId) ?? [];
    if (!time.startsWith(FINISHED)) {
      bars.push(bar);
      this.#bars.set(reqId, bars);
      return undefined;
    }
    this.#bars.delete(reqId);
    return ["17", whole(reqId), ...bounds(time).map(text), String(bars.length), ...bars.flatMap(barFields)];
  }

  /** Drops a set that will not be finished: its request was cancelled or failed. */
  forget(reqId: number): void {
    this.#bars.delete(reqId);
  }
}
