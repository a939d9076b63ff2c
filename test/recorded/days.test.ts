/**
 * Three days of real option quotes through the whole engine, as a user replays them: GOOG by the minute (condors), SPXW by the minute
 * (verticals of two strikes), AAPL by the hour. Told from the journal and from the recording itself, side by side.
 */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { instantOf } from "../../src/domain/calendar/new-york.ts";
import type { JsonObject } from "../../src/domain/json.ts";
import { RULES } from "../../src/domain/rules/index.ts";
import { tradingDay } from "../../src/domain/units.ts";
import { loadConfig } from "../../src/io/config/config-file.ts";
import type { Step } from "../../src/ports/journal.ts";
import { ROOT, caretaker as run } from "../support/process-caretaker.ts";
import { cashAfter, holdings, stepsOf, type Told, tell } from "../support/process-journal.ts";

const DATA = join(ROOT, "..", "shared", "data");
const DAILY = ["VIX=vix-daily.csv", "SPY=spy-daily-lean.csv"] as const;
const MINUTE = 60_000;
interface Recording {
  readonly chain: string;
  readonly bars: string;
  readonly day: string;
  readonly intervalMs: number;
  readonly flags: readonly string[];
}
const RECORDINGS = {
  goog: {
    chain: "chain-goog-2015-12-24-minute.csv.gz",
    bars: "goog-minute-lean.csv.gz",
    day: "2015-12-24",
    intervalMs: MINUTE,
    flags: ["--speed", "330"],
  },
  spxw: {
    chain: "chain-spxw-2021-01-minute.csv.gz",
    bars: "spx-minute-lean.csv",
    day: "2021-01-04",
    intervalMs: MINUTE,
    flags: ["--speed", "600", "--day", "2021-01-04", "--cash", "250000"],
  },
  aapl: {
    chain: "chain-aapl-2014-06-06-hour.csv.gz",
    bars: "aapl-minute-lean.csv.gz",
    day: "2014-06-06",
    intervalMs: 60 * MINUTE,
    flags: ["--speed", "600"],
  },
} as const satisfies { readonly [name: string]: Recording };
type Name = keyof typeof RECORDINGS;
const NAMES = Object.keys(RECORDINGS) as readonly Name[];
const SYMBOL = { goog: "GOOG", spxw: "SPX", aapl: "AAPL" } as const;
const isHere = NAMES.every((name) =>
  [RECORDINGS[name].chain, RECORDINGS[name].bars, ...DAILY.map((named) => named.split("=")[1] as string)].every((file) =>
    existsSync(join(DATA, file)),
  ),
);

interface Trade {
  readonly symbol: string;
  readonly strategy: string;
  readonly rule: string;
  readonly openedAt: number;
  readonly closedAt: number;
  readonly profit: number;
  readonly prediction?: { readonly probability: number; readonly expectedReturn: number };
  readonly outcome?: { readonly won: boolean; readonly returnOnRisk: number };
}
interface Closing {
  readonly cash: number;
  readonly startingCash: number;
  readonly openPositions: number;
  readonly violations: readonly string[];
  readonly trades: readonly Trade[];
  readonly skippedFilters: readonly { readonly filter: string }[];
}
interface Replayed {
  readonly closing: Closing;
  readonly report: { readonly trades: { readonly trades: readonly Trade[] } };
  readonly steps: readonly Step[];
  readonly told: Told;
}

