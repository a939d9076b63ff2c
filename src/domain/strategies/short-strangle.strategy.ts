/**
 * The short strangle: a put and a call sold at the target |delta|, nothing bought. Its loss has no bound, so its candidates are marked
 * as such and carry a stress loss; whether that may be entered at all is the gate's to say.
 */
import { type Blueprint, shortAtDelta } from "./blueprint.ts";
import { strategyOf } from "./selection.ts";

export const SHORT_STRANGLE: Blueprint = {
  kind: "short-strangle",
  roles: (config) => [shortAtDelta("P", config), shortAtDelta("C", config)],
  ascending: true,
  flow: "credit",
  lean: "calm",
};

export const shortStrangle = strategyOf(SHORT_STRANGLE);
