/**
 * A trading day as steps, without an engine: what the real actors say, in the order in which they say it, from the types of the
 * facts. For tests of the read side, and to look at the page.
 */

import { instantOf } from "../../src/domain/calendar/new-york.ts";
import type { OptionContract, Right } from "../../src/domain/contract.ts";
import { type Leg, reversed } from "../../src/domain/contract.ts";
import type { Effects } from "../../src/domain/effects.ts";
import type { Candidate, OrderIntent } from "../../src/domain/events/actors.ts";
import type { CaretakerFact, RuleTrace } from "../../src/domain/facts.ts";
import type { Json } from "../../src/domain/json.ts";
import {
  type EpochMs,
  type Money,
  money,
  moneyUnits,
  type Price,
  price,
  priceUnits,
  tradingDay,
} from "../../src/domain/units.ts";
import type { Effect, Fact, Incident, Input, Step, Transition } from "../../src/ports/journal.ts";
import type { SpokenInput } from "../../src/projections/spoken.ts";

export const DAY = tradingDay("2026-11-20");
export const EXPIRY = tradingDay("2027-01-15");
export const OPEN = instantOf(DAY, 570);
export const ACCOUNT = "DU4242424";
export const INSTALLATION = "5f2c81aa";

export const option = (symbol: string, right: Right, strikeDollars: number): OptionContract => ({
  conId: (symbol === "SPY" ? 1_000_000 : symbol === "QQQ" ? 2_000_000 : 3_000_000) + strikeDollars * 10 + (right === "C" ? 1 : 2),
  secType: "OPT",
  symbol,
  exchange: "SMART",
  currency: "USD",
  multiplier: 100,
  expiry: EXPIRY,
  strike: price(strikeDollars),
  right,
  tradingClass: symbol,
});
export const condor = (symbol: string, a: number, b: number, c: number, d: number): Leg[] => [
  { contract: option(symbol, "P", a), ratio: 1 },
  { contract: option(symbol, "P", b), ratio: -1 },
  { contract: option(symbol, "C", c), ratio: -1 },
  { contract: option(symbol, "C", d), ratio: 1 },
];

interface Spoken {
  readonly facts?: readonly (readonly [actor: string, fact: CaretakerFact])[];
  readonly moves?: readonly (readonly [actor: string, to: Json, event?: string])[];
  readonly effects?: readonly EffectSaid[];
  readonly incidents?: readonly Incident[];
}
type EffectSaid = { [Name in keyof Effects]: readonly [actor: string, type: Name, params: Effects[Name]] }[keyof Effects];

/** Writes steps down one after the other; time passes only when told to. */
export class Script {
  readonly steps: Step[] = [];
  readonly #states = new Map<string, Json>();
  now: number;

  constructor(now: number = OPEN - 120_000) {
    this.now = now;
  }

  pass(ms: number): this {
    this.now += ms;
    return this;
  }

  say(
    input: SpokenInput | { readonly type: "timer.fired"; readonly actor: string; readonly id: string },
    spoken: Spoken = {},
  ): Step {
    const seq = this.steps.length + 1;
    const transitions: Transition[] = (spoken.moves ?? []).map(([actor, to, event]) => {
      const from = this.#states.get(actor) ?? null;
      this.#states.set(actor, to);
      return { actor, from, event: event ?? (from === null ? "spawned" : input.type), to };
    });
    const facts = (spoken.facts ?? []).map(([actor, fact]) => ({ ...fact, actor }) as unknown as Fact);
    const effects = (spoken.effects ?? []).map(
      ([actor, type, params], index): Effect => ({
        id: `${seq}.${index + 1}`,
        actor,
        type,
        params: params as unknown as Effect["params"],
      }),
    );
    const step: Step = {
      seq,
      now: this.now,
      input: input as unknown as Input,
      transitions,
      facts,
      effects,
      incidents: spoken.incidents ?? [],
    };
    this.steps.push(step);
    return step;
  }

