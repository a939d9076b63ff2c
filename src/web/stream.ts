/**
 * What the page sees, pushed: the whole first, then at most five times a second whatever changed since, coalesced. A part is always
 * sent whole (the equity line: its new end), so a client that is slow misses frames and no facts.
 *
 *   {n, seq, type: "snapshot" | "update", parts: {status, positions, …}}     n counts per connection: a gap means reload
 */
import type { ActorView } from "../projections/actors.ts";
import type { ChangedAt, ReadModel } from "../projections/read-model.ts";

/** As much of a WebSocket as we use. */
export interface Reader {
  send(text: string): void;
  close(code: number, reason: string): void;
  terminate(): void;
  readonly bufferedAmount: number;
  on(event: "close" | "error" | "message", listener: () => void): unknown;
}

export const UPDATE_EVERY_MS = 200;
/** A quiet engine says so at least this often, so that a dead line is told from a quiet one. */
const PULSE_EVERY_TICKS = 10;
/** A client that has not taken this much is skipped until it has. */
const BUFFER_LIMIT = 1 << 20;
const ORDERS_SHOWN = 60;
const DECISIONS_SHOWN = 40;
const SENTENCES_SHOWN = 120;
const TRADES_SHOWN = 50;
const ORDER_ACTORS_SHOWN = 24;
const ALERTS_SHOWN = 100;

type Part = Exclude<keyof ChangedAt, "equity">;
const PARTS: { readonly [P in Part]: (model: ReadModel) => unknown } = {
  actors: ({ actors }) => ({ ...actors, count: actors.actors.length, actors: actorsShown(actors.actors) }),
  positions: ({ positions }) => positions,
  orders: (model) => ({ orders: model.newestOrders(ORDERS_SHOWN) }),
  decisions: ({ decisions: { decisions, funnels } }) => ({ decisions: decisions.slice(0, DECISIONS_SHOWN), funnels }),
  trades: ({ trades }) => ({ ...trades, trades: trades.trades.slice(0, TRADES_SHOWN) }),
  futures: ({ futures }) => futures,
  alerts: ({ alerts }) => ({ ...alerts, alerts: alerts.alerts.slice(0, ALERTS_SHOWN) }),
  notices: ({ notices }) => notices.slice(0, 30),
  story: ({ story }) => story.slice(-SENTENCES_SHOWN),
};

/** Orders stay among the living until their day is archived, and alerts until they are forgotten: of theirs, the newest. */
const actorsShown = (actors: readonly ActorView[]): readonly ActorView[] => {
  const dropped = new Set(
    ["order", "alert"].flatMap((kind) => {
      const those = actors.filter(({ machine }) => machine === kind);
      return those.toSorted((a, b) => b.sinceSeq - a.sinceSeq).slice(ORDER_ACTORS_SHOWN);
    }),
  );
  return actors.filter((actor) => !dropped.has(actor));
};

interface Client {
  readonly socket: Reader;
  n: number;
  quietTicks: number;
  seq: number;
  points: number;
  generation: number;
}

export class Stream {
  readonly #model: ReadModel;
  readonly #clients = new Set<Client>();
  #timer: NodeJS.Timeout | undefined;

  constructor(model: ReadModel) {
    this.#model = model;
  }

  join(socket: Reader): void {
    const client: Client = { socket, n: 0, quietTicks: 0, seq: -1, points: 0, generation: -1 };
    const leave = (): void => {
      this.#clients.delete(client);
      if (this.#clients.size === 0) this.#rest();
    };
    socket.on("close", leave);
    socket.on("error", leave);
    // The page has nothing to say here; commands are requests of their own.
    socket.on("message", () => socket.close(1008, "this stream only speaks"));
    this.#clients.add(client);
    this.#send(client);
    this.#timer ??= setInterval(() => this.#tick(), UPDATE_EVERY_MS).unref();
  }

  close(): void {
    this.#rest();
    for (const { socket } of this.#clients) {
      socket.close(1001, "the engine stops");
      // Who does not answer the closing handshake must not hold the process.
      setTimeout(() => socket.terminate(), 500).unref();
    }
    this.#clients.clear();
  }

  #rest(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    for (const client of this.#clients) {
      const quiet = client.seq === this.#model.seq && ++client.quietTicks < PULSE_EVERY_TICKS;
      if (!quiet && client.socket.bufferedAmount < BUFFER_LIMIT) this.#send(client);
    }
  }

  #send(client: Client): void {
    const model = this.#model;
    const { changedAt } = model;
    const first = client.n === 0;
    const parts: Record<string, unknown> = { status: model.status };
    for (const part of Object.keys(PARTS) as Part[]) {
      if (first || changedAt[part] > client.seq) parts[part] = PARTS[part](model);
    }
    if (first || changedAt.equity > client.seq) parts["equity"] = this.#equityFor(client);
    client.seq = model.seq;
    client.n++;
    client.quietTicks = 0;
    client.socket.send(JSON.stringify({ n: client.n, seq: model.seq, type: first ? "snapshot" : "update", parts }));
  }

  /** The whole line first and after a thinning, then only its new end. */
  #equityFor(client: Client): object {
    const { points, generation, ...rest } = this.#model.equity;
    const afresh = client.generation !== generation;
    const sent = afresh ? 0 : client.points;
    client.generation = generation;
    client.points = points.length;
    return { ...rest, afresh, points: points.slice(sent).map(({ at, equity }) => [at, equity]) };
  }
}
