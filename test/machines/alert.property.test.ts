/** Laws of the alert desk over stories of raises, ends, operators' words, waiting and restarts. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { address } from "../../src/domain/address.ts";
import { compareSeverities, MOST_OPEN } from "../../src/domain/alert.ts";
import type { AlertState, Severity } from "../../src/domain/events/alerts.ts";
import type { AlertChange, AlertFact } from "../../src/domain/facts.ts";
import { replay } from "../../src/kernel/replay.ts";
import type { Step } from "../../src/ports/journal.ts";
import {
  type Act,
  ALERTS,
  clearing,
  deskLogic,
  deskRig,
  factsIn,
  lived,
  noticesIn,
  raising,
  saying,
} from "../support/alert-rig.ts";
import { settle } from "../support/kernel-memory.ts";
import { type Rig, stateText } from "../support/kernel-rig.ts";

const severity = fc.constantFrom<Severity>("info", "warning", "critical");
const key = fc.constantFrom("slot/s1/blind/1", "breaker/orders", "session/outage");
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant("raise" as const), key, severity }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("clear" as const), key }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("say" as const),
      word: fc.constantFrom("acknowledge" as const, "resolve" as const, "dismiss" as const),
      n: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("wait" as const), minutes: fc.constantFrom(1, 20, 31, 800, 1_500) }) },
  { weight: 1, arbitrary: fc.constant<Act>({ do: "restart" }) },
);
const stories = fc.array(act, { minLength: 4, maxLength: 30 });
const steps = async (story: readonly Act[]): Promise<readonly Step[]> => (await lived(story)).journal.steps;
const law = (name: string, holds: (steps: readonly Step[]) => void): void => {
  test(name, async () => {
    await fc.assert(
      fc.asyncProperty(stories, async (story) => holds(await steps(story))),
      { numRuns: 100 },
    );
  });
};

/** From which states a change may come: the chart, once more. */
const MAY: { readonly [Change in AlertChange]: readonly (AlertState | "none")[] } = {
  raised: ["none"],
  repeated: ["raised", "acknowledged", "dismissed"],
  worsened: ["raised", "acknowledged", "dismissed"],
  reopened: ["resolved"],
  escalated: ["raised"],
  acknowledged: ["raised"],
  dismissed: ["raised", "acknowledged"],
  resolved: ["raised", "acknowledged", "dismissed"],
};
const BECOMES: { readonly [Change in AlertChange]?: AlertState } = {
  raised: "raised",
  worsened: "raised",
  reopened: "raised",
  escalated: "raised",
  acknowledged: "acknowledged",
  dismissed: "dismissed",
  resolved: "resolved",
};
const SAID: readonly AlertChange[] = ["raised", "reopened", "worsened", "escalated"];

describe("the alert desk, whatever is brought to it", () => {
  law("never has two alerts of one key that are not over, and never gives a number twice", (journal) => {
    const open = new Map<string, string>();
    const born: string[] = [];
    for (const { alertId, key, state, change } of journal.flatMap(factsIn)) {
      if (change === "raised") born.push(alertId);
      if (state !== "resolved") expect([undefined, alertId]).toContain(open.get(key));
      if (state === "resolved") open.delete(key);
      else open.set(key, alertId);
    }
    expect(born).toEqual(born.map((_, i) => address.alert(i + 1)));
  });

  law("moves an alert along its chart alone", (journal) => {
    const states = new Map<string, AlertState>();
    for (const { alertId, state, change } of journal.flatMap(factsIn)) {
      expect(MAY[change]).toContain(states.get(alertId) ?? "none");
      expect(state).toBe(BECOMES[change] ?? states.get(alertId));
      states.set(alertId, state);
    }
  });

  law("lets an alert escalate once a raise, not before its time, and never one that somebody has seen", (journal) => {
    const since = new Map<string, { at: number; severity: Severity; escalated: boolean }>();
    for (const { alertId, change, at, severity } of journal.flatMap(factsIn)) {
      const before = since.get(alertId);
      if (change === "raised" || change === "reopened") since.set(alertId, { at, severity, escalated: false });
      else if (before !== undefined) since.set(alertId, { ...before, severity });
      if (change !== "escalated" || before === undefined) continue;
      expect([before.escalated, compareSeverities(severity, before.severity)]).toEqual([false, 1]);
      expect(at - before.at).toBeGreaterThanOrEqual(ALERTS.escalateAfterMinutes[before.severity as "info" | "warning"] * 60_000);
      since.set(alertId, { ...before, severity, escalated: true });
    }
  });

  law("says every raise or counts it: nothing critical is lost, and no two notices have one key", (journal) => {
    const last = new Map<string, AlertFact>();
    const keys: unknown[] = [];
    for (const step of journal) {
      const facts = factsIn(step);
      const raises = facts.filter(({ change }) => ["raised", "repeated", "reopened", "worsened"].includes(change));
      expect(raises.length).toBe(step.input.type === "alert.raised" ? 1 : 0);
      const said = facts.filter(({ change }) => SAID.includes(change));
      expect(noticesIn(step).map(({ severity }) => severity)).toEqual(said.map(({ severity }) => severity));
      keys.push(...noticesIn(step).map(({ key }) => key));
      for (const fact of raises) {
        const before = last.get(fact.alertId);
        expect(fact.times).toBe((before?.times ?? 0) + 1);
        expect(compareSeverities(fact.severity, step.input["severity"] as Severity)).toBeGreaterThanOrEqual(0);
        // Counted in silence only when it is no worse than what was said.
        if (fact.change === "repeated") expect(fact.severity).toBe(before?.severity);
      }
      for (const fact of facts) last.set(fact.alertId, fact);
    }
    expect(new Set(keys).size).toBe(keys.length);
  });

  test("is the same when its journal is derived again, from the beginning and from every snapshot", async () => {
    await fc.assert(
      fc.asyncProperty(stories, async (story) => {
        const { kernel, journal, snapshots } = await lived(story);
        for (const snapshot of [undefined, ...snapshots.kept]) {
          const past = await replay({ logic: deskLogic, journal, build: "test", snapshot });
          expect(past.divergences).toEqual([]);
          expect(stateText(past.parts)).toBe(stateText(kernel.stateParts()));
        }
      }),
      { numRuns: 30 },
    );
  });
});

