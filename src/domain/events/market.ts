/** What the market data lines said. Quotes are conflated: each carries the whole newest quote, never a delta. */
import type { Quote } from "../quote.ts";

export type MarketEvent =
  | { readonly type: "quote.updated"; readonly epoch: number; readonly quote: Quote }
  /** 1 live, 2 frozen, 3 delayed, 4 delayed frozen. May change while a line streams. */
  | { readonly type: "line.typed"; readonly epoch: number; readonly conId: number; readonly dataType: number }
  /** The line is dead: 101, 200, 354, 10197, ... */
  | {
      readonly type: "line.failed";
      readonly epoch: number;
      readonly conId: number;
      readonly code: number;
      readonly text: string;
    }
  /**
   * The line has been silent for so long (market time) though the socket lives and it should tick, or has not spoken since its
   * farm or IB's servers came back. Its quote is broken from here on, until it ticks.
   */
  | { readonly type: "line.stalled"; readonly epoch: number; readonly conId: number; readonly silentMs: number }
  /** A line that was stalled, or was opened in place of one, has ticked. */
  | { readonly type: "line.resumed"; readonly epoch: number; readonly conId: number }
  | { readonly type: "snapshot.answered"; readonly epoch: number; readonly conId: number; readonly quote: Quote }
  /** Code 0: no answer in time. */
  | {
      readonly type: "snapshot.failed";
      readonly epoch: number;
      readonly conId: number;
      readonly code: number;
      readonly text: string;
    };
