/** A fault in one line, as it is typed: `NAME key=value … for=2m client=7 @+90s`. */
import { parseDay } from "../../domain/calendar/civil-date.ts";
import { instantOf } from "../../domain/calendar/new-york.ts";
import { type EpochMs, epochMs } from "../../domain/units.ts";
import type { FaultMoment, FaultRequest, ScenarioEntry } from "./board.ts";
import { durationOf, FaultError, readValues } from "./parameter.ts";
import { faultNamed } from "./registry.ts";

const WHEN =
  "+30s or +5m (market time after the start), a time in New York such as 2026-10-05T10:00, or order:3 or order:3+500ms";

const newYorkInstant = (text: string): EpochMs | undefined => {
  const match = /^(\d{4}-\d{2}-\d{2})T(\d{2}):(\d{2})(?::(\d{2}))?$/.exec(text);
  const day = match === null ? undefined : parseDay((match[1] as string).replaceAll("-", ""));
  if (match === null || day === undefined) return undefined;
  const [hour, minute, second] = [Number(match[2]), Number(match[3]), Number(match[4] ?? 0)];
  return hour > 23 || minute > 59 || second > 59 ? undefined : epochMs(instantOf(day, hour * 60 + minute) + second * 1_000);
};

/** `+90s`, `2026-10-05T10:00`, `order:3+500ms`. Throws FaultError. */
export const momentOf = (text: string): FaultMoment => {
  const order = /^order:([1-9]\d{0,5})(?:\+(.+))?$/.exec(text);
  const laterMs = order?.[2] === undefined ? 0 : durationOf(order[2]);
  if (order !== null && laterMs !== undefined) return { afterOrder: Number(order[1]), laterMs };
  const afterMs = text.startsWith("+") ? durationOf(text.slice(1)) : undefined;
  if (afterMs !== undefined) return { afterMs };
  const at = newYorkInstant(text);
  if (at !== undefined) return { at };
  throw new FaultError(`${JSON.stringify(text)} is not a moment: ${WHEN}`);
};

export const forMsOf = (fault: string, raw: unknown): number => {
  const ms = typeof raw === "string" ? durationOf(raw) : undefined;
  if (ms === undefined) throw new FaultError(`${fault}: for=${JSON.stringify(raw)} is not a duration such as 90s or 5m`);
  return ms;
};
export const clientOf = (fault: string, raw: unknown): number => {
  const id = typeof raw === "boolean" || raw === "" ? Number.NaN : Number(raw);
  if (!Number.isInteger(id) || id < 0) throw new FaultError(`${fault}: client=${JSON.stringify(raw)} is not a client id`);
  return id;
};

/** Throws FaultError for what no fault of this name would take. */
export const checkFault = ({ fault: name, with: given = {}, forMs }: FaultRequest): void => {
  const fault = faultNamed(name);
  readValues(name, fault.parameters, given);
  if (forMs !== undefined && fault.kind === "event") throw new FaultError(`${name} happens once: it takes no duration ('for')`);
};

/** Words in any order; a value with spaces in double quotes. Throws FaultError for anything that could not be begun. */
export const readFaultText = (text: string): ScenarioEntry => {
  const words = [...text.matchAll(/[^\s="]+="[^"]*"|\S+/g)].map(([word]) => word);
  const [name, ...rest] = words;
  if (name === undefined) throw new FaultError("a fault has a name: 'caretaker gateway --faults' lists all of them");
  faultNamed(name);
  const given: Record<string, string> = {};
  let when: FaultMoment | undefined;
  let forMs: number | undefined;
  let client: number | undefined;
  for (const word of rest) {
    const equals = word.indexOf("=");
    const [key, value] = [word.slice(0, equals), word.slice(equals + 1).replace(/^"(.*)"$/, "$1")];
    if (word.startsWith("@")) when = momentOf(word.slice(1));
    else if (equals <= 0) throw new FaultError(`${name}: ${JSON.stringify(word)} is neither key=value nor @moment`);
    else if (key === "for") forMs = forMsOf(name, value);
    else if (key === "client") client = clientOf(name, value);
    else if (Object.hasOwn(given, key)) throw new FaultError(`${name}: ${key} is given twice`);
    else given[key] = value;
  }
  const entry: ScenarioEntry = {
    fault: name,
    with: given,
    ...(when === undefined ? {} : { when }),
    ...(forMs === undefined ? {} : { forMs }),
    ...(client === undefined ? {} : { client }),
  };
  checkFault(entry);
  return entry;
};
