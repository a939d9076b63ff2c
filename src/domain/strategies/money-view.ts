/** What must be known before any strike is chosen: clean quotes, the forward and the volatility at the money. Three stages of the funnel. */
import type { OptionContract } from "../contract.ts";
import type { FunnelStep } from "../facts.ts";
import type { Ground } from "../options/expiry-ground.ts";
import type { Price } from "../units.ts";
import { type Board, boardOf, NEAR_THE_MONEY, type Row } from "./board.ts";
import { type Chain, contractOf, nearestStrikes } from "./chain.ts";
import { regularStrikes } from "./hygiene.ts";
import { type Choice, type Scene, stopAt } from "./strategy.ts";

const STRIKES_NEAR_THE_MONEY = 2;

/** The contracts that tell forward and volatility: both sides of the strikes nearest to spot that have both. */
export const nearTheMoney = (chain: Chain, spot: Price): OptionContract[] => {
  const puts = new Set<number>(regularStrikes(chain, "P"));
  const both = regularStrikes(chain, "C").filter((strike) => puts.has(strike));
  const near = new Set<number>(nearestStrikes(both, spot, STRIKES_NEAR_THE_MONEY));
  return chain.options
    .filter(([, strike]) => near.has(strike))
    .map(([conId, strike, right]) => contractOf(chain, conId, strike, right));
};

export interface MoneyView {
  readonly board: Board;
  readonly ground: Ground;
  readonly atmVol: number;
}

/** The volatility at the money: the mean of what the put and the call nearest to the forward tell. */
const volAtTheMoney = ({ rows, measure }: Board, { forward }: Ground): number | undefined => {
  const away = ({ strike }: Row): number => Math.abs(strike / 10_000 - forward);
  const told = (["C", "P"] as const).flatMap((right) => {
    const near = rows[right].filter((row) => away(row) <= NEAR_THE_MONEY * forward).toSorted((a, b) => away(a) - away(b));
    for (const row of near) {
      const measures = measure(row);
      if (measures?.sure) return measures.vol;
    }
    return [];
  });
  return told.length === 0 ? undefined : told.reduce((sum, vol) => sum + vol, 0) / told.length;
};

/** What the spot is carried with. */
const paidSaid = ({ dividends }: Board): string =>
  dividends === undefined
    ? "no dividend is known: what the forward says is carried as a yield"
    : dividends === 0
      ? "no dividend before the expiry"
      : `dividends of ${dividends.toFixed(2)} USD before the expiry`;

/** The board of a scene whose chain can be used, or the stage that stops it. The steps are in `passed`, the contracts in `refused`. */
export const viewOfMoney = (scene: Scene): Choice<MoneyView> => {
  const board = boardOf(scene);
  const { ground, parity, hygiene } = board;
  const { refused, quoted, usable } = hygiene;
  const contracts = { actual: usable, limit: 1, unit: "usable contracts" };
  if (quoted > 0 && usable === 0) {
    const first = refused.named[0];
    const why = first === undefined ? "" : `: ${first.contract} ${first.reason}`;
    return { ...stopAt("hygiene", `no quoted contract can be used${why}`, contracts), passed: [], refused };
  }
  const passed: FunnelStep[] = [{ stage: "hygiene", verdict: "passed", ...contracts, distance: usable - 1 }];
  if (hygiene.interestSkipped)
    passed.push({ stage: "openInterest", verdict: "skipped", reason: "open interest is not known of every contract" });
  if (ground === undefined || parity.kind !== "ok") {
    const stopped =
      parity.kind === "off-spot"
        ? stopAt("forward", "the options imply a forward far from spot", {
            actual: parity.forward,
            limit: parity.expected,
            unit: "USD",
          })
        : stopAt("forward", "no strike near the money is quoted on both sides");
    return { ...stopped, passed, refused };
  }
  const { offPct, limitPct } = parity;
  passed.push({
    stage: "forward",
    verdict: "passed",
    reason: paidSaid(board),
    actual: Math.abs(offPct),
    limit: limitPct,
    distance: limitPct - Math.abs(offPct),
    unit: "% off the carried spot",
  });
  const atmVol = volAtTheMoney(board, ground);
  if (atmVol === undefined) return { ...stopAt("volatility", "no volatility at the money"), passed, refused };
  passed.push({ stage: "volatility", verdict: "passed", actual: atmVol * 100, unit: "% a year" });
  return { found: true, board, ground, atmVol, passed, refused };
};
