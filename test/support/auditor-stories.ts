/** A short, sound story of one order as the auditor hears it, to be told with one thing changed. */
import { createHash } from "node:crypto";
import { epochMs } from "../../src/domain/units.ts";
import type { Fact, Step } from "../../src/ports/journal.ts";
import { createAuditor } from "../../src/sim/auditor/auditor.ts";
import type { Evidence } from "../../src/sim/auditor/evidence.ts";
import type { TruthAccount, TruthOrder } from "../../src/sim/broker/truth.ts";

const BEGINS = Date.UTC(2026, 10, 20, 15, 0, 0);
export const REF = "caretaker/51a70000/20261120-s1-1";
export const EXIT_REF = "caretaker/51a70000/20261120-s1-2";
const PUT = 11;
const CALL = 12;

type Untimed = Evidence extends infer E ? (E extends { readonly at: unknown } ? Omit<E, "at"> : never) : never;

/** Tells the auditor things, a second apart, and keeps the journal's chain in order. */
export class Story {
  readonly #auditor = createAuditor();
  #now = BEGINS;
  #seq = 0;
  #sum = "0".repeat(64);
  #cash = 100_000;
  #commissions = 0;
  #quantities = new Map<number, number>();
  readonly texts: string[] = [];

  tell(evidence: Untimed, seconds = 1): this {
    this.#now += seconds * 1_000;
    this.#auditor.hear({ ...evidence, at: epochMs(this.#now) } as Evidence);
    return this;
  }

