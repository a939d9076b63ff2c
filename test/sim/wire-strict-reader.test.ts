/** The strict reader must itself be strict: it accepts what the protocol's description shows, and nothing beside it. */
import { describe, expect, test } from "vitest";
import { readStrictly } from "../support/strict-reader.ts";
import { MESSAGES } from "../support/wire-samples.ts";

const refusal = (fields: readonly string[], version = 178): string | undefined => {
  try {
    readStrictly(version, fields);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
};

describe.each(MESSAGES.map((fields) => [fields[0] as string, fields] as const))("message %s", (_, fields) => {
  test("is accepted as it stands", () => expect(refusal(fields)).toBeUndefined());

  test("is refused with a field too many", () => expect(refusal([...fields, ""])).toMatch(/left over|advanced/));

  test("is refused with any field missing, unless only its texts moved", () => {
    if (fields.length > 1) expect(refusal(fields.slice(0, -1))).toBeDefined();
  });
});

test("an integer has no fraction, a figure is not empty, a flag is 0 or 1", () => {
  const [price, size, status] = MESSAGES as [string[], string[], string[]];
  expect(refusal(price.with(2, "7.0"))).toMatch("reqId (field 2)");
  expect(refusal(price.with(4, ""))).toMatch("price (field 4)");
  expect(refusal(price.with(4, "NaN"))).toMatch("price (field 4)");
  expect(refusal(size.with(4, "1,000"))).toMatch("size (field 4)");
  expect(refusal(status.with(1, "2147483648"))).toMatch("orderId (field 1)");
  expect(refusal(["96", "7", "0", "true"])).toMatch("done (field 3)");
});

test("fields belong to versions", () => {
  const error = ["4", "2", "7", "200", "No security definition has been found for the request"];
  expect([refusal(error, 165), refusal([...error, ""], 166)]).toEqual([undefined, undefined]);
  expect([refusal([...error, ""], 165), refusal(error, 166)]).toEqual([
    expect.stringMatching("left over"),
    expect.stringMatching("advanced rejection"),
  ]);
  const samples = ["79", "7", "1", "756733", "SPY", "STK", "ARCA", "USD", "1", "OPT"];
  expect([refusal(samples, 175), refusal([...samples, "SPDR", ""], 176)]).toEqual([undefined, undefined]);
  expect([refusal(samples, 176), refusal([...samples, "SPDR", ""], 175)]).not.toContain(undefined);
});

test("nobody knows a message of protobuf's time", () => expect(refusal(["201", "1"])).toMatch("nobody knows"));
