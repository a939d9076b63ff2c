/**
 * The iron condor: a put spread and a call spread sold on the same expiry, short strikes at a target |delta|, wings a share of
 * spot further out. It makes the credit if the underlying ends between the shorts, and loses at most a wing's width less it.
 *
 * It looks in two stages to spare market data lines: 4 options around the money tell forward and volatility; from these it
 * estimates where the short strikes lie and asks for at most 12 options a side.
 */

import { newYorkDay } from "../calendar/new-york.ts";
import { daysToExpiry } from "../calendar/time-to-expiry.ts";
import type { Leg, OptionContract, Right } from "../contract.ts";
import type { Candidate } from "../events/actors.ts";
import { extremes, width as widthOf } from "../payoff.ts";
import { midOf } from "../quote.ts";
import { legName, quoteStructure } from "../structure-quote.ts";
import { type Price, priceUnits, roundHalfAway, toTick } from "../units.ts";
import { type Chain, nearestStrikes, optionAt, strikesOf } from "./chain.ts";
import { type Ground, groundOf, type Measured, measure } from "./option-measures.ts";
import { nearestDelta, strikeOfDelta } from "./short-strike.ts";
import { type Choice, type Scene, type Strategy, stopAt } from "./strategy.ts";

const STRIKES_NEAR_THE_MONEY = 2;
const OPTIONS_PER_SIDE = 12;
/** Further than this from the target, the nearest |delta| is another trade. */
const DELTA_TOLERANCE = 0.04;
/** A wing this far from its wished distance, as a share of that, is another trade. */
const WING_TOLERANCE = 0.5;
const STANDARD_MULTIPLIER = 100;
/**
 * Where to look for the short strikes: between the strikes that the target has at these multiples of the at-the-money
 * volatility. Index skew makes puts dearer and calls cheaper than a flat smile (`quant.md` 3.4).
 */
const VOL_RANGE: { readonly [R in Right]: readonly [inner: number, outer: number] } = { P: [0.85, 1.5], C: [0.65, 1.15] };

const expiry: Strategy["expiry"] = (config, parameters, today) => {
  const { dteMin, dteTarget, dteMax } = config.entry;
  const standard = parameters.filter((row) => row.multiplier === STANDARD_MULTIPLIER && row.tradingClass === config.symbol);
  const listing = standard.find((row) => row.exchange === "SMART") ?? standard[0];
  if (listing === undefined) return stopAt("expiry", `no options of class ${config.symbol} are listed`);
  const distances = listing.expirations.map((day) => ({ day, dte: daysToExpiry(today, day) }));
  const [best] = distances
    .filter(({ dte }) => dte >= dteMin && dte <= dteMax)
    .toSorted((a, b) => Math.abs(a.dte - dteTarget) - Math.abs(b.dte - dteTarget) || b.dte - a.dte);
  if (best !== undefined) return { found: true, expiry: best.day, tradingClass: listing.tradingClass };
  const [nearest] = distances.toSorted((a, b) => Math.abs(a.dte - dteTarget) - Math.abs(b.dte - dteTarget));
  const reason = `no expiry between ${dteMin} and ${dteMax} days`;
  return stopAt("expiry", reason, { actual: nearest?.dte ?? null, limit: dteTarget, unit: "days" });
};

const nearTheMoney: Strategy["nearTheMoney"] = (chain, spot) => {
  const puts = new Set<number>(strikesOf(chain, "P"));
  const both = strikesOf(chain, "C").filter((strike) => puts.has(strike));
  return nearestStrikes(both, spot, STRIKES_NEAR_THE_MONEY).flatMap((strike) => bothRights(chain, strike));
};

const bothRights = (chain: Chain, strike: Price): OptionContract[] =>
  (["C", "P"] as const).map((right) => optionAt(chain, strike, right)).filter((option) => option !== undefined);

/** The listed strike beyond a short that is nearest to the wished wing. */
const wingStrike = (strikes: readonly Price[], short: Price, right: Right, distance: number): Price | undefined => {
  const beyond = strikes.filter((strike) => (right === "C" ? strike > short : strike < short));
  return nearestStrikes(beyond, right === "C" ? short + distance : short - distance, 1)[0];
};

const wingDistance = ({ config, spot }: Scene): number => (spot * config.entry.wingWidthPct) / 100;

