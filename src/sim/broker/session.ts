/**
 * One client's connection, in process: it takes IBApi's calls and speaks IBApi's events.
 *
 * Nothing is ever said inside a call. Events are queued and delivered in order by the scheduler, as if they had crossed a
 * socket; what is queued when the connection ends is lost, as it would be. What requests mean is the front's business.
 */

import { assert } from "../../domain/assert.ts";
import type { Scheduler } from "../../ports/clock.ts";
import type { IbClient } from "../../ports/ib-client.ts";
import {
  type GatewayClient,
  type GatewayEventName,
  type GatewayEvents,
  MORE_REQUESTS,
  type MoreRequests,
} from "../gateway-api.ts";

/** Somebody who can be told an event. */
export interface Listener {
  readonly clientId: number;
  tell<E extends GatewayEventName>(event: E, ...words: GatewayEvents[E]): void;
  /** Closes the connection from the gateway's side, as a restart does. */
  drop(): void;
}

/** One call of a client (`in`) or one event as it is delivered (`out`): a name and its arguments. */
export type Trace = (
  direction: "in" | "out",
  clientId: number,
  what: readonly [name: string, ...words: readonly unknown[]],
) => void;

type Asked = Omit<IbClient, "on" | "removeAllListeners" | "connect" | "disconnect">;
/** What the broker does with each request: IbClient's words, with who asks in front. */
type Requests = {
  readonly [Name in keyof Asked]: (from: Listener, ...words: Parameters<Asked[Name]>) => void;
};
/** Requests beyond IbClient's, the same way. */
export type FurtherRequests = {
  readonly [Name in keyof MoreRequests]: (from: Listener, ...words: Parameters<MoreRequests[Name]>) => void;
};
export interface Front extends Requests {
  readonly further: Partial<FurtherRequests>;
  /** False when the client id is taken: the session then answers 326 and closes. */
  login(from: Listener): boolean;
  welcome(from: Listener): void;
  logout(from: Listener): void;
  connectionTime(): string;
}

/**
 * Stands between the clients and the broker, and may lose, hold, change or add words either way: what faults are made of. `pass`
 * hands on to the next filter, and in the end to the broker or the client; it may be called later, often, or never.
 */
export interface Filter {
  /** A request on its way to the broker. */
  asked?(from: Listener, name: string, words: readonly unknown[], pass: Pass): void;
  /** An event on its way to a client. */
  told?(to: Listener, event: GatewayEventName, words: readonly unknown[], pass: Pass<GatewayEventName>): void;
  /** Somebody wants to log in: `taken` answers 326, `refused` as if nobody listened; undefined lets the broker decide. */
  login?(clientId: number): "taken" | "refused" | undefined;
  /** A connection has ended, from whichever side. */
  left?(who: Listener): void;
  /** Market time has moved, and the broker has said what that brings. */
  advance?(): void;
}
export type Pass<Name extends string = string> = (name: Name, words: readonly unknown[]) => void;

/** The filters in force. Events meet them in the order in which they were added, requests the other way. */
export interface Filters {
  readonly all: readonly Filter[];
  readonly telling: readonly Filter[];
  readonly asking: readonly Filter[];
  /** Returns how to take it away again. */
  add(filter: Filter): () => void;
}
export const createFilters = (): Filters => {
  const filters = {
    all: [] as readonly Filter[],
    telling: [] as readonly Filter[],
    asking: [] as readonly Filter[],
    add: (filter: Filter) => {
      stand([...filters.all, filter]);
      return () => stand(filters.all.filter((other) => other !== filter));
    },
  };
  const stand = (all: readonly Filter[]): void => {
    filters.all = all;
    filters.telling = all.filter(({ told }) => told !== undefined);
    filters.asking = all.filter(({ asked }) => asked !== undefined).reverse();
  };
  return filters;
};

/** Hands words on past the filters as they stand now: one that goes while words are held back does not lose its neighbours. */
const passAlong = <Name extends string>(
  filters: readonly Filter[],
  through: (filter: Filter, name: Name, words: readonly unknown[], pass: Pass<Name>) => void,
  arrive: Pass<Name>,
): Pass<Name> => {
  const from =
    (index: number): Pass<Name> =>
    (name, words) => {
      const filter = filters[index];
      if (filter === undefined) arrive(name, words);
      else through(filter, name, words, from(index + 1));
    };
  return from(0);
};

/** The newest version that the classic encoding has: what IBApi offers too. */
export const SERVER_VERSION = 193;

/** The broker's answer to a request by name. */
export const answer = (front: Front, from: Listener, name: string, words: readonly unknown[]): void => {
  type Replies = Readonly<Record<string, ((from: Listener, ...words: readonly unknown[]) => void) | undefined>>;
  const reply = (front.further as unknown as Replies)[name] ?? (front as unknown as Replies)[name];
  assert(reply !== undefined, `the broker answers ${name}`);
  reply(from, ...words);
};

interface Said {
  readonly event: GatewayEventName;
  readonly words: readonly unknown[];
  readonly connection: number;
}
type AnyListener = (...words: readonly unknown[]) => void;

