/** What the watcher of an underlying tells: each figure, or why it is not known. Pure. */
import { daysBetween } from "../domain/calendar/civil-date.ts";
import { tradingDayBefore } from "../domain/calendar/market-calendar.ts";
import { newYorkDay } from "../domain/calendar/new-york.ts";
import type { UnderlyingTold } from "../domain/events/weather.ts";
import { type QuotedAs, sourceFault, staleness } from "../domain/freshness.ts";
import type { EpochMs } from "../domain/units.ts";
import { extremesAt, minutesUnseen } from "../domain/volatility/hour-range.ts";
import { ivPercentileOf, ivRankOf } from "../domain/volatility/iv-rank.ts";
import { skewYear } from "../domain/volatility/skew-history.ts";
import { announcedDividend, freshSpot, type UnderlyingContext } from "./underlying.context.ts";

/** So many surveys may fail to come before what the last one found is too old. */
const SURVEYS_VALID = 2;
/** A history whose newest close is further back than so many days is of another time. */
const HISTORY_VALID_DAYS = 7;
type Figure<Value> = { readonly value: Value | null; readonly why?: string };
const known = <Value>(value: Value): Figure<Value> => ({ value });
const missing = (why: string): Figure<never> => ({ value: null, why });

/** Why nothing live is known: no session, no contract, no line, or a feed that is broken. */
const feedFault = ({ epoch, contract, trouble, quote }: UnderlyingContext): string | undefined => {
  if (epoch === null) return "the session is not ready";
  if (contract === null) return trouble.reason || "its contract is not resolved yet";
  if (quote === null && trouble.reason !== "") return trouble.reason;
  return sourceFault(quote ?? undefined);
};
const surveyFault = ({ surveyed, settings }: UnderlyingContext, now: EpochMs): string | undefined => {
  if (surveyed === null || newYorkDay(surveyed.at) !== newYorkDay(now)) return "not surveyed today yet";
  const minutes = Math.round((now - surveyed.at) / 60_000);
  return minutes > SURVEYS_VALID * settings.surveyMinutes ? `the last survey was ${minutes} minutes ago` : undefined;
};

/** All that is known of the underlying at an instant, and why the rest is not. */
export const tellingAt = (context: UnderlyingContext, now: EpochMs): UnderlyingTold => {
  const { watched, settings, quote, closes, barsTrouble, surveyed, skews, hour } = context;
  const today = newYorkDay(now);
  const feed = feedFault(context);
  const since = (as: QuotedAs): string | undefined => feed ?? staleness(quote ?? undefined, as, now, settings.freshness);
  const fresh = freshSpot(context, now);
  const spot = fresh !== undefined ? known(fresh) : missing(since("underlying") ?? (quote?.crossed ? "crossed" : "no price"));
  // What changes more slowly than a price is good for as long as an index of volatility.
  const live = since("vix");
  const close = quote?.close;
  const priorClose = feed === undefined && typeof close === "number" ? known(close) : missing(feed ?? "not in the quote");
  const range = live ?? extremesAt(hour, now, priorClose.value);
  const iv30 =
    live === undefined && quote?.impliedVol !== undefined
      ? known(quote.impliedVol)
      : missing(live ?? "the line does not tell it");

  const earlier = closes.filter(([day]) => day < today);
  const [newestDay, newestVol] = earlier.at(-1) ?? [];
  const late = newestDay === undefined ? "no history of implied volatility" : `its newest close is of ${newestDay}`;
  const whyLate = barsTrouble.reason === "" ? late : `${late}; ${barsTrouble.reason}`;
  const iv30PriorClose = newestVol !== undefined && newestDay === tradingDayBefore(today) ? known(newestVol) : missing(whyLate);
  const isOld = newestDay === undefined || daysBetween(newestDay, today) > HISTORY_VALID_DAYS;
  const year = earlier.map(([, vol]) => vol);
  const standing = (of: typeof ivRankOf): Figure<number> => {
    if (isOld || iv30.value === null) return missing(isOld ? whyLate : (iv30.why ?? ""));
    const measured = of(iv30.value, year, settings.minHistoryDays);
    return measured.known ? known(measured.value) : missing(measured.missing);
  };
  const ivRank = standing(ivRankOf);
  const ivPercentile = standing(ivPercentileOf);

  const unsurveyed = feed ?? surveyFault(context, now);
  const term =
    unsurveyed === undefined && surveyed?.term ? known(surveyed.term) : missing(unsurveyed ?? surveyed?.unknown.term ?? "");
  const { median, daysKept } = skewYear(skews, today);
  const skew =
    unsurveyed === undefined && surveyed?.skew
      ? known({ ...surveyed.skew, yearMedian: median, daysKept })
      : missing(unsurveyed ?? surveyed?.unknown.skew ?? "");
  const announced = feed === undefined ? announcedDividend(context, now) : undefined;
  const dividend = announced === undefined ? missing(feed ?? "none is announced") : known(announced);
  const high = typeof range === "string" ? missing(range) : known(range.high);
  const low = typeof range === "string" ? missing(range) : known(range.low);

  const figures = {
    spot,
    priorClose,
    hourHigh: high,
    hourLow: low,
    iv30,
    iv30PriorClose,
    ivRank,
    ivPercentile,
    term,
    skew,
    dividend,
  };
  return {
    type: "underlying.told",
    symbol: watched.symbol,
    at: now,
    spot: spot.value,
    priorClose: priorClose.value,
    hourHigh: high.value,
    hourLow: low.value,
    hourMinutesUnseen: minutesUnseen(context.hour, now),
    iv30: iv30.value,
    iv30PriorClose: iv30PriorClose.value,
    ivRank: ivRank.value,
    ivPercentile: ivPercentile.value,
    term: term.value,
    skew: skew.value,
    dividend: dividend.value,
    unknown: Object.fromEntries(
      Object.entries(figures).flatMap(([name, { value, why }]) => (value === null ? [[name, why ?? ""]] : [])),
    ),
  };
};
