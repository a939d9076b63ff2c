/**
 * One epoch's outgoing messages, in order of urgency and never faster than IB allows.
 *
 * IB counts all messages of a connection together (50 a second). Cancels and heartbeats go first, then orders, then the
 * enquiries of reconciliation, then everything about data; within a lane first come, first served. A cancel whose own order
 * still waits lines up behind it. The queue dies with its epoch: what waits then is refused, never carried over (B1, B2, B9).
 */
import type { Scheduler } from "../../ports/clock.ts";
import { EPOCH_OVER } from "./port-words.ts";

/** Most urgent first. */
export const LANES = ["cancel", "order", "enquiry", "data"] as const;
export type Lane = (typeof LANES)[number];

/** One message. */
export interface Parcel {
  readonly lane: Lane;
  /** The order that it concerns, for orders and cancels. */
  readonly orderId?: number;
  /** Asked once, just before the bytes: a reason not to send after all. */
  readonly objection?: () => string | undefined;
  /** Hands the bytes to the socket. A throw means that none left. */
  readonly write: () => void;
  /** Called exactly once, when it was written (no reason) or never will be. */
  readonly settle?: (refusal?: string) => void;
}

export interface Pacer {
  /** Takes a message; when nothing hinders, it is written before this returns. */
  offer(parcel: Parcel): void;
  /** From now on messages go out. */
  open(): void;
  /** Refuses what waits and whatever still comes. */
  close(): void;
  readonly waiting: number;
}

/** A little over a second: what leaves evenly may arrive bunched. */
const WINDOW_MS = 1_050;
/** How long to wait before asking a congested socket again. */
const CONGESTION_MS = 20;

export const createPacer = (options: {
  readonly scheduler: Scheduler;
  readonly messagesPerSecond: number;
  /** The socket has not yet passed on what it was given: hold back, so that a cancel can still overtake (F05). */
  readonly congested?: () => boolean;
}): Pacer => {
  const { scheduler, messagesPerSecond, congested = () => false } = options;
  const lanes: { readonly [L in Lane]: Parcel[] } = { cancel: [], order: [], enquiry: [], data: [] };
  /** When the last `messagesPerSecond` messages went, oldest first. */
  const sent: number[] = [];
  let state: "shut" | "open" | "over" = "shut";
  let draining = false;
  let takeBack: (() => void) | undefined;

  const next = (): Parcel | undefined => {
    for (const lane of LANES) if (lanes[lane].length > 0) return lanes[lane].shift();
    return undefined;
  };
  const waiting = () => LANES.reduce((sum, lane) => sum + lanes[lane].length, 0);

  /** Milliseconds until a message may go, 0 when now. */
  const holdMs = (): number => {
    if (congested()) return CONGESTION_MS;
    const oldest = sent[0];
    if (sent.length < messagesPerSecond || oldest === undefined) return 0;
    const left = oldest + WINDOW_MS - scheduler.now();
    return left <= 0 ? 0 : Math.ceil(left);
  };

  const hand = (parcel: Parcel) => {
    let refusal = parcel.objection?.();
    if (refusal === undefined) {
      sent.push(scheduler.now());
      if (sent.length > messagesPerSecond) sent.shift();
      try {
        parcel.write();
      } catch (error) {
        refusal = `not written: ${error instanceof Error ? error.message : String(error)}`;
      }
    }
    parcel.settle?.(refusal);
  };

  const drain = () => {
    if (draining || state !== "open") return;
    draining = true;
    try {
      while (state === "open" && waiting() > 0) {
        const hold = holdMs();
        if (hold > 0) {
          takeBack ??= scheduler.after(hold, () => {
            takeBack = undefined;
            drain();
          });
          return;
        }
        const parcel = next();
        if (parcel) hand(parcel);
      }
    } finally {
      draining = false;
    }
  };

  return {
    offer: (parcel) => {
      if (state === "over") {
        parcel.settle?.(EPOCH_OVER);
        return;
      }
      const behindItsOrder =
        parcel.lane === "cancel" &&
        parcel.orderId !== undefined &&
        lanes.order.some((queued) => queued.orderId === parcel.orderId);
      lanes[behindItsOrder ? "order" : parcel.lane].push(parcel);
      drain();
    },
    open: () => {
      if (state === "shut") state = "open";
      drain();
    },
    close: () => {
      if (state === "over") return;
      state = "over";
      takeBack?.();
      for (let parcel = next(); parcel; parcel = next()) parcel.settle?.(EPOCH_OVER);
    },
    get waiting() {
      return waiting();
    },
  };
};
