/**
 * The one text of a plain value: JSON with sorted keys, for records, hashes and comparisons.
 *
 * Two values have the same text exactly when they say the same: key order and absent-versus-undefined do not count, everything
 * else does. What JSON would bend in silence (NaN to null, -0 to 0, a Date to a string, a Map to {}) is refused with its path.
 * Reading is plain JSON.parse; nothing here knows what the values mean.
 */
import type { Json } from "./json.ts";

/** Where and why a value is not plain. `path` starts at `$`: `$.a.b[3]`. */
export interface PlainFault {
  readonly path: string;
  readonly reason: string;
}

/** A value that has no canonical text. The message names the path and the value. */
export class NotPlainError extends TypeError {
  override name = "NotPlainError";
  readonly path: string;
  constructor(fault: PlainFault) {
    super(`${fault.path} is not plain JSON: ${fault.reason}`);
    this.path = fault.path;
  }
}

/** How deep a value may nest. Deeper is taken for a mistake; a cycle is always deeper. */
const DEPTH_LIMIT = 200;

/** Thrown inside by the fast walk, which keeps no path; the slow walk then finds the place. */
const REFUSED = Symbol("refused");

/** Whatever is not its own JSON text between quotes: controls, quote, backslash. Surrogates too, since a lone one is escaped. */
const NEEDS_ESCAPE = /[^ !#-[\]-\ud7ff\ue000-\uffff]/;
const quote = (text: string): string => (NEEDS_ESCAPE.test(text) ? JSON.stringify(text) : `"${text}"`);

/** Object keys recur for the whole life of the process (field names, actor paths): their quoted text is kept, up to a bound. */
const KEY_LIMIT = 4096;
let quotedKeys = new Map<string, string>();
const quoteKey = (key: string): string => {
  let text = quotedKeys.get(key);
  if (text === undefined) {
    if (quotedKeys.size >= KEY_LIMIT) quotedKeys = new Map();
    text = `${quote(key)}:`;
    quotedKeys.set(key, text);
  }
  return text;
};

const isSorted = (keys: readonly string[]): boolean => {
  for (let i = 1; i < keys.length; i++) if (keys[i - 1]! >= keys[i]!) return false;
  return true;
};

const isPlainObject = (value: object): value is { readonly [key: string]: unknown } => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

const isPlainArray = (value: object): value is readonly unknown[] =>
  Array.isArray(value) && Object.getPrototypeOf(value) === Array.prototype;

const write = (value: unknown, depth: number): string => {
  switch (typeof value) {
    case "string":
      return quote(value);
    case "number":
      if (!Number.isFinite(value) || Object.is(value, -0)) throw REFUSED;
      return `${value}`;
    case "boolean":
      return value ? "true" : "false";
    case "object":
      break;
    default:
      throw REFUSED;
  }
  if (value === null) return "null";
  if (depth >= DEPTH_LIMIT) throw REFUSED;
  if (isPlainArray(value)) {
    let text = "[";
    for (let i = 0; i < value.length; i++) text += (i === 0 ? "" : ",") + write(value[i], depth + 1);
    return `${text}]`;
  }
  if (!isPlainObject(value) || Object.getOwnPropertySymbols(value).length > 0) throw REFUSED;
  const keys = Object.keys(value);
  if (!isSorted(keys)) keys.sort();
  let text = "{";
  for (const key of keys) {
    const member = value[key];
    if (member === undefined) continue;
    text += (text.length === 1 ? "" : ",") + quoteKey(key) + write(member, depth + 1);
  }
  return `${text}}`;
};

const check = (value: unknown, depth: number): boolean => {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0);
    case "object":
      break;
    default:
      return false;
  }
  if (value === null) return true;
  if (depth >= DEPTH_LIMIT) return false;
  if (isPlainArray(value)) {
    for (let i = 0; i < value.length; i++) if (!check(value[i], depth + 1)) return false;
    return true;
  }
  if (!isPlainObject(value) || Object.getOwnPropertySymbols(value).length > 0) return false;
  for (const key of Object.keys(value)) {
    const member = value[key];
    if (member !== undefined && !check(member, depth + 1)) return false;
  }
  return true;
};

const PLAIN_NAME = /^[A-Za-z_$][\w$]*$/;
const memberPath = (path: string, key: string): string =>
  PLAIN_NAME.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;

const describe = (value: unknown): string => {
  if (Object.is(value, -0)) return "-0";
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return `the function ${value.name || "(anonymous)"}`;
  if (typeof value !== "object" || value === null) return String(value);
  const prototype = Object.getPrototypeOf(value) as { constructor?: { name?: string } } | null;
  return `an instance of ${prototype?.constructor?.name || "an unnamed class"}`;
};

/** The slow walk: the same rules as the fast ones, with the path at hand. Used only once a value is known to be refused. */
const findFault = (value: unknown, path: string, above: ReadonlySet<object>): PlainFault | undefined => {
  if (value === null || (typeof value !== "object" && check(value, 0))) return undefined;
  if (typeof value !== "object") return { path, reason: describe(value) };
  if (above.has(value)) return { path, reason: "it contains itself" };
  if (above.size >= DEPTH_LIMIT) return { path, reason: `it nests deeper than ${DEPTH_LIMIT}` };
  const within = new Set(above).add(value);
  if (isPlainArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const fault = findFault(value[i], `${path}[${i}]`, within);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }
  if (!isPlainObject(value)) return { path, reason: describe(value) };
  const symbol = Object.getOwnPropertySymbols(value)[0];
  if (symbol !== undefined) return { path, reason: `it has the symbol ${String(symbol)} for a key` };
  for (const key of Object.keys(value)) {
    if (value[key] === undefined) continue;
    const fault = findFault(value[key], memberPath(path, key), within);
    if (fault !== undefined) return fault;
  }
  return undefined;
};

/** Why the value is not plain JSON, or undefined when it is. A member that is undefined counts as absent; in a list it is refused. */
export const plainFault = (value: unknown): PlainFault | undefined =>
  check(value, 0) ? undefined : (findFault(value, "$", new Set()) ?? { path: "$", reason: "it changed while it was read" });

/** Throws a NotPlainError, with path and value, unless the value is plain JSON. */
export function checkPlain(value: unknown): asserts value is Json {
  const fault = plainFault(value);
  if (fault !== undefined) throw new NotPlainError(fault);
}

/** The canonical text. Keys are sorted by UTF-16 code units; undefined members are left out. Throws a NotPlainError. */
export const canonical = (value: unknown): string => {
  try {
    return write(value, 0);
  } catch (error) {
    if (error !== REFUSED) throw error;
    checkPlain(value);
    throw new NotPlainError({ path: "$", reason: "it changed while it was written" });
  }
};
