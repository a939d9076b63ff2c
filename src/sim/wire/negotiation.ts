/**
 * The handshake: which server version a client and this gateway speak, and the greeting that says so. Classic encoding only;
 * protobuf begins at version 201 and is never offered.
 */
import { numberOfDay } from "../../domain/calendar/civil-date.ts";
import { formatNewYork, newYorkTime } from "../../domain/calendar/new-york.ts";
import type { EpochMs } from "../../domain/units.ts";

/** The newest version whose messages are known here. */
export const NEWEST_SERVER_VERSION = 193;
/** The oldest version that today's clients still offer (TWS 972). */
export const OLDEST_SERVER_VERSION = 157;

export type Negotiated =
  | { readonly agreed: true; readonly serverVersion: number; readonly connectOptions: string }
  | { readonly agreed: false; readonly reason: string };

const refused = (reason: string): Negotiated => ({ agreed: false, reason });

const OFFER_FORM = /^v(\d{1,9})(?:\.\.(\d{1,9}))?(?: (.*))?$/s;

/** Answers an offer such as `v100..193 +PACEAPI` or `v178`: the newest version that both sides speak. */
export const negotiate = (offer: string): Negotiated => {
  const found = OFFER_FORM.exec(offer);
  if (found === null) return refused(`the version offer ${JSON.stringify(offer.slice(0, 60))} is not of the form v157..193`);
  const oldest = Number(found[1]);
  const newest = Number(found[2] ?? found[1]);
  const serverVersion = Math.min(newest, NEWEST_SERVER_VERSION);
  if (serverVersion < oldest || serverVersion < OLDEST_SERVER_VERSION) {
    return refused(
      `the client speaks versions ${oldest} to ${newest}, this gateway ${OLDEST_SERVER_VERSION} to ${NEWEST_SERVER_VERSION}`,
    );
  }
  return { agreed: true, serverVersion, connectOptions: found[3] ?? "" };
};

const DAY_SECONDS = 86_400;
const STANDARD_SECONDS = -5 * 3600;

/** The connection time as a gateway in New York writes it: `20261120 11:37:25 EST`. */
export const connectionTime = (now: EpochMs): string => {
  const { day, secondOfDay } = newYorkTime(now);
  const offsetSeconds = numberOfDay(day) * DAY_SECONDS + secondOfDay - Math.floor(now / 1000);
  return `${day.replaceAll("-", "")} ${formatNewYork(now)} ${offsetSeconds === STANDARD_SECONDS ? "EST" : "EDT"}`;
};

/** The first message of a connection: exactly two fields, and no id. */
export const greeting = (serverVersion: number, now: EpochMs): readonly string[] => [String(serverVersion), connectionTime(now)];
