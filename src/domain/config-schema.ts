/**
 * The configuration file's schema: every tunable once, with its unit in the key, its default and its absolute bounds. What the
 * actors receive of it is EngineConfig (config.ts); the rest concerns the process.
 */
import { z } from "zod";
import { REGIMES, type Regime } from "./regime/regime.ts";
import { type Sentence, thresholdProblems, thresholdWarnings } from "./rules/thresholds.ts";
import { strategyProblems } from "./strategies/config-checks.ts";

const pct = (max = 100) => z.number().min(0).max(max);
const seconds = (max = 86_400) => z.number().positive().max(max);
const urgency = z.enum(["immediate", "high", "normal", "low"]);
const wallTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "a New York wall time HH:MM");
const whenUnknown = z.enum(["deny", "skip"]);

const regimeNames = z.enum(REGIMES);
const byRegime = <Value extends z.ZodType>(value: Value) =>
  z.strictObject(Object.fromEntries(REGIMES.map((regime) => [regime, value])) as { readonly [R in Regime]: Value });

const entrySchema = z.strictObject({
  from: wallTime.default("09:45"),
  to: wallTime.default("15:30"),
  cooldownSeconds: seconds().default(900),
  dteMin: z.int().min(0).max(365).default(30),
  dteTarget: z.int().min(0).max(365).default(45),
  dteMax: z.int().min(0).max(365).default(60),
  shortDelta: z.number().min(0.01).max(0.5).default(0.16),
  longDelta: z.number().min(0.01).max(0.95).default(0.5),
  wingWidthPct: z.number().positive().max(20).default(1),
  wingWidthPoints: z.number().positive().max(10_000).optional(),
  minCreditPctOfWidth: pct().default(10),
  maxDebitPctOfWidth: pct().default(60),
  maxSpreadPctOfWidth: pct().default(15),
  minOpenInterest: z.int().min(0).default(10),
  minScore: pct().default(35),
});
const filtersSchema = z.strictObject({
  vix: z
    .strictObject({ maxVix: z.number().positive().max(100).default(35), whenUnknown: whenUnknown.default("deny") })
    .prefault({}),
  ivPercentile: z
    .strictObject({
      minIvPercentile: pct().default(0),
      whenUnknown: whenUnknown.default("deny"),
    })
    .prefault({}),
  ivRank: z.strictObject({ minIvRank: pct().default(0), whenUnknown: whenUnknown.default("deny") }).prefault({}),
  regime: z
    .strictObject({
      allowed: z
        .array(regimeNames)
        .min(1)
        .default(REGIMES.filter((regime) => regime !== "crash")),
      whenUnknown: whenUnknown.default("deny"),
    })
    .prefault({}),
  openInterest: z.strictObject({ whenUnknown: whenUnknown.default("deny") }).prefault({}),
  skew: z
    .strictObject({
      shiftAbovePct: pct().default(15),
      targetFactor: z.number().min(0.5).max(1).default(0.85),
      maxShiftDelta: z.number().min(0).max(0.2).default(0.04),
    })
    .prefault({}),
  newborn: z.strictObject({ whenUnknown: whenUnknown.default("deny") }).prefault({}),
  portfolio: z.strictObject({ whenUnknown: whenUnknown.default("deny") }).prefault({}),
});
const legSchema = z.strictObject({
  right: z.enum(["C", "P"]),
  ratio: z.int().min(-10).max(10),
  delta: z.number().min(0.01).max(0.99).optional(),
  strike: z.number().positive().max(1_000_000).optional(),
  offsetPoints: z.number().min(-10_000).max(10_000).optional(),
});
const sizingSchema = z.strictObject({
  maxLossPctOfEquity: z.number().positive().max(5).default(2),
  regimeFactors: byRegime(z.number().min(0).max(1)).default({
    crash: 0,
    high_vol: 0.5,
    low_vol: 1,
    trending: 0.75,
    range_bound: 1,
    normal: 1,
  }),
});
const strategySchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,40}$/, "lower-case letters, digits and dashes"),
  kind: z.enum(["iron-condor", "bull-put", "bear-call", "bull-call", "bear-put", "short-strangle", "single-leg", "custom"]),
  symbol: z.string().regex(/^[A-Z][A-Z0-9.]{0,9}$/, "a ticker symbol in capitals"),
  underlyingSecType: z.enum(["STK", "IND"]).default("STK"),
  exchange: z.string().default("SMART"),
  primaryExchange: z.string().optional(),
  tradingClass: z.string().optional(),
  enabled: z.boolean().default(true),
  quantity: z.int().min(1).max(100).default(1),
  legs: z.array(legSchema).min(1).max(4).optional(),
  entry: entrySchema.prefault({}),
  sizing: sizingSchema.prefault({}),
  filters: filtersSchema.prefault({}),
});

