/**
 * What the account is worth by our own books, exactly: starting cash, every fill, every commission, and the open structures at
 * their marks. The broker's own figures stand beside it, never in it.
 *
 *   cash   = starting cash − Σ quantity × price × multiplier − Σ commissions
 *   equity = cash + marked value      unknown while either is
 *
 * Starting cash is what the broker said before the first fill of this journal; it stays unknown when the steps do not begin at 1.
 */
import { newYorkDay } from "../domain/calendar/new-york.ts";
import { type EpochMs, type Money, moneyUnits, notional, type TradingDay } from "../domain/units.ts";
import type { Step } from "../ports/journal.ts";
import { isTakenBack } from "./lot.ts";
import type { Positions } from "./positions.ts";
import { factsOf, type Projection, timeOf } from "./spoken.ts";

export interface EquityPoint {
  readonly at: EpochMs;
  readonly equity: Money;
}
export interface EquityView {
  readonly startingCash?: Money;
  readonly cash?: Money;
  /** The open structures at their marks. */
  readonly value?: Money;
  readonly equity?: Money;
  /** Why equity is not known. */
  readonly unknown?: string;
  /** Against the last known equity of an earlier day; on the first day, against its first. */
  readonly dayProfit?: Money;
  /** Leg executions that stand; a corrected one counts once. */
  readonly fills: number;
  readonly commissions: Money;
  readonly broker: { readonly netLiquidation?: Money; readonly cash?: Money; readonly at?: EpochMs };
  readonly points: readonly EquityPoint[];
  /** Raised whenever older points were thinned out: readers of tails start afresh. */
  readonly generation: number;
}

const POINT_EVERY_MS = 10_000;
const POINTS_KEPT = 8_192;

export class Equity implements Projection<EquityView> {
  readonly #positions: Positions;
  #fees = new Map<string, Money>();
  #points: EquityPoint[] = [];
  #generation = 0;
  #spacingMs = POINT_EVERY_MS;
  #startingCash: Money | undefined;
  #flows = moneyUnits(0);
  #commissions = moneyUnits(0);
  #fills = 0;
  #day: { readonly day: TradingDay; readonly base: Money } | undefined;
  #last: Money | undefined;
  /** Whether a fill may have come before what we were given: then the first cash is no starting cash. */
  #traded = false;
  #seen = false;
  #broker: EquityView["broker"] = {};
  /** The seq of the last step that changed the view. */
  changedAt = 0;

  /** Apply `positions` first: the marked value is read from it. */
  constructor(positions: Positions) {
    this.#positions = positions;
  }

  /** All it keeps, for a later process to go on from. */
  get folded() {
    return {
      fees: this.#fees,
      points: this.#points,
      generation: this.#generation,
      spacingMs: this.#spacingMs,
      startingCash: this.#startingCash,
      flows: this.#flows,
      commissions: this.#commissions,
      fills: this.#fills,
      day: this.#day,
      last: this.#last,
      traded: this.#traded,
      seen: this.#seen,
      broker: this.#broker,
      changedAt: this.changedAt,
    };
  }
  set folded(kept) {
    ({
      fees: this.#fees,
      points: this.#points,
      generation: this.#generation,
      spacingMs: this.#spacingMs,
      startingCash: this.#startingCash,
      flows: this.#flows,
      commissions: this.#commissions,
      fills: this.#fills,
      day: this.#day,
      last: this.#last,
      traded: this.#traded,
      seen: this.#seen,
      broker: this.#broker,
      changedAt: this.changedAt,
    } = kept);
  }

  apply(step: Step): void {
    const before = this.changedAt;
    if (!this.#seen && step.seq !== 1) this.#traded = true;
    this.#seen = true;
    for (const fact of factsOf(step)) {
      switch (fact.type) {
        case "account.valued": {
          const { netLiquidation, cash } = fact;
          const valued = { ...(netLiquidation === undefined ? {} : { netLiquidation }), ...(cash === undefined ? {} : { cash }) };
          this.#broker = { ...valued, at: timeOf(step) };
          if (cash !== undefined && this.#startingCash === undefined && !this.#traded) this.#startingCash = cash;
          this.changedAt = step.seq;
          break;
        }
        case "fill.booked":
          this.#flows = moneyUnits(this.#flows - notional(fact.price, fact.contract.multiplier, fact.quantity));
          this.#traded = true;
          this.#fills += isTakenBack(fact.execId) ? -1 : 1;
          this.changedAt = step.seq;
          break;
        case "commission.booked":
          // A later report for the same execution replaces the earlier one.
          this.#commissions = moneyUnits(this.#commissions - (this.#fees.get(fact.execId) ?? 0) + fact.amount);
          this.#fees.set(fact.execId, fact.amount);
          this.changedAt = step.seq;
          break;
        case "slot.marked":
        case "slot.opened":
        case "slot.rolled":
        case "slot.closed":
          this.changedAt = step.seq;
      }
    }
    if (this.changedAt !== before) this.#draw(step);
  }

  #draw(step: Step): void {
    const { equity } = this.#reckoned();
    if (equity === undefined) return;
    const at = timeOf(step);
    const day = newYorkDay(at);
    if (this.#day?.day !== day) this.#day = { day, base: this.#last ?? equity };
    this.#last = equity;
    const last = this.#points.at(-1);
    if (last !== undefined && at - last.at < this.#spacingMs) return;
    this.#points.push({ at, equity });
    if (this.#points.length <= POINTS_KEPT) return;
    this.#points = this.#points.filter((_, index) => index % 2 === 0);
    this.#spacingMs *= 2;
    this.#generation++;
  }

  #reckoned(): { readonly cash?: Money; readonly value?: Money; readonly equity?: Money; readonly unknown?: string } {
    const marked = this.#positions.markedValue;
    const cash = this.#startingCash === undefined ? undefined : moneyUnits(this.#startingCash + this.#flows - this.#commissions);
    const value = "value" in marked ? marked.value : undefined;
    const unknown =
      cash === undefined
        ? "the broker has not said the cash before the first fill"
        : "unknown" in marked
          ? marked.unknown
          : undefined;
    return {
      ...(cash === undefined ? {} : { cash }),
      ...(value === undefined ? {} : { value }),
      ...(cash === undefined || value === undefined ? {} : { equity: moneyUnits(cash + value) }),
      ...(unknown === undefined ? {} : { unknown }),
    };
  }

  get view(): EquityView {
    const reckoned = this.#reckoned();
    return {
      ...(this.#startingCash === undefined ? {} : { startingCash: this.#startingCash }),
      ...reckoned,
      ...(reckoned.equity === undefined || this.#day === undefined
        ? {}
        : { dayProfit: moneyUnits(reckoned.equity - this.#day.base) }),
      fills: this.#fills,
      commissions: this.#commissions,
      broker: this.#broker,
      points: this.#points,
      generation: this.#generation,
    };
  }
}
