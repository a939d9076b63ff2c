/**
 * The demo in a fresh process: its gateway over TCP, its engine on a real disk, its read side, its page. Of each step that a quote made
 * it tells when that quote entered the inbox, when it was stepped, and when its record was on disk.
 *
 * The demo enters a few positions an hour; `busier` is all that is set otherwise, so that there are a few a second. Besides, the scripted
 * faults are left out, the story is told to nobody, and the gateway keeps no world file: it would be written and synced with every order, in
 * this very loop, where the demo has few orders and a real gateway is somewhere else.
 */
import { join } from "node:path";
import { runDaemon } from "../src/cli/daemon.ts";
import { createLogger } from "../src/cli/logging.ts";
import { DEFAULT_SEED, DEFAULT_VIX } from "../src/cli/market-flags.ts";
import { DEFAULT_ACCOUNT } from "../src/cli/verbs/gateway.ts";
import type { CaretakerConfig } from "../src/domain/config-schema.ts";
import { STRATEGIES } from "../src/domain/strategies/index.ts";
import type { Strategy } from "../src/domain/strategies/strategy.ts";
import { money } from "../src/domain/units.ts";
import { loadConfig } from "../src/io/config/config-file.ts";
import type { Input, Step } from "../src/ports/journal.ts";
import { startGateway } from "../src/sim/gateway.ts";
import { createSyntheticMarket } from "../src/sim/market/synthetic-market.ts";
import { threadCpu } from "./statistics.ts";

/** Milliseconds. */
export interface QuoteStep {
  /** From the inbox to the journal's disk: waiting to be stepped, the step, and waiting for the disk. */
  readonly total: number;
  readonly step: number;
  readonly disk: number;
  /** What the step cost this thread, without what the neighbours took meanwhile. Counted in ticks of a few ms: only means say something. */
  readonly stepCpu: number;
}
export interface QuoteToIntentReport {
  /** Steps of quotes that recorded an `order.intended`. */
  readonly intents: readonly QuoteStep[];
  readonly others: readonly QuoteStep[];
  /** How long each choice among the structures took. */
  readonly choices: readonly number[];
  readonly records: number;
}

const [directory = "", seconds = "20"] = process.argv.slice(2);

/** A look every half second, whose order is given up at once: it rests at the middle, where only the natural price fills it. */
const busier = (demo: CaretakerConfig): CaretakerConfig => ({
  ...demo,
  // Looking so often, three strategies ask more of IB than it answers.
  gateway: { ...demo.gateway, messagesPerSecond: MESSAGES_PER_SECOND },
  strategies: demo.strategies.map((strategy) => ({ ...strategy, entry: { ...strategy.entry, cooldownSeconds: 30 } })),
  orders: { ...demo.orders, entryStepSeconds: 1, entryGiveUpSeconds: 1 },
  limits: { ...demo.limits, slots: 50 },
});
const MESSAGES_PER_SECOND = 1_000;
const FILLS = "recorded";
/** So that the few that are filled all the same do not use up the limits. */
const CASH_DOLLARS = 10_000_000;

const loaded = loadConfig(join(import.meta.dirname, "..", "config", "demo.yaml"));
if (!loaded.ok || loaded.config.clock.kind !== "simulated") throw new Error("config/demo.yaml cannot be used");
const config = busier(loaded.config);
const { speed, skipClosed } = loaded.config.clock;

const choices: number[] = [];
for (const strategy of Object.values(STRATEGIES) as { select: Strategy["select"] }[]) {
  const { select } = strategy;
  strategy.select = (scene) => {
    const began = performance.now();
    const choice = select(scene);
    choices.push(performance.now() - began);
    return choice;
  };
}

const offered = new WeakMap<Input, number>();
const stepped = new Map<number, { readonly began: number; readonly ended: number; readonly cpu: number }>();
const intents: QuoteStep[] = [];
const others: QuoteStep[] = [];
let records = 0;
let began = 0;
let beganCpu = 0;
const noteDurable = (steps: readonly Step[]): void => {
  const durable = performance.now();
  for (const { seq, input, facts } of steps) {
    records++;
    const from = offered.get(input);
    const at = stepped.get(seq);
    stepped.delete(seq);
    if (from === undefined || at === undefined) continue;
    const isIntent = facts.some(({ type }) => type === "order.intended");
    (isIntent ? intents : others).push({
      total: durable - from,
      step: at.ended - at.began,
      disk: durable - at.ended,
      stepCpu: at.cpu,
    });
  }
};

const logger = createLogger("error");
const gateway = await startGateway({
  market: createSyntheticMarket({ seed: DEFAULT_SEED, vix0: DEFAULT_VIX }),
  fills: FILLS,
  account: DEFAULT_ACCOUNT,
  cash: money(CASH_DOLLARS),
  seed: DEFAULT_SEED,
  port: 0,
  speed,
  skipClosed,
  logger,
  pacing: { messagesPerSecond: MESSAGES_PER_SECOND },
});
await runDaemon({
  config,
  host: "127.0.0.1",
  port: gateway.port,
  stateDirectory: join(directory, "state"),
  httpPort: 0,
  logger,
  headless: true,
  tell: () => {},
  forMs: Number(seconds) * 1_000,
  signal: new AbortController().signal,
  watch: {
    onOffered: (input) => {
      if (input.type === "quote.updated") offered.set(input, performance.now());
    },
    probe: (point, detail) => {
      if (point === "apply.before") {
        beganCpu = threadCpu();
        began = performance.now();
      } else if (point === "apply.after") {
        const ended = performance.now();
        stepped.set(Number(detail), { began, ended, cpu: (threadCpu() - beganCpu) / 1_000 });
      }
    },
    onDurable: noteDurable,
  },
});
await gateway.close();
// A long message takes a while to leave.
process.send?.({ intents, others, choices, records } satisfies QuoteToIntentReport, () => process.disconnect());
