/** The regime of a day: the reference classifier, and the regime that does not flap. */
import { describe, expect, test } from "vitest";
import { tradingDayAfter } from "../../src/domain/calendar/market-calendar.ts";
import { configSchema, crossChecks } from "../../src/domain/config-schema.ts";
import { type ClassifiedDay, classifyDays, type KnownInputs, regimeOf } from "../../src/domain/regime/classify.ts";
import { DAYS_KEPT, historyOf, type RegimeHistory, withBarRows, withCloseRows } from "../../src/domain/regime/history.ts";
import { crashOn, NO_REGIME, nextRegimeState, type RegimeState, regimeThrough } from "../../src/domain/regime/hysteresis.ts";
import { changeOver, efficiencyRatio, nextAdx, simpleMean } from "../../src/domain/regime/indicators.ts";
import { REGIMES, type Regime } from "../../src/domain/regime/regime.ts";
import { DEFAULT_REGIME, type RegimeConfig } from "../../src/domain/regime/thresholds.ts";
import { type TradingDay, tradingDay } from "../../src/domain/units.ts";
import { hasWorkshopData, type SpyDays, spyOf23Years, spyOf1998 } from "../support/spy-days.ts";

/** Half a unit of the last printed place, for the six-decimal figures and the four-decimal means. */
const tolerance = (column: number): number => (column >= 6 ? 0.5e-4 : 0.5e-6) + 1e-9;
const differences = ({ history, labels }: SpyDays): string[] => {
  const days = classifyDays(history, DEFAULT_REGIME);
  const known = days.filter((day) => day.known);
  const wrong = known.flatMap((day) => {
    const printed = labels.get(day.day);
    if (printed === undefined) return [`${day.day} has no label`];
    const { vix, adx, efficiency, return5d, vixChange5d } = day.inputs;
    const ours = [day.close, vix, adx, efficiency, return5d, vixChange5d, day.sma20, day.sma50];
    const off = ours.flatMap((value, column) =>
      Math.abs(value - Number(printed.figures[column])) <= tolerance(column)
        ? []
        : [`${day.day} column ${column}: ${value}, printed ${printed.figures[column]}`],
    );
    return day.regime === printed.regime ? off : [...off, `${day.day} is ${day.regime}, labelled ${printed.regime}`];
  });
  return known.length === labels.size ? wrong : [...wrong, `${known.length} days are known, ${labels.size} are labelled`];
};
const spellsOf = (regimes: readonly unknown[]): number =>
  regimes.filter((regime, n) => n === 0 || regime !== regimes[n - 1]).length;
const statesOf = (days: readonly ClassifiedDay[], config: RegimeConfig = DEFAULT_REGIME): RegimeState[] => {
  let state = NO_REGIME;
  return days.map((day) => {
    state = nextRegimeState(state, day, config);
    return state;
  });
};

const CALM: KnownInputs = { vix: 18, adx: 22, efficiency: 0.2, return5d: 0, vixChange5d: 0, smaRatio: 1 };
const TYPICAL: { readonly [R in Regime]: Partial<KnownInputs> } = {
  crash: { vix: 40 },
  high_vol: { vix: 28 },
  low_vol: { vix: 11 },
  trending: { adx: 30, smaRatio: 1.02 },
  range_bound: { adx: 15 },
  normal: {},
};
/** Days in a row from 2026-10-05 on; undefined is a day that could not be told. */
const daysOf = (...each: readonly (Partial<KnownInputs> | undefined)[]): ClassifiedDay[] => {
  let day: TradingDay = tradingDay("2026-10-02");
  return each.map((inputs): ClassifiedDay => {
    day = tradingDayAfter(day);
    if (inputs === undefined) return { day, known: false, missing: "no VIX close of the day", gaps: [] };
    const all = { ...CALM, ...inputs };
    return {
      day,
      known: true,
      regime: regimeOf(all, DEFAULT_REGIME),
      inputs: all,
      close: 100,
      sma20: 100,
      sma50: 100,
      gaps: [],
    };
  });
};
const regimes = (...each: readonly (Partial<KnownInputs> | undefined)[]) => statesOf(daysOf(...each)).map(({ regime }) => regime);
const { crash, high_vol, low_vol, trending, range_bound, normal } = TYPICAL;

