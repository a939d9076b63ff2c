import { request } from "node:http";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { OperatorEvent } from "../../src/domain/events/actors.ts";
import { createReadModel } from "../../src/projections/read-model.ts";
import { createWebServer, type WebServer } from "../../src/web/server.ts";
import { scriptedDay } from "../support/scripted-day.ts";

const TOKEN = "0123456789abcdef".repeat(4);
const WRONG = "f".repeat(64);
const BEARER = { authorization: `Bearer ${TOKEN}` };

const steps = scriptedDay();
const model = createReadModel();
for (const step of steps) model.apply(step);
const commands: OperatorEvent[] = [];
let answer: () => Promise<{ seq: number } | { refused: string }> = () => Promise.resolve({ seq: 4711 });
let clock = 0;
const serving = (port: number): Promise<WebServer> =>
  createWebServer({
    readModel: model,
    token: TOKEN,
    port,
    now: () => clock,
    command: (input) => {
      commands.push(input);
      return answer();
    },
  });

let server: WebServer;
beforeAll(async () => {
  server = await serving(0);
});
afterAll(() => server.close());

interface Answer {
  readonly code: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
}
/** One request exactly as told, on a connection of its own: no header is added but Host, and the path is not normalised. */
const ask = (
  path: string,
  headers: Record<string, string> = {},
  method = "GET",
  body?: string,
  port = server.port,
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const own =
      body === undefined ? {} : { "content-type": "application/json", "content-length": String(Buffer.byteLength(body)) };
    const asked = request(
      { host: "127.0.0.1", port, path, method, agent: false, headers: { host: `127.0.0.1:${port}`, ...own, ...headers } },
      (response) => {
        let said = "";
        response.on("data", (chunk) => {
          said += String(chunk);
        });
        response.on("end", () => resolve({ code: response.statusCode ?? 0, headers: response.headers, body: said }));
      },
    );
    asked.on("upgrade", (response, socket) => {
      socket.destroy();
      resolve({ code: response.statusCode ?? 0, headers: response.headers, body: "" });
    });
    asked.on("error", reject);
    asked.end(body);
  });
const origin = (): string => `http://127.0.0.1:${server.port}`;
const login = async (token: string, headers: Record<string, string> = { origin: origin() }): Promise<Answer> =>
  ask("/api/v1/login", headers, "POST", JSON.stringify({ token }));
const cookieOf = ({ headers }: Answer): string => String(headers["set-cookie"]).split(";", 1)[0]!;
const UPGRADE = {
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
};

const READING = [
  "status",
  "positions",
  "orders",
  "orders/20261120-s1-1",
  "decisions",
  "actors",
  "equity",
  "trades",
  "futures",
  "breakers",
  "session",
  "notices",
  "story",
  "explain/order/20261120-s1-1",
  "explain/why-not?symbol=SPY",
];

