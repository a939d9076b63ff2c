/**
 * One tale for every sub-clause of every exit rule, and for each shape of which it speaks differently: how the market comes to be so that
 * exactly this clause decides, what follows, and what must be hidden so that nothing can be said.
 */
import type { StrategyConfig } from "../../src/domain/config.ts";
import { tradingDay } from "../../src/domain/units.ts";
import { SPY, VIX } from "./quoted-chain.ts";
import type { House } from "./story-house.ts";
import { FIRST_DAY } from "./story-market.ts";
import {
  BEAR_CALL,
  BEAR_PUT,
  BULL_CALL,
  BULL_PUT,
  BY_REGIME,
  CONDOR,
  LONG_CALL,
  later,
  type Opening,
  SHORT_PUT,
  SLOT,
  strategy,
} from "./story-openings.ts";

/** Entries of these stories expire on Friday, 30 October: 46 days after them. */
export const DTE_25 = tradingDay("2026-10-05");
export const DTE_21 = tradingDay("2026-10-09");
export const DTE_11 = tradingDay("2026-10-19");
export const DTE_4 = tradingDay("2026-10-26");
export const EVE = tradingDay("2026-10-29");
export const EXPIRY_DAY = tradingDay("2026-10-30");
export const TUESDAY = tradingDay("2026-09-15");
export const WEDNESDAY = tradingDay("2026-09-16");

export type Ending =
  | { readonly action: "close"; readonly urgency: "immediate" | "high" | "normal" }
  | { readonly action: "reduce"; readonly quantity: number; readonly left: number; readonly urgency: "normal" }
  | { readonly action: "roll"; readonly urgency: "normal" | "high" };

export interface Twin {
  readonly hidden: string;
  /** Applied to the opening. */
  readonly opening?: (opening: Opening) => Opening;
  readonly hide?: (house: House) => void;
  /** What the trace says is missing. */
  readonly missing: RegExp;
  /** The clause itself does not concern the position then; its rule is unknown all the same. */
  readonly ruleOnly?: true;
}
export interface Tale {
  readonly rule: string;
  readonly clause: string;
  /** Of which shape, or in which regime. */
  readonly of: string;
  readonly opening: Opening;
  /** What happens before anything is hidden. */
  readonly before?: (house: House) => void;
  readonly turn: (house: House) => void;
  readonly ending: Ending;
  /** None: all that the clause needs is on the calendar and in the books, and cannot be hidden. */
  readonly twins: readonly Twin[];
  /** How the numbers of the trace compare. */
  readonly threshold?: number;
  readonly unit?: string;
}

const legsOf = (house: House): readonly { readonly contract: { readonly conId: number }; readonly ratio: number }[] =>
  house.context(SLOT).candidate.legs;
const noFeed: Twin = {
  hidden: "the underlying's feed is broken",
  hide: (house) => {
    house.story.broken.set(SPY.conId, "a farm is down");
    house.retell();
  },
  missing: /SPY no feed \(a farm is down\)|no feed \(a farm is down\)/,
};
/** The leg whose mid is needed first: the one that is sold, or the only one. */
const noOffer: Twin = {
  hidden: "nobody offers one of its legs",
  hide: (house) => {
    const legs = legsOf(house);
    const one = legs.find(({ ratio }) => ratio < 0) ?? legs[0];
    house.story.unoffered.add(one?.contract.conId ?? 0);
    house.retell();
  },
  missing: /\d[PC] no offer/,
};
const noIv30: Twin = {
  hidden: "the line does not tell the implied volatility",
  hide: (house) => void house.change({ iv30: undefined }).run(65),
  missing: /the line does not tell it/,
};
const staleVix: Twin = {
  hidden: "the VIX says nothing for minutes",
  hide: (house) => {
    house.story.silent.add(VIX.conId);
    house.run(70);
  },
  missing: /vix: VIX (stale|not quoted)/,
};
const noRegime: Twin = {
  hidden: "the VIX has no history, so there is no regime",
  opening: (opening) => ({
    ...opening,
    market: { ...opening.market, hasVixHistory: false },
    strategies: opening.strategies.map((one) => ({
      ...one,
      filters: { ...one.filters, regime: { allowed: ["normal"], whenUnknown: "skip" } },
    })),
  }),
  missing: /^regime: no daily bars of VIX/,
};

