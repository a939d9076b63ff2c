/**
 * One seed, one world: a market, a broker, a network, a disk, and the engine living among them while things go wrong.
 *
 * Everything happens in one queue of virtual time. After each event the world waits until every promise that it set off has come
 * to rest, so that the order of things depends on the seed alone. The engine is a black box that is booted, killed and stopped.
 */
import { nextSession, type Session, sessionOf } from "../../domain/calendar/market-calendar.ts";
import { newYorkDay } from "../../domain/calendar/new-york.ts";
import { type EpochMs, epochMs, money } from "../../domain/units.ts";
import type { Step } from "../../ports/journal.ts";
import { createAuditor, type Violation } from "../auditor/auditor.ts";
import type { Check, Evidence, Seen } from "../auditor/evidence.ts";
import { createBroker } from "../broker/broker.ts";
import { createFaultBoard } from "../faults/board.ts";
import { drawFaults, type FaultName, type FaultOptions, HEALED_BEFORE_END_MS, type PlannedFault } from "../faults.ts";
import { randomStream } from "../market/random.ts";
import { createSyntheticMarket } from "../market/synthetic-market.ts";
import { createDisk } from "./disk.ts";
import { DROP_COPY_CLIENT_ID, openDropCopy } from "./drop-copy.ts";
import type { EngineUnderTest } from "./engine.ts";
import { createLife, Killed } from "./life.ts";
import { createLine, type Line, type Words } from "./line.ts";
import { createProcesses } from "./processes.ts";
import type { Stage } from "./stage.ts";
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
  readonly stepMs?: { readonly busy: number; readonly idle: number };
  readonly checks?: readonly Check[];
  /** A written scenario: called before anything happens. */
  readonly stage?: (stage: Stage) => void;
  /** Default true: at the end, derive everything once more from genesis and compare (S14). */
  readonly replay?: boolean;
}

export interface Outcome {
  readonly traceHash: string;
  readonly sessions: number;
  /** Journal records. */
  readonly steps: number;
  /** Positions opened, executions booked, positions closed. */
  readonly entries: number;
  readonly fills: number;
  readonly trades: number;
  readonly crashes: number;
  readonly drops: number;
  readonly faultsTriggered: { readonly [fault: string]: number };
  readonly violations: readonly Violation[];
  readonly evaluations: { readonly [check: string]: number };
}

const STEP_MS = { busy: 1_000, idle: 60_000 };
/** How long the market is looked at closely after the engine asked for something. */
const BUSY_MS = 12_000;
const CHECKPOINT_MS = 10 * 60_000;
const LAST_LOOK_AFTER_CLOSE_MS = 60_000;
const STOP_AFTER_CLOSE_MS = 75_000;
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

