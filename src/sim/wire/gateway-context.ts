/** What all connections of one gateway share: settings and the world around them, no state. */
import type { EpochMs } from "../../domain/units.ts";
import type { Scheduler } from "../../ports/clock.ts";
import type { Desk } from "../desk.ts";
import type { LineFaults } from "./line.ts";

/** The part of pino's logger that the wire uses. */
export interface WireLogger {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

/**
 * Sees every message's fields: those of clients as they arrive, ours as they leave. No client id before START_API, no server version
 * before it is agreed on.
 */
export type FrameTap = (
  direction: "in" | "out",
  clientId: number | undefined,
  fields: readonly string[],
  serverVersion: number | undefined,
) => void;

export interface GatewayContext {
  readonly desk: Desk;
  readonly logger: WireLogger;
  /** Market time, for the greeting. */
  readonly now: () => EpochMs;
  /** Real time, for the message rate. */
  readonly scheduler: Scheduler;
  readonly pacing: "pace" | "reject";
  readonly messagesPerSecond: number;
  readonly maxQueuedBytes: number;
  readonly onFrame: FrameTap | undefined;
  readonly lineFaults: LineFaults | undefined;
}
