/**
 * The engine's processes, one after the other: booted, killed at the points that troubles arm, booted again after a while, and at
 * the end stopped. What each found on the disk, and what it left, is told to the auditor as hashes.
 */

import type { IbClient } from "../../ports/ib-client.ts";
import type { Seen } from "../auditor/evidence.ts";
import type { FaultName } from "../faults.ts";
import type { RandomStream } from "../market/random.ts";
import { type CrashPoints, createCrashPoints } from "./crash-points.ts";
import type { Disk } from "./disk.ts";
import type { EngineUnderTest, RunningEngine } from "./engine.ts";
import { createLife, Killed, type Life } from "./life.ts";
import type { VirtualTime } from "./virtual-time.ts";

export interface Processes {
  boot(): void;
  kill(fault: FaultName): void;
  /** The process has died by itself, or done what none may. */
  fail(what: unknown): void;
  /** The clean end. Resolves when nothing is left to do; at once when no process runs. */
  stop(): Promise<void>;
  /** Tells the hash of the live state, when all of it is on disk. */
  hashLive(): void;
  /** The seqs whose hashes have been told, ascending. */
  hashedSeqs(): readonly number[];
  /** A process has come up and has not been killed. */
  readonly running: boolean;
  readonly crashPoints: CrashPoints;
}

const DOWN_MS = { least: 1_000, most: 180_000, afterFailure: 5_000 };
const GIVE_UP_AFTER_FAILURES = 20;

export const createProcesses = (options: {
  readonly time: VirtualTime;
  readonly chance: RandomStream;
  readonly disk: Disk;
  readonly engine: EngineUnderTest;
  readonly newClient: () => IbClient;
  readonly abandonLine: () => void;
  readonly hear: (seen: Seen) => void;
  readonly onKilled: (fault: FaultName) => void;
}): Processes => {
  const { time, chance, disk, hear } = options;
  let life: Life | undefined;
  let engine: RunningEngine | undefined;
  let failures = 0;
  const hashed = new Set<number>();

  const hashLive = (): void => {
    if (engine === undefined || engine.seq === 0 || engine.seq !== engine.durableSeq || hashed.has(engine.seq)) return;
    hashed.add(engine.seq);
    hear({ kind: "state", seq: engine.seq, hash: engine.stateHash(), from: "live" });
  };
  const end = (how: "killed" | "stopped"): void => {
    life?.end();
    options.abandonLine();
    engine = undefined;
    hear({ kind: "processEnded", how });
  };
  const kill = (fault: FaultName): void => {
    if (life?.alive !== true) return;
    hashLive();
    options.onKilled(fault);
    end("killed");
    time.after(DOWN_MS.least + Math.floor(chance.uniform() ** 3 * (DOWN_MS.most - DOWN_MS.least)), boot);
  };
  const fail = (what: unknown): void => {
    if (life?.alive !== true) return;
    hear({ kind: "processFailed", detail: what instanceof Error ? `${what.name}: ${what.message}` : String(what) });
    end("killed");
    if (++failures < GIVE_UP_AFTER_FAILURES) time.after(DOWN_MS.afterFailure, boot);
  };
  const crashPoints = createCrashPoints({
    kill: (fault) => {
      kill(fault);
      throw new Killed(fault);
    },
    killSoon: (fault) => void time.after(0, () => kill(fault)),
  });

  const boot = (): void => {
    const current = createLife(time);
    life = current;
    options.engine
      .boot({
        clock: current.clock,
        scheduler: current.scheduler,
        database: disk.open(current),
        newClient: options.newClient,
        crashPoint: (point, detail) => {
          if (current.alive) crashPoints.pass(point, detail);
        },
        onFatal: (error) => {
          if (current.alive) fail(error);
        },
      })
      .then(
        (running) => {
          if (!current.alive) return;
          engine = running;
          const { seq, hash } = running.recovered;
          if (seq === 0) return;
          hashed.add(seq);
          hear({ kind: "state", seq, hash, from: "snapshot" });
        },
        (error: unknown) => {
          if (current.alive) fail(error);
        },
      );
  };

  return {
    boot,
    kill,
    fail,
    stop: async () => {
      if (engine === undefined) return;
      await engine.stop();
      hashLive();
      end("stopped");
    },
    hashLive,
    hashedSeqs: () => [...hashed].sort((a, b) => a - b),
    get running() {
      return engine !== undefined;
    },
    crashPoints,
  };
};
