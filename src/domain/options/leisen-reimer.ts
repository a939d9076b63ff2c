/**
 * American option values and Greeks by the binomial tree of Leisen and Reimer, on a spot with a continuous dividend yield and cash
 * dividends. European ones come from black-scholes-merton.ts; whether it matters which of the two is asked is said in early-exercise.ts.
 *
 * Two things make few steps go far. The tree only supplies the early-exercise premium, American less European on the same nodes; the
 * European part is our own closed form (control variate). And the premium, whose error falls with one over the steps because the tree
 * may exercise only at its nodes, is extrapolated from a second tree of half the steps (Richardson).
 *
 * Cash dividends are escrowed: the spot less what the dividends before expiry are worth now is what moves, with the volatility given.
 *
 * Formulas: D. Leisen, M. Reimer, "Binomial models for option valuation", Applied Mathematical Finance 3 (1996), with Peizer-Pratt's
 * second inversion.
 */
import { assert } from "../assert.ts";
import type { AmericanOption } from "./american-option.ts";
import { bsmGreeks, bsmPrice } from "./black-scholes-merton.ts";
import { dividendsWorth } from "./cash-dividends.ts";
import { earlyExerciseBound, intrinsic } from "./early-exercise.ts";

/** Price and sensitivities of one share's American option. */
export interface AmericanValue {
  /** Dollars a share. */
  readonly price: number;
  /** Per dollar of the underlying. */
  readonly delta: number;
  /** Change of delta per dollar of the underlying. */
  readonly gamma: number;
  /** Per 1.00 of volatility: divide by 100 for a vol point. */
  readonly vega: number;
  /** Per year that passes: divide by 365 for a calendar day. */
  readonly theta: number;
  /** What the right to exercise early is worth, in dollars a share. */
  readonly premium: number;
}

/** Steps that hold the reference prices within 2e-4. */
export const AMERICAN_STEPS = 201;
/** Of fewer steps nothing is left to extrapolate from. */
const FEWEST_STEPS = 5;
/** The tree is centred on the strike, but no further out than this many deviations: beyond, its branches would degenerate. */
const FURTHEST_CENTRE = 6;
/** Volatility is moved up and down by this share of itself to see what it does to the premium: widely, since trees of two widths never quite match. */
const VOL_SHIFT = 0.05;
/** What the steps may leave of rounding, per dollar. */
const ROUNDING = 1e-12;
/** Below this deviation over the option's life the tree would have no width left. */
const LEAST_DEVIATION = 1e-5;

/** Scratch of the innermost loops, grown on demand and never read before it is written. */
let values = new Float64Array(256);
let powers = new Float64Array(256);
let weights = new Float64Array(256);
/** What the last tree said: American less European, as price, delta and gamma, and whether it exercised at once. */
const tree = { price: 0, delta: 0, gamma: 0, exercised: false };

/** Peizer and Pratt's inversion: the binomial probability that puts `z` of the normal distribution into the middle of n steps. */
const peizerPratt = (z: number, n: number): number => {
  const scaled = z / (n + 1 / 3 + 0.1 / (n + 1));
  const root = Math.sqrt(-Math.expm1(-scaled * scaled * (n + 1 / 6)));
  return 0.5 + (z < 0 ? -0.5 : 0.5) * root;
};

