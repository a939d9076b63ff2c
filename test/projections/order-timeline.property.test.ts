import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { BrokerOrderStatus } from "../../src/domain/events/broker.ts";
import { type EpochMs, money, price } from "../../src/domain/units.ts";
import type { Step } from "../../src/ports/journal.ts";
import { createReadModel } from "../../src/projections/read-model.ts";
import { condor, endOrder, fillOrder, intentOf, Script, scriptedDay, startOfDay, workOrder } from "../support/scripted-day.ts";

/** What the broker may say between, and to whom: our order by its ids, a stranger's, our order id under a stranger's client. */
type Word =
  | "status"
  | "permIdOnly"
  | "reported"
  | "errored"
  | "repeatedExecution"
  | "summary"
  | "repeatedFee"
  | "stranger"
  | "otherClient"
  | "unconfirmed"
  | "refused";
const words: Word[] = [
  "status",
  "permIdOnly",
  "reported",
  "errored",
  "repeatedExecution",
  "summary",
  "repeatedFee",
  "stranger",
  "otherClient",
  "unconfirmed",
  "refused",
];
const STRANGE: ReadonlySet<Word> = new Set(["stranger", "otherClient"]);
const LEGS = condor("SPY", 560, 565, 620, 625);

interface Lived {
  readonly steps: Step[];
  readonly intentId: string;
  /** Steps that are about this order, and not. */
  readonly about: ReadonlySet<number>;
  readonly notAbout: ReadonlySet<number>;
}
const lived = (said: readonly Word[], prices: number): Lived => {
  const script = new Script();
  startOfDay(script);
  const before = script.steps.length;
  const order = {
    n: 1,
    slot: "slot/s1",
    symbol: "SPY",
    purpose: "entry" as const,
    legs: LEGS,
    quantity: 1,
    mid: price(-1.3),
    natural: price(-1.2),
  };
  const limits = Array.from({ length: prices }, (_, i) => price(-1.3 + i / 100));
  const { intent, orderId, permId } = workOrder(script, { ...order, limits });
  fillOrder(script, intent, { orderId, permId }, [price(1.71), price(2.4), price(2.1), price(1.55)], money(0.65));
  const notAbout = new Set<number>();
  const execution = {
    execId: `0000e0d5.${intent.intentId}.01.01`,
    orderId,
    clientId: 17,
    permId,
    orderRef: intent.orderRef,
    account: "DU1",
    contract: LEGS[0]!.contract,
    side: "BOT" as const,
    shares: 1,
    price: price(1.71),
    cumulative: 1,
    at: script.now as EpochMs,
  };
  for (const word of said) {
    script.pass(10);
    const status = {
      type: "order.statusReported" as const,
      epoch: 1,
      status: "Submitted" as BrokerOrderStatus,
      filled: 0,
      remaining: 1,
    };
    switch (word) {
      case "status":
        script.say({ ...status, orderId, clientId: 17, permId });
        break;
      case "permIdOnly":
        script.say({ ...status, orderId: 0, clientId: 0, permId });
        break;
      case "reported":
        script.say({
          type: "order.reported",
          epoch: 1,
          order: {
            orderId: 0,
            clientId: 17,
            permId,
            orderRef: intent.orderRef,
            account: "DU1",
            contract: { ...LEGS[0]!.contract, secType: "BAG" },
            action: "BUY",
            quantity: 1,
            status: "Filled",
          },
        });
        break;
      case "errored":
        script.say({ type: "order.errored", epoch: 1, orderId, code: 399, text: "held" });
        break;
      case "repeatedExecution":
        script.say({ type: "execution.reported", epoch: 1, execution });
        break;
      case "summary":
        script.say({
          type: "execution.reported",
          epoch: 1,
          execution: { ...execution, execId: "bag", contract: { ...execution.contract, secType: "BAG" } },
        });
        break;
      case "repeatedFee":
        script.say({ type: "commission.reported", epoch: 1, execId: execution.execId, amount: money(0.65), currency: "USD" });
        break;
      case "stranger":
        script.say({ ...status, orderId: 77_777, clientId: 17, permId: 88_888 });
        break;
      case "otherClient":
        script.say({ ...status, orderId, clientId: 3, permId: 99_999 });
        break;
      default: {
        const params = { epoch: 1, orderId, orderRef: intent.orderRef };
        const cancel = script.tick("order", { effects: [["order", "order.cancel", params]] });
        script.say(
          word === "refused"
            ? { type: "effect.refused", effect: `${cancel.seq}.1`, reason: "epoch 1 is over" }
            : { type: "effect.unconfirmed", effect: `${cancel.seq}.1` },
        );
      }
    }
    if (STRANGE.has(word)) notAbout.add(script.steps.length);
  }
  endOrder(script, intent);
  const about = new Set(
    script.steps
      .slice(before)
      .map(({ seq }) => seq)
      .filter((seq) => !notAbout.has(seq)),
  );
  return { steps: script.steps, intentId: intent.intentId, about, notAbout };
};
const timelineOf = ({ steps, intentId }: Lived) => {
  const model = createReadModel();
  for (const step of steps) model.apply(step);
  return model.order(intentId)!;
};
const lives = fc
  .tuple(fc.array(fc.constantFrom(...words), { maxLength: 20 }), fc.integer({ min: 1, max: 5 }))
  .map(([said, prices]) => lived(said, prices));

