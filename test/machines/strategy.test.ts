import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { address } from "../../src/domain/address.ts";
import { instantOf } from "../../src/domain/calendar/new-york.ts";
import type { StrategyConfig } from "../../src/domain/config.ts";
import type { OptionContract } from "../../src/domain/contract.ts";
import { EFFECT_CLASS, type EffectName } from "../../src/domain/effects.ts";
import type { RegimeTold, UnderlyingTold } from "../../src/domain/events/weather.ts";
import { REGIMES } from "../../src/domain/regime/regime.ts";
import { DEFAULT_REGIME } from "../../src/domain/regime/thresholds.ts";
import { optionAt } from "../../src/domain/strategies/chain.ts";
import { money, moneyUnits, price, tradingDay } from "../../src/domain/units.ts";
import { refusals } from "../../src/kernel/refusals.ts";
import { positionSlotMachine } from "../../src/machines/position-slot.machine.ts";
import { strategyMachine } from "../../src/machines/strategy.machine.ts";
import { type Given, given } from "../support/given.ts";
import {
  CALM,
  chainFor,
  DAY,
  ENGINE,
  EXPIRY,
  NOON,
  quoteOf,
  SPY,
  STRATEGY,
  spotQuote,
  twoSided,
  VIX,
} from "../support/quoted-chain.ts";
import { regimeTold, underlyingTold } from "../support/weather.ts";

type Strategy = Given<typeof strategyMachine>;
const PATH = address.strategy("spy-condor");
const SLOT = address.slot(1);
const CHAIN = chainFor(CALM);
const EPOCH = 3;

const begin = (config: StrategyConfig = STRATEGY, now: number = NOON): Strategy =>
  given(strategyMachine, { path: PATH, config, engine: ENGINE, now: now as typeof NOON }, now);
const readied = { type: "session.readied", epoch: EPOCH, account: "DU1", clientId: 1 };
const reconciled = {
  type: "reconciliation.completed",
  epoch: EPOCH,
  startedAt: NOON,
  orders: [],
  discrepancies: [],
  netLiquidation: money(100_000),
};
const trading = { type: "mode.changed", mode: "trading", reason: "" };
const details = (contract: object) => ({
  contract,
  minTick: price(0.01),
  longName: "",
  contractMonth: "",
  underlyingConId: 0,
  timeZone: "US/Eastern",
  tradingHours: "",
  liquidHours: "",
});
const contracts = CHAIN.options.map(([, strike, right]) => optionAt(CHAIN, strike, right) as OptionContract);
const byConId = new Map(contracts.map((contract) => [contract.conId, contract]));
/** What a willing broker answers to an enquiry. */
const answerTo = (type: string, params: { request: string; epoch: number; query?: { secType: string; symbol: string } }) => {
  const { request, epoch, query } = params;
  const common = { replyTo: PATH, request, epoch };
  if (type === "optionParameters.request") {
    const expirations = [tradingDay("2026-12-18"), EXPIRY, tradingDay("2027-03-19")];
    const row = { exchange: "SMART", tradingClass: "SPY", multiplier: 100, expirations, strikes: [] };
    return { type: "optionParameters.answered", ...common, parameters: [{ ...row, tradingClass: "2SPY" }, row] };
  }
  if (query?.secType === "OPT") return { type: "contracts.answered", ...common, details: contracts.map(details) };
  return { type: "contracts.answered", ...common, details: [details(SPY)] };
};

const ENQUIRIES = ["contracts.request", "optionParameters.request"];
/** What the watchers tell within the step in which they are asked. */
interface Watchers {
  readonly regime?: RegimeTold | undefined;
  readonly state?: UnderlyingTold | undefined;
}
const CALM_WATCHERS: Watchers = { regime: regimeTold(), state: underlyingTold() };
/** Answers every enquiry that has been made and not answered. */
const answerAll = (strategy: Strategy, { regime, state }: Watchers = CALM_WATCHERS): Strategy => {
  if (regime !== undefined) strategy.hear({ ...regime });
  if (state !== undefined) strategy.hear({ ...state });
  for (let i = 0; i < strategy.said.length; i += 1) {
    const said = strategy.said[i] as (typeof strategy.said)[number];
    if (ENQUIRIES.includes(said.type)) strategy.hear(answerTo(said.type, said.params));
  }
  return strategy;
};
const requested = (strategy: Strategy): number[] =>
  strategy
    .told(address.lines)
    .filter(({ type }) => type === "line.requested")
    .map(({ contract }) => contract.conId);
