/** Who watches the market's regime: what is asked and when, what is told and to whom, and what happens when nothing comes. */
import { describe, expect, test } from "vitest";
import { transition } from "xstate";
import { sessionsBetween } from "../../src/domain/calendar/market-calendar.ts";
import { instantOf } from "../../src/domain/calendar/new-york.ts";
import type { EngineConfig } from "../../src/domain/config.ts";
import { configSchema } from "../../src/domain/config-schema.ts";
import { type EpochMs, tradingDay } from "../../src/domain/units.ts";
import { watchedUnderlyings } from "../../src/domain/volatility/watched.ts";
import { regimeMachine } from "../../src/machines/regime.machine.ts";
import { type Given, given } from "../support/given.ts";

const config = (over: object = {}) => ({ ...configSchema.parse({}), ...over }) as unknown as EngineConfig;
const [STOCK, VIX] = [756_733, 13_455_763];
const at = (day: string, hour: number, minute = 0): EpochMs => instantOf(tradingDay(day), hour * 60 + minute);
/** A Monday; the session before it was Friday, the 20th. */
const MONDAY = "2026-11-23";
const NOON = at(MONDAY, 12);

type Watcher = Given<typeof regimeMachine>;
const start = (now: EpochMs = NOON): Watcher => given(regimeMachine, { config: config() }, now);
const readied = (epoch = 1) => ({ type: "session.readied", epoch, account: "DU1", clientId: 7 });
const unreadied = { type: "session.unreadied", epoch: 1, reason: "" };
const contract = (which: "stock" | "vix", symbol = which === "stock" ? "SPY" : "VIX") => ({
  conId: which === "stock" ? STOCK : VIX,
  secType: which === "stock" ? "STK" : "IND",
  symbol,
  exchange: which === "stock" ? "SMART" : "CBOE",
  currency: "USD",
  multiplier: 1,
});
const listed = (which: "stock" | "vix", epoch = 1, ...details: object[]) => ({
  type: "contracts.answered",
  epoch,
  replyTo: "regime",
  request: `contract/${which}`,
  details: details.length > 0 ? details : [{ contract: contract(which) }],
});
const sessionsUpTo = (through: string) => sessionsBetween(tradingDay("2026-05-01"), tradingDay(through)).map(({ day }) => day);
/** Daily bars of a stock that goes to and fro, or of a VIX; `last` are the closes of the newest days. */
const bars = (which: "stock" | "vix", through: string, last: readonly number[] = [], epoch = 1) => {
  const days = sessionsUpTo(through);
  return {
    type: "bars.answered",
    epoch,
    replyTo: "regime",
    request: `bars/${which}`,
    bars: days.map((day, n) => {
      const close = last[n - days.length + last.length] ?? (which === "vix" ? 18 : 600 + (n % 2));
      return { day, open: close, high: close + 1, low: close - 1, close, volume: 1 };
    }),
  };
};
const failed = (which: "stock" | "vix", epoch = 1) => ({
  type: "request.failed",
  epoch,
  replyTo: "regime",
  request: `bars/${which}`,
  code: 162,
  text: "no data",
});
const quote = (conId: number, dollars: number, when: number) => ({
  type: "quote.updated",
  epoch: 1,
  quote: { conId, last: dollars * 10_000, at: when },
});
const watching = (now: EpochMs = NOON): Watcher => start(now).hear(readied(), listed("stock"), listed("vix"));
/** With all bars up to Friday, the 20th; the last closes of each as given. */
const known = (vix: readonly number[] = [], stock: readonly number[] = [], now: EpochMs = NOON): Watcher =>
  watching(now).hear(bars("stock", "2026-11-20", stock), bars("vix", "2026-11-20", vix));
const asked = (it: Watcher) => it.params("bars.request").flat();
const assessed = (it: Watcher) => it.facts("regime.assessed");
const announced = (it: Watcher) =>
  it
    .params("tell")
    .flat()
    .flatMap(({ topic, event }) => (topic === "regime" ? [event] : []));
const told = (it: Watcher) => {
  it.quiet().hear({ type: "regime.asked", replyTo: "strategy/a" });
  const [{ to, event }] = it.params("tell").flat();
  expect(to).toBe("strategy/a");
  return event;
};

