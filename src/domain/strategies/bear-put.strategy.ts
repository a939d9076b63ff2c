/** The bear put: a put bought at the long |delta|, another sold a width below. It costs a debit and gains from a fall. */
import { type Blueprint, longAtDelta, wingBeside } from "./blueprint.ts";
import { strategyOf } from "./selection.ts";

export const BEAR_PUT: Blueprint = {
  kind: "bear-put",
  roles: (config, spot) => [wingBeside(1, { right: "P", ratio: -1, side: -1 }, config, spot), longAtDelta("P", config)],
  ascending: true,
  flow: "debit",
  lean: "fall",
};

export const bearPut = strategyOf(BEAR_PUT);
