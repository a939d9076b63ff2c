/**
 * One seed, one world: a market, a broker, a network, a disk, and the engine living among them while things go wrong.
 *
 * Everything happens in one queue of virtual time. After each event the world waits until every promise that it set off has come
 * to rest, so that the order of things depends on the seed alone. The engine is a black box that is booted, killed and stopped.
 */
import type { Session } from "../../domain/calendar/market-calendar.ts";
import { epochMs, money } from "../../domain/units.ts";
import type { Step } from "../../ports/journal.ts";
import { createAuditor, type Violation } from "../auditor/auditor.ts";
import type { Check, Evidence, Seen } from "../auditor/evidence.ts";
import { createBroker } from "../broker/broker.ts";
import { createFaultBoard } from "../faults/board.ts";
import type { FaultOptions, PlannedFault } from "../faults.ts";
import { randomStream } from "../market/random.ts";
import { createSyntheticMarket } from "../market/synthetic-market.ts";
import { createDailyTroubles } from "./daily-troubles.ts";
import { createDisk } from "./disk.ts";
import { DROP_COPY_CLIENT_ID, openDropCopy } from "./drop-copy.ts";
import type { EngineUnderTest } from "./engine.ts";
import { createLife, Killed } from "./life.ts";
import { createLine, type Line, type Words } from "./line.ts";
import { createLooks, STEP_MS, type StepMs } from "./looks.ts";
import { createProcesses } from "./processes.ts";
import type { Stage } from "./stage.ts";
import { type Counts, createTally } from "./tally.ts";
import { endOf, keepTimetable, sessionsFrom } from "./timetable.ts";
import { createTraceHash } from "./trace-hash.ts";
import { createTroubles } from "./troubles.ts";
import { createVirtualTime } from "./virtual-time.ts";

export interface WorldOptions {
  readonly seed: number;
  /** Sessions to live through. */
  readonly days: number;
  readonly engine: EngineUnderTest;
  readonly faults: FaultOptions;
  /** Ends the last session so many minutes after its open, at least 30: a world cut short, without the last look at its end. */
  readonly lastSessionMinutes?: number;
  /** Market time between two looks of the market: while orders or enquiries are about, and otherwise. */
  readonly stepMs?: StepMs;
  readonly checks?: readonly Check[];
  /** A written scenario: called before anything happens. */
  readonly stage?: (stage: Stage) => void;
  /** Default true: at the end, derive everything once more from genesis and compare (S14). */
  readonly replay?: boolean;
}

export interface Outcome extends Counts {
  readonly traceHash: string;
  readonly sessions: number;
  readonly faultsTriggered: { readonly [fault: string]: number };
  readonly violations: readonly Violation[];
  readonly evaluations: { readonly [check: string]: number };
}

const OPENING_CASH = 250_000;

