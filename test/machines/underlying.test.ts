/** What the watcher of an underlying knows, when it says so, and what it asks of the broker for it. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { address, topic } from "../../src/domain/address.ts";
import { addDays } from "../../src/domain/calendar/civil-date.ts";
import { tradingDayBefore } from "../../src/domain/calendar/market-calendar.ts";
import { instantOf } from "../../src/domain/calendar/new-york.ts";
import { yearsToExpiry } from "../../src/domain/calendar/time-to-expiry.ts";
import type { EngineConfig } from "../../src/domain/config.ts";
import type { Contract, OptionContract } from "../../src/domain/contract.ts";
import { EFFECT_CLASS, type EffectName } from "../../src/domain/effects.ts";
import type { UnderlyingTold } from "../../src/domain/events/weather.ts";
import { blackGreeks, carriedForward, discountFactor, perSpot } from "../../src/domain/options/black-scholes-merton.ts";
import type { Quote } from "../../src/domain/quote.ts";
import { type EpochMs, epochMs, price, type TradingDay, tradingDay } from "../../src/domain/units.ts";
import { watchedUnderlyings } from "../../src/domain/volatility/watched.ts";
import { refusals } from "../../src/kernel/refusals.ts";
import { underlyingMachine } from "../../src/machines/underlying.machine.ts";
import { type Given, given } from "../support/given.ts";
import {
  CALM,
  DAY,
  ENGINE,
  type Market,
  option,
  quoteOf,
  RATE_PCT,
  SPY,
  STRATEGY,
  spotQuote,
  volAt,
} from "../support/quoted-chain.ts";

type Watcher = Given<typeof underlyingMachine>;
const PATH = address.underlying("SPY");
const WATCHED = { symbol: "SPY", secType: "STK", exchange: "SMART", primaryExchange: "ARCA", tradingClass: "SPY" } as const;
const EPOCH = 3;
const readied = (epoch = EPOCH) => ({ type: "session.readied", epoch, account: "DU1", clientId: 1 });
const unreadied = { type: "session.unreadied", epoch: EPOCH, reason: "lost" };
const at = (hour: number, minute = 0, day: TradingDay = DAY): EpochMs => instantOf(day, hour * 60 + minute);
/** The first survey is due at 09:45. */
const BEFORE_SURVEYS = at(9, 40);

const begin = (now: EpochMs = BEFORE_SURVEYS, config: EngineConfig = ENGINE): Watcher =>
  given(underlyingMachine, { watched: WATCHED, config }, now);

// ── a willing broker ──
const NEAR = tradingDay("2026-12-24");
const SKEW = tradingDay("2027-01-08");
const FAR = tradingDay("2027-02-19");
const EXPIRIES = [tradingDay("2026-11-27"), NEAR, SKEW, FAR];
const contracts = EXPIRIES.flatMap((expiry, n) =>
  Array.from({ length: 301 }, (_, i) => 450 + i).flatMap((strike) =>
    (["C", "P"] as const).map((right): OptionContract => {
      const one = option(strike, right, expiry);
      return { ...one, conId: one.conId + n * 10_000_000 };
    }),
  ),
);
const byConId = new Map<number, OptionContract>(contracts.map((contract) => [contract.conId, contract]));
const details = (contract: Contract) => ({ contract, minTick: price(0.01), longName: "", contractMonth: "" });

