/**
 * What a measurement is: a name, the limit it is held against, and a run that gives figures. Types and the verdict; no measuring here.
 *
 * A limit is a ratio to something raw that was measured in the same run wherever that is possible: the machine cancels out.
 */

/** `least`: the figure must reach the value; `most`: it must not exceed it. */
export interface Limit {
  readonly at: "least" | "most";
  readonly value: number;
  readonly unit: string;
}

/** How much to measure: `quick` is for a look, `full` for a figure that one would quote. */
export type Effort = "quick" | "full";

export interface Surroundings {
  readonly effort: Effort;
  /** A fresh directory on the disk that is measured, removed at the end. */
  scratch(name: string): string;
  /** Tells what is going on, on stderr. */
  say(text: string): void;
}

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

export interface Measured {
  /** What is held against the limit, in the limit's unit. */
  readonly value: number;
  /** In words: the subject and what it was compared with. */
  readonly figures: readonly Figure[];
  /** The value of each round, so that the spread can be seen. */
  readonly rounds: readonly number[];
}

export type Outcome = Measured | { readonly absent: string };

export interface Measurement {
  readonly name: string;
  /** One line for the table. */
  readonly title: string;
  /** Absent where the design names none. */
  readonly limit?: Limit;
  run(surroundings: Surroundings): Promise<Outcome>;
}

export type Verdict = "meets" | "short" | "no limit" | "absent" | "failed";

export const verdictOf = (limit: Limit | undefined, value: number): Verdict => {
  if (limit === undefined) return "no limit";
  return (limit.at === "least" ? value >= limit.value : value <= limit.value) ? "meets" : "short";
};