/** Fills `tree` from n steps. `spot` is without the escrowed dividends. */
const growTree = (option: AmericanOption, spot: number, vol: number, n: number): void => {
  const { right, strike, years, rate, dividendYield, dividends } = option;
  if (values.length < n + 1) {
    [values, powers, weights] = [new Float64Array(2 * n), new Float64Array(2 * n), new Float64Array(2 * n)];
  }
  const [value, power, weight] = [values, powers, weights];
  const sign = right === "C" ? 1 : -1;
  const dt = years / n;
  const deviation = Math.max(LEAST_DEVIATION, vol * Math.sqrt(years));
  const centre = (Math.log(spot / strike) + (rate - dividendYield) * years) / deviation - deviation / 2;
  const d2 = Math.min(FURTHEST_CENTRE, Math.max(-FURTHEST_CENTRE, centre));
  const up = peizerPratt(d2, n);
  const upOfStock = peizerPratt(d2 + deviation, n);
  const growth = Math.exp((rate - dividendYield) * dt);
  const u = (growth * upOfStock) / up;
  const d = (growth * (1 - upOfStock)) / (1 - up);
  const discount = Math.exp(-rate * dt);
  const [toUp, toDown] = [discount * up, discount * (1 - up)];

  // Node j of step i stands at spot · d^i · (u/d)^j.
  const ratio = u / d;
  let at = 1;
  for (let j = 0; j <= n; j++) {
    power[j] = at;
    at *= ratio;
  }
  let scale = spot * d ** n;
  for (let j = 0; j <= n; j++) value[j] = Math.max(0, sign * (scale * (power[j] as number) - strike));

  // European: from each node of step 2 the rest of the tree is a binomial distribution. Weights from its middle outwards.
  const rest = n - 2;
  const mode = Math.min(rest, Math.floor((rest + 1) * up));
  const odds = up / (1 - up);
  weight[mode] = 1;
  let total = 1;
  for (let j = mode; j < rest; j++) {
    weight[j + 1] = ((weight[j] as number) * (rest - j) * odds) / (j + 1);
    total += weight[j + 1] as number;
  }
  for (let j = mode; j > 0; j--) {
    weight[j - 1] = ((weight[j] as number) * j) / ((rest - j + 1) * odds);
    total += weight[j - 1] as number;
  }
  let [e0, e1, e2] = [0, 0, 0];
  for (let j = 0; j <= rest; j++) {
    const share = weight[j] as number;
    e0 += share * (value[j] as number);
    e1 += share * (value[j + 1] as number);
    e2 += share * (value[j + 2] as number);
  }
  const toStepTwo = Math.exp(-rate * dt * rest) / total;
  e0 *= toStepTwo;
  e1 *= toStepTwo;
  e2 *= toStepTwo;

  // Where a put is exercised, it is exercised further down as well, as long as interest outweighs the yield; and while the lower branch
  // falls, a node from which no end pays is worth nothing.
  const leading = sign < 0 && dividends === undefined && rate >= Math.max(0, dividendYield);
  let exercised = 0;
  let top = n;
  if (sign < 0 && d < 1) while (top >= 0 && value[top] === 0) top--;
  if (leading) exercised = top + 1;
  let [a0, a1, a2] = [0, 0, 0];
  for (let i = n - 1; i >= 0; i--) {
    scale /= d;
    // What the strike is exchanged for: this share of the node's stock, and the dividends ahead of it.
    let share = 1;
    let net = strike;
    if (dividends !== undefined) {
      const now = i * dt;
      const tied = 1e-9 * dt;
      let ahead = 0;
      let [next, lost] = [Infinity, 0];
      for (const { years: ex, amount } of dividends) {
        // On the ex-date's morning a call is exercised just before it, a put just after.
        if (ex < now - sign * tied || ex > years) continue;
        const worth = amount * Math.exp(-rate * (ex - now));
        ahead += worth;
        if (ex < next) [next, lost] = [ex, worth];
      }
      net = strike - ahead;
      // Between this step and the next, the best moment is beside the ex-date, and the strike is paid then.
      if (next < now + dt - tied) {
        const paid = strike * Math.exp(-rate * (next - now)) - (sign > 0 ? ahead : ahead - lost);
        if (sign > 0 ? paid < net : paid > net) [net, share] = [paid, Math.exp(-dividendYield * (next - now))];
      }
    }
    const last = Math.min(i, top);
    if (leading) {
      // Two nodes that are exercised come from one that was, so only the border needs looking at. What was skipped is caught up with.
      let j = i <= 2 ? 0 : Math.max(0, exercised - 1);
      for (let k = j; k < exercised && k <= i + 1; k++) value[k] = strike - scale * d * (power[k] as number);
      for (; j <= i; j++) {
        const hold = toUp * (value[j + 1] as number) + toDown * (value[j] as number);
        const now = strike - scale * (power[j] as number);
        if (hold > now) break;
        value[j] = now;
      }
      exercised = j;
      for (; j <= last; j++) value[j] = toUp * (value[j + 1] as number) + toDown * (value[j] as number);
    } else {
      const stock = scale * share;
      for (let j = 0; j <= last; j++) {
        const hold = toUp * (value[j + 1] as number) + toDown * (value[j] as number);
        const now = sign * (stock * (power[j] as number) - net);
        value[j] = hold > now ? hold : now;
      }
    }
    if (i === 2) [a0, a1, a2] = [value[0] as number, value[1] as number, value[2] as number];
    if (i === 1) {
      const european = toUp * e1 + toDown * e0;
      const europeanUp = toUp * e2 + toDown * e1;
      const [down, upper] = [(value[0] as number) - european, (value[1] as number) - europeanUp];
      tree.delta = (upper - down) / (spot * (u - d));
      tree.price = toUp * europeanUp + toDown * european;
    }
  }
  tree.exercised = (value[0] as number) <= sign * (option.spot - strike) + ROUNDING * strike;
  tree.price = (value[0] as number) - tree.price;
  const [s0, s1, s2] = [spot * d * d, spot * u * d, spot * u * u];
  const [x0, x1, x2] = [a0 - e0, a1 - e1, a2 - e2];
  tree.gamma = ((x2 - x1) / (s2 - s1) - (x1 - x0) / (s1 - s0)) / ((s2 - s0) / 2);
};

