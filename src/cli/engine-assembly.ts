/**
 * The engine, put together out of its parts; the same for a daemon and for the simulation, which only bring other surroundings (P6):
 *
 *   journal ─▶ kernel(household) ─▶ outbox ─▶ IB port ─▶ client
 *                  ▲      └─▶ onDurable ─▶ whoever reads
 *                  └── inbox ◀── IB port, operator
 */
import { household } from "../actors/household.ts";
import type { EpochMs } from "../domain/units.ts";
import { createIbPort, type IbPort, type IbPortOptions } from "../io/ib/ib-port.ts";
import type { Logger } from "../io/ib/port-words.ts";
import { Kernel } from "../kernel/kernel.ts";
import type { KernelOptions, Logic, Outbox } from "../kernel/logic.ts";
import type { Clock, Scheduler } from "../ports/clock.ts";
import type { IbClient } from "../ports/ib-client.ts";
import type { Effect, Input, Journal, Snapshots } from "../ports/journal.ts";

/** A sentence that must reach somebody, at least once by key. */
export interface Notice {
  readonly key: string;
  readonly severity: "info" | "warning" | "critical";
  readonly text: string;
}

export interface Surroundings extends Pick<KernelOptions, "onDurable" | "onOffered" | "breathe" | "probe" | "fatal"> {
  readonly journal: Journal;
  readonly snapshots: Snapshots;
  readonly build: string;
  /** Market time, and real time. */
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly newClient: () => IbClient;
  readonly clientId: number;
  readonly port?: Pick<IbPortOptions, "messagesPerSecond" | "heartbeatMs" | "onAnnouncement">;
  readonly snapshotEvery?: number;
  readonly logger: Logger;
  readonly onNotice: (notice: Notice) => void;
  /** For canaries: another logic, another outbox than the right one. */
  readonly tamper?: { readonly logic?: Logic; readonly outbox?: (outbox: Outbox) => Outbox };
}

export interface Assembly {
  readonly kernel: Kernel;
  readonly port: IbPort;
}

/** Records between two snapshots: a killed process has at most so many to derive again. */
const SNAPSHOT_EVERY = 2_000;

/** Puts the engine together. Nothing runs before `kernel.recover()` and `kernel.start()`. */
export const assembleEngine = (around: Surroundings): Assembly => {
  const { clock, logger, journal, snapshots, build, tamper } = around;
  const logic: Logic = tamper?.logic ?? (household as unknown as Logic);
  const offer = (input: Input, key?: string): void => {
    kernel.offer(input, key === undefined ? {} : { key });
  };
  const port = createIbPort({
    newClient: around.newClient,
    clientId: around.clientId,
    scheduler: around.scheduler,
    now: () => clock.now() as EpochMs,
    deliver: (report, key) => offer(report as unknown as Input, key),
    settled: (effect, settlement) =>
      offer(
        "written" in settlement
          ? { type: "effect.written", effect, epoch: settlement.written }
          : { type: "effect.refused", effect, reason: settlement.refused },
      ),
    lastCheck: (effect) => logic.gate(effect as Effect, kernel.view),
    logger,
    ...around.port,
  });
  const outbox: Outbox = {
    release: (effect) => {
      if (effect.type === "operator.notify") {
        around.onNotice(effect.params as unknown as Notice);
        return { written: 0 };
      }
      const handover = port.send(effect);
      logger.debug({ effect: effect.id, type: effect.type, ...handover }, "released");
      return "pending" in handover ? "pending" : handover;
    },
  };
  const kernel = new Kernel({
    logic,
    journal,
    snapshots,
    clock,
    build,
    snapshotEvery: around.snapshotEvery ?? SNAPSHOT_EVERY,
    outbox: tamper?.outbox?.(outbox) ?? outbox,
    fatal: (error, inHand) => {
      port.close();
      around.fatal(error, inHand);
    },
    onDurable: (steps) => {
      for (const { seq, effects } of steps)
        for (const { id, type } of effects) logger.debug({ seq, effect: id, type }, "durable");
      around.onDurable?.(steps);
    },
    onPressure: (pressed) => (pressed ? port.pause() : port.resume()),
    ...(around.breathe === undefined ? {} : { breathe: around.breathe }),
    ...(around.probe === undefined ? {} : { probe: around.probe }),
    ...(around.onOffered === undefined ? {} : { onOffered: around.onOffered }),
  });
  return { kernel, port };
};