  tick(actor: string, spoken: Spoken = {}): Step {
    return this.say({ type: "timer.fired", actor, id: "after" }, spoken);
  }
}

export const trace = (lossUsd: number, profitPct: number, sessions: number, minutes: number): readonly RuleTrace[] => {
  const line = (rule: string, actual: number, threshold: number, distance: number, unit: string): RuleTrace => ({
    rule,
    verdict: distance <= 0 ? "fired" : "passed",
    actual,
    threshold,
    distance,
    unit,
  });
  return [
    { ...line("stop-loss", lossUsd, 248, 248 - lossUsd, "USD per unit"), clause: "credit" },
    line("expiry", sessions, 1, sessions - 1, "sessions"),
    line("take-profit", profitPct, 50, 50 - profitPct, "% of base"),
    line("session-end", minutes, 10, minutes - 10, "minutes"),
  ];
};

const CONFIG = {
  mode: "simulated",
  installation: INSTALLATION,
  lines: {
    max: 100,
    reserve: 5,
    streamingSlots: 10,
    keepSeconds: 60,
    coolingSeconds: 1,
    stallSeconds: 10,
    snapshotsPerSecond: 10,
    refreshSeconds: 60,
    heldRefreshSeconds: 15,
  },
  limits: { maxLossPerPositionPct: 2, maxLossTotalPct: 20, maxOrderContracts: 5, maxMarginPct: 50, slots: 10 },
  breaker: { failures: 3, windowSeconds: 300, coolDownSeconds: 300, probes: 3 },
};

/** A run starts, connects, reconciles and trades. */
export const startOfDay = (script: Script, cash: Money = money(100_000), slots = 3): void => {
  const lives = [
    "riskGate",
    "reconciler",
    "lines",
    "breaker/orders",
    "future/ES",
    "future/NQ",
    "future/RTY",
    "strategy/spy-condor",
    "strategy/qqq-condor",
    "session",
  ];
  const born = {
    riskGate: "closed",
    reconciler: "idle",
    lines: "pooling",
    "breaker/orders": "armed",
    session: "disconnected",
  } as Record<string, string>;
  script.say(
    { type: "run.started", build: "3f9a1c77e0d2", config: CONFIG as never, node: "v24.21.0", mode: "simulated" },
    {
      facts: [["engine", { type: "engine.modeChanged", mode: "reconciling", reason: "" }]],
      moves: [
        ["engine", "reconciling"],
        ...lives.map(
          (path) =>
            [
              path,
              path.startsWith("future/") ? "unresolved" : path.startsWith("strategy/") ? "paused" : (born[path] ?? "idle"),
              "spawned",
            ] as const,
        ),
        ...Array.from({ length: slots }, (_, n) => [`slot/s${n + 1}`, "free", "spawned"] as const),
        ["session", "connecting", "session.open"],
      ],
      effects: [["session", "gateway.connect", { epoch: 1 }]],
    },
  );
  script.pass(400).say({ type: "effect.written", effect: "1.1", epoch: 1 });
  script.pass(300).say({ type: "gateway.connected", epoch: 1, serverVersion: 178 });
  script.pass(200).say(
    { type: "gateway.identified", epoch: 1, accounts: [ACCOUNT], nextOrderId: 1, clientId: 17 },
    {
      moves: [
        ["session", "synchronising"],
        ["reconciler", "collecting"],
      ],
    },
  );
  script.pass(900).say(
    {
      type: "account.answered",
      epoch: 1,
      replyTo: "reconciler",
      request: "round-1",
      account: ACCOUNT,
      netLiquidation: cash,
      cash,
    },
    { moves: [["reconciler", "countingPositions"]] },
  );
  script.pass(100).say(
    { type: "positions.answered", epoch: 1, replyTo: "reconciler", request: "round-1", positions: [] },
    {
      facts: [
        ["reconciler", { type: "reconciliation.completed", epoch: 1, discrepancies: [] }],
        ["reconciler", { type: "account.valued", account: ACCOUNT, netLiquidation: cash, cash }],
        ["session", { type: "session.readied", epoch: 1, account: ACCOUNT }],
        ["engine", { type: "engine.modeChanged", mode: "trading", reason: "" }],
      ],
      moves: [
        ["reconciler", "resolved"],
        ["session", "ready"],
        ["engine", "trading"],
        ["riskGate", "normal"],
        ["strategy/spy-condor", { looking: "waiting" }],
        ["strategy/qqq-condor", { looking: "waiting" }],
        ["future/ES", "tracking"],
        ["future/NQ", "tracking"],
        ["future/RTY", "unavailable"],
      ],
    },
  );
};