describe("the watcher of the regime", () => {
  test("finds both contracts, streams them as underlyings, and asks the daily bars of both", () => {
    const it = start().hear(readied());
    expect(it.state).toBe("online.resolving");
    expect(it.params("contracts.request").flat()).toMatchObject([
      { epoch: 1, replyTo: "regime", query: { secType: "STK", symbol: "SPY" } },
      { epoch: 1, replyTo: "regime", query: { secType: "IND", symbol: "VIX", exchange: "CBOE" } },
    ]);
    it.hear(listed("vix")).hear(listed("stock"));
    expect(it.state).toBe("online.watching.gathering");
    const lines = it.params("tell").flat();
    expect(lines).toMatchObject(
      [STOCK, VIX].map((conId) => ({ to: "lines", event: { type: "line.requested", contract: { conId }, priority: 2 } })),
    );
    expect(it.params("listen").flatMap(({ topics }) => topics)).toEqual(["session", `quote/${STOCK}`, `quote/${VIX}`]);
    expect(asked(it)).toMatchObject([
      { request: "bars/stock", contract: { conId: STOCK }, days: 400, show: "TRADES" },
      { request: "bars/vix", contract: { conId: VIX }, days: 400, show: "TRADES" },
    ]);
  });
  test("tells the regime when both series are here, once, to the topic and as a fact", () => {
    const it = watching().hear(bars("stock", "2026-11-20"));
    expect([assessed(it), announced(it)]).toEqual([[], []]);
    it.hear(bars("vix", "2026-11-20"));
    expect(it.state).toBe("online.watching.resting");
    expect(assessed(it)).toMatchObject([
      { regime: "range_bound", raw: "range_bound", asOf: "2026-11-20", unknown: "", gaps: [] },
    ]);
    expect(announced(it)).toMatchObject([
      { type: "regime.told", regime: "range_bound", asOf: "2026-11-20", at: NOON, vix: { conId: VIX }, inputs: { vix: 18 } },
    ]);
  });
  test("answers whoever asks within the step, in every state", () => {
    expect(told(start())).toMatchObject({
      regime: null,
      since: null,
      raw: null,
      asOf: null,
      vix: null,
      unknown: "no daily bars yet",
    });
    expect(told(start().hear(readied()))).toMatchObject({ regime: null, unknown: "no daily bars yet" });
    expect(told(watching())).toMatchObject({ regime: null, vix: { conId: VIX }, inputs: { vix: null, adx: null } });
    expect(told(known())).toMatchObject({ regime: "range_bound", unknown: "" });
    expect(told(known().hear(unreadied))).toMatchObject({ regime: "range_bound", unknown: "" });
  });
  test("asks again after each close, when the VIX has settled, and says the new day", () => {
    const it = known().quiet();
    it.wait(at(MONDAY, 16, 19) - NOON);
    expect(asked(it)).toEqual([]);
    it.wait(60_000);
    expect(asked(it).length).toBe(2);
    it.hear(bars("stock", MONDAY), bars("vix", MONDAY));
    expect(assessed(it)).toMatchObject([{ regime: "range_bound", asOf: MONDAY }]);
  });
  test("takes a bar in progress for none", () => {
    const it = watching().hear(bars("stock", MONDAY), bars("vix", MONDAY, [60]));
    expect(told(it)).toMatchObject({ regime: "range_bound", asOf: "2026-11-20", inputs: { vix: 18 } });
  });
  test("wants two closes for a change, and one for a crash", () => {
    const next = (it: Watcher, day: string, vix: number) => {
      it.wait(at(day, 16, 20) - it.now);
      return told(it.hear(bars("stock", day), bars("vix", day, [vix])));
    };
    const it = known();
    expect(next(it, MONDAY, 26)).toMatchObject({ regime: "range_bound", raw: "high_vol" });
    expect(next(it, "2026-11-24", 26)).toMatchObject({ regime: "high_vol", since: "2026-11-24" });
    expect(next(it, "2026-11-25", 36)).toMatchObject({ regime: "crash", since: "2026-11-25" });
    expect(next(it, "2026-11-27", 18)).toMatchObject({ regime: "crash", raw: "range_bound" });
  });
});