/** `count` of the strikes, evenly spread, both ends included. */
const evenly = (strikes: readonly Price[], count: number): Price[] => {
  if (strikes.length <= count) return [...strikes];
  if (count === 1) return [strikes[Math.floor(strikes.length / 2)] as Price];
  return Array.from({ length: count }, (_, i) => strikes[Math.round((i * (strikes.length - 1)) / (count - 1))] as Price);
};

/** Shorts spread over the range where the target delta must lie, as many as fit with their wings into OPTIONS_PER_SIDE. */
const sideCandidates = (scene: Scene, ground: Ground, vol: number, right: Right): OptionContract[] => {
  const strikes = strikesOf(scene.chain, right);
  const bounds = VOL_RANGE[right].map((factor) => strikeOfDelta(right, scene.config.entry.shortDelta, vol * factor, ground));
  const [low, high] = [Math.min(...bounds) * 10_000, Math.max(...bounds) * 10_000];
  const within = strikes.filter((strike) => strike >= low && strike <= high);
  const range = within.length > 0 ? within : nearestStrikes(strikes, (low + high) / 2, 2);
  for (let count = OPTIONS_PER_SIDE; count > 0; count -= 1) {
    const shorts = evenly(range, count);
    const wings = shorts.map((short) => wingStrike(strikes, short, right, wingDistance(scene)));
    const wanted = [...new Set([...shorts, ...wings.filter((wing) => wing !== undefined)])].toSorted((a, b) => a - b);
    if (wanted.length > OPTIONS_PER_SIDE) continue;
    return wanted.map((strike) => optionAt(scene.chain, strike, right)).filter((option) => option !== undefined);
  }
  return [];
};

/** The volatility at the money: the mean of what the options there tell. */
const volAtTheMoney = (scene: Scene, ground: Ground): number | undefined => {
  const vols = nearTheMoney(scene.chain, scene.spot).flatMap((option) => measure(scene, ground, option)?.vol ?? []);
  return vols.length === 0 ? undefined : vols.reduce((sum, vol) => sum + vol, 0) / vols.length;
};

type MoneyView = Choice<{ readonly ground: Ground; readonly atmVol: number }>;

const viewOfMoney = (scene: Scene): MoneyView => {
  const ground = groundOf(scene);
  if ("kind" in ground) {
    return ground.kind === "off-spot"
      ? stopAt("forward", "the options imply a forward far from spot", {
          actual: ground.forward,
          limit: ground.expected,
          unit: "USD",
        })
      : stopAt("forward", "no strike near the money is quoted on both sides");
  }
  const atmVol = volAtTheMoney(scene, ground);
  return atmVol === undefined ? stopAt("volatility", "no volatility at the money") : { found: true, ground, atmVol };
};

const legCandidates: Strategy["legCandidates"] = (scene) => {
  const money = viewOfMoney(scene);
  if (!money.found) return money;
  const contracts = (["P", "C"] as const).flatMap((right) => sideCandidates(scene, money.ground, money.atmVol, right));
  return contracts.length > 0 ? { found: true, contracts } : stopAt("strikes", "no strikes are listed where the legs would be");
};

interface Side {
  readonly short: Measured;
  readonly wing: OptionContract;
}

const chooseSide = (scene: Scene, ground: Ground, right: Right): Choice<Side> => {
  const target = scene.config.entry.shortDelta;
  const quoted = strikesOf(scene.chain, right)
    .map((strike) => optionAt(scene.chain, strike, right) as OptionContract)
    .filter((option) => scene.quotes[option.conId] !== undefined);
  // Only out-of-the-money options: the short strikes lie on either side of the forward.
  const measured = quoted
    .filter(({ strike }) => (right === "C" ? strike > ground.forward * 10_000 : strike < ground.forward * 10_000))
    .flatMap((option) => measure(scene, ground, option) ?? []);
  const short = nearestDelta(measured, target);
  if (short === undefined) return stopAt("shortDelta", `no ${right === "C" ? "call" : "put"} has a volatility`);
  const delta = Math.abs(short.delta);
  if (Math.abs(delta - target) > DELTA_TOLERANCE) {
    return stopAt("shortDelta", `${legName({ contract: short.contract, ratio: -1 })} is the nearest`, {
      actual: delta,
      limit: target,
      unit: "|delta|",
    });
  }
  const distance = wingDistance(scene);
  const askable = quoted.filter(({ conId }) => (scene.quotes[conId]?.ask ?? 0) > 0).map(({ strike }) => strike);
  const wing = wingStrike(askable, short.contract.strike, right, distance);
  const away = wing === undefined ? null : Math.abs(wing - short.contract.strike);
  if (wing === undefined || away === null || Math.abs(away - distance) > WING_TOLERANCE * distance) {
    const numbers = { actual: away === null ? null : away / 10_000, limit: distance / 10_000, unit: "USD from the short" };
    return stopAt("wings", `no ${right === "C" ? "call" : "put"} wing is offered near its distance`, numbers);
  }
  return { found: true, short, wing: optionAt(scene.chain, wing, right) as OptionContract };
};

