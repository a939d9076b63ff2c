import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonical } from "../../src/domain/canonical-json.ts";
import { settled } from "../../src/kernel/settled.ts";

/** The order of keys at every depth: what JSON.stringify shows and canonical hides. */
const shape = (value: unknown): string => JSON.stringify(value);

const plain = fc.jsonValue({ maxDepth: 4 }).filter((value) => {
  const text = JSON.stringify(value);
  return !text.includes("-0") && !text.includes("__proto__");
});

describe("a settled value", () => {
  test("lists its keys as the same value does after a trip through the journal", () => {
    fc.assert(
      fc.property(plain, (value) => {
        expect(shape(settled(value))).toBe(shape(JSON.parse(canonical(value))));
      }),
    );
  });

  test("says the same as before, and settling twice changes nothing, not even the object", () => {
    fc.assert(
      fc.property(plain, (value) => {
        const once = settled(value);
        expect(canonical(once)).toBe(canonical(value));
        expect(settled(once)).toBe(once);
      }),
    );
  });

  test("lists contract numbers as JavaScript does, whatever the order they came in", () => {
    expect(Object.keys(settled({ "10": 1, "9": 1, b: 1, a: 1 }))).toEqual(["9", "10", "a", "b"]);
  });

  test("keeps every part that was settled before", () => {
    const before = settled({ a: { z: 1, b: [1, 2] }, c: 3 });
    const after = settled({ ...before, c: 4 }, before);
    expect(after.a).toBe(before.a);
  });

  test("leaves undefined members out", () => {
    expect(Object.keys(settled({ a: undefined, b: 1 }))).toEqual(["b"]);
  });

  test.each([
    ["not a number", { a: [{ b: Number.NaN }] }, "$.a[0].b"],
    ["minus zero", { a: -0 }, "$.a"],
    ["a date", { a: new Date(0) }, "$.a"],
    ["a map", new Map(), "$"],
    ["a function", { a: () => 1 }, "$.a"],
    ["a hole", [1, undefined], "$[1]"],
    ["an instance of a class", { a: new (class Foo {})() }, "$.a"],
  ])("refuses %s and says where", (_, value, path) => {
    expect(() => settled(value)).toThrow(path);
  });

  test("refuses minus zero even where zero stood before", () => {
    expect(() => settled({ a: -0 }, { a: 0 })).toThrow("$.a");
  });
});
