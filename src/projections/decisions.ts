/**
 * What was decided about positions, and why nothing was entered: the last decisions with their traces, and the why-not funnel of
 * the day, stage by stage, with the number that stopped the last candidate and what would have passed.
 */
import { newYorkDay } from "../domain/calendar/new-york.ts";
import type { Decision, FunnelStep, RefusedContracts, RuleTrace } from "../domain/facts.ts";
import type { EpochMs, TradingDay } from "../domain/units.ts";
import type { Step } from "../ports/journal.ts";
import { factsOf, keepNewest, type Projection, type SpokenFact, timeOf } from "./spoken.ts";
import { creditOrDebit, DENIAL_WORDS, signedMoney, structureName } from "./words.ts";

/** A run of equal decisions about one slot: same action, same rule, same verdicts. The trace is the newest. */
export interface DecisionEntry {
  readonly seq: number;
  readonly at: EpochMs;
  readonly lastSeq: number;
  readonly lastAt: EpochMs;
  readonly times: number;
  readonly slot: string;
  readonly symbol: string;
  readonly decision: Decision;
  readonly trace: readonly RuleTrace[];
}
/** How one look for an entry ended. */
export interface Look {
  readonly seq: number;
  readonly at: EpochMs;
  readonly strategy: string;
  readonly symbol: string;
  /**
   * `denied` by the gate, for a slot or for the order; `unfilled`: the order came back without a fill; `entered`: it was filled, and
   * while the position is held nothing else is looked for; `closed`: it is not held any more.
   */
  readonly ended: "stopped" | "denied" | "found" | "unfilled" | "entered" | "closed";
  readonly stage: string;
  readonly reason: string;
  readonly actual: number | null;
  readonly limit: number | null;
  readonly unit: string;
  /** What it went through before it ended, and what the chain had that cannot be used. */
  readonly passed: readonly FunnelStep[];
  readonly refused: RefusedContracts | null;
}
export interface FunnelStage {
  readonly stage: string;
  readonly count: number;
  readonly last: Look;
}
export interface Funnel {
  readonly strategy: string;
  readonly symbol: string;
  readonly day: TradingDay;
  /** Looks that ended today, in whatever way. */
  readonly looks: number;
  readonly found: number;
  readonly entered: number;
  /** In the order in which a candidate meets them. */
  readonly stages: readonly FunnelStage[];
  /** Filters that the data could not feed and that config lets pass. */
  readonly skipped: readonly {
    readonly filter: string;
    readonly missing: string;
    readonly count: number;
    readonly at: EpochMs;
  }[];
}
export interface DecisionsView {
  /** Newest first. */
  readonly decisions: readonly DecisionEntry[];
  readonly funnels: readonly Funnel[];
  /** Newest first. */
  readonly looks: readonly Look[];
}

/** The order in which a candidate passes the stages of an entry; unknown names come last. */
const STAGES =
  "schedule resolve data regime vix ivPercentile ivRank expiry hygiene forward volatility skew strikes shortDelta wings liquidity spread credit payoff score size newborn gate order".split(
    " ",
  );
const rank = (stage: string): number => {
  const index = STAGES.indexOf(stage);
  return index < 0 ? STAGES.length : index;
};
const NO_NUMBERS = { stage: "", actual: null, limit: null, unit: "" } as const;
const DECISIONS_KEPT = 200;
const LOOKS_KEPT = 1_000;

interface MutableFunnel {
  readonly strategy: string;
  readonly symbol: string;
  day: TradingDay;
  looks: number;
  found: number;
  entered: number;
  stages: Map<string, { count: number; last: Look }>;
  skipped: Map<string, { missing: string; count: number; at: EpochMs }>;
}

const sameRun = (entry: DecisionEntry, decision: Decision, trace: readonly RuleTrace[]): boolean =>
  entry.decision.action === decision.action &&
  entry.decision.rule === decision.rule &&
  entry.trace.length === trace.length &&
  entry.trace.every(({ rule, verdict }, index) => rule === trace[index]?.rule && verdict === trace[index]?.verdict);

