/**
 * One position slot with a market, a strategy and a broker around it that keeps books of its own: whole orders are filled, in part, late,
 * or not at all, at prices no worse than their limit allows.
 */
import { address } from "../../src/domain/address.ts";
import { instantOf } from "../../src/domain/calendar/new-york.ts";
import type { EngineConfig } from "../../src/domain/config.ts";
import type { Leg } from "../../src/domain/contract.ts";
import type { Candidate, OrderIntent } from "../../src/domain/events/actors.ts";
import { extremes } from "../../src/domain/payoff.ts";
import { type EpochMs, price, priceUnits, type TradingDay, tradingDay } from "../../src/domain/units.ts";
import { positionSlotMachine } from "../../src/machines/position-slot.machine.ts";
import { type Given, given } from "./given.ts";
import { ENGINE, leg, option, SPY, twoSided, VIX } from "./quoted-chain.ts";
import { regimeTold, underlyingTold } from "./weather.ts";

export const PATH = address.slot(1);
export const LATER: TradingDay = tradingDay("2027-02-19");
/** 23 days before the expiry of the structures below: within the window of rolls, and past it. */
export const WINDOW: EpochMs = instantOf(tradingDay("2026-12-16"), 11 * 60);
export const FORCED: EpochMs = instantOf(tradingDay("2026-12-18"), 11 * 60);
export const EARLY: EpochMs = instantOf(tradingDay("2026-11-23"), 11 * 60);

export const VERTICAL: readonly Leg[] = [leg(580, "P", 1), leg(590, "P", -1)];
export const NEXT_VERTICAL: readonly Leg[] = VERTICAL.map(({ contract, ratio }) => ({
  contract: { ...option(contract.strike / 10_000, contract.right, LATER), conId: contract.conId + 7 },
  ratio,
}));
export const CONDOR: readonly Leg[] = [leg(570, "P", 1), leg(580, "P", -1), leg(620, "C", -1), leg(630, "C", 1)];
export const later = (legs: readonly Leg[]): readonly Leg[] =>
  legs.map(({ contract, ratio }) => ({
    contract: { ...option(contract.strike / 10_000, contract.right, LATER), conId: contract.conId + 7 },
    ratio,
  }));

export const candidateOf = (
  legs: readonly Leg[],
  quantity: number,
  credit: number,
  more: Partial<Candidate> = {},
): Candidate => ({
  strategy: "spy",
  symbol: "SPY",
  underlying: SPY,
  legs,
  quantity,
  mid: price(-credit),
  natural: price(-credit + 0.05),
  width: price(10),
  unitMaxLoss: extremes(legs, price(-credit + 0.1)).maxLoss as Candidate["unitMaxLoss"],
  tick: price(0.01),
  shortDeltas: {},
  daysToExpiry: 45,
  spot: price(600),
  worstPrice: price(-credit + 0.1),
  kind: legs.length === 4 ? "iron-condor" : "bull-put",
  carry: 0.028,
  vix: VIX,
  american: true,
  weather: { regime: "normal", vix: 15, iv30: 0.16, ivPercentile: 60, ivRank: 55 },
  prediction: { probability: 0.8, expectedReturn: 0.1, rewardToRisk: 0.3, rawScore: 60, weight: 1, score: 60 },
  ...more,
});

interface Order {
  readonly intent: OrderIntent;
  filled: number;
  over: boolean;
}
export interface Exec {
  readonly orderRef: string;
  readonly conId: number;
  readonly quantity: number;
  readonly price: number;
  fee: number;
}
type Slot = Given<typeof positionSlotMachine>;

export class Desk {
  readonly slot: Slot;
  readonly orders: Order[] = [];
  readonly execs = new Map<string, Exec>();
  mostLive = 0;
  readonly #candidate: Candidate;
  readonly #next: readonly Leg[];
  #spawned = 0;
  #n = 0;

  constructor(candidate: Candidate, now: EpochMs, next: readonly Leg[] = later(candidate.legs), engine: EngineConfig = ENGINE) {
    this.#candidate = candidate;
    this.#next = next;
    this.slot = given(positionSlotMachine, { path: PATH, n: 1, engine }, now);
    this.slot.hear({ type: "mode.changed", mode: "trading", reason: "" });
  }

