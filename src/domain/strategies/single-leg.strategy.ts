/** One option bought or sold, as the configuration's only leg says. A sold call has no bound to its loss, and its candidate says so. */
import { type Blueprint, configuredRoles } from "./blueprint.ts";
import { strategyOf } from "./selection.ts";

export const SINGLE_LEG: Blueprint = {
  kind: "single-leg",
  roles: (config) => configuredRoles(config).slice(0, 1),
  ascending: false,
  flow: "either",
  lean: "any",
};

export const singleLeg = strategyOf(SINGLE_LEG);