/** So many sessions before today, the volatility rising a little each day. */
const closesBefore = (today: TradingDay, count: number, vol = (i: number): number => 0.1 + i / 2_000) => {
  const bars: { day: TradingDay; close: number }[] = [];
  for (let day = tradingDayBefore(today); bars.length < count; day = tradingDayBefore(day)) bars.unshift({ day, close: 0 });
  return bars.map(({ day }, i) => ({ day, open: vol(i), high: vol(i), low: vol(i), close: vol(i), volume: 0 }));
};
interface Broker {
  readonly bars?: readonly object[];
  readonly minutes?: readonly object[];
  readonly listed?: readonly TradingDay[];
  readonly refuses?: (request: string) => boolean;
}
const ENQUIRIES = ["contracts.request", "optionParameters.request", "bars.request"];
const answerTo = (
  type: string,
  params: { request: string; epoch: number; query?: { secType: string; expiry?: TradingDay } },
  { bars = closesBefore(DAY, 300), minutes = [], listed = EXPIRIES, refuses = () => false }: Broker,
) => {
  const { request, epoch, query } = params;
  const common = { replyTo: PATH, request, epoch };
  if (refuses(request)) return { type: "request.failed", ...common, code: 162, text: "pacing violation" };
  if (type === "bars.request") return { type: "bars.answered", ...common, bars: request === "bars" ? bars : minutes };
  if (type === "optionParameters.request") {
    const row = { exchange: "SMART", tradingClass: "SPY", multiplier: 100, expirations: listed, strikes: [] };
    return { type: "optionParameters.answered", ...common, parameters: [{ ...row, tradingClass: "2SPY" }, row] };
  }
  const of = query?.secType === "OPT" ? contracts.filter(({ expiry }) => expiry === query.expiry) : [SPY];
  return { type: "contracts.answered", ...common, details: of.map(details) };
};
const answered = new WeakMap<Watcher, number>();
/** Answers every enquiry that has not been answered yet. */
const answerAll = (it: Watcher, broker: Broker = {}): Watcher => {
  let i = answered.get(it) ?? 0;
  for (; i < it.said.length; i += 1) {
    const said = it.said[i] as (typeof it.said)[number];
    if (ENQUIRIES.includes(said.type)) for (const one of [said.params].flat()) it.hear(answerTo(said.type, one, broker));
  }
  answered.set(it, i);
  return it;
};
const quoted = (quote: Quote, epoch = EPOCH) => ({ type: "quote.updated", epoch, quote });
const spotted = (it: Watcher, extra: Partial<Quote> = {}, market: Market = CALM): Watcher =>
  it.hear(quoted({ ...spotQuote(market, epochMs(it.now)), close: price(market.spot), impliedVol: 0.2, ...extra }));
/** Resolved, with its history, and quoted. */
const watching = (now?: EpochMs, broker?: Broker): Watcher => spotted(answerAll(begin(now).hear(readied()), broker));

const asked = (it: Watcher): UnderlyingTold => {
  const before = it.said.length;
  it.hear({ type: "underlying.asked", replyTo: "strategy/x" });
  const [answer] = it.said.slice(before);
  expect(answer?.params[0].to).toBe("strategy/x");
  return answer?.params[0].event;
};
const history = (it: Watcher) =>
  it
    .params("bars.request")
    .flat()
    .filter(({ request }) => request === "bars");
const minutesAsked = (it: Watcher) =>
  it
    .params("bars.request")
    .flat()
    .filter(({ request }) => request === "minutes");
const announced = (it: Watcher): UnderlyingTold[] =>
  it
    .params("tell")
    .flat()
    .filter((tell) => tell.topic === topic.underlying("SPY"))
    .map(({ event }) => event);
const optionLines = (it: Watcher): { readonly open: ReadonlySet<number>; readonly most: number } => {
  const open = new Set<number>();
  let most = 0;
  for (const { type, conId, contract } of it.told(address.lines)) {
    const id = contract?.conId ?? conId;
    if (!byConId.has(id)) continue;
    if (type === "line.requested") open.add(id);
    else open.delete(id);
    most = Math.max(most, open.size);
  }
  return { open, most };
};
interface Surroundings {
  readonly broker?: Broker;
  readonly market?: Market;
  /** Options of which nothing is heard. */
  readonly silent?: (contract: OptionContract) => boolean;
}
/** Lets the survey that is due run to its end: answers, quotes, the underlying ticking all the while. */
const survey = (it: Watcher, { broker = {}, market = CALM, silent = () => false }: Surroundings = {}): Watcher => {
  const until = it.facts("underlying.measured").length + 1;
  for (let i = 0; i < 300 && it.facts("underlying.measured").length < until; i += 1) {
    spotted(answerAll(it, broker), {}, market);
    for (const conId of optionLines(it).open) {
      const contract = byConId.get(conId) as OptionContract;
      if (!silent(contract)) it.hear(quoted(quoteOf(market, contract, epochMs(it.now))));
    }
    answerAll(it, broker).wait(4_000);
  }
  return it;
};
const surveyed = (options: Surroundings = {}): Watcher => {
  const it = watching();
  it.wait(at(9, 45) - it.now - 1_000);
  spotted(it).wait(1_500);
  return survey(it, options);
};

