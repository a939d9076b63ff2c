/** The sessions of a world, and what is done when: a day opens, troubles are healed, the books compared, the engine stopped. */
import { nextSession, type Session, sessionOf } from "../../domain/calendar/market-calendar.ts";
import { newYorkDay } from "../../domain/calendar/new-york.ts";
import { type EpochMs, epochMs } from "../../domain/units.ts";
import { HEALED_BEFORE_END_MS } from "../faults.ts";
import type { VirtualTime } from "./virtual-time.ts";

const CHECKPOINT_MS = 10 * 60_000;
const LAST_LOOK_AFTER_CLOSE_MS = 60_000;
const STOP_AFTER_CLOSE_MS = 75_000;
const ENDS_AFTER_STOP_MS = 40_000;

/** `days` sessions; the last one may be cut short after so many minutes. */
export const sessionsFrom = (begins: EpochMs, days: number, lastMinutes: number | undefined): readonly Session[] => {
  const today = sessionOf(newYorkDay(begins));
  const sessions = [today !== undefined && begins < today.close ? today : nextSession(begins)];
  while (sessions.length < days) sessions.push(nextSession(epochMs((sessions.at(-1) as Session).close + 1)));
  const last = sessions.pop() as Session;
  const close = lastMinutes === undefined ? last.close : epochMs(Math.min(last.close, last.open + lastMinutes * 60_000));
  return [...sessions, { ...last, close }];
};

/** When a world is over, however it ends. */
export const endOf = (sessions: readonly Session[]): EpochMs =>
  epochMs((sessions.at(-1) as Session).close + STOP_AFTER_CLOSE_MS + ENDS_AFTER_STOP_MS);

export interface Appointments {
  open(session: Session): void;
  heal(): void;
  /** `after`: the session whose close it follows. */
  checkpoint(after?: Session): void;
  stop(): void;
}

export const keepTimetable = (
  time: Pick<VirtualTime, "atMarket">,
  sessions: readonly Session[],
  { open, heal, checkpoint, stop }: Appointments,
): void => {
  for (const session of sessions) {
    time.atMarket(session.open, () => open(session));
    time.atMarket(session.close - HEALED_BEFORE_END_MS, heal);
    for (let at = session.open + CHECKPOINT_MS; at < session.close; at += CHECKPOINT_MS) time.atMarket(at, () => checkpoint());
    time.atMarket(session.close + LAST_LOOK_AFTER_CLOSE_MS, () => checkpoint(session));
  }
  time.atMarket((sessions.at(-1) as Session).close + STOP_AFTER_CLOSE_MS, stop);
};
