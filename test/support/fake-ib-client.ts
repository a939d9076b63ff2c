/** An IB client without a socket: it remembers what it was asked, and says what the test lets it say. Calls answer nothing by themselves. */
import type { IbClient, IbEventName, IbEvents } from "../../src/ports/ib-client.ts";

type Method = Exclude<keyof IbClient, "on" | "removeAllListeners">;
type Listener = (...args: unknown[]) => void;

export interface FakeIbClient extends IbClient {
  readonly asked: readonly (readonly [Method, ...unknown[]])[];
  readonly listeners: ReadonlyMap<string, readonly Listener[]>;
  say<E extends IbEventName>(event: E, ...args: IbEvents[E]): void;
  /** What connects and is identified at once. */
  login(nextOrderId?: number): void;
  calls(method: Method): readonly (readonly unknown[])[];
  /** Called at each call of the client's, before it returns. */
  onCall: (method: Method, args: readonly unknown[]) => void;
}

export const fakeIbClient = (): FakeIbClient => {
  const asked: [Method, ...unknown[]][] = [];
  const listeners = new Map<string, Listener[]>();
  const own = {
    asked,
    listeners,
    onCall: () => {},
    on: (event: string, listener: Listener) => void listeners.set(event, [...(listeners.get(event) ?? []), listener]),
    removeAllListeners: () => listeners.clear(),
    say: (event: string, ...args: unknown[]) => {
      for (const listener of [...(listeners.get(event) ?? [])]) listener(...args);
    },
    login: (nextOrderId = 100) => {
      own.say("server", 193, "20261120 11:00:00 EST");
      own.say("managedAccounts", "DU1000001,DU1000002,");
      own.say("nextValidId", nextOrderId);
    },
    calls: (method: Method) => asked.filter(([name]) => name === method).map(([, ...args]) => args),
  };
  // Every other property is a method of IBApi's that is only written down.
  return new Proxy(own, {
    get: (target, name, receiver) => {
      if (name in target || typeof name !== "string") return Reflect.get(target, name, receiver);
      if (!/^(req|cancel|place|connect$|disconnect$)/.test(name)) return undefined;
      return (...args: unknown[]) => {
        asked.push([name as Method, ...args]);
        (target as unknown as FakeIbClient).onCall(name as Method, args);
      };
    },
  }) as unknown as FakeIbClient;
};