const offered = async (made: Rig, ...inputs: Parameters<Rig["kernel"]["offer"]>[0][]): Promise<Rig> => {
  for (const input of inputs) made.kernel.offer(input);
  await settle();
  return made;
};
const desk = (...inputs: Parameters<Rig["kernel"]["offer"]>[0][]): Promise<Rig> =>
  deskRig().then((made) => offered(made, ...inputs));
const changes = ({ journal }: Rig): readonly string[] => journal.steps.flatMap(factsIn).map(({ change }) => change);
const notices = ({ released }: Rig): readonly unknown[] => released.map(({ params }) => params["severity"]);
const newest = ({ journal }: Rig): AlertFact | undefined => journal.steps.flatMap(factsIn).at(-1);

describe("an alert", () => {
  test("that nobody acknowledges becomes critical after half an hour and is said again; one that is seen does not", async () => {
    const made = await desk(raising("a"), raising("b"), saying("acknowledge", 2));
    made.clock.advance(3 * 3_600_000);
    await settle();
    expect(notices(made)).toEqual(["warning", "warning", "critical"]);
    expect(newest(made)).toMatchObject({ alertId: "alerts/1", change: "escalated", severity: "critical" });
    expect(made.released.at(-1)?.params["text"]).toContain("nobody has acknowledged it");
  });

  test("is silent when it was dismissed, until it has been over once", async () => {
    const made = await desk(raising("a"), saying("dismiss", 1), raising("a"), raising("a", "info"));
    expect(notices(made)).toEqual(["warning"]);
    expect(newest(made)).toMatchObject({ change: "repeated", state: "dismissed", times: 3 });
    await offered(made, clearing("a"), raising("a"));
    expect(notices(made)).toEqual(["warning", "warning"]);
    expect(newest(made)).toMatchObject({ alertId: "alerts/1", change: "reopened", times: 4, reopened: 1 });
  });

  test("breaks its silence when it becomes worse than what was dismissed", async () => {
    const made = await desk(raising("a", "info"), saying("dismiss", 1), raising("a", "critical"));
    expect(notices(made)).toEqual(["info", "critical"]);
    expect(newest(made)).toMatchObject({ change: "worsened", state: "raised" });
  });

  test("is as severe as it now is when it comes back, and may escalate anew", async () => {
    const made = await desk(
      raising("a", "info"),
      clearing("a"),
      raising("a", "critical"),
      clearing("a"),
      raising("a", "warning"),
    );
    expect(newest(made)).toMatchObject({ change: "reopened", severity: "warning" });
    for (const _ of ["first", "second"]) {
      made.clock.advance(31 * 60_000);
      await settle();
      expect(newest(made)).toMatchObject({ change: "escalated", severity: "critical" });
      await offered(made, clearing("a"), raising("a", "warning"));
    }
  });

  test("is let go a day after it was over, and its key begins a new one then", async () => {
    const made = await desk(raising("a"), clearing("a"));
    made.clock.advance(25 * 3_600_000);
    await settle();
    expect(made.kernel.view.snapshotOf(address.alert(1))).toBeUndefined();
    await offered(made, raising("a"));
    expect(newest(made)).toMatchObject({ alertId: "alerts/2", change: "raised", times: 1 });
  });

  test("that nobody ever raised cannot be cleared, and nobody is meant by a number that was never given", async () => {
    const made = await desk(clearing("a"), saying("resolve", 7));
    expect(changes(made)).toEqual([]);
    expect(made.journal.steps.flatMap(({ incidents }) => incidents)).toEqual([]);
  });
});

describe("a full desk", () => {
  const many = (from: number, to: number, severity: Severity = "info") =>
    Array.from({ length: to - from }, (_, i) => raising(`k${from + i}`, severity));

  test("counts what finds no place in one alert, as severe as the worst of it, and lets the oldest dismissed one go first", async () => {
    const made = await desk(...many(0, MOST_OPEN));
    expect(made.released.length).toBe(MOST_OPEN);
    await offered(made, saying("dismiss", 3), raising("newcomer", "critical"));
    expect(newest(made)).toMatchObject({ key: "newcomer", change: "raised" });
    expect(made.kernel.view.snapshotOf(address.alert(3))).toBeUndefined();

    await offered(made, ...many(1_000, 1_010), raising("grave", "critical"), raising("k2000", "warning"));
    const overflow = newest(made);
    expect(overflow).toMatchObject({ key: "alerts/overflow", severity: "critical", times: 12 });
    expect(overflow?.text).toContain("12 more");
    expect(notices(made).filter((one) => one === "critical").length).toBe(2);
    // What is known already still has its own.
    await offered(made, raising("k7", "critical"));
    expect(newest(made)).toMatchObject({ key: "k7", change: "worsened" });
    // There is place again, and the count begins anew.
    const id = Number(overflow?.alertId.slice("alerts/".length));
    await offered(made, clearing("k8"), saying("resolve", id), raising("fresh"));
    expect(newest(made)).toMatchObject({ key: "fresh", change: "raised" });
    expect(made.kernel.stateParts().actors.length).toBeLessThan(1_000);
  }, 20_000);
});
