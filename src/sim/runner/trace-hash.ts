/** One hash over everything that a run wrote and said: what two runs of a seed are compared by. */
import { createHash } from "node:crypto";

export interface TraceHash {
  add(kind: string, what: unknown): void;
  text(text: string): void;
  digest(): string;
}

/** Errors are their message; "unset" is told apart from absent. */
const plain = (_key: string, value: unknown): unknown =>
  value instanceof Error ? `Error: ${value.message}` : value === undefined ? "(unset)" : value;

export const createTraceHash = (): TraceHash => {
  const hash = createHash("sha256");
  return {
    add: (kind, what) => void hash.update(`${kind} ${JSON.stringify(what, plain)}\n`),
    text: (text) => void hash.update(text).update("\n"),
    digest: () => hash.digest("hex"),
  };
};