describe("what does not come", () => {
  test("is asked for again, ever later, and the reason is told; only what lacks is asked", () => {
    const it = watching().hear(bars("stock", "2026-11-20")).quiet().hear(failed("vix"));
    expect([it.state, assessed(it)]).toMatchObject([
      "online.watching.backingOff",
      [{ regime: null, unknown: "no daily bars of VIX; VIX: 162 no data" }],
    ]);
    const times: number[] = [];
    for (let minute = 1; minute <= 60; minute++) {
      const before = asked(it).length;
      it.wait(60_000);
      if (asked(it).length > before) {
        times.push(minute);
        it.hear(failed("vix"));
      }
    }
    expect(times).toEqual([1, 6, 21, 51]);
    expect(new Set(asked(it).map(({ request }) => request))).toEqual(new Set(["bars/vix"]));
    it.hear(bars("vix", "2026-11-20"));
    expect([it.state, told(it).regime]).toEqual(["online.watching.resting", "range_bound"]);
  });
  test("is asked for again when nobody answers, and when the enquiry did not leave", () => {
    const it = watching().quiet().wait(60_000);
    expect(it.state).toBe("online.watching.backingOff");
    expect(asked(it.wait(60_000)).length).toBe(2);
    const refusal = { type: "effect.refused", effect: "1.1", name: "bars.request", reason: "no socket" };
    it.hear({ ...refusal, params: { epoch: 1, request: "bars/vix" } });
    expect([it.state, told(it).unknown]).toEqual(["online.watching.backingOff", "no daily bars of SPY; VIX: no socket"]);
  });
  test("may be a contract: unknown until the broker lists it", () => {
    const it = start().hear(readied(), listed("stock"), listed("vix", 1, { contract: contract("vix", "VXN") }));
    expect([it.state, told(it).unknown]).toEqual(["online.unavailable", "the broker lists no VIX"]);
    it.quiet().wait(60_000);
    expect(it.params("contracts.request").flat()).toMatchObject([{ query: { symbol: "VIX" } }]);
    expect(it.hear(listed("vix")).state).toBe("online.watching.gathering");
  });
  test("leaves the regime known for three sessions, and unknown from the fourth, though nobody speaks", () => {
    const it = known().hear(unreadied);
    it.now = at("2026-11-27", 12);
    expect(told(it)).toMatchObject({ regime: "range_bound", unknown: "" });
    it.now = at("2026-11-30", 12);
    expect(told(it)).toMatchObject({
      regime: null,
      raw: null,
      since: null,
      asOf: "2026-11-20",
      unknown: "the last day that is known is 2026-11-20, 4 sessions ago",
      inputs: { vix: null },
    });
    it.quiet().hear(readied(2));
    expect(assessed(it)).toMatchObject([{ regime: null }]);
    expect(asked(it).length).toBe(2);
  });
  test("of another epoch, or asked by another word, is nobody's answer", () => {
    const it = watching().hear(bars("stock", "2026-11-20", [], 2), { ...bars("vix", "2026-11-20"), request: "bars/other" });
    expect([it.state, it.context.bars, it.context.closes]).toEqual(["online.watching.gathering", [], []]);
    expect(it.hear(failed("vix", 9)).state).toBe("online.watching.gathering");
  });
});