  /** A durable record. `change` may spoil its text. */
  record(parts: Partial<Omit<Step, "seq" | "now">>, change: (text: string) => string = (text) => text): this {
    const step: Step = {
      transitions: [],
      facts: [],
      effects: [],
      incidents: [],
      input: { type: "timer.fired" },
      ...parts,
      seq: ++this.#seq,
      now: this.#now,
    };
    const { seq, ...rest } = step;
    const before = JSON.stringify({ ...rest, prev: this.#sum }).slice(0, -1);
    const after = `"seq":${seq},"v":1}`;
    this.#sum = createHash("sha256").update(`${before},${after}`).digest("hex");
    const text = change(`${before},"sum":"${this.#sum}",${after}`);
    this.texts.push(text);
    return this.tell({ kind: "record", text, record: step });
  }
  fact(fact: Omit<Fact, "actor">): this {
    return this.record({ facts: [{ actor: "slot/s1", ...fact } as Fact] });
  }

  started(slots = 6): this {
    this.books();
    this.record({ input: { type: "run.started", config: { limits: { slots } } } });
    return this.tell({ kind: "sent", line: 1, name: "connect", words: [17] });
  }
  /** The effect that stands for an order. */
  intended(orderId: number, ref = REF, limit = -12_500): this {
    return this.record({
      effects: [
        {
          id: `${this.#seq + 1}.0`,
          actor: "order/x",
          type: "order.place",
          params: { epoch: 1, ticket: ticketOf(orderId, ref, limit) },
        },
      ],
    });
  }
  cancelIntended(orderId: number, ref = REF): this {
    return this.record({
      effects: [
        { id: `${this.#seq + 1}.0`, actor: "order/x", type: "order.cancel", params: { epoch: 1, orderId, orderRef: ref } },
      ],
    });
  }
  sent(orderId: number, ref = REF, limit = -1.25): this {
    return this.tell({ kind: "sent", line: 1, name: "placeOrder", words: frameOf(orderId, ref, limit) });
  }
  cancelSent(orderId: number): this {
    return this.tell({ kind: "sent", line: 1, name: "cancelOrder", words: [orderId] });
  }
  acknowledged(orderId: number): this {
    return this.tell({ kind: "heard", line: 1, name: "orderStatus", words: [orderId, "Submitted", 0, 1] });
  }
  /** The broker's books, with these orders of ours alive. */
  books(...live: readonly string[]): this {
    return this.tell({ kind: "books", truth: this.truth(live) });
  }
  truth(live: readonly string[] = []) {
    const openOrders = live.map(
      (orderRef): TruthOrder => ({
        orderId: 1,
        clientId: 17,
        permId: 1,
        orderRef,
        status: "Submitted",
        filled: 0,
        remaining: 1,
        limitPrice: -1.25,
      }),
    );
    const positions = [...this.#quantities]
      .filter(([, quantity]) => quantity !== 0)
      .map(([conId, quantity]) => ({ conId, symbol: "SPY", secType: "OPT", quantity, averageCost: 0 }));
    const account: TruthAccount = {
      id: "DU7000001",
      cash: this.#cash,
      netLiquidation: this.#cash,
      positions,
      openOrders,
      executions: 0,
      commissions: this.#commissions,
      otherCash: 0,
    };
    return { at: this.#now, day: "2026-11-20", accounts: [account] };
  }
  /** Both legs of the vertical fill at the broker, for a commission of 1.30 each. */
  filled(ref = REF, sign = 1, execId = `e-${ref.at(-1)}`): this {
    for (const [conId, side, price] of [
      [PUT, 1, 1],
      [CALL, -1, 2.25],
    ] as const) {
      const quantity = sign * side;
      this.#cash = Math.round((this.#cash - quantity * price * 100 - 1.3) * 100) / 100;
      this.#commissions = Math.round((this.#commissions + 1.3) * 100) / 100;
      this.#quantities.set(conId, (this.#quantities.get(conId) ?? 0) + quantity);
      const row = {
        execId: `${execId}-${conId}`,
        orderRef: ref,
        conId,
        symbol: "SPY",
        secType: "OPT",
        quantity,
        price: price * 10_000,
        multiplier: 100,
        expiry: "20261218",
      };
      this.books();
      this.tell({ kind: "executed", row });
      this.tell({ kind: "commissioned", execId: row.execId, amount: 13_000 });
    }
    return this;
  }
  /** The engine books them. */
  booked(ref = REF, sign = 1, execId = `e-${ref.at(-1)}`): this {
    for (const [conId, side, price] of [
      [PUT, 1, 10_000],
      [CALL, -1, 22_500],
    ] as const) {
      const contract = { conId, secType: "OPT", multiplier: 100 };
      this.fact({ type: "fill.booked", orderRef: ref, execId: `${execId}-${conId}`, contract, quantity: sign * side, price });
      this.fact({ type: "commission.booked", orderRef: ref, execId: `${execId}-${conId}`, amount: 13_000 });
    }
    return this;
  }
  /** The engine asks for everything and gets it. */
  reconciled(line = 1): this {
    for (const [call, end, input] of [
      ["reqAllOpenOrders", "openOrderEnd", "openOrders.answered"],
      ["reqCompletedOrders", "completedOrdersEnd", "completedOrders.answered"],
      ["reqExecutions", "execDetailsEnd", "executions.answered"],
    ] as const) {
      this.tell({ kind: "sent", line, name: call, words: [] });
      this.tell({ kind: "heard", line, name: end, words: [] });
      this.record({ input: { type: input } });
    }
    return this;
  }
  checkpoint(last = false): this {
    return this.tell({ kind: "checkpoint", truth: this.truth(), last }, 10);
  }
  /** The checks that were broken, by name, each once. */
  get broken(): string[] {
    return [...new Set(this.#auditor.violations.map(({ check }) => check))];
  }
  get details(): string[] {
    return this.#auditor.violations.map(({ detail }) => detail);
  }
  evaluated(check: string): number {
    return this.#auditor.evaluations[check] ?? 0;
  }
}

const LEGS = [
  { conId: PUT, ratio: 1, action: "BUY", exchange: "SMART" },
  { conId: CALL, ratio: 1, action: "SELL", exchange: "SMART" },
] as const;

const ticketOf = (orderId: number, orderRef: string, limitPrice: number) => ({
  orderId,
  orderRef,
  account: "DU7000001",
  combo: { symbol: "SPY", currency: "USD", legs: LEGS.map((leg) => ({ ...leg })) },
  action: "BUY",
  quantity: 1,
  limitPrice,
  tif: "DAY",
});
const frameOf = (orderId: number, orderRef: string, lmtPrice: number): readonly unknown[] => [
  orderId,
  { secType: "BAG", comboLegs: LEGS },
  {
    orderRef,
    account: "DU7000001",
    action: "BUY",
    totalQuantity: 1,
    lmtPrice,
    orderType: "LMT",
    tif: "DAY",
    transmit: true,
    whatIf: false,
  },
];
