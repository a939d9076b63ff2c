/**
 * Whether IB's servers can be reached from the gateway: notices 1100, 1101 and 1102, and what they mean.
 *
 * While they cannot, clients stay connected and the world goes on without them: prices stand still, fills happen and nobody hears
 * of them, and what is asked waits at the gateway. Whatever the gateway knows by itself (ids, time, accounts) it still tells.
 */
import { OrderStatus } from "@stoqey/ib";
import { createFrozenData, isMarketData } from "../faults/frozen-data.ts";
import type { Filter, Filters, Listener } from "./session.ts";

export interface Outage {
  /**
   * Orders, their changes and cancels: `wait` at the gateway, are answered with PendingSubmit and wait (`pending`), or are `lost`.
   * All else that is asked waits.
   */
  readonly orders: "wait" | "pending" | "lost";
  /** What happened to orders meanwhile: told `late`, when the servers are back, or never unless asked for (`silent`). */
  readonly fills: "late" | "silent";
}
export interface Restoration {
  /** `lost` is 1101: all subscriptions are gone. `kept` is 1102: they go on. */
  readonly data: "kept" | "lost";
  /** Told that data were kept, they are dead all the same: until a line is asked for anew, it says nothing. */
  readonly dead?: boolean;
}

export interface Connectivity {
  readonly lost: boolean;
  /** Tells 1100; when it is lost already, tells it again, as the real gateway does. */
  lose(outage: Outage): void;
  /** Nothing if it was not lost. */
  restore(restoration: Restoration): void;
  /** A client that looks at the broker's books from the side is not affected. */
  exempt(clientId: number): void;
}

const LOST = "Connectivity between IBKR and Trader Workstation has been lost.";
const RESTORED = "Connectivity between IBKR and Trader Workstation has been restored";

/** What a gateway tells and answers by itself. */
const OWN_EVENTS: ReadonlySet<string> = new Set(["managedAccounts", "nextValidId", "currentTime", "info"]);
const OWN_REQUESTS: ReadonlySet<string> = new Set(["reqIds", "reqCurrentTime", "reqManagedAccts", "reqMarketDataType"]);
const ORDER_REQUESTS: ReadonlySet<string> = new Set(["placeOrder", "cancelOrder", "reqGlobalCancel", "exerciseOptions"]);

export const createConnectivity = (
  filters: Filters,
  clients: () => readonly Listener[],
  unsubscribe: (client: Listener) => void,
): Connectivity => {
  const exempt = new Set<number>();
  let outage: Outage | undefined;
  let takeAway = (): void => {};
  let questions: { readonly from: Listener; readonly arrive: () => void }[] = [];
  let news: { readonly to: Listener; readonly tell: () => void }[] = [];
  const frozen = createFrozenData();
  /** Who has been told that they are lost. */
  const warned = new Set<Listener>();

  const here = (): readonly Listener[] => clients().filter(({ clientId }) => !exempt.has(clientId));

  const pending = (from: Listener, [orderId, , order]: readonly unknown[]): void => {
    const { totalQuantity = 0, whatIf } = order as { readonly totalQuantity?: number; readonly whatIf?: boolean };
    if (whatIf) return;
    from.tell("orderStatus", orderId as number, OrderStatus.PendingSubmit, 0, totalQuantity, 0, 0, 0, 0, from.clientId, "", 0);
  };

  const away: Filter = {
    told: (to, event, words, pass) => {
      // The one status that is the gateway's own.
      const own = OWN_EVENTS.has(event) || (event === "orderStatus" && words[1] === OrderStatus.PendingSubmit);
      if (own || exempt.has(to.clientId)) {
        pass(event, words);
        // Whoever logs in now is told at once.
        if (event !== "nextValidId" || exempt.has(to.clientId) || warned.has(to)) return;
        warned.add(to);
        pass("info", [LOST, 1100]);
      } else if (isMarketData(event)) frozen.hold(to, event, words, pass);
      else if (outage?.fills === "late") news.push({ to, tell: () => pass(event, words) });
    },
    asked: (from, name, words, pass) => {
      if (OWN_REQUESTS.has(name) || exempt.has(from.clientId)) return pass(name, words);
      if (ORDER_REQUESTS.has(name) && outage?.orders === "lost") return;
      if (name === "placeOrder" && outage?.orders === "pending") pending(from, words);
      questions.push({ from, arrive: () => pass(name, words) });
    },
    left: (who) => {
      frozen.forget(who);
      news = news.filter(({ to }) => to !== who);
      questions = questions.filter(({ from }) => from !== who);
    },
  };

  /** Lines that were open when the data died, and were not asked for since. */
  const die = (): void => {
    const dead = new Map(here().map((client) => [client, new Set<unknown>()]));
    const remove = filters.add({
      told: (to, event, words, pass) => {
        if (!isMarketData(event) || dead.get(to)?.has(words[0]) !== false) pass(event, words);
      },
      asked: (from, name, words, pass) => {
        if (name === "reqMktData" || name === "cancelMktData") dead.get(from)?.add(words[0]);
        pass(name, words);
      },
      left: (who) => {
        dead.delete(who);
        if (dead.size === 0) remove();
      },
    });
  };

  return {
    get lost() {
      return outage !== undefined;
    },
    lose: (how) => {
      for (const client of here()) {
        warned.add(client);
        client.tell("info", LOST, 1100);
      }
      if (outage === undefined) takeAway = filters.add(away);
      outage = how;
    },
    restore: ({ data, dead = false }) => {
      if (outage === undefined) return;
      outage = undefined;
      warned.clear();
      takeAway();
      if (data === "lost") {
        for (const client of here()) {
          frozen.forget(client);
          unsubscribe(client);
        }
      } else if (dead) {
        for (const client of here()) frozen.forget(client);
        die();
      }
      const [text, code] =
        data === "lost"
          ? [`${RESTORED} - data lost.`, 1101]
          : [`${RESTORED} - data maintained. All data farms are connected: usfarm; ushmds; secdefnj.`, 1102];
      for (const client of here()) client.tell("info", text, code);
      frozen.release();
      for (const { tell } of news.splice(0)) tell();
      for (const { arrive } of questions.splice(0)) arrive();
    },
    exempt: (clientId) => void exempt.add(clientId),
  };
};
