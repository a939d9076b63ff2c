/**
 * The numbers by which regimes are told apart, and their defaults: those of the reference classifier (reference/quant.md 4.1). Points are
 * points of the VIX index.
 *
 * `leaveVixPoints` are the far edges of bands. High volatility is entered at 25 and left below 23, so 8 % further; the other two bands
 * are as wide in the logarithm, in which the VIX moves (13 / 0.92 is 14, 35 × 0.92 is 32). On SPY from 1998 to 2021 bands and two days' confirmation together leave 429 of
 * 966 spells, and 5 of 282 that last one day.
 */
export interface RegimeConfig {
  /** The stock whose trend and returns are looked at. */
  readonly symbol: string;
  /** False: judged by daily bars alone; no line on the stock or the VIX, and nobody is told where the VIX is quoted. Absent: true. */
  readonly live?: boolean;
  /** Calendar days of daily bars that are asked for; at least 80, because fifty sessions must be in them. */
  readonly historyDays: number;
  /** Sessions in a row that must show another regime before it counts; a crash counts at once. */
  readonly confirmDays: number;
  readonly crash: {
    readonly vixPoints: number;
    readonly leaveVixPoints: number;
    /** Over five sessions; negative. */
    readonly return5dPct: number;
    /** From here on, a rise over five sessions by so much is a crash too. */
    readonly spikeVixPoints: number;
    readonly spikeVixChange5dPct: number;
  };
  readonly highVol: { readonly vixPoints: number; readonly leaveVixPoints: number };
  readonly lowVol: { readonly vixPoints: number; readonly leaveVixPoints: number };
  /** `smaDistancePct`: how far the mean of 20 closes is from that of 50, either way. */
  readonly trending: { readonly adx: number; readonly smaDistancePct: number };
  readonly rangeBound: { readonly adx: number; readonly efficiency: number };
}

/** Of a configuration that names none. */
export const DEFAULT_REGIME: RegimeConfig = {
  symbol: "SPY",
  live: true,
  historyDays: 400,
  confirmDays: 2,
  crash: { vixPoints: 35, leaveVixPoints: 32, return5dPct: -7, spikeVixPoints: 28, spikeVixChange5dPct: 50 },
  highVol: { vixPoints: 25, leaveVixPoints: 23 },
  lowVol: { vixPoints: 13, leaveVixPoints: 14 },
  trending: { adx: 25, smaDistancePct: 1 },
  rangeBound: { adx: 20, efficiency: 0.3 },
};