const quote = (strategy: Strategy, conId: number, vix = 15) => {
  const now = strategy.now as typeof NOON;
  const contract = byConId.get(conId);
  const newest =
    conId === SPY.conId
      ? spotQuote(CALM, now)
      : conId === VIX.conId
        ? twoSided(conId, vix, vix, now)
        : quoteOf(CALM, contract as OptionContract, now);
  return { type: "quote.updated", epoch: EPOCH, quote: newest };
};
/** Quotes every line that has been asked for, the underlying last, until nothing more is asked. */
const quoteAll = (strategy: Strategy, { vix = 15, except = [] as number[] } = {}): Strategy => {
  const done = new Set<number>(except);
  for (;;) {
    const open = requested(strategy).filter((conId) => !done.has(conId));
    if (open.length === 0) return strategy;
    for (const conId of open) {
      done.add(conId);
      strategy.hear(quote(strategy, conId, vix));
    }
  }
};
const ready = (config?: StrategyConfig, watchers?: Watchers): Strategy =>
  answerAll(begin(config).hear(reconciled, readied, trading), watchers);
const why = (strategy: Strategy) => strategy.facts("candidate.stopped").map(({ stage }) => stage);

describe("the machines of this floor", () => {
  it("say nothing that the kernel would refuse", () => {
    const rules = { effectClass: (type: string) => EFFECT_CLASS[type as EffectName] };
    expect(refusals(strategyMachine, rules)).toEqual([]);
    expect(refusals(positionSlotMachine, rules)).toEqual([]);
  });
});

