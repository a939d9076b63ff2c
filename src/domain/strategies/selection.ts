/**
 * The engine of selection that all kinds share: it places a blueprint's legs on the listed strikes, judges every structure around the
 * targets stage by stage, and takes the one with the best score. Each stage that a structure went through is a step of the funnel; the
 * structure that came furthest tells why there was none.
 */
import { newYorkDay } from "../calendar/new-york.ts";
import { daysToExpiry } from "../calendar/time-to-expiry.ts";
import type { Leg } from "../contract.ts";
import type { Candidate, EntryWeather } from "../events/actors.ts";
import type { FunnelStep, Prediction } from "../facts.ts";
import { isAmericanOn } from "../options/american-option.ts";
import type { Measures } from "../options/priced-option.ts";
import type { PositionGreeks } from "../risk/greeks.ts";
import { priceAfterCosts } from "../selection/costs.ts";
import { type Expected, expected } from "../selection/expected-return.ts";
import { outlookOf } from "../selection/outlook.ts";
import { predictionOf, weightFor } from "../selection/prediction.ts";
import { inWords, type ScoreInput, scoreOf } from "../selection/score.ts";
import { sizeOf } from "../selection/size.ts";
import type { Blueprint } from "./blueprint.ts";
import type { Row } from "./board.ts";
import { contractOf } from "./chain.ts";
import { nearestExpiry } from "./expiry.ts";
import { legCandidatesOf } from "./leg-candidates.ts";
import { type Placed, placements } from "./leg-search.ts";
import { type MoneyView, nearTheMoney, viewOfMoney } from "./money-view.ts";
import { shiftedRoles, skewShift } from "./skew-shift.ts";
import { type Choice, type Scene, type Strategy, stopAt } from "./strategy.ts";
import { judge, type Prices } from "./structure-price.ts";
import type { Shocked } from "./tail-loss.ts";

/** A structure that may be entered, or how far it came. */
interface Tried {
  readonly steps: readonly FunnelStep[];
  readonly outcome: Choice<{ readonly candidate: Candidate; readonly score: number }>;
}

interface MeasuredLeg {
  readonly leg: Leg;
  readonly row: Row;
  readonly measures: Measures | undefined;
}

const weatherOf = ({ regime, state, vix }: Scene): EntryWeather => ({
  regime: regime?.regime ?? null,
  vix: vix ?? null,
  iv30: state?.iv30 ?? null,
  ivPercentile: state?.ivPercentile ?? null,
  ivRank: state?.ivRank ?? null,
});

/** Of one unit; undefined when a leg has none. */
const greeksOf = (legs: readonly MeasuredLeg[]): PositionGreeks | undefined => {
  const sum = { deltaShares: 0, gammaShares: 0, thetaUsd: 0, vegaUsd: 0 };
  for (const { leg, measures } of legs) {
    if (measures === undefined) return undefined;
    const contracts = leg.ratio * leg.contract.multiplier;
    sum.deltaShares += contracts * measures.delta;
    sum.gammaShares += contracts * measures.gamma;
    sum.thetaUsd += (contracts * measures.theta) / 365;
    sum.vegaUsd += (contracts * measures.vega) / 100;
  }
  return sum;
};

const shockedOf = ({ ground }: MoneyView, legs: readonly MeasuredLeg[]): Shocked | undefined => {
  const known: Shocked["legs"][number][] = [];
  for (const { leg, measures } of legs) {
    if (measures === undefined) return undefined;
    const { right, strike } = leg.contract;
    known.push({ right, strike: strike / 10_000, ratio: leg.ratio, vol: measures.vol });
  }
  return { ground, legs: known };
};

/** |delta| is signed here: the short put's is negative. The nearest to the money where there are several. */
const shortDeltasOf = (legs: readonly MeasuredLeg[]): Candidate["shortDeltas"] => {
  const deltaOf = (right: "P" | "C"): number | undefined =>
    legs
      .filter(({ leg }) => leg.ratio < 0 && leg.contract.right === right)
      .flatMap(({ measures }) => measures?.delta ?? [])
      .toSorted((a, b) => Math.abs(b) - Math.abs(a))[0];
  const [put, call] = [deltaOf("P"), deltaOf("C")];
  return { ...(put !== undefined && { put }), ...(call !== undefined && { call }) };
};

