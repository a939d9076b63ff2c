/** The bull call: a call bought at the long |delta|, another sold a width above. It costs a debit and gains from a rise. */
import { type Blueprint, longAtDelta, wingBeside } from "./blueprint.ts";
import { strategyOf } from "./selection.ts";

export const BULL_CALL: Blueprint = {
  kind: "bull-call",
  roles: (config, spot) => [longAtDelta("C", config), wingBeside(0, { right: "C", ratio: -1, side: 1 }, config, spot)],
  ascending: true,
  flow: "debit",
  lean: "rise",
};

export const bullCall = strategyOf(BULL_CALL);