/** What the engine asks when it is after something, as against its rounds of reconciliation. */
const BUSY_CALLS: ReadonlySet<string> = new Set([
  "connect",
  "placeOrder",
  "cancelOrder",
  "reqMktData",
  "reqContractDetails",
  "reqSecDefOptParams",
  "reqHistoricalData",
]);
const isTick = (name: string): boolean => name.startsWith("tick");

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export const runWorld = async (options: WorldOptions): Promise<Outcome> => {
  const { seed, engine: underTest, stepMs = STEP_MS } = options;
  const market = createSyntheticMarket({ seed });
  const time = createVirtualTime({ begins: market.begins, skipClosed: true });
  const chance = randomStream(seed, "world");
  const auditor = createAuditor(options.checks);
  const trace = createTraceHash();
  const sessions = sessionsFrom(market.begins, options.days, options.lastSessionMinutes);

  const hear = (seen: Seen): void => auditor.hear({ ...seen, at: time.market() } as Evidence);

  const tally = createTally();
  let ordersSent = 0;
  const recordListeners: ((record: Step) => void)[] = [];
  const orderListeners: ((n: number) => void)[] = [];

  // ── the machine ──────────────────────────────────────────────────────────────────────────────────────────────────────
  const disk = createDisk({
    time,
    fsyncMs: () => 1 + Math.floor(chance.uniform() ** 6 * 9),
    landed: () => chance.uniform() < 0.5,
    onDurable: (key, text) => {
      if (!key.startsWith("j/")) return;
      trace.text(text);
      const record = JSON.parse(text) as Step;
      tally.record(record);
      hear({ kind: "record", text, record });
      for (const listener of recordListeners) listener(record);
    },
  });

  // ── the broker ───────────────────────────────────────────────────────────────────────────────────────────────────────
  const broker = createBroker({
    market,
    accounts: [{ id: underTest.account, cash: money(OPENING_CASH) }],
    seed,
    scheduler: time,
    // The engine has a model of its own, and a day has a million of them.
    optionComputations: false,
  });
  let ordersLive = false;
  hear({ kind: "books", truth: broker.truth() });
  broker.onChange(() => {
    const truth = broker.truth();
    ordersLive = truth.accounts.some(({ openOrders }) => openOrders.length > 0);
    hear({ kind: "books", truth });
  });
  const board = createFaultBoard({ broker, seed, now: () => market.now, exempt: [DROP_COPY_CLIENT_ID] });
  const dropCopy = openDropCopy(broker.client(), {
    executed: (row) => hear({ kind: "executed", row }),
    commissioned: (execId, amount) => hear({ kind: "commissioned", execId, amount }),
  });

  const { look, beBusy } = createLooks({
    time,
    stepMs,
    advance: () => void broker.advance(time.market()),
    ordersLive: () => ordersLive,
  });

  // ── the network ──────────────────────────────────────────────────────────────────────────────────────────────────────
  let line: Line | undefined;
  let lines = 0;
  const openLine = (): Line => {
    const n = ++lines;
    line = createLine({
      session: broker.client(),
      scheduler: time,
      latencyMs: 1 + Math.floor(chance.uniform() * 30),
      refused: troubles.gatewayAway,
      witness: {
        sent: (words) => {
          witness("sent", n, words);
          if (BUSY_CALLS.has(words[0])) beBusy();
          if (words[0] === "placeOrder" && (words[3] as { readonly whatIf?: boolean }).whatIf !== true) afterOrder();
        },
        heard: (words) => witness("heard", n, words),
        ended: () => {
          trace.add("ended", [time.now(), n]);
          hear({ kind: "lineEnded", line: n });
        },
      },
    });
    return line;
  };
  const witness = (kind: "sent" | "heard", n: number, words: Words): void => {
    trace.add(kind, [time.now(), n, words]);
    if (!isTick(words[0])) hear({ kind, line: n, name: words[0], words: words.slice(1) });
  };

  // ── the engine's processes ───────────────────────────────────────────────────────────────────────────────────────────
  const processes = createProcesses({
    time,
    chance,
    disk,
    engine: underTest,
    newClient: () => openLine().client,
    abandonLine: () => line?.abandon(),
    hear,
    onKilled: (fault) => {
      tally.crash();
      tally.fault(fault);
    },
  });

  // ── troubles ─────────────────────────────────────────────────────────────────────────────────────────────────────────
  const troubles = createTroubles({
    time,
    broker,
    board,
    crashPoints: processes.crashPoints,
    line: () => line,
    kill: processes.kill,
    onTriggered: tally.fault,
  });
  const begin = (fault: PlannedFault): void => {
    trace.add("trouble", [time.now(), fault.name]);
    troubles.begin(fault);
  };
  const daily = createDailyTroubles({ seed, faults: options.faults, time, begin });
  const afterOrder = (): void => {
    ordersSent++;
    for (const listener of orderListeners) listener(ordersSent);
    daily.afterOrder();
  };

  // ── the timetable ────────────────────────────────────────────────────────────────────────────────────────────────────
  let finished = false;
  const checkpoint = (after?: Session): void => {
    const last = after !== undefined && after === sessions.at(-1) && options.lastSessionMinutes === undefined;
    processes.hashLive();
    const truth = broker.truth();
    dropCopy.ask(() => hear({ kind: "checkpoint", truth, last }));
  };
  const stop = (): void => {
    processes.stop().then(() => {
      finished = true;
    }, processes.fail);
  };
  keepTimetable(time, sessions, { open: daily.open, heal: () => troubles.heal(), checkpoint, stop });

  options.stage?.({
    broker,
    market,
    at: (minutes, act) => time.atMarket(epochMs((sessions[0] as Session).open + minutes * 60_000), act),
    after: (ms, act) => time.after(ms, act),
    afterOrder: (n, act, afterMs = 0) => {
      orderListeners.push((sent) => {
        if (sent === n) time.after(afterMs, act);
      });
    },
    onRecord: (listener) => recordListeners.push(listener),
    begin: (name, chance = 0.5) => begin({ name, when: { at: time.now() }, chance }),
    fault: (request) => {
      trace.add("fault", [time.now(), request]);
      return board.begin(request);
    },
    kill: () => processes.kill("crash"),
  });

  // ── and it runs ──────────────────────────────────────────────────────────────────────────────────────────────────────
  // Two quiet turns of the loop: the store itself takes one between two slices of a snapshot.
  const rest = async (): Promise<void> => {
    for (let quiet = 0; quiet < 2; quiet++) {
      const before = disk.begun;
      await turn();
      if (disk.pending > 0 || disk.begun !== before) quiet = -1;
    }
  };
  processes.boot();
  look();
  await rest();
  let begun = disk.begun;
  const until = endOf(sessions);
  while (!finished) {
    let ran = false;
    try {
      ran = time.step(until);
    } catch (error) {
      ran = true;
      if (!(error instanceof Killed)) processes.fail(error);
    }
    if (!ran) break;
    if (disk.begun !== begun || disk.pending > 0 || !processes.running) {
      await rest();
      begun = disk.begun;
    }
  }
  if (!finished) hear({ kind: "processFailed", detail: "it did not come to a clean end" });

  const reader = createLife(time);
  const journal = await disk.read({ gte: "j/", lt: "j0" });
  hear({ kind: "journal", texts: journal.map(([, text]) => text) });
  const hashes = options.replay === false ? [] : await underTest.replayedHashes(disk.open(reader), processes.hashedSeqs());
  for (const [seq, hash] of hashes) hear({ kind: "state", seq, hash, from: "genesis" });
  dropCopy.close();

  return {
    traceHash: trace.digest(),
    sessions: sessions.length,
    ...tally.counts,
    faultsTriggered: tally.triggered,
    violations: auditor.violations,
    evaluations: auditor.evaluations,
  };
};
