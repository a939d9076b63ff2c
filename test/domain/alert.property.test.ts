/** How severe a decision is, how severities compare, and what an alert's id looks like. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ALERT_WORDS,
  alertKey,
  alertNumber,
  clear,
  compareSeverities,
  cut,
  escalated,
  escalationMs,
  raise,
  severityOf,
  worse,
} from "../../src/domain/alert.ts";
import type { Urgency } from "../../src/domain/events/actors.ts";
import type { Severity } from "../../src/domain/events/alerts.ts";
import type { Decision } from "../../src/domain/facts.ts";

const URGENCIES: readonly Urgency[] = ["low", "normal", "high", "immediate"];
const severity = fc.constantFrom<Severity>("info", "warning", "critical");
const of = (action: Decision["action"], urgency: Urgency) => severityOf({ action, rule: "r", urgency });

describe("the severity of a decision", () => {
  test("to close is critical at once, a warning in haste, and worth knowing otherwise; to hold is no news", () => {
    expect(URGENCIES.map((urgency) => of("close", urgency))).toEqual(["info", "info", "warning", "critical"]);
    expect(URGENCIES.map((urgency) => of("hold", urgency))).toEqual(Array(4).fill(undefined));
  });
  test("never falls when the urgency rises, and nothing else that is done is graver than to close", () => {
    for (const action of ["close", "reduce"] as const) {
      const severities = URGENCIES.map((urgency) => of(action, urgency) as Severity);
      for (const [n, next] of severities.slice(1).entries())
        expect(compareSeverities(next, severities[n] as Severity)).toBeGreaterThanOrEqual(0);
      for (const urgency of URGENCIES)
        expect(compareSeverities(of("close", urgency) as Severity, of(action, urgency) as Severity)).toBeGreaterThanOrEqual(0);
    }
  });
});

describe("severities", () => {
  test("are in one order, and an escalation is one step of it", () => {
    fc.assert(
      fc.property(severity, severity, (a, b) => {
        expect(compareSeverities(a, b)).toBe(-compareSeverities(b, a) + 0);
        expect([a, b]).toContain(worse(a, b));
        expect(compareSeverities(worse(a, b), a)).toBeGreaterThanOrEqual(0);
        expect(compareSeverities(escalated(a), a)).toBe(a === "critical" ? 0 : 1);
      }),
    );
  });
  test("escalate after their minutes; zero, and critical, never", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_080 }), (minutes) => {
        const config = { escalateAfterMinutes: { info: 0, warning: minutes }, forgetAfterHours: 1 };
        expect([escalationMs("info", config), escalationMs("critical", config)]).toEqual([undefined, undefined]);
        expect(escalationMs("warning", config)).toBe(minutes * 60_000);
      }),
    );
  });
});

describe("what is told to the desk", () => {
  test("names the condition, and never more words than a line can bear", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 2_000 }), (text) => {
        const said = raise({ key: "k", severity: "info", text, source: "s" });
        expect(said).toMatchObject({ to: "alerts", event: { type: "alert.raised", key: "k", text: cut(text) } });
        expect(cut(text).length).toBeLessThanOrEqual(400);
        if (text.length <= 400) expect(cut(text)).toBe(text);
      }),
    );
    expect(clear(alertKey("slot/s1", "exit", 3), "gone")).toEqual({
      to: "alerts",
      event: { type: "alert.cleared", key: "slot/s1/exit/3", reason: "gone" },
    });
  });
  test("by an operator is about a number, with or without the desk's address before it; anything else is about nothing", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 999_999 }), (n) => {
        expect([alertNumber(String(n)), alertNumber(`alerts/${n}`)]).toEqual([n, n]);
      }),
    );
    for (const id of ["", "0", "07", "-1", "1.5", "alerts/", "alerts/x", "alert/1", "alerts/1/2", " 1", "1e3", "9".repeat(20)])
      expect([id, alertNumber(id)]).toEqual([id, undefined]);
  });
  test("means nothing about one that is over", () => {
    for (const states of Object.values(ALERT_WORDS)) expect(states).not.toContain("resolved");
  });
});