describe("within a session", () => {
  test("a crash counts at once, and is told with its figures; the day that is known stays the last close", () => {
    const it = known().quiet();
    it.hear(quote(VIX, 36, it.now), quote(STOCK, 600, it.now));
    expect(assessed(it)).toMatchObject([
      { regime: "crash", since: MONDAY, raw: "crash", asOf: "2026-11-20", inputs: { vix: 36 } },
    ]);
    expect(announced(it)).toMatchObject([{ regime: "crash", since: MONDAY }]);
    it.quiet()
      .hear(quote(VIX, 37, it.now), quote(STOCK, 599, it.now))
      .wait(600_000);
    expect(assessed(it)).toEqual([]);
  });
  test("a fall by 7 % over five sessions is one too", () => {
    const it = known().hear(quote(VIX, 20, NOON), quote(STOCK, 557, NOON));
    expect(told(it)).toMatchObject({ regime: "crash", raw: "crash" });
  });
  test("is not over with the close of the day, however calm that was", () => {
    const it = known().hear(quote(VIX, 36, NOON), quote(STOCK, 600, NOON));
    it.wait(at(MONDAY, 16, 20) - it.now);
    it.hear(bars("stock", MONDAY), bars("vix", MONDAY, [20]));
    expect(told(it)).toMatchObject({ regime: "crash", since: MONDAY, raw: "range_bound", asOf: MONDAY, inputs: { vix: 20 } });
  });
  test("everything but a crash waits for the close", () => {
    const it = known().quiet();
    for (let minute = 0; minute < 120; minute++) it.hear(quote(VIX, 26, it.now), quote(STOCK, 600, it.now)).wait(60_000);
    expect([assessed(it), told(it).regime]).toEqual([[], "range_bound"]);
  });
  test("a quote that is stale, delayed or from outside the session shows nothing", () => {
    const regimeAfter = (...events: readonly { readonly type: string; readonly [key: string]: unknown }[]) =>
      told(known().hear(...events)).regime;
    const live = quote(VIX, 50, NOON);
    const delayed = { ...live, quote: { ...live.quote, source: "delayed" } };
    expect(regimeAfter(quote(VIX, 50, NOON - 61_000), quote(STOCK, 600, NOON))).toBe("range_bound");
    expect(regimeAfter(live, quote(STOCK, 600, NOON - 6_000))).toBe("range_bound");
    expect(regimeAfter(delayed, quote(STOCK, 600, NOON))).toBe("range_bound");
    expect(regimeAfter(live)).toBe("range_bound");
    expect(regimeAfter(live, quote(STOCK, 600, NOON))).toBe("crash");
    const early = at(MONDAY, 9, 29);
    expect(told(known([], [], early).hear(quote(VIX, 50, early), quote(STOCK, 600, early))).regime).toBe("range_bound");
  });
  test("it looks once a minute, as soon as both are fresh", () => {
    const it = known().hear(quote(STOCK, 600, NOON));
    expect(it.context.lookedAt).toBe(null);
    it.wait(1_000).hear(quote(VIX, 20, it.now));
    expect(it.context.lookedAt).toBe(NOON + 1_000);
    it.wait(30_000).hear(quote(VIX, 50, it.now), quote(STOCK, 600, it.now));
    expect(told(it).regime).toBe("range_bound");
    it.wait(30_000).hear(quote(STOCK, 600, it.now));
    expect(told(it).regime).toBe("crash");
  });
  test("nothing is seen through a line that was lost, nor while yesterday's bar lacks", () => {
    const lost = known().hear(quote(VIX, 50, NOON - 1_000), { type: "line.lost", conId: VIX, reason: "" });
    expect(told(lost.hear(quote(STOCK, 600, NOON))).regime).toBe("range_bound");
    const behind = watching().hear(bars("stock", "2026-11-19"), bars("vix", "2026-11-20"));
    expect(told(behind.hear(quote(VIX, 50, NOON), quote(STOCK, 600, NOON))).regime).toBe("range_bound");
  });
});