describe("strategy", () => {
  it("does nothing before the session is ready and the engine trades", () => {
    expect(begin().state).toBe("paused");
    expect(begin().hear(trading).state).toBe("paused");
    expect(begin().hear(readied, { type: "mode.changed", mode: "reducing", reason: "" }).state).toBe("paused");
    expect(begin({ ...STRATEGY, enabled: false }).hear(readied, trading).state).toBe("paused");
    expect(begin().hear(readied, trading).state).toBe("looking.resolving.underlying");
  });

  it("waits for its window, over nights and weekends, and not a minute longer", () => {
    const friday = instantOf(tradingDay("2026-11-20"), 15 * 60);
    const strategy = begin(STRATEGY, friday).hear(readied, trading);
    expect(strategy.state).toBe("looking.waiting");
    const monday = instantOf(DAY, 10 * 60);
    strategy.wait(monday - friday - 1);
    expect(strategy.state).toBe("looking.waiting");
    strategy.wait(1);
    expect(strategy.state).toBe("looking.resolving.underlying");
  });

  it("asks for what it does not know, with the epoch, one enquiry after the other", () => {
    const strategy = ready();
    const asked = strategy.said.filter(({ type }) => ENQUIRIES.includes(type));
    expect(asked.map(({ params }) => params.request)).toEqual(["underlying-1", "expiries-1", "chain-1"]);
    expect(asked.every(({ params }) => params.epoch === EPOCH && params.replyTo === PATH)).toBe(true);
    expect(asked[2]?.params.query).toMatchObject({ secType: "OPT", expiry: EXPIRY, tradingClass: "SPY" });
    expect(strategy.state).toBe("looking.scanning.spotting");
  });

  it("asks those who watch the market at the beginning of each look, and forgets what they told before", () => {
    const strategy = ready();
    expect(strategy.told(address.regime)).toEqual([{ type: "regime.asked", replyTo: PATH }]);
    expect(strategy.told(address.underlying("SPY"))).toEqual([{ type: "underlying.asked", replyTo: PATH }]);
    expect(strategy.told(address.predictions)).toEqual([{ type: "weights.asked", replyTo: PATH }]);
    expect(strategy.context.weather.regime).toEqual(regimeTold());
    strategy.wait(60_000).quiet().wait(300_000);
    expect(strategy.told(address.regime)).toHaveLength(1);
    expect(strategy.context.weather).toEqual({ regime: null, state: null, weights: [] });
  });

  it("finds a condor on real quotes with at most 30 option lines, and asks the gate for a slot", () => {
    const strategy = quoteAll(ready());
    expect(strategy.state).toBe("looking.requesting");
    const lines = requested(strategy);
    expect(lines.slice(0, 2)).toEqual([SPY.conId, VIX.conId]);
    expect(lines.length - 2).toBeLessThanOrEqual(30);
    expect(new Set(lines).size).toBe(lines.length);
    const [{ candidate }] = strategy.facts("candidate.found") as [{ candidate: { unitMaxLoss: number; legs: unknown[] } }];
    expect(candidate.legs).toHaveLength(4);
    expect(strategy.told(address.riskGate)).toMatchObject([
      {
        type: "slot.requested",
        replyTo: PATH,
        strategy: "spy-condor",
        symbol: "SPY",
        maxLoss: candidate.unitMaxLoss,
        quantity: 1,
        spot: price(600),
        greeks: { vegaUsd: expect.any(Number) },
      },
    ]);
  });

  it("hands the candidate and its quotes to the slot, keeps its lines a little, and follows the slot's life", () => {
    const strategy = quoteAll(ready()).quiet().hear({ type: "slot.granted", slot: SLOT });
    expect(strategy.state).toBe("entering");
    const [entry] = strategy.told(SLOT);
    expect(entry.type).toBe("entry.intended");
    expect(entry.quotes).toHaveLength(4);
    expect(strategy.told(address.lines)).toEqual([]);
    strategy.wait(5_000);
    expect(strategy.told(address.lines)).toEqual([{ type: "lines.released", holder: PATH }]);
    strategy.hear({ type: "slot.opened", slot: SLOT });
    expect(strategy.state).toBe("managing");
    strategy.hear({ type: "slot.freed", slot: address.slot(2), reason: "not ours" });
    expect(strategy.state).toBe("managing");
    strategy.hear({ type: "slot.freed", slot: SLOT, reason: "take-profit" });
    expect(strategy.state).toBe("looking.cooling");
    strategy.quiet().wait(300_000);
    // Contracts, history and listing of the day are known: the second look goes straight to the quotes.
    expect(strategy.state).toBe("looking.scanning.spotting");
    expect(strategy.said.some(({ type }) => ENQUIRIES.includes(type))).toBe(false);
  });

  it("cools down after a denial and says what denied it", () => {
    const denial = { reason: "noFreeSlot", actual: 3, limit: 2, unit: "slots" };
    const strategy = quoteAll(ready()).hear({ type: "entry.denied", denial });
    expect(strategy.state).toBe("looking.cooling");
    expect(strategy.facts("entry.denied")).toEqual([{ type: "entry.denied", strategy: "spy-condor", symbol: "SPY", denial }]);
    expect(strategy.told(address.lines).at(-1)).toEqual({ type: "lines.released", holder: PATH });
  });

  it("cools down to the end, whether the connection lasts or not", () => {
    const denial = { reason: "noFreeSlot", actual: 3, limit: 2, unit: "slots" };
    const strategy = quoteAll(ready()).hear({ type: "entry.denied", denial });
    strategy.wait(60_000).hear({ type: "session.unreadied", epoch: EPOCH, reason: "lost" });
    expect(strategy.state).toBe("paused");
    strategy.wait(60_000).hear({ ...readied, epoch: EPOCH + 1 });
    expect(strategy.state).toBe("looking.waiting");
    strategy.wait(179_999);
    expect(strategy.state).toBe("looking.waiting");
    strategy.wait(1);
    expect(strategy.state).toMatch(/^looking\.(resolving|scanning)/);
    const freed = quoteAll(ready()).hear({ type: "slot.granted", slot: SLOT }, { type: "slot.opened", slot: SLOT });
    freed.hear(
      { type: "session.unreadied", epoch: EPOCH, reason: "lost" },
      { type: "slot.freed", slot: SLOT, reason: "stop-loss" },
    );
    freed.wait(1_000).hear({ ...readied, epoch: EPOCH + 1 });
    expect(freed.state).toBe("looking.waiting");
    freed.wait(299_000);
    expect(freed.state).not.toBe("looking.waiting");
  });

  it("gives back a slot that comes too late", () => {
    const strategy = quoteAll(ready()).hear({ type: "session.unreadied", epoch: EPOCH, reason: "lost" });
    expect(strategy.state).toBe("paused");
    strategy.quiet().hear({ type: "slot.granted", slot: SLOT });
    expect(strategy.told(address.riskGate)).toEqual([{ type: "slot.released", slot: SLOT }]);
  });

  it("takes no answer of an epoch that is over, nor of an earlier look", () => {
    const strategy = begin().hear(readied, trading);
    const old = answerTo("contracts.request", {
      request: "underlying-1",
      epoch: EPOCH,
      query: { secType: "STK", symbol: "SPY" },
    });
    strategy.hear({ type: "session.unreadied", epoch: EPOCH, reason: "" }, { ...readied, epoch: EPOCH + 1 });
    expect(strategy.context.look).toBe(2);
    strategy.hear(old, { ...old, epoch: EPOCH + 1 }, { ...old, request: "underlying-2" });
    expect(strategy.state).toBe("looking.resolving.underlying");
    strategy.hear({ ...old, epoch: EPOCH + 1, request: "underlying-2" });
    expect(strategy.state).toBe("looking.resolving.expiries");
  });

  it("goes on managing its position while the session is away", () => {
    const strategy = quoteAll(ready()).hear({ type: "slot.granted", slot: SLOT }, { type: "slot.opened", slot: SLOT });
    strategy.hear({ type: "session.unreadied", epoch: EPOCH, reason: "" }, { type: "mode.changed", mode: "halted", reason: "" });
    expect(strategy.state).toBe("managing");
    strategy.hear({ type: "slot.freed", slot: SLOT, reason: "" });
    expect(strategy.state).toBe("paused");
  });

  it("takes another configuration on a restart and waits for a session of its own", () => {
    const strategy = ready().hear({ type: "run.resumed", config: { ...STRATEGY, quantity: 3 }, engine: ENGINE });
    expect(strategy.state).toBe("paused");
    expect(strategy.context.config.quantity).toBe(3);
    strategy.hear({ ...readied, epoch: EPOCH + 1 });
    expect(strategy.state).toBe("looking.resolving.expiries");
  });

  it("that the configuration no longer names looks no more", () => {
    const strategy = ready().hear({ type: "run.resumed", config: ENGINE }, { ...readied, epoch: EPOCH + 1 });
    expect(strategy.state).toBe("paused");
  });
});

