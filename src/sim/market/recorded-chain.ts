/** The recorded options of one underlying, of one or more days: their quotes as they became known, and bars of them. */

import { sessionOf } from "../../domain/calendar/market-calendar.ts";
import { newYorkDay } from "../../domain/calendar/new-york.ts";
import type { EpochMs, Price, TradingDay } from "../../domain/units.ts";
import { epochMs, priceUnits, UNITS_PER_DOLLAR } from "../../domain/units.ts";
import type { BarPart } from "./bars.ts";
import { bidAskBars, merged } from "./bars.ts";
import type { BarShow, BarsAsked, MarketQuote, TimedBar } from "./market.ts";
import type { ChainContract, ChainRows } from "./recorded-csv.ts";
import { NONE } from "./recorded-csv.ts";

interface TwoSides {
  readonly bid: number;
  readonly ask: number;
}
interface Place {
  readonly at: EpochMs;
  readonly day: TradingDay;
  readonly opens: EpochMs;
}

/** What of a quote, in 1/10,000 dollar, a kind of bar shows, in dollars; undefined where a side that it needs is missing. */
const shownOf = ({ bid, ask }: TwoSides, show: BarShow): number | undefined => {
  if (show === "BID") return bid === NONE ? undefined : bid / UNITS_PER_DOLLAR;
  if (show === "ASK") return ask === NONE ? undefined : ask / UNITS_PER_DOLLAR;
  return bid === NONE || ask === NONE ? undefined : (bid + ask) / 2 / UNITS_PER_DOLLAR;
};

/** A row's bar of quotes. The file has each stretch's last quote: the one before it is where the stretch began. */
export const quotedPart = (place: Place, row: TwoSides, before: TwoSides | undefined, show: BarShow): BarPart | undefined => {
  const close = shownOf(row, show);
  if (close === undefined) return undefined;
  const open = (before && shownOf(before, show)) ?? close;
  const none = { volume: null, wap: null, count: null };
  return { ...place, open, high: Math.max(open, close), low: Math.min(open, close), close, ...none };
};

export interface RecordedChain {
  /** By expiry, strike and right: the same contracts are always in the same order. */
  readonly contracts: readonly ChainContract[];
  readonly days: readonly TradingDay[];
  /** When the first row is known. */
  readonly begins: EpochMs;
  /** The longest time between a row's stamp and the moment at which it is known. */
  readonly intervalMs: number;
  /** The first day with a row of the contract at a place in `contracts`: it is listed from then on, as far as anybody can know. */
  listedFrom(position: number): TradingDay;
  advance(to: EpochMs): void;
  /** The quote of the contract at a place in `contracts`. */
  quote(position: number): MarketQuote | undefined;
  bars(position: number, asked: BarsAsked): readonly TimedBar[] | undefined;
  headTimestamp(position: number, show: BarShow): EpochMs | undefined;
}

/** A file's rows, with the place of each contract among those of all files. */
interface Placed {
  readonly rows: ChainRows;
  readonly position: Int32Array;
}

const KINDS: ReadonlySet<BarShow> = new Set(["MIDPOINT", "BID", "ASK", "BID_ASK"]);
const nameOf = ({ expiry, strike, right }: ChainContract): string => `${expiry},${strike},${right}`;
const dayOf = (stamp: number): TradingDay => newYorkDay(epochMs(stamp));

