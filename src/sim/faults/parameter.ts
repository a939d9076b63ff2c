/**
 * What a fault can be told: a value of a kind, with a unit, a sentence and what it is when nothing is said. One reading for the
 * command line, the scenario file, the control socket and embedding.
 */

/** A fault that cannot be begun as it was asked for; the message says why, and what there is instead. */
export class FaultError extends Error {
  override name = "FaultError";
}

/** As it arrives: text from a command line, JSON or YAML scalars from elsewhere. */
export type Raw = string | number | boolean;

export interface Parameter<T> {
  readonly says: string;
  /** The kind of value in words, with its unit and bounds. */
  readonly takes: string;
  /** As a user would write it; undefined when there is none. */
  readonly usual: Raw | undefined;
  /** Throws FaultError with what is wrong about the value, without the parameter's name. */
  readonly read: (raw: Raw) => T;
  /** What `usual` means. */
  readonly absent: T;
}
export type Parameters = { readonly [name: string]: Parameter<unknown> };
export type Values<P extends Parameters> = { readonly [Name in keyof P]: P[Name] extends Parameter<infer T> ? T : never };

const wrong = (raw: Raw, takes: string): never => {
  throw new FaultError(`${JSON.stringify(raw)} is not ${takes}`);
};
const parameter = <T>(says: string, takes: string, usual: Raw | undefined, read: (raw: Raw) => T | undefined): Parameter<T> => {
  const readOr = (raw: Raw): T => read(raw) ?? wrong(raw, takes);
  return { says, takes, usual, read: readOr, absent: usual === undefined ? (undefined as T) : readOr(usual) };
};

const UNITS_MS: { readonly [unit: string]: number } = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
/** `90s`, `5m`, `500ms`, `1h` → milliseconds; undefined for anything else. */
export const durationOf = (raw: Raw): number | undefined => {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(String(raw));
  return match === null ? undefined : Number(match[1]) * (UNITS_MS[match[2] as string] as number);
};
const numberOf = (raw: Raw): number | undefined => {
  const value = typeof raw === "boolean" || raw === "" ? Number.NaN : Number(raw);
  return Number.isFinite(value) ? value : undefined;
};

/** Market time. */
export const duration = (says: string, usual: string): Parameter<number> =>
  parameter(says, "a duration of market time such as 500ms, 90s, 5m or 1h", usual, durationOf);
/** Real time: of the socket's world. */
export const realDuration = (says: string, usual: string): Parameter<number> =>
  parameter(says, "a duration of real time such as 5ms or 2s", usual, durationOf);
export const count = (says: string, usual: number, least = 1, most = 1_000_000): Parameter<number> =>
  parameter(says, `a whole number from ${least} to ${most}`, usual, (raw) => {
    const value = numberOf(raw);
    return value !== undefined && Number.isInteger(value) && value >= least && value <= most ? value : undefined;
  });
export const number = (says: string, usual: number): Parameter<number> => parameter(says, "a number", usual, numberOf);
/** `30%` or `0.3`. */
export const share = (says: string, usual: number): Parameter<number> =>
  parameter(says, "a share from 0 to 1, or from 0% to 100%", usual, (raw) => {
    const text = String(raw);
    const value = text.endsWith("%") ? (numberOf(text.slice(0, -1)) ?? Number.NaN) / 100 : numberOf(raw);
    return value !== undefined && value >= 0 && value <= 1 ? value : undefined;
  });
export const choice = <const Names extends readonly string[]>(
  says: string,
  names: Names,
  usual: Names[number],
): Parameter<Names[number]> =>
  parameter(says, `one of ${names.join(", ")}`, usual, (raw) => names.find((name) => name === String(raw)));
export const yesNo = (says: string, usual: boolean): Parameter<boolean> =>
  parameter(says, "yes or no", usual ? "yes" : "no", (raw) =>
    raw === true || raw === "yes" || raw === "true" ? true : raw === false || raw === "no" || raw === "false" ? false : undefined,
  );
export const text = (says: string, usual: string): Parameter<string> => parameter(says, "a text", usual, (raw) => String(raw));
/** One that may be left out, and then says nothing. */
export const optionally = <T>(inner: Parameter<T>): Parameter<T | undefined> => ({
  ...inner,
  usual: undefined,
  absent: undefined,
});

/** How many letters apart two words are. */
const distance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(
        Math.min((row[j] as number) + 1, (next[j - 1] as number) + 1, (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)),
      );
    row = next;
  }
  return row[b.length] as number;
};
/** The known word that a mistyped one most likely meant; a part of one counts more than letters. */
export const nearest = (word: string, known: readonly string[]): string | undefined => {
  const lower = word.toLowerCase();
  const far = (name: string): number => {
    const other = name.toLowerCase();
    const part = lower.length >= 3 && other.split(".").some((piece) => piece === lower || lower.split(".").includes(piece));
    return distance(lower, other) - (part ? 3 : 0);
  };
  return known.length === 0 ? undefined : known.reduce((best, name) => (far(name) < far(best) ? name : best));
};

/** Reads what was given for a fault's parameters. Throws FaultError for an unknown name or a value of the wrong kind. */
export const readValues = <P extends Parameters>(
  fault: string,
  parameters: P,
  given: Readonly<Record<string, unknown>>,
): Values<P> => {
  const names = Object.keys(parameters);
  for (const [name, raw] of Object.entries(given)) {
    if (!Object.hasOwn(parameters, name)) {
      const close = nearest(name, names);
      const instead = close === undefined ? "it takes none" : `did you mean ${close}? It takes ${names.join(", ")}`;
      throw new FaultError(`${fault} has no parameter ${JSON.stringify(name)}: ${instead}`);
    }
    if (typeof raw !== "string" && typeof raw !== "number" && typeof raw !== "boolean")
      throw new FaultError(`${fault}: ${name} takes ${parameters[name]?.takes}, not ${JSON.stringify(raw)}`);
  }
  const read = ([name, { read: readOne, absent }]: readonly [string, Parameter<unknown>]): readonly [string, unknown] => {
    if (!Object.hasOwn(given, name)) return [name, absent];
    try {
      return [name, readOne(given[name] as Raw)];
    } catch (error) {
      throw error instanceof FaultError ? new FaultError(`${fault}: ${name}=${error.message}`) : error;
    }
  };
  return Object.fromEntries(Object.entries(parameters).map(read)) as Values<P>;
};