describe("the door", () => {
  it.each([
    ["a foreign Host", { host: "evil.example" }],
    ["a foreign Host on our port", { host: "evil.example:8787" }],
    ["our address without the port", { host: "127.0.0.1" }],
  ])("answers 421 to %s, for the page and the API alike", async (_, headers) => {
    for (const path of ["/", "/livez", "/api/v1/status"]) expect((await ask(path, { ...BEARER, ...headers })).code).toBe(421);
  });

  it.each([
    ["no token", {}],
    ["a wrong token", { authorization: `Bearer ${WRONG}` }],
    ["the token under another scheme", { authorization: `Basic ${TOKEN}` }],
    ["half the token", { authorization: `Bearer ${TOKEN.slice(0, 32)}` }],
    ["somebody's cookie", { cookie: `caretaker=${TOKEN}` }],
  ])("answers 401 to %s", async (_, headers) => {
    clock += 3_600_000;
    expect((await ask("/api/v1/status", headers)).code).toBe(401);
  });

  it("opens every reading route to the token and to nobody else", async () => {
    for (const path of READING) {
      expect([path, (await ask(`/api/v1/${path}`)).code]).toEqual([path, 401]);
      expect([path, (await ask(`/api/v1/${path}`, BEARER)).code]).toEqual([path, 200]);
    }
  });

  it("lets the page's files and /livez be read without a token, and tells nothing of the engine there", async () => {
    for (const path of ["/", "/page.js", "/page.css", "/livez"]) expect((await ask(path)).code).toBe(200);
    expect((await ask("/livez")).body).toBe('{"alive":true}');
  });

  it("exchanges the token for a cookie that scripts cannot read and other sites do not send", async () => {
    const entered = await login(TOKEN);
    expect(entered.code).toBe(200);
    const cookie = String(entered.headers["set-cookie"]);
    expect(cookie).toContain("HttpOnly");
    expect(cookie).toContain("SameSite=Strict");
    expect(cookie).not.toContain(TOKEN);
    expect((await ask("/api/v1/status", { cookie: cookieOf(entered) })).code).toBe(200);
  });

  it.each([
    ["a foreign Origin", { origin: "http://evil.example" }],
    ["a null Origin", { origin: "null" }],
    ["our host on another port", { origin: "http://127.0.0.1:1" }],
    ["https instead of http", { origin: "https://127.0.0.1" }],
  ])("refuses changes, logins and upgrades from %s with 403, even with the token", async (_, headers) => {
    const before = commands.length;
    expect((await ask("/api/v1/commands/pause", { ...BEARER, ...headers }, "POST", "{}")).code).toBe(403);
    expect((await ask("/api/v1/stream", { ...BEARER, ...UPGRADE, ...headers })).code).toBe(403);
    expect((await login(TOKEN, headers)).code).toBe(403);
    expect(commands).toHaveLength(before);
  });

  it("refuses a cookie without an Origin of ours, and another site by its Sec-Fetch-Site", async () => {
    const cookie = cookieOf(await login(TOKEN));
    expect((await ask("/api/v1/commands/pause", { cookie }, "POST", "{}")).code).toBe(403);
    expect((await ask("/api/v1/stream", { cookie, ...UPGRADE })).code).toBe(403);
    expect(
      (await ask("/api/v1/commands/pause", { cookie, origin: origin(), "sec-fetch-site": "same-site" }, "POST", "{}")).code,
    ).toBe(403);
    expect(
      (await ask("/api/v1/commands/pause", { cookie, origin: origin(), "sec-fetch-site": "same-origin" }, "POST", "{}")).code,
    ).toBe(200);
    expect((await ask("/api/v1/stream", { cookie, origin: origin(), ...UPGRADE })).code).toBe(101);
  });

  it("locks logins for a quarter of an hour after five wrong tokens in a minute, and nobody out who is in", async () => {
    clock += 3_600_000;
    const inside = cookieOf(await login(TOKEN));
    for (let n = 0; n < 5; n++) expect((await login(WRONG)).code).toBe(401);
    expect((await login(TOKEN)).code).toBe(429);
    expect((await ask("/api/v1/status", { authorization: `Bearer ${WRONG}` })).code).toBe(429);
    expect((await ask("/api/v1/status", { cookie: inside })).code).toBe(200);
    expect((await ask("/api/v1/commands/halt", BEARER, "POST", "{}")).code).toBe(200);
    clock += 15 * 60_000 + 1;
    expect((await login(TOKEN)).code).toBe(200);
  });

  it("forgets failures that are more than a minute apart", async () => {
    for (let n = 0; n < 10; n++) {
      clock += 20_000;
      expect((await login(WRONG)).code).toBe(401);
    }
    expect((await login(TOKEN)).code).toBe(200);
  });

  it("will not start with a token of less than 256 bits", async () => {
    const weak = createWebServer({ readModel: model, token: "short", port: 0, command: () => Promise.resolve({ seq: 1 }) });
    await expect(weak).rejects.toThrow(/64 hex digits/);
  });
});

describe("requests that nobody means well", () => {
  it.each([
    "/../package.json",
    "/..%2f..%2fetc%2fpasswd",
    "/page/../server.ts",
    "/%2e%2e/server.ts",
    "/page.js%00",
    "//etc/passwd",
    "/page.css/",
    "/.git/config",
    "/server.ts",
  ])("find no file at %s", async (path) => {
    const { code, body } = await ask(path, BEARER);
    expect([400, 404]).toContain(code);
    expect(body).not.toMatch(/root:|import /);
  });

  it("are refused a body of more than 64 KiB, before the command sees it", async () => {
    const before = commands.length;
    expect((await ask("/api/v1/commands/pause", BEARER, "POST", JSON.stringify({ reason: "x".repeat(70_000) }))).code).toBe(413);
    expect(commands).toHaveLength(before);
  });

  it.each([
    ["no JSON", "{"],
    ["a prototype", '{"__proto__":{"reason":"x"}}'],
    ["another key", '{"reason":"x","by":"root"}'],
    ["a reason that is no text", '{"reason":7}'],
    ["a reason of two lines", '{"reason":"a\\nb"}'],
    ["a reason too long", JSON.stringify({ reason: "x".repeat(201) })],
    ["a list", "[]"],
    ["a thousand brackets", "[".repeat(1_000)],
  ])("get 400 for %s", async (_, body) => {
    const before = commands.length;
    expect((await ask("/api/v1/commands/pause", BEARER, "POST", body)).code).toBe(400);
    expect(commands).toHaveLength(before);
  });

  it("cannot post a form, or command with GET", async () => {
    const before = commands.length;
    expect(
      (
        await ask(
          "/api/v1/commands/pause",
          { ...BEARER, "content-type": "application/x-www-form-urlencoded" },
          "POST",
          "reason=x",
        )
      ).code,
    ).toBe(415);
    expect((await ask("/api/v1/commands/pause", BEARER)).code).toBe(404);
    expect(commands).toHaveLength(before);
  });

  it("get 431 for headers of more than 8 KiB", async () => {
    expect((await ask("/livez", { "x-long": "x".repeat(9_000) })).code).toBe(431);
  });

  it("cannot smuggle a second request by two lengths", async () => {
    const said = await new Promise<string>((resolve) => {
      const socket = connect(server.port, "127.0.0.1");
      let text = "";
      socket.on("data", (chunk) => {
        text += String(chunk);
      });
      socket.on("close", () => resolve(text));
      socket.write(
        `POST /api/v1/login HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /livez HTTP/1.1\r\n\r\n`,
      );
    });
    expect(said).toMatch(/^HTTP\/1\.1 400/);
  });

  it("are told no internals by an error", async () => {
    answer = () => Promise.reject(new Error("secret path /var/lib"));
    const { code, body } = await ask("/api/v1/commands/pause", BEARER, "POST", "{}");
    answer = () => Promise.resolve({ seq: 4711 });
    expect(code).toBe(500);
    expect(body).not.toContain("secret");
  });
});

