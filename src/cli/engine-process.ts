/**
 * The engine, put together: state directory, kernel, household, IB port. One process runs one; the demo's gateway is another thing
 * altogether and only its TCP port is known here.
 *
 *   state directory ─▶ kernel(household) ─▶ outbox ─▶ IB port ─▶ socket
 *                          ▲      └─▶ onDurable ─▶ whoever reads
 *                          └── inbox ◀── IB port, operator
 */

import { household } from "../actors/household.ts";
import { ANNOUNCEMENT_CODE, parseAnnouncement } from "../domain/announcement.ts";
import { newYorkDay } from "../domain/calendar/new-york.ts";
import type { EngineConfig } from "../domain/config.ts";
import { type EpochMs, epochMs } from "../domain/units.ts";
import type { MarketClock } from "../io/clock/market-clock.ts";
import { realScheduler } from "../io/clock/real-scheduler.ts";
import { createIbPort, type IbPort } from "../io/ib/ib-port.ts";
import type { Logger } from "../io/ib/port-words.ts";
import { Kernel } from "../kernel/kernel.ts";
import type { Logic, Receipt, Recovered } from "../kernel/logic.ts";
import type { IbClient } from "../ports/ib-client.ts";
import type { Effect, Input, Step } from "../ports/journal.ts";
import type { DaemonState } from "../store/state-directory.ts";
import { stateHash } from "../store/state-hash.ts";
import { asJson } from "./engine-config.ts";

export interface EngineParts {
  readonly state: DaemonState;
  readonly config: EngineConfig;
  readonly build: string;
  readonly clock: MarketClock;
  readonly newClient: () => IbClient;
  readonly clientId: number;
  readonly messagesPerSecond?: number;
  readonly heartbeatMs?: number;
  readonly logger: Logger;
  /** After each durable batch. */
  readonly onDurable: (steps: readonly Step[]) => void;
  /** A sentence for the operator that must reach somebody (at least once, by key). */
  readonly onNotice: (notice: { readonly key: string; readonly severity: string; readonly text: string }) => void;
  /** The process must end now: nothing leaves any more. */
  readonly onFatal: (error: unknown, inHand: Input | undefined) => void;
  readonly onAnnouncement?: (text: string) => void;
}

export interface EngineProcess {
  readonly kernel: Kernel;
  readonly port: IbPort;
  readonly recovered: Recovered;
  command(input: Input): Promise<Receipt>;
  stateHash(): string;
  /** Entries off, working entries cancelled, a snapshot with an empty tail, the directory closed. */
  stop(): Promise<void>;
}

/** Real time that working entry orders get to be cancelled before the kernel stops. */
const DRAIN_MS = 2_500;
const DRAIN_LOOK_MS = 50;

/** Records between two snapshots. A killed process derives its tail again at about a thousand records in half a second. */
const SNAPSHOT_EVERY = 2_000;

/** Recovers and starts. Throws when the journal cannot be trusted; the state directory is the caller's to close then. */
export const startEngine = async (parts: EngineParts): Promise<EngineProcess> => {
  const { state, clock, logger, build } = parts;
  const logic: Logic = household as unknown as Logic;
  const offer = (input: Input, key?: string): void => {
    kernel.offer(input, key === undefined ? {} : { key });
  };
  const port = createIbPort({
    newClient: parts.newClient,
    clientId: parts.clientId,
    scheduler: realScheduler,
    now: () => clock.now(),
    deliver: (report, key) => offer(report as unknown as Input, key),
    settled: (effect, settlement) =>
      offer(
        "written" in settlement
          ? { type: "effect.written", effect, epoch: settlement.written }
          : { type: "effect.refused", effect, reason: settlement.refused },
      ),
    lastCheck: (effect) => logic.gate(effect as Effect, kernel.view),
    logger,
    ...(parts.messagesPerSecond === undefined ? {} : { messagesPerSecond: parts.messagesPerSecond }),
    ...(parts.heartbeatMs === undefined ? {} : { heartbeatMs: parts.heartbeatMs }),
    onAnnouncement: (text) => {
      const announced = parseAnnouncement(text);
      const moved = announced === undefined ? 0 : clock.align(announced.now);
      // Small corrections are the wire's latency; a step is a fact of the day.
      if (moved > 2_000) offer({ type: "clock.stepped", byMs: moved });
      parts.onAnnouncement?.(text);
    },
  });
  const kernel = new Kernel({
    logic,
    journal: state.journal,
    snapshots: state.snapshots,
    clock,
    build,
    snapshotEvery: SNAPSHOT_EVERY,
    outbox: {
      release: (effect) => {
        if (effect.type === "operator.notify") {
          parts.onNotice(effect.params as unknown as { key: string; severity: string; text: string });
          return { written: 0 };
        }
        const handover = port.send(effect);
        logger.debug({ effect: effect.id, type: effect.type, ...handover }, "released");
        return "pending" in handover ? "pending" : handover;
      },
    },
    fatal: (error, inHand) => {
      port.close();
      parts.onFatal(error, inHand);
    },
    onDurable: (steps) => {
      for (const { seq, effects } of steps)
        for (const { id, type } of effects) logger.debug({ seq, effect: id, type }, "durable");
      parts.onDurable(steps);
    },
    onPressure: (pressed) => (pressed ? port.pause() : port.resume()),
    breathe: () => new Promise((resolve) => setImmediate(resolve)),
  });
  const recovered = await kernel.recover();
  kernel.start({ config: asJson(parts.config), node: process.versions.node, mode: parts.config.mode });

  const entriesAtWork = (): number =>
    kernel
      .stateParts()
      .actors.filter(({ path, snapshot }) => path.startsWith("order/") && isWorkingEntry(snapshot as unknown as OrderSnapshot))
      .length;

  return {
    kernel,
    port,
    recovered,
    command: (input) => kernel.offerCommand(input),
    stateHash: () => stateHash(kernel.stateParts()),
    async stop() {
      kernel.offer({ type: "run.stopping" });
      const until = performance.now() + DRAIN_MS;
      while (entriesAtWork() > 0 && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, DRAIN_LOOK_MS));
      await kernel.stop();
      port.close();
    },
  };
};

interface OrderSnapshot {
  readonly value: unknown;
  readonly context?: { readonly intent?: { readonly purpose?: string } };
}
const isWorkingEntry = ({ value, context }: OrderSnapshot): boolean =>
  context?.intent?.purpose === "entry" && typeof value === "object" && value !== null && "live" in value;

/** The trading day of an instant: which snapshots are a day's first. */
export const dayOf = (now: number): string => newYorkDay(epochMs(Math.floor(now)) as EpochMs);
export { ANNOUNCEMENT_CODE };
