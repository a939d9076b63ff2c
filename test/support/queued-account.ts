/**
 * The pool of lines and the queue of contracts in a real kernel, over virtual time, with a broker that counts its lines: what an account
 * with thousands of positions does to them. Crashes lose the process and keep the journal.
 */

import { route } from "../../src/actors/router.ts";
import { address } from "../../src/domain/address.ts";
import type { EngineConfig } from "../../src/domain/config.ts";
import type { Contract } from "../../src/domain/contract.ts";
import { EFFECT_CLASS, type EffectName } from "../../src/domain/effects.ts";
import type { EngineFact } from "../../src/domain/facts.ts";
import type { Json } from "../../src/domain/json.ts";
import { price, tradingDay } from "../../src/domain/units.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import type { Logic } from "../../src/kernel/logic.ts";
import { contractQueueMachine } from "../../src/machines/contract-queue.machine.ts";
import { contractShelfMachine } from "../../src/machines/contract-shelf.machine.ts";
import { marketDataLinesMachine } from "../../src/machines/market-data-lines.machine.ts";
import type { Effect, Input } from "../../src/ports/journal.ts";
import { ManualClock, MemoryJournal, MemorySnapshots, settle } from "./kernel-memory.ts";
import { RUN, rig } from "./kernel-rig.ts";
import { DAY, NOON, SPY } from "./quoted-chain.ts";

const ACCOUNT = "DU1";
export const optionNumber = (n: number): Contract => ({
  conId: 1_000_000 + n,
  secType: "OPT",
  symbol: n % 3 === 0 ? "SPY" : "QQQ",
  exchange: "",
  currency: "USD",
  multiplier: 100,
  expiry: tradingDay("2027-01-15"),
  strike: price(100 + (n % 500)),
  right: n % 2 === 0 ? "C" : "P",
});
export const underlyingNumber = (n: number): Contract => ({ ...SPY, conId: 100 + n, symbol: `U${n}` });

const machines = {
  marketDataLines: { machine: marketDataLinesMachine, version: 1, protection: "restart" as const },
  contractQueue: { machine: contractQueueMachine, version: 1, protection: "restart" as const },
  contractShelf: { machine: contractShelfMachine, version: 1, protection: "restart" as const },
};
const logicOf = (config: EngineConfig): Logic => ({
  machines,
  supervisor: address.lines,
  genesis: () =>
    (["marketDataLines", "contractQueue"] as const).map((machine) => ({
      path: machine === "marketDataLines" ? address.lines : address.contractQueue,
      machine,
      input: { config } as unknown as Json,
    })),
  route: (input) =>
    input.type.startsWith("session.")
      ? { to: [address.lines, address.contractQueue] }
      : ["line.requested", "line.released", "lines.released"].includes(input.type)
        ? { to: [address.lines] }
        : input.type.startsWith("run.")
          ? {}
          : route(input),
  effectClass: (type) => EFFECT_CLASS[type as EffectName],
  gate: () => undefined,
  stillWanted: () => false,
  quiet: (type) => ["effect.written", "run.started", "run.stopped", "positions.answered", "line.typed"].includes(type),
});

export interface BrokerManners {
  /** How long a snapshot takes. */
  readonly snapshotMs: (n: number) => number;
  /** The code with which the broker answers a snapshot instead; 0: with a quote; −1: never. */
  readonly failure?: (conId: number, n: number) => number;
  /** How long the broker still counts a cancelled line. */
  readonly countsForMs?: number;
}

export interface QueuedAccount {
  readonly clock: ManualClock;
  readonly journal: MemoryJournal;
  readonly kernel: Kernel;
  /** The most lines that the broker ever counted. */
  readonly mostLines: number;
  /** Streams that were closed though somebody wants them as a held leg or an underlying. */
  readonly evictedActive: number;
  readonly snapshots: number;
  readonly lines: number;
  /** When each contract was refreshed last, by conId. */
  readonly refreshedAt: ReadonlyMap<number, number>;
  /** What went wrong in the kernel; the session does not live here. */
  readonly troubles: readonly object[];
  facts<T extends EngineFact["type"]>(type: T): Extract<EngineFact, { type: T }>[];
  offer(input: object): Promise<void>;
  /** Lets market time pass. */
  pass(ms: number): Promise<void>;
  hold(contracts: readonly Contract[]): Promise<void>;
  /** The connection ends and another stands. */
  reconnect(): Promise<void>;
  /** The process is killed and started anew. */
  crash(): Promise<void>;
}