/** Rows of one class, each of one day, in the order of their days. */
export const recordedChain = (files: readonly ChainRows[]): RecordedChain => {
  const byName = new Map(files.flatMap(({ contracts }) => contracts.map((contract) => [nameOf(contract), contract] as const)));
  const contracts = [...byName.values()].sort((x, y) =>
    x.expiry < y.expiry ? -1 : x.expiry > y.expiry ? 1 : x.strike - y.strike || (x.right < y.right ? -1 : 1),
  );
  const places = new Map(contracts.map((contract, position) => [nameOf(contract), position]));
  const placed = files.map(
    (rows): Placed => ({ rows, position: Int32Array.from(rows.contracts, (contract) => places.get(nameOf(contract)) as number) }),
  );

  const intervalMs = Math.max(...files.map((one) => one.intervalMs));
  const listedFrom: (TradingDay | undefined)[] = [];
  for (const { rows, position } of placed) {
    const day = dayOf(rows.stamp[0] as number);
    for (const place of position) listedFrom[place] ??= day;
  }

  /** The newest known row of each contract: its file and its line in it; −1 before the first. */
  const newestFile = new Int32Array(contracts.length).fill(-1);
  const newestRow = new Int32Array(contracts.length);
  let [file, taken] = [0, 0];
  let now = epochMs(0);

  const advance = (to: EpochMs): void => {
    now = to;
    for (let one = placed[file]; one !== undefined; one = placed[++file]) {
      const { stamp, contract, count, intervalMs: lasts } = one.rows;
      for (; taken < count && (stamp[taken] as number) + lasts <= now; taken++) {
        const position = one.position[contract[taken] as number] as number;
        newestFile[position] = file;
        newestRow[position] = taken;
      }
      if (taken < count) return;
      taken = 0;
    }
  };

  const side = (value: number): Price | null => (value === NONE ? null : priceUnits(value));
  const quote = (position: number): MarketQuote | undefined => {
    const of = newestFile[position];
    if (of === undefined || of < 0) return undefined;
    const { bid, bidSize, ask, askSize, openInterest, stamp, intervalMs: lasts } = (placed[of] as Placed).rows;
    const row = newestRow[position] as number;
    const interest = openInterest[row] as number;
    return {
      bid: side(bid[row] as number),
      bidSize: bidSize[row] as number,
      ask: side(ask[row] as number),
      askSize: askSize[row] as number,
      last: null,
      lastSize: 0,
      close: null,
      volume: null,
      openInterest: interest === NONE ? null : interest,
      at: epochMs((stamp[row] as number) + lasts),
    };
  };

  /** By file, the rows of each contract: made when bars are first asked for. */
  let index: (readonly number[])[][] | undefined;
  const rowsOf = (position: number): readonly (readonly number[])[] => {
    index ??= placed.map(({ rows, position: positionOf }) => {
      const lists: number[][] = contracts.map(() => []);
      for (let row = 0; row < rows.count; row++) lists[positionOf[rows.contract[row] as number] as number]?.push(row);
      return lists;
    });
    return index.map((lists) => lists[position] ?? []);
  };
  const partsFor = (position: number, show: BarShow, asked: Pick<BarsAsked, "from" | "to" | "sizeMs">): BarPart[] => {
    const parts: BarPart[] = [];
    for (const [of, rows] of rowsOf(position).entries()) {
      const { stamp, bid, ask, intervalMs: lasts } = (placed[of] as Placed).rows;
      const session = sessionOf(dayOf(stamp[0] as number));
      let before: TwoSides | undefined;
      for (const row of rows) {
        const stamped = stamp[row] as number;
        if (stamped + lasts > now) break;
        // An hour's row may begin before the session does.
        const at = epochMs(session === undefined ? stamped : Math.max(stamped, session.open));
        const quoted = { bid: bid[row] as number, ask: ask[row] as number };
        const inside = session !== undefined && stamped + lasts > session.open && at < session.close;
        if (inside && at > asked.from - asked.sizeMs && at < asked.to + asked.sizeMs) {
          const part = quotedPart({ at, day: session.day, opens: session.open }, quoted, before, show);
          if (part !== undefined) parts.push(part);
        }
        before = quoted;
      }
    }
    return parts;
  };

  return {
    contracts,
    days: files.map(({ stamp }) => dayOf(stamp[0] as number)),
    begins: epochMs((files[0]?.stamp[0] as number) + (files[0]?.intervalMs as number)),
    intervalMs,
    listedFrom: (position) => listedFrom[position] as TradingDay,
    advance,
    quote,
    bars: (position, asked) => {
      const { show, sizeMs, from, to } = asked;
      if (!KINDS.has(show) || sizeMs < intervalMs) return undefined;
      const parts = (kind: BarShow): BarPart[] => partsFor(position, kind, asked);
      const bars = show === "BID_ASK" ? bidAskBars(parts("BID"), parts("ASK"), sizeMs) : merged(parts(show), sizeMs);
      return bars.filter(({ at }) => at >= from && at < to);
    },
    headTimestamp: (position, show) =>
      KINDS.has(show)
        ? partsFor(position, show === "BID_ASK" ? "MIDPOINT" : show, { from: epochMs(0), to: now, sizeMs: intervalMs })[0]?.at
        : undefined,
  };
};
