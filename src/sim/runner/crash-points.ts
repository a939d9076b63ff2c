/**
 * Where a process dies: a crash is armed, and the next time the engine passes the point it does not pass.
 *
 * `duringAppend` has no point of its own: the process is killed by a timer while its batch is under way to the disk.
 */
import type { FaultName } from "../faults.ts";
import type { CrashPoint } from "./engine.ts";

export interface CrashPoints {
  arm(fault: FaultName): void;
  disarm(): void;
  /** `kill` is called at the armed point, and must throw. `killSoon` when the batch has just been handed to the disk. */
  readonly pass: CrashPoint;
}

const POINTS: { readonly [fault in FaultName]?: string } = {
  "crash.beforeAppend": "append.before",
  "crash.duringAppend": "append.before",
  "crash.beforeRelease": "append.after",
  "crash.afterRelease": "release.after",
  "crash.inRecovery": "recover.step",
};

export const createCrashPoints = (options: {
  readonly kill: (fault: FaultName) => never;
  readonly killSoon: (fault: FaultName) => void;
}): CrashPoints => {
  let armed: FaultName | undefined;
  return {
    arm: (fault) => {
      armed = fault;
    },
    disarm: () => {
      armed = undefined;
    },
    pass: (point) => {
      if (armed === undefined || POINTS[armed] !== point) return;
      const fault = armed;
      armed = undefined;
      if (fault === "crash.duringAppend") options.killSoon(fault);
      else options.kill(fault);
    },
  };
};
