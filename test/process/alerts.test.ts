/** `caretaker alerts` as a user meets it: a gateway that goes away is an alert, and what is said about it is durable. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { AlertsView } from "../../src/projections/alerts.ts";
import {
  caretaker,
  document,
  eventually,
  ROOT,
  scratch,
  start,
  startGatewayProcess,
  statusWhere,
} from "../support/process-caretaker.ts";
import { stepsOf } from "../support/process-journal.ts";

describe("caretaker alerts", () => {
  test("shows a lost gateway, takes the operator's word for good, and refuses what means nothing with the way out", async () => {
    const gateway = await startGatewayProcess();
    const state = join(scratch(), "state");
    const config = join(ROOT, "test/fixtures/kill.yaml");
    const run = start(
      ["run", "--config", config, "--port", String(gateway.port), "--state", state, "--http-port", "0"].concat(
        "--headless",
        "--json",
      ),
    );
    const alerts = (...more: string[]): Promise<AlertsView> => document(["alerts", "--state", state, "--json", ...more]);
    const say = (...words: string[]) => caretaker(["alerts", ...words, "--state", state]);
    await statusWhere(state, run, "trading", ({ mode }) => mode === "trading");
    gateway.process.signal("SIGKILL");
    // A minute of market time is a second.
    const outage = await eventually(
      "an alert about the gateway",
      async () => (await alerts()).alerts.find(({ key }) => key === "session/outage"),
      { withinMs: 30_000, everyMs: 300, running: run },
    );
    expect(outage).toMatchObject({ severity: "critical", state: "raised", source: "session" });
    const id = outage.alertId.slice("alerts/".length);
    const listed = await say();
    expect(listed.stdout).toContain("critical");
    expect(listed.stdout).toMatch(new RegExp(`^${id}  CRITICAL`, "m"));

    const unknown = await say("acknowledge", "99999");
    expect([unknown.code, unknown.stdout]).toStrictEqual([65, ""]);
    expect(unknown.stderr).toContain("caretaker alerts");
    const nonsense = await say("resolve", "the-gateway");
    expect([nonsense.code, nonsense.stdout]).toStrictEqual([65, ""]);

    const seen = await say("acknowledge", id, "--reason", "its host is being restarted");
    expect([seen.code, seen.stderr]).toStrictEqual([0, ""]);
    expect(seen.stdout).toMatch(/recorded as \d+/);
    const again = await say("acknowledge", id);
    expect(again.code).toBe(65);
    expect(again.stderr).toContain("acknowledged already");
    expect((await say("dismiss", outage.alertId)).code).toBe(0);
    expect((await alerts()).alerts.map(({ key }) => key)).not.toContain("session/outage");

    run.signal("SIGTERM");
    expect((await run.ended).code, run.stderr).toBe(0);
    // The journal alone tells the same.
    const [left] = (await alerts("--all")).alerts.filter(({ key }) => key === "session/outage");
    expect(left).toMatchObject({
      alertId: outage.alertId,
      state: "dismissed",
      reason: expect.stringContaining("no reason given"),
    });
    const words = (await stepsOf(state)).flatMap(({ input }) => (input.type.startsWith("operator.") ? [input] : []));
    expect(words).toMatchObject([
      { type: "operator.acknowledge", alertId: outage.alertId, reason: expect.stringContaining("its host is being restarted") },
      { type: "operator.dismiss", alertId: outage.alertId },
    ]);
    expect((await say("resolve", id)).code).toBe(69);
  }, 120_000);
});
