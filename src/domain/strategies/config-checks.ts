/** What no single key of a strategy's configuration can say: which kinds list their legs, and how a leg says where it lies. */

interface LegAsConfigured {
  readonly right: "C" | "P";
  readonly ratio: number;
  readonly delta?: number | undefined;
  readonly strike?: number | undefined;
  readonly offsetPoints?: number | undefined;
}
interface AsConfigured {
  readonly kind: string;
  readonly legs?: readonly LegAsConfigured[] | undefined;
  readonly entry: { readonly shortDelta: number; readonly longDelta: number };
}
/** `path`: below the strategy. */
export interface ConfigProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

const PLACES = ["delta", "strike", "offsetPoints"] as const;
const divisor = (a: number, b: number): number => (b === 0 ? Math.abs(a) : divisor(b, a % b));

const legProblems = (leg: LegAsConfigured, n: number): ConfigProblem[] => {
  const problems: ConfigProblem[] = [];
  const said = PLACES.filter((place) => leg[place] !== undefined);
  if (said.length !== 1) {
    const got = said.length === 0 ? "none" : said.join(" and ");
    problems.push({ path: ["legs", n], message: `a leg has exactly one of delta, strike and offsetPoints, got ${got}` });
  }
  if (leg.ratio === 0)
    problems.push({ path: ["legs", n, "ratio"], message: "a ratio of 0 trades nothing: +1 buys one, -1 sells one" });
  if (n === 0 && leg.offsetPoints !== undefined)
    problems.push({
      path: ["legs", 0, "offsetPoints"],
      message: "the first leg has none before it: give it a delta or a strike",
    });
  return problems;
};

const LISTS_LEGS: readonly string[] = ["custom", "single-leg"];

/** Sentences, each with the key and the way out. */
export const strategyProblems = ({ kind, legs, entry }: AsConfigured): readonly ConfigProblem[] => {
  if (!LISTS_LEGS.includes(kind)) {
    if (legs !== undefined)
      return [{ path: ["legs"], message: `a ${kind} has legs of its own: remove the list, or use kind: custom` }];
    const debit = kind === "bull-call" || kind === "bear-put";
    return debit && entry.longDelta <= 0.05
      ? [
          {
            path: ["entry", "longDelta"],
            message: `a ${kind} buys near the money: ${entry.longDelta} leaves nothing to sell beyond it`,
          },
        ]
      : [];
  }
  if (legs === undefined) return [{ path: ["legs"], message: `kind: ${kind} needs a list of legs` }];
  if (kind === "single-leg" && legs.length !== 1)
    return [{ path: ["legs"], message: `a single-leg position has one leg, got ${legs.length}: use kind: custom` }];
  const problems = legs.flatMap(legProblems);
  const ratios = legs.map(({ ratio }) => ratio).reduce(divisor, 0);
  if (ratios > 1) problems.push({ path: ["legs"], message: `all ratios can be divided by ${ratios}: say so with quantity` });
  const seen = new Set<string>();
  legs.forEach(({ right, strike, delta, offsetPoints }, n) => {
    const place = `${right}/${strike ?? ""}/${delta ?? ""}`;
    if (offsetPoints === undefined && seen.has(place))
      problems.push({ path: ["legs", n], message: "another leg is the same contract: give them one ratio together" });
    seen.add(place);
  });
  return problems;
};
