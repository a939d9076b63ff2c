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
    };
