/**
 * Position slots that hold a condor each, in a kernel: the household's own machine, router and quotes, without the rest of the house.
 *
 * The one stand-in is the order saga, which here fills at once what it is born for; from then on it is gone and the slot is on its
 * own, as it is for most of a position's life. Every slot has contracts of its own, so that a quote concerns one slot.
 */
import { setup } from "xstate";
import { household } from "../src/actors/household.ts";
import { route } from "../src/actors/router.ts";
import { engineConfigOf } from "../src/cli/engine-config.ts";
import { address } from "../src/domain/address.ts";
import { instantOf } from "../src/domain/calendar/new-york.ts";
import { configSchema } from "../src/domain/config-schema.ts";
import type { Contract, Leg, OptionContract, Right } from "../src/domain/contract.ts";
import type { Candidate, OrderIntent } from "../src/domain/events/actors.ts";
import type { Json } from "../src/domain/json.ts";
import { extremes } from "../src/domain/payoff.ts";
import type { Quote } from "../src/domain/quote.ts";
import { speech } from "../src/domain/speech.ts";
import { epochMs, type Money, price, priceUnits, tradingDay } from "../src/domain/units.ts";
import type { Kernel } from "../src/kernel/kernel.ts";
import type { KernelOptions, Logic } from "../src/kernel/logic.ts";
import type { Input } from "../src/ports/journal.ts";
import { allDurable, type HandClock, handClock, startKernel } from "./kernel-parts.ts";

/** 10:00 in New York on a Monday with a full session. */
export const MORNING = instantOf(tradingDay("2026-11-23"), 10 * 60);
const EXPIRY = tradingDay("2027-01-08");

const CONFIG = engineConfigOf(configSchema.parse({ mode: "simulated", strategies: [] }), {
  account: "DU7000001",
  installation: "be4c0000",
});

interface Filling {
  readonly intent: OrderIntent;
  readonly path: string;
}
const fillsAtOnce = setup({
  types: { context: {} as Filling, input: {} as Filling },
  actions: speech,
}).createMachine({
  context: ({ input }) => ({ intent: input.intent, path: input.path }),
  entry: [
    {
      type: "tell",
      params: ({ context: { intent } }) => [
        ...intent.legs.map(({ contract, ratio }, n) => ({
          to: intent.owner,
          event: {
            type: "leg.filled",
            orderRef: intent.orderRef,
            execId: `${intent.orderRef}.${n}`,
            contract,
            quantity: ratio * intent.quantity,
            price: price(ENTRY[n] as number),
            at: MORNING,
          },
        })),
        {
          to: intent.owner,
          event: {
            type: "order.ended",
            orderRef: intent.orderRef,
            purpose: intent.purpose,
            outcome: "filled",
            filledUnits: intent.quantity,
            reason: "",
          },
        },
      ],
    },
    { type: "retire", params: ({ context }) => ({ path: context.path }) },
  ],
});

const ENTRY = [1.1, 2.3, 2.2, 1.0] as const;
const LEGS: readonly (readonly [strike: number, right: Right, ratio: number])[] = [
  [550, "P", 1],
  [562, "P", -1],
  [628, "C", -1],
  [640, "C", 1],
];

/** Nine digits, as IB's are: V8 keeps an object with small numbers for keys as a list up to the greatest of them, which real ones never are. */
const conIdOf = (slot: number, contract: number): number => 700_000_000 + slot * 10 + contract + 1;
const legsOf = (slot: number): Leg[] =>
  LEGS.map(([strike, right, ratio], n) => {
    const contract: OptionContract = {
      conId: conIdOf(slot, n),
      secType: "OPT",
      symbol: "SPY",
      exchange: "SMART",
      currency: "USD",
      multiplier: 100,
      tradingClass: "SPY",
      expiry: EXPIRY,
      strike: price(strike),
      right,
    };
    return { contract, ratio };
  });
const underlyingOf = (slot: number): Contract => ({
  conId: conIdOf(slot, 4),
  secType: "STK",
  symbol: "SPY",
  exchange: "SMART",
  currency: "USD",
  multiplier: 1,
  primaryExchange: "ARCA",
});
/** Four legs and the underlying. */
export const CONTRACTS_OF_A_SLOT = 5;
export const contractsOf = (slot: number): Contract[] => [...legsOf(slot).map(({ contract }) => contract), underlyingOf(slot)];