  // biome-ignore lint/suspicious/noExplicitAny: events of any shape
  hear(event: any): this {
    this.slot.hear(event);
    this.#look();
    return this;
  }
  wait(ms: number): this {
    this.slot.wait(ms);
    this.#look();
    return this;
  }
  #look(): void {
    const spawns = this.slot.params("spawn");
    for (; this.#spawned < spawns.length; this.#spawned += 1)
      this.orders.push({ intent: spawns[this.#spawned].input.intent, filled: 0, over: false });
    this.mostLive = Math.max(this.mostLive, this.orders.filter(({ over }) => !over).length);
  }
  get last(): Order | undefined {
    return this.orders.at(-1);
  }
  back(n: number): Order | undefined {
    return this.orders.at(-1 - n) ?? this.orders.at(-1);
  }
  get purposes(): string[] {
    return this.orders.map(({ intent }) => intent.purpose);
  }

  enter(): this {
    const { legs } = this.#candidate;
    const quotes = legs.map(({ contract }) => twoSided(contract.conId, 1, 1.1, this.slot.now));
    this.hear({ type: "entry.intended", candidate: this.#candidate, quotes });
    return this.hear(regimeTold()).hear(underlyingTold({ at: this.slot.now as EpochMs }));
  }
  /** Fills of a number of units of one leg, at prices by which a unit of all legs nets the limit, or `mid` where there is none. */
  fillLeg(order: Order, which: number, units: number): this {
    const { legs, orderRef, worstPrice, purpose } = order.intent;
    const { contract, ratio } = legs[which] as Leg;
    // A wanted net on the last leg, cents on the others: any allocation is possible.
    const net = worstPrice ?? (purpose === "entry" ? -20_000 : 8_000);
    // Rolls buy the old legs back dear, so that there is a loss to be carried on.
    const priceOf = (n: number): number => 10_000 + 1_000 * n + (purpose === "roll" && n === 1 ? 30_000 : 0);
    const others = legs.slice(0, -1).reduce((sum, one, n) => sum + one.ratio * priceOf(n), 0);
    const each = which === legs.length - 1 ? (net - others) / ratio : priceOf(which);
    this.#n += 1;
    const execId = `e.${this.#n}.01`;
    const quantity = ratio * units;
    this.execs.set(execId, { orderRef, conId: contract.conId, quantity, price: each, fee: 0 });
    return this.hear({ type: "leg.filled", orderRef, execId, contract, quantity, price: priceUnits(each), at: this.slot.now });
  }
  fill(units: number, order: Order | undefined = this.last): this {
    if (order === undefined || units <= 0) return this;
    for (let n = 0; n < order.intent.legs.length; n += 1) this.fillLeg(order, n, units);
    order.filled += units;
    return this;
  }
  end(order: Order | undefined = this.last, reason = ""): this {
    if (order === undefined) return this;
    order.over = true;
    const { orderRef, purpose, quantity } = order.intent;
    const outcome = order.filled >= quantity ? "filled" : "cancelled";
    return this.hear({ type: "order.ended", orderRef, purpose, outcome, filledUnits: order.filled, reason });
  }
  /** Commissions of all executions that have had none: 0.65 a contract. */
  charge(each = 6_500): this {
    for (const [execId, exec] of this.execs) {
      if (exec.fee !== 0) continue;
      exec.fee = each * Math.abs(exec.quantity);
      this.hear({ type: "commission.charged", orderRef: exec.orderRef, execId, amount: exec.fee });
    }
    return this;
  }
  done(units: number): this {
    return this.fill(units).end().charge();
  }

  spot(): this {
    const quote = { conId: SPY.conId, bid: price(599.99), ask: price(600.01), last: price(600), at: this.slot.now };
    return this.hear({ type: "quote.updated", epoch: 1, quote });
  }
  /** Both structures quoted so that a unit of the present one is worth `value` dollars to be bought back, and `more` more later. */
  quote(value: number, more = 0.6, half = 0.02): this {
    const say = (quote: object): this => this.hear({ type: "quote.updated", epoch: 1, quote });
    const now = this.slot.now;
    this.spot();
    say({ conId: VIX.conId, last: price(15), at: now });
    for (const [legs, worth] of [
      [this.slot.context.candidate?.legs ?? this.#candidate.legs, value],
      [this.#next, value + more],
    ] as const) {
      const wings = legs.filter(({ ratio }) => ratio > 0).length;
      for (const { contract, ratio } of legs) {
        const mid = ratio > 0 ? 1 : 1 + worth / wings;
        say(twoSided(contract.conId, mid - half, mid + half, now));
      }
    }
    return this.hear(underlyingTold({ at: now as EpochMs }));
  }
  market(value: number, seconds: number, more = 0.6): this {
    for (let left = seconds; left > 0; left -= 2) this.wait(Math.min(2, left) * 1_000).quote(value, more);
    return this;
  }

  // ── the strategy ──
  get asked(): number {
    return this.slot.told(address.strategy("spy")).filter(({ type }) => type === "roll.requested").length;
  }
  offer(value: number, more = 0.6, legs: readonly Leg[] = this.#next, candidate: Partial<Candidate> = {}): this {
    const half = 0.02;
    const wings = legs.filter(({ ratio }) => ratio > 0).length;
    const quotes = legs.map(({ contract, ratio }) => {
      const mid = ratio > 0 ? 1 : 1 + (value + more) / wings;
      return twoSided(contract.conId, mid - half, mid + half, this.slot.now);
    });
    const offered = candidateOf(legs, 1, value + more, candidate);
    return this.hear({ type: "roll.offered", slot: PATH, candidate: offered, quotes });
  }

  // ── the world's books ──
  get cash(): number {
    let cash = 0;
    for (const { quantity, price: each, fee } of this.execs.values()) cash -= quantity * each * 100 + fee;
    return cash + 0;
  }
  held(legs: readonly Leg[]): number[] {
    return legs.map(({ contract, ratio }) => {
      let sum = 0;
      for (const { conId, quantity } of this.execs.values()) if (conId === contract.conId) sum += quantity;
      return sum / ratio + 0;
    });
  }
  /** Held, with nothing at work. */
  static holding(candidate: Candidate, now: EpochMs, next?: readonly Leg[], engine?: EngineConfig): Desk {
    const desk = new Desk(candidate, now, next, engine).enter().done(candidate.quantity);
    desk.slot.quiet();
    desk.#spawned = 0;
    return desk;
  }
}
