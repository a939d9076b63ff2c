import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonical, checkPlain, NotPlainError, plainFault } from "../../src/domain/canonical-json.ts";

const hasNegativeZero = (value: unknown): boolean =>
  Object.is(value, -0) || (typeof value === "object" && value !== null && Object.values(value).some(hasNegativeZero));

/** Anything JSON can say, with the keys and strings that break naive writers. */
const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string(),
  fc.constantFrom(
    "__proto__",
    "constructor",
    "toJSON",
    "10",
    "9",
    "\ud800",
    "a\u2028b",
    '"',
    "\\",
    "\u0000",
    "\u007f",
    "é",
    "\u{1f600}",
  ),
);
const json = fc
  .letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constant(null),
      fc.boolean(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer(),
      text,
      fc.array(tie("value"), { maxLength: 4 }),
      fc.dictionary(text, tie("value"), { maxKeys: 5, noNullPrototype: true }),
    ),
  }))
  .value.filter((value) => !hasNegativeZero(value));

const reordered = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(reordered);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, reordered(member)]),
  );
};

const frozen = (value: unknown): unknown => {
  if (typeof value === "object" && value !== null) for (const member of Object.values(value)) frozen(member);
  return Object.freeze(value);
};

const keysInOrder = (value: unknown): boolean => {
  if (typeof value !== "object" || value === null) return true;
  // Numbers come first in any JavaScript object, whatever the text said: they say nothing about the text.
  const keys = Array.isArray(value) ? [] : Object.keys(value).filter((key) => !/^\d+$/.test(key));
  return keys.every((key, i) => i === 0 || keys[i - 1]! < key) && Object.values(value).every(keysInOrder);
};

describe("canonical JSON", () => {
  test("says everything: the text parses back to the value", () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(isDeepStrictEqual(JSON.parse(canonical(value)), value)).toBe(true);
      }),
    );
  });

  test("has one text for one meaning, whatever the order of keys, frozen or not", () => {
    fc.assert(
      fc.property(json, (value) => {
        const written = canonical(value);
        expect(canonical(reordered(value))).toBe(written);
        expect(canonical(JSON.parse(written))).toBe(written);
        expect(canonical(frozen(value))).toBe(written);
        expect(keysInOrder(JSON.parse(written))).toBe(true);
      }),
    );
  });

  test("writes a string as JSON does, whichever characters it has", () => {
    for (let code = 0; code <= 0xffff; code++) {
      const character = String.fromCharCode(code);
      if (canonical(character) !== JSON.stringify(character)) expect(canonical(character)).toBe(JSON.stringify(character));
    }
    expect(canonical("\u{1f600}\ud83d")).toBe(JSON.stringify("\u{1f600}\ud83d"));
  });

  test("takes exactly what checkPlain takes, and both name the same place", () => {
    const strange = fc.constantFrom<unknown>(
      Number.NaN,
      Number.POSITIVE_INFINITY,
      -0,
      1n,
      undefined,
      new Date(0),
      new Map(),
      () => 1,
      Symbol("s"),
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(json, strange), { maxLength: 6 }), (list) => {
        const fault = plainFault(list);
        if (fault === undefined) {
          checkPlain(list);
          canonical(list);
        } else {
          expect(() => checkPlain(list)).toThrow(fault.path);
          expect(() => canonical(list)).toThrow(`${fault.path} is not plain JSON: ${fault.reason}`);
        }
      }),
    );
  });
});

class Quote {
  readonly bid = 1;
}
const loop: { next?: unknown } = {};
loop.next = [loop];
class Legs extends Array<number> {}

describe("what canonical JSON refuses", () => {
  const cases: [what: string, value: unknown, reason: string][] = [
    ["not a number", Number.NaN, "NaN"],
    ["infinity", Number.NEGATIVE_INFINITY, "-Infinity"],
    ["negative zero", -0, "-0"],
    ["a date", new Date(0), "an instance of Date"],
    ["a map", new Map(), "an instance of Map"],
    ["a set", new Set(), "an instance of Set"],
    ["an error, which JSON would empty", new Error("x"), "an instance of Error"],
    ["an instance of a class", new Quote(), "an instance of Quote"],
    ["a list of a class", Legs.from([1]), "an instance of Legs"],
    ["bytes", new Uint8Array(2), "an instance of Uint8Array"],
    ["a boxed number", Object(1), "an instance of Number"],
    ["a function", function reprice() {}, "the function reprice"],
    ["a big integer", 12n, "12n"],
    ["a symbol", Symbol("s"), "Symbol(s)"],
    ["undefined in a list", undefined, "undefined"],
    ["a cycle", loop, "it contains itself"],
    ["a symbol as a key", { [Symbol("k")]: 1 }, "it has the symbol Symbol(k) for a key"],
  ];
  test.each(cases)("%s, naming path and value", (_, value, reason) => {
    const at = (path: string): string => `${path}${value === loop ? ".next[0]" : ""} is not plain JSON: ${reason}`;
    expect(() => canonical({ a: { b: [1, 2, 3, value] } })).toThrow(at("$.a.b[3]"));
    expect(() => checkPlain({ "odd key": [value] })).toThrow(at('$["odd key"][0]'));
    expect(() => canonical(value)).toThrow(NotPlainError);
  });

  test("a hole in a list", () => {
    // biome-ignore lint/suspicious/noSparseArray: the hole is the point
    expect(() => canonical([1, , 3])).toThrow("$[1] is not plain JSON: undefined");
  });

  test("nesting without end, but not the same value in two places", () => {
    let deep: unknown = 1;
    for (let i = 0; i < 300; i++) deep = [deep];
    expect(() => canonical(deep)).toThrow("nests deeper than");
    const leg = { conId: 7 };
    expect(canonical({ short: leg, long: leg, both: [leg, leg] })).toBe(
      '{"both":[{"conId":7},{"conId":7}],"long":{"conId":7},"short":{"conId":7}}',
    );
  });

  test("not a member that is undefined: it counts as absent", () => {
    expect(canonical({ b: undefined, a: 1 })).toBe(canonical({ a: 1 }));
  });

  test("not an object without a prototype", () => {
    expect(canonical(Object.assign(Object.create(null), { a: 1 }))).toBe('{"a":1}');
  });
});
