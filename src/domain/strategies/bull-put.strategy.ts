/** The bull put: a put sold at the target |delta|, another bought a width below. It keeps its credit unless the underlying falls. */
import { type Blueprint, shortAtDelta, wingBeside } from "./blueprint.ts";
import { strategyOf } from "./selection.ts";

export const BULL_PUT: Blueprint = {
  kind: "bull-put",
  roles: (config, spot) => [wingBeside(1, { right: "P", ratio: 1, side: -1 }, config, spot), shortAtDelta("P", config)],
  ascending: true,
  flow: "credit",
  lean: "rise",
};

export const bullPut = strategyOf(BULL_PUT);