describe("why a strategy does not trade", () => {
  const filters = STRATEGY.filters;
  it("VIX is too high", () => {
    const strategy = quoteAll(ready(), { vix: 40 });
    expect(strategy.facts("candidate.stopped")).toMatchObject([
      {
        type: "candidate.stopped",
        strategy: "spy-condor",
        symbol: "SPY",
        stage: "vix",
        reason: "VIX is too high",
        actual: 40,
        limit: 35,
        unit: "points",
        passed: [
          { stage: "data", verdict: "passed" },
          { stage: "regime", verdict: "passed", reason: "normal" },
        ],
      },
    ]);
    expect(strategy.state).toBe("looking.cooling");
  });

  it("VIX is unknown, unless the configuration skips it, once a look and in words", () => {
    const denying = quoteAll(ready(), { except: [VIX.conId] });
    denying.wait(59_000).hear(quote(denying, SPY.conId)).wait(1_000);
    expect(why(denying)).toEqual(["vix"]);
    const skipped = { vix: { maxVix: 35, whenUnknown: "skip" }, newborn: { whenUnknown: "skip" } } as const;
    const skipping = ready({ ...STRATEGY, filters: { ...filters, ...skipped } });
    skipping.hear({ type: "line.lost", conId: VIX.conId, reason: "354 not subscribed" });
    quoteAll(skipping, { except: [VIX.conId] });
    expect(skipping.state).toBe("looking.requesting");
    expect(skipping.facts("filter.skipped")).toContainEqual(
      expect.objectContaining({ filter: "vix", missing: "VIX is not quoted" }),
    );
  });

  it("implied volatility is low in its year, or not known, by how much or why", () => {
    const low = quoteAll(ready(STRATEGY, { ...CALM_WATCHERS, state: underlyingTold({ ivPercentile: 12 }) }));
    expect(low.facts("candidate.stopped")).toMatchObject([{ stage: "ivPercentile", actual: 12, limit: 20, unit: "%" }]);
    const state = underlyingTold({ ivPercentile: null, unknown: { ivPercentile: "99 days, 252 needed" } });
    expect(quoteAll(ready(STRATEGY, { ...CALM_WATCHERS, state })).facts("candidate.stopped")).toMatchObject([
      { stage: "ivPercentile", reason: "99 days, 252 needed", limit: 20 },
    ]);
    const skip = {
      ...STRATEGY,
      filters: { ...filters, ivPercentile: { ...filters.ivPercentile, whenUnknown: "skip" as const } },
    };
    expect(quoteAll(ready(skip, { ...CALM_WATCHERS, state })).facts("filter.skipped")).toContainEqual({
      type: "filter.skipped",
      strategy: "spy-condor",
      symbol: "SPY",
      filter: "ivPercentile",
      missing: "99 days, 252 needed",
    });
  });

  it("the regime is a crash, one that is not allowed, or not known", () => {
    const stoppedIn = (config: StrategyConfig, regime: RegimeTold | undefined) =>
      quoteAll(ready(config, { ...CALM_WATCHERS, regime }))
        .wait(60_000)
        .facts("candidate.stopped")[0];
    const only = {
      ...STRATEGY,
      filters: { ...filters, regime: { allowed: ["low_vol" as const], whenUnknown: "deny" as const } },
    };
    expect(stoppedIn(STRATEGY, regimeTold({ regime: "crash" }))).toMatchObject({
      stage: "regime",
      reason: "no entry in a crash",
    });
    expect(stoppedIn(only, regimeTold({ regime: "high_vol" }))).toMatchObject({ reason: "the regime is high_vol" });
    expect(stoppedIn(STRATEGY, regimeTold({ regime: null, unknown: "12 of 60 days" }))).toMatchObject({
      reason: "12 of 60 days",
    });
    expect(stoppedIn(STRATEGY, undefined)).toMatchObject({ reason: "the regime's watcher does not answer" });
    const everywhere = { ...only, filters: { ...only.filters, regime: { allowed: REGIMES, whenUnknown: "skip" as const } } };
    expect(stoppedIn(everywhere, regimeTold({ regime: "crash" }))).toMatchObject({ reason: "no entry in a crash" });
  });

  it("the broker refuses or does not answer", () => {
    const refused = begin().hear(readied, trading);
    refused.hear({
      type: "request.failed",
      replyTo: PATH,
      request: "underlying-1",
      epoch: EPOCH,
      code: 200,
      text: "No security definition",
    });
    expect(refused.facts("candidate.stopped")).toMatchObject([{ stage: "resolve", reason: "200 No security definition" }]);
    expect(refused.said.filter(({ type }) => type === "contracts.request")).toHaveLength(1);
    const unsent = begin().hear(readied, trading);
    const refusal = (request: string) => ({
      type: "effect.refused",
      effect: "1",
      name: "contracts.request",
      params: { request },
      reason: "the epoch is over",
    });
    unsent.hear(refusal("underlying-0"));
    expect(unsent.state).toBe("looking.resolving.underlying");
    unsent.hear(refusal("underlying-1"));
    expect(unsent.facts("candidate.stopped")).toMatchObject([{ stage: "resolve", reason: "the epoch is over" }]);
    const silent = begin().hear(readied, trading).wait(60_000);
    expect(silent.facts("candidate.stopped")).toMatchObject([{ stage: "resolve", reason: "no answer" }]);
  });

  it("nothing quotes", () => {
    const strategy = ready().wait(60_000);
    expect(strategy.facts("candidate.stopped")).toMatchObject([{ stage: "data", reason: "no fresh quote of SPY: not quoted" }]);
  });

  it.each(["delayed", "frozen", "delayedFrozen"] as const)("its underlying is quoted with %s data", (source) => {
    const strategy = ready();
    strategy.hear({ type: "quote.updated", epoch: EPOCH, quote: { ...spotQuote(CALM, strategy.now as never), source } });
    strategy.wait(60_000);
    expect(strategy.facts("candidate.stopped")).toMatchObject([
      { stage: "data", reason: expect.stringMatching(/no fresh quote of SPY: .*(delayed|frozen)/) },
    ]);
  });

  it("the credit is too small for the width", () => {
    const strategy = quoteAll(ready({ ...STRATEGY, entry: { ...STRATEGY.entry, minCreditPctOfWidth: 60 } }));
    expect(why(strategy)).toEqual(["credit"]);
    const [{ actual, limit, unit }] = strategy.facts("candidate.stopped");
    expect(actual).toBeLessThan(limit);
    expect(unit).toBe("% of width");
  });

  it("a rule would close the newborn position", () => {
    const rules = { ...ENGINE.rules, sessionEnd: { ...ENGINE.rules.sessionEnd, enabled: true, minutesBeforeClose: 330 } };
    const strategy = begin();
    strategy.hear({ type: "run.resumed", config: STRATEGY, engine: { ...ENGINE, rules } }, readied, trading);
    quoteAll(answerAll(strategy));
    expect(strategy.facts("candidate.stopped")).toMatchObject([
      { stage: "newborn", reason: "session-end would act on it at once", limit: 330 },
    ]);
  });

  it("never without a reason: every look ends in a candidate or in exactly one fact that stopped it", () => {
    const circumstances = fc.record({
      vix: fc.constantFrom(12, 40),
      lines: fc.constantFrom("all", "no underlying", "no VIX", "no puts", "none"),
      minCreditPctOfWidth: fc.constantFrom(10, 60),
      wingWidthPct: fc.constantFrom(0.5, 2, 40),
      shortDelta: fc.constantFrom(0.05, 0.16, 0.3),
    });
    fc.assert(
      fc.property(circumstances, ({ vix, lines, ...entry }) => {
        const patient = { ...STRATEGY, entry: { ...STRATEGY.entry, ...entry, cooldownSeconds: 3_600 } };
        const strategy = ready(patient);
        const puts = contracts.filter(({ right }) => right === "P").map(({ conId }) => conId);
        const silent: number[] = {
          all: [],
          "no underlying": [SPY.conId],
          "no VIX": [VIX.conId],
          "no puts": puts,
          none: [SPY.conId, VIX.conId, ...contracts.map(({ conId }) => conId)],
        }[lines];
        for (
          let minute = 0;
          minute < 10 && strategy.context.candidate === null && strategy.state !== "looking.cooling";
          minute += 1
        ) {
          if (!silent.includes(SPY.conId)) strategy.hear(quote(strategy, SPY.conId));
          quoteAll(strategy, { vix, except: silent });
          // The gate's silence would be a reason of its own.
          if (strategy.state !== "looking.requesting") strategy.wait(60_000);
        }
        const [found, stopped] = [strategy.facts("candidate.found").length, why(strategy).length];
        expect(found + stopped).toBe(1);
        if (lines !== "all" || vix > 35 || entry.minCreditPctOfWidth > 50 || entry.wingWidthPct > 2) expect(stopped).toBe(1);
      }),
      { numRuns: 60 },
    );
  });
});

