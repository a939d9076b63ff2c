/** All strategies by their kind in the configuration. A new strategy is one file and one line here. */
import type { StrategyConfig } from "../config.ts";
import { ironCondor } from "./iron-condor.strategy.ts";
import type { Strategy } from "./strategy.ts";

export const STRATEGIES: { readonly [Kind in StrategyConfig["kind"]]: Strategy } = {
  "iron-condor": ironCondor,
};
