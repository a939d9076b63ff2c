/**
 * Fields: how TWS writes numbers, flags and texts, read from clients and written for them. An empty field is an unset one, and
 * so are IB's two largest numbers. The order of fields in a message is the messages' own business.
 */
import { assert } from "../../domain/assert.ts";

/** IB's unset integer, and its largest: a client would not understand a larger one if it came back. */
export const UNSET_WHOLE = 2_147_483_647;
/** IB's unset double, as the Java gateway writes it. */
export const UNSET_REAL = "1.7976931348623157E308";

/** A message that does not follow its grammar, with the place. Caught where requests are parsed; never leaves the wire. */
export class MalformedMessage extends Error {
  override name = "MalformedMessage";
}

const NUMBER_FORM = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const INFINITE = new Set(["Infinite", "Infinity", "inf"]);

/** Reads a message's fields in their order; each read names its field, for the error that tells the client what is wrong. */
export class FieldReader {
  readonly #fields: readonly string[];
  #next = 0;
  /** The request or order id of this message once it has been read, else −1: where an error belongs. */
  subject = -1;

  constructor(fields: readonly string[]) {
    this.#fields = fields;
  }

  /** The field as it stands. Throws MalformedMessage when there is none left. */
  raw(what: string): string {
    const field = this.#fields[this.#next];
    if (field === undefined) throw new MalformedMessage(`it ends before ${what}, after ${this.#fields.length} fields`);
    this.#next += 1;
    return field;
  }

  text(what: string): string | undefined {
    const field = this.raw(what);
    return field === "" ? undefined : field;
  }

  real(what: string): number | undefined {
    const field = this.raw(what);
    if (field === "") return undefined;
    if (INFINITE.has(field)) return Number.POSITIVE_INFINITY;
    const value = NUMBER_FORM.test(field) ? Number(field) : Number.NaN;
    if (!Number.isFinite(value)) throw this.#not("a number", what, field);
    return value === Number.MAX_VALUE ? undefined : value + 0;
  }

  /** A whole number; `450.0` is one. */
  whole(what: string): number | undefined {
    const value = this.#wholeAsItIs(what);
    return value === UNSET_WHOLE ? undefined : value;
  }

  flag(what: string): boolean | undefined {
    const field = this.raw(what).toLowerCase();
    if (field === "") return undefined;
    if (field === "1" || field === "true") return true;
    if (field === "0" || field === "false") return false;
    throw this.#not("0 or 1", what, field);
  }

  /** A number that may not be missing. */
  requiredReal(what: string): number {
    const value = this.real(what);
    if (value === undefined) throw new MalformedMessage(`${what} is missing (field ${this.#next})`);
    return value;
  }

  /** A whole number that may not be missing. Ids may be as large as IB's unset integer. */
  required(what: string): number {
    const value = this.#wholeAsItIs(what);
    if (value === undefined) throw new MalformedMessage(`${what} is missing (field ${this.#next})`);
    return value;
  }

  /** The id that the message is about. */
  id(what: string): number {
    this.subject = this.required(what);
    return this.subject;
  }

  /** How many elements of a list follow; an empty field means none. */
  count(what: string): number {
    const value = this.whole(what) ?? 0;
    const left = this.#fields.length - this.#next;
    if (value < 0 || value > left) throw new MalformedMessage(`${what} says ${value}, with ${left} fields left`);
    return value;
  }

  /** The legacy version field, which the server version has made meaningless. */
  legacyVersion(): void {
    this.raw("version");
  }

  /**
   * Options as `tag=value;` in one text, which IB has reserved and nobody uses. Some clients say before it how many there are, so
   * it must be the last thing of a message.
   */
  lastOptions(): void {
    if (this.#fields.length - this.#next > 1) this.count("number of options");
    this.raw("options");
  }

  /** Passes over what is left, in a request that is answered without being looked at. */
  skipRest(): void {
    this.#next = this.#fields.length;
  }

  /** Throws MalformedMessage unless every field has been read: the oracle against slipped fields. */
  end(): void {
    const left = this.#fields.length - this.#next;
    if (left > 0) throw new MalformedMessage(`${left} fields are left over after field ${this.#next}`);
  }

  #wholeAsItIs(what: string): number | undefined {
    const value = this.real(what);
    if (value !== undefined && !Number.isSafeInteger(value)) throw this.#not("a whole number", what, String(value));
    if (value !== undefined && Math.abs(value) > UNSET_WHOLE) throw this.#not("of 32 bits", what, String(value));
    return value;
  }

  #not(kind: string, what: string, field: string): MalformedMessage {
    return new MalformedMessage(`${what} (field ${this.#next}) should be ${kind}, got ${JSON.stringify(field.slice(0, 40))}`);
  }
}

type KeysOf<T, Value> = { [K in keyof T]-?: Exclude<T[K], undefined> extends Value ? K : never }[keyof T] & string;

/** Reads runs of like fields into an object; unset ones stay absent, as in an object that a user of IBApi wrote. */
export class FieldsInto<T extends object> {
  readonly target: T;
  readonly #reader: FieldReader;

  constructor(target: T, reader: FieldReader) {
    this.target = target;
    this.#reader = reader;
  }

  set<K extends keyof T>(key: K, value: T[K] | undefined): this {
    if (value !== undefined) this.target[key] = value;
    return this;
  }

  texts(...keys: KeysOf<T, string>[]): this {
    for (const key of keys) this.set(key, this.#reader.text(key) as T[typeof key] | undefined);
    return this;
  }

  reals(...keys: KeysOf<T, number>[]): this {
    for (const key of keys) this.set(key, this.#reader.real(key) as T[typeof key] | undefined);
    return this;
  }

  wholes(...keys: KeysOf<T, number>[]): this {
    for (const key of keys) this.set(key, this.#reader.whole(key) as T[typeof key] | undefined);
    return this;
  }

  flags(...keys: KeysOf<T, boolean>[]): this {
    for (const key of keys) this.set(key, this.#reader.flag(key) as T[typeof key] | undefined);
    return this;
  }
}

/** A text field. A NUL would end the field early and shift all that follow, so it is replaced. */
export const text = (value: string | undefined): string =>
  value === undefined ? "" : value.includes("\0") ? value.replaceAll("\0", "\uFFFD") : value;

/** Text with everything but ASCII as `\uXXXX`, as gateways send error texts and long names since version 153. */
export const ascii7 = (value: string | undefined): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: every ASCII character, control or not, goes as it is
  text(value).replace(/[^\x00-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** A number with a fraction, or what stands for an unset one (empty, unless said otherwise). */
export const real = (value: number | undefined, unset = ""): string => {
  if (value === undefined) return unset;
  assert(!Number.isNaN(value), "a number on the wire may not be NaN");
  return value === Number.MAX_VALUE ? UNSET_REAL : String(value + 0);
};

/** A whole number, or what stands for an unset one (0, unless said otherwise). */
export const whole = (value: number | undefined, unset = "0"): string => {
  if (value === undefined) return unset;
  assert(Number.isSafeInteger(value), `a whole number was expected for the wire, got ${value}`);
  return String(value + 0);
};

export const flag = (value: boolean | undefined): string => (value === true ? "1" : "0");

/** A list: its length, then its elements' fields. */
export const list = <T>(elements: readonly T[] | undefined, fields: (element: T) => readonly string[]): readonly string[] => {
  const all = elements ?? [];
  return [String(all.length), ...all.flatMap((element) => fields(element))];
};
