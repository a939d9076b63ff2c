/**
 * What the auditor gets to see, in the order in which it happened: the broker's books, its drop copy, the messages at the engine's
 * border, what became durable on the disk, and hashes of the state. Nothing of the engine's own making beyond these.
 */
import type { EpochMs } from "../../domain/units.ts";
import type { Step } from "../../ports/journal.ts";
import type { Truth } from "../broker/truth.ts";
import type { DropCopyRow } from "../runner/drop-copy.ts";

export type Evidence = { readonly at: EpochMs } & (
  | /** A journal record is on the disk, with the text that is there. */
  { readonly kind: "record"; readonly text: string; readonly record: Step }
  /** A message left the engine on the n-th connection, or reached it. */
  | { readonly kind: "sent" | "heard"; readonly line: number; readonly name: string; readonly words: readonly unknown[] }
  /** The engine's side of the n-th connection is over. */
  | { readonly kind: "lineEnded"; readonly line: number }
  | { readonly kind: "processEnded"; readonly how: "killed" | "stopped" }
  /** The process ended itself, or threw where nobody catches. */
  | { readonly kind: "processFailed"; readonly detail: string }
  /** The broker's books have changed; the first is the opening one. */
  | { readonly kind: "books"; readonly truth: Truth }
  /** An execution or a commission, once each, as the drop copy heard it. Money in 1/10,000 dollar. */
  | { readonly kind: "executed"; readonly row: DropCopyRow }
  | { readonly kind: "commissioned"; readonly execId: string; readonly amount: number }
  /** All executions up to here have been told, and this is what the books said when they were asked for. */
  | { readonly kind: "checkpoint"; readonly truth: Truth; readonly last: boolean }
  | { readonly kind: "state"; readonly seq: number; readonly hash: string; readonly from: "live" | "snapshot" | "genesis" }
  /** The whole journal as it was read back from the disk. */
  | { readonly kind: "journal"; readonly texts: readonly string[] }
  /** The trace hashes of two runs of the same seed. */
  | { readonly kind: "twice"; readonly hashes: readonly [string, string] }
);

/** The same before it has its time. */
export type Seen = Evidence extends infer E ? (E extends { readonly at: EpochMs } ? Omit<E, "at"> : never) : never;

/** Where a check says what it found. */
export interface Bench {
  /** One evaluation. */
  held(): void;
  /** One evaluation, and it failed. */
  violated(detail: string): void;
}

/** One invariant: its number, its law in a sentence, and how it listens. */
export interface Check {
  readonly name: string;
  readonly law: string;
  open(bench: Bench): (evidence: Evidence) => void;
}

/** Whether an orderRef is one of ours. */
export const isOurs = (orderRef: string): boolean => orderRef.startsWith("caretaker/");
/** The slot that an orderRef of ours works for, by its number: `caretaker/…/20261120-s3-7` is of s3. */
export const slotOf = (orderRef: string): string => orderRef.split("-")[1] ?? "";
