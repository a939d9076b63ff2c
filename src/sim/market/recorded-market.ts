/**
 * A market of recorded quotes: option chains of one or more underlyings and days, and bars of stocks and indices, shown as they
 * became known.
 *
 * A row is stamped at its start and known when the stretch that it tells of is over, a minute or an hour later; nothing is ever
 * shown earlier. A contract's quote stands until its next row. The market is open in the sessions that are replayed; after the
 * last one it is closed for good.
 *
 * What the files do not tell is unknown: volumes and trades of options, volatility history, dividends, hours before the first
 * row, the rate (given with the files, else 0), and prior closes and days where there is no file of them. Single options tick in 0.05
 * here; the class rule of names outside the penny programme is 0.05 below $3 and 0.10 above, which one `minTick` cannot say.
 */
import { assert } from "../../domain/assert.ts";
import { sessionOfTradingDay, tradingDayBefore } from "../../domain/calendar/market-calendar.ts";
import { instantOf, newYorkDay } from "../../domain/calendar/new-york.ts";
import type { ContractDetails, ContractQuery } from "../../domain/contract.ts";
import type { Bar, OptionParameters } from "../../domain/events/broker.ts";
import type { EpochMs, TradingDay } from "../../domain/units.ts";
import { epochMs, price } from "../../domain/units.ts";
import { MINUTE_MS } from "./bars.ts";
import { matches } from "./contract-match.ts";
import { stockHours } from "./hours.ts";
import { lastTradingDay, type Settles } from "./index-options.ts";
import type { BarsAsked, Market, MarketQuote, TimedBar } from "./market.ts";
import { type RecordedChain, recordedChain } from "./recorded-chain.ts";
import { BadRecording } from "./recorded-csv.ts";
import { type RecordedDaily, recordedDaily } from "./recorded-daily.ts";
import { daysText, isUnbroken } from "./recorded-days.ts";
import { INDEX_EXCHANGE, OPTION_MULTIPLIER, optionDetails, underlyingDetails } from "./recorded-details.ts";
import { type OpenedFiles, openFiles, type RecordedMarketFiles, type UnderlyingFiles } from "./recorded-files.ts";
import { type RecordedUnderlying, recordedUnderlying } from "./recorded-underlying.ts";

/** The first underlying's conId; each further one and its options have as many numbers after it. */
const FIRST_CON_ID = 1_000_000;
const CON_IDS_EACH = 100_000;

/** A class of options and the place of its first one among those of its underlying. */
interface RecordedClass {
  readonly name: string;
  readonly from: number;
  readonly chain: RecordedChain;
}

/** One underlying with its options: what is recorded under one range of conIds. */
interface Recorded {
  readonly symbol: string;
  readonly kind: "stock" | "index";
  readonly conId: number;
  readonly days: ReadonlySet<TradingDay>;
  readonly minutes: RecordedUnderlying | undefined;
  readonly daily: RecordedDaily | undefined;
  readonly classes: readonly RecordedClass[];
  /** The underlying first, then its options by class. */
  readonly listed: readonly ContractDetails[];
  /** By place among the options: the first day on which they are known. */
  readonly listedFrom: readonly TradingDay[];
}

const recordedOf = ({ file, symbol, kind, minutes, daily, chains, days }: UnderlyingFiles, place: number): Recorded => {
  const conId = FIRST_CON_ID + place * CON_IDS_EACH;
  const listed = [underlyingDetails(kind, symbol, conId)];
  const listedFrom: TradingDay[] = [];
  const classes = chains.map((ofClass): RecordedClass => {
    const chain = recordedChain(ofClass.map(({ rows }) => rows));
    const from = listedFrom.length;
    for (const [i, contract] of chain.contracts.entries()) {
      listed.push(optionDetails(symbol, contract, conId + listed.length, conId));
      listedFrom.push(chain.listedFrom(i));
    }
    return { name: ofClass[0]!.rows.underlying, from, chain };
  });
  if (listed.length > CON_IDS_EACH)
    throw new BadRecording(file, 2, `${listed.length - 1} contracts are too many, at most ${CON_IDS_EACH - 1}`);
  return {
    symbol,
    kind,
    conId,
    days: new Set(days),
    minutes: minutes && recordedUnderlying(minutes, days),
    daily: daily && recordedDaily(daily),
    classes,
    listed,
    listedFrom,
  };
};

