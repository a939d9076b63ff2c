import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { epochMs } from "../../src/domain/units.ts";
import { FieldReader, MalformedMessage, real, whole } from "../../src/sim/wire/fields.ts";
import { FrameParser, fieldsOf, frameOf, MAX_FRAME_BYTES } from "../../src/sim/wire/frame.ts";
import { MessageBudget } from "../../src/sim/wire/message-budget.ts";
import { connectionTime, greeting, negotiate } from "../../src/sim/wire/negotiation.ts";
import { anyText, finite } from "../support/ib-arbitraries.ts";
import { messageBytes } from "../support/wire-clients.ts";

const messages = fc.array(fc.array(anyText, { minLength: 1, maxLength: 8 }), { maxLength: 6 });

/** The bytes in pieces, cut at the given places. */
const cut = (bytes: Buffer, places: readonly number[]): Buffer[] => {
  const ends = [...new Set([...places.map((place) => place % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b);
  return ends.map((end, index) => bytes.subarray(index === 0 ? 0 : ends[index - 1], end));
};

describe("frames", () => {
  test("survive any fragmentation, with their preamble", () => {
    fc.assert(
      fc.property(messages, fc.array(fc.nat(5000)), (all, places) => {
        const parser = new FrameParser("API\0");
        const bytes = Buffer.concat([Buffer.from("API\0"), ...all.map(frameOf)]);
        const parsed = cut(bytes, places).flatMap((piece) => parser.push(piece).payloads.map(fieldsOf));
        expect(parsed).toEqual(all);
      }),
    );
  });

  test("are what another hand writes", () => {
    fc.assert(fc.property(fc.array(anyText, { minLength: 1 }), (fields) => frameOf(fields).equals(messageBytes(...fields))));
  });

  test("may be as long as IB allows and no byte longer, and not empty", () => {
    const length = (bytes: number) => Buffer.from([bytes >>> 24, (bytes >>> 16) & 255, (bytes >>> 8) & 255, bytes & 255]);
    expect(new FrameParser().push(length(MAX_FRAME_BYTES)).violation).toBeUndefined();
    expect(new FrameParser().push(length(MAX_FRAME_BYTES + 1)).violation).toMatch("16777216 bytes");
    expect(new FrameParser().push(length(0)).violation).toMatch("0 bytes");
    expect(new FrameParser().push(length(0xffffffff)).violation).toMatch("4294967295 bytes");
  });

  test("after a violation nothing is parsed, but what came before it counts", () => {
    const parser = new FrameParser();
    const { payloads, violation } = parser.push(Buffer.concat([frameOf(["1"]), Buffer.alloc(4), frameOf(["2"])]));
    expect(payloads.map(fieldsOf)).toEqual([["1"]]);
    expect(violation).toBeDefined();
    expect(parser.push(frameOf(["3"]))).toEqual({ payloads: [], violation });
  });

  test("do not begin with anything but the preamble", () => {
    expect(new FrameParser("API\0").push(Buffer.from("GET / HTTP/1.1")).violation).toMatch("API");
  });

  test("hold messages only when their last field is closed", () => {
    expect(fieldsOf(Buffer.from("71\0 2"))).toBeUndefined();
    expect(fieldsOf(Buffer.from("71\0\0"))).toEqual(["71", ""]);
  });
});

describe("the handshake", () => {
  const versionFor = (offer: string) => {
    const outcome = negotiate(offer);
    return outcome.agreed ? outcome.serverVersion : outcome.reason;
  };

  test("takes the newest version that both speak", () => {
    expect(versionFor("v100..193")).toBe(193);
    expect(versionFor("v157..178")).toBe(178);
    expect(versionFor("v100..222")).toBe(193);
    expect(versionFor("v178")).toBe(178);
    expect(versionFor("v157")).toBe(157);
  });

  test("lets nobody in with whom it shares no version", () => {
    expect(versionFor("v100..156")).toMatch("100 to 156, this gateway 157 to 193");
    expect(versionFor("v194..210")).toMatch("194 to 210");
    expect(versionFor("v190..180")).toMatch("190 to 180");
    for (const nonsense of ["", "63", "v", "vx..y", "v157..", "v157...178", "v157..178+PACEAPI"]) {
      expect(versionFor(nonsense)).toMatch("not of the form");
    }
  });

  test("keeps the client's connect options", () => {
    expect(negotiate("v157..178 +PACEAPI")).toEqual({ agreed: true, serverVersion: 178, connectOptions: "+PACEAPI" });
  });

  test("greets with the version and New York's time, in summer and winter", () => {
    expect(greeting(178, epochMs(Date.UTC(2026, 10, 20, 16, 37, 25, 999)))).toEqual(["178", "20261120 11:37:25 EST"]);
    expect(connectionTime(epochMs(Date.UTC(2026, 6, 1, 3, 59, 0)))).toBe("20260630 23:59:00 EDT");
    expect(connectionTime(epochMs(Date.UTC(2026, 2, 8, 6, 59, 59)))).toBe("20260308 01:59:59 EST");
    expect(connectionTime(epochMs(Date.UTC(2026, 2, 8, 7, 0, 0)))).toBe("20260308 03:00:00 EDT");
  });
});

describe("fields", () => {
  const reading = (...fields: string[]) => new FieldReader(fields);

  test("of numbers read as they were written", () => {
    fc.assert(
      fc.property(finite, fc.integer({ min: -2_147_483_647, max: 2_147_483_647 }), (number, integer) => {
        expect(reading(real(number)).real("x")).toBe(number);
        expect(reading(whole(integer)).required("x")).toBe(integer + 0);
      }),
    );
  });

  test("know every way to say unset", () => {
    for (const unset of ["", "1.7976931348623157E308", "1.7976931348623157e+308"])
      expect(reading(unset).real("x")).toBeUndefined();
    for (const unset of ["", "2147483647"]) expect(reading(unset).whole("x")).toBeUndefined();
    expect(reading("").flag("x")).toBeUndefined();
    expect(reading("").text("x")).toBeUndefined();
    expect(reading("2147483647").required("an id")).toBe(2_147_483_647);
  });

  test("know the dialects of numbers and flags", () => {
    expect(["0", "0.0", "450.0", "1e-05", "-.5", "5."].map((field) => reading(field).real("x"))).toEqual([
      0, 0, 450, 1e-5, -0.5, 5,
    ]);
    expect(reading("450.0").whole("x")).toBe(450);
    expect(["Infinite", "Infinity"].map((field) => reading(field).real("x"))).toEqual([Infinity, Infinity]);
    expect(["1", "true", "True", "0", "false"].map((field) => reading(field).flag("x"))).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });

  test("that make no sense are refused by name", () => {
    for (const field of ["abc", "1,5", "0x10", "1e999", " 1", "NaN"])
      expect(() => reading(field).real("lmtPrice")).toThrow(/lmtPrice/);
    expect(() => reading("1.5").whole("parentId")).toThrow(/parentId \(field 1\) should be a whole number/);
    expect(() => reading("2147483648").required("reqId")).toThrow(/reqId \(field 1\) should be of 32 bits, got "2147483648"/);
    expect(() => reading("yes").flag("transmit")).toThrow(MalformedMessage);
    expect(() => reading("").required("orderId")).toThrow(/orderId is missing/);
    expect(() => reading().raw("orderId")).toThrow(/ends before orderId/);
    expect(() => reading("1").end()).toThrow(/1 fields are left over/);
  });
});

describe("the message budget", () => {
  test("never lets more through in any span than the burst and the rate allow", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.array(fc.nat(200), { maxLength: 200 }), (rate, pauses) => {
        const budget = new MessageBudget(rate, 0);
        const taken: number[] = [];
        let now = 0;
        for (const pause of pauses) {
          now += pause;
          if (budget.take(now)) taken.push(now);
        }
        for (const [from, start] of taken.entries()) {
          for (const [to, end] of taken.entries()) {
            if (to > from) expect(to - from + 1).toBeLessThanOrEqual(rate + ((end - start) * rate) / 1000 + 1e-6);
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  test("gives a token after the wait that it names", () => {
    const budget = new MessageBudget(50, 0);
    for (let message = 0; message < 50; message += 1) expect(budget.take(0)).toBe(true);
    expect(budget.take(0)).toBe(false);
    expect(budget.waitMs()).toBe(20);
    expect(budget.take(19)).toBe(false);
    expect(budget.take(20)).toBe(true);
  });
});
