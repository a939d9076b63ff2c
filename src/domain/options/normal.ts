/**
 * The standard normal distribution, accurate to the last digits of a double also far out in the tails, where the prices of
 * wings live. Approximations good to seven digits would wreck the implied volatility of everything deep out of the money.
 */
import { assert } from "../assert.ts";

const ONE_OVER_SQRT_PI = 0.5641895835477563;
const ONE_OVER_SQRT_2PI = 0.3989422804014327;
/** Beyond this, erfc is below the smallest double. */
const VANISHES_BEYOND = 27;

/**
 * Coefficients of the minimax rational functions for erf and erfc: W. J. Cody, "Rational Chebyshev approximations for the
 * error function", Math. Comp. 23 (1969), as extended to double precision in his CALERF. Highest power first.
 */
const ERF_NEAR_ZERO = {
  over: [0.18577770618460315, 3.1611237438705655, 113.86415415105016, 377.485237685302, 3209.3775891384694],
  under: [1, 23.601290952344122, 244.02463793444417, 1282.6165260773723, 2844.236833439171],
};
const ERFC_MIDDLE = {
  over: [
    2.1531153547440383e-8, 0.5641884969886701, 8.883149794388377, 66.11919063714163, 298.6351381974001, 881.952221241769,
    1712.0476126340707, 2051.0783778260716, 1230.3393547979972,
  ],
  under: [
    1, 15.744926110709835, 117.6939508913125, 537.1811018620099, 1621.3895745666903, 3290.7992357334597, 4362.619090143247,
    3439.3676741437216, 1230.3393548037495,
  ],
};
const ERFC_TAIL = {
  over: [
    0.016315387137302097, 0.30532663496123236, 0.36034489994980445, 0.12578172611122926, 0.016083785148742275,
    0.0006587491615298378,
  ],
  under: [1, 2.568520192289822, 1.8729528499234673, 0.5279051029514285, 0.06051834131244132, 0.0023352049762686918],
};

/**
 * Coefficients of the inverse: M. J. Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Appl.
 * Statist. 37 (1988), PPND16, relative accuracy about 1e-16. Highest power first.
 */
const QUANTILE_CENTRE = {
  over: [
    2509.0809287301227, 33430.57558358813, 67265.7709270087, 45921.95393154987, 13731.69376550946, 1971.5909503065513,
    133.14166789178438, 3.3871328727963665,
  ],
  under: [
    5226.495278852854, 28729.085735721943, 39307.89580009271, 21213.794301586597, 5394.196021424751, 687.1870074920579,
    42.31333070160091, 1,
  ],
};
const QUANTILE_SHOULDER = {
  over: [
    0.0007745450142783414, 0.022723844989269184, 0.2417807251774506, 1.2704582524523684, 3.6478483247632045, 5.769497221460691,
    4.630337846156546, 1.4234371107496835,
  ],
  under: [
    1.0507500716444169e-9, 0.0005475938084995345, 0.015198666563616457, 0.14810397642748008, 0.6897673349851, 1.6763848301838038,
    2.053191626637759, 1,
  ],
};
const QUANTILE_TAIL = {
  over: [
    2.0103343992922881e-7, 0.000027115555687434876, 0.0012426609473880784, 0.026532189526576124, 0.29656057182850487,
    1.7848265399172913, 5.463784911164114, 6.657904643501103,
  ],
  under: [
    2.0442631033899397e-15, 1.421511758316446e-7, 0.000018463183175100548, 0.0007868691311456133, 0.014875361290850615,
    0.1369298809227358, 0.599832206555888, 1,
  ],
};

interface Rational {
  readonly over: readonly number[];
  readonly under: readonly number[];
}

const polynomial = (coefficients: readonly number[], x: number): number => {
  let sum = 0;
  for (const coefficient of coefficients) sum = sum * x + coefficient;
  return sum;
};

const ratio = ({ over, under }: Rational, x: number): number => polynomial(over, x) / polynomial(under, x);

/** exp(−y²) without losing digits to the rounding of y²: the square of y cut to sixteenths is exact. */
const expOfMinusSquare = (y: number): number => {
  const cut = Math.trunc(y * 16) / 16;
  return Math.exp(-cut * cut) * Math.exp(-(y - cut) * (y + cut));
};

const farTail = (y: number): number => {
  if (y > VANISHES_BEYOND) return 0;
  const inverseSquare = 1 / (y * y);
  return (expOfMinusSquare(y) * (ONE_OVER_SQRT_PI - inverseSquare * ratio(ERFC_TAIL, inverseSquare))) / y;
};

/** The complementary error function, 1 − erf(x). */
export const erfc = (x: number): number => {
  const y = Math.abs(x);
  if (y <= 0.46875) return 1 - x * ratio(ERF_NEAR_ZERO, y * y);
  const upper = y <= 4 ? expOfMinusSquare(y) * ratio(ERFC_MIDDLE, y) : farTail(y);
  return x < 0 ? 2 - upper : upper;
};

/** The density at x. */
export const normalPdf = (x: number): number => ONE_OVER_SQRT_2PI * Math.exp(-0.5 * x * x);

/** The probability of ending below x. */
export const normalCdf = (x: number): number => 0.5 * erfc(-x * Math.SQRT1_2);

/** The x below which a share `probability` of the distribution lies. Throws unless 0 < probability < 1. */
export const normalQuantile = (probability: number): number => {
  assert(probability > 0 && probability < 1, () => `a quantile needs a probability between 0 and 1, got ${probability}`);
  const fromCentre = probability - 0.5;
  if (Math.abs(fromCentre) <= 0.425) return fromCentre * ratio(QUANTILE_CENTRE, 0.180625 - fromCentre * fromCentre);
  const depth = Math.sqrt(-Math.log(fromCentre < 0 ? probability : 1 - probability));
  const distance = depth <= 5 ? ratio(QUANTILE_SHOULDER, depth - 1.6) : ratio(QUANTILE_TAIL, depth - 5);
  return fromCentre < 0 ? -distance : distance;
};