describe("the classifier", () => {
  test("gives ten months of 1998 the labels and, to the last printed place, the figures of the reference", () => {
    expect(differences(spyOf1998())).toEqual([]);
  });
  test.runIf(hasWorkshopData)("gives 23 years the labels and figures of the reference, all 5,799 of them", () => {
    const days = spyOf23Years();
    expect(days.labels.size).toBe(5_799);
    expect(differences(days)).toEqual([]);
  });
  test("knows a crash by each of its three signs, and by no weaker one", () => {
    const of = (inputs: Partial<KnownInputs>) => regimeOf({ ...CALM, ...inputs }, DEFAULT_REGIME);
    expect([of({ vix: 35 }), of({ vix: 34.99 })]).toEqual(["crash", "high_vol"]);
    expect([of({ return5d: -0.07 }), of({ return5d: -0.0699 })]).toEqual(["crash", "normal"]);
    expect([of({ vix: 28, vixChange5d: 0.5 }), of({ vix: 27.99, vixChange5d: 0.5 }), of({ vix: 28, vixChange5d: 0.49 })]).toEqual(
      ["crash", "high_vol", "high_vol"],
    );
  });
  test("asks in the order of severity: what is a crash is nothing else, and volatility comes before direction", () => {
    const trend = TYPICAL.trending;
    const of = (inputs: Partial<KnownInputs>) => regimeOf({ ...CALM, ...trend, ...inputs }, DEFAULT_REGIME);
    expect([of({}), of({ vix: 25 }), of({ vix: 12.99 }), of({ vix: 12.99, return5d: -0.1 })]).toEqual([
      "trending",
      "high_vol",
      "low_vol",
      "crash",
    ]);
    expect(of({ smaRatio: 0.98 })).toBe("trending");
    for (const regime of REGIMES) expect(regimeOf({ ...CALM, ...TYPICAL[regime] }, DEFAULT_REGIME)).toBe(regime);
  });
});

describe("what is missing", () => {
  const { history } = spyOf1998();
  const without = (index: number, of: "bars" | "vix" | "both"): RegimeHistory => ({
    bars: of === "vix" ? history.bars : history.bars.toSpliced(index, 1),
    vix: of === "bars" ? history.vix : history.vix.toSpliced(index, 1),
  });
  const on = (given: RegimeHistory, day: TradingDay | undefined) =>
    classifyDays(given, DEFAULT_REGIME).find((one) => one.day === day) as ClassifiedDay;
  const dayAt = (index: number) => history.bars[index]?.day;

  test("makes the first 49 days unknown, with the number of bars that there are", () => {
    const days = classifyDays(history, DEFAULT_REGIME);
    expect(days.slice(0, 49).every(({ known }) => !known)).toBe(true);
    expect(days[48]).toMatchObject({ known: false, missing: "49 daily bars, 50 are needed" });
    expect(days[49]).toMatchObject({ known: true });
  });
  test("makes the twenty days after a lost bar unknown by its name, and is said for as long as the means look over it", () => {
    const lost = without(100, "bars");
    const hole = `no bar of ${dayAt(100)}`;
    for (const index of [101, 110, 120]) {
      expect(on(lost, dayAt(index))).toMatchObject({ known: false, missing: `${hole}, which was a session` });
    }
    expect(on(lost, dayAt(121))).toMatchObject({ known: true, gaps: [hole] });
    expect(on(lost, dayAt(149))).toMatchObject({ known: true, gaps: [hole] });
    expect(on(lost, dayAt(150))).toMatchObject({ known: true, gaps: [] });
  });
  test("is no hole when the VIX has no close of that day either: a closure that the calendar does not know; it is said", () => {
    expect(on(without(100, "both"), dayAt(101))).toMatchObject({ known: true, gaps: [`no bar of ${dayAt(100)}`] });
  });
  test("makes the day of a lost VIX close unknown, and no other; the next five say so", () => {
    const lost = without(100, "vix");
    expect(on(lost, dayAt(100))).toMatchObject({ known: false, missing: "no VIX close of the day" });
    expect(on(lost, dayAt(105))).toMatchObject({ known: true, gaps: [`no VIX close of ${dayAt(100)}`] });
    expect(on(lost, dayAt(106))).toMatchObject({ known: true, gaps: [] });
  });
  test("counts for a lost one when it is no price: NaN, zero, infinite, or a high below its low", () => {
    const bar = history.bars[100] as RegimeHistory["bars"][number];
    for (const broken of [
      { close: Number.NaN },
      { close: 0 },
      { low: -1 },
      { high: Number.POSITIVE_INFINITY },
      { high: bar.low - 1 },
    ]) {
      const given = { ...history, bars: history.bars.with(100, { ...bar, ...broken }) };
      expect(on(given, bar.day)).toMatchObject({ known: false, missing: "a bar without prices" });
      expect(on(given, dayAt(101))).toEqual(on(without(100, "bars"), dayAt(101)));
    }
    const close = { day: bar.day, close: Number.NaN };
    expect(on({ ...history, vix: history.vix.with(100, close) }, bar.day).known).toBe(false);
  });
});