/** The premium from a tree of `steps`, and of half of them; leaves it in `tree`. */
const extrapolatedPremium = (option: AmericanOption, spot: number, vol: number, steps: number): void => {
  // A call on cash dividends alone is exercised at few instants, which the tree hits: nothing there falls with the steps.
  if (option.right === "C" && spot !== option.spot) {
    growTree(option, spot, vol, steps);
    return;
  }
  const few = (steps >> 1) | 1;
  growTree(option, spot, vol, few);
  const { price, delta, gamma } = tree;
  growTree(option, spot, vol, steps);
  const weight = few / (steps - few);
  tree.price += weight * (tree.price - price);
  tree.delta += weight * (tree.delta - delta);
  tree.gamma += weight * (tree.gamma - gamma);
};

const oddSteps = (steps: number): number => {
  assert(Number.isInteger(steps) && steps >= FEWEST_STEPS, () => `a tree needs ${FEWEST_STEPS} steps or more, got ${steps}`);
  return steps | 1;
};

/** The European value of the same option: closed form on the spot less the dividends' worth. */
export const europeanValue = (option: AmericanOption): AmericanValue => {
  const escrowed = dividendsWorth(option.dividends, option.years, option.rate);
  const bare = escrowed === 0 ? option : { ...option, spot: option.spot - escrowed };
  const { delta, gamma, vega, theta } = bsmGreeks(bare);
  // While the spot stands still, the escrow grows by interest and leaves less to move.
  return { price: bsmPrice(bare), delta, gamma, vega, theta: theta - option.rate * escrowed * delta, premium: 0 };
};

/**
 * The price of an American option, in dollars a share; never below what exercise pays now nor below the European price. An even number
 * of steps counts as the next odd one. Throws on what no market has, and when the dividends are worth the whole spot.
 */
export const americanPrice = (option: AmericanOption, steps: number = AMERICAN_STEPS): number => {
  const n = oddSteps(steps);
  const spot = option.spot - dividendsWorth(option.dividends, option.years, option.rate);
  const european = bsmPrice(spot === option.spot ? option : { ...option, spot });
  const now = intrinsic(option.right, option.spot, option.strike);
  if (earlyExerciseBound(option) === 0) return Math.max(european, now);
  extrapolatedPremium(option, spot, option.vol, n);
  return tree.exercised ? now : Math.max(now, european + Math.max(0, tree.price));
};

/**
 * Price and Greeks of an American option; see `americanPrice`. Where it is best exercised now, it is as good as the stock: delta 1 or -1,
 * and nothing else. Theta follows from the others by the Black-Scholes equation; vega is the European one and what a shift of the
 * volatility does to the premium.
 */
export const americanValue = (option: AmericanOption, steps: number = AMERICAN_STEPS): AmericanValue => {
  const n = oddSteps(steps);
  const european = europeanValue(option);
  const { right, strike, rate, dividendYield, vol } = option;
  const now = intrinsic(right, option.spot, strike);
  const none = earlyExerciseBound(option) === 0;
  if (none && european.price >= now) return european;
  const escrowed = dividendsWorth(option.dividends, option.years, rate);
  const spot = option.spot - escrowed;
  if (!none) extrapolatedPremium(option, spot, vol, n);
  if (none || tree.exercised) {
    return { price: now, delta: right === "C" ? 1 : -1, gamma: 0, vega: 0, theta: 0, premium: now - european.price };
  }
  const { price, delta, gamma } = tree;
  const premium = Math.max(now - european.price, price, 0);
  const shift = Math.max(VOL_SHIFT * vol, LEAST_DEVIATION / Math.sqrt(option.years));
  extrapolatedPremium(option, spot, vol + shift, n);
  const above = tree.price;
  extrapolatedPremium(option, spot, Math.max(0, vol - shift), n);
  const vegaOfPremium = (above - tree.price) / (shift + Math.min(shift, vol));
  const decay = rate * price - ((rate - dividendYield) * spot + rate * escrowed) * delta - (vol * vol * spot * spot * gamma) / 2;
  return {
    price: european.price + premium,
    delta: european.delta + delta,
    gamma: european.gamma + gamma,
    vega: Math.max(0, european.vega + vegaOfPremium),
    theta: european.theta + decay,
    premium,
  };
};