export class Decisions implements Projection<DecisionsView> {
  #decisions: DecisionEntry[] = [];
  #current = new Map<string, DecisionEntry>();
  #looks: Look[] = [];
  #newest: DecisionEntry | undefined;
  #funnels = new Map<string, MutableFunnel>();
  /** The last candidate that a strategy found, and by orderRef those that are being entered. */
  #found = new Map<string, Look>();
  #entering = new Map<string, Look>();
  /** The seq of the last step that changed the view. */
  changedAt = 0;

  /** All it keeps, for a later process to go on from. */
  get folded() {
    return {
      decisions: this.#decisions,
      current: this.#current,
      looks: this.#looks,
      newest: this.#newest,
      funnels: this.#funnels,
      found: this.#found,
      entering: this.#entering,
      changedAt: this.changedAt,
    };
  }
  set folded(kept) {
    ({
      decisions: this.#decisions,
      current: this.#current,
      looks: this.#looks,
      newest: this.#newest,
      funnels: this.#funnels,
      found: this.#found,
      entering: this.#entering,
      changedAt: this.changedAt,
    } = kept);
  }

  apply(step: Step): void {
    for (const fact of factsOf(step)) this.#take(fact, step);
  }

  #take(fact: SpokenFact, step: Step): void {
    const at = timeOf(step);
    switch (fact.type) {
      case "decision.made":
        this.#decide(fact, step);
        break;
      case "candidate.stopped": {
        const { strategy, symbol, stage, reason, actual, limit, unit, passed = [], refused = null } = fact;
        const look = { strategy, symbol, stage, reason, actual, limit, unit, passed, refused };
        this.#look({ seq: step.seq, at, ended: "stopped", ...look });
        break;
      }
      case "entry.denied": {
        const { strategy, symbol, denial } = fact;
        const { passed = [], refused = null } = this.#found.get(`${strategy} ${symbol}`) ?? {};
        const reason = DENIAL_WORDS[denial.reason];
        const look = { strategy, symbol, stage: "gate", ...denial, reason, passed, refused };
        this.#look({ seq: step.seq, at, ended: "denied", ...look });
        break;
      }
      case "candidate.found": {
        const { strategy, symbol, legs, mid } = fact.candidate;
        const { passed = [], refused = null } = fact;
        const reason = `${structureName(symbol, legs)} for ${creditOrDebit(mid)}`;
        const look: Look = { seq: step.seq, at, strategy, symbol, ended: "found", ...NO_NUMBERS, reason, passed, refused };
        this.#look(look);
        this.#found.set(`${strategy} ${symbol}`, look);
        break;
      }
      // The slot is granted and the order made in the step of the finding; others may have found something in the same step.
      case "order.intended": {
        const { purpose, symbol, orderRef, legs } = fact.intent;
        const name = structureName(symbol, legs);
        const found = [...this.#found.values()].findLast(({ reason }) => reason.startsWith(`${name} for `));
        if (purpose === "entry" && found !== undefined) this.#entering.set(orderRef, found);
        return;
      }
      case "order.denied": {
        const found = this.#entering.get(fact.orderRef);
        if (found === undefined) return;
        this.#entering.delete(fact.orderRef);
        const told = { ...fact.denial, reason: DENIAL_WORDS[fact.denial.reason] };
        this.#look({ ...found, seq: step.seq, at, ended: "denied", stage: "order", ...told });
        break;
      }
      case "order.ended": {
        const found = this.#entering.get(fact.orderRef);
        this.#entering.delete(fact.orderRef);
        if (found === undefined || fact.filledUnits > 0) return;
        const reason = `${found.reason}: ${fact.outcome}${fact.reason === "" ? "" : `, ${fact.reason}`}`;
        this.#look({ ...found, seq: step.seq, at, ended: "unfilled", stage: "order", reason });
        break;
      }
      case "filter.skipped": {
        const { skipped } = this.#funnel(fact.strategy, fact.symbol, at);
        skipped.set(fact.filter, { missing: fact.missing, count: (skipped.get(fact.filter)?.count ?? 0) + 1, at });
        break;
      }
      case "slot.opened": {
        const { strategy, symbol, slot, legs, netPrice } = fact;
        this.#funnel(strategy, symbol, at).entered++;
        const found = this.#looks.findLast((look) => look.strategy === strategy && look.ended === "found");
        const { passed = [], refused = null } = found ?? {};
        const reason = `${structureName(symbol, legs)} for ${creditOrDebit(netPrice)}, held in ${slot}`;
        this.#note({ seq: step.seq, at, strategy, symbol, ended: "entered", ...NO_NUMBERS, reason, passed, refused });
        break;
      }
      case "slot.closed": {
        const { strategy, symbol, slot, rule, profit } = fact;
        const reason = `${slot} by ${rule}, ${signedMoney(profit)}`;
        this.#note({ seq: step.seq, at, strategy, symbol, ended: "closed", ...NO_NUMBERS, reason, passed: [], refused: null });
        break;
      }
      default:
        return;
    }
    this.changedAt = step.seq;
  }

