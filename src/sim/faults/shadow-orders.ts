/**
 * Orders that live beside another one under the same client and order id: what a change leaves behind when the old order was not
 * replaced. At the broker each belongs to a client of its own; whatever is said of it is said under the ids of the first.
 */
import type { Contract as IbContract, Execution as IbExecution, Order as IbOrder, OrderState } from "@stoqey/ib";
import type { Broker } from "../broker/broker.ts";
import type { Listener } from "../broker/session.ts";
import type { GatewayEventName, GatewayEvents } from "../gateway-api.ts";

/** A live order of a client as openOrder tells it, asked behind the client's back; undefined when it has none of this id. */
export const lookUp = (
  broker: Broker,
  { clientId }: Listener,
  orderId: number,
): { readonly words: GatewayEvents["openOrder"] } | undefined => {
  const live = broker
    .truth()
    .accounts.some(({ openOrders }) => openOrders.some((order) => order.clientId === clientId && order.orderId === orderId));
  if (!live) return undefined;
  let found: GatewayEvents["openOrder"] | undefined;
  const ear: Listener = {
    clientId,
    tell: (event, ...words) => {
      const told = words as unknown as GatewayEvents["openOrder"];
      if (event === "openOrder" && told[0] === orderId && told[2].clientId === clientId) found = told;
    },
    drop: () => undefined,
  };
  broker.ask(ear, "reqAllOpenOrders", []);
  return found === undefined ? undefined : { words: found };
};

interface Shadow {
  /** The ids that the world knows it by. */
  readonly of: { readonly clientId: number; readonly orderId: number };
  readonly listener: Listener;
  readonly orderId: number;
  readonly cancel: "both" | "newest";
}

/** Client ids that no client has. */
export const FIRST_CLIENT_ID = 900_000_000;

export interface ShadowOrders {
  /** Places a change as an order of its own. A cancel of the id reaches both, or the shadow alone. */
  place(from: Listener, words: readonly [orderId: number, contract: IbContract, order: IbOrder], cancel: "both" | "newest"): void;
}

const known = new WeakMap<Broker, ShadowOrders>();

/** The shadow orders of a broker; made when they are first needed. */
export const shadowOrders = (broker: Broker): ShadowOrders => {
  const made = known.get(broker) ?? createShadowOrders(broker);
  known.set(broker, made);
  return made;
};

const createShadowOrders = (broker: Broker): ShadowOrders => {
  const byClient = new Map<number, Shadow>();
  const owner = (clientId: number): Listener | undefined => broker.clients().find((client) => client.clientId === clientId);

  /** Words about a shadow, under the ids that the world knows. */
  const asKnown = (event: GatewayEventName, words: readonly unknown[]): readonly unknown[] => {
    const rename = <Thing extends { clientId?: number; orderId?: number }>(thing: Thing): Thing => {
      const shadow = byClient.get(thing.clientId ?? -1);
      return shadow === undefined ? thing : { ...thing, ...shadow.of };
    };
    if (event === "openOrder") {
      const [, contract, order, state] = words as [number, IbContract, IbOrder, OrderState];
      const named = rename(order);
      return [named.orderId, contract, named, state];
    }
    if (event === "execDetails") {
      const [reqId, contract, execution] = words as [number, IbContract, IbExecution];
      return [reqId, contract, rename(execution)];
    }
    if (event === "orderStatus") {
      const shadow = byClient.get(words[8] as number);
      if (shadow === undefined) return words;
      return [shadow.of.orderId, ...words.slice(1, 8), shadow.of.clientId, ...words.slice(9)];
    }
    return words;
  };

  const earOf = (clientId: number): Listener => ({
    clientId,
    tell: (event, ...words) => {
      const shadow = byClient.get(clientId);
      if (shadow === undefined) return;
      const to = owner(shadow.of.clientId);
      if (event === "openOrder" || event === "orderStatus" || event === "execDetails")
        to?.tell(event, ...(asKnown(event, words) as never));
      else if (event === "error") {
        const [error, code] = words as unknown as GatewayEvents["error"];
        to?.tell("error", error, code, shadow.of.orderId);
      }
    },
    drop: () => undefined,
  });

  broker.filter({
    told: (_to, event, words, pass) => pass(event, asKnown(event, words)),
    asked: (from, name, words, pass) => {
      const own = [...byClient.values()].filter(({ of }) => of.clientId === from.clientId);
      if (own.length === 0) return pass(name, words);
      if (name === "reqOpenOrders") {
        // Its own come first, so that the end marker stays the last word.
        for (const { listener } of own) tellLive(listener, from);
        return pass(name, words);
      }
      if (name !== "cancelOrder" && name !== "placeOrder") return pass(name, words);
      const shadow = own.findLast(({ of }) => of.orderId === words[0] && isLive(of.orderId, from.clientId));
      if (shadow === undefined) return pass(name, words);
      broker.ask(shadow.listener, name, [shadow.orderId, ...words.slice(1)]);
      if (name === "cancelOrder" && shadow.cancel === "both") pass(name, words);
    },
  });

  const liveOrders = () => broker.truth().accounts.flatMap(({ openOrders }) => openOrders);
  const isLive = (orderId: number, clientId: number): boolean => {
    const shadow = [...byClient.values()].findLast(({ of }) => of.orderId === orderId && of.clientId === clientId);
    return shadow !== undefined && liveOrders().some((order) => order.clientId === shadow.listener.clientId);
  };
  const tellLive = (listener: Listener, to: Listener): void => {
    const ear: Listener = {
      ...listener,
      tell: (event, ...words) => {
        if (event === "openOrder" || event === "orderStatus") to.tell(event, ...(asKnown(event, words) as never));
      },
    };
    broker.ask(ear, "reqOpenOrders", []);
  };

  return {
    place: (from, [orderId, contract, order], cancel) => {
      const clientId = FIRST_CLIENT_ID + byClient.size;
      const listener = earOf(clientId);
      byClient.set(clientId, { of: { clientId: from.clientId, orderId }, listener, orderId: 1, cancel });
      broker.ask(listener, "login", []);
      broker.ask(listener, "placeOrder", [1, contract, order]);
    },
  };
};