describe("a reason that is not the whole truth", () => {
  it("says how much had not been quoted when it was found", () => {
    const strategy = ready({ ...STRATEGY, entry: { ...STRATEGY.entry, cooldownSeconds: 3_600 } });
    const puts = contracts.filter(({ right }) => right === "P").map(({ conId }) => conId);
    for (let minute = 0; minute < 10 && strategy.state !== "looking.cooling"; minute += 1) {
      strategy.hear(quote(strategy, SPY.conId));
      quoteAll(strategy, { except: puts });
      strategy.wait(60_000);
    }
    expect(strategy.facts("candidate.stopped")).toMatchObject([
      { reason: expect.stringMatching(/; \d+ of \d+ contracts had not been quoted yet$/) },
    ]);
  });

  it("names the expiries that were passed over, when no other is left", () => {
    const nothingListed = { ...STRATEGY, entry: { ...STRATEGY.entry, wingWidthPoints: 900, cooldownSeconds: 3_600 } };
    const strategy = ready(nothingListed);
    for (let look = 0; look < 20 && why(strategy).at(-1) !== "expiry"; look += 1) {
      answerAll(quoteAll(strategy));
      strategy.wait(1_000);
    }
    expect(why(strategy)).toContain("wings");
    expect(strategy.facts("candidate.stopped").at(-1)).toMatchObject({
      stage: "expiry",
      reason: expect.stringContaining(`days but ${EXPIRY}, which`),
    });
  });
});