/** One order to trade, as the script's own shorthand. */
export interface ScriptedOrder {
  readonly n: number;
  readonly slot: string;
  readonly symbol: string;
  readonly purpose: OrderIntent["purpose"];
  readonly legs: readonly Leg[];
  readonly quantity: number;
  /** Net limit prices, first and later ones. */
  readonly limits: readonly Price[];
  readonly mid: Price;
  readonly natural: Price;
  readonly maxLoss?: Money;
  readonly epoch?: number;
}
export const intentOf = (order: ScriptedOrder): OrderIntent => {
  const intentId = `${DAY.replaceAll("-", "")}-${order.slot.slice("slot/".length)}-${order.n}`;
  return {
    intentId,
    orderRef: `caretaker/${INSTALLATION}/${intentId}`,
    owner: order.slot,
    purpose: order.purpose,
    symbol: order.symbol,
    legs: order.legs,
    quantity: order.quantity,
    urgency: "normal",
    reducing: order.purpose !== "entry",
    maxLoss: order.maxLoss ?? moneyUnits(0),
    tick: price(0.01),
    width: price(5),
  };
};
const sagaOf = (intent: OrderIntent): string => `order/${intent.intentId.replace("-", "/")}`;

/** From the intent to the last price at the broker: what-if (entries), approval, placement and its answers. */
export const workOrder = (
  script: Script,
  order: ScriptedOrder,
): { readonly intent: OrderIntent; readonly orderId: number; readonly permId: number } => {
  const intent = intentOf(order);
  const { orderRef } = intent;
  const saga = sagaOf(intent);
  const epoch = order.epoch ?? 1;
  const slotNumber = Number(order.slot.replace(/\D/g, ""));
  const orderId = slotNumber * 1_000 + order.n * 2 + 1;
  const permId = 900_000 + orderId;
  const ticketAt = (limitPrice: Price, id: number) => ({
    orderId: id,
    orderRef,
    account: ACCOUNT,
    combo: { symbol: order.symbol, currency: "USD", legs: [] },
    action: "BUY" as const,
    quantity: order.quantity,
    limitPrice,
    tif: "DAY" as const,
  });
  const approval = (id: number) => ({
    id: `a${id}`,
    approvedAt: script.now as EpochMs,
    expiresAt: (script.now + 10_000) as EpochMs,
    reducing: intent.reducing,
  });
  const first = order.limits[0] as Price;
  if (order.purpose === "entry") {
    const asked = script.tick(order.slot, {
      facts: [[saga, { type: "order.intended", intent }]],
      moves: [
        [order.slot, "entering"],
        [saga, "whatIf"],
      ],
      effects: [[saga, "order.whatIf", { epoch, ticket: ticketAt(first, orderId - 1) }]],
    });
    script.pass(40).say({ type: "effect.written", effect: `${asked.seq}.1`, epoch });
    const impact = { initialMarginChange: money(376), initialMarginAfter: money(1_204), commission: money(2.6) };
    script.pass(350).say(
      { type: "order.whatIfAnswered", epoch, orderId: orderId - 1, orderRef, impact },
      {
        facts: [
          [saga, { type: "order.whatIfAnswered", orderRef, impact }],
          [saga, { type: "order.approved", orderRef, approval: approval(order.n) }],
          [
            saga,
            {
              type: "order.priced",
              orderRef,
              ticket: ticketAt(first, orderId),
              modify: false,
              mid: order.mid,
              natural: order.natural,
            },
          ],
        ],
        moves: [[saga, { live: "submitted" }]],
        effects: [[saga, "order.place", { epoch, ticket: ticketAt(first, orderId), approval: approval(order.n), modify: false }]],
      },
    );
  } else {
    script.tick(order.slot, {
      facts: [
        [saga, { type: "order.intended", intent }],
        [saga, { type: "order.approved", orderRef, approval: approval(order.n) }],
        [
          saga,
          {
            type: "order.priced",
            orderRef,
            ticket: ticketAt(first, orderId),
            modify: false,
            mid: order.mid,
            natural: order.natural,
          },
        ],
      ],
      moves: [
        [order.slot, { open: { exiting: "working" } }],
        [saga, { live: "submitted" }],
      ],
      effects: [[saga, "order.place", { epoch, ticket: ticketAt(first, orderId), approval: approval(order.n), modify: false }]],
    });
  }
  const placed = script.steps.length;
  script.pass(20).say({ type: "effect.written", effect: `${placed}.1`, epoch });
  script.pass(180).say(
    {
      type: "order.statusReported",
      epoch,
      orderId,
      clientId: 17,
      permId,
      status: "Submitted",
      filled: 0,
      remaining: order.quantity,
    },
    {
      facts: [[saga, { type: "order.statusChanged", orderRef, status: "Submitted", permId }]],
      moves: [[saga, { live: { working: "unfilled" } }]],
    },
  );
  for (const limit of order.limits.slice(1)) {
    const again = script.pass(15_000).tick(saga, {
      facts: [
        [saga, { type: "order.approved", orderRef, approval: approval(order.n + 100) }],
        [
          saga,
          {
            type: "order.priced",
            orderRef,
            ticket: ticketAt(limit, orderId),
            modify: true,
            mid: order.mid,
            natural: order.natural,
          },
        ],
      ],
      effects: [
        [saga, "order.place", { epoch, ticket: ticketAt(limit, orderId), approval: approval(order.n + 100), modify: true }],
      ],
    });
    script.pass(25).say({ type: "effect.written", effect: `${again.seq}.1`, epoch });
  }
  return { intent, orderId, permId };
};