const anyPolicy = ["adopt", "quarantine", "halt", "reduce", "report"] as const;
/** Of a position that only the broker knows no slot holds anything: there is nobody to quarantine, and whose it is is not ours to say. */
const foreignPolicy = z.enum(["halt", "reduce", "report"]);
const bookPolicy = z.enum(anyPolicy);
const orderPolicy = z.enum(["halt", "reduce", "report"]);
const reconciliationSchema = z.strictObject({
  missingHere: foreignPolicy.default("report"),
  missingThere: bookPolicy.default("quarantine"),
  quantity: bookPolicy.default("quarantine"),
  averageCost: z.enum(["quarantine", "halt", "reduce", "report"]).default("report"),
  assigned: bookPolicy.default("quarantine"),
  expired: bookPolicy.default("quarantine"),
  unknownOrder: orderPolicy.default("reduce"),
  unknownExecution: orderPolicy.default("reduce"),
  archivedOrder: orderPolicy.default("reduce"),
  cash: orderPolicy.default("report"),
  averageCostTolerancePct: pct().default(2),
  averageCostToleranceDollars: z.number().min(0).max(10_000).default(5),
  cashToleranceDollars: z.number().min(0).max(1_000_000).default(1),
});
const connectionSchema = z.strictObject({
  restartFrom: wallTime.default("23:45"),
  restartMinutes: z.int().min(0).max(240).default(15),
  takeovers: z.int().min(1).max(20).default(3),
});

const alertsSchema = z.strictObject({
  escalateAfterMinutes: z
    .strictObject({ info: z.number().min(0).max(10_080).default(0), warning: z.number().min(0).max(10_080).default(30) })
    .prefault({}),
  forgetAfterHours: z.number().positive().max(720).default(24),
});

const vixPoints = z.number().positive().max(200);
const adx = z.number().min(0).max(100);
const regimeSchema = z.strictObject({
  symbol: z
    .string()
    .regex(/^[A-Z][A-Z0-9.]{0,9}$/, "a ticker symbol in capitals")
    .default("SPY"),
  live: z.boolean().default(true),
  historyDays: z.int().min(80).max(3_650).default(400),
  confirmDays: z.int().min(1).max(20).default(2),
  crash: z
    .strictObject({
      vixPoints: vixPoints.default(35),
      leaveVixPoints: vixPoints.default(32),
      return5dPct: z.number().min(-100).max(0).default(-7),
      spikeVixPoints: vixPoints.default(28),
      spikeVixChange5dPct: z.number().positive().max(1_000).default(50),
    })
    .prefault({}),
  highVol: z.strictObject({ vixPoints: vixPoints.default(25), leaveVixPoints: vixPoints.default(23) }).prefault({}),
  lowVol: z.strictObject({ vixPoints: vixPoints.default(13), leaveVixPoints: vixPoints.default(14) }).prefault({}),
  trending: z.strictObject({ adx: adx.default(25), smaDistancePct: pct().default(1) }).prefault({}),
  rangeBound: z.strictObject({ adx: adx.default(20), efficiency: z.number().min(0).max(1).default(0.3) }).prefault({}),
});

