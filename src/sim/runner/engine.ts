/**
 * The engine as the runner knows it: something that lives in given surroundings, recovers from a disk and talks to a gateway.
 *
 * Types only. `src/cli` builds it out of the very parts that production runs; this floor knows none of them.
 */
import type { Clock, Scheduler } from "../../ports/clock.ts";
import type { IbClient } from "../../ports/ib-client.ts";
import type { Database } from "./disk.ts";

/** The points at which a process may be killed, by their names in the kernel's probe. */
export type CrashPoint = (point: string, detail: string | number) => void;

export interface Surroundings {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly database: Database;
  readonly newClient: () => IbClient;
  /** Called at every crash point; throws when the process is killed there. */
  readonly crashPoint: CrashPoint;
  /** The process would end itself. */
  readonly onFatal: (error: unknown) => void;
}

/** One process of the engine. */
export interface RunningEngine {
  /** The last step applied, and the last one on disk. */
  readonly seq: number;
  readonly durableSeq: number;
  /** Hash of the state as of `seq`. Slow. */
  stateHash(): string;
  /** The state that recovery found, before anything new happened. */
  readonly recovered: { readonly seq: number; readonly hash: string };
  /** The clean end: a snapshot with an empty tail. */
  stop(): Promise<void>;
}

export interface EngineUnderTest {
  /** The account that the engine trades, and the installation in its orderRefs. */
  readonly account: string;
  /** Recovers and starts. Rejects when it cannot. */
  boot(surroundings: Surroundings): Promise<RunningEngine>;
  /** Hashes of the state at the given seqs, derived from genesis alone. */
  replayedHashes(database: Database, seqs: readonly number[]): Promise<ReadonlyMap<number, string>>;
}
