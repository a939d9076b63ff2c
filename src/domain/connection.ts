/**
 * When to try the gateway again, and what its loss means: back-off with a jitter that depends on nothing but the installation and the epoch
 * (the same journal waits the same), a client id that is still taken, IB Gateway's nightly restart, and another session in our place.
 */

import { addDays } from "./calendar/civil-date.ts";
import { instantOf, newYorkTime } from "./calendar/new-york.ts";
import type { ConnectionConfig } from "./config.ts";
import type { EpochMs } from "./units.ts";

/** Of a configuration that names none. */
export const DEFAULT_CONNECTION: ConnectionConfig = { restartFrom: "23:45", restartMinutes: 15, takeovers: 3 };

/** Between three quarters and the whole of a wait: engines that lost the same gateway at the same instant do not come back at once. */
export const jittered = (ms: number, installation: string, epoch: number): number => {
  let hash = 2_166_136_261;
  for (const character of `${installation}/${epoch}`) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16_777_619) >>> 0;
  return Math.round(ms * (0.75 + (hash % 1_024) / 4_096));
};

/** 2, 4, 8, … 60 s. `attempts`: connects since the session was last ready for a while. */
export const backOffMs = (attempts: number): number => 1_000 * Math.min(60, 2 ** Math.min(attempts, 6));

/** After a restart IB keeps the old session, and with it the client id, for up to two minutes. */
const STILL_TAKEN_MS = [5_000, 10_000, 15_000, 20_000, 30_000, 40_000] as const;
/** Somebody really has it: he is not to be disturbed, but may go. */
const TAKEN_FOR_LONG_MS = 300_000;

/** How long to wait after so many refusals in a row because the client id is taken (326), at least one. */
export const takenMs = (refusals: number): number => STILL_TAKEN_MS[refusals - 1] ?? TAKEN_FOR_LONG_MS;
/** The two minutes in which a former session of our own may linger are over: it is somebody else's. */
export const isTakenForLong = (refusals: number): boolean => refusals > STILL_TAKEN_MS.length;

const minutesOf = (wall: string): number => Number(wall.slice(0, 2)) * 60 + Number(wall.slice(3, 5));

/** Milliseconds that are left of the nightly restart window; 0 outside of it. It may pass midnight. */
export const restartLeftMs = ({ restartFrom, restartMinutes }: ConnectionConfig, now: EpochMs): number => {
  const { day } = newYorkTime(now);
  for (const begins of [instantOf(day, minutesOf(restartFrom)), instantOf(addDays(day, -1), minutesOf(restartFrom))]) {
    const left = begins + restartMinutes * 60_000 - now;
    if (now >= begins && left > 0) return left;
  }
  return 0;
};

/** 10197: another session of the same user has the market data. IB keeps orders and account going. */
export const COMPETING_SESSION = 10_197;
const COMPETING_WORDS = /competing|another (trading )?session|existing session|logged (in|on)|different ip/i;
export const speaksOfCompetition = (text: string): boolean => COMPETING_WORDS.test(text);

/** 321 is a validation error of many causes; this one means that IB's "Read-Only API" is ticked. */
export const READ_ONLY_CODE = 321;
export const speaksOfReadOnly = (code: number, text: string): boolean => code === READ_ONLY_CODE && /read-?only/i.test(text);
