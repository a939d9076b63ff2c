/**
 * The read side in one piece: every projection, fed step by step in seq order. Web, CLI and story ask this and nothing else; fed
 * from a live kernel or from a clone of the journal, it is the same.
 */
import type { OrderIntent } from "../domain/events/actors.ts";
import type { EpochMs } from "../domain/units.ts";
import type { Step } from "../ports/journal.ts";
import { Actors, type ActorsView } from "./actors.ts";
import { Alerts, type AlertsView, type AlertView } from "./alerts.ts";
import { Breakers, type BreakersView } from "./breakers.ts";
import { type DecisionEntry, Decisions, type DecisionsView } from "./decisions.ts";
import { Equity, type EquityView } from "./equity.ts";
import { type Explanation, explainDecision, explainOrder, explainWhyNot, type WhyNot } from "./explain.ts";
import { Futures, type FutureView } from "./futures.ts";
import { happening } from "./happening.ts";
import { Holdings, type HoldingsView } from "./holdings.ts";
import { Lines, type LinesView } from "./lines.ts";
import { type Notice, Notices } from "./notices.ts";
import type { OrderSummary, OrderTimeline } from "./order-life.ts";
import { Orders, type OrdersView } from "./orders.ts";
import { Positions, type PositionsView } from "./positions.ts";
import { Predictions, type PredictionsView } from "./predictions.ts";
import { MarketRegime, type RegimeView } from "./regime.ts";
import type { Sentence } from "./sentence.ts";
import { Session, type SessionView } from "./session.ts";
import type { StatusView } from "./status.ts";
import { Story } from "./story.ts";
import { Trades, type TradesView } from "./trades.ts";
import { Underlyings, type UnderlyingView } from "./underlyings.ts";

/** The seq of the step that last changed a part, for whoever sends only what is new. */
export interface ChangedAt {
  readonly actors: number;
  readonly positions: number;
  readonly equity: number;
  readonly orders: number;
  readonly decisions: number;
  readonly trades: number;
  readonly futures: number;
  readonly alerts: number;
  readonly notices: number;
  readonly story: number;
}

export interface ReadModel {
  /** Takes the next step, in seq order; says what is worth a line in the terminal. Throws when a step is out of order. */
  apply(step: Step): readonly Sentence[];
  /** The seq and market time of the last step; 0 before the first. */
  readonly seq: number;
  readonly now: EpochMs;
  readonly changedAt: ChangedAt;
  readonly status: StatusView;
  readonly actors: ActorsView;
  readonly positions: PositionsView;
  /** The whole account as the broker has it: may be thousands of positions. */
  readonly holdings: HoldingsView;
  readonly equity: EquityView;
  readonly orders: OrdersView;
  newestOrders(limit: number): readonly OrderSummary[];
  order(intentId: string): OrderTimeline | undefined;
  orderIntent(intentId: string): OrderIntent | undefined;
  readonly decisions: DecisionsView;
  readonly trades: TradesView;
  readonly predictions: PredictionsView;
  readonly futures: readonly FutureView[];
  readonly regime: RegimeView;
  readonly underlyings: readonly UnderlyingView[];
  readonly lines: LinesView;
  readonly session: SessionView;
  readonly breakers: BreakersView;
  readonly alerts: AlertsView;
  /** By its id, `alerts/7`. */
  alert(alertId: string): AlertView | undefined;
  readonly notices: readonly Notice[];
  /** Oldest first, the last 400 sentences. */
  readonly story: readonly Sentence[];
  explainOrder(intentId: string): Explanation<OrderTimeline> | undefined;
  /** The decision that was made, or still stood, at a seq; about a slot's address if one is named. */
  explainDecision(seq: number, slot?: string): Explanation<DecisionEntry> | undefined;
  /** The newest decision about a slot's address. */
  explainSlot(slot: string): Explanation<DecisionEntry> | undefined;
  explainWhyNot(symbol: string, at: EpochMs): Explanation<WhyNot>;
  /** All that was folded so far, by reference: copy it before the next step. */
  readonly folded: FoldedReadModel;
}

/** Empty, or as it was when it was folded by this very build. */
export const createReadModel = (kept?: FoldedReadModel): ReadModel => {
  const reading = new Reading();
  if (kept !== undefined) reading.folded = kept;
  return reading;
};

