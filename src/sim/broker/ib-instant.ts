/**
 * Instants as clients write them into orders: `20261120 15:45:00 US/Eastern`, `20261120-20:45:00` (UTC), or a day alone.
 */
import { numberOfDay, parseDay } from "../../domain/calendar/civil-date.ts";
import { instantOf } from "../../domain/calendar/new-york.ts";
import { type EpochMs, epochMs } from "../../domain/units.ts";

const DAY_MS = 86_400_000;
const MINUTES_A_DAY = 1_440;
const FORM = /^(\d{8})(?:([ -])(\d{1,2}):(\d{2})(?::(\d{2}))?(?: (\S+))?)?$/;

/** Minutes by which New York's clock is ahead of a zone's that keeps the same daylight saving. A time without zone is New York's. */
const BEHIND_NEW_YORK: { readonly [zone: string]: number } = {
  "": 0,
  "US/Eastern": 0,
  "America/New_York": 0,
  EST: 0,
  EDT: 0,
  EST5EDT: 0,
  "US/Central": 60,
  "America/Chicago": 60,
  CST: 60,
};
const UTC_NAMES: readonly string[] = ["UTC", "GMT", "Etc/UTC"];

/** The instant that a text names; a day alone is its end in New York. Undefined when it names none. */
export const instantFrom = (text: string): EpochMs | undefined => {
  const parts = FORM.exec(text.trim());
  const day = parseDay(parts?.[1] ?? "");
  if (parts === null || day === undefined) return undefined;
  const [, , join, hours, minutes, seconds = "0", zone = ""] = parts;
  if (hours === undefined || minutes === undefined) return instantOf(day, MINUTES_A_DAY);
  const [hour, minute, second] = [Number(hours), Number(minutes), Number(seconds)];
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const minuteOfDay = hour * 60 + minute;
  if ((join === "-" && zone === "") || UTC_NAMES.includes(zone))
    return epochMs(numberOfDay(day) * DAY_MS + (minuteOfDay * 60 + second) * 1_000);
  const behind = BEHIND_NEW_YORK[zone];
  return behind === undefined ? undefined : epochMs(instantOf(day, minuteOfDay + behind) + second * 1_000);
};
