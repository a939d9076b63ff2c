/** A position roll at the gate: the one order besides its entry that may add risk to a slot, and never two of them at once. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { moneyUnits } from "../../src/domain/units.ts";
import { riskGateMachine } from "../../src/machines/risk-gate.machine.ts";
import { given } from "../support/given.ts";
import { ENGINE, NOON } from "../support/quoted-chain.ts";

const EQUITY = 10_000_000;
const SLOT = "slot/s1";
const CONFIG = { ...ENGINE, limits: { ...ENGINE.limits, maxLossPerPositionPct: 15, maxLossTotalPct: 20 } };
const LOSS = fc.integer({ min: 1, max: 2_000_000 });
const REF = fc.integer({ min: 1, max: 4 });
const happening = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      what: fc.constant("ask" as const),
      ref: REF,
      purpose: fc.constantFrom("entry" as const, "roll" as const, "roll" as const),
      loss: LOSS,
      margin: fc.constantFrom(1, 1, 1, undefined),
    }),
  },
  { weight: 2, arbitrary: fc.record({ what: fc.constant("end" as const), share: fc.constantFrom(0, 0.5, 1, 1) }) },
  fc.record({ what: fc.constant("mode" as const), mode: fc.constantFrom("trading", "trading", "reducing") }),
);

test("is let in only when the entry has ended and no other works, and the slot never counts with less than it may hold", () => {
  let rolled = 0;
  fc.assert(
    fc.property(fc.array(happening, { minLength: 10, maxLength: 40, size: "max" }), LOSS, (happenings, first) => {
      const it = given(riskGateMachine, { config: CONFIG }, NOON);
      it.hear({
        type: "reconciliation.completed",
        epoch: 1,
        startedAt: NOON,
        orders: [],
        discrepancies: [],
        netLiquidation: EQUITY,
      });
      it.hear({ type: "mode.changed", mode: "trading", reason: "" });
      it.hear({ type: "slot.requested", replyTo: "s", strategy: "s", symbol: "SPY", maxLoss: first, quantity: 1 });
      if (it.context.occupied[SLOT] === undefined) return;
      let trades = true;
      /** The order at work, what was held before it, and what is held. */
      let live = null as { readonly ref: string; readonly purpose: string; readonly loss: number } | null;
      let entered = false;
      let held = 0;
      for (const one of happenings) {
        if (one.what === "mode") {
          trades = one.mode === "trading";
          it.hear({ type: "mode.changed", mode: one.mode, reason: "" });
        } else if (one.what === "end") {
          if (live === null) continue;
          const filled = Math.round(live.loss * one.share);
          it.hear({ type: "exposure.released", orderRef: live.ref, slot: SLOT, heldMaxLoss: filled });
          // A part of each structure is held: at worst the dearer one as a whole.
          held = one.share === 0 ? held : one.share === 1 ? live.loss : Math.max(held, filled);
          live = null;
        } else {
          const ref: string =
            live !== null && live.purpose === one.purpose && one.ref > 3
              ? live.ref
              : `${one.purpose}-${it.context.approvals}-${one.ref}`;
          const loss: number = live !== null && live.ref === ref ? live.loss : one.loss;
          it.quiet().hear({
            type: "approval.requested",
            replyTo: "o",
            orderRef: ref,
            slot: SLOT,
            reducing: false,
            purpose: one.purpose,
            maxLoss: loss,
            quantity: 1,
            ...(one.margin === undefined ? {} : { initialMarginAfter: one.margin }),
          });
          const given = it.told("o").some(({ type }) => type === "order.approved");
          if (!trades || one.margin === undefined || loss > EQUITY * 0.15) expect(given).toBe(false);
          if (live !== null && live.ref !== ref) expect(given).toBe(false);
          if (one.purpose === "roll" && !entered) expect(given).toBe(false);
          if (one.purpose === "entry" && entered && live?.ref !== ref) expect(given).toBe(false);
          if (!given) continue;
          if (one.purpose === "roll") rolled += 1;
          if (one.purpose === "entry") entered = true;
          live = { ref, purpose: one.purpose, loss };
        }
        const counted = it.context.occupied[SLOT]?.maxLoss ?? 0;
        expect(counted).toBeGreaterThanOrEqual(moneyUnits(Math.max(held, live?.loss ?? 0)));
      }
    }),
    { numRuns: 300 },
  );
  expect(rolled).toBeGreaterThan(50);
});