/** The broker fills every leg at a price and reports the commissions. */
export const fillOrder = (
  script: Script,
  intent: OrderIntent,
  ids: { readonly orderId: number; readonly permId: number },
  prices: readonly Price[],
  fee: Money,
  epoch = 1,
): void => {
  const { orderRef } = intent;
  const saga = sagaOf(intent);
  const execIds: string[] = [];
  intent.legs.forEach((leg, index) => {
    const quantity = leg.ratio * intent.quantity;
    const each = prices[index] as Price;
    const execId = `0000e0d5.${intent.intentId}.0${index + 1}.01`;
    execIds.push(execId);
    const execution = {
      execId,
      orderId: ids.orderId,
      clientId: 17,
      permId: ids.permId,
      orderRef,
      account: ACCOUNT,
      contract: leg.contract,
      side: quantity > 0 ? ("BOT" as const) : ("SLD" as const),
      shares: Math.abs(quantity),
      price: each,
      cumulative: Math.abs(quantity),
      at: script.now as EpochMs,
    };
    script.pass(15).say(
      { type: "execution.reported", epoch, execution },
      {
        facts: [
          [
            saga,
            { type: "fill.booked", orderRef, execId, contract: leg.contract, quantity, price: each, at: script.now as EpochMs },
          ],
        ],
      },
    );
  });
  for (const execId of execIds) {
    script
      .pass(10)
      .say(
        { type: "commission.reported", epoch, execId, amount: fee, currency: "USD" },
        { facts: [[saga, { type: "commission.booked", orderRef, execId, amount: fee }]] },
      );
  }
};
export const endOrder = (script: Script, intent: OrderIntent, moves: Spoken["moves"] = [], facts: Spoken["facts"] = []): void => {
  const saga = sagaOf(intent);
  script.pass(5).tick(saga, {
    facts: [
      [
        saga,
        {
          type: "order.ended",
          orderRef: intent.orderRef,
          purpose: intent.purpose,
          outcome: "filled",
          filledUnits: intent.quantity,
          reason: "",
        },
      ],
      ...facts,
    ],
    moves: [[saga, { ended: "filled" }], ...moves],
  });
};

