/** An operator's word on an alert, as the page and the command line give it. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { OperatorEvent } from "../../src/domain/events/actors.ts";
import { createReadModel } from "../../src/projections/read-model.ts";
import { createWebServer, type WebServer } from "../../src/web/server.ts";
import { lived } from "../support/alert-rig.ts";

const TOKEN = "0123456789abcdef".repeat(4);
const commands: OperatorEvent[] = [];
let server: WebServer;
beforeAll(async () => {
  const { journal } = await lived([
    { do: "raise", key: "a", severity: "critical" },
    { do: "raise", key: "b", severity: "info" },
    { do: "say", word: "acknowledge", n: 1 },
    { do: "clear", key: "b" },
  ]);
  const model = createReadModel();
  for (const step of journal.steps) model.apply(step);
  server = await createWebServer({
    readModel: model,
    token: TOKEN,
    port: 0,
    command: (input) => {
      commands.push(input);
      return Promise.resolve({ seq: 4711 });
    },
  });
});
afterAll(() => server.close());

const at = (path: string): string => `http://127.0.0.1:${server.port}${path}`;
const authorization = `Bearer ${TOKEN}`;
const say = async (word: string, body: object, headers: Record<string, string> = { authorization }) => {
  const answer = await fetch(at(`/api/v1/commands/alerts/${word}`), {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  return { code: answer.status, said: JSON.parse(await answer.text()) as { readonly [key: string]: unknown } };
};

describe("an operator's word on an alert", () => {
  test("reaches the desk as an audited input, by the number or by the whole id", async () => {
    for (const alertId of ["1", "alerts/1"]) {
      expect(await say("resolve", { alertId, reason: " seen to " })).toEqual({ code: 200, said: { seq: 4711 } });
      expect(commands.at(-1)).toEqual({
        type: "operator.resolve",
        by: "operator",
        from: "api",
        reason: "seen to",
        alertId: "alerts/1",
      });
    }
  });

  test("about one that does not exist, or to which it means nothing, is refused with the way out and is no input", async () => {
    const before = commands.length;
    for (const [word, alertId, code, says] of [
      ["acknowledge", "99", 404, "/api/v1/alerts"],
      ["acknowledge", "alerts/../engine", 404, "/api/v1/alerts"],
      ["acknowledge", "1", 409, "acknowledged already"],
      ["dismiss", "2", 409, "resolved already"],
    ] as const) {
      const { code: got, said } = await say(word, { alertId });
      expect([word, alertId, got]).toEqual([word, alertId, code]);
      expect(said["message"]).toContain(says);
    }
    expect((await say("resolve", {})).code).toBe(400);
    expect((await say("resolve", { alertId: "1", reason: "two\nlines" })).code).toBe(400);
    expect(commands.length).toBe(before);
  });

  test("wants the token and an origin of ours, as every command", async () => {
    expect((await say("dismiss", { alertId: "1" }, {})).code).toBe(401);
    expect((await say("dismiss", { alertId: "1" }, { authorization, origin: "http://evil.example" })).code).toBe(403);
  });

  test("goes by a list that counts the open ones and tells from when ages are reckoned", async () => {
    const answer = await fetch(at("/api/v1/alerts"), { headers: { authorization } });
    const list = (await answer.json()) as { now: number; alerts: { alertId: string; state: string }[] };
    expect(list).toMatchObject({ open: { critical: 1, warning: 0, info: 0, unacknowledged: 0 } });
    expect(list.alerts.map(({ alertId, state }) => [alertId, state])).toEqual([
      ["alerts/1", "acknowledged"],
      ["alerts/2", "resolved"],
    ]);
    expect(list.now).toBeGreaterThan(0);
  });
});
