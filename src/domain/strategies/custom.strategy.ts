/** Any structure of up to four legs of one expiry, as the configuration lists them: butterflies, ratios, straddles; no boxes. */
import { type Blueprint, configuredRoles } from "./blueprint.ts";
import { strategyOf } from "./selection.ts";

export const CUSTOM: Blueprint = {
  kind: "custom",
  roles: configuredRoles,
  ascending: false,
  flow: "either",
  lean: "any",
};

export const custom = strategyOf(CUSTOM);
