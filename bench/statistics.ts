/** Median and quantiles of few and of many samples, and two things measured turn by turn. */

export const quantile = (samples: readonly number[], share: number): number => {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1));
  return sorted[at] ?? Number.NaN;
};

export const median = (samples: readonly number[]): number => {
  const sorted = samples.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
};

export interface Pair {
  readonly subject: number;
  readonly reference: number;
}

/**
 * Measures subject and reference in turns, who goes first alternating, after one round that does not count. On a noisy machine both
 * halves of a pair meet the same weather, so the ratio of a pair says more than the ratio of two medians.
 */
export const inPairs = async (
  rounds: number,
  subject: () => Promise<number>,
  reference: () => Promise<number>,
): Promise<readonly Pair[]> => {
  const pairs: Pair[] = [];
  for (let round = 0; round <= rounds; round++) {
    let pair: Pair;
    if (round % 2 === 0) {
      const first = await subject();
      pair = { subject: first, reference: await reference() };
    } else {
      const first = await reference();
      pair = { subject: await subject(), reference: first };
    }
    if (round > 0) pairs.push(pair);
  }
  return pairs;
};

export const ratios = (pairs: readonly Pair[]): number[] => pairs.map(({ subject, reference }) => subject / reference);

/** CPU time that this thread has used, in µs. On a busy machine it tells of the code, where elapsed time tells of the neighbours. */
export const threadCpu = (): number => {
  const { user, system } = process.threadCpuUsage();
  return user + system;
};

/** The same for all threads of the process: V8's collectors work beside ours, and what they do is part of the price. */
export const processCpu = (): number => {
  const { user, system } = process.cpuUsage();
  return user + system;
};
