/**
 * The ticks of one source of quotes (a contract, a combo, or either delayed), kept once however many lines show it: what stands now, and what has
 * changed since the last look. Whoever has been told the picture and each change since then knows all there is.
 *
 * A price that has a size (bid, ask, last) is always followed by its size, as IBApi splits them. No quote yet: nothing. No such side:
 * price −1, size 0.
 */
import { IBApiTickType as Type } from "@stoqey/ib";
import { dollars, type EpochMs, type Price } from "../../../domain/units.ts";
import type { MarketQuote } from "../../market/market.ts";
import { type Computation, delayedType, type Tick } from "./tick.ts";

/** A tick and the group that a line must have asked for: 0 is everybody's, others are generic tick numbers or COMPUTATIONS. */
export interface Shown {
  readonly tick: Tick;
  readonly group: number;
}

export const EVERYBODY = 0;
/** The option computations: no generic tick, but withheld from lines that may not see the underlying. */
export const COMPUTATIONS = -1;

/** Ticks beyond the quote. `everyMs` is market time; 0 looks again whenever the quote has changed. */
export interface Extra {
  readonly everyMs: number;
  ticks(quote: MarketQuote, now: EpochMs): readonly Tick[];
}

export interface FeedSource {
  quote(): MarketQuote | undefined;
  /** Open, high and low of the day, where known. */
  range?(quote: MarketQuote): { readonly open: number; readonly high: number; readonly low: number } | undefined;
  /** What a group needs computed; undefined when this source has nothing of the kind. */
  extra(group: number): Extra | undefined;
  /** Letters of the exchanges of bid, ask and last. */
  readonly exchange?: string;
  /** Says 49: whether it is halted. */
  readonly halts: boolean;
  readonly delayed: boolean;
}

export interface Feed {
  /** There has been a quote. */
  readonly quoted: boolean;
  /** Trading in it is halted: its quotes stand still and 49 says 1. */
  halted: boolean;
  /** Counts a line that shows a group. */
  want(group: number): void;
  unwant(group: number): void;
  /** Looks again; what has changed since the last time, valid until the next look. */
  refresh(now: EpochMs): readonly Shown[];
  /** All ticks as they stood at the last look. */
  picture(): Iterable<Shown>;
  /** Makes the next look say the prices again, as something else has been said about them. */
  misspoken(): void;
}

interface Running {
  lines: number;
  readonly extra: Extra | undefined;
  dueAt: number;
}

const same = (a: Tick, b: Tick): boolean => {
  if (a.value === b.value) return true;
  if (a.kind !== "computation" || b.kind !== "computation") return false;
  for (const key of Object.keys({ ...a.value, ...b.value }) as (keyof Computation)[])
    if (a.value[key] !== b.value[key]) return false;
  return true;
};

export const createFeed = (source: FeedSource): Feed => {
  const standing = new Map<Type, Shown>();
  const groups = new Map<number, Running>();
  let changed: Shown[] = [];
  let last: MarketQuote | undefined;
  let saysHalted: number | undefined;

  const put = (tick: Tick, group: number, always = false): boolean => {
    let known: Tick = tick;
    if (source.delayed) {
      const type = delayedType(tick.type);
      if (type === undefined) return false;
      known = { ...tick, type };
    }
    const before = standing.get(known.type);
    if (before !== undefined && !always && same(before.tick, known)) return false;
    const shown = { tick: known, group };
    standing.set(known.type, shown);
    changed.push(shown);
    return true;
  };
  const price = (type: Type, value: number, group = EVERYBODY): boolean => put({ kind: "price", type, value }, group);
  const size = (type: Type, value: number, always = false): boolean => put({ kind: "size", type, value }, EVERYBODY, always);
  const text = (type: Type, value: string): boolean => put({ kind: "string", type, value }, EVERYBODY);

  const side = (type: Type, value: Price | null, sizeType: Type, displayed: number): void => {
    const told = price(type, value === null ? -1 : dollars(value));
    size(sizeType, value === null ? 0 : displayed, told);
  };

  const putQuote = (quote: MarketQuote): void => {
    if (last === undefined || quote.bid !== last.bid || quote.bidSize !== last.bidSize)
      side(Type.BID, quote.bid, Type.BID_SIZE, quote.bidSize);
    if (last === undefined || quote.ask !== last.ask || quote.askSize !== last.askSize)
      side(Type.ASK, quote.ask, Type.ASK_SIZE, quote.askSize);
    if (quote.last !== null && (quote.last !== last?.last || quote.lastSize !== last.lastSize || quote.volume !== last.volume)) {
      side(Type.LAST, quote.last, Type.LAST_SIZE, quote.lastSize);
      text(Type.LAST_TIMESTAMP, String(Math.floor(quote.at / 1000)));
    }
    if (quote.volume !== null) size(Type.VOLUME, quote.volume);
    const range = quote.last === null ? undefined : source.range?.(quote);
    if (range !== undefined) {
      price(Type.OPEN, range.open);
      price(Type.HIGH, range.high);
      price(Type.LOW, range.low);
    }
    if (quote.close !== null) price(Type.CLOSE, dollars(quote.close));
    if (last === undefined && source.exchange !== undefined && !source.delayed) {
      text(Type.BID_EXCH, source.exchange);
      text(Type.ASK_EXCH, source.exchange);
      if (quote.last !== null) text(Type.LAST_EXCH, source.exchange);
    }
  };

  const feed: Feed = {
    halted: false,
    get quoted() {
      return last !== undefined;
    },
    want: (group) => {
      const running = groups.get(group);
      if (running !== undefined) running.lines++;
      else groups.set(group, { lines: 1, extra: source.extra(group), dueAt: Number.NEGATIVE_INFINITY });
    },
    unwant: (group) => {
      const running = groups.get(group);
      if (running === undefined || --running.lines > 0) return;
      groups.delete(group);
      for (const [type, shown] of standing) if (shown.group === group) standing.delete(type);
    },
    refresh: (now) => {
      if (changed.length > 0) changed = [];
      const quote = feed.halted && last !== undefined ? last : source.quote();
      if (quote === undefined) return changed;
      if (quote !== last) putQuote(quote);
      const moved = last === undefined || changed.length > 0;
      last = quote;
      const halted = feed.halted ? 1 : 0;
      if (source.halts && halted !== saysHalted) {
        put({ kind: "generic", type: Type.HALTED, value: halted }, EVERYBODY);
        saysHalted = halted;
      }
      for (const [group, running] of groups) {
        const { extra } = running;
        if (extra === undefined || now < running.dueAt) continue;
        if (extra.everyMs === 0 && !moved && running.dueAt !== Number.NEGATIVE_INFINITY) continue;
        running.dueAt = now + extra.everyMs;
        for (const tick of extra.ticks(quote, now)) put(tick, group);
      }
      return changed;
    },
    picture: () => standing.values(),
    misspoken: () => {
      last = undefined;
      for (const [type, { tick, group }] of standing) if (group === EVERYBODY && tick.kind !== "string") standing.delete(type);
      saysHalted = undefined;
    },
  };
  return feed;
};
