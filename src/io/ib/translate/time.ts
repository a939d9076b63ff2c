/**
 * The time of an execution as IB writes it, `20261120 11:43:28 US/Eastern` or `20261120-16:43:28` (UTC).
 *
 * The zone is the one that the gateway's user chose, so any zone may come. New York is computed by the house's own rule;
 * the others are asked of the host. A time without a zone is read as New York's, the only one that IB's servers assume.
 */
import { numberOfDay, parseDay } from "../../../domain/calendar/civil-date.ts";
import { instantOf } from "../../../domain/calendar/new-york.ts";
import { type EpochMs, epochMs, type TradingDay } from "../../../domain/units.ts";

const FORM = /^(\d{8})(-|\s+)(\d{2}):(\d{2}):(\d{2})(?:\s+(\S+))?$/;
const DAY_MS = 86_400_000;
const NEW_YORK: ReadonlySet<string | undefined> = new Set([undefined, "US/Eastern", "America/New_York", "EST5EDT"]);
const UTC: ReadonlySet<string> = new Set(["UTC", "GMT", "Etc/UTC"]);

const clocks = new Map<string, Intl.DateTimeFormat | undefined>();
const clockOf = (zone: string): Intl.DateTimeFormat | undefined => {
  if (!clocks.has(zone)) {
    let clock: Intl.DateTimeFormat | undefined;
    try {
      const numeric = "numeric";
      const parts = { year: numeric, month: numeric, day: numeric, hour: numeric, minute: numeric, second: numeric } as const;
      clock = new Intl.DateTimeFormat("en-US", { timeZone: zone, hourCycle: "h23", ...parts });
    } catch {
      clock = undefined;
    }
    clocks.set(zone, clock);
  }
  return clocks.get(zone);
};

/** Milliseconds that the zone's wall clock is ahead of UTC at an instant. */
const aheadAt = (clock: Intl.DateTimeFormat, at: number): number => {
  const shown: Record<string, number> = {};
  for (const { type, value } of clock.formatToParts(at)) shown[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = shown;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at / 1000) * 1000;
};

/** The instant, or undefined when the text is no time or its zone is unknown here. */
export const executionTime = (text: string | undefined): EpochMs | undefined => {
  const match = FORM.exec(text?.trim() ?? "");
  if (!match) return undefined;
  const day: TradingDay | undefined = parseDay(match[1] as string);
  const [hour, minute, second] = [Number(match[3]), Number(match[4]), Number(match[5])];
  if (day === undefined || hour > 23 || minute > 59 || second > 60) return undefined;
  const zone = match[2] === "-" && match[6] === undefined ? "UTC" : match[6];
  if (NEW_YORK.has(zone)) return epochMs(instantOf(day, hour * 60 + minute) + second * 1000);
  const wall = numberOfDay(day) * DAY_MS + (hour * 3600 + minute * 60 + second) * 1000;
  if (zone === undefined || UTC.has(zone)) return epochMs(wall);
  const clock = clockOf(zone);
  if (!clock) return undefined;
  // The offset at the wall time read as UTC may be that of the other side of a clock change: ask again at the first answer.
  return epochMs(wall - aheadAt(clock, wall - aheadAt(clock, wall)));
};