/** What every projection keeps: maps, sets and plain data with shared parts, for a structured clone. Good for one build only. */
export type FoldedReadModel = Reading["folded"];

class Reading implements ReadModel {
  readonly #actors = new Actors();
  readonly #positions = new Positions();
  readonly #equity = new Equity(this.#positions);
  readonly #orders = new Orders();
  readonly #decisions = new Decisions();
  readonly #trades = new Trades();
  readonly #predictions = new Predictions();
  readonly #futures = new Futures();
  readonly #regime = new MarketRegime();
  readonly #underlyings = new Underlyings();
  readonly #holdings = new Holdings();
  readonly #lines = new Lines();
  readonly #session = new Session();
  readonly #breakers = new Breakers();
  readonly #alerts = new Alerts();
  readonly #notices = new Notices();
  readonly #story = new Story();
  seq = 0;
  now = 0 as EpochMs;

  apply(step: Step): readonly Sentence[] {
    if (this.seq !== 0 && step.seq !== this.seq + 1) throw new RangeError(`step ${step.seq} does not follow ${this.seq}`);
    this.seq = step.seq;
    this.now = step.now as EpochMs;
    // Equity reads the positions' value: positions come first.
    this.#positions.apply(step);
    for (const projection of [
      this.#equity,
      this.#actors,
      this.#orders,
      this.#decisions,
      this.#trades,
      this.#predictions,
      this.#futures,
      this.#regime,
      this.#underlyings,
      this.#holdings,
      this.#lines,
      this.#session,
      this.#breakers,
      this.#alerts,
      this.#notices,
    ]) {
      projection.apply(step);
    }
    return this.#story.apply(step);
  }

  get folded() {
    return {
      seq: this.seq,
      now: this.now,
      actors: this.#actors.folded,
      positions: this.#positions.folded,
      equity: this.#equity.folded,
      orders: this.#orders.folded,
      decisions: this.#decisions.folded,
      trades: this.#trades.folded,
      predictions: this.#predictions.folded,
      futures: this.#futures.folded,
      regime: this.#regime.folded,
      underlyings: this.#underlyings.folded,
      holdings: this.#holdings.folded,
      lines: this.#lines.folded,
      session: this.#session.folded,
      breakers: this.#breakers.folded,
      alerts: this.#alerts.folded,
      notices: this.#notices.folded,
      story: this.#story.folded,
    };
  }
  set folded(kept) {
    this.seq = kept.seq;
    this.now = kept.now;
    this.#actors.folded = kept.actors;
    this.#positions.folded = kept.positions;
    this.#equity.folded = kept.equity;
    this.#orders.folded = kept.orders;
    this.#decisions.folded = kept.decisions;
    this.#trades.folded = kept.trades;
    this.#predictions.folded = kept.predictions;
    this.#futures.folded = kept.futures;
    this.#regime.folded = kept.regime;
    this.#underlyings.folded = kept.underlyings;
    this.#holdings.folded = kept.holdings;
    this.#lines.folded = kept.lines;
    this.#session.folded = kept.session;
    this.#breakers.folded = kept.breakers;
    this.#alerts.folded = kept.alerts;
    this.#notices.folded = kept.notices;
    this.#story.folded = kept.story;
  }

  get changedAt(): ChangedAt {
    return {
      actors: this.#actors.changedAt,
      positions: this.#positions.changedAt,
      equity: this.#equity.changedAt,
      orders: this.#orders.changedAt,
      decisions: this.#decisions.changedAt,
      trades: this.#trades.changedAt,
      futures: this.#futures.changedAt,
      alerts: this.#alerts.changedAt,
      notices: this.#notices.changedAt,
      story: this.#story.changedAt,
    };
  }