describe("the watcher of an underlying", () => {
  test("says nothing that the kernel would refuse", () => {
    expect(refusals(underlyingMachine, { effectClass: (type) => EFFECT_CLASS[type as EffectName] })).toEqual([]);
  });
  test("holds one line on its contract, of priority 2, and keeps it when the session goes and comes", () => {
    const it = watching();
    expect(it.told(address.lines)).toMatchObject([{ type: "line.requested", holder: PATH, contract: SPY, priority: 2 }]);
    it.quiet().hear(unreadied, readied(4));
    expect(it.told(address.lines).map(({ type }) => type)).toEqual(["line.requested"]);
    expect(it.params("contracts.request").flat()).toEqual([]);
  });
  test("takes the contract of the configured primary exchange, to be traded where the config says", () => {
    const it = begin().hear(readied());
    const listed = [
      { ...SPY, conId: 1, primaryExchange: "BATS" },
      { ...SPY, exchange: "ARCA" },
    ];
    it.hear({ type: "contracts.answered", epoch: EPOCH, replyTo: PATH, request: "contract", details: listed.map(details) });
    expect(it.context.contract).toEqual(SPY);
  });
  test("believes only answers to its own questions of this epoch", () => {
    const it = begin().hear(readied());
    const answer = { type: "contracts.answered", epoch: EPOCH, replyTo: PATH, request: "contract", details: [details(SPY)] };
    it.hear({ ...answer, epoch: 2 }, { ...answer, request: "contract/9" }, quoted(spotQuote(CALM, epochMs(it.now))));
    expect([it.state, asked(it).spot]).toEqual(["resolving", null]);
    it.hear(answer, quoted(spotQuote(CALM, epochMs(it.now)), 2));
    expect(asked(it).spot).toBe(null);
    spotted(it);
    expect(asked(it).spot).toBe(price(600));
  });
  test("asks again, ever later, for a contract that the broker does not list; and says so", () => {
    const it = begin().hear(readied());
    const none = { type: "contracts.answered", epoch: EPOCH, replyTo: PATH, request: "contract", details: [] };
    const pauses: number[] = [];
    for (let i = 0; i < 7; i += 1) {
      it.hear(none);
      expect(it.state).toBe("unavailable");
      expect(asked(it).unknown["spot"]).toBe("the broker lists no SPY");
      let waited = 0;
      for (; it.state === "unavailable"; waited += 1) it.wait(60_000);
      pauses.push(waited);
    }
    expect(pauses).toEqual([1, 5, 15, 30, 60, 60, 60]);
  });
  test("answers in the step of the asking in every state, with a reason for each figure that is null and for no other", () => {
    const states = [
      begin(),
      begin().hear(readied()),
      begin().hear(readied()).wait(61_000),
      watching(),
      watching().wait(20_000),
      watching().hear(unreadied),
      surveyed(),
      begin(at(3)).hear(readied()),
    ];
    for (const it of states) {
      const { type: _t, symbol: _s, at: _a, unknown, ...figures } = asked(it);
      const missing = Object.entries(figures).filter(([, value]) => value === null);
      expect(Object.keys(unknown).sort()).toEqual(missing.map(([name]) => name).sort());
      for (const reason of Object.values(unknown)) expect(reason.length).toBeGreaterThan(3);
    }
  });
});

