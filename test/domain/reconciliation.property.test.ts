/** Ours against theirs: exactly the union of the differences, the same from both sides, and none where both agree. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { instantOf } from "../../src/domain/calendar/new-york.ts";
import { configSchema } from "../../src/domain/config-schema.ts";
import { DEFAULT_CONNECTION } from "../../src/domain/connection.ts";
import type { Contract } from "../../src/domain/contract.ts";
import { rowsAfter } from "../../src/domain/reconciliation/answers.ts";
import { cashAfterFee, cashAfterFill, compareCash, NO_CASH_YET } from "../../src/domain/reconciliation/cash.ts";
import { comparePositions, type Ledger, type Theirs, theirsOf } from "../../src/domain/reconciliation/compare.ts";
import { withCauses } from "../../src/domain/reconciliation/expiries.ts";
import { adopted, averageCostOf, posted } from "../../src/domain/reconciliation/ledger.ts";
import { DEFAULT_RECONCILIATION } from "../../src/domain/reconciliation/policy.ts";
import { epochMs, money, price, tradingDay } from "../../src/domain/units.ts";
import { createToldSet } from "../../src/io/ib/told-sets.ts";
import { NOON, option, SPY } from "../support/quoted-chain.ts";

const TOLERANCE = DEFAULT_RECONCILIATION;
const contractOf = (conId: number): Contract => ({ ...option(500 + conId, "P"), conId });
const quantity = fc.integer({ min: -4, max: 4 });
const book = fc.dictionary(fc.integer({ min: 1, max: 9 }).map(String), quantity, { maxKeys: 9 });
type Book = { readonly [conId: string]: number };
const ledgerOf = (quantities: Book): Ledger =>
  Object.fromEntries(
    Object.entries(quantities)
      .filter(([, held]) => held !== 0)
      .map(([conId, held]) => [
        conId,
        { contract: contractOf(Number(conId)), quantity: held, slots: { "slot/s1": held }, opened: held, cost: held * price(2) },
      ]),
  );
const rowsOf = (quantities: Book) =>
  Object.entries(quantities).map(([conId, held]) => ({ account: "DU1", contract: contractOf(Number(conId)), quantity: held }));
const theirs = (quantities: Book): Theirs => theirsOf(rowsOf(quantities), "DU1");

describe("comparing positions", () => {
  test("names each contract whose quantities differ, once, with both figures, and nothing else", () => {
    fc.assert(
      fc.property(book, book, (ours, there) => {
        const differing = [...new Set([...Object.keys(ours), ...Object.keys(there)])]
          .filter((conId) => (ours[conId] ?? 0) !== (there[conId] ?? 0))
          .map((conId) => [Number(conId), ours[conId] ?? 0, there[conId] ?? 0]);
        const found = comparePositions(ledgerOf(ours), theirs(there), TOLERANCE);
        const sorted = (rows: (number | null | undefined)[][]) => rows.sort((a, b) => Number(a[0]) - Number(b[0]));
        expect(sorted(found.map((one) => [one.conId, one.ours, one.theirs]))).toEqual(sorted(differing));
      }),
    );
  });
  test("seen from the other side says the same with the sides exchanged", () => {
    const swapped: { readonly [kind: string]: string } = {
      missingHere: "missingThere",
      missingThere: "missingHere",
      quantity: "quantity",
    };
    fc.assert(
      fc.property(book, book, (a, b) => {
        const there = comparePositions(ledgerOf(b), theirs(a), TOLERANCE);
        const here = comparePositions(ledgerOf(a), theirs(b), TOLERANCE);
        expect(here.map(({ kind, subject, ours, theirs }) => [kind, subject, ours, theirs])).toEqual(
          there.map(({ kind, subject, ours, theirs }) => [swapped[kind], subject, theirs, ours]),
        );
      }),
    );
  });
  test("adopting everything makes the next comparison clean", () => {
    fc.assert(
      fc.property(book, book, (ours, there) => {
        const found = comparePositions(ledgerOf(ours), theirs(there), TOLERANCE);
        const after = found.reduce(
          (ledger, { conId, theirs }) => adopted(ledger, contractOf(conId as number), theirs as number),
          ledgerOf(ours),
        );
        expect(comparePositions(after, theirs(there), TOLERANCE)).toEqual([]);
      }),
    );
  });
  test("giving causes changes kinds and never which contracts differ, or by how much", () => {
    fc.assert(
      fc.property(book, book, fc.integer({ min: -400, max: 400 }), fc.nat(60), (ours, there, shares, days) => {
        const ledger = ledgerOf(ours);
        const broker: Theirs = {
          ...theirs(there),
          ...(shares === 0 ? {} : { [SPY.conId]: { contract: SPY, quantity: shares } }),
        };
        const found = comparePositions(ledger, broker, TOLERANCE);
        const now = epochMs(NOON + days * 86_400_000);
        const named = withCauses(found, { ledger, theirs: broker, before: {}, now });
        expect(named.map(({ conId, ours, theirs }) => [conId, ours, theirs])).toEqual(
          found.map(({ conId, ours, theirs }) => [conId, ours, theirs]),
        );
      }),
    );
  });
  test("says nothing of an average cost within commissions, and names one beyond", () => {
    const ledger = ledgerOf({ 1: -2 });
    const at = (averageCost: number): Theirs => ({
      1: { contract: contractOf(1), quantity: -2, averageCost: money(averageCost) },
    });
    expect(averageCostOf(ledger["1"] as Ledger[string])).toBe(money(200));
    expect(comparePositions(ledger, at(198.7), TOLERANCE)).toEqual([]);
    expect(comparePositions(ledger, at(0), TOLERANCE)).toEqual([]);
    expect(comparePositions(ledger, at(150), TOLERANCE)).toMatchObject([{ kind: "averageCost", ours: 200, theirs: 150 }]);
  });
});

describe("why an option is gone", () => {
  const EXPIRY = "2027-01-08";
  const shortPut = { ...option(590, "P"), conId: 1 };
  const longPut = { ...option(580, "P"), conId: 2 };
  const shortCall = { ...option(610, "C"), conId: 3 };
  const held = (...lines: readonly (readonly [Contract, number])[]): Ledger =>
    Object.fromEntries(
      lines.map(([contract, quantity]) => [
        contract.conId,
        { contract, quantity, slots: { "slot/s2": quantity }, opened: 0, cost: 0 },
      ]),
    );
  const condor = held([shortPut, -1], [longPut, 1], [shortCall, -1]);
  const shares = (quantity: number): Theirs => ({ [SPY.conId]: { contract: SPY, quantity } });
  const rest = { 2: { contract: longPut, quantity: 1 }, 3: { contract: shortCall, quantity: -1 } };
  const kinds = (theirs: Theirs, before = {}, day = "2026-12-01", hour = 12) =>
    withCauses(comparePositions(condor, theirs, TOLERANCE), {
      ledger: condor,
      theirs,
      before,
      now: instantOf(tradingDay(day), hour * 60),
    }).map(({ kind, conId, slots }) => `${conId} ${kind} ${slots}`);

  test("a short put that became shares was assigned; the shares belong to the same slot (pain 41)", () => {
    expect(kinds({ ...rest, ...shares(100) })).toEqual([`${SPY.conId} assigned slot/s2`, "1 assigned slot/s2"]);
  });
  test("shares that were there before explain nothing", () => {
    expect(kinds({ ...rest, ...shares(100) }, { SPY: 100 })).toContain("1 missingThere slot/s2");
    expect(kinds({ ...rest, ...shares(200) }, { SPY: 100 })).toContain("1 assigned slot/s2");
  });
  test("all of it gone after its last session has expired, without shares; before, it is missing (pain 40)", () => {
    expect(kinds({}, {}, EXPIRY, 12).every((text) => text.includes("missingThere"))).toBe(true);
    expect(kinds({}, {}, EXPIRY, 17).every((text) => text.includes("expired"))).toBe(true);
    expect(kinds({}, {}, "2027-01-09").every((text) => text.includes("expired"))).toBe(true);
  });
  test("put assigned, call worthless at the same expiry: each by its own name", () => {
    const named = kinds(shares(100), {}, "2027-01-09");
    expect(named).toContain("1 assigned slot/s2");
    expect(named).toContain("3 expired slot/s2");
  });
  test("shares that no set of the options explains leave all as they are", () => {
    expect(kinds({ ...rest, ...shares(57) })).toEqual([`${SPY.conId} missingHere undefined`, "1 missingThere slot/s2"]);
  });
});

describe("cash", () => {
  const fill = (execId: string, quantity: number) => ({
    type: "leg.filled" as const,
    orderRef: "",
    execId,
    contract: contractOf(1),
    quantity,
    price: price(1.5),
    at: NOON,
  });
  const later = epochMs(NOON + 3_600_000);
  const rule = { now: later, toleranceDollars: 1 };
  const from = { ...NO_CASH_YET, from: money(10_000) };
  test("that our fills and fees explain is no difference; what they do not is told once", () => {
    const book = cashAfterFee(cashAfterFill(from, fill("a", -2), NOON), "a", money(1.3));
    expect(compareCash(book, money(10_298.7), rule).found).toEqual([]);
    const { found, book: after } = compareCash(book, money(10_398.7), rule);
    expect(found).toMatchObject([{ kind: "cash", ours: 10_298.7, theirs: 10_398.7 }]);
    expect(compareCash(after, money(10_398.7), rule).found).toEqual([]);
  });
  test("is not compared while a commission is awaited, just after a fill, or when others trade in the account", () => {
    const awaiting = cashAfterFill(from, fill("a", -2), NOON);
    const paid = cashAfterFee(awaiting, "a", money(1.3));
    const off = money(5);
    expect(compareCash(awaiting, off, rule).found).toEqual([]);
    expect(compareCash(paid, off, { ...rule, now: epochMs(NOON + 60_000) }).found).toEqual([]);
    expect(compareCash({ ...paid, disturbed: true }, off, rule).found).toEqual([]);
  });
});

describe("the book", () => {
  const fill = fc.record({ n: fc.nat(20), slot: fc.constantFrom(1, 2), quantity: fc.constantFrom(-2, -1, 1, 2) });
  test("of slots adds up to the book of the account, whatever is filled", () => {
    fc.assert(
      fc.property(fc.array(fill, { maxLength: 30 }), (fills) => {
        const ledger = fills.reduce<Ledger>(
          (after, { slot, quantity }, n) =>
            posted(after, {
              type: "leg.filled",
              orderRef: `caretaker/5f2c81aa/20261123-s${slot}-1`,
              execId: `e.${n}.01`,
              contract: contractOf(1),
              quantity,
              price: price(1),
              at: NOON,
            }),
          {},
        );
        const total = fills.reduce((sum, { quantity }) => sum + quantity, 0);
        expect(ledger[1]?.quantity ?? 0).toBe(total);
        expect(Object.values(ledger[1]?.slots ?? {}).reduce((sum, held) => sum + held, 0)).toBe(total);
      }),
    );
  });
});

describe("a set told by its changes", () => {
  const rows = fc.uniqueArray(fc.record({ key: fc.nat(8), value: fc.nat(2) }), { selector: ({ key }) => key, maxLength: 9 });
  const keyOf = ({ key }: { readonly key: number; readonly value: number }): string => String(key);
  test("comes to the same set, for whoever has heard all, some or none of it, over restarts", () => {
    const told = fc.record({ rows, heard: fc.boolean(), restart: fc.boolean() });
    fc.assert(
      fc.property(fc.array(told, { maxLength: 15 }), (tells) => {
        let border = createToldSet(keyOf);
        let known: { digest: string; rows: readonly { key: number; value: number }[] } = { digest: "", rows: [] };
        for (const { rows: now, heard, restart } of tells) {
          if (restart) border = createToldSet(keyOf);
          const answer = border.tell(now, known.digest === "" ? undefined : known.digest);
          if (!heard) continue;
          const after = rowsAfter(known, answer, keyOf);
          expect(after).toBeDefined();
          known = { digest: answer.digest ?? "", rows: after ?? [] };
          expect([...known.rows].sort((a, b) => a.key - b.key)).toEqual([...now].sort((a, b) => a.key - b.key));
        }
      }),
    );
  });
  test("is nothing when it is the same set, also for another process", () => {
    const set = [{ key: 1, value: 2 }];
    const { digest } = createToldSet(keyOf).tell(set, undefined);
    expect(createToldSet(keyOf).tell(set, digest)).toEqual({ digest, base: digest, rows: [] });
  });
});

test("the defaults of machines and of the configuration's schema are the same", () => {
  const { reconciliation, connection } = configSchema.parse({});
  expect([reconciliation, connection]).toEqual([DEFAULT_RECONCILIATION, DEFAULT_CONNECTION]);
});
