/**
 * Seeded chance: a number in [0, 1) for each name, the same whenever and in whatever order it is asked for.
 *
 * There is no stream to fall out of step: the seed and the name are hashed. Who needs a fresh number puts a counter in the name.
 */

export interface Chance {
  /** A number in [0, 1), fixed by the seed and the words. */
  draw(...words: readonly (string | number)[]): number;
  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number, ...words: readonly (string | number)[]): number;
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** FNV-1a over the UTF-16 units, then the 32-bit finaliser of MurmurHash3, so that near names fall far apart. */
const hash32 = (text: string): number => {
  let hash = FNV_OFFSET;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), FNV_PRIME);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
};

export const createChance = (seed: number): Chance => {
  const draw = (...words: readonly (string | number)[]): number => hash32(`${seed}/${words.join("/")}`) / 2 ** 32;
  return {
    draw,
    between: (low, high, ...words) => low + Math.floor(draw(...words) * (high - low + 1)),
  };
};