const directory = isHere ? mkdtempSync(join(tmpdir(), "caretaker-recorded-")) : "";
const ending = new AbortController();
const caretaker = async (args: readonly string[]): Promise<string> => {
  const { stdout } = await promisify(execFile)(join(ROOT, "bin", "caretaker"), [...args], {
    signal: ending.signal,
    maxBuffer: 64 * 2 ** 20,
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  return stdout;
};
/** No --config: the demo finds the file that is named after the chain's class. */
const replay = async (name: Name): Promise<Replayed> => {
  const { chain, bars, flags } = RECORDINGS[name];
  const state = join(directory, name);
  const files = [
    ...["--chain", join(DATA, chain), "--underlying", `${SYMBOL[name]}=${join(DATA, bars)}`],
    ...DAILY.flatMap((named) => ["--daily", named.replace("=", `=${DATA}/`)]),
  ];
  const where = ["--state", state, "--json"];
  const closed = await caretaker([
    ...["demo", "--market", "recorded", "--headless", "--http-port", "0", "--log-level", "error"],
    ...[...files, ...flags, ...where],
  ]);
  const report = await caretaker(["report", ...where]);
  const steps = await stepsOf(state);
  const { trades, cash, startingCash } = JSON.parse(closed) as Closing;
  console.info(`${name}: ${trades.length} trades, cash ${startingCash} to ${cash}, ${steps.length} records`);
  return { closing: JSON.parse(closed) as Closing, report: JSON.parse(report), steps, told: tell(steps) };
};

type Side = "bid" | "ask";
type Quoted = readonly { readonly from: number; readonly bid: string; readonly ask: string }[];
/** The rows of a recording by contract, each with the instant from which on it was known. */
const rowsOf = ({ chain, day, intervalMs }: Recording): ReadonlyMap<string, Quoted> => {
  const rows = new Map<string, { from: number; bid: string; ask: string }[]>();
  for (const line of gunzipSync(readFileSync(join(DATA, chain)))
    .toString()
    .split("\n")) {
    if (!line.startsWith(day)) continue;
    const [stamp, , expiry, strike, right, bid, , ask] = line.split(",") as [string, ...string[]];
    const key = `${expiry} ${Number(strike)}${right}`;
    const known = { from: Date.parse(stamp) + intervalMs, bid: bid ?? "", ask: ask ?? "" };
    rows.set(key, [...(rows.get(key) ?? []), known]);
  }
  return rows;
};

interface Span {
  readonly from: number;
  readonly to: number;
}
/**
 * When a strategy was looking or had a position, by its states. A look that a timer began counts from when the timer was due: how late
 * a replay at hundreds of times real speed gets to it is this machine's doing.
 */
const busySpans = (steps: readonly Step[], actor: string): readonly Span[] => {
  const spans: Span[] = [];
  let from: number | undefined;
  for (const { now, input, transitions } of steps) {
    for (const one of transitions as unknown as readonly { actor: string; to: unknown }[]) {
      if (one.actor !== actor) continue;
      const isIdle = /^"paused"|waiting|cooling|passing/.test(JSON.stringify(one.to));
      const due = (input as JsonObject)["due"];
      if (from !== undefined && isIdle) spans.push({ from, to: now });
      if (isIdle) from = undefined;
      else from ??= typeof due === "number" ? due : now;
    }
  }
  return spans;
};
/** When the engine did not trade: before it has compared the account, and when it ends. `explain --why-not` names the mode and why. */
const quietSpans = (steps: readonly Step[]): readonly Span[] => {
  const spans: Span[] = [];
  let from: number | undefined = 0;
  for (const { now, facts } of steps) {
    for (const fact of facts as unknown as readonly { type: string; mode?: string }[]) {
      if (fact.type !== "engine.modeChanged") continue;
      if (from !== undefined) spans.push({ from, to: now });
      from = fact.mode === "trading" ? undefined : now;
    }
  }
  return spans;
};
/** Instants at which a look of the strategy ended with a reason or a candidate, and those at which it held something. */
const reasons = (steps: readonly Step[], strategy: string): readonly number[] =>
  steps.flatMap(({ now, facts }) =>
    facts.flatMap((fact) => {
      const { type, strategy: of, candidate } = fact as unknown as { type: string; strategy?: string; candidate?: JsonObject };
      const about = of ?? candidate?.["strategy"];
      return about === strategy && /^candidate\.|^slot\.(opened|closed)$/.test(type) ? [now as number] : [];
    }),
  );

test("a recording without a configuration of its class is refused, with the way out", async () => {
  const FIXTURES = join(ROOT, "test", "fixtures", "recorded");
  const files = ["--chain", join(FIXTURES, "xyz-chain-2026-11-27.csv"), "--underlying", join(FIXTURES, "xyz-underlying.csv")];
  const { code, stderr } = await run(["demo", "--market", "recorded", ...files, "--headless"]);
  expect(code).toBe(64);
  expect(stderr).toContain("there is no config/recorded-xyz.yaml for a recording of XYZ: name a file with --config");
});

describe.runIf(isHere)("with the recordings at hand", () => {
  const runs = new Map<Name, Replayed>();
  beforeAll(async () => {
    const done = await Promise.all(NAMES.map(async (name) => [name, await replay(name)] as const));
    for (const [name, run] of done) runs.set(name, run);
  }, 180_000);
  afterAll(() => {
    ending.abort();
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  });
  const of = (name: Name): Replayed => runs.get(name) as Replayed;

  describe.each(NAMES)("the day of %s", (name) => {
    test("ends flat, without a violation, and every cent of cash follows from the fills", () => {
      const { closing, told } = of(name);
      expect(closing.violations).toStrictEqual([]);
      expect(closing.openPositions).toBe(0);
      expect(holdings(told.fills)).toStrictEqual({});
      expect(told.poisoned).toBe(0);
      expect(told.fees.size).toBe(told.fills.length);
      expect(cashAfter(closing.startingCash, told)).toBe(Math.round(closing.cash * 10_000));
      const profits = closing.trades.reduce((sum, { profit }) => sum + profit, 0);
      expect(profits).toBe(Math.round((closing.cash - closing.startingCash) * 10_000));
    });

    test("has a look that ended with a reason, or a position, in every interval of the entry window", () => {
      const { steps } = of(name);
      const { day, intervalMs } = RECORDINGS[name];
      const file = loadConfig(join(ROOT, "config", `recorded-${name}.yaml`));
      const strategies = file.ok ? file.config.strategies : [];
      expect(strategies.length).toBeGreaterThan(0);
      for (const { name: strategy, entry } of strategies) {
        const instant = (wall: string): number => {
          const [hours = 0, minutes = 0] = wall.split(":").map(Number);
          return instantOf(tradingDay(day), hours * 60 + minutes);
        };
        const [from, to] = [instant(entry.from), instant(entry.to)];
        const told = reasons(steps, strategy);
        const looks = busySpans(steps, `strategy/${strategy}`).filter(({ from: begun, to: ended }) =>
          told.some((at) => begun <= at && at <= ended),
        );
        expect(looks.length).toBeGreaterThanOrEqual(1);
        const spans = [...looks, ...quietSpans(steps)];
        const bare: string[] = [];
        for (let at = from; at < to; at += intervalMs)
          if (!spans.some((span) => span.from < Math.min(at + intervalMs, to) && span.to > at))
            bare.push(new Date(at).toISOString());
        expect(bare, strategy).toStrictEqual([]);
      }
    });

    test("is traded at the recording's own prices: what is bought at the ask, what is sold at the bid of that moment", () => {
      const { steps } = of(name);
      const rows = rowsOf(RECORDINGS[name]);
      const fills = steps.flatMap(({ facts }) =>
        facts.flatMap((fact) => (fact.type === "fill.booked" ? [fact as unknown as BookedLeg] : [])),
      );
      expect(fills.length).toBeGreaterThanOrEqual(4);
      for (const { at, contract, quantity, price } of fills) {
        const key = `${contract.expiry} ${contract.strike / 10_000}${contract.right}`;
        const side: Side = quantity > 0 ? "ask" : "bid";
        // IB tells an execution's time in whole seconds.
        const quoted = rows.get(key)?.findLast(({ from }) => from < at + 1_000);
        expect([key, new Date(at).toISOString(), price / 10_000]).toStrictEqual([
          key,
          new Date(at).toISOString(),
          Number(quoted?.[side]),
        ]);
      }
    });

    test("closes each trade by a named rule, and the report has its prediction and its outcome", () => {
      const { closing, report } = of(name);
      const { trades } = report.trades;
      const rules = RULES.map((rule) => rule.name);
      expect(trades.length).toBeGreaterThanOrEqual(1);
      expect(trades.map(({ openedAt }) => openedAt)).toStrictEqual(closing.trades.map(({ openedAt }) => openedAt));
      for (const { symbol, rule, prediction, outcome, profit, openedAt, closedAt } of trades) {
        expect(symbol).toBe(SYMBOL[name]);
        expect(rules).toContain(rule);
        expect(closedAt).toBeGreaterThan(openedAt);
        expect(prediction?.probability).toBeGreaterThan(0);
        expect(prediction?.probability).toBeLessThan(1);
        expect(outcome?.won).toBe(profit > 0);
        expect(Math.sign(outcome?.returnOnRisk ?? 0)).toBe(Math.sign(profit));
      }
    });

    test("says which filters it let pass unfed, and asks for no line that would stay silent", () => {
      const { closing, steps } = of(name);
      const skipped = new Set(closing.skippedFilters.map(({ filter }) => filter));
      expect([...skipped]).toEqual(expect.arrayContaining(["vix", "ivPercentile", "ivRank", "portfolio"]));
      expect([...skipped]).not.toContain("regime");
      const opened = steps.flatMap(({ effects }) =>
        effects.flatMap(({ type, params }) => (type === "line.open" ? [(params as JsonObject)["contract"]] : [])),
      ) as unknown as readonly { readonly symbol: string }[];
      expect(new Set(opened.map(({ symbol }) => symbol))).toStrictEqual(new Set([SYMBOL[name]]));
    });
  });
});

interface BookedLeg {
  readonly at: number;
  readonly contract: { readonly expiry: string; readonly strike: number; readonly right: string };
  readonly quantity: number;
  readonly price: number;
}
