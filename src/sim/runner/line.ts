/**
 * The network between the engine and the gateway: an IbClient around a session of the broker, with latency, and with every way in
 * which a TCP connection can end.
 *
 * *Sent* is what left the process, *arrived* what the broker saw: between the two lies the latency, and a cut line loses what is
 * under way. What the engine is told comes after the latency too, in order. A killed process's last bytes still arrive, as its
 * kernel would send them.
 */

import type { Scheduler } from "../../ports/clock.ts";
import type { IbClient, IbEventName, IbEvents } from "../../ports/ib-client.ts";

/** One message at the engine's border: the name of a call or event, and its words. */
export type Words = readonly [name: string, ...words: readonly unknown[]];

export interface LineWitness {
  /** Left the engine. */
  sent(words: Words): void;
  /** Reached the engine. */
  heard(words: Words): void;
  /** The engine knows, or has itself decided, that this connection is over. Once. */
  ended(): void;
}

export interface LineOptions {
  readonly session: IbClient;
  /** The world's own: it goes on when the engine's process is gone. */
  readonly scheduler: Scheduler;
  readonly latencyMs: number;
  /** Nobody listens at the gateway's port when this line is opened. */
  readonly refused: boolean;
  readonly witness: LineWitness;
}

export interface Line {
  readonly client: IbClient;
  readonly open: boolean;
  /** The connection is reset: what is under way is lost, the engine hears of it, the broker too. */
  reset(): void;
  /** Half-open: nothing gets through any more, nobody is told; the broker gives up after `brokerMs`. */
  silence(brokerMs: number): void;
  /** The engine's process is gone; what it sent still arrives, then the connection closes. */
  abandon(): void;
}

const REQUESTS = [
  "reqIds",
  "reqCurrentTime",
  "reqMarketDataType",
  "reqPositions",
  "cancelPositions",
  "reqAccountSummary",
  "cancelAccountSummary",
  "reqContractDetails",
  "reqSecDefOptParams",
  "reqMktData",
  "cancelMktData",
  "reqHistoricalData",
  "cancelHistoricalData",
  "placeOrder",
  "cancelOrder",
  "reqGlobalCancel",
  "reqOpenOrders",
  "reqAllOpenOrders",
  "reqExecutions",
  "reqCompletedOrders",
] as const satisfies readonly (keyof IbClient)[];

export const EVENTS: readonly IbEventName[] = [
  "connected",
  "disconnected",
  "server",
  "info",
  "error",
  "managedAccounts",
  "nextValidId",
  "currentTime",
  "position",
  "positionEnd",
  "accountSummary",
  "accountSummaryEnd",
  "contractDetails",
  "contractDetailsEnd",
  "securityDefinitionOptionParameter",
  "securityDefinitionOptionParameterEnd",
  "historicalData",
  "marketDataType",
  "tickPrice",
  "tickSize",
  "tickString",
  "tickGeneric",
  "tickOptionComputation",
  "tickSnapshotEnd",
  "openOrder",
  "openOrderEnd",
  "orderStatus",
  "execDetails",
  "execDetailsEnd",
  "commissionReport",
  "completedOrder",
  "completedOrdersEnd",
];

type AnyListener = (...words: readonly unknown[]) => void;

export const createLine = ({ session, scheduler, latencyMs, refused, witness }: LineOptions): Line => {
  const listeners = new Map<string, AnyListener[]>();
  let inbound: { readonly at: number; readonly words: Words }[] = [];
  let flushing = false;
  /** `open`: both ways. `closing`: what was sent still arrives. `over`: nothing moves. */
  let state: "open" | "closing" | "over" = "open";
  let deaf = false;
  let silent = false;

  const end = (): void => {
    if (deaf) return;
    deaf = true;
    inbound = [];
    witness.ended();
  };
  const hangUp = (): void => {
    if (state === "over") return;
    state = "over";
    session.disconnect();
  };

  const flush = (): void => {
    flushing = false;
    while (!deaf && inbound.length > 0 && (inbound[0] as { at: number }).at <= scheduler.now()) {
      const { words } = inbound.shift() as { words: Words };
      const [name, ...rest] = words;
      witness.heard(words);
      const listening = [...(listeners.get(name) ?? [])];
      if (name === "disconnected") end();
      for (const listener of listening) listener(...rest);
    }
    schedule();
  };
  const schedule = (): void => {
    const first = inbound[0];
    if (flushing || deaf || first === undefined) return;
    flushing = true;
    scheduler.after(first.at - scheduler.now(), flush);
  };
  const tell = (words: Words): void => {
    if (deaf) return;
    inbound.push({ at: scheduler.now() + latencyMs, words });
    schedule();
  };

  for (const event of EVENTS) {
    const pass = (...words: readonly unknown[]): void => {
      if (!silent) tell([event, ...words]);
    };
    session.on(event, pass as unknown as (...words: IbEvents[typeof event]) => void);
  }

  const send = (words: Words, arrive: () => void): void => {
    if (deaf) return;
    witness.sent(words);
    if (refused || state !== "open") return;
    scheduler.after(latencyMs, () => {
      if (state !== "over" && !silent) arrive();
    });
  };
  /** Closes from the engine's side, after what it has sent. */
  const close = (): void => {
    if (state !== "open") return;
    state = "closing";
    if (!silent) scheduler.after(latencyMs, hangUp);
  };

  const requests = Object.fromEntries(
    REQUESTS.map((name) => [
      name,
      (...words: readonly unknown[]) => send([name, ...words], () => (session[name] as AnyListener)(...words)),
    ]),
  ) as unknown as Pick<IbClient, (typeof REQUESTS)[number]>;

  const client: IbClient = {
    ...requests,
    on: (event, listener) => {
      listeners.set(event, [...(listeners.get(event) ?? []), listener as unknown as AnyListener]);
    },
    removeAllListeners: () => listeners.clear(),
    connect: (clientId) => {
      if (!refused) return send(["connect", clientId], () => session.connect(clientId));
      witness.sent(["connect", clientId]);
      tell(["error", new Error("connect ECONNREFUSED"), 502, -1]);
      tell(["disconnected"]);
    },
    disconnect: () => {
      if (deaf) return;
      witness.sent(["disconnect"]);
      end();
      close();
    },
  };

  return {
    client,
    get open() {
      return state === "open" && !deaf;
    },
    reset: () => {
      if (state !== "open") return;
      inbound = [];
      hangUp();
      tell(["disconnected"]);
    },
    silence: (brokerMs) => {
      if (state !== "open") return;
      silent = true;
      inbound = [];
      scheduler.after(brokerMs, hangUp);
    },
    abandon: () => {
      end();
      close();
    },
  };
};