const sessionsFrom = (begins: EpochMs, days: number, lastMinutes: number | undefined): readonly Session[] => {
  const today = sessionOf(newYorkDay(begins));
  const sessions = [today !== undefined && begins < today.close ? today : nextSession(begins)];
  while (sessions.length < days) sessions.push(nextSession(epochMs((sessions.at(-1) as Session).close + 1)));
  const last = sessions.pop() as Session;
  const close = lastMinutes === undefined ? last.close : epochMs(Math.min(last.close, last.open + lastMinutes * 60_000));
  return [...sessions, { ...last, close }];
};
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export const runWorld = async (options: WorldOptions): Promise<Outcome> => {
  const { seed, engine: underTest, stepMs = STEP_MS } = options;
  const market = createSyntheticMarket({ seed });
  const time = createVirtualTime({ begins: market.begins, skipClosed: true });
  const chance = randomStream(seed, "world");
  const auditor = createAuditor(options.checks);
  const trace = createTraceHash();
  const sessions = sessionsFrom(market.begins, options.days, options.lastSessionMinutes);
  const lastSession = sessions.at(-1) as Session;

  const hear = (seen: Seen): void => auditor.hear({ ...seen, at: time.market() } as Evidence);

  const count = { steps: 0, entries: 0, fills: 0, trades: 0, crashes: 0, drops: 0, orders: 0, ordersToday: 0 };
  const triggered: { [fault: string]: number } = {};
  const onTriggered = (fault: FaultName): void => {
    triggered[fault] = (triggered[fault] ?? 0) + 1;
    if (fault.startsWith("line.") || fault.startsWith("gateway.")) count.drops++;
  };

  const recordListeners: ((record: Step) => void)[] = [];
  const orderListeners: ((n: number) => void)[] = [];

  // ── the machine ──────────────────────────────────────────────────────────────────────────────────────────────────────
  const records: string[] = [];
  const FACTS: { readonly [type: string]: "entries" | "fills" | "trades" } = {
    "slot.opened": "entries",
    "fill.booked": "fills",
    "slot.closed": "trades",
  };
  const disk = createDisk({
    time,
    fsyncMs: () => 1 + Math.floor(chance.uniform() ** 6 * 9),
    landed: () => chance.uniform() < 0.5,
    onDurable: (key, text) => {
      if (!key.startsWith("j/")) return;
      records.push(text);
      trace.text(text);
      const record = JSON.parse(text) as Step;
      count.steps++;
      for (const { type } of record.facts) {
        const counted = FACTS[type];
        if (counted !== undefined) count[counted]++;
      }
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

  let busyUntil = 0;
  let nextLook = { at: 0, takeBack: () => {} };
  const look = (): void => {
    broker.advance(time.market());
    lookIn(ordersLive || time.now() < busyUntil ? stepMs.busy : stepMs.idle);
  };
  const lookIn = (ms: number): void => {
    nextLook = { at: time.now() + ms, takeBack: time.after(ms, look) };
  };
  const beBusy = (): void => {
    busyUntil = time.now() + BUSY_MS;
    if (nextLook.at - time.now() <= stepMs.busy) return;
    nextLook.takeBack();
    lookIn(stepMs.busy);
  };

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
      count.crashes++;
      onTriggered(fault);
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
    onTriggered,
  });
  let today: { readonly session: Session; readonly plan: readonly PlannedFault[] } | undefined;
  const mayBegin = (): boolean => today !== undefined && time.market() < today.session.close - HEALED_BEFORE_END_MS;
  const begin = (fault: PlannedFault) => (): void => {
    if (!mayBegin()) return;
    trace.add("trouble", [time.now(), fault.name]);
    troubles.begin(fault);
  };
  const afterOrder = (): void => {
    count.orders++;
    count.ordersToday++;
    for (const listener of orderListeners) listener(count.orders);
    for (const fault of today?.plan ?? [])
      if ("order" in fault.when && fault.when.order === count.ordersToday) time.after(fault.when.afterMs, begin(fault));
  };

  // ── the timetable ────────────────────────────────────────────────────────────────────────────────────────────────────
  let finished = false;
  const checkpoint = (last: boolean): void => {
    processes.hashLive();
    const truth = broker.truth();
    dropCopy.ask(() => hear({ kind: "checkpoint", truth, last }));
  };
  const stop = (): void => {
    processes.stop().then(() => {
      finished = true;
    }, processes.fail);
  };
  for (const session of sessions) {
    time.atMarket(session.open, () => {
      count.ordersToday = 0;
      const plan = drawFaults(seed, { day: session.day, opens: session.open, ends: session.close }, options.faults);
      today = { session, plan };
      for (const fault of plan) if ("at" in fault.when) time.atMarket(fault.when.at, begin(fault));
    });
    time.atMarket(session.close - HEALED_BEFORE_END_MS, () => troubles.heal());
    for (let at = session.open + CHECKPOINT_MS; at < session.close; at += CHECKPOINT_MS)
      time.atMarket(at, () => checkpoint(false));
    time.atMarket(session.close + LAST_LOOK_AFTER_CLOSE_MS, () =>
      checkpoint(session === lastSession && options.lastSessionMinutes === undefined),
    );
  }
  time.atMarket(lastSession.close + STOP_AFTER_CLOSE_MS, stop);

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
    begin: (name, chance = 0.5) => {
      trace.add("trouble", [time.now(), name]);
      troubles.begin({ name, when: { at: time.now() }, chance });
    },
    fault: (request) => {
      trace.add("fault", [time.now(), request]);
      return board.begin(request);
    },
    heal: () => troubles.heal(),
    line: () => line,
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
  const until = epochMs(lastSession.close + STOP_AFTER_CLOSE_MS + 40_000);
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

  const { steps, entries, fills, trades, crashes, drops } = count;
  return {
    traceHash: trace.digest(),
    sessions: sessions.length,
    steps,
    entries,
    fills,
    trades,
    crashes,
    drops,
    faultsTriggered: triggered,
    violations: auditor.violations,
    evaluations: auditor.evaluations,
  };
};
