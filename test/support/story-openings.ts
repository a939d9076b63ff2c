/** How a written story begins: which structure is entered, by the strategy and the gate, and on what terms. */
import { expect } from "vitest";
import { addDays } from "../../src/domain/calendar/civil-date.ts";
import { sessionsBetween } from "../../src/domain/calendar/market-calendar.ts";
import { instantOf, newYorkDay } from "../../src/domain/calendar/new-york.ts";
import type { EngineConfig, RulesConfig, StrategyConfig } from "../../src/domain/config.ts";
import type { EpochMs, TradingDay } from "../../src/domain/units.ts";
import { ENGINE, RULES_CONFIG, STRATEGY } from "./quoted-chain.ts";
import { House } from "./story-house.ts";
import { FIRST_DAY, QUIET, Story, type StoryMarket } from "./story-market.ts";

export interface Opening {
  readonly strategies: readonly StrategyConfig[];
  readonly market?: Partial<StoryMarket>;
  readonly rules?: { readonly [Rule in keyof RulesConfig]?: Partial<RulesConfig[Rule]> };
  readonly limits?: Partial<EngineConfig["limits"]>;
  /** Hidden before anything is seen. */
  readonly before?: (story: Story) => void;
}
/** One target for all regimes, as in the rules of these stories unless they say otherwise; or by regime. */
export const BY_REGIME: Opening["rules"] = { takeProfit: { targetPct: undefined } as never };

type Terms = Partial<Omit<StrategyConfig, "entry" | "filters">> & {
  readonly entry?: Partial<StrategyConfig["entry"]>;
  readonly filters?: Partial<StrategyConfig["filters"]>;
};
export const strategy = (kind: StrategyConfig["kind"], terms: Terms = {}): StrategyConfig => ({
  ...STRATEGY,
  name: kind,
  kind,
  ...terms,
  entry: { ...STRATEGY.entry, from: "10:00", minCreditPctOfWidth: 5, ...terms.entry },
  filters: { ...STRATEGY.filters, ...terms.filters },
});
export const CONDOR = strategy("iron-condor");
export const BULL_PUT = strategy("bull-put", { entry: { shortDelta: 0.3 } });
export const BEAR_CALL = strategy("bear-call", { entry: { shortDelta: 0.3 } });
export const BULL_CALL = strategy("bull-call", { entry: { longDelta: 0.5, wingWidthPct: 2.5 } });
export const BEAR_PUT = strategy("bear-put", { entry: { longDelta: 0.5, wingWidthPct: 2.5 } });
export const SHORT_PUT = strategy("single-leg", { legs: [{ right: "P", ratio: -1, delta: 0.3 }] });
export const LONG_CALL = strategy("single-leg", { legs: [{ right: "C", ratio: 1, delta: 0.4 }] });

export const SLOT = "slot/s1";
export const at = (day: TradingDay, hours: number, minutes = 0): EpochMs => instantOf(day, hours * 60 + minutes);

const configOf = ({ strategies, rules = {}, limits }: Opening): EngineConfig => ({
  ...ENGINE,
  futures: [],
  strategies,
  limits: { ...ENGINE.limits, maxLossPerPositionPct: 20, maxLossTotalPct: 60, ...limits },
  rules: Object.fromEntries(
    Object.entries(RULES_CONFIG).map(([name, value]) => {
      const changed = rules[name as keyof RulesConfig];
      if (changed === undefined) return [name, value];
      const merged = { ...(value as object), ...(changed as object) };
      return [name, Object.fromEntries(Object.entries(merged).filter(([, one]) => one !== undefined))];
    }),
  ) as unknown as RulesConfig,
});

/** A minute before the entry window. */
export const begun = (opening: Opening): House => {
  const story = new Story({ ...QUIET, ...opening.market });
  opening.before?.(story);
  return new House(story, configOf(opening), at(FIRST_DAY, 9, 59));
};
/** With every strategy's position opened by its own look, through gate, saga and broker; or the reason why not. */
export const opened = (opening: Opening): House => {
  const house = begun(opening);
  const wanted = opening.strategies.length;
  house.runUntil(() => house.facts("slot.opened").length === wanted, 400);
  const why = house.facts("candidate.stopped").map(({ strategy: name, stage, reason }) => `${name} ${stage}: ${reason}`);
  const denied = house.facts("entry.denied").map(({ strategy: name, denial }) => `${name} ${JSON.stringify(denial)}`);
  expect([house.facts("slot.opened").length, ...why, ...denied]).toEqual([wanted]);
  return house;
};

/** The process is stopped, days go by, and it is started again: the market has been at its new price meanwhile. */
export const later = (
  house: House,
  day: TradingDay,
  hours: number,
  minutes: number,
  market: Partial<StoryMarket> = {},
): House => {
  const { story } = house;
  const from = newYorkDay(house.now as EpochMs);
  if (day > from)
    for (const session of sessionsBetween(from, addDays(day, -1)))
      story.closes.set(session.day, market.spot ?? story.market.spot);
  story.market = { ...story.market, ...market };
  house.retell();
  return house.sleepUntil(at(day, hours, minutes));
};
