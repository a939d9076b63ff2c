/** The bear call: a call sold at the target |delta|, another bought a width above. It keeps its credit unless the underlying rises. */
import { type Blueprint, shortAtDelta, wingBeside } from "./blueprint.ts";
import { strategyOf } from "./selection.ts";

export const BEAR_CALL: Blueprint = {
  kind: "bear-call",
  roles: (config, spot) => [shortAtDelta("C", config), wingBeside(0, { right: "C", ratio: 1, side: 1 }, config, spot)],
  ascending: true,
  flow: "credit",
  lean: "fall",
};

export const bearCall = strategyOf(BEAR_CALL);
