/**
 * Settled values: plain JSON whose objects list their keys in the one order that the codec gives them back in.
 *
 * A snapshot and a journal record come back from disk with sorted keys. If a live actor's context kept the order in which its
 * keys were inserted, `Object.values(context.orders)` would walk one way live and another way after a restart, and the two
 * would decide differently. So everything that enters an actor or stays in it is settled first: keys sorted, undefined members
 * dropped, everything that JSON would bend refused. Only what changed since `before` is walked.
 */
import { checkPlain, NotPlainError } from "../domain/canonical-json.ts";

const REFUSED = Symbol("refused");
const DEPTH_LIMIT = 200;

/** JavaScript itself lists index-like keys first, in numeric order, whatever the order of insertion. */
const isIndex = (key: string): boolean => {
  const first = key.charCodeAt(0);
  return first >= 48 && first <= 57 && String(Number(key) >>> 0) === key;
};

const inOrder = (keys: readonly string[]): boolean => {
  for (let i = 1; i < keys.length; i++) if (keys[i - 1]! > keys[i]! && !isIndex(keys[i - 1]!)) return false;
  return true;
};

type Members = { readonly [key: string]: unknown };

const settleList = (list: readonly unknown[], before: unknown, depth: number): readonly unknown[] => {
  if (Object.getPrototypeOf(list) !== Array.prototype) throw REFUSED;
  const old = Array.isArray(before) ? (before as readonly unknown[]) : undefined;
  let moved: unknown[] | undefined;
  for (let i = 0; i < list.length; i++) {
    const member = list[i];
    if (member === undefined) throw REFUSED;
    const settledMember = walk(member, old?.[i], depth + 1);
    if (settledMember !== member) {
      moved ??= list.slice();
      moved[i] = settledMember;
    }
  }
  return moved ?? list;
};

const settleMembers = (members: Members, before: unknown, depth: number): Members => {
  const prototype: unknown = Object.getPrototypeOf(members);
  if ((prototype !== Object.prototype && prototype !== null) || Object.getOwnPropertySymbols(members).length > 0) throw REFUSED;
  const old = typeof before === "object" && before !== null ? (before as Members) : undefined;
  const keys = Object.keys(members);
  const values: unknown[] = Object.values(members);
  let asIs = prototype === Object.prototype && inOrder(keys);
  for (let i = 0; i < keys.length; i++) {
    const member = values[i];
    const settledMember = member === undefined ? undefined : walk(member, old?.[keys[i]!], depth + 1);
    if (settledMember === member && member !== undefined) continue;
    values[i] = settledMember;
    asIs = false;
  }
  if (asIs) return members;
  const order = keys.map((_, i) => i).sort((a, b) => (keys[a]! < keys[b]! ? -1 : 1));
  const moved: { [key: string]: unknown } = {};
  for (const i of order) {
    if (values[i] === undefined) continue;
    // A key named __proto__ would set the prototype instead of a member: JSON.parse makes it a member.
    if (keys[i] === "__proto__") throw REFUSED;
    moved[keys[i]!] = values[i];
  }
  return moved;
};

const walk = (value: unknown, before: unknown, depth: number): unknown => {
  if (value === before) {
    if (typeof value === "object" || typeof value === "string") return value;
  }
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      if (!Number.isFinite(value) || Object.is(value, -0)) throw REFUSED;
      return value;
    case "object":
      if (value === null) return value;
      if (depth >= DEPTH_LIMIT) throw REFUSED;
      return Array.isArray(value) ? settleList(value, before, depth) : settleMembers(value as Members, before, depth);
    default:
      throw REFUSED;
  }
};

/**
 * The same members, laid out for being copied. XState's `assign` copies the whole context, member by member, into `{}`; V8 makes
 * a hash table of more than 16 members copied so, fifty times slower to copy and larger, unless it has once seen the same
 * members defined in the same order. Once for each new context, and all copies of it are quick.
 */
export const laidOut = <Value extends object>(members: Value): Value => Object.fromEntries(Object.entries(members)) as Value;

/**
 * The value, settled; the very same object when it already was. `before` is an earlier settled value: parts that are identical
 * with it are trusted. Throws a NotPlainError with the path of what JSON cannot hold.
 */
export const settled = <Value>(value: Value, before?: unknown): Value => {
  try {
    return walk(value, before, 0) as Value;
  } catch (error) {
    if (error !== REFUSED) throw error;
    checkPlain(value);
    throw new NotPlainError({ path: "$", reason: "it has a key named __proto__, or a hole" });
  }
};