const select: Strategy["select"] = (scene) => {
  const money = viewOfMoney(scene);
  if (!money.found) return money;
  const put = chooseSide(scene, money.ground, "P");
  if (!put.found) return put;
  const call = chooseSide(scene, money.ground, "C");
  if (!call.found) return call;
  const legs: Leg[] = [
    { contract: put.wing, ratio: 1 },
    { contract: put.short.contract, ratio: -1 },
    { contract: call.short.contract, ratio: -1 },
    { contract: call.wing, ratio: 1 },
  ];
  const priced = priceCondor(scene, legs);
  if (!priced.found) return priced;
  const { config, underlying, spot, chain, now } = scene;
  const candidate: Candidate = {
    strategy: config.name,
    symbol: config.symbol,
    underlying,
    legs,
    quantity: config.quantity,
    ...priced.prices,
    tick: chain.tick,
    shortDeltas: { put: put.short.delta, call: call.short.delta },
    daysToExpiry: daysToExpiry(newYorkDay(now), chain.expiry),
    atmVol: money.atmVol,
    spot,
  };
  return { found: true, candidate };
};

type Prices = Pick<Candidate, "mid" | "natural" | "width" | "unitMaxLoss"> & { readonly worstPrice: Price };

/** Liquidity, credit and payoff of a condor: everything that may still stop it once its legs are chosen. */
const priceCondor = ({ config, chain, quotes }: Scene, legs: readonly Leg[]): Choice<{ readonly prices: Prices }> => {
  const { maxSpreadPctOfWidth, minCreditPctOfWidth } = config.entry;
  const strikes = legs.map(({ contract }) => contract.strike);
  if (strikes.some((strike, i) => i > 0 && strike <= (strikes[i - 1] as Price))) {
    return stopAt("payoff", `the strikes are not in order: ${legs.map(legName).join(" ")}`);
  }
  const unbid = legs.find(({ contract, ratio }) => ratio < 0 && !((quotes[contract.conId]?.bid ?? 0) > 0));
  if (unbid !== undefined)
    return stopAt("liquidity", `nobody bids for the ${legName(unbid)}`, { actual: 0, limit: 0, unit: "USD" });
  const oneSided = legs.find(({ contract, ratio }) => ratio < 0 && midOf(quotes[contract.conId]) === undefined);
  if (oneSided !== undefined) return stopAt("liquidity", `the ${legName(oneSided)} is not quoted on both sides`);
  const quote = quoteStructure(legs, quotes);
  if (!quote.known) return stopAt("liquidity", quote.missing.join(", "));
  const width = widthOf(legs);
  if (width === "unbounded" || width <= 0) return stopAt("payoff", "the structure has no width");
  const spreadPct = (100 * (quote.ask - quote.bid)) / width;
  if (spreadPct > maxSpreadPctOfWidth) {
    return stopAt("spread", "the spread is too wide", { actual: spreadPct, limit: maxSpreadPctOfWidth, unit: "% of width" });
  }
  const creditPct = (-100 * quote.mid) / width;
  if (quote.mid >= 0 || creditPct < minCreditPctOfWidth) {
    const numbers = { actual: creditPct + 0, limit: minCreditPctOfWidth, unit: "% of width" };
    return stopAt("credit", "the credit is too small", numbers);
  }
  const leastCredit = toTick((width * minCreditPctOfWidth) / 100, chain.tick, "up");
  const worstPrice = priceUnits(Math.min(quote.ask, -leastCredit) + 0);
  const { maxLoss } = extremes(legs, worstPrice);
  if (maxLoss === "unbounded" || maxLoss <= 0) return stopAt("payoff", "the worst loss is not a known amount");
  const mid = priceUnits(roundHalfAway(quote.mid));
  return { found: true, prices: { mid, natural: quote.ask, width, unitMaxLoss: maxLoss, worstPrice } };
};

/** What the strategy machine runs for `kind: iron-condor`. */
export const ironCondor: Strategy = { kind: "iron-condor", expiry, nearTheMoney, legCandidates, select };