describe("every answer", () => {
  it("forbids foreign scripts, frames, sniffing and caching, also when it is an error", async () => {
    for (const [path, headers] of [
      ["/", {}],
      ["/api/v1/status", BEARER],
      ["/api/v1/status", {}],
      ["/nowhere", BEARER],
      ["/", { host: "evil.example" }],
    ] as const) {
      const given = (await ask(path, headers)).headers;
      expect(given["content-security-policy"]).toContain("default-src 'none'");
      expect(given["content-security-policy"]).toContain("frame-ancestors 'none'");
      expect(given["content-security-policy"]).not.toContain("unsafe");
      expect(given["x-content-type-options"]).toBe("nosniff");
      expect(given["referrer-policy"]).toBe("no-referrer");
      expect(given["cross-origin-resource-policy"]).toBe("same-origin");
      expect(given["cache-control"]).toBe("no-store");
      expect(given["access-control-allow-origin"]).toBeUndefined();
    }
  });
});

describe("the page", () => {
  it("has no inline script or style, loads nothing from elsewhere and never parses markup from data", async () => {
    const html = (await ask("/")).body;
    expect(html).not.toMatch(/<script(?![^>]*\ssrc=)/);
    expect(html).not.toMatch(/<style|\sstyle=|\son[a-z]+=/);
    const linked = [...html.matchAll(/(?:src|href)="([^"#]+)"/g)].map(([, path]) => path!);
    const seen = new Set<string>();
    const queue = [...linked];
    while (queue.length > 0) {
      const path = queue.pop()!;
      if (seen.has(path)) continue;
      seen.add(path);
      const file = await ask(path);
      expect([path, file.code]).toEqual([path, 200]);
      expect(file.body).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|https?:\/\/(?!www\.w3\.org)/);
      if (path.endsWith(".js")) queue.push(...[...file.body.matchAll(/from "\.(\/[^"]+)"/g)].map(([, imported]) => imported!));
    }
    expect(seen.size).toBeGreaterThan(10);
  });
});

describe("commands", () => {
  it("reach the engine as audited inputs and answer with the step that recorded them", async () => {
    const { code, body } = await ask("/api/v1/commands/halt", BEARER, "POST", '{"reason":"  fire drill "}');
    expect([code, JSON.parse(body)]).toEqual([200, { seq: 4711 }]);
    expect(commands.at(-1)).toEqual({ type: "operator.halt", by: "operator", from: "api", reason: "fire drill" });
    await ask("/api/v1/commands/rearm", BEARER, "POST", '{"reason":"checked","scope":"orders"}');
    expect(commands.at(-1)).toEqual({ type: "operator.rearm", by: "operator", from: "api", reason: "checked", scope: "orders" });
  });

  it("want a reason for loosening and none for tightening", async () => {
    for (const [verb, code] of [
      ["pause", 200],
      ["halt", 200],
      ["resume", 400],
      ["rearm", 400],
    ] as const) {
      expect([verb, (await ask(`/api/v1/commands/${verb}`, BEARER, "POST", "{}")).code]).toEqual([verb, code]);
    }
  });

  it("say so when the engine does not take them", async () => {
    answer = () => Promise.resolve({ refused: "try later" });
    const { code, headers, body } = await ask("/api/v1/commands/pause", BEARER, "POST", "{}");
    answer = () => Promise.resolve({ seq: 4711 });
    expect([code, headers["retry-after"], JSON.parse(body)]).toEqual([503, "1", { error: "refused", message: "try later" }]);
  });
});

describe("a busy port", () => {
  it("gives way to the next free one, and the address says which", async () => {
    const second = await serving(server.port);
    try {
      expect(second.port).toBeGreaterThan(server.port);
      expect(second.url).toBe(`http://127.0.0.1:${second.port}/#token=${TOKEN}`);
      expect((await ask("/api/v1/status", BEARER, "GET", undefined, second.port)).code).toBe(200);
    } finally {
      await second.close();
    }
  });
});
