/**
 * A million malformed frames to each end of the wire, from one seed: no hang, no growth, nothing thrown, and sound messages among them
 * come through. CARETAKER_SEED chooses other ones.
 */
import { expect, test } from "vitest";
import { breakFraming, floodGateway, floodIbApi } from "../support/malformed-flood.ts";

const SEED = Number(process.env.CARETAKER_SEED ?? 20_261_120);
const MILLION = 1_000_000;
const MEGABYTE = 1_000_000;

test("the gateway's server, over TCP", async () => {
  const { frames, sound, answered, grownBy } = await floodGateway(SEED, MILLION);
  expect([frames, answered]).toEqual([MILLION, sound]);
  expect(grownBy).toBeLessThan(30 * MEGABYTE);
});

test("the gateway's server, by connections that break the framing", async () => {
  expect(await breakFraming(SEED, 5_000)).toEqual({ ended: 5_000, left: 0 });
});

test("IBApi's decoder behind the framing guard", () => {
  const { frames, sound, answered, givenUp, grownBy } = floodIbApi(SEED, MILLION);
  expect([frames, answered]).toEqual([MILLION, sound]);
  expect(givenUp).toBeLessThan(sound);
  expect(grownBy).toBeLessThan(30 * MEGABYTE);
});
