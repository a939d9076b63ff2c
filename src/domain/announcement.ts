/** The notice by which a simulated gateway tells its clients that its time is simulated, where it stands and how it runs. */
import { type EpochMs, epochMs } from "./units.ts";

/** Not one of IB's codes: it lies in the range of warnings, so that any client lets it pass. */
export const ANNOUNCEMENT_CODE = 2199;

export interface Announcement {
  readonly now: EpochMs;
  readonly speed: number;
  readonly skipClosed: boolean;
  readonly label: string;
}

const FORM = /^Simulated market time (\d+) ms, speed ([\d.]+), (closed hours skipped, )?(.*)$/;

export const parseAnnouncement = (text: string): Announcement | undefined => {
  const match = FORM.exec(text);
  if (match === null) return undefined;
  return {
    now: epochMs(Number(match[1])),
    speed: Number(match[2]),
    skipClosed: match[3] !== undefined,
    label: match[4] as string,
  };
};

export const formatAnnouncement = ({ now, speed, skipClosed, label }: Announcement): string =>
  `Simulated market time ${now} ms, speed ${speed}, ${skipClosed ? "closed hours skipped, " : ""}${label}`;
