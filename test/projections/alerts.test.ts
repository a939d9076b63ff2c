/** The list of alerts is what the desk has: whatever was brought to it, and however often the process was begun anew. */
import { deserialize, serialize } from "node:v8";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareSeverities } from "../../src/domain/alert.ts";
import type { AlertState, Severity } from "../../src/domain/events/alerts.ts";
import type { Step } from "../../src/ports/journal.ts";
import { Alerts } from "../../src/projections/alerts.ts";
import { type Act, lived } from "../support/alert-rig.ts";

const key = fc.constantFrom("a", "b", "c", "d");
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("raise" as const),
      key,
      severity: fc.constantFrom<Severity>("info", "warning", "critical"),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("clear" as const), key }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("say" as const),
      word: fc.constantFrom("acknowledge" as const, "resolve" as const, "dismiss" as const),
      n: fc.integer({ min: 1, max: 5 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("wait" as const), minutes: fc.constantFrom(1, 31, 1_500) }) },
  { weight: 1, arbitrary: fc.constant<Act>({ do: "restart" }) },
);
const stories = fc.array(act, { minLength: 5, maxLength: 30 });
const fed = (steps: readonly Step[], alerts = new Alerts()): Alerts => {
  for (const step of steps) alerts.apply(step);
  return alerts;
};

describe("the list of alerts", () => {
  test("has every alert of the desk that is not over, in the desk's own state, and no other that is not over", async () => {
    await fc.assert(
      fc.asyncProperty(stories, async (story) => {
        const { kernel, journal } = await lived(story);
        const { alerts } = fed(journal.steps).view;
        const desk = kernel.view.snapshotOf("alerts")?.context as {
          alerts: { readonly [key: string]: { readonly n: number; readonly state: AlertState } };
        };
        const standing = (all: readonly (readonly [string, string, AlertState])[]) =>
          all.filter(([, , state]) => state !== "resolved").sort();
        expect(standing(alerts.map(({ key, alertId, state }) => [key, alertId, state] as const))).toEqual(
          standing(Object.entries(desk.alerts).map(([key, { n, state }]) => [key, `alerts/${n}`, state] as const)),
        );
      }),
      { numRuns: 60 },
    );
  });

  test("counts the open ones by severity and shows the gravest first, and those that are over last", async () => {
    await fc.assert(
      fc.asyncProperty(stories, async (story) => {
        const { open, alerts } = fed((await lived(story)).journal.steps).view;
        const isOpen = ({ state }: { state: AlertState }): boolean => state === "raised" || state === "acknowledged";
        const shown = alerts.filter(isOpen);
        expect(open).toEqual({
          critical: shown.filter(({ severity }) => severity === "critical").length,
          warning: shown.filter(({ severity }) => severity === "warning").length,
          info: shown.filter(({ severity }) => severity === "info").length,
          unacknowledged: shown.filter(({ state }) => state === "raised").length,
        });
        expect(alerts.slice(0, shown.length)).toEqual(shown);
        for (const [n, alert] of shown.entries())
          expect(compareSeverities(alert.severity, shown[n + 1]?.severity ?? "info")).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 40 },
    );
  });

  test("is the same when it goes on from a checkpoint", async () => {
    await fc.assert(
      fc.asyncProperty(stories, fc.nat(60), async (story, cut) => {
        const { steps } = (await lived(story)).journal;
        const resumed = new Alerts();
        resumed.folded = deserialize(serialize(fed(steps.slice(0, cut)).folded));
        const whole = fed(steps);
        expect([fed(steps.slice(cut), resumed).view, resumed.changedAt]).toStrictEqual([whole.view, whole.changedAt]);
      }),
      { numRuns: 30 },
    );
  });

  test("says that one became more severe by itself, and forgets it when it comes back", async () => {
    const raise: Act = { do: "raise", key: "a", severity: "warning" };
    const story: Act[] = [raise, { do: "wait", minutes: 31 }];
    expect(fed((await lived(story)).journal.steps).view.alerts).toMatchObject([
      { alertId: "alerts/1", severity: "critical", escalated: true, times: 1, text: "a is wrong" },
    ]);
    const back = fed((await lived([...story, { do: "clear", key: "a" }, raise])).journal.steps);
    expect(back.view.alerts).toMatchObject([{ severity: "warning", escalated: false, times: 2, reopened: 1 }]);
    expect(back.alert("alerts/1")?.key).toBe("a");
    expect(back.alert("alerts/2")).toBeUndefined();
  });
});
