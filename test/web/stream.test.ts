import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createReadModel } from "../../src/projections/read-model.ts";
import { createWebServer } from "../../src/web/server.ts";
import { type Reader, Stream, UPDATE_EVERY_MS } from "../../src/web/stream.ts";
import { scriptedDay } from "../support/scripted-day.ts";

interface Frame {
  readonly n: number;
  readonly seq: number;
  readonly type: string;
  readonly parts: Record<string, unknown> & {
    readonly equity?: { readonly afresh: boolean; readonly points: readonly [number, number][] };
  };
}
class Listener implements Reader {
  readonly frames: Frame[] = [];
  readonly #heard = new Map<string, () => void>();
  bufferedAmount = 0;
  closed: number | undefined;
  send(text: string): void {
    this.frames.push(JSON.parse(text) as Frame);
  }
  close(code: number): void {
    this.closed = code;
  }
  terminate(): void {}
  on(event: string, listener: () => void): void {
    this.#heard.set(event, listener);
  }
  say(event: "close" | "message"): void {
    this.#heard.get(event)?.();
  }
}

const steps = scriptedDay();
beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** A day fed in bursts of random-looking sizes, with a tick after each. */
const listened = (
  burst: (n: number) => number,
): { readonly listener: Listener; readonly model: ReturnType<typeof createReadModel> } => {
  const model = createReadModel();
  const stream = new Stream(model);
  const listener = new Listener();
  let at = 0;
  const feed = (count: number): void => {
    for (const step of steps.slice(at, at + count)) model.apply(step);
    at += count;
  };
  feed(30);
  stream.join(listener);
  for (let n = 1; at < steps.length; n++) {
    feed(burst(n));
    vi.advanceTimersByTime(UPDATE_EVERY_MS);
  }
  stream.close();
  return { listener, model };
};

describe("the stream", () => {
  it("begins with the whole and leaves its reader with what the read model holds, whatever the bursts", () => {
    for (const burst of [() => 1, () => 7, (n: number) => (n % 5) * 11 + 1, () => 1_000]) {
      const { listener, model } = listened(burst);
      expect(listener.frames[0]!.type).toBe("snapshot");
      const parts: Record<string, unknown> = {};
      let points: (readonly [number, number])[] = [];
      for (const frame of listener.frames) {
        Object.assign(parts, frame.parts);
        const { equity } = frame.parts;
        if (equity !== undefined) points = equity.afresh ? [...equity.points] : [...points, ...equity.points];
      }
      const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
      expect(parts["status"]).toEqual(plain(model.status));
      expect(parts["positions"]).toEqual(plain(model.positions));
      expect(parts["actors"]).toEqual(plain({ ...model.actors, count: model.actors.actors.length }));
      expect(parts["orders"]).toEqual(plain({ orders: model.newestOrders(60) }));
      expect(parts["story"]).toEqual(plain(model.story.slice(-120)));
      expect(points).toEqual(model.equity.points.map(({ at, equity }) => [at, equity]));
    }
  });

  it("numbers its frames without a gap and says at most five things a second", () => {
    const { listener } = listened(() => 20);
    expect(listener.frames.map(({ n }) => n)).toEqual(listener.frames.map((_, index) => index + 1));
    expect(UPDATE_EVERY_MS).toBeGreaterThanOrEqual(200);
  });

  it("sends a quiet reader nothing but a pulse each two seconds, without the parts that stand", () => {
    const model = createReadModel();
    for (const step of steps) model.apply(step);
    const stream = new Stream(model);
    const listener = new Listener();
    stream.join(listener);
    vi.advanceTimersByTime(10_000);
    expect(listener.frames).toHaveLength(6);
    for (const frame of listener.frames.slice(1)) expect(Object.keys(frame.parts)).toEqual(["status"]);
    stream.close();
  });

  it("skips a reader that does not take what it was sent, and catches it up later", () => {
    const model = createReadModel();
    const stream = new Stream(model);
    const listener = new Listener();
    stream.join(listener);
    listener.bufferedAmount = 2 << 20;
    for (const step of steps) model.apply(step);
    vi.advanceTimersByTime(5_000);
    expect(listener.frames).toHaveLength(1);
    listener.bufferedAmount = 0;
    vi.advanceTimersByTime(UPDATE_EVERY_MS);
    expect(listener.frames[1]).toMatchObject({ n: 2, seq: model.seq });
    stream.close();
  });

  it("closes on a reader that speaks, and rests when nobody listens", () => {
    const stream = new Stream(createReadModel());
    const listener = new Listener();
    stream.join(listener);
    listener.say("message");
    expect(listener.closed).toBe(1008);
    listener.say("close");
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("a real WebSocket", () => {
  it("gets the snapshot over the wire and is closed when the server closes", async () => {
    vi.useRealTimers();
    const model = createReadModel();
    for (const step of steps) model.apply(step);
    const token = "a".repeat(64);
    const server = await createWebServer({ readModel: model, token, port: 0, command: () => Promise.resolve({ seq: 1 }) });
    const Client = WebSocket as unknown as new (url: string, options: { headers: Record<string, string> }) => WebSocket;
    const socket = new Client(`ws://127.0.0.1:${server.port}/api/v1/stream`, { headers: { authorization: `Bearer ${token}` } });
    const first = await new Promise<Frame>((resolve, reject) => {
      socket.addEventListener("message", ({ data }) => resolve(JSON.parse(String(data)) as Frame), { once: true });
      socket.addEventListener("error", () => reject(new Error("no stream")), { once: true });
    });
    expect(first).toMatchObject({ n: 1, seq: model.seq, type: "snapshot" });
    const closed = new Promise((resolve) => {
      socket.addEventListener("close", resolve, { once: true });
    });
    await server.close();
    await closed;
  });
});