  #decide(fact: Extract<SpokenFact, { type: "decision.made" }>, step: Step): void {
    const { actor: slot, symbol, decision, trace } = fact;
    const at = timeOf(step);
    const current = this.#current.get(slot);
    const goesOn = current !== undefined && sameRun(current, decision, trace);
    const begun = goesOn ? current : { seq: step.seq, at, times: 0 };
    const entry: DecisionEntry = {
      seq: begun.seq,
      at: begun.at,
      lastSeq: step.seq,
      lastAt: at,
      times: begun.times + 1,
      slot,
      symbol,
      decision,
      trace,
    };
    const index = goesOn ? this.#decisions.lastIndexOf(current) : -1;
    if (index >= 0) this.#decisions[index] = entry;
    else keepNewest(this.#decisions, entry, DECISIONS_KEPT);
    this.#current.set(slot, entry);
    this.#newest = entry;
  }

  #note(look: Look): void {
    keepNewest(this.#looks, look, LOOKS_KEPT);
  }

  #look(look: Look): void {
    this.#note(look);
    const funnel = this.#funnel(look.strategy, look.symbol, look.at);
    // A candidate that is found and then denied is one look, not two.
    if (look.ended === "stopped" || look.ended === "found") funnel.looks++;
    if (look.ended === "found") funnel.found++;
    else funnel.stages.set(look.stage, { count: (funnel.stages.get(look.stage)?.count ?? 0) + 1, last: look });
  }

  #funnel(strategy: string, symbol: string, at: EpochMs): MutableFunnel {
    const day = newYorkDay(at);
    const key = `${strategy} ${symbol}`;
    let funnel = this.#funnels.get(key);
    if (funnel === undefined || funnel.day !== day) {
      funnel = { strategy, symbol, day, looks: 0, found: 0, entered: 0, stages: new Map(), skipped: new Map() };
      this.#funnels.set(key, funnel);
    }
    return funnel;
  }

  /** The decision that was made, or still stood, in a step about a slot; without a slot, about any. */
  decisionAt(seq: number, slot?: string): DecisionEntry | undefined {
    return this.#decisions.findLast(
      (entry) => entry.seq <= seq && seq <= entry.lastSeq && (slot === undefined || entry.slot === slot),
    );
  }

  /** The last decision about a slot. */
  lastAbout(slot: string): DecisionEntry | undefined {
    return this.#current.get(slot);
  }

  /** Looks for entries in a symbol that ended at or before an instant, newest first. */
  looksBefore(symbol: string, at: EpochMs): readonly Look[] {
    return this.#looks.filter((look) => look.symbol === symbol && look.at <= at).reverse();
  }

  /** Those that ended after it, oldest first. */
  looksAfter(symbol: string, at: EpochMs): readonly Look[] {
    return this.#looks.filter((look) => look.symbol === symbol && look.at > at);
  }

  get newest(): DecisionEntry | undefined {
    return this.#newest;
  }

  get view(): DecisionsView {
    const funnels = [...this.#funnels.values()].map(({ stages, skipped, ...funnel }) => ({
      ...funnel,
      stages: [...stages].map(([stage, rest]) => ({ stage, ...rest })).sort((a, b) => rank(a.stage) - rank(b.stage)),
      skipped: [...skipped].map(([filter, rest]) => ({ filter, ...rest })),
    }));
    return {
      decisions: this.#decisions.toReversed(),
      funnels: funnels.sort((a, b) => (a.strategy < b.strategy ? -1 : a.strategy > b.strategy ? 1 : 0)),
      looks: this.#looks.toReversed(),
    };
  }
}