/** The gap from the prior close is part of the first hour. */
const noPriorClose = (fact: string): Twin => ({
  hidden: "the prior close is not in the quote",
  hide: (house) => void house.change({ hasPriorClose: false }).run(65),
  missing: new RegExp(`${fact}: the prior close is not known`),
});
const letPass = (filters: Partial<StrategyConfig["filters"]>) => (opening: Opening) => ({
  ...opening,
  strategies: opening.strategies.map((one) => ({ ...one, filters: { ...one.filters, ...filters } })),
});
const UNASKED = { ivPercentile: { minIvPercentile: 20, whenUnknown: "skip" }, newborn: { whenUnknown: "skip" } } as const;
const noIvHistory = (missing: RegExp): Twin => ({
  hidden: "the broker has no history of implied volatility",
  opening: (opening) => ({ ...letPass(UNASKED)(opening), market: { ...opening.market, hasIvHistory: false } }),
  missing,
});
const unseenAtEntry = (fact: string): Twin => ({
  hidden: "implied volatility was not told at the entry",
  opening: (opening) => ({ ...letPass(UNASKED)(opening), market: { ...opening.market, iv30: undefined } }),
  hide: (house) => {
    house.change({ iv30: 0.16 });
    house.run(70);
  },
  missing: new RegExp(`${fact}: not known at the entry`),
});
const noVixAtEntry: Twin = {
  hidden: "the VIX was not quoted at the entry",
  opening: (opening) => ({
    ...letPass({ vix: { maxVix: 35, whenUnknown: "skip" }, newborn: { whenUnknown: "skip" } })(opening),
    before: (story) => void story.silent.add(VIX.conId),
  }),
  hide: (house) => {
    house.story.silent.clear();
    house.retell();
    house.run(30);
  },
  missing: /vixAtEntry: not known at the entry/,
};

/** The 30-day figure becomes another; where its line does not tell it, nobody knows. */
const turnsVol = (house: House, iv30: number): House => house.change(house.story.market.iv30 === undefined ? {} : { iv30 });
const of = (...strategies: Opening["strategies"]): Opening => ({ strategies });
const CLOSE_NOW = { action: "close", urgency: "immediate" } as const;
const CLOSE_SOON = { action: "close", urgency: "high" } as const;
const CLOSE = { action: "close", urgency: "normal" } as const;
const cheap = { spot: 50, strikeStep: 1, halfSpread: 0.01 } as const;