/** A whole day with something of everything: for the story, the page and example tests. */
export const scriptedDay = (): Step[] => {
  const script = new Script();
  startOfDay(script);
  const future = (root: string, multiplier: number, last: number): void => {
    const contract = {
      conId: 500 + multiplier,
      secType: "FUT" as const,
      symbol: root,
      exchange: "CME",
      currency: "USD",
      multiplier,
      expiry: tradingDay("2026-12-18"),
      localSymbol: `${root}Z6`,
    };
    script.say(
      {
        type: "quote.updated",
        epoch: 1,
        quote: { conId: contract.conId, bid: price(last - 0.25), ask: price(last), at: script.now as EpochMs },
      },
      {
        facts: [
          [
            `future/${root}`,
            { type: "future.tracked", root, contract, last: price(last), bid: price(last - 0.25), ask: price(last) },
          ],
          [
            `future/${root}`,
            {
              type: "future.sampled",
              root,
              contract,
              phase: "tracking",
              isFront: true,
              bid: price(last - 0.25),
              ask: price(last),
              last: price(last),
              volume: 1_000,
              openInterest: 2_000_000,
              impliedVol: null,
              change1h: 0.001,
              change4h: null,
              changeOvernight: -0.002,
              changeDay: 0,
            },
          ],
        ],
      },
    );
  };
  const wave = (n: number, size: number): number =>
    Math.round(4 * size * (Math.sin(n / 5) + 0.4 * Math.sin(n / 1.7) + n / 30)) / 4;
  script.now = OPEN - 60_000;
  script.tick("lines", { facts: [["lines", { type: "lines.counted", leased: 9, waiting: 0, limit: 100 }]] });
  const stopped = (
    symbol: string,
    strategy: string,
    stage: string,
    reason: string,
    actual: number | null,
    limit: number | null,
    unit: string,
  ): void => {
    script.tick(`strategy/${strategy}`, {
      facts: [[`strategy/${strategy}`, { type: "candidate.stopped", strategy, symbol, stage, reason, actual, limit, unit }]],
      moves: [[`strategy/${strategy}`, { looking: "cooling" }]],
    });
  };
  script.now = OPEN + 6 * 60_000;
  script.tick("strategy/spy-condor", {
    facts: [
      [
        "strategy/spy-condor",
        {
          type: "filter.skipped",
          strategy: "spy-condor",
          symbol: "SPY",
          filter: "ivPercentile",
          missing: "182 of 200 days of implied volatility",
        },
      ],
    ],
    moves: [["strategy/spy-condor", { looking: { scanning: "quoting" } }]],
  });
  stopped("SPY", "spy-condor", "spread", "the spread is too wide", 14.2, 10, "% of width");
  script.pass(60_000);
  stopped("SPY", "spy-condor", "credit", "the credit is too small", 18.6, 20, "% of width");
  script.pass(30_000);
  stopped("QQQ", "qqq-condor", "credit", "the credit is too small", 15.1, 20, "% of width");
  for (let n = 0; n < 6; n++) {
    script.pass(40_000);
    stopped(
      "QQQ",
      "qqq-condor",
      n % 3 === 0 ? "vix" : "credit",
      n % 3 === 0 ? "VIX is too high" : "the credit is too small",
      n % 3 === 0 ? 31.2 : 16 + n / 2,
      n % 3 === 0 ? 30 : 20,
      n % 3 === 0 ? "points" : "% of width",
    );
  }

  // ── SPY: found, priced down a ladder, filled ──
  const legs = condor("SPY", 560, 565, 620, 625);
  const candidate: Candidate = {
    strategy: "spy-condor",
    symbol: "SPY",
    underlying: { conId: 756_733, secType: "STK", symbol: "SPY", exchange: "SMART", currency: "USD", multiplier: 1 },
    legs,
    quantity: 1,
    mid: price(-1.3),
    natural: price(-1.18),
    width: price(5),
    unitMaxLoss: money(376),
    tick: price(0.01),
    shortDeltas: { put: -0.16, call: 0.15 },
    daysToExpiry: 56,
    spot: price(592.4),
  };
  script.pass(20_000).tick("strategy/spy-condor", {
    facts: [["strategy/spy-condor", { type: "candidate.found", candidate }]],
    moves: [["strategy/spy-condor", "entering"]],
  });
  const entry = workOrder(script, {
    n: 1,
    slot: "slot/s1",
    symbol: "SPY",
    purpose: "entry",
    legs,
    quantity: 1,
    limits: [price(-1.3), price(-1.27), price(-1.24)],
    mid: price(-1.3),
    natural: price(-1.18),
    maxLoss: money(376),
  });
  fillOrder(script, entry.intent, entry, [price(1.71), price(2.4), price(2.1), price(1.55)], money(0.65));
  endOrder(
    script,
    entry.intent,
    [
      ["slot/s1", { open: { holding: "watching" } }],
      ["strategy/spy-condor", "managing"],
    ],
    [
      [
        "slot/s1",
        {
          type: "slot.opened",
          slot: "slot/s1",
          strategy: "spy-condor",
          symbol: "SPY",
          legs,
          quantity: 1,
          netPrice: price(-1.24),
          unitMaxLoss: money(376),
        },
      ],
    ],
  );
  script.tick("lines", { facts: [["lines", { type: "lines.counted", leased: 37, waiting: 4, limit: 100 }]] });
  const mark = (slot: string, symbol: string, value: Price, profit: Money, credit: number, spot: number): void => {
    const share = profit / (credit * 1_000_000);
    script.tick(slot, {
      facts: [
        [slot, { type: "slot.marked", slot, symbol, mark: value, profit, profitShare: share, spot: price(spot) }],
        [
          slot,
          {
            type: "decision.made",
            slot,
            symbol,
            decision: { action: "hold", rule: "none", urgency: "low" },
            trace: trace(Math.max(0, -profit / 10_000), 100 * share, 38, 380),
          },
        ],
      ],
    });
  };
  for (let n = 0; n < 90; n++) {
    script.pass(20_000);
    const cents = -124 + Math.round(6 * Math.sin(n / 6) + n / 4 - 8);
    mark("slot/s1", "SPY", priceUnits(cents * 100), moneyUnits((124 + cents) * 10_000 - 26_000), 1.24, 592 + Math.sin(n / 9));
    if (n % 2 === 0) {
      future("ES", 50, 5942.25 + wave(n, 3));
      future("NQ", 20, 21_040.5 + wave(n + 4, 11));
    }
  }

  // ── QQQ: three rejections trip the breaker; it cools down and probes ──
  const qqq = condor("QQQ", 480, 485, 530, 535);
  for (let n = 1; n <= 3; n++) {
    script.pass(30_000);
    const failed = workOrder(script, {
      n,
      slot: "slot/s2",
      symbol: "QQQ",
      purpose: "entry",
      legs: qqq,
      quantity: 1,
      limits: [price(-1.4)],
      mid: price(-1.4),
      natural: price(-1.25),
      maxLoss: money(360),
    });
    const saga = `order/${failed.intent.intentId.replace("-", "/")}`;
    const reason = "201 Order rejected - reason: scripted fault of this demo";
    const tripping = n === 3;
    script.pass(90).say(
      {
        type: "order.errored",
        epoch: 1,
        orderId: failed.orderId,
        code: 201,
        text: "Order rejected - reason: scripted fault of this demo",
      },
      {
        facts: [
          [
            saga,
            {
              type: "order.errored",
              orderRef: failed.intent.orderRef,
              code: 201,
              text: "Order rejected - reason: scripted fault of this demo",
            },
          ],
          [
            saga,
            {
              type: "order.ended",
              orderRef: failed.intent.orderRef,
              purpose: "entry",
              outcome: "rejected",
              filledUnits: 0,
              reason,
            },
          ],
          ...(tripping
            ? ([
                ["breaker/orders", { type: "breaker.changed", scope: "orders", state: "tripped", reason: `rejected: ${reason}` }],
              ] as const)
            : []),
        ],
        moves: [
          [saga, { ended: "rejected" }],
          ["slot/s2", "free"],
          ...(tripping ? ([["breaker/orders", "tripped"]] as const) : []),
        ],
        effects: tripping
          ? [
              [
                "breaker/orders",
                "operator.notify",
                {
                  key: "breaker/orders/1",
                  severity: "critical",
                  text: `The orders breaker tripped: rejected: ${reason}. Nothing that adds risk is sent for 300 s.`,
                },
              ],
            ]
          : [],
      },
    );
  }
  script.pass(60_000).tick("strategy/qqq-condor", {
    facts: [
      [
        "strategy/qqq-condor",
        {
          type: "entry.denied",
          strategy: "qqq-condor",
          symbol: "QQQ",
          denial: { reason: "breakerTripped", actual: null, limit: null, unit: "" },
        },
      ],
    ],
    moves: [["strategy/qqq-condor", { looking: "cooling" }]],
  });
  for (let n = 0; n < 12; n++) {
    script.pass(20_000);
    mark("slot/s1", "SPY", priceUnits((-108 + n) * 100), moneyUnits((16 + n) * 10_000 - 26_000), 1.24, 592.8 + n / 20);
    future("ES", 50, 5946.25 + wave(90 + n, 3));
    future("NQ", 20, 21_072.5 + wave(94 + n, 11));
  }
  script.tick("breaker/orders", {
    facts: [["breaker/orders", { type: "breaker.changed", scope: "orders", state: "probing", reason: "" }]],
    moves: [["breaker/orders", "probing"]],
  });
  const probe = workOrder(script, {
    n: 4,
    slot: "slot/s2",
    symbol: "QQQ",
    purpose: "entry",
    legs: qqq,
    quantity: 1,
    limits: [price(-1.38), price(-1.34)],
    mid: price(-1.38),
    natural: price(-1.26),
    maxLoss: money(366),
  });
  fillOrder(script, probe.intent, probe, [price(1.9), price(2.6), price(2.24), price(1.6)], money(0.65));
  endOrder(
    script,
    probe.intent,
    [
      ["slot/s2", { open: { holding: "watching" } }],
      ["strategy/qqq-condor", "managing"],
      ["breaker/orders", "armed"],
    ],
    [
      [
        "slot/s2",
        {
          type: "slot.opened",
          slot: "slot/s2",
          strategy: "qqq-condor",
          symbol: "QQQ",
          legs: qqq,
          quantity: 1,
          netPrice: price(-1.34),
          unitMaxLoss: money(366),
        },
      ],
      ["breaker/orders", { type: "breaker.changed", scope: "orders", state: "armed", reason: "" }],
    ],
  );

  // ── the gateway goes away with SPY's exit in flight, and comes back ──
  for (let n = 0; n < 60; n++) {
    script.pass(20_000);
    mark(
      "slot/s1",
      "SPY",
      priceUnits((-96 + Math.round(n / 2)) * 100),
      moneyUnits((28 + Math.round(n / 2)) * 10_000 - 26_000),
      1.24,
      593.5,
    );
    mark(
      "slot/s2",
      "QQQ",
      priceUnits((-138 + Math.round(4 * Math.sin(n / 8))) * 100),
      moneyUnits((-4 + Math.round(4 * Math.sin(n / 8))) * 10_000 - 26_000),
      1.34,
      508 + Math.sin(n / 7),
    );
    if (n % 2 === 0) future("ES", 50, 5950.25 + wave(102 + n, 3));
  }
  script.pass(10_000).tick("slot/s1", {
    facts: [
      [
        "slot/s1",
        {
          type: "slot.marked",
          slot: "slot/s1",
          symbol: "SPY",
          mark: price(-0.6),
          profit: money(61.4),
          profitShare: 0.512,
          spot: price(593.6),
        },
      ],
      [
        "slot/s1",
        {
          type: "decision.made",
          slot: "slot/s1",
          symbol: "SPY",
          decision: { action: "close", rule: "take-profit", urgency: "normal" },
          trace: trace(0, 51.2, 38, 330),
        },
      ],
    ],
  });
  const exit = workOrder(script, {
    n: 2,
    slot: "slot/s1",
    symbol: "SPY",
    purpose: "exit",
    legs: reversed(legs),
    quantity: 1,
    limits: [price(0.6)],
    mid: price(0.6),
    natural: price(0.68),
  });
  const saga = `order/${exit.intent.intentId.replace("-", "/")}`;
  const { orderRef } = exit.intent;
  script.pass(4_000).say(
    { type: "gateway.lost", epoch: 1, reason: "the gateway closed the connection" },
    {
      facts: [
        ["session", { type: "session.lost", epoch: 1, reason: "the gateway closed the connection" }],
        ["engine", { type: "engine.modeChanged", mode: "reconciling", reason: "" }],
        [saga, { type: "order.doubted", orderRef, reason: "sent, the gateway closed the connection" }],
      ],
      moves: [
        ["session", "lost"],
        ["engine", "reconciling"],
        [saga, "unknown"],
        ["riskGate", "closed"],
      ],
    },
  );
  script
    .pass(6_000)
    .say(
      { type: "gateway.identified", epoch: 2, accounts: [ACCOUNT], nextOrderId: 90, clientId: 17 },
      { moves: [["session", "synchronising"]] },
    );
  script.pass(1_500).say(
    { type: "positions.answered", epoch: 2, replyTo: "reconciler", request: "round-2", positions: [] },
    {
      facts: [
        ["reconciler", { type: "reconciliation.completed", epoch: 2, discrepancies: [] }],
        ["reconciler", { type: "account.valued", account: ACCOUNT, netLiquidation: money(100_056.2), cash: money(100_252.8) }],
        ["session", { type: "session.readied", epoch: 2, account: ACCOUNT }],
        ["engine", { type: "engine.modeChanged", mode: "trading", reason: "" }],
        [saga, { type: "order.resolved", orderRef, as: "working" }],
      ],
      moves: [
        ["session", "ready"],
        ["engine", "trading"],
        [saga, { live: { working: "unfilled" } }],
        ["riskGate", "normal"],
      ],
    },
  );
  script.pass(20_000);
  fillOrder(script, exit.intent, exit, [price(1.02), price(1.3), price(1.2), price(0.88)], money(0.65), 2);
  endOrder(
    script,
    exit.intent,
    [
      ["slot/s1", "free"],
      ["strategy/spy-condor", { looking: "cooling" }],
    ],
    [
      [
        "slot/s1",
        {
          type: "slot.closed",
          slot: "slot/s1",
          strategy: "spy-condor",
          symbol: "SPY",
          rule: "take-profit",
          profit: money(58.8),
          fees: money(5.2),
          heldMs: 3_420_000,
        },
      ],
    ],
  );
  script.tick("lines", { facts: [["lines", { type: "lines.counted", leased: 24, waiting: 0, limit: 100 }]] });
  for (let n = 0; n < 10; n++) {
    script.pass(20_000);
    mark("slot/s2", "QQQ", priceUnits((-130 + n) * 100), moneyUnits((4 + n) * 10_000 - 26_000), 1.34, 508.4);
    if (n % 2 === 0) future("ES", 50, 5958.5 + wave(160 + n, 3));
    if (n % 2 === 0) future("NQ", 20, 21_120.5 + wave(160 + n, 9));
  }
  return script.steps;
};
