/**
 * The auditor: everything that happens passes here, through every check of one ordered list, by its number in the catalogue.
 *
 * It is independent: it imports nothing from kernel, machines or actors, and believes the broker's books, the wire and the disk.
 */
import type { EpochMs } from "../../domain/units.ts";
import { cleanEnd } from "./checks/clean-end.check.ts";
import { dedicatedSlots } from "./checks/dedicated-slots.check.ts";
import { endedMeansEnded } from "./checks/ended-means-ended.check.ts";
import { everyIntentEnds } from "./checks/every-intent-ends.check.ts";
import { fillsMakePositions } from "./checks/fills-make-positions.check.ts";
import { intentBeforeEffect } from "./checks/intent-before-effect.check.ts";
import { journalIntegrity } from "./checks/journal-integrity.check.ts";
import { moneyConserved } from "./checks/money-conserved.check.ts";
import { noBlindRetry } from "./checks/no-blind-retry.check.ts";
import { nothingThrows } from "./checks/nothing-throws.check.ts";
import { oneLiveOrder } from "./checks/one-live-order.check.ts";
import { recoveryEquality } from "./checks/recovery-equality.check.ts";
import { sameTwice } from "./checks/same-twice.check.ts";
import type { Check, Evidence } from "./evidence.ts";

export const CHECKS: readonly Check[] = [
  intentBeforeEffect,
  oneLiveOrder,
  noBlindRetry,
  fillsMakePositions,
  endedMeansEnded,
  dedicatedSlots,
  recoveryEquality,
  journalIntegrity,
  sameTwice,
  moneyConserved,
  nothingThrows,
  cleanEnd,
  everyIntentEnds,
];

export interface Violation {
  readonly check: string;
  /** Market time. */
  readonly at: EpochMs;
  readonly detail: string;
}

export interface Auditor {
  hear(evidence: Evidence): void;
  readonly violations: readonly Violation[];
  /** How often each check was evaluated. */
  readonly evaluations: { readonly [check: string]: number };
}

/** A broken law breaks again at each look: after so many, a check is silent for the rest of the run. */
const MOST_OF_ONE_CHECK = 5;

export const createAuditor = (checks: readonly Check[] = CHECKS): Auditor => {
  const violations: Violation[] = [];
  const evaluations: { [check: string]: number } = {};
  let at = 0 as EpochMs;
  const listeners = checks.map(({ name, open }) => {
    let told = 0;
    evaluations[name] = 0;
    const count = (): void => {
      evaluations[name] = (evaluations[name] ?? 0) + 1;
    };
    return open({
      held: count,
      violated: (detail) => {
        count();
        if (++told <= MOST_OF_ONE_CHECK) violations.push({ check: name, at, detail });
      },
    });
  });
  return {
    hear: (evidence) => {
      at = evidence.at;
      for (const listen of listeners) listen(evidence);
    },
    violations,
    evaluations,
  };
};