describe("its price", () => {
  test("is announced when it becomes known and when it becomes unknown, at once; between these once a minute", () => {
    const it = answerAll(begin().hear(readied())).quiet();
    spotted(it);
    expect(announced(it).map(({ spot }) => spot)).toEqual([price(600)]);
    it.quiet();
    for (let i = 0; i < 240; i += 1) spotted(it).wait(1_000);
    expect(announced(it).length).toBe(4);
    it.quiet().wait(32_000);
    expect(announced(it).map(({ spot }) => spot)).toEqual([null]);
    spotted(it.quiet());
    it.hear(quoted({ conId: SPY.conId, broken: "farm", at: epochMs(it.now) }));
    expect(announced(it).map(({ spot }) => spot)).toEqual([price(600), null]);
  });
  test("is unknown from the first moment at which it is too old; short silences are not announced one by one", () => {
    const it = watching().quiet();
    expect(asked(it.wait(5_000)).spot).toBe(price(600));
    const told = asked(it.wait(1));
    expect([told.spot, told.unknown["spot"], told.iv30]).toEqual([null, "stale: 5 s old, at most 5 s", 0.2]);
    // Quotes three seconds after each full ten: at full minutes the newest is seven seconds old.
    spotted(it.wait(8_000)).quiet();
    for (let i = 0; i < 60; i += 1) spotted(it.wait(10_000));
    // Ten minutes: each is announced, without a price, and once more when there is one.
    expect(announced(it).length).toBe(20);
  });
  test("of a feed that is broken, stale or gone is unknown, and so is all that needs it; the history keeps its day", () => {
    const ways: ((it: Watcher) => Watcher)[] = [
      (it) => it.wait(61_000),
      (it) => it.hear(quoted({ ...spotQuote(CALM, epochMs(it.now)), broken: "usfarm" })),
      (it) => it.hear(quoted({ ...spotQuote(CALM, epochMs(it.now)), source: "delayed", impliedVol: 0.2 })),
      (it) => it.hear({ type: "line.lost", conId: SPY.conId, reason: "354 not subscribed" }),
      (it) => it.hear(unreadied),
      (it) => it.hear(readied(4)),
    ];
    for (const way of ways) {
      const told = asked(way(watching()));
      const { spot, iv30, ivRank, ivPercentile, hourHigh, hourLow } = told;
      expect({ spot, iv30, ivRank, ivPercentile, hourHigh, hourLow }).toEqual({
        spot: null,
        iv30: null,
        ivRank: null,
        ivPercentile: null,
        hourHigh: null,
        hourLow: null,
      });
      expect(told.iv30PriorClose).toBeCloseTo(0.1 + 299 / 2_000);
    }
  });
  test("of an index is its last trade", () => {
    const SPX: Contract = { ...SPY, secType: "IND", symbol: "SPX", exchange: "CBOE", conId: 416904 };
    const config = {
      ...ENGINE,
      strategies: [{ ...STRATEGY, symbol: "SPX", underlyingSecType: "IND" as const, exchange: "CBOE", tradingClass: "SPXW" }],
    };
    const [watched] = watchedUnderlyings(config);
    if (watched === undefined) throw new Error("nothing is watched");
    const it = given(underlyingMachine, { watched, config }, BEFORE_SURVEYS).hear(readied());
    expect(it.params("contracts.request").flat()[0].query).toMatchObject({ secType: "IND", symbol: "SPX", exchange: "CBOE" });
    it.hear({ type: "contracts.answered", epoch: EPOCH, replyTo: "", request: "contract", details: [details(SPX)] });
    it.hear(quoted({ conId: SPX.conId, last: price(6_000.5), at: epochMs(it.now) }));
    expect(asked(it).spot).toBe(price(6_000.5));
  });
  test("gives the extremes of the hour, the prior close among them in its first", () => {
    const it = watching();
    spotted(it, { close: price(610) });
    spotted(it, { close: price(610) }, { ...CALM, spot: 595 });
    expect(asked(it)).toMatchObject({ hourHigh: price(610), hourLow: price(595), priorClose: price(610) });
    it.wait(at(10, 30) - it.now);
    spotted(it, { close: price(610) });
    expect(asked(it)).toMatchObject({ hourHigh: price(600), hourLow: price(595) });
    it.wait(at(10, 42) - it.now);
    spotted(it, { close: price(610) });
    expect(asked(it)).toMatchObject({ hourHigh: price(600), hourLow: price(600) });
  });
  test("is told of the minutes that nobody watched by the broker's bars: first and last prices, not single prints", () => {
    const bar = (begins: EpochMs, open: number, close = open) => {
      return { day: DAY, at: begins, open, high: 999, low: 1, close, volume: 1 };
    };
    const friday = tradingDay("2026-11-20");
    const minutes = [bar(at(15, 0, friday), 700), bar(at(15, 40, friday), 620), bar(at(9, 45), 601, 590), bar(at(9, 59), 605)];
    const it = spotted(answerAll(begin(at(10)).hear(readied()), { minutes }));
    expect(minutesAsked(it)).toMatchObject([{ contract: SPY, days: 2, size: "1min", show: "TRADES" }]);
    expect(asked(it)).toMatchObject({ hourHigh: price(620), hourLow: price(590) });
  });
  test("is not asked for minutes that were watched, and ever later for those that the broker does not have", () => {
    const it = watching();
    expect(minutesAsked(it).length).toBe(1);
    it.quiet();
    for (let minute = 0; minute < 120; minute += 1) spotted(it).wait(60_000);
    // After 1, 5, 15 and 30 minutes; a full hour was watched before the next was due.
    expect(minutesAsked(it).length).toBe(4);
    it.quiet();
    for (let minute = 0; minute < 180; minute += 1) spotted(it).wait(60_000);
    expect(minutesAsked(it)).toEqual([]);
  });
  test("brings the next dividend along, while it is ahead", () => {
    const it = watching();
    expect(asked(it).unknown["dividend"]).toBe("none is announced");
    const dividend = { exDate: addDays(DAY, 1), amount: price(1.8) };
    expect(asked(spotted(it, { dividend })).dividend).toEqual(dividend);
    expect(asked(spotted(it, { dividend: { ...dividend, exDate: DAY } })).dividend).toBe(null);
  });
  test("gets its line asked for again, ever later, when it was lost", () => {
    const it = watching().quiet().hear({ type: "line.lost", conId: SPY.conId, reason: "354 not subscribed" });
    expect(asked(it).unknown["spot"]).toBe("no line: 354 not subscribed");
    it.quiet().wait(120_000);
    expect(it.told(address.lines).map(({ type }) => type)).toEqual(["line.requested"]);
    it.hear({ type: "line.lost", conId: SPY.conId, reason: "354 not subscribed" }).quiet().wait(240_000);
    expect(it.told(address.lines)).toEqual([]);
    it.wait(120_000);
    expect(it.told(address.lines).length).toBe(1);
    it.quiet();
    spotted(it).wait(3_600_000);
    expect(it.told(address.lines).filter(({ priority }) => priority === 2)).toEqual([]);
  });
});