describe("the figures", () => {
  test("have no meaning, and are not zero, where prices do not move or are too few", () => {
    const flat = Array(30).fill(100) as number[];
    expect(efficiencyRatio(flat, 20, 29)).toBe(undefined);
    expect([efficiencyRatio([1, 2], 20, 1), simpleMean([1, 2], 3, 1), changeOver([1, 2], 5, 1)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    const still = { day: tradingDay("2026-10-05"), high: 1, low: 1, close: 1 };
    expect(nextAdx(nextAdx(undefined, still), still).adx).toBe(null);
  });
  test("of a straight way are an efficiency of 1 and an ADX of 100", () => {
    const closes = Array.from({ length: 40 }, (_, n) => 100 + n);
    expect(efficiencyRatio(closes, 20, 39)).toBe(1);
    const last = closes.reduce<ReturnType<typeof nextAdx> | undefined>(
      (state, close) => nextAdx(state, { day: tradingDay("2026-10-05"), high: close + 1, low: close - 1, close }),
      undefined,
    );
    expect(last?.adx).toBeCloseTo(100, 9);
  });
});

describe("hysteresis", () => {
  test("begins with the first day that is known", () => {
    expect(regimes(undefined, trending, normal)).toEqual([null, "trending", "trending"]);
  });
  test("wants two sessions in a row of the same other regime", () => {
    expect(regimes(normal, trending, trending)).toEqual(["normal", "normal", "trending"]);
    expect(regimes(normal, trending, range_bound, trending, trending)).toEqual([
      "normal",
      "normal",
      "normal",
      "normal",
      "trending",
    ]);
    expect(regimes(normal, trending, normal, trending)).toEqual(["normal", "normal", "normal", "normal"]);
  });
  test("enters a crash at once, and leaves it like any other regime", () => {
    expect(regimes(low_vol, crash, normal, normal)).toEqual(["low_vol", "crash", "crash", "normal"]);
  });
  test("is left by two closes after the day on which it was seen, be it seen before that day's own close", () => {
    const [before, seen, next, last] = daysOf(normal, normal, normal, normal) as [
      ClassifiedDay,
      ClassifiedDay,
      ClassifiedDay,
      ClassifiedDay,
    ];
    const crashed = crashOn(regimeThrough(NO_REGIME, [before], DEFAULT_REGIME), seen.day);
    expect(regimeThrough(crashed, [seen, next], DEFAULT_REGIME)).toMatchObject({ regime: "crash", days: 1 });
    expect(regimeThrough(crashed, [seen, next, last], DEFAULT_REGIME)).toMatchObject({ regime: "normal", since: last.day });
  });
  test("leaves high volatility below 23, low volatility from 14 on, a crash's below 32", () => {
    expect(regimes(high_vol, { vix: 23 }, { vix: 23 }).at(-1)).toBe("high_vol");
    expect(regimes(high_vol, { vix: 22.99 }, { vix: 22.99 }).at(-1)).toBe("normal");
    expect(regimes({ vix: 24 }, { vix: 24 }).at(-1)).toBe("normal");
    expect(regimes(low_vol, { vix: 13.99 }, { vix: 13.99 }).at(-1)).toBe("low_vol");
    expect(regimes(low_vol, { vix: 14 }, { vix: 14 }).at(-1)).toBe("normal");
    expect(regimes(crash, { vix: 32 }, { vix: 32 }).at(-1)).toBe("crash");
    expect(regimes(crash, { vix: 31.99 }, { vix: 31.99 }).at(-1)).toBe("high_vol");
    expect(regimes(crash, { vix: 24 }, { vix: 24 }).at(-1)).toBe("normal");
  });
  test("lets an unknown day break the row, and keeps the regime over it", () => {
    expect(regimes(normal, trending, undefined, trending, trending)).toEqual([
      "normal",
      "normal",
      "normal",
      "normal",
      "trending",
    ]);
  });
  test("tells the session on which the regime began", () => {
    expect(statesOf(daysOf(normal, trending, trending, trending)).map(({ since }) => since)).toEqual([
      "2026-10-05",
      "2026-10-05",
      "2026-10-07",
      "2026-10-07",
    ]);
  });
  test("folds no day in twice", () => {
    const days = daysOf(normal, trending);
    const once = regimeThrough(NO_REGIME, days, DEFAULT_REGIME);
    expect(regimeThrough(once, days, DEFAULT_REGIME)).toEqual(once);
  });
  test.runIf(hasWorkshopData)("leaves 429 of 966 spells of 23 years, and no crash a day later", () => {
    const days = classifyDays(spyOf23Years().history, DEFAULT_REGIME).filter((day) => day.known);
    const states = statesOf(days);
    expect([spellsOf(days.map(({ regime }) => regime)), spellsOf(states.map(({ regime }) => regime))]).toEqual([966, 429]);
    expect(days.filter(({ regime }, n) => regime === "crash" && states[n]?.regime !== "crash")).toEqual([]);
  });
});

describe("the rows that are kept", () => {
  const bar = (day: string, close: number) => ({ day: tradingDay(day), open: close, high: close, low: close, close, volume: 0 });
  test("are the newest 300, one a day, the newer answer for the same day, and none after the last whole session", () => {
    const through = tradingDay("2026-10-07");
    const first = withBarRows(
      [],
      [bar("2026-10-06", 2), bar("2026-10-05", 1), bar("2026-10-08", 9), bar("2026-10-02", Number.NaN)],
      through,
    );
    expect(first.map(([day, , , close]) => `${day} ${close}`)).toEqual(["2026-10-05 1", "2026-10-06 2"]);
    expect(withBarRows(first, [bar("2026-10-06", 3), bar("2026-10-07", 4)], through).map(([, , , close]) => close)).toEqual([
      1, 3, 4,
    ]);
    let day = tradingDay("2024-01-02");
    const many = Array.from({ length: 400 }, (_, n) => {
      day = tradingDayAfter(day);
      return bar(day, n + 1);
    });
    const rows = withCloseRows([], many, day);
    expect([rows.length, rows.at(-1)]).toEqual([DAYS_KEPT, [day, 400]]);
    expect(historyOf([], rows).vix.at(-1)).toEqual({ day, close: 400 });
  });
});

describe("its configuration", () => {
  test("has the reference's thresholds where none are named, in the schema as in the domain", () => {
    expect(configSchema.parse({}).regime).toEqual(DEFAULT_REGIME);
  });
  test("refuses bands that are turned round and regimes that overlap, by their keys", () => {
    const problems = (regime: object) => crossChecks(configSchema.parse({ regime })).map(({ path }) => path.join("."));
    expect(problems({ highVol: { leaveVixPoints: 26 } })).toEqual(["regime.highVol.leaveVixPoints"]);
    expect(problems({ lowVol: { leaveVixPoints: 12 } })).toEqual(["regime.lowVol.leaveVixPoints"]);
    expect(problems({ lowVol: { leaveVixPoints: 24 } })).toEqual(["regime"]);
    expect(problems({})).toEqual([]);
  });
});