const expectedOf = ({ ground }: MoneyView, legs: readonly MeasuredLeg[], prices: Prices): Expected | undefined => {
  const strikes = legs.flatMap(({ leg, measures }) =>
    measures === undefined ? [] : { strike: leg.contract.strike / 10_000, vol: measures.vol },
  );
  if (strikes.length < legs.length) return undefined;
  const structure = legs.map(({ leg }) => leg);
  const netPrice = priceAfterCosts(structure, prices.mid, prices.halfSpread);
  const { unitMaxLoss } = prices;
  return expected({ legs: structure, netPrice, unitMaxLoss, discount: ground.discount }, outlookOf(strikes, ground));
};

/** The last stages of one structure: what is expected of it, and how many units the account can afford. */
const scored = (
  scene: Scene,
  view: MoneyView,
  { kind }: Blueprint,
  legs: readonly MeasuredLeg[],
  prices: Prices,
): { steps: readonly FunnelStep[]; outcome: Choice<{ prediction: Prediction; units: number }> } => {
  const { config, state, weights = [], equity, maxLossPerPositionPct } = scene;
  const steps: FunnelStep[] = [];
  const estimates = expectedOf(view, legs, prices);
  if (estimates === undefined) return { steps, outcome: stopAt("score", "a leg tells no volatility") };
  const regime = scene.regime?.regime ?? null;
  const input: ScoreInput = {
    ...estimates,
    ivPercentile: state?.ivPercentile ?? null,
    ivRank: state?.ivRank ?? null,
    longVega: (greeksOf(legs)?.vegaUsd ?? 0) > 0,
  };
  const raw = scoreOf(input);
  const prediction = predictionOf(estimates, raw.score, weightFor(kind, regime, weights));
  const { minScore } = config.entry;
  const reason = inWords(raw);
  const numbers = { actual: prediction.score, unit: "points" };
  if (minScore !== undefined && prediction.score < minScore) {
    return { steps, outcome: stopAt("score", `the score is too low: ${reason}`, { ...numbers, limit: minScore }) };
  }
  const asked = minScore === undefined ? {} : { limit: minScore, distance: prediction.score - minScore };
  steps.push({ stage: "score", verdict: "passed", reason, ...numbers, ...asked });

  const { sizing, quantity } = config;
  if (sizing === undefined) {
    steps.push({ stage: "size", verdict: "passed", reason: "no sizing is configured", actual: quantity, unit: "units" });
    return { steps, outcome: { found: true, prediction, units: quantity } };
  }
  const size = sizeOf({
    sizing,
    quantity,
    unitMaxLoss: prices.unitMaxLoss,
    regime,
    ...(equity !== undefined && { equity }),
    ...(maxLossPerPositionPct !== undefined && { maxLossPerPositionPct }),
  });
  if (!size.known) return { steps, outcome: stopAt("size", size.missing, { limit: 1, unit: "units" }) };
  if (size.units < 1) {
    const why = `not one unit fits: ${size.reason}`;
    return { steps, outcome: stopAt("size", why, { actual: size.affordable, limit: 1, unit: "units" }) };
  }
  const distance = size.affordable - 1;
  steps.push({
    stage: "size",
    verdict: "passed",
    reason: size.reason,
    actual: size.affordable,
    limit: 1,
    distance,
    unit: "units",
  });
  return { steps, outcome: { found: true, prediction, units: size.units } };
};