export const createSession = (
  front: Front,
  scheduler: Scheduler,
  trace: Trace | undefined,
  filters: Filters = createFilters(),
): GatewayClient => {
  const listeners = new Map<GatewayEventName, AnyListener[]>();
  let queue: Said[] = [];
  let scheduled = false;
  /** Counts connections, so that words of an ended one are not delivered into the next. */
  let connection = 0;
  let me: Listener | undefined;
  let lastId = 0;

  const requests: Requests = front;

  const schedule = (): void => {
    if (scheduled || queue.length === 0) return;
    scheduled = true;
    scheduler.after(0, deliver);
  };
  const deliver = (): void => {
    scheduled = false;
    const batch = queue;
    queue = [];
    let next = 0;
    try {
      while (next < batch.length) {
        const { event, words, connection: spokenIn } = batch[next++] as Said;
        if (spokenIn !== connection && event !== "disconnected") continue;
        trace?.("out", lastId, [event, ...words]);
        for (const listener of [...(listeners.get(event) ?? [])]) listener(...words);
      }
    } finally {
      // A listener that throws loses nothing but its own event.
      queue = [...batch.slice(next), ...queue];
      schedule();
    }
  };
  const say = (event: GatewayEventName, words: readonly unknown[]): void => {
    queue.push({ event, words, connection });
    schedule();
  };

  const close = (): void => {
    if (me === undefined) return;
    const leaving = me;
    me = undefined;
    connection++;
    front.logout(leaving);
    for (const filter of filters.all) filter.left?.(leaving);
    say("disconnected", []);
  };

  const connect = (clientId = 0): void => {
    trace?.("in", clientId, ["connect", clientId]);
    if (me !== undefined) {
      say("info", ["Already connected.", 501]);
      return;
    }
    connection++;
    lastId = clientId;
    const spokenIn = connection;
    const listener: Listener = {
      clientId,
      tell: (event, ...words) => {
        if (spokenIn !== connection) return;
        if (filters.telling.length === 0) return say(event, words);
        passAlong<GatewayEventName>(
          filters.telling,
          (filter, ...what) => filter.told?.(listener, ...what),
          (told, sayings) => {
            if (spokenIn === connection) say(told, sayings);
          },
        )(event, words);
      },
      drop: () => {
        if (spokenIn === connection) close();
      },
    };
    const barred = filters.all.map((filter) => filter.login?.(clientId)).find((bar) => bar !== undefined);
    if (barred === "refused") {
      say("error", [new Error("Couldn't connect to the simulated gateway: it is away"), 502, -1]);
      say("disconnected", []);
      return;
    }
    say("connected", []);
    say("server", [SERVER_VERSION, front.connectionTime()]);
    if (barred === "taken" || !front.login(listener)) {
      say("info", ["Unable to connect as the client id is already in use. Retry with a unique client id.", 326]);
      say("disconnected", []);
      return;
    }
    me = listener;
    front.welcome(listener);
  };

  const asked =
    <Name extends keyof Asked>(name: Name) =>
    (...words: Parameters<Asked[Name]>): void => {
      trace?.("in", lastId, [name, ...words]);
      if (me === undefined) say("error", [new Error("Not connected"), 504, -1]);
      else if (filters.asking.length === 0) requests[name](me, ...words);
      else ask(me, name, words);
    };
  const ask = (from: Listener, name: string, words: readonly unknown[]): void =>
    passAlong<string>(
      filters.asking,
      (filter, ...what) => filter.asked?.(from, ...what),
      (asked, sayings) => {
        if (me === from) answer(front, from, asked, sayings);
      },
    )(name, words);

  const further = Object.fromEntries(
    MORE_REQUESTS.map((name) => [
      name,
      (...words: readonly unknown[]): void => {
        trace?.("in", lastId, [name, ...words]);
        if (me === undefined) say("error", [new Error("Not connected"), 504, -1]);
        else if (filters.asking.length === 0) answer(front, me, name, words);
        else ask(me, name, words);
      },
    ]),
  ) as unknown as MoreRequests;

  return {
    ...further,
    on: (event, listener) => {
      const known = listeners.get(event) ?? [];
      listeners.set(event, [...known, listener as unknown as AnyListener]);
    },
    removeAllListeners: () => listeners.clear(),
    connect,
    disconnect: () => {
      trace?.("in", lastId, ["disconnect"]);
      close();
    },
    reqIds: asked("reqIds"),
    reqCurrentTime: asked("reqCurrentTime"),
    reqMarketDataType: asked("reqMarketDataType"),
    reqPositions: asked("reqPositions"),
    cancelPositions: asked("cancelPositions"),
    reqAccountSummary: asked("reqAccountSummary"),
    cancelAccountSummary: asked("cancelAccountSummary"),
    reqContractDetails: asked("reqContractDetails"),
    reqSecDefOptParams: asked("reqSecDefOptParams"),
    reqMktData: asked("reqMktData"),
    cancelMktData: asked("cancelMktData"),
    reqHistoricalData: asked("reqHistoricalData"),
    cancelHistoricalData: asked("cancelHistoricalData"),
    placeOrder: asked("placeOrder"),
    cancelOrder: asked("cancelOrder"),
    reqGlobalCancel: asked("reqGlobalCancel"),
    reqOpenOrders: asked("reqOpenOrders"),
    reqAllOpenOrders: asked("reqAllOpenOrders"),
    reqExecutions: asked("reqExecutions"),
    reqCompletedOrders: asked("reqCompletedOrders"),
  };
};