describe("a strategy of a run that does not watch the VIX live", () => {
  it("asks for no line of it, though an earlier run knew where it is quoted", () => {
    const strategy = quoteAll(ready()).quiet();
    expect(strategy.context.vix).toMatchObject({ conId: VIX.conId });
    const engine = { ...ENGINE, regime: { ...DEFAULT_REGIME, live: false } };
    strategy.hear({ type: "run.resumed", config: STRATEGY, engine }, trading, { ...readied, epoch: EPOCH + 1 });
    expect(strategy.context.vix).toBeNull();
  });
});

describe("a strategy asked for a roll", () => {
  const legs = [optionAt(CHAIN, price(560), "P"), optionAt(CHAIN, price(550), "P")].map((contract, n) => ({
    contract,
    ratio: 2 * n - 1,
  }));
  const request = { type: "roll.requested", slot: SLOT, legs, quantity: 2 };
  const managing = (): Strategy =>
    quoteAll(ready()).hear({ type: "slot.granted", slot: SLOT }, { type: "slot.opened", slot: SLOT }).quiet();
  const answers = (strategy: Strategy) => strategy.told(SLOT).filter(({ type }) => type.startsWith("roll."));

  it("looks anew, in the roll's expiry and for the slot's units, and offers what it finds", () => {
    const strategy = managing();
    strategy.hear(request);
    expect(strategy.state).toBe("looking.resolving.expiries");
    quoteAll(answerAll(strategy));
    expect(answers(strategy)).toMatchObject([{ type: "roll.offered", slot: SLOT, candidate: { quantity: 2 } }]);
    expect(strategy.told(address.riskGate)).toEqual([]);
    expect(strategy.state).toBe("managing");
    expect(strategy.told(address.lines).at(-1)).toEqual({ type: "lines.released", holder: PATH });
  });

  it("answers once and with the reason when there is nothing to offer", () => {
    const stopped = managing();
    stopped.hear(request);
    quoteAll(answerAll(stopped, { ...CALM_WATCHERS, regime: regimeTold({ regime: "crash" }) }));
    expect(answers(stopped)).toEqual([{ type: "roll.declined", slot: SLOT, reason: "regime: no entry in a crash" }]);
    expect(stopped.state).toBe("managing");
    for (const event of [
      { type: "session.unreadied", epoch: EPOCH, reason: "lost" },
      { type: "mode.changed", mode: "reducing", reason: "" },
      { ...readied, epoch: EPOCH + 1 },
      { type: "run.resumed", config: STRATEGY, engine: ENGINE },
    ]) {
      const broken = managing().hear(request, event);
      expect(answers(broken)).toHaveLength(1);
      expect(answers(broken)[0].type).toBe("roll.declined");
      expect(broken.state).toBe("managing");
    }
  });

  it("declines at once when it cannot look, and what is not its slot's", () => {
    const away = managing().hear({ type: "session.unreadied", epoch: EPOCH, reason: "" });
    away.hear(request);
    expect(answers(away)).toMatchObject([{ type: "roll.declined" }]);
    const other = managing().hear({ ...request, slot: address.slot(2) });
    expect(other.told(address.slot(2))).toMatchObject([{ type: "roll.declined" }]);
    expect(other.state).toBe("managing");
  });

  it("stops looking when its slot is freed meanwhile", () => {
    const strategy = managing().hear(request, { type: "slot.freed", slot: SLOT, reason: "stop-loss" });
    expect(strategy.state).toBe("looking.cooling");
    expect(strategy.context.roll).toBeNull();
  });

  it("enters anew at once when a condor was closed to be rolled, with what its campaign has lost", () => {
    const campaign = { loss: moneyUnits(1_230_000), rolls: 1 };
    const strategy = managing();
    strategy.hear({ type: "campaign.continued", slot: SLOT, campaign }, { type: "slot.freed", slot: SLOT, reason: "dte-roll" });
    expect(strategy.state).toBe("looking.resolving.expiries");
    quoteAll(answerAll(strategy));
    expect(strategy.facts("candidate.found")).toMatchObject([{ candidate: { campaign } }]);
    expect(strategy.state).toBe("looking.requesting");
    strategy.hear({ type: "entry.denied", denial: { reason: "noFreeSlot", actual: 1, limit: 1, unit: "slots" } });
    expect(strategy.context.roll).toBeNull();
    strategy.quiet().wait(300_000);
    quoteAll(answerAll(strategy, { ...CALM_WATCHERS, state: underlyingTold({ at: strategy.now as typeof NOON }) }));
    expect(strategy.facts("candidate.found")[0].candidate.campaign).toBeUndefined();
  });
});
