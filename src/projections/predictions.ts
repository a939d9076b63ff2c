/** What was predicted and what came of it, by kind of strategy and regime: errors, calibration by tenths, and the weight that followed. */
import {
  meanAbsoluteError,
  meanSquaredError,
  noteOutcome,
  recordOf,
  type Tenth,
  type TrackRecords,
} from "../domain/prediction/track-record.ts";
import type { Regime } from "../domain/regime/regime.ts";
import type { Step } from "../ports/journal.ts";
import { factsOf, type Projection } from "./spoken.ts";

export interface PredictionRow {
  readonly kind: string;
  readonly regime: Regime | null;
  readonly count: number;
  /** Of the return on risk: outcome less prediction. */
  readonly meanError: number;
  readonly meanAbsoluteError: number;
  readonly meanSquaredError: number;
  /** The newest weight of their scores. */
  readonly weight: number;
  /** Predicted probability of a profit, by tenths, and how often it came true; tenths without a prediction are left out. */
  readonly calibration: readonly {
    readonly from: number;
    readonly count: number;
    readonly predicted: number;
    readonly came: number;
  }[];
}
export type PredictionsView = readonly PredictionRow[];

const calibrationOf = (tenths: readonly Tenth[]): PredictionRow["calibration"] =>
  tenths.flatMap(({ count, won, sum }, n) =>
    count === 0 ? [] : [{ from: n / 10, count, predicted: sum / count, came: won / count }],
  );

export class Predictions implements Projection<PredictionsView> {
  #records: TrackRecords = {};
  #weights = new Map<string, { readonly kind: string; readonly regime: Regime | null; readonly weight: number }>();
  /** The seq of the last step that changed the view. */
  changedAt = 0;

  /** All it keeps, for a later process to go on from. */
  get folded() {
    return { records: this.#records, weights: this.#weights, changedAt: this.changedAt };
  }
  set folded(kept) {
    ({ records: this.#records, weights: this.#weights, changedAt: this.changedAt } = kept);
  }

  apply(step: Step): void {
    for (const fact of factsOf(step)) {
      if (fact.type !== "prediction.scored") continue;
      const { kind, regime, prediction, outcome, weight } = fact;
      this.#records = noteOutcome(this.#records, kind, regime, prediction, outcome);
      this.#weights.set(`${kind} ${regime ?? ""}`, { kind, regime, weight });
      this.changedAt = step.seq;
    }
  }

  get view(): PredictionsView {
    return [...this.#weights.values()]
      .map(({ kind, regime, weight }) => {
        const record = recordOf(this.#records, kind, regime);
        return {
          kind,
          regime,
          count: record.count,
          meanError: record.sum / record.count,
          meanAbsoluteError: meanAbsoluteError(record) ?? 0,
          meanSquaredError: meanSquaredError(record) ?? 0,
          weight,
          calibration: calibrationOf(record.tenths),
        };
      })
      .sort((a, b) => (a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : (a.regime ?? "") < (b.regime ?? "") ? -1 : 1));
  }
}