export const TALES: readonly Tale[] = [
  // ── 1 catastrophe ──
  ...[CONDOR, BULL_PUT, BULL_CALL].map(
    (one): Tale => ({
      rule: "catastrophe",
      clause: "fall",
      of: one.name,
      opening: of(one),
      turn: (house) => void house.change({ spot: 581 }),
      ending: CLOSE_NOW,
      // A debit loses half of it in such a fall, too.
      twins: one === BULL_CALL ? [noFeed] : [noFeed, noPriorClose("hourFallPct")],
      threshold: 3,
    }),
  ),
  ...[CONDOR, BEAR_CALL, BEAR_PUT].map(
    (one): Tale => ({
      rule: "catastrophe",
      clause: "rise",
      of: one.name,
      opening: of(one),
      turn: (house) => void house.change({ spot: 619 }),
      ending: CLOSE_NOW,
      twins: one === BEAR_PUT ? [noFeed] : [noFeed, noPriorClose("hourRisePct")],
      threshold: 3,
    }),
  ),
  {
    rule: "catastrophe",
    clause: "ivJump",
    of: "iron-condor",
    opening: of(CONDOR),
    turn: (house) => void turnsVol(house, 0.245),
    ending: CLOSE_NOW,
    twins: [noIv30, noIvHistory(/ivJumpPct: no history of implied volatility/)],
    threshold: 50,
  },
  {
    rule: "catastrophe",
    clause: "ivJumpOfDebit",
    of: "bull-call",
    opening: of(BULL_CALL),
    // In the money, what was sold has more vega than what was bought.
    before: (house) => void later(house, TUESDAY, 12, 0, { spot: 616 }).run(30),
    turn: (house) => void turnsVol(house, 0.245),
    ending: CLOSE_NOW,
    twins: [noIv30, { ...noOffer, missing: /unitVega: [\d.]+C no offer/ }],
    threshold: 50,
  },

  // ── 2 stop loss ──
  {
    rule: "stop-loss",
    clause: "credit",
    of: "iron-condor",
    opening: of(strategy("iron-condor", { entry: { shortDelta: 0.1 } })),
    turn: (house) => void later(house, TUESDAY, 12, 0, { spot: 543 }),
    ending: CLOSE_NOW,
    twins: [noOffer],
  },
  {
    rule: "stop-loss",
    clause: "credit",
    of: "bull-put",
    opening: of(strategy("bull-put", { entry: { shortDelta: 0.16 } })),
    turn: (house) => void later(house, TUESDAY, 12, 0, { spot: 556 }),
    ending: CLOSE_NOW,
    twins: [noOffer],
  },
  {
    rule: "stop-loss",
    clause: "credit",
    of: "short strangle",
    opening: { ...of(strategy("short-strangle", { entry: { shortDelta: 0.1 } })), limits: { allowUndefinedRisk: true } },
    turn: (house) => void later(house, TUESDAY, 12, 0, { spot: 560, atmVol: 0.2 }),
    ending: CLOSE_NOW,
    twins: [noOffer],
  },
  {
    rule: "stop-loss",
    clause: "maxLoss",
    of: "bull-put",
    opening: of(strategy("bull-put", { entry: { shortDelta: 0.45 } })),
    turn: (house) => void later(house, TUESDAY, 12, 0, { spot: 540 }),
    ending: CLOSE_NOW,
    twins: [noOffer],
  },
  {
    rule: "stop-loss",
    clause: "maxLoss",
    of: "bear-call",
    opening: of(strategy("bear-call", { entry: { shortDelta: 0.45 } })),
    turn: (house) => void later(house, TUESDAY, 12, 0, { spot: 660 }),
    ending: CLOSE_NOW,
    twins: [noOffer],
  },
  {
    rule: "stop-loss",
    clause: "debit",
    of: "bull-call",
    opening: of(BULL_CALL),
    turn: (house) => void later(house, TUESDAY, 12, 0, { spot: 578 }),
    ending: CLOSE_NOW,
    twins: [noOffer],
  },
  {
    rule: "stop-loss",
    clause: "debit",
    of: "bear-put",
    opening: of(BEAR_PUT),
    turn: (house) => void later(house, TUESDAY, 12, 0, { spot: 625 }),
    ending: CLOSE_NOW,
    twins: [noOffer],
  },
  {
    rule: "stop-loss",
    clause: "debit",
    of: "long call",
    opening: of(LONG_CALL),
    turn: (house) => void later(house, TUESDAY, 12, 0, { spot: 585 }),
    ending: CLOSE_NOW,
    twins: [noOffer],
  },
  {
    rule: "stop-loss",
    clause: "accelerated",
    of: "bull-put",
    opening: of(BULL_PUT),
    turn: (house) => void later(house, DTE_4, 12, 0, { spot: 574 }),
    ending: CLOSE_NOW,
    twins: [noOffer],
    threshold: 50,
  },

  // ── 3 expiry ──
  {
    rule: "expiry",
    clause: "overdue",
    of: "iron-condor",
    opening: of(CONDOR),
    turn: (house) => void later(house, EXPIRY_DAY, 11, 0),
    ending: CLOSE_NOW,
    twins: [],
    threshold: 0,
  },
  {
    rule: "expiry",
    clause: "actBy",
    of: "iron-condor",
    opening: of(CONDOR),
    turn: (house) => void later(house, EVE, 15, 31),
    ending: CLOSE_NOW,
    twins: [],
    threshold: 0,
  },
  {
    rule: "expiry",
    clause: "sessions",
    of: "bull-put",
    opening: of(BULL_PUT),
    turn: (house) => void later(house, EVE, 11, 0),
    ending: CLOSE_SOON,
    twins: [],
    threshold: 1,
  },
  {
    rule: "expiry",
    clause: "dividend",
    of: "bear-call",
    opening: of(strategy("bear-call", { entry: { shortDelta: 0.4 } })),
    turn: (house) => void later(house, TUESDAY, 12, 0, { spot: 613 }),
    before: (house) => void house.change({ dividend: { exDate: WEDNESDAY, amount: 20 } }),
    ending: CLOSE_NOW,
    twins: [
      {
        hidden: "no dividend is announced",
        hide: (house) => void house.change({ dividend: undefined }),
        missing: /assignment: dividend/,
      },
    ],
    threshold: 20,
  },
  {
    rule: "expiry",
    clause: "carry",
    of: "bull-put",
    opening: of(strategy("bull-put", { entry: { shortDelta: 0.45 } })),
    turn: (house) => void later(house, TUESDAY, 12, 0, { spot: 572, atmVol: 0.13, iv30: 0.16 }),
    ending: CLOSE_NOW,
    twins: [{ ...noOffer, missing: /assignment: \d+P no offer/ }],
  },

  // ── session end ──
  {
    rule: "session-end",
    clause: "close",
    of: "iron-condor",
    opening: { ...of(CONDOR), rules: { sessionEnd: { enabled: true } } },
    turn: (house) => void later(house, FIRST_DAY, 15, 54),
    ending: CLOSE_SOON,
    twins: [],
    threshold: 5,
  },

  // ── 4 VIX ──
  {
    rule: "vix-exit",
    clause: "level",
    of: "iron-condor",
    opening: {
      strategies: [strategy("iron-condor", { filters: { vix: { maxVix: 40, whenUnknown: "deny" } } })],
      market: { vix: 33, vixBefore: 33 },
    },
    turn: (house) => void house.change({ vix: 36 }),
    ending: CLOSE_SOON,
    twins: [staleVix],
    threshold: 35,
  },
  ...[CONDOR, BULL_PUT].map(
    (one): Tale => ({
      rule: "vix-exit",
      clause: "rise",
      of: one.name,
      opening: of(one),
      turn: (house) => void house.change({ vix: 22 }),
      ending: CLOSE_SOON,
      twins: [staleVix, noVixAtEntry],
      threshold: 21,
    }),
  ),

  // ── 5 delta ──
  {
    rule: "delta-risk",
    clause: "condor",
    of: "iron-condor",
    opening: of(strategy("iron-condor", { entry: { wingWidthPct: 10 } })),
    turn: (house) => void later(house, TUESDAY, 12, 0, { spot: 573 }),
    ending: CLOSE_SOON,
    twins: [{ ...noOffer, missing: /unitDelta: [\d.]+P no offer/ }],
    threshold: 0.3,
  },
  {
    rule: "delta-risk",
    clause: "vertical",
    of: "bull-put",
    opening: of(strategy("bull-put", { entry: { shortDelta: 0.3, wingWidthPct: 10 } })),
    turn: (house) => void later(house, TUESDAY, 12, 0, { spot: 577 }),
    ending: CLOSE_SOON,
    twins: [{ ...noOffer, missing: /unitDelta: [\d.]+P no offer/ }],
    threshold: 0.4,
  },
  {
    rule: "delta-risk",
    clause: "portfolio",
    of: "bull-put",
    opening: {
      strategies: [{ ...BULL_PUT, quantity: 2 }],
      limits: {
        portfolio: {
          betas: { SPY: 1 },
          maxDeltaPer100k: 2.7,
          maxGammaPer100k: 1_000,
          maxThetaPctPerDay: 100,
          maxVegaLossPct: 100,
        },
      },
      rules: { takeProfit: { targetPct: 90, partialAtPct: 99 } },
    },
    turn: (house) => {
      house.change({ spot: 588 });
      house.run(300);
    },
    ending: CLOSE_SOON,
    // With Greeks that are not known nothing is breached, so the gate says nothing: what tells of it is the delta beside it.
    twins: [{ ...noOffer, missing: /unitDelta: [\d.]+P no offer/, ruleOnly: true }],
    threshold: 5,
  },

  // ── 6 gamma ──
  {
    rule: "gamma-risk",
    clause: "gamma",
    of: "bull-put",
    opening: {
      strategies: [strategy("bull-put", { entry: { shortDelta: 0.3, wingWidthPct: 10 } })],
      market: cheap,
    },
    turn: (house) => void later(house, DTE_11, 12, 0, { spot: 49.5 }),
    ending: CLOSE_SOON,
    twins: [{ ...noOffer, missing: /unitGamma: [\d.]+P no offer/ }],
    threshold: 0.1,
  },

  {
    rule: "gamma-risk",
    clause: "gamma",
    of: "iron-condor",
    opening: {
      strategies: [strategy("iron-condor", { entry: { shortDelta: 0.2, wingWidthPct: 10 } })],
      market: { ...cheap, strikeStep: 0.5 },
    },
    turn: (house) => void later(house, DTE_11, 12, 0, { spot: 49.5 }),
    ending: CLOSE_SOON,
    twins: [{ ...noOffer, missing: /unitGamma: [\d.]+P no offer/ }],
    threshold: 0.1,
  },

  // ── 7 trailing stop ──
  {
    rule: "trailing-stop",
    clause: "kept",
    of: "bull-put",
    opening: { ...of(BULL_PUT), rules: { takeProfit: { targetPct: 80 } } },
    before: (house) => {
      house.change({ spot: 617 });
      house.run(30);
    },
    turn: (house) => void house.change({ spot: 601.5 }),
    ending: CLOSE,
    twins: [noOffer],
  },

  {
    rule: "trailing-stop",
    clause: "kept",
    of: "bull-call",
    opening: { ...of(BULL_CALL), rules: { takeProfit: { targetPct: 80 } } },
    before: (house) => {
      house.change({ spot: 622 });
      house.run(30);
    },
    turn: (house) => void house.change({ spot: 606 }),
    ending: CLOSE,
    twins: [noOffer],
  },

  // ── 8 single leg ──
  {
    rule: "single-leg",
    clause: "loss",
    of: "short put",
    opening: of(SHORT_PUT),
    turn: (house) => void later(house, TUESDAY, 12, 0, { spot: 584 }),
    ending: CLOSE_SOON,
    twins: [noOffer],
    threshold: 50,
  },
  {
    rule: "single-leg",
    clause: "profit",
    of: "short put",
    opening: of(SHORT_PUT),
    turn: (house) => void later(house, TUESDAY, 12, 0, { spot: 645 }),
    ending: CLOSE,
    twins: [noOffer],
    threshold: 80,
  },
  {
    rule: "single-leg",
    clause: "profit",
    of: "long call",
    opening: of(LONG_CALL),
    turn: (house) => void later(house, TUESDAY, 12, 0, { spot: 622 }),
    ending: CLOSE,
    twins: [noOffer],
    threshold: 80,
  },
  {
    rule: "single-leg",
    clause: "days",
    of: "short put",
    opening: of(SHORT_PUT),
    turn: (house) => void later(house, DTE_21, 12, 0, { spot: 590 }),
    ending: CLOSE,
    twins: [],
    threshold: 21,
  },

  // ── 9 take profit ──
  {
    rule: "take-profit",
    clause: "target",
    of: "iron-condor",
    opening: of(CONDOR),
    turn: (house) => void later(house, TUESDAY, 12, 0, { atmVol: 0.11 }),
    ending: CLOSE,
    twins: [noOffer],
    threshold: 50,
  },
  {
    rule: "take-profit",
    clause: "target",
    of: "bull-call",
    opening: of(BULL_CALL),
    turn: (house) => void later(house, TUESDAY, 12, 0, { spot: 632 }),
    ending: CLOSE,
    twins: [noOffer],
    threshold: 50,
  },
  ...(
    [
      ["normal", 80, {}, { spot: 640, atmVol: 0.12 }],
      ["low_vol", 90, { vix: 11, vixBefore: 11 }, { spot: 655, atmVol: 0.12 }],
      ["high_vol", 50, { vix: 28, vixBefore: 28 }, { spot: 621 }],
      ["trending", 85, { past: "trending" }, { spot: 655, atmVol: 0.13 }],
      ["range_bound", 80, { past: "ranging" }, { spot: 640, atmVol: 0.12 }],
    ] as const
  ).map(
    ([regime, target, market, turned]): Tale => ({
      rule: "take-profit",
      clause: "regimeTarget",
      of: regime,
      opening: { ...of(BULL_PUT), market, rules: { ...BY_REGIME } },
      turn: (house) => void house.change(turned),
      ending: CLOSE,
      twins: regime === "normal" ? [noRegime, noOffer] : [noOffer],
      threshold: target,
      unit: `% of base (${regime})`,
    }),
  ),
  {
    rule: "take-profit",
    clause: "regimeTarget",
    of: "crash",
    opening: { ...of(LONG_CALL), rules: { ...BY_REGIME } },
    // What gains from volatility is not closed by it, and is there to see the crash.
    before: (house) => {
      house.change({ vix: 36 });
      house.run(130);
    },
    turn: (house) => void house.change({ spot: 608 }),
    ending: CLOSE,
    twins: [noOffer],
    threshold: 40,
    unit: "% of base (crash)",
  },
  {
    rule: "take-profit",
    clause: "partial",
    of: "iron-condor",
    opening: of({ ...CONDOR, quantity: 4 }),
    turn: (house) => void later(house, TUESDAY, 12, 0, { atmVol: 0.137 }),
    ending: { action: "reduce", quantity: 2, left: 2, urgency: "normal" },
    twins: [noOffer],
    threshold: 25,
  },
  {
    rule: "take-profit",
    clause: "regimePartial",
    of: "bull-put",
    opening: { ...of({ ...BULL_PUT, quantity: 3 }), rules: { ...BY_REGIME } },
    turn: (house) => void house.change({ spot: 616 }),
    ending: { action: "reduce", quantity: 1, left: 2, urgency: "normal" },
    twins: [noRegime],
    threshold: 40,
    unit: "% of base (normal)",
  },

  // ── 10, 11 implied volatility ──
  {
    rule: "iv-crush",
    clause: "drop",
    of: "iron-condor",
    opening: { ...of(CONDOR), rules: { takeProfit: { targetPct: 80 } } },
    turn: (house) => void turnsVol(house.change({ atmVol: 0.13 }), 0.11),
    ending: CLOSE,
    twins: [noIv30, unseenAtEntry("ivSinceEntryPct")],
    threshold: 30,
  },
  {
    rule: "iv-percentile",
    clause: "percentile",
    of: "iron-condor",
    opening: { ...of(CONDOR), rules: { takeProfit: { targetPct: 80 } } },
    turn: (house) => void turnsVol(house.change({ atmVol: 0.13 }), 0.12),
    ending: CLOSE,
    twins: [noIv30, unseenAtEntry("ivPercentileAtEntry"), noIvHistory(/ivPercentileAtEntry: not known at the entry/)],
    threshold: 30,
  },

  // ── 12 time ──
  {
    rule: "dte-roll",
    clause: "window",
    of: "bull-put",
    opening: { ...of(BULL_PUT), rules: { takeProfit: { targetPct: 95 } } },
    turn: (house) => void later(house, DTE_25, 12, 0, { spot: 605 }),
    ending: { action: "roll", urgency: "normal" },
    twins: [noOffer],
    threshold: 25,
  },
  {
    rule: "dte-roll",
    clause: "forced",
    of: "bull-put",
    opening: { ...of(BULL_PUT), rules: { takeProfit: { targetPct: 95 } } },
    turn: (house) => void later(house, DTE_21, 12, 0, { spot: 605 }),
    ending: { action: "roll", urgency: "high" },
    twins: [noOffer],
    threshold: 21,
  },
  {
    rule: "dte-roll",
    clause: "spent",
    of: "bull-call",
    opening: of(BULL_CALL),
    turn: (house) => void later(house, DTE_21, 12, 0, { spot: 605 }),
    ending: CLOSE_SOON,
    twins: [],
    threshold: 21,
  },
  {
    rule: "dte-roll",
    clause: "loser",
    of: "bull-put",
    opening: of(strategy("bull-put", { entry: { shortDelta: 0.2 } })),
    turn: (house) => void later(house, DTE_21, 12, 0, { spot: 573 }),
    ending: CLOSE_SOON,
    twins: [noOffer],
    threshold: 21,
  },
];
