import { describe, expect, it } from "vitest";
import { type EpochMs, money } from "../../src/domain/units.ts";
import type { Step } from "../../src/ports/journal.ts";
import { stateWords } from "../../src/projections/actors.ts";
import { createReadModel, type ReadModel } from "../../src/projections/read-model.ts";
import { figure, structureKind } from "../../src/projections/words.ts";
import { condor, OPEN, Script, scriptedDay, startOfDay } from "../support/scripted-day.ts";

const read = (steps: readonly Step[]): { readonly model: ReadModel; readonly told: string[] } => {
  const model = createReadModel();
  const told = steps.flatMap((step) => model.apply(step).map(({ text }) => text));
  return { model, told };
};
const DAY_STEPS = scriptedDay();
const { model, told } = read(DAY_STEPS);
const upTo = (wanted: (step: Step) => boolean): ReadModel => read(DAY_STEPS.slice(0, DAY_STEPS.findIndex(wanted) + 1)).model;
const hasFact =
  (type: string, more: (fact: Step["facts"][number]) => boolean = () => true) =>
  (step: Step): boolean =>
    step.facts.some((fact) => fact.type === type && more(fact));

describe("the story", () => {
  it("tells an entry with its structure, credit and worst loss, and an exit with rule, profit, fees and time held", () => {
    expect(told).toContain("ENTER SPY iron condor 560/565/620/625 2027-01-15 for a credit of 1.24, max loss $376");
    expect(told).toContain(
      "EXIT SPY iron condor 560/565/620/625 2027-01-15 by take-profit: +$58.80 after $5.20 of fees, held 57 min",
    );
  });

  it("tells price steps as what they were and are, denials with their reason, and the breaker's trip and recovery", () => {
    expect(told).toContain("OFFER SPY iron condor 560/565/620/625 2027-01-15 entry: credit 1.30 → 1.27");
    expect(told).toContain("DENIED QQQ entry: a breaker is tripped");
    expect(told.filter((text) => text.startsWith("BREAKER"))).toEqual([
      "BREAKER orders tripped: rejected: 201 Order rejected - reason: scripted fault of this demo",
      "BREAKER orders probing: one entry at a time",
      "BREAKER orders armed again: recovered",
    ]);
  });

  it("tells a doubt and how the broker settled it", () => {
    const doubt = told.findIndex((text) => text.startsWith("UNKNOWN 20261120-s1-2"));
    const settled = told.findIndex((text) => text.startsWith("SETTLED 20261120-s1-2"));
    expect(doubt).toBeGreaterThan(0);
    expect(settled).toBeGreaterThan(doubt);
  });

  it("has a sentence for every leg fill and none for marks, quotes, holds or a stage that stops again", () => {
    expect(told.filter((text) => text.startsWith("FILL"))).toHaveLength(12);
    expect(told.filter((text) => text.startsWith("NO ENTRY QQQ"))).toHaveLength(2);
    expect(told.length).toBeLessThan(60);
  });

  it("never says two sentences in a row that are equal", () => {
    for (let i = 1; i < told.length; i++) expect(told[i]).not.toBe(told[i - 1]);
  });
});

