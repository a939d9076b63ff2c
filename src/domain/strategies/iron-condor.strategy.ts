/**
 * The iron condor: a put spread and a call spread sold on the same expiry, short strikes at a target |delta|, wings a width further
 * out. It makes the credit if the underlying ends between the shorts, and loses at most a wing's width less it.
 */
import { type Blueprint, shortAtDelta, wingBeside } from "./blueprint.ts";
import { strategyOf } from "./selection.ts";

export const IRON_CONDOR: Blueprint = {
  kind: "iron-condor",
  roles: (config, spot) => [
    wingBeside(1, { right: "P", ratio: 1, side: -1 }, config, spot),
    shortAtDelta("P", config),
    shortAtDelta("C", config),
    wingBeside(2, { right: "C", ratio: 1, side: 1 }, config, spot),
  ],
  ascending: true,
  flow: "credit",
  lean: "calm",
};

export const ironCondor = strategyOf(IRON_CONDOR);