describe("a restart", () => {
  test("goes on from its state: what is known is not asked again, nor told as news", () => {
    const it = known().hear({ type: "run.resumed", config: config() }, unreadied).quiet();
    it.hear(readied(2));
    expect([it.state, it.params("contracts.request").flat(), asked(it), assessed(it)]).toEqual([
      "online.watching.resting",
      [],
      [],
      [],
    ]);
    expect(told(it)).toMatchObject({ regime: "range_bound", vix: { conId: VIX } });
  });
  test("from a snapshot, through JSON, goes on as if there had been none: what waits for its second close gets it", () => {
    const it = known([26]);
    expect(it.context.state).toMatchObject({ regime: "range_bound", candidate: "high_vol", days: 1, through: "2026-11-20" });
    const value = { online: { watching: "resting" } };
    let kept = regimeMachine.resolveState({ value, context: JSON.parse(JSON.stringify(it.context)) as typeof it.context });
    it.wait(at(MONDAY, 16, 20) - NOON);
    for (const event of [unreadied, readied(2), bars("stock", MONDAY, [], 2), bars("vix", MONDAY, [26], 2)]) {
      it.hear(event);
      [kept] = transition(regimeMachine, kept, { ...event, now: it.now } as never);
    }
    expect(kept.context).toEqual(it.context);
    expect(told(it)).toMatchObject({ regime: "high_vol", since: MONDAY });
  });
  test("with other thresholds judges the past anew", () => {
    const it = known();
    const regime = { ...configSchema.parse({}).regime, lowVol: { vixPoints: 19, leaveVixPoints: 20 } };
    expect(told(it.hear({ type: "run.resumed", config: config({ regime }) }))).toMatchObject({ regime: "low_vol" });
  });
  test("with another stock lets go of everything and begins anew", () => {
    const it = known().quiet();
    it.hear({ type: "run.resumed", config: config({ regime: { ...configSchema.parse({}).regime, symbol: "QQQ" } }) });
    expect(it.params("tell").flat()).toMatchObject([{ to: "lines", event: { type: "lines.released", holder: "regime" } }]);
    expect([it.state, told(it).unknown]).toEqual(["offline", "no daily bars yet"]);
    expect(it.quiet().hear(readied(2)).params("contracts.request").flat()).toMatchObject([
      { query: { symbol: "QQQ" } },
      { query: { symbol: "VIX" } },
    ]);
  });
  test("of a configuration without a regime has the defaults", () => {
    const { regime: _, ...without } = config();
    expect(given(regimeMachine, { config: without as EngineConfig }, NOON).context.config.symbol).toBe("SPY");
    expect(known().hear({ type: "run.resumed", config: without }).state).toBe("online.watching.resting");
  });
});

describe("a regime that is judged by its days alone (regime.live: false)", () => {
  const regime = (live: boolean) => ({ ...configSchema.parse({}).regime, live });
  const still = (): Watcher => given(regimeMachine, { config: config({ regime: regime(false) }) }, NOON);
  const all = [readied(), listed("stock"), listed("vix"), bars("stock", "2026-11-20"), bars("vix", "2026-11-20")];

  test("wants no line, listens to no quote, names no VIX to others, and knows the regime all the same", () => {
    const it = still().hear(...all);
    expect(it.state).toBe("online.watching.resting");
    expect(
      it
        .params("tell")
        .flat()
        .filter(({ to }) => to === "lines"),
    ).toEqual([]);
    expect(it.params("listen").flatMap(({ topics }) => topics)).toEqual(["session"]);
    expect(told(it)).toMatchObject({ regime: "range_bound", vix: null, unknown: "" });
    expect(told(known())).toMatchObject({ regime: "range_bound", vix: { conId: VIX } });
  });

  test("leaves its stock out of the underlyings that are watched, unless a strategy trades it", () => {
    const symbols = (over: object) => watchedUnderlyings(config(over)).map(({ symbol }) => symbol);
    const strategies = configSchema.parse({ strategies: [{ name: "a", kind: "bull-put", symbol: "SPY" }] }).strategies;
    expect(symbols({ regime: regime(true) })).toEqual(["SPY"]);
    expect(symbols({ regime: regime(false) })).toEqual([]);
    expect(symbols({ regime: regime(false), strategies })).toEqual(["SPY"]);
  });

  test("lets its lines go when a restart switches it so, and asks for them when another switches it back", () => {
    const it = known().quiet();
    it.hear({ type: "run.resumed", config: config({ regime: regime(false) }) });
    expect(it.params("tell").flat()).toContainEqual({ to: "lines", event: { type: "lines.released", holder: "regime" } });
    expect(it.params("unlisten").flatMap(({ topics }) => topics)).toEqual([`quote/${STOCK}`, `quote/${VIX}`]);
    const lines = () =>
      it
        .params("tell")
        .flat()
        .filter(({ event }) => event.type === "line.requested");
    it.quiet().hear(readied(2));
    expect([lines(), told(it).vix]).toEqual([[], null]);
    it.quiet().hear({ type: "run.resumed", config: config({ regime: regime(true) }) }, readied(3));
    expect(lines()).toHaveLength(2);
    expect(told(it).vix).toMatchObject({ conId: VIX });
  });
});
