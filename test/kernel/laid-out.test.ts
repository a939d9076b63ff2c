/** Contexts with many members stay quick to copy. What quick means is V8's word; no clock is asked. */
import { setFlagsFromString } from "node:v8";
import { runInThisContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { laidOut } from "../../src/kernel/settled.ts";

setFlagsFromString("--allow-natives-syntax");
const isHashTable = runInThisContext("(members) => !%HasFastProperties(members)") as (members: object) => boolean;

/** As a snapshot comes from disk. Each name is used once: V8 remembers what it has seen. */
const contextOf = (members: number, name: string): { [key: string]: number } =>
  JSON.parse(`{${Array.from({ length: members }, (_, n) => `"${name}${String(n).padStart(2, "0")}":${n}`).join()}}`);
const assigned = (context: object): object => Object.assign({}, context, {});

describe("a context laid out for copying", () => {
  it("says the same, in the same order", () => {
    const context = contextOf(22, "same");
    expect(JSON.stringify(laidOut(context))).toBe(JSON.stringify(context));
  });

  it("leaves copies of copies that are no hash tables, as those of one that is not laid out are", () => {
    expect(isHashTable(assigned(assigned(contextOf(22, "raw"))))).toBe(true);
    const context = laidOut(contextOf(22, "laid"));
    expect(isHashTable(context)).toBe(false);
    expect(isHashTable(assigned(assigned(context)))).toBe(false);
  });
});