export const queuedAccount = async (config: EngineConfig, manners: BrokerManners): Promise<QueuedAccount> => {
  const journal = new MemoryJournal();
  const snapshots = new MemorySnapshots();
  const clock = new ManualClock(NOON);
  let epoch = 0;
  const streams = new Map<number, Contract>();
  const looks = new Map<number, number>();
  const counted: number[] = [];
  const refreshedAt = new Map<number, number>();
  let due: { readonly at: number; readonly input: Input; readonly look: number }[] = [];
  let mostLines = 0;
  let evictedActive = 0;
  let asked = 0;
  const active = new Set<number>();

  const linesAtBroker = (): number => streams.size + looks.size + counted.filter((until) => until > clock.now()).length;
  const tooMany = (): boolean => {
    mostLines = Math.max(mostLines, linesAtBroker());
    return linesAtBroker() > config.lines.max;
  };
  const release = (effect: Effect): { readonly written: number } => {
    const params = effect.params as { readonly contract?: Contract; readonly conId?: number };
    const conId = params.contract?.conId ?? params.conId ?? 0;
    switch (effect.type) {
      case "line.open":
        streams.set(conId, params.contract as Contract);
        tooMany();
        break;
      case "line.close":
        if (streams.delete(conId)) counted.push(clock.now() + (manners.countsForMs ?? 0));
        if (active.has(conId)) evictedActive++;
        break;
      case "line.withdraw":
        if (looks.delete(conId)) counted.push(clock.now() + (manners.countsForMs ?? 0));
        due = due.filter(({ look }) => look !== conId);
        break;
      case "line.snapshot": {
        looks.set(conId, ++asked);
        const code = tooMany() ? 101 : (manners.failure?.(conId, asked) ?? 0);
        // Our border gives up one that never ends.
        const at = clock.now() + (code > 0 ? 50 : code < 0 ? 15_000 : manners.snapshotMs(asked));
        const answer =
          code === 0
            ? { type: "snapshot.answered", quote: { conId, bid: price(1), ask: price(1.1), source: "snapshot", at } }
            : { type: "snapshot.failed", code: Math.max(0, code), text: "" };
        due.push({ at, look: conId, input: { ...answer, epoch, conId } as unknown as Input });
        break;
      }
    }
    return { written: epoch };
  };

  let kernel: Kernel;
  const boot = async (): Promise<void> => {
    const made = rig({ logic: logicOf(config), journal, snapshots, clock, release, snapshotEvery: 5_000 });
    kernel = made.kernel;
    await kernel.recover();
    kernel.start(RUN);
    await settle();
  };
  const offer = async (input: object): Promise<void> => {
    kernel.offer(input as Input);
    await settle();
  };
  const gone = (): void => {
    streams.clear();
    looks.clear();
    counted.length = 0;
    due = [];
  };
  const readied = async (): Promise<void> => {
    epoch++;
    await offer({ type: "session.readied", epoch, account: ACCOUNT, clientId: 7 });
  };
  await boot();
  await readied();

  return {
    clock,
    journal,
    get kernel() {
      return kernel;
    },
    get mostLines() {
      return mostLines;
    },
    get evictedActive() {
      return evictedActive;
    },
    get snapshots() {
      return asked;
    },
    get lines() {
      return linesAtBroker();
    },
    refreshedAt,
    get troubles() {
      return journal.steps.flatMap(({ incidents }) => incidents).filter(({ actor }) => actor !== address.session);
    },
    facts: <T extends EngineFact["type"]>(type: T) =>
      journal.steps.flatMap(({ facts }) => facts.filter((fact) => fact.type === type)) as unknown as Extract<
        EngineFact,
        { type: T }
      >[],
    offer: async (input) => {
      const wish = input as { readonly type: string; readonly contract?: Contract; readonly priority?: number };
      if (wish.type === "line.requested" && wish.contract !== undefined && (wish.priority ?? 4) <= 2)
        active.add(wish.contract.conId);
      if (wish.type === "line.released") active.delete((input as { readonly conId: number }).conId);
      await offer(input);
    },
    pass: async (ms) => {
      const until = clock.now() + ms;
      while (clock.now() < until) {
        const step = Math.min(250, until - clock.now());
        clock.advance(step);
        const now = clock.now();
        const ripe = due.filter(({ at }) => at <= now);
        due = due.filter(({ at }) => at > now);
        for (const { input, look } of ripe) {
          looks.delete(look);
          if (input.type === "snapshot.answered") refreshedAt.set(look, now);
          kernel.offer(input);
        }
        await settle();
      }
    },
    hold: (contracts) =>
      offer({
        type: "positions.answered",
        epoch,
        replyTo: address.contractQueue,
        request: "q",
        positions: contracts.map((contract) => ({ account: ACCOUNT, contract, quantity: 1 })),
      }),
    reconnect: async () => {
      gone();
      await offer({ type: "session.unreadied", epoch, reason: "closed" });
      await readied();
    },
    crash: async () => {
      gone();
      clock.jump(clock.now() + 3_000);
      await boot();
      await offer({ type: "session.unreadied", epoch, reason: "restarted" });
      await readied();
    },
  };
};
export { DAY };
