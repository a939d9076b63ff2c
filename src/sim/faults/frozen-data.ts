/**
 * Market data that stand still for a while: what would have been told is kept, the newest of each kind, and told when it is over.
 *
 * A broker sends ticks on change only: what a freeze simply dropped would never come again.
 */
import { IBApiTickType as Tick } from "@stoqey/ib";
import type { Listener, Pass } from "../broker/session.ts";
import type { GatewayEventName } from "../gateway-api.ts";

/** Events of subscriptions to prices, live or bar by bar. */
export const isMarketData = (event: string): boolean =>
  (event.startsWith("tick") && event !== "tickReqParams") || event === "realtimeBar" || event === "historicalDataUpdate";

/** Events that come one by one and do not replace each other. */
const EACH_COUNTS: ReadonlySet<string> = new Set(["tickByTickAllLast", "tickByTickBidAsk", "tickByTickMidPoint", "realtimeBar"]);

/** Prices that are told together with a size, and which. */
const SIZE_OF: ReadonlyMap<unknown, Tick> = new Map([
  [Tick.BID, Tick.BID_SIZE],
  [Tick.ASK, Tick.ASK_SIZE],
  [Tick.LAST, Tick.LAST_SIZE],
]);

interface Held {
  readonly event: GatewayEventName;
  readonly words: readonly unknown[];
  readonly pass: Pass<GatewayEventName>;
}

export interface FrozenData {
  hold(to: Listener, event: GatewayEventName, words: readonly unknown[], pass: Pass<GatewayEventName>): void;
  /** Forgets what was kept for a client, or for one of its requests. */
  forget(client: Listener, reqId?: unknown): void;
  /** Tells the newest of each kind. */
  release(): void;
}

const keyOf = (event: string, [reqId, field]: readonly unknown[]): string =>
  event === "tickSnapshotEnd" ? `${reqId}/${event}` : `${reqId}/${event}/${field}`;

export const createFrozenData = (): FrozenData => {
  const kept = new Map<Listener, Map<string, Held>>();
  return {
    hold: (to, event, words, pass) => {
      if (EACH_COUNTS.has(event)) return;
      const own = kept.get(to) ?? new Map<string, Held>();
      kept.set(to, own);
      own.set(keyOf(event, words), { event, words, pass });
    },
    forget: (client, reqId) => {
      if (reqId === undefined) kept.delete(client);
      for (const [key, { words }] of kept.get(client) ?? []) if (words[0] === reqId) kept.get(client)?.delete(key);
    },
    release: () => {
      for (const own of [...kept.values()]) {
        for (const [key, held] of own) {
          if (!own.delete(key)) continue;
          held.pass(held.event, held.words);
          const size = held.event === "tickPrice" ? SIZE_OF.get(held.words[1]) : undefined;
          const sizeKey = keyOf("tickSize", [held.words[0], size]);
          const paired = own.get(sizeKey);
          // A price and its size become one message only when they follow each other at once.
          if (size === undefined || paired === undefined) continue;
          own.delete(sizeKey);
          paired.pass(paired.event, paired.words);
        }
      }
      kept.clear();
    },
  };
};
