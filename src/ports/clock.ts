/**
 * Time as the outside gives it. The kernel turns it into the `now` of each input; nobody else asks.
 */
export interface Clock {
  /** Market time in epoch milliseconds: wall anchor + monotonic elapsed × speed. */
  now(): number;
  /** Calls back once, at or after the market time `at`. Returns how to take it back. */
  wakeAt(at: number, wake: () => void): () => void;
}

/** Real (or simulated-real) time for pacing, heartbeats and socket deadlines: never scaled. */
export interface Scheduler {
  /** Monotonic milliseconds. */
  now(): number;
  /** Calls back after `delayMs`. Returns how to take it back. */
  after(delayMs: number, callback: () => void): () => void;
}