describe("an order's timeline", () => {
  it("has a moment for every step that is about the order, and none for a stranger's", () => {
    fc.assert(
      fc.property(lives, (life) => {
        const told = new Set(timelineOf(life).moments.map(({ seq }) => seq));
        expect([...life.about].filter((seq) => !told.has(seq))).toEqual([]);
        expect([...life.notAbout].filter((seq) => told.has(seq))).toEqual([]);
      }),
    );
  });

  it("tells moments in the order of the journal, each fill and each commission once, and the end last", () => {
    fc.assert(
      fc.property(lives, (life) => {
        const { moments, fills, commissions } = timelineOf(life);
        const seqs = moments.map(({ seq }) => seq);
        expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
        expect(moments.filter(({ kind }) => kind === "fill")).toHaveLength(4);
        expect(moments.filter(({ kind }) => kind === "fee")).toHaveLength(4);
        expect(fills).toBe(4);
        expect(commissions).toBe(money(2.6));
        expect(moments.at(-1)!.kind).toBe("end");
      }),
    );
  });

  it("says for each placement that it was in the journal before it left", () => {
    fc.assert(
      fc.property(lives, (life) => {
        const wire = timelineOf(life).moments.filter(({ kind }) => kind === "wire");
        const journaled = new Set<unknown>();
        for (const { source, detail } of wire) {
          if (source.startsWith("effect.")) expect(journaled.has(detail["effect"])).toBe(true);
          else journaled.add(detail["effect"]);
        }
      }),
    );
  });
});

describe("slippage", () => {
  it("of an entry is its average net fill price less the candidate's mid", () => {
    const model = createReadModel();
    for (const step of scriptedDay()) model.apply(step);
    expect(model.order("20261120-s1-1")).toMatchObject({
      decisionMid: { mid: price(-1.3), from: "candidate" },
      filledPrice: price(-1.24),
      slippage: price(0.06),
    });
  });

  it("is absent while the legs are filled out of ratio", () => {
    const script = new Script();
    startOfDay(script);
    const intent = intentOf({
      n: 1,
      slot: "slot/s1",
      symbol: "SPY",
      purpose: "exit",
      legs: LEGS,
      quantity: 1,
      limits: [],
      mid: price(1),
      natural: price(1),
    });
    script.tick("slot/s1", { facts: [["order", { type: "order.intended", intent }]] });
    fillOrder(script, { ...intent, legs: LEGS.slice(0, 3) }, { orderId: 1, permId: 1 }, [price(1), price(1), price(1)], money(1));
    const model = createReadModel();
    for (const step of script.steps) model.apply(step);
    expect(model.order(intent.intentId)).toMatchObject({ fills: 3 });
    expect(model.order(intent.intentId)!.slippage).toBeUndefined();
  });
});
