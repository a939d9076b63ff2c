/**
 * The configuration file's schema: every tunable once, with its unit in the key, its default and its absolute bounds. What the
 * actors receive of it is EngineConfig (config.ts); the rest concerns the process.
 */
import { z } from "zod";

const pct = (max = 100) => z.number().min(0).max(max);
const seconds = (max = 86_400) => z.number().positive().max(max);
const urgency = z.enum(["immediate", "high", "normal", "low"]);
const wallTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "a New York wall time HH:MM");
const whenUnknown = z.enum(["deny", "skip"]);

const entrySchema = z.strictObject({
  from: wallTime.default("09:45"),
  to: wallTime.default("15:30"),
  cooldownSeconds: seconds().default(900),
  dteMin: z.int().min(0).max(365).default(30),
  dteTarget: z.int().min(0).max(365).default(45),
  dteMax: z.int().min(0).max(365).default(60),
  shortDelta: z.number().min(0.01).max(0.5).default(0.16),
  wingWidthPct: z.number().positive().max(20).default(1),
  minCreditPctOfWidth: pct().default(10),
  maxSpreadPctOfWidth: pct().default(15),
  minOpenInterest: z.int().min(0).default(0),
});
const filtersSchema = z.strictObject({
  vix: z
    .strictObject({ maxVix: z.number().positive().max(100).default(35), whenUnknown: whenUnknown.default("deny") })
    .prefault({}),
  ivHistory: z
    .strictObject({
      minIvPercentile: pct().default(0),
      minDays: z.int().min(1).max(1_000).default(252),
      whenUnknown: whenUnknown.default("deny"),
    })
    .prefault({}),
});
const strategySchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,40}$/, "lower-case letters, digits and dashes"),
  kind: z.literal("iron-condor"),
  symbol: z.string().regex(/^[A-Z][A-Z0-9.]{0,9}$/, "a ticker symbol in capitals"),
  underlyingSecType: z.literal("STK").default("STK"),
  exchange: z.string().default("SMART"),
  primaryExchange: z.string().optional(),
  enabled: z.boolean().default(true),
  quantity: z.int().min(1).max(100).default(1),
  entry: entrySchema.prefault({}),
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
      stopLoss: z
        .strictObject({
          creditMultiplePct: pct(1_000).default(200),
          maxLossPct: pct().default(75),
          urgency: urgency.default("immediate"),
        })
        .prefault({}),
      expiry: z
        .strictObject({ sessionsBefore: z.int().min(0).max(30).default(1), urgency: urgency.default("immediate") })
        .prefault({}),
      takeProfit: z.strictObject({ targetPct: pct().default(50), urgency: urgency.default("normal") }).prefault({}),
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
  journal: z
    .strictObject({
      keepQuotesDays: z.int().min(1).max(36_500).default(90),
      keepYears: z.int().min(7).max(100).default(7),
    })
    .prefault({}),
  reconcileEverySeconds: seconds(3_600).default(60),
  reconciliation: reconciliationSchema.prefault({}),
  connection: connectionSchema.prefault({}),
  riskFreeRatePct: z.number().min(-5).max(50).default(3.5),
});

/** The whole configuration, complete with defaults. */
export type CaretakerConfig = z.infer<typeof configSchema>;

/** Sentences for what no single key can say: each names the keys and the way out. */
export const crossChecks = (
  config: CaretakerConfig,
): readonly { readonly path: readonly (string | number)[]; readonly message: string }[] => {
  const problems: { path: (string | number)[]; message: string }[] = [];
  config.strategies.forEach(({ name, entry }, n) => {
    const at = ["strategies", n, "entry"];
    if (entry.dteMin > entry.dteTarget || entry.dteTarget > entry.dteMax) {
      problems.push({
        path: [...at, "dteTarget"],
        message: `dteMin ≤ dteTarget ≤ dteMax must hold, got ${entry.dteMin}, ${entry.dteTarget}, ${entry.dteMax}`,
      });
    }
    if (entry.from >= entry.to)
      problems.push({ path: [...at, "from"], message: `from ${entry.from} must be before to ${entry.to}` });
    if (config.strategies.findIndex((other) => other.name === name) !== n) {
      problems.push({ path: ["strategies", n, "name"], message: `two strategies are called ${name}` });
    }
  });
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
