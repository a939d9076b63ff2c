/** The breaker's arithmetic against a plain reckoning, over any course of failures, successes and time. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createActor } from "xstate";
import { circuitBreakerMachine } from "../../src/machines/circuit-breaker.machine.ts";
import { given } from "../support/given.ts";
import { ENGINE, NOON } from "../support/quoted-chain.ts";

const CONFIG = { failures: 3, windowSeconds: 300, coolDownSeconds: 300, probes: 2 };
const breaker = () => given(circuitBreakerMachine, { scope: "orders", config: CONFIG }, NOON);
const failure = { type: "failure.observed", kind: "rejected", orderRef: "r", detail: "201 no" };
const success = { type: "success.observed", orderRef: "r" };
const rearm = { type: "operator.rearm", scope: "orders", by: "x", from: "cli", reason: "" };
const course = fc.array(
  fc.oneof(fc.constantFrom("failure" as const, "success" as const, "rearm" as const), fc.integer({ min: 1, max: 200_000 })),
  { maxLength: 40, size: "max" },
);

describe("a circuit breaker", () => {
  test("trips at the third failure within the window, probes after the cool-down, arms after two successes, says each change once", () => {
    fc.assert(
      fc.property(course, (happenings) => {
        const it = breaker();
        let [state, since, successes] = ["armed", NOON as number, 0];
        let failures: number[] = [];
        const changes: string[] = [];
        const become = (next: string): void => {
          [state, since, successes, failures] = [next, it.now, 0, []];
          changes.push(next);
        };
        for (const what of happenings) {
          if (typeof what === "number") {
            const cooled = since + CONFIG.coolDownSeconds * 1_000;
            const until = it.now + what;
            it.wait(what);
            if (state === "tripped" && cooled <= until) {
              become("probing");
              since = cooled;
            }
          } else if (what === "failure") {
            it.hear(failure);
            failures = [...failures.filter((at) => it.now - at < CONFIG.windowSeconds * 1_000), it.now];
            if (state === "probing" || (state === "armed" && failures.length >= CONFIG.failures)) become("tripped");
            else if (state === "tripped") failures = [];
          } else if (what === "success") {
            it.hear(success);
            if (state === "probing" && ++successes >= CONFIG.probes) become("armed");
          } else {
            it.hear(rearm);
            if (state !== "armed") become("armed");
          }
          expect(it.state).toBe(state);
        }
        expect(it.told("riskGate").map((event) => event.state)).toEqual(changes);
      }),
    );
  });
  test("keeps the reason for which it tripped, and tells the operator once", () => {
    const it = breaker().hear(failure, failure, failure, failure);
    expect(it.told("riskGate").map(({ reason }) => reason)).toEqual(["rejected: 201 no"]);
    expect(it.raised).toMatchObject([{ key: "breaker/orders", severity: "critical" }]);
    it.wait(300_000);
    expect(it.told("riskGate").at(-1)).toMatchObject({ state: "probing", reason: "rejected: 201 no" });
    expect(it.cleared).toEqual([]);
    it.hear({ type: "operator.rearm", scope: "orders" });
    expect(it.cleared).toEqual(["breaker/orders"]);
  });
  test("is the same after its state went to disk and back", () => {
    const it = breaker().hear(failure, failure);
    const actor = createActor(circuitBreakerMachine, { input: { scope: "orders", config: ENGINE.breaker } });
    const before = JSON.parse(JSON.stringify({ ...actor.getPersistedSnapshot(), context: it.context, value: it.state }));
    const restored = createActor(circuitBreakerMachine, {
      snapshot: before,
      input: { scope: "orders", config: ENGINE.breaker },
    }).start();
    restored.send({ ...failure, now: it.now } as never);
    expect(restored.getSnapshot().value).toBe("tripped");
    restored.stop();
  });
});