describe("status", () => {
  it("counts a slot as used from its entry on, and open positions only while something is held", () => {
    const entering = upTo(hasFact("order.intended")).status;
    expect([entering.slots.used, entering.openPositions]).toEqual([1, 0]);
    const opened = upTo(hasFact("slot.opened")).status;
    expect([opened.slots.used, opened.openPositions]).toEqual([1, 1]);
    expect(model.status).toMatchObject({
      slots: { used: 1, limit: 10 },
      openPositions: 1,
      trades: 1,
      fills: 12,
      mode: "trading",
      openOrders: 0,
    });
  });

  it("names an order that is out of sight as doubted until it is settled", () => {
    expect(upTo(hasFact("order.doubted")).status.doubtedOrders).toBe(1);
    expect(upTo(hasFact("order.resolved")).status.doubtedOrders).toBe(0);
  });

  it("says when a tripped breaker will probe", () => {
    const tripped = upTo(hasFact("breaker.changed", ({ state }) => state === "tripped"));
    expect(tripped.status.breakers.worst).toBe("tripped");
    expect(tripped.status.breakers.breakers[0]!.probesAt).toBe(tripped.now + 300_000);
  });

  it("says in a sentence what happens, in every mode", () => {
    const sentence = (type: string): string => upTo(hasFact("engine.modeChanged", ({ mode }) => mode === type)).status.happening;
    expect(sentence("reconciling")).toBe("Asking the broker for orders, executions and positions before anything is sent.");
    expect(upTo(hasFact("order.priced")).status.happening).toContain(
      "Working the entry of SPY iron condor 560/565/620/625 2027-01-15 at a credit of 1.30",
    );
    expect(model.status.happening).toContain("Holding QQQ iron condor");
    expect(createReadModel().status.happening).toBe("Nothing has run yet.");
  });

  it("begins as unknown, not as zero", () => {
    const { status } = createReadModel();
    expect(status.equity).toBeUndefined();
    expect(status.cash).toBeUndefined();
    expect(status.lines.limit).toBeUndefined();
    expect(status.slots.limit).toBeUndefined();
  });
});

describe("the read model", () => {
  it("refuses a step out of order", () => {
    const one = createReadModel();
    one.apply(DAY_STEPS[0]!);
    expect(() => one.apply(DAY_STEPS[2]!)).toThrow(/does not follow/);
  });
});

describe("decisions", () => {
  it("keep a run of equal verdicts as one entry with its first and last step", () => {
    const [newest] = model.decisions.decisions.filter(({ slot }) => slot === "slot/s2");
    expect(newest).toMatchObject({ times: 70, lastSeq: model.seq, decision: { action: "hold" } });
    expect(model.decisions.decisions.length).toBeLessThan(6);
    expect(model.status.lastDecision!.slot).toBe("slot/s2");
  });

  it("can be asked for by any step in which they stood", () => {
    const closing = DAY_STEPS.find(
      hasFact("decision.made", ({ decision }) => (decision as { action: string }).action === "close"),
    )!;
    expect(model.explainDecision(closing.seq)!.lines[0]).toBe("SPY in slot/s1: close by take-profit, normal urgency");
    expect(model.explainDecision(closing.seq)!.lines).toContain(" 3  take-profit fired: 51.2 against 50 % of base");
    expect(model.explainDecision(1)).toBeUndefined();
  });
});

describe("the why-not funnel", () => {
  it("counts what stopped candidates, in the order of the stages, with the last numbers", () => {
    const qqq = model.decisions.funnels.find(({ symbol }) => symbol === "QQQ")!;
    expect(qqq.stages.map(({ stage, count }) => [stage, count])).toEqual([
      ["vix", 2],
      ["credit", 5],
      ["gate", 1],
    ]);
    expect(qqq.stages[1]!.last).toMatchObject({ actual: 18.5, limit: 20, unit: "% of width" });
    const spy = model.decisions.funnels.find(({ symbol }) => symbol === "SPY")!;
    expect(spy).toMatchObject({ looks: 3, found: 1, entered: 1, skipped: [{ filter: "ivPercentile", count: 1 }] });
  });

  it("starts anew with a new day", () => {
    const script = new Script();
    startOfDay(script);
    const stop = (): void => {
      script.tick("strategy/a", {
        facts: [
          [
            "strategy/a",
            {
              type: "candidate.stopped",
              strategy: "a",
              symbol: "SPY",
              stage: "credit",
              reason: "too small",
              actual: 1,
              limit: 2,
              unit: "%",
            },
          ],
        ],
      });
    };
    stop();
    stop();
    script.pass(86_400_000);
    stop();
    expect(read(script.steps).model.decisions.funnels[0]).toMatchObject({ looks: 1, stages: [{ count: 1 }] });
  });

  it("answers for a past instant with what was known then", () => {
    const before = model.explainWhyNot("SPY", OPEN);
    expect(before.document).toMatchObject({ looks: [], later: [{ stage: "spread" }], counts: [] });
    expect(before.lines.join()).toContain("the first look of that day ended later:");
    const early = model.explainWhyNot("SPY", (OPEN + 6.5 * 60_000) as EpochMs);
    expect(early.document.looks).toMatchObject([{ stage: "spread" }]);
    expect(early.document.counts).toEqual([{ strategy: "spy-condor", stage: "spread", count: 1 }]);
    const denied = model.decisions.looks.find(({ symbol, ended }) => symbol === "QQQ" && ended === "denied");
    expect(model.explainWhyNot("QQQ", denied?.at as EpochMs).document.looks).toMatchObject([{ ended: "denied", stage: "gate" }]);
    const late = model.explainWhyNot("QQQ", model.now);
    expect(late.document.looks).toMatchObject([{ ended: "entered", reason: expect.stringContaining("held in slot/") }]);
    expect(model.explainWhyNot("IWM", model.now).lines.join()).toContain("no strategy had ended a look at IWM");
  });
});