/** Days of the file where it has them, then those of the minutes. */
const daysOf = ({ daily, minutes }: Recorded, now: EpochMs, count: number): readonly Bar[] | undefined => {
  const told = daily?.dailyBars(now, count) ?? [];
  const newest = told.at(-1)?.day ?? "";
  const own = (minutes?.dailyBars(count) ?? []).filter(({ day }) => day > newest);
  return told.length + own.length === 0 ? undefined : [...told, ...own].slice(-count);
};

const barsOf = ({ daily, minutes }: Recorded, now: EpochMs, asked: BarsAsked): readonly TimedBar[] | undefined => {
  const told = daily?.bars(now, asked);
  const own = minutes?.bars(asked);
  if (told === undefined || own === undefined) return told ?? own;
  const newest = told.at(-1)?.at ?? Number.NEGATIVE_INFINITY;
  return [...told, ...own.filter(({ at }) => at > newest)];
};

const labelOf = ({ underlyings, days, leftOut }: OpenedFiles, recorded: readonly Recorded[]): string => {
  const symbols = recorded.filter(({ minutes }) => minutes !== undefined).map(({ symbol }) => symbol);
  const contracts = recorded.reduce((sum, { listedFrom }) => sum + listedFrom.length, 0);
  const hourly = recorded.flatMap(({ classes }) =>
    classes.flatMap(({ name, chain }) =>
      chain.intervalMs > MINUTE_MS
        ? [`${name} options are known every ${chain.intervalMs / MINUTE_MS} minutes, as their rows lie apart`]
        : [],
    ),
  );
  const missing = [...leftOut].map(([symbol, ofSymbol]) => `left out ${daysText(ofSymbol)}: no bars of ${symbol}`);
  const daily = underlyings.filter((one) => one.daily !== undefined).map(({ symbol }) => symbol);
  const past = daily.length === 0 ? [] : [`days of ${daily.join("+")}`];
  return [`recorded ${symbols.join("+")} ${daysText(days)} (${contracts} contracts)`, ...past, ...hourly, ...missing].join("; ");
};

