/** The Greeks of a position, or of many in one underlying, in units that can be added. */

export interface PositionGreeks {
  /** Shares of the underlying that move like it. */
  readonly deltaShares: number;
  /** Change of those per dollar of the underlying. */
  readonly gammaShares: number;
  /** USD a calendar day. */
  readonly thetaUsd: number;
  /** USD for one vol point, up. */
  readonly vegaUsd: number;
}

export const NO_GREEKS: PositionGreeks = { deltaShares: 0, gammaShares: 0, thetaUsd: 0, vegaUsd: 0 };

/** So many of the same. */
export const timesGreeks = (greeks: PositionGreeks, n: number): PositionGreeks => ({
  deltaShares: greeks.deltaShares * n,
  gammaShares: greeks.gammaShares * n,
  thetaUsd: greeks.thetaUsd * n,
  vegaUsd: greeks.vegaUsd * n,
});
