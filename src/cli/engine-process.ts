/**
 * The engine as a daemon runs it: its assembly on a real disk, in real time, over TCP. One process runs one; the demo's gateway is
 * another thing altogether and only its TCP port is known here.
 */
import { parseAnnouncement } from "../domain/announcement.ts";
import { newYorkDay } from "../domain/calendar/new-york.ts";
import type { EngineConfig } from "../domain/config.ts";
import { type EpochMs, epochMs } from "../domain/units.ts";
import type { MarketClock } from "../io/clock/market-clock.ts";
import { realScheduler } from "../io/clock/real-scheduler.ts";
import { STEP_MS } from "../io/clock/wall-watch.ts";
import type { Logger } from "../io/ib/port-words.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { KernelOptions, Receipt, Recovered } from "../kernel/logic.ts";
import type { IbClient } from "../ports/ib-client.ts";
import type { Input, Step } from "../ports/journal.ts";
import type { DaemonState } from "../store/state-directory.ts";
import { stateHash } from "../store/state-hash.ts";
import { assembleEngine, type Notice } from "./engine-assembly.ts";
import { asJson } from "./engine-config.ts";

export interface EngineParts {
  readonly state: DaemonState;
  readonly config: EngineConfig;
  readonly build: string;
  readonly clock: MarketClock;
  readonly newClient: () => IbClient;
  readonly clientId: number;
  readonly messagesPerSecond: number;
  readonly heartbeatMs: number;
  readonly logger: Logger;
  /** After each durable batch. */
  readonly onDurable: (steps: readonly Step[]) => void;
  readonly onNotice: (notice: Notice) => void;
  /** The process must end now: nothing leaves any more. */
  readonly onFatal: (error: unknown, inHand: Input | undefined) => void;
  /** For measurements. */
  readonly watch?: Pick<KernelOptions, "probe" | "onOffered">;
}

export interface EngineProcess {
  readonly kernel: Kernel;
  readonly recovered: Recovered;
  command(input: Input): Promise<Receipt>;
  stateHash(): string;
  /** Entries off, working entries cancelled, a snapshot with an empty tail. The directory stays the caller's to close. */
  stop(): Promise<void>;
}

/** Real time that working entry orders get to be cancelled before the kernel stops. */
const DRAIN_MS = 2_500;
const DRAIN_LOOK_MS = 50;

/** Recovers and starts. Throws when the journal cannot be trusted; the state directory is the caller's to close then. */
export const startEngine = async (parts: EngineParts): Promise<EngineProcess> => {
  const { state, clock, build, config } = parts;
  const { kernel, port } = assembleEngine({
    journal: state.journal,
    snapshots: state.snapshots,
    build,
    clock,
    scheduler: realScheduler,
    newClient: parts.newClient,
    clientId: parts.clientId,
    port: {
      messagesPerSecond: parts.messagesPerSecond,
      heartbeatMs: parts.heartbeatMs,
      onAnnouncement: (text) => {
        const announced = parseAnnouncement(text);
        const moved = announced === undefined ? 0 : clock.align(announced.now);
        // Small corrections are the wire's latency; a step is a fact of the day.
        if (moved > STEP_MS) kernel.offer({ type: "clock.stepped", byMs: moved });
      },
    },
    logger: parts.logger,
    onDurable: parts.onDurable,
    onNotice: parts.onNotice,
    fatal: parts.onFatal,
    breathe: () => new Promise((resolve) => setImmediate(resolve)),
    ...parts.watch,
  });
  const recovered = await kernel.recover();
  kernel.start({ config: asJson(config), node: process.versions.node, mode: config.mode });

  const entriesAtWork = (): number =>
    kernel
      .stateParts()
      .actors.filter(({ path, snapshot }) => path.startsWith("order/") && addsRisk(snapshot as unknown as OrderSnapshot)).length;

  return {
    kernel,
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
const addsRisk = ({ value, context }: OrderSnapshot): boolean =>
  (context?.intent?.purpose === "entry" || context?.intent?.purpose === "roll") &&
  typeof value === "object" &&
  value !== null &&
  "live" in value;

/** The trading day of an instant: which snapshots are a day's first. */
export const dayOf = (now: number): string => newYorkDay(epochMs(Math.floor(now)) as EpochMs);
