/** What the watchers of the market tell, for tests: calm unless said otherwise. */
import type { RegimeTold, UnderlyingTold } from "../../src/domain/events/weather.ts";
import { price } from "../../src/domain/units.ts";
import { DAY, NOON, VIX } from "./quoted-chain.ts";

export const regimeTold = (told: Partial<RegimeTold> = {}): RegimeTold => ({
  type: "regime.told",
  regime: "normal",
  since: DAY,
  raw: "normal",
  unknown: "",
  at: NOON,
  asOf: DAY,
  vix: VIX,
  inputs: { vix: 15, adx: 22, efficiency: 0.2, return5d: 0, vixChange5d: 0, smaRatio: 0 },
  ...told,
});

export const underlyingTold = (told: Partial<UnderlyingTold> = {}): UnderlyingTold => ({
  type: "underlying.told",
  symbol: "SPY",
  at: NOON,
  spot: price(600),
  priorClose: price(600),
  hourHigh: price(601),
  hourLow: price(599),
  iv30: 0.16,
  iv30PriorClose: 0.16,
  ivRank: 55,
  ivPercentile: 60,
  term: null,
  skew: null,
  dividend: null,
  unknown: { term: "not surveyed yet", skew: "not surveyed yet", dividend: "IB has not said" },
  ...told,
});
