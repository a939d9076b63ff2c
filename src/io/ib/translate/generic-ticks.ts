/** What a market data line is asked for beside the quote, by IB's generic tick numbers. IB takes none of them with a snapshot. */
import type { Contract, SecurityType } from "../../../domain/contract.ts";

/**
 * The open interest of futures (588) and options (101), the implied volatility of what options are on (106), dividends of stocks (456).
 * What comes of them is heard in tick.ts and dividend.ts.
 */
const GENERIC_TICKS: { readonly [Type in SecurityType]: string } = {
  FUT: "588",
  OPT: "101",
  FOP: "101",
  STK: "106,456",
  IND: "106",
  BAG: "",
};
export const genericTicksOf = ({ secType }: Contract): string => GENERIC_TICKS[secType];

const BAD_REQUEST = 321;
/** IB does not have one of the figures for this kind of contract, and refuses the whole line for it. */
export const isFigureRefused = (code: number, text: string): boolean => code === BAD_REQUEST && /generic tick/i.test(text);
