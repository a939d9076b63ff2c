/** All strategies by their kind in the configuration. A new strategy is one file and one line here. */
import type { StrategyConfig } from "../config.ts";
import { bearCall } from "./bear-call.strategy.ts";
import { bearPut } from "./bear-put.strategy.ts";
import { bullCall } from "./bull-call.strategy.ts";
import { bullPut } from "./bull-put.strategy.ts";
import { custom } from "./custom.strategy.ts";
import { ironCondor } from "./iron-condor.strategy.ts";
import type { SearchingStrategy } from "./selection.ts";
import { shortStrangle } from "./short-strangle.strategy.ts";
import { singleLeg } from "./single-leg.strategy.ts";

export const STRATEGIES: { readonly [Kind in StrategyConfig["kind"]]: SearchingStrategy } = {
  "iron-condor": ironCondor,
  "bull-put": bullPut,
  "bear-call": bearCall,
  "bull-call": bullCall,
  "bear-put": bearPut,
  "short-strangle": shortStrangle,
  "single-leg": singleLeg,
  custom,
};