describe("its implied volatility", () => {
  test("stands in the 252 closes before today, of which the day in progress is none", () => {
    const bars = [...closesBefore(DAY, 300), { ...closesBefore(DAY, 1)[0], day: DAY, close: 9 }];
    const it = watching(undefined, { bars });
    const [low, high] = [0.1 + 48 / 2_000, 0.1 + 299 / 2_000];
    const told = asked(it);
    expect(told).toMatchObject({ iv30: 0.2 });
    expect(told.iv30PriorClose).toBeCloseTo(high);
    expect(told.ivRank).toBeCloseTo((100 * (0.2 - low)) / (high - low));
    // Closes 48 to 199 of 48 to 299 are below.
    expect(told.ivPercentile).toBeCloseTo((100 * 152) / 252);
    expect(asked(spotted(it, { impliedVol: 9 }))).toMatchObject({ ivRank: 100, ivPercentile: 100 });
  });
  test("is not ranked before a year is known, nor in a year in which nothing moved", () => {
    expect(asked(watching(undefined, { bars: closesBefore(DAY, 251) })).unknown).toMatchObject({
      ivRank: "251 days of implied volatility, 252 needed",
      ivPercentile: "251 days of implied volatility, 252 needed",
    });
    const flat = asked(watching(undefined, { bars: closesBefore(DAY, 300, () => 0.15) }));
    expect([flat.ivRank, flat.ivPercentile]).toEqual([null, null]);
  });
  test("is asked for once a trading day, and not for a day that is no session", () => {
    const it = watching();
    const requests = () => history(it);
    expect(requests()).toMatchObject([{ contract: SPY, days: 365, show: "OPTION_IMPLIED_VOLATILITY", request: "bars" }]);
    // Monday to Wednesday, then Thanksgiving; Friday closes early.
    const days: string[] = [];
    for (let hour = 0; hour < 24 * 7; hour += 1) {
      it.quiet().wait(3_600_000);
      answered.set(it, 0);
      const today = addDays(DAY, Math.floor((it.now - at(0)) / 86_400_000));
      if (requests().length > 0) days.push(today);
      answerAll(it, { bars: closesBefore(today, 300) });
    }
    expect(days).toEqual(["2026-11-24", "2026-11-25", "2026-11-26", "2026-11-28"]);
  });
  test("is asked for again, ever later, when it is refused or does not reach the day before; what is known stays with its day", () => {
    const it = watching(undefined, { refuses: (request) => request === "bars" });
    expect(asked(it).unknown["iv30PriorClose"]).toBe("no history of implied volatility; history: 162 pacing violation");
    const minutes: number[] = [];
    const late = closesBefore(DAY, 300).slice(0, -1);
    for (let minute = 1; minute <= 150; minute += 1) {
      it.quiet().wait(60_000);
      answered.set(it, 0);
      if (history(it).length > 0) minutes.push(minute);
      answerAll(it, minutes.length === 1 ? { refuses: (request) => request === "bars" } : { bars: late });
    }
    const pauses = minutes.map((minute, i) => minute - (minutes[i - 1] ?? 0));
    expect(pauses).toEqual([1, 5, 15, 30, 60]);
    spotted(it);
    const told = asked(it);
    expect(told.unknown["iv30PriorClose"]).toBe("its newest close is of 2026-11-19; the history does not reach 2026-11-20 yet");
    expect(told.ivRank).not.toBe(null);
  });
  test("is unknown where the line does not tell it: the newest close is not put in its place", () => {
    const it = answerAll(begin().hear(readied()));
    it.hear(quoted(spotQuote(CALM, epochMs(it.now))));
    const told = asked(it);
    expect([told.spot, told.iv30, told.ivRank]).toEqual([price(600), null, null]);
    expect(told.unknown["ivRank"]).toBe("the line does not tell it");
  });
  test("moves on by a day at midnight: yesterday's close is then the prior one", () => {
    const it = watching(at(15, 50));
    it.wait(at(24) - it.now - 1);
    expect(asked(it).iv30PriorClose).not.toBe(null);
    it.quiet().wait(1);
    expect(announced(it).length).toBe(1);
    expect(asked(it)).toMatchObject({ iv30PriorClose: null });
    expect(asked(it).unknown["iv30PriorClose"]).toContain("its newest close is of 2026-11-20");
    answered.set(it, 0);
    answerAll(it, { bars: closesBefore(addDays(DAY, 1), 300, () => 0.33).slice(-1) });
    expect(asked(it).iv30PriorClose).toBe(0.33);
  });
});