/** A quote of one of a slot's contracts that moves by a cent now and then, and never far enough for a rule to act. */
export const quoteOf = (slot: number, contract: number, n: number, now: number): Quote => {
  const mid = contract < 4 ? (ENTRY[contract] as number) : 600;
  const shift = (n % 5) * 100;
  return {
    conId: conIdOf(slot, contract),
    bid: priceUnits(mid * 10_000 - 300 + shift),
    ask: priceUnits(mid * 10_000 + 300 + shift),
    bidSize: 10 + (n % 7),
    askSize: 12,
    ...(contract === 4 ? { last: priceUnits(mid * 10_000 + shift) } : {}),
    at: epochMs(now),
  };
};

const candidateOf = (slot: number): Candidate => {
  const legs = legsOf(slot);
  return {
    strategy: "spy-iron-condor",
    symbol: "SPY",
    underlying: underlyingOf(slot),
    legs,
    quantity: 1,
    mid: price(-2.4),
    natural: price(-2.3),
    width: price(12),
    unitMaxLoss: extremes(legs, price(-2.4)).maxLoss as Money,
    tick: price(0.01),
    shortDeltas: {},
    daysToExpiry: 46,
    spot: price(600),
  };
};

const logicOf = (slots: number): Logic => {
  const { positionSlot } = household.machines;
  return {
    ...(household as unknown as Logic),
    machines: { positionSlot, order: { machine: fillsAtOnce, version: 1, protection: "quarantine" } },
    supervisor: address.slot(1),
    genesis: () =>
      Array.from({ length: slots }, (_, i) => {
        const path = address.slot(i + 1);
        return { path, machine: "positionSlot", input: { path, n: i + 1, engine: CONFIG } as unknown as Json };
      }),
    route: (input) => {
      const slot = input["slot"];
      return typeof slot === "string" ? { to: [slot] } : route(input);
    },
  };
};

export interface Slots {
  readonly kernel: Kernel;
  readonly clock: HandClock;
}

/** A kernel with so many slots, each of which holds its condor and listens to its five contracts. */
export const openSlots = async (slots: number, options: Partial<KernelOptions> = {}): Promise<Slots> => {
  const clock = handClock(MORNING);
  const kernel = await startKernel({ clock, logic: logicOf(slots), ...options });
  for (let slot = 1; slot <= slots; slot++) {
    const path = address.slot(slot);
    const quotes = Array.from({ length: CONTRACTS_OF_A_SLOT }, (_, contract) => quoteOf(slot, contract, 0, MORNING));
    for (const event of [
      { type: "mode.changed", mode: "trading", reason: "" },
      { type: "entry.intended", candidate: candidateOf(slot), quotes },
      ...quotes.map((quote) => ({ type: "quote.updated", epoch: 1, quote })),
    ]) {
      kernel.offer({ slot: path, ...event } as unknown as Input);
    }
    if (slot % 50 === 0) await allDurable(kernel);
  }
  await allDurable(kernel);
  for (let slot = 1; slot <= slots; slot++) {
    const value = JSON.stringify(kernel.view.snapshotOf(address.slot(slot))?.value);
    if (!value?.includes("holding")) throw new Error(`slot ${slot} should hold a position and is in ${value}`);
  }
  return { kernel, clock };
};

/** The logic for reading back what `openSlots` wrote. */
export const slotsLogic = logicOf;

/**
 * Offers `steps` quotes, going round all contracts of all slots: each slot hears five a second of market time, so that the share of
 * quotes upon which it evaluates its rules is the same whatever the number of slots. Returns the market time reached.
 */
export const quoteRound = async (
  { kernel, clock }: Slots,
  {
    slots,
    steps,
    from,
    burst = 1_000,
  }: { readonly slots: number; readonly steps: number; readonly from: number; readonly burst?: number },
): Promise<number> => {
  let now = from;
  const perStepMs = 1_000 / (slots * CONTRACTS_OF_A_SLOT);
  for (let n = 0; n < steps; n++) {
    now += perStepMs;
    const at = Math.floor(now);
    clock.set(at);
    const slot = (n % slots) + 1;
    const round = Math.floor(n / slots);
    const quote = quoteOf(slot, round % CONTRACTS_OF_A_SLOT, Math.floor(round / CONTRACTS_OF_A_SLOT), at);
    kernel.offer({ type: "quote.updated", epoch: 1, quote } as unknown as Input);
    if (n % burst === burst - 1) await allDurable(kernel);
  }
  await allDurable(kernel);
  return now;
};