export const configSchema = z.strictObject({
  mode: z.enum(["simulated", "paper", "live"]).default("simulated"),
  gateway: z
    .strictObject({
      host: z.string().default("127.0.0.1"),
      port: z.int().min(1).max(65_535).default(4002),
      clientId: z.int().min(0).max(999_999).default(17),
      messagesPerSecond: z.int().min(1).max(45).default(45),
      heartbeatSeconds: seconds(60).default(10),
    })
    .prefault({}),
  clock: z
    .discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("system") }),
      z.strictObject({
        kind: z.literal("simulated"),
        speed: z.number().positive().max(10_000).default(1),
        skipClosed: z.boolean().default(false),
      }),
    ])
    .default({ kind: "system" }),
  lines: z
    .strictObject({
      max: z.int().min(1).max(1_000).default(100),
      reserve: z.int().min(0).max(1_000).default(5),
      streamingSlots: z.int().min(1).max(50).default(10),
      keepSeconds: seconds(3_600).default(60),
      coolingSeconds: z.number().min(0).max(60).default(1),
      stallSeconds: seconds(3_600).default(10),
      snapshotsPerSecond: z.number().positive().max(40).default(10),
      refreshSeconds: seconds().default(60),
      heldRefreshSeconds: seconds(3_600).default(15),
    })
    .prefault({}),
  strategies: z.array(strategySchema).default([]),
  rules: z
    .strictObject({
      catastrophe: z
        .strictObject({
          movePct: pct(50).default(3),
          ivJumpPct: pct(1_000).default(50),
          urgency: urgency.default("immediate"),
        })
        .prefault({}),
      stopLoss: z
        .strictObject({
          creditMultiplePct: pct(1_000).default(200),
          maxLossPct: pct().default(75),
          debitPct: pct().default(50),
          acceleratedDays: z.int().min(0).max(60).default(7),
          acceleratedLossPct: pct(1_000).default(50),
          urgency: urgency.default("immediate"),
        })
        .prefault({}),
      expiry: z
        .strictObject({
          sessionsBefore: z.int().min(0).max(30).default(1),
          actBy: wallTime.default("15:30"),
          urgency: urgency.default("immediate"),
        })
        .prefault({}),
      vixExit: z
        .strictObject({
          maxVix: z.number().positive().max(200).default(35),
          risePoints: z.number().positive().max(100).default(5),
          risePct: pct(1_000).default(30),
          urgency: urgency.default("high"),
        })
        .prefault({}),
      deltaRisk: z
        .strictObject({
          condorDelta: z.number().min(0.01).max(1).default(0.3),
          verticalDelta: z.number().min(0.01).max(1).default(0.4),
          breachMinutes: z.number().min(0).max(390).default(5),
          urgency: urgency.default("high"),
        })
        .prefault({}),
      gammaRisk: z
        .strictObject({
          gamma: z.number().positive().max(10).default(0.1),
          days: z.int().min(0).max(365).default(14),
          urgency: urgency.default("high"),
        })
        .prefault({}),
      trailingStop: z
        .strictObject({
          armPct: pct(1_000).default(40),
          keepPctOfPeak: pct().default(40),
          minMovePct: pct().default(2),
          urgency: urgency.default("normal"),
        })
        .prefault({}),
      singleLeg: z
        .strictObject({
          profitPct: pct(1_000).default(80),
          lossPct: pct().default(50),
          days: z.int().min(0).max(365).default(21),
          profitUrgency: urgency.default("normal"),
          lossUrgency: urgency.default("high"),
        })
        .prefault({}),
      takeProfit: z
        .strictObject({
          targetPct: pct().optional(),
          targetsPct: byRegime(pct()).default({
            crash: 40,
            high_vol: 50,
            normal: 80,
            low_vol: 90,
            trending: 85,
            range_bound: 80,
          }),
          partialAtPct: pct().default(50),
          partialClosePct: pct().default(50),
          urgency: urgency.default("normal"),
        })
        .prefault({}),
      ivCrush: z
        .strictObject({ dropPct: pct().default(30), profitPct: pct().default(20), urgency: urgency.default("normal") })
        .prefault({}),
      ivPercentile: z
        .strictObject({
          below: pct().default(30),
          atEntry: pct().default(50),
          profitPct: pct().default(20),
          urgency: urgency.default("normal"),
        })
        .prefault({}),
      dteRoll: z
        .strictObject({
          fromDays: z.int().min(0).max(365).default(25),
          forceDays: z.int().min(0).max(365).default(21),
          targetDays: z.int().min(1).max(365).default(45),
          maxRolls: z.int().min(0).max(10).default(1),
          maxLossPctOfCredit: pct(1_000).default(100),
          urgency: urgency.default("normal"),
          forcedUrgency: urgency.default("high"),
        })
        .prefault({}),
      sessionEnd: z
        .strictObject({
          enabled: z.boolean().default(false),
          minutesBeforeClose: z.number().positive().max(390).default(15),
          urgency: urgency.default("high"),
        })
        .prefault({}),
      confirmSeconds: seconds(3_600).default(10),
      openingQuietMinutes: z.number().min(0).max(60).default(5),
    })
    .prefault({}),
  limits: z
    .strictObject({
      maxLossPerPositionPct: pct(5).default(2),
      maxLossTotalPct: pct(50).default(20),
      maxOrderContracts: z.int().min(1).max(100).default(5),
      maxMarginPct: pct().default(50),
      slots: z.int().min(1).max(50).default(10),
      maxLossPerSymbolPct: pct(30).default(15),
      maxLossPerGroupPct: pct(50).default(15),
      groups: z.array(z.array(z.string()).min(2)).default([["SPY", "SPX", "QQQ", "IWM"]]),
      allowUndefinedRisk: z.boolean().default(false),
      portfolio: z
        .strictObject({
          betas: z.record(z.string(), z.number().positive().max(10)).default({ SPY: 1, SPX: 1, QQQ: 1.065, IWM: 1.146 }),
          maxDeltaPer100k: z.number().positive().max(1_000).default(200),
          maxGammaPer100k: z.number().positive().max(2_500).default(500),
          maxThetaPctPerDay: z.number().positive().max(5).default(0.3),
          maxVegaLossPct: z.number().positive().max(25).default(5),
        })
        .prefault({}),
    })
    .prefault({}),
  orders: z
    .strictObject({
      entryStepSeconds: seconds(3_600).default(30),
      entryGiveUpSeconds: seconds(7_200).default(180),
      whatIfTimeoutSeconds: seconds(3_600).default(5),
      doubtAfterSeconds: seconds(3_600).default(10),
      approvalSeconds: seconds(3_600).default(30),
    })
    .prefault({}),
  breaker: z
    .strictObject({
      failures: z.int().min(1).max(100).default(3),
      windowSeconds: seconds().default(300),
      coolDownSeconds: seconds().default(300),
      probes: z.int().min(1).max(100).default(3),
    })
    .prefault({}),
  futures: z.array(z.enum(["ES", "NQ", "RTY"])).default(["ES", "NQ", "RTY"]),
  freshness: z
    .strictObject({
      underlyingSeconds: seconds(600).default(5),
      vixSeconds: seconds(3_600).default(60),
      legMinutes: z.number().positive().max(120).default(15),
    })
    .prefault({}),
  patience: z
    .strictObject({ answersSeconds: seconds(3_600).default(60), quotesSeconds: seconds(3_600).default(180) })
    .prefault({}),
  volatility: z
    .strictObject({
      surveyMinutes: z.number().positive().max(390).default(30),
      minHistoryDays: z.int().min(20).max(1_000).default(252),
    })
    .prefault({}),
  predictions: z
    .strictObject({
      minTrades: z.int().min(1).max(1_000).default(20),
      lowestWeight: z.number().min(0.5).max(1).default(0.8),
      highestWeight: z.number().min(1).max(2).default(1.25),
    })
    .prefault({}),
  journal: z
    .strictObject({
      keepQuotesDays: z.int().min(1).max(36_500).default(90),
      keepYears: z.int().min(7).max(100).default(7),
    })
    .prefault({}),
  reconcileEverySeconds: seconds(3_600).default(60),
  reconciliation: reconciliationSchema.prefault({}),
  connection: connectionSchema.prefault({}),
  regime: regimeSchema.prefault({}),
  alerts: alertsSchema.prefault({}),
  riskFreeRatePct: z.number().min(-5).max(50).default(3.5),
});

