/**
 * One client's connection, in process: it takes IBApi's calls and speaks IBApi's events.
 *
 * Nothing is ever said inside a call. Events are queued and delivered in order by the scheduler, as if they had crossed a
 * socket; what is queued when the connection ends is lost, as it would be. What requests mean is the front's business.
 */

import type { Scheduler } from "../../ports/clock.ts";
import type { IbClient, IbEventName, IbEvents } from "../../ports/ib-client.ts";

/** Somebody who can be told an event. */
export interface Listener {
  readonly clientId: number;
  tell<E extends IbEventName>(event: E, ...words: IbEvents[E]): void;
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
export interface Front extends Requests {
  /** False when the client id is taken: the session then answers 326 and closes. */
  login(from: Listener): boolean;
  welcome(from: Listener): void;
  logout(from: Listener): void;
  connectionTime(): string;
}

/** The newest version that the classic encoding has: what IBApi offers too. */
export const SERVER_VERSION = 193;

interface Said {
  readonly event: IbEventName;
  readonly words: readonly unknown[];
  readonly connection: number;
}
type AnyListener = (...words: readonly unknown[]) => void;

export const createSession = (front: Front, scheduler: Scheduler, trace: Trace | undefined): IbClient => {
  const listeners = new Map<IbEventName, AnyListener[]>();
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
  const say = (event: IbEventName, words: readonly unknown[]): void => {
    queue.push({ event, words, connection });
    schedule();
  };

  const close = (): void => {
    if (me === undefined) return;
    const leaving = me;
    me = undefined;
    connection++;
    front.logout(leaving);
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
        if (spokenIn === connection) say(event, words);
      },
      drop: () => {
        if (spokenIn === connection) close();
      },
    };
    say("connected", []);
    say("server", [SERVER_VERSION, front.connectionTime()]);
    if (!front.login(listener)) {
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
      else requests[name](me, ...words);
    };

  return {
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
