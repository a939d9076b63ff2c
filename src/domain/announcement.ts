/** The notice by which a simulated gateway tells its clients that its time is simulated, where it stands and how it runs. */
import { parseDay } from "./calendar/civil-date.ts";
import { type EpochMs, epochMs, type TradingDay } from "./units.ts";

/** Not one of IB's codes: it lies in the range of warnings, so that any client lets it pass. */
export const ANNOUNCEMENT_CODE = 2199;

export interface Announcement {
  readonly now: EpochMs;
  readonly speed: number;
  readonly skipClosed: boolean;
  /** The only days there are, ascending; absent: all that have a session. */
  readonly days?: readonly TradingDay[];
  readonly label: string;
}

const FORM =
  /^Simulated market time (\d+) ms, speed ([\d.]+), (closed hours skipped, )?(?:only ((?:\d{4}-\d{2}-\d{2} )+)take place, )?(.*)$/;

export const parseAnnouncement = (text: string): Announcement | undefined => {
  const match = FORM.exec(text);
  if (match === null) return undefined;
  return {
    now: epochMs(Number(match[1])),
    speed: Number(match[2]),
    skipClosed: match[3] !== undefined,
    ...(match[4] === undefined ? {} : { days: match[4].split(" ").flatMap((text) => parseDay(text) ?? []) }),
    label: match[5] as string,
  };
};

export const formatAnnouncement = ({ now, speed, skipClosed, days, label }: Announcement): string => {
  const leaps = days === undefined ? "" : `only ${days.join(" ")} take place, `;
  return `Simulated market time ${now} ms, speed ${speed}, ${skipClosed ? "closed hours skipped, " : ""}${leaps}${label}`;
};
