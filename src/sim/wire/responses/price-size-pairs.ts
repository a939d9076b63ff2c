/**
 * Prices with their sizes. On the wire a bid, ask or last price carries its size, and a gateway then says the size once more in
 * a message of its own (ib_insync#29). A simulated broker emits a price and a size; here the two are joined: a price waits for
 * its size until the burst that emitted it ends.
 *
 * The repetition is not idle: IBApi 1.6.10 makes size events of the carried sizes of asks and lasts, but drops those of live
 * bids (their size field is 0, which it takes for none). Without it no client of that library would know a bid's size.
 */
import type { IbEvents } from "../../../ports/ib-client.ts";
import { tickPrice, tickSize } from "./tick.ts";

/** Price field → size field: bid, ask and last, live and delayed. */
const SIZE_FIELD_OF: ReadonlyMap<number, number> = new Map([
  [1, 0],
  [2, 3],
  [4, 5],
  [66, 69],
  [67, 70],
  [68, 71],
]);

interface Waiting {
  readonly reqId: number;
  readonly field: number;
  readonly sizeField: number;
  readonly price: number;
  readonly attributes: unknown;
  size: number | undefined;
}

export class PriceSizePairs {
  readonly #say: (fields: readonly string[]) => void;
  /** Prices in the order of their events; those at the front leave as soon as they have their size. */
  #waiting: Waiting[] = [];
  readonly #sizes = new Map<number, Map<number, number>>();

  constructor(say: (fields: readonly string[]) => void) {
    this.#say = say;
  }

  /** True when the price now waits: the caller then flushes at the end of the burst. */
  price(...[reqId, field, price, attributes]: IbEvents["tickPrice"]): boolean {
    const sizeField = SIZE_FIELD_OF.get(field);
    if (sizeField === undefined) {
      this.flush();
      this.#say(tickPrice(reqId, field, price, 0, attributes));
      return false;
    }
    if (this.#waiting.some((other) => other.reqId === reqId && other.field === field)) this.flush();
    this.#waiting.push({ reqId, field, sizeField, price, attributes, size: undefined });
    return true;
  }

  size(...[reqId, field, size]: IbEvents["tickSize"]): void {
    if (field !== undefined && size !== undefined) this.#remember(reqId, field, size);
    const price = this.#waiting.find((one) => one.reqId === reqId && one.sizeField === field && one.size === undefined);
    if (price === undefined || size === undefined) {
      this.flush();
      this.#say(tickSize(reqId, field, size));
      return;
    }
    price.size = size;
    while (this.#waiting[0]?.size !== undefined) this.#release(this.#waiting.shift());
  }

  /** Lets all waiting prices go, with the last known size where none came, 0 where none ever did. */
  flush(): void {
    const leaving = this.#waiting;
    this.#waiting = [];
    for (const price of leaving) this.#release(price);
  }

  forget(reqId: number): void {
    this.#sizes.delete(reqId);
  }

  #remember(reqId: number, field: number, size: number): void {
    const known = this.#sizes.get(reqId) ?? new Map<number, number>();
    known.set(field, size);
    this.#sizes.set(reqId, known);
  }

  #release(price: Waiting | undefined): void {
    if (price === undefined) return;
    const { reqId, field, sizeField, attributes } = price;
    const size = price.size ?? this.#sizes.get(reqId)?.get(sizeField) ?? 0;
    this.#say(tickPrice(reqId, field, price.price, size, attributes));
    if (price.size !== undefined) this.#say(tickSize(reqId, sizeField, price.size));
  }
}