  get status(): StatusView {
    const {
      modes: _,
      runs: _runs,
      since: _since,
      discrepancies,
      slotLimit,
      lineLimit,
      reconciledAt: _at,
      ...session
    } = this.#session.view;
    const equity = this.#equity.view;
    const breakers = this.#breakers.view;
    const trades = this.#trades.view;
    const lines = this.#lines.view;
    const newest = this.#decisions.newest;
    const regime = this.#regime.newest;
    const orders = this.#orders.newest(200).filter(({ outcome }) => outcome === undefined);
    return {
      ...session,
      now: this.now,
      seq: this.seq,
      happening: happening({
        session: this.#session.view,
        breakers,
        slots: this.#positions.view.slots,
        workingOrder: orders[0],
        actors: this.#actors,
      }),
      slots: { used: this.#slotsUsed(), ...(slotLimit === undefined ? {} : { limit: slotLimit }) },
      lines: lines.limit === undefined && lineLimit !== undefined ? { ...lines, limit: lineLimit } : lines,
      breakers: { worst: breakers.worst, breakers: breakers.breakers },
      ...(equity.equity === undefined ? {} : { equity: equity.equity }),
      ...(equity.cash === undefined ? {} : { cash: equity.cash }),
      ...(equity.value === undefined ? {} : { value: equity.value }),
      ...(equity.dayProfit === undefined ? {} : { dayProfit: equity.dayProfit }),
      ...(equity.unknown === undefined ? {} : { equityUnknown: equity.unknown }),
      ...(equity.startingCash === undefined ? {} : { startingCash: equity.startingCash }),
      commissions: equity.commissions,
      broker: equity.broker,
      fills: equity.fills,
      trades: trades.count,
      tradedProfit: trades.profit,
      openPositions: this.#positions.openSlots,
      openOrders: this.#orders.open,
      doubtedOrders: orders.filter(({ doubted }) => doubted).length,
      ...(newest === undefined ? {} : { lastDecision: lastDecisionOf(newest) }),
      ...(regime === undefined ? {} : { regime }),
      underlyings: this.#underlyings.view,
      discrepancies: discrepancies.length,
      alerts: this.#alerts.counts,
      incidents: this.#actors.view.incidents,
      poisonings: this.#actors.view.poisonings,
    };
  }

  /** Slots that are not free: one that is entering is used too. */
  #slotsUsed(): number {
    let used = 0;
    for (const [, words] of this.#actors.under("slot/")) if (words !== "free") used++;
    return used;
  }

  get actors(): ActorsView {
    return this.#actors.view;
  }
  get positions(): PositionsView {
    return this.#positions.view;
  }
  get holdings(): HoldingsView {
    return this.#holdings.view;
  }
  get equity(): EquityView {
    return this.#equity.view;
  }
  get orders(): OrdersView {
    return this.#orders.view;
  }
  newestOrders(limit: number): readonly OrderSummary[] {
    return this.#orders.newest(limit);
  }
  order(intentId: string): OrderTimeline | undefined {
    return this.#orders.timeline(intentId);
  }
  orderIntent(intentId: string): OrderIntent | undefined {
    return this.#orders.intent(intentId);
  }
  get decisions(): DecisionsView {
    return this.#decisions.view;
  }
  get predictions(): PredictionsView {
    return this.#predictions.view;
  }
  get trades(): TradesView {
    return this.#trades.view;
  }
  get futures(): readonly FutureView[] {
    return this.#futures.view;
  }
  get underlyings(): readonly UnderlyingView[] {
    return this.#underlyings.view;
  }
  get regime(): RegimeView {
    return this.#regime.view;
  }
  get lines(): LinesView {
    return this.#lines.view;
  }
  get session(): SessionView {
    return this.#session.view;
  }
  get breakers(): BreakersView {
    return this.#breakers.view;
  }
  get alerts(): AlertsView {
    return this.#alerts.view;
  }
  alert(alertId: string): AlertView | undefined {
    return this.#alerts.alert(alertId);
  }
  get notices(): readonly Notice[] {
    return this.#notices.view;
  }
  get story(): readonly Sentence[] {
    return this.#story.view;
  }
  explainOrder(intentId: string): Explanation<OrderTimeline> | undefined {
    const order = this.#orders.timeline(intentId);
    return order && explainOrder(order);
  }
  explainDecision(seq: number, slot?: string): Explanation<DecisionEntry> | undefined {
    const entry = this.#decisions.decisionAt(seq, slot);
    return entry && explainDecision(entry);
  }
  explainSlot(slot: string): Explanation<DecisionEntry> | undefined {
    const entry = this.#decisions.lastAbout(slot);
    return entry && explainDecision(entry);
  }
  explainWhyNot(symbol: string, at: EpochMs): Explanation<WhyNot> {
    return explainWhyNot(this.#decisions, this.#session, symbol, at);
  }
}

const lastDecisionOf = ({ lastSeq, lastAt, slot, symbol, decision }: DecisionEntry): NonNullable<StatusView["lastDecision"]> => ({
  lastSeq,
  lastAt,
  slot,
  symbol,
  decision,
});