describe("a survey of its options", () => {
  test("tells term structure and skew, as the market has them", () => {
    const it = surveyed();
    const { term, skew, unknown } = it.facts("underlying.measured").at(-1).told as UnderlyingTold;
    expect(unknown["term"]).toBe(undefined);
    expect(term).toMatchObject({ nearDays: 31, farDays: 88 });
    // The smile is the same for every expiry, and steep: at the forward it is a little below that at the spot.
    expect(term?.nearVol).toBeCloseTo(0.16, 2);
    // In three months more so; and its quotes, made as if nobody could exercise early, tell of American options a little less.
    expect(term?.farVol).toBeGreaterThan(0.1535);
    expect(term?.farVol).toBeLessThan(0.1575);
    expect(skew).toMatchObject({ expiry: SKEW, yearMedian: null, daysKept: 0 });
    expect(skew?.ratio).toBeGreaterThan(1.2);
    expect(skew?.ratio).toBeLessThan(1.8);
    expect(asked(it).skew).toEqual(skew);
  });
  test("finds the quarter deltas of the continuous smile, within a hundredth of their ratio", () => {
    const years = yearsToExpiry(at(9, 45), SKEW);
    const [rate, dividendYield] = [RATE_PCT / 100, 0.012];
    const forward = carriedForward(CALM.spot, rate, dividendYield, years);
    const discount = discountFactor(rate, years);
    const sizeAt = (right: "C" | "P", strike: number): number => {
      const greeks = blackGreeks({ right, forward, strike, years, discount, vol: volAt(CALM, strike) });
      return Math.abs(perSpot(greeks, forward, CALM.spot).delta);
    };
    const volOf = (right: "C" | "P"): number => {
      let [near, out] = [forward, right === "C" ? forward * 1.3 : forward * 0.7];
      for (let i = 0; i < 60; i += 1) {
        const middle = (near + out) / 2;
        if (sizeAt(right, middle) > 0.25) near = middle;
        else out = middle;
      }
      return volAt(CALM, near);
    };
    const { skew } = surveyed().facts("underlying.measured").at(-1).told as UnderlyingTold;
    expect(Math.abs((skew?.ratio ?? 0) - volOf("P") / volOf("C"))).toBeLessThan(0.01);
  });
  test("finds the same quarter deltas as a flat smile has: no skew", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.1, max: 0.45, noNaN: true }), (atmVol) => {
        const market = { ...CALM, atmVol, skew: 0 };
        const { term, skew } = surveyed({ market }).facts("underlying.measured").at(-1).told as UnderlyingTold;
        expect(term?.nearVol).toBeCloseTo(atmVol, 2);
        expect(skew?.ratio).toBeCloseTo(1, 1);
      }),
      { numRuns: 8 },
    );
  });
  test("has at most twelve lines at once, of priority 4, and lets go of them all", () => {
    const it = surveyed();
    expect(optionLines(it).most).toBeLessThanOrEqual(12);
    expect(optionLines(it).most).toBeGreaterThan(6);
    expect([...optionLines(it).open]).toEqual([]);
    const priorities = it
      .told(address.lines)
      .flatMap(({ contract, priority }) => (byConId.has(contract?.conId) ? [priority] : []));
    expect(new Set(priorities)).toEqual(new Set([4]));
    const listened = it.params("listen").flatMap(({ topics }) => topics);
    const left = new Set(it.params("unlisten").flatMap(({ topics }) => topics));
    expect(listened.filter((name) => !left.has(name))).toEqual([topic.session, topic.quote(SPY.conId)]);
  });
  test("asks for expiries once a day, for each chain once a day, and comes again every half hour until the close", () => {
    const it = surveyed();
    expect(it.params("optionParameters.request").length).toBe(1);
    const chains = () =>
      it
        .params("contracts.request")
        .flat()
        .filter(({ query }) => query.secType === "OPT");
    expect(chains().map(({ query }) => query.expiry)).toEqual([NEAR, SKEW, FAR]);
    it.quiet();
    answered.set(it, 0);
    for (let slot = 1; slot <= 12; slot += 1) {
      it.wait(at(9, 45 + 30 * slot) - it.now - 500);
      spotted(it).wait(1_000);
      survey(it);
    }
    expect(it.facts("underlying.measured").length).toBe(12);
    expect([it.params("optionParameters.request"), chains()]).toEqual([[], []]);
    const before = it.facts("underlying.measured").length;
    it.wait(17 * 3_600_000);
    expect(it.facts("underlying.measured").length).toBe(before);
    expect(asked(it).unknown["term"]).toBe("not surveyed today yet");
  });
  test("gets no lines when others need them: the figures are unknown, with the reason, until the next", () => {
    const it = surveyed({ silent: () => true });
    const { term, skew, unknown } = it.facts("underlying.measured").at(-1).told as UnderlyingTold;
    expect([term, skew]).toEqual([null, null]);
    expect(unknown["term"]).toContain("6 of 6 options not quoted (no line, or nothing heard)");
    expect([...optionLines(it).open]).toEqual([]);
    answered.set(it, it.said.length);
    it.wait(at(10, 15) - it.now - 500);
    spotted(it).wait(1_000);
    expect(asked(survey(it)).term).not.toBe(null);
  });
  test("does not wait for a line that was lost, and names why", () => {
    const it = watching();
    it.wait(at(9, 45) - it.now - 1_000);
    spotted(it).wait(1_500);
    answerAll(it);
    const begun = it.now;
    for (let i = 0; i < 3; i += 1) {
      for (const conId of optionLines(it).open) it.hear({ type: "line.lost", conId, reason: "101 max tickers" });
      answerAll(it);
    }
    expect(it.now).toBe(begun);
    expect(asked(it).unknown["term"]).toContain("101 max tickers");
  });
  test("tells what it can: one side without quotes costs the skew, not the term", () => {
    const it = surveyed({ silent: ({ right, strike }) => right === "P" && strike < price(590) });
    const told = asked(it);
    expect(told.term).not.toBe(null);
    expect([told.skew, told.unknown["skew"]?.length]).toEqual([null, expect.any(Number)]);
    // What was silent once is not waited for again: one patience, of three minutes.
    expect(it.now - at(9, 45)).toBeLessThan(240_000);
  });
  test("of one expiry alone has no term, and says so", () => {
    const it = surveyed({ broker: { listed: [SKEW] } });
    expect(asked(it)).toMatchObject({ term: null });
    expect(asked(it).unknown["term"]).toBe("one expiry is nearest to both 30 and 90 days");
    expect(asked(it).skew).not.toBe(null);
    expect(asked(surveyed({ broker: { listed: [] } })).unknown["skew"]).toBe("no options of class SPY have 8 days or more to go");
  });
  test("that is refused its chains names the refusal, and one of an ended session leaves no line behind", () => {
    const it = surveyed({ broker: { refuses: (request) => request.startsWith("chain") } });
    expect(asked(it).unknown["term"]).toContain("162 pacing violation");
    const lost = watching();
    lost.wait(at(9, 45) - lost.now - 1_000);
    answerAll(spotted(lost).wait(1_500));
    expect(optionLines(lost).open.size).toBe(6);
    lost.hear(unreadied);
    expect(optionLines(lost).open.size).toBe(0);
    expect(lost.context.survey).toBe(null);
  });
  test("grows too old: what it found is then unknown, not repeated", () => {
    const it = surveyed();
    expect(asked(spotted(it)).term).not.toBe(null);
    it.hear(unreadied);
    expect(asked(it).unknown["term"]).toBe("the session is not ready");
    it.now = at(11, 15);
    answerAll(it.hear(readied(4)));
    it.hear(quoted(spotQuote(CALM, epochMs(it.now)), 4));
    expect(asked(it).unknown["term"]).toMatch(/^the last survey was \d+ minutes ago$/);
  });
  test("keeps one skew a day; after a year of days they have a median", () => {
    const it = surveyed();
    expect(it.context.skews.map(([day]) => day)).toEqual([DAY]);
    expect(it.context.skews[0]?.[1]).toBeCloseTo(asked(it).skew?.ratio ?? 0);
  });
});

