/** The expiry to trade: of those listed for the options' class, the one nearest to the wished days, within the days allowed. */
import { daysToExpiry } from "../calendar/time-to-expiry.ts";
import { type Strategy, stopAt } from "./strategy.ts";

const STANDARD_MULTIPLIER = 100;

/** Of two as near the later one. Days to expiry may be 0: what expires today. */
export const nearestExpiry: Strategy["expiry"] = (config, parameters, today) => {
  const { dteMin, dteTarget, dteMax } = config.entry;
  const tradingClass = config.tradingClass ?? config.symbol;
  const standard = parameters.filter((row) => row.multiplier === STANDARD_MULTIPLIER && row.tradingClass === tradingClass);
  const listing = standard.find((row) => row.exchange === "SMART") ?? standard[0];
  if (listing === undefined) return stopAt("expiry", `no options of class ${tradingClass} are listed`);
  const distances = listing.expirations
    .map((day) => ({ day, dte: daysToExpiry(today, day) }))
    .filter(({ dte }) => dte >= 0)
    .toSorted((a, b) => Math.abs(a.dte - dteTarget) - Math.abs(b.dte - dteTarget) || b.dte - a.dte);
  const best = distances.find(({ dte }) => dte >= dteMin && dte <= dteMax);
  if (best !== undefined) return { found: true, expiry: best.day, tradingClass };
  const reason = `no expiry between ${dteMin} and ${dteMax} days`;
  return stopAt("expiry", reason, { actual: distances[0]?.dte ?? null, limit: dteTarget, unit: "days" });
};
