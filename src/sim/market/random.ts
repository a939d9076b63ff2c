/**
 * Chance from one seed: named streams that do not disturb each other, and draws that need no stream at all.
 *
 * A stream's name fixes all of its numbers, whoever else draws and how often. Normals come by inverting the distribution,
 * one 32-bit draw each, so that a stream never shifts. Generator: xoroshiro128+ of pure-rand.
 */

import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";
import { normalQuantile } from "../../domain/options/normal.ts";

export interface RandomStream {
  /** Above 0 and below 1. */
  uniform(): number;
  /** Standard normal. */
  normal(): number;
}

const TWO_TO_32 = 4_294_967_296;

/** Spreads the bits of a 32-bit word (the finaliser of MurmurHash3). */
const mixed = (word: number): number => {
  let h = word;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) | 0;
};

const hashedText = (text: string, start: number): number => {
  let h = start;
  for (let i = 0; i < text.length; i++) h = mixed((Math.imul(h, 31) + text.charCodeAt(i)) | 0);
  return h;
};

/** The stream of a name under a seed. The seed 7 and the seed "7" are the same. */
export const randomStream = (seed: number | string, name: string): RandomStream => {
  const text = `${seed}/${name}`;
  // Four unrelated words of state; the last is odd, so that the state is never all zero.
  const state = [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344].map((start) => hashedText(text, start));
  state[3] = (state[3] as number) | 1;
  const generator = xoroshiro128plusFromState(state);
  const uniform = (): number => ((generator.next() >>> 0) + 0.5) / TWO_TO_32;
  return { uniform, normal: () => normalQuantile(uniform()) };
};

/** A 32-bit number that a seed's streamless draws start from. */
export const seedWord = (seed: number | string): number => hashedText(`${seed}`, 0x452821e6);

/** A draw above 0 and below 1 that depends on four whole numbers alone. */
export const drawAt = (seed: number, a: number, b: number, c: number): number =>
  ((mixed(mixed(mixed(mixed(seed) ^ (a | 0)) ^ (b | 0)) ^ (c | 0)) >>> 0) + 0.5) / TWO_TO_32;

/** What a normal is multiplied with, squared, to become Student's t with `degrees` (above 2) of freedom and unit variance. */
export const studentVariance = (stream: RandomStream, degrees: number): number => {
  let chiSquare = 0;
  for (let i = 0; i < degrees; i++) chiSquare += stream.normal() ** 2;
  return (degrees - 2) / chiSquare;
};
