/** What the broker's bars tell the watcher of an underlying: a year of volatility, and the minutes that nobody watched. Pure. */
import { tradingDayBefore } from "../domain/calendar/market-calendar.ts";
import { newYorkDay } from "../domain/calendar/new-york.ts";
import { type EpochMs, price, type TradingDay } from "../domain/units.ts";
import { minutesWithout, withPrice } from "../domain/volatility/hour-range.ts";
import { withVolBars } from "../domain/volatility/iv-rank.ts";
import { type Args, CALM, type UnderlyingContext, worse } from "./underlying.context.ts";

// ── the history ──
export const BARS_WORD = "bars";
const newestClose = ({ closes }: UnderlyingContext): TradingDay | undefined => closes.at(-1)?.[0];
/** The close of the session before today's is not here. */
const lacksBars = (context: UnderlyingContext, now: EpochMs): boolean =>
  (newestClose(context) ?? "") < tradingDayBefore(newYorkDay(now));
export const barsDue = ({ context, event }: Args): boolean =>
  context.epoch !== null && context.contract !== null && event.now >= context.barsTrouble.from && lacksBars(context, event.now);
/** Asked, and not again before the answer is overdue. */
export const withBarsAsked = (args: Args): Partial<UnderlyingContext> => {
  const { barsTrouble } = args.context;
  return barsDue(args) ? { barsTrouble: worse(barsTrouble, barsTrouble.reason || "no answer yet", args.event.now) } : {};
};
export const isBarsAnswer = ({ context, event }: Args): boolean =>
  (event.type === "bars.answered" || event.type === "request.failed") &&
  event.request === BARS_WORD &&
  event.epoch === context.epoch;
export const withBars = ({ context, event }: Args): Partial<UnderlyingContext> => {
  if (event.type === "request.failed")
    return { barsTrouble: { ...context.barsTrouble, reason: `history: ${event.code} ${event.text}` } };
  if (event.type !== "bars.answered") return {};
  const today = newYorkDay(event.now);
  const closes = withVolBars(context.closes, event.bars, today);
  const lacking = lacksBars({ ...context, closes }, event.now);
  const reason = `the history does not reach ${tradingDayBefore(today)} yet`;
  return { closes, barsTrouble: lacking ? { ...context.barsTrouble, reason } : CALM };
};

// ── minutes that were not watched ──
export const MINUTES_WORD = "minutes";
/** One minute without a price is nothing: the line was slow. */
const MINUTES_MISSED = 2;
const lacksMinutes = ({ hour }: UnderlyingContext, now: EpochMs): boolean => minutesWithout(hour, now) >= MINUTES_MISSED;
export const minutesDue = ({ context, event }: Args): boolean =>
  context.epoch !== null &&
  context.contract !== null &&
  event.now >= context.minutesTrouble.from &&
  lacksMinutes(context, event.now);
export const withMinutesAsked = (args: Args): Partial<UnderlyingContext> =>
  minutesDue(args) ? { minutesTrouble: worse(args.context.minutesTrouble, "", args.event.now) } : {};
export const isMinutesAnswer = ({ context, event }: Args): boolean =>
  event.type === "bars.answered" && event.request === MINUTES_WORD && event.epoch === context.epoch;
/** Their first and last prices: a single print far off makes no extreme. */
export const withMinutes = ({ context, event }: Args): Partial<UnderlyingContext> => {
  if (event.type !== "bars.answered") return {};
  let { hour } = context;
  for (const { at, open, close } of event.bars)
    if (at !== undefined && at <= event.now && open > 0 && close > 0)
      hour = withPrice(withPrice(hour, at, price(open)), at, price(close));
  return lacksMinutes({ ...context, hour }, event.now) ? { hour } : { hour, minutesTrouble: CALM };
};
