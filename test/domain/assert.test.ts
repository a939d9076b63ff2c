import { describe, expect, it } from "vitest";
import { assert, InvariantError } from "../../src/domain/assert.ts";

describe("a broken invariant", () => {
  it("says its message, given as a text or as a function", () => {
    expect(() => assert(false, "the ledger is out of balance")).toThrow(new InvariantError("the ledger is out of balance"));
    expect(() => assert(0, () => `${2 + 2} legs`)).toThrow(new InvariantError("4 legs"));
  });

  it("costs no message while the invariant holds", () => {
    let written = 0;
    assert(true, () => {
      written += 1;
      return "never";
    });
    expect(written).toBe(0);
  });
});