describe("the watcher over restarts", () => {
  test("goes on from its state as JSON, in the middle of a survey, as if nothing had been", () => {
    const run = (cut: boolean): UnderlyingTold => {
      const it = watching();
      it.wait(at(9, 45) - it.now - 1_000);
      answerAll(spotted(it).wait(1_500));
      if (cut) it.reopen();
      return asked(survey(it));
    };
    expect(run(true)).toEqual(run(false));
  });
  test("watches anew what another run lists otherwise, and nothing that no strategy is about", () => {
    const it = watching().quiet();
    const other = { ...ENGINE, strategies: [{ ...STRATEGY, exchange: "AMEX" }] };
    it.hear({ type: "run.resumed", config: other });
    expect(it.told(address.lines)).toEqual([{ type: "lines.released", holder: PATH }]);
    answered.set(it, 0);
    answerAll(it.hear(readied(4)));
    expect(it.context.contract?.exchange).toBe("AMEX");
    it.quiet().hear({ type: "run.resumed", config: { ...ENGINE, strategies: [] } }, readied(5));
    expect([it.state, it.params("contracts.request").flat()]).toEqual(["unwanted", []]);
    expect(asked(it).spot).toBe(null);
  });
  test("is one for each symbol of all strategies, switched on or not, and of the regime", () => {
    const regime = { ...ENGINE.regime, symbol: "IVV" } as NonNullable<EngineConfig["regime"]>;
    const strategies = [STRATEGY, { ...STRATEGY, symbol: "QQQ", enabled: false }, { ...STRATEGY, name: "other" }];
    expect(watchedUnderlyings({ ...ENGINE, strategies, regime }).map(({ symbol }) => symbol)).toEqual(["SPY", "QQQ", "IVV"]);
  });
});