/** The whole configuration, complete with defaults. */
export type CaretakerConfig = z.infer<typeof configSchema>;

/** Sentences for what no single key can say: each names the keys and the way out. */
export const crossChecks = (
  config: CaretakerConfig,
): readonly { readonly path: readonly (string | number)[]; readonly message: string }[] => {
  const problems: Sentence[] = [...thresholdProblems(config.rules)];
  config.strategies.forEach((strategy, n) => {
    const { name, entry } = strategy;
    const at = ["strategies", n, "entry"];
    if (entry.dteMin > entry.dteTarget || entry.dteTarget > entry.dteMax) {
      problems.push({
        path: [...at, "dteTarget"],
        message: `dteMin ≤ dteTarget ≤ dteMax must hold, got ${entry.dteMin}, ${entry.dteTarget}, ${entry.dteMax}`,
      });
    }
    if (entry.from >= entry.to)
      problems.push({ path: [...at, "from"], message: `from ${entry.from} must be before to ${entry.to}` });
    for (const { path, message } of strategyProblems(strategy)) problems.push({ path: ["strategies", n, ...path], message });
    if (config.strategies.findIndex((other) => other.name === name) !== n) {
      problems.push({ path: ["strategies", n, "name"], message: `two strategies are called ${name}` });
    }
  });
  const { crash, highVol, lowVol } = config.regime;
  const bands = [
    ["crash", crash, crash.leaveVixPoints <= crash.vixPoints, "at most"],
    ["highVol", highVol, highVol.leaveVixPoints <= highVol.vixPoints, "at most"],
    ["lowVol", lowVol, lowVol.leaveVixPoints >= lowVol.vixPoints, "at least"],
  ] as const;
  for (const [name, { vixPoints: entered, leaveVixPoints: left }, holds, how] of bands) {
    if (!holds)
      problems.push({
        path: ["regime", name, "leaveVixPoints"],
        message: `a regime is left beyond where it is entered: ${how} vixPoints (${entered}), got ${left}`,
      });
  }
  if (!(lowVol.leaveVixPoints <= highVol.leaveVixPoints && highVol.vixPoints <= crash.vixPoints)) {
    problems.push({
      path: ["regime"],
      message:
        "low volatility must end (lowVol.leaveVixPoints) below high volatility (highVol), and that must begin below a crash",
    });
  }
  if (config.mode === "live") {
    problems.push({
      path: ["mode"],
      message:
        "live trading is not built yet: there is no interlock, so nothing here trades a live account; use simulated or paper",
    });
  }
  if (config.clock.kind === "simulated" && config.mode !== "simulated") {
    problems.push({ path: ["clock", "kind"], message: `a simulated clock goes only with mode: simulated, not ${config.mode}` });
  }
  return problems;
};

/** What is right, but probably not meant: said at the start and by `config check`. */
export const warnings = (config: CaretakerConfig): readonly Sentence[] => thresholdWarnings(config);