/** The market of some files. Reads them at once. Throws a BadRecording naming file, line and value. */
export const createRecordedMarket = (files: RecordedMarketFiles): Market => {
  const { rate = 0 } = files;
  assert(rate > -0.05 && rate < 0.5, `rate must be an annual fraction such as 0.035, got ${rate}`);
  const opened = openFiles(files);
  const { days } = opened;
  const [firstDay, lastDay] = [days[0] as TradingDay, days.at(-1) as TradingDay];
  const recorded = opened.underlyings.map(recordedOf);

  // With rows of an hour the underlying's minutes are there long before the first quotes.
  const chains = recorded.flatMap(({ classes }) => classes.map(({ chain }) => chain));
  const firstMinute = sessionOfTradingDay(firstDay).open + MINUTE_MS;
  const begins = epochMs(
    chains.length > 0 ? Math.min(...chains.map((one) => (one.intervalMs > MINUTE_MS ? firstMinute : one.begins))) : firstMinute,
  );
  let now = begins;
  /** Quotes of before then are over: a leap over days that are not replayed lies between. */
  let standsFrom = Number.NEGATIVE_INFINITY;
  let today = firstDay;
  const advance = (to: EpochMs): void => {
    assert(to >= now, `time moves forward only: at ${now}, asked for ${to}`);
    now = to;
    const day = newYorkDay(to);
    if (day !== today && days.includes(day)) standsFrom = instantOf(tradingDayBefore(day), 0);
    today = day;
    for (const { classes, minutes } of recorded) {
      for (const { chain } of classes) chain.advance(to);
      minutes?.advance(to);
    }
  };

  const ofConId = (conId: number): Recorded | undefined => recorded[Math.floor((conId - FIRST_CON_ID) / CON_IDS_EACH)];
  const underlying = (conId: number): Recorded | undefined => recorded.find((one) => one.conId === conId);
  /** An option's class and its place in it. */
  const classOf = (conId: number): { readonly chain: RecordedChain; readonly position: number } | undefined => {
    const one = ofConId(conId);
    if (one === undefined || one.listed[conId - one.conId] === undefined) return undefined;
    const place = conId - one.conId - 1;
    const found = one.classes.findLast(({ from }) => from <= place);
    return found && { chain: found.chain, position: place - found.from };
  };
  /** Is it listed today? An option from its first row on, until it has expired. */
  const isListed = ({ conId, listedFrom }: Recorded, { contract }: ContractDetails): boolean =>
    contract.expiry === undefined ||
    (today <= contract.expiry && today >= (listedFrom[contract.conId - conId - 1] as TradingDay));

  let hours = stockHours(firstDay);
  let hoursOf = firstDay;
  const byConId = new Map<number, ContractDetails>();
  const detailsOf = (conId: number): ContractDetails | undefined => {
    if (today !== hoursOf) [hoursOf, hours] = [today, stockHours(today)];
    const known = byConId.get(conId);
    if (known !== undefined && known.tradingHours === hours.tradingHours) return known;
    const one = ofConId(conId);
    const plain = one?.listed[conId - one.conId];
    if (plain === undefined) return undefined;
    const fresh = { ...plain, ...hours };
    byConId.set(conId, fresh);
    return fresh;
  };
  /** Options of an index are found at its own exchange too. */
  const askedOf = (query: ContractQuery): ContractQuery => {
    const { exchange: _, ...anywhere } = query;
    return query.secType === "OPT" && query.exchange === INDEX_EXCHANGE ? anywhere : query;
  };
  const standing = (quote: MarketQuote | undefined): MarketQuote | undefined =>
    quote === undefined || quote.at < standsFrom ? undefined : quote;
  const quoteOf = ({ minutes, daily }: Recorded): MarketQuote | undefined => {
    const quote = standing(minutes?.quote());
    return quote === undefined || quote.close !== null ? quote : { ...quote, close: daily?.priorClose(now) ?? null };
  };

  advance(begins);
  return {
    label: labelOf(opened, recorded),
    optionClasses: recorded.flatMap(({ classes }) => classes.map(({ name }) => name)),
    begins,
    ends: sessionOfTradingDay(lastDay).close,
    ...(isUnbroken(days) ? {} : { days }),
    get now() {
      return now;
    },
    advance,
    find: (query: ContractQuery) => {
      const asked = askedOf(query);
      return recorded.flatMap((one) =>
        one.listed
          .filter((details) => matches(asked, details.contract) && (query.conId ? true : isListed(one, details)))
          .flatMap(({ contract }) => detailsOf(contract.conId) ?? []),
      );
    },
    byConId: detailsOf,
    optionParameters: (underlyingConId): readonly OptionParameters[] => {
      const one = underlying(underlyingConId);
      return (one?.classes ?? []).flatMap(({ name }): OptionParameters[] => {
        const open = one!.listed.filter(
          (details) => details.contract.tradingClass === name && details.contract.expiry !== undefined && isListed(one!, details),
        );
        if (open.length === 0) return [];
        const row = {
          tradingClass: name,
          multiplier: OPTION_MULTIPLIER,
          expirations: [...new Set(open.map(({ contract }) => contract.expiry as TradingDay))].sort(),
          strikes: [...new Set(open.map(({ contract }) => contract.strike ?? price(0)))].sort((a, b) => a - b),
        };
        const exchanges = one!.kind === "index" ? ["SMART", INDEX_EXCHANGE] : ["SMART"];
        return exchanges.map((exchange) => ({ exchange, ...row }));
      });
    },
    quote: (conId) => {
      const one = underlying(conId);
      if (one !== undefined) return quoteOf(one);
      const option = classOf(conId);
      return standing(option?.chain.quote(option.position));
    },
    isOpen: (conId) => {
      const one = ofConId(conId);
      const contract = one?.listed[conId - one.conId]?.contract;
      if (one === undefined || contract === undefined || !one.days.has(today)) return false;
      if (contract.expiry !== undefined && today > lastTradingDay(contract, contract.expiry)) return false;
      const session = sessionOfTradingDay(today);
      return now >= session.open && now < session.close;
    },
    dailyBars: (conId, show, count) => {
      const one = show === "TRADES" ? underlying(conId) : undefined;
      return one && daysOf(one, now, count);
    },
    bars: (conId, asked) => {
      const one = underlying(conId);
      if (one !== undefined) return barsOf(one, now, asked);
      const option = classOf(conId);
      return option?.chain.bars(option.position, asked);
    },
    headTimestamp: (conId, show) => {
      const one = underlying(conId);
      if (one !== undefined) {
        const told = show === "TRADES" ? one.daily?.headTimestamp(now) : undefined;
        const own = one.minutes?.headTimestamp(show);
        return told === undefined || own === undefined ? (told ?? own) : epochMs(Math.min(told, own));
      }
      const option = classOf(conId);
      return option?.chain.headTimestamp(option.position, show);
    },
    dividends: () => [],
    impliedVolatility: () => undefined,
    rate,
    settlement: (underlyingConId, of, on: Settles = "close") => {
      const one = underlying(underlyingConId);
      return one?.minutes?.settlement(of, on) ?? (on === "close" ? one?.daily?.settlement(now, of) : undefined);
    },
  };
};