describe("actors", () => {
  it("are in the state of their last transition, since it was entered", () => {
    const last = new Map<string, { readonly to: unknown }>();
    for (const { transitions } of DAY_STEPS) for (const { actor, to } of transitions) last.set(actor, { to });
    for (const { path, state } of model.actors.actors) expect(state).toEqual(last.get(path)!.to);
    expect(model.actors.actors).toHaveLength(last.size);
  });

  it("leave when they are retired, and are set aside as the kernel sets them aside", () => {
    const script = new Script();
    startOfDay(script);
    const poison = (actor: string): void => {
      script.tick(actor, { incidents: [{ kind: "poisoned", actor, event: "quote.updated", detail: "boom" }] });
    };
    poison("slot/s1");
    for (let n = 0; n < 3; n++) poison("strategy/spy-condor");
    poison("strategy/qqq-condor");
    script.tick("engine", { moves: [["slot/s3", null, "retired"]] });
    const { model: after } = read(script.steps);
    const standing = new Map(after.actors.actors.map(({ path, standing }) => [path, standing]));
    expect(standing.get("slot/s1")).toBe("quarantined");
    expect(standing.get("strategy/spy-condor")).toBe("halted");
    expect(standing.get("strategy/qqq-condor")).toBe("live");
    expect(standing.has("slot/s3")).toBe(false);
    expect(after.actors.poisonings).toBe(5);
  });

  it("have words for nested and parallel states", () => {
    expect(stateWords({ looking: { scanning: "quoting" } })).toBe("looking · scanning · quoting");
    expect(stateWords({ a: "x", b: "y" })).toBe("a · x + b · y");
  });
});

describe("trades", () => {
  it("sum to what was closed", () => {
    expect(model.trades).toMatchObject({ count: 1, winners: 1, profit: money(58.8), fees: money(5.2) });
    expect(model.trades.trades[0]).toMatchObject({
      name: "SPY iron condor 560/565/620/625 2027-01-15",
      rule: "take-profit",
      quantity: 1,
    });
  });
});

describe("words", () => {
  it("know structures by their rights in order of strikes, whatever the order of the legs", () => {
    const legs = condor("SPY", 560, 565, 620, 625);
    expect(structureKind(legs.toReversed())).toBe("iron condor");
    expect(structureKind(legs.slice(0, 2))).toBe("put vertical");
    expect(structureKind(legs.slice(2))).toBe("call vertical");
    expect(structureKind(legs.slice(0, 3))).toBe("3-leg structure");
  });
  it("group thousands and keep what matters of small figures", () => {
    expect([figure(1_234_567.891), figure(-0.00125), figure(7.7612), figure(0)]).toEqual([
      "1,234,567.89",
      "-0.0013",
      "7.76",
      "0",
    ]);
  });
});