const tried = (scene: Scene, view: MoneyView, blueprint: Blueprint, ratios: readonly number[], placed: Placed): Tried => {
  const { config, underlying, spot, chain, now, vixContract, campaign } = scene;
  const legs = placed.rows.map((row, n): MeasuredLeg => {
    const contract = contractOf(chain, row.conId, row.strike, row.right);
    return { leg: { contract, ratio: ratios[n] as number }, row, measures: view.board.measure(row) };
  });
  const structure = legs.map(({ leg }) => leg);
  const greeks = greeksOf(legs);
  const unit = {
    legs: structure,
    delta: greeks && greeks.deltaShares / chain.multiplier,
    shocked: shockedOf(view, legs),
  };
  const judged = judge(scene, blueprint, unit);
  const steps = [...placed.steps, ...judged.steps];
  if (!judged.outcome.found) return { steps, outcome: judged.outcome };
  const { prices } = judged.outcome;
  const last = scored(scene, view, blueprint, legs, prices);
  steps.push(...last.steps);
  if (!last.outcome.found) return { steps, outcome: last.outcome };
  const { prediction, units } = last.outcome;
  const { forward, years } = view.ground;
  const { mid, natural, width, unitMaxLoss, worstPrice, undefinedRisk } = prices;
  const candidate: Candidate = {
    strategy: config.name,
    symbol: config.symbol,
    underlying,
    legs: structure,
    quantity: units,
    mid,
    natural,
    width,
    unitMaxLoss,
    worstPrice,
    tick: chain.tick,
    shortDeltas: shortDeltasOf(legs),
    daysToExpiry: daysToExpiry(newYorkDay(now), chain.expiry),
    atmVol: view.atmVol,
    spot,
    kind: blueprint.kind,
    undefinedRisk,
    carry: Math.log(forward / view.ground.spot) / years,
    ...(greeks !== undefined && { greeks }),
    prediction,
    weather: weatherOf(scene),
    ...(vixContract !== undefined && { vix: vixContract }),
    american: isAmericanOn(config.underlyingSecType),
    ...(campaign !== undefined && { campaign }),
  };
  return { steps, outcome: { found: true, candidate, score: prediction.score } };
};

/** What the two looks of a strategy share: the board, and the roles with the targets that the skew leaves them. */
const opened = (scene: Scene, blueprint: Blueprint) => {
  const view = viewOfMoney(scene);
  if (!view.found) return view;
  const shift = skewShift(scene);
  const roles = shiftedRoles(blueprint.roles(scene.config, scene.spot), shift.rich, scene);
  return { ...view, roles, passed: [...(view.passed ?? []), shift.step] };
};

/** All structures around the targets that may be entered, best score first; or what stopped the one that came furthest. */
const searchScene = (blueprint: Blueprint, scene: Scene): Choice<{ readonly candidates: readonly Candidate[] }> => {
  const view = opened(scene, blueprint);
  if (!view.found) return view;
  const { roles, passed } = view;
  const way = view.refused === undefined ? {} : { refused: view.refused };
  const found = placements(view, roles);
  if (!found.found) return { ...found, passed, ...way };
  const ratios = roles.map(({ ratio }) => ratio);
  const all = found.placed.map((placed) => tried(scene, view, blueprint, ratios, placed));
  const entered = all
    .flatMap(({ steps, outcome }) => (outcome.found ? { ...outcome, steps } : []))
    .toSorted((a, b) => b.score - a.score);
  const [best] = entered;
  if (best !== undefined) {
    return { found: true, candidates: entered.map(({ candidate }) => candidate), passed: [...passed, ...best.steps], ...way };
  }
  // Sorting is stable: of those that came as far, the one nearest to its targets speaks.
  const [furthest] = all.toSorted((a, b) => b.steps.length - a.steps.length);
  const { steps, outcome } = furthest as Tried;
  return outcome.found ? stopAt("score", "nothing was found") : { ...outcome, passed: [...passed, ...steps], ...way };
};

/** A strategy that can also show all that it would take, best score first. */
export interface SearchingStrategy extends Strategy {
  readonly search: (scene: Scene) => Choice<{ readonly candidates: readonly Candidate[] }>;
}

/** What the strategy machine runs for one kind. */
export const strategyOf = (blueprint: Blueprint): SearchingStrategy => ({
  kind: blueprint.kind,
  expiry: nearestExpiry,
  nearTheMoney,
  legCandidates: (scene) => {
    const view = opened(scene, blueprint);
    if (!view.found) return view;
    const way = { passed: view.passed, ...(view.refused !== undefined && { refused: view.refused }) };
    return { ...legCandidatesOf(scene, view, view.roles), ...way };
  },
  search: (scene) => searchScene(blueprint, scene),
  select: (scene) => {
    const choice = searchScene(blueprint, scene);
    if (!choice.found) return choice;
    const { candidates, ...rest } = choice;
    const [candidate] = candidates;
    return candidate === undefined ? stopAt("score", "nothing was found") : { ...rest, candidate };
  },
});
