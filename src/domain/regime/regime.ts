/** The market's regimes, most severe first: one list, one vocabulary, for targets, sizes, filters and predictions. */
export const REGIMES = ["crash", "high_vol", "low_vol", "trending", "range_bound", "normal"] as const;
export type Regime = (typeof REGIMES)[number];
