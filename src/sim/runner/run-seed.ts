/** One seed, judged: lived through with the auditor, then once more without, to see whether everything happens the same way. */

import type { EpochMs } from "../../domain/units.ts";
import { createAuditor, type Violation } from "../auditor/auditor.ts";
import { sameTwice } from "../auditor/checks/same-twice.check.ts";
import { type Outcome, runWorld, type WorldOptions } from "./world.ts";

export interface SeedOptions extends WorldOptions {
  /** Default true: determinism is part of the promise (S18). */
  readonly twice?: boolean;
}

export const runSeed = async ({ twice = true, ...options }: SeedOptions): Promise<Outcome> => {
  const first = await runWorld(options);
  if (!twice) return first;
  const second = await runWorld({ ...options, checks: [], replay: false });
  const judge = createAuditor([sameTwice]);
  judge.hear({ kind: "twice", hashes: [first.traceHash, second.traceHash], at: 0 as EpochMs });
  const violations: readonly Violation[] = [...first.violations, ...judge.violations];
  return { ...first, violations, evaluations: { ...first.evaluations, ...judge.evaluations } };
};
