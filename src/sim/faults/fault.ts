/** What a fault is: a name, a sentence, parameters, and what it does to the gateway when it begins. */
import type { EpochMs } from "../../domain/units.ts";
import type { Broker } from "../broker/broker.ts";
import type { Filter, Listener, Pass } from "../broker/session.ts";
import type { GatewayEventName } from "../gateway-api.ts";
import type { Parameters, Values } from "./parameter.ts";
import type { WireLines } from "./wire-lines.ts";

/** What a fault may touch. */
export interface Stage {
  readonly broker: Broker;
  now(): EpochMs;
  /** Calls back after so much market time. Returns how to take it back. */
  after(ms: number, act: () => void): () => void;
  /** A number in [0, 1), the next of this fault's own stream. */
  chance(): number;
  /** Stands between clients and broker until taken away; only for the client that the fault was told, if it was. */
  filter(filter: Filter): () => void;
  /** Whether the fault concerns a client. */
  concerns(clientId: number | undefined): boolean;
  /** Connections as bytes; undefined for a broker without a socket. */
  readonly lines: WireLines | undefined;
  /** The port: undefined for a broker without one. */
  readonly port: Port | undefined;
  /** An event that waited for its victim has happened. */
  over(): void;
  /** Streaming market data lines that a client has asked for and not cancelled, by request id. */
  dataLines(client: Listener): ReadonlySet<number>;
  /** The order id that a client used last. */
  lastOrderId(client: Listener): number | undefined;
  /** What the gateway forgets when it restarts; runs at each restart until taken back. */
  onRestart(act: () => void): () => void;
  restarted(): void;
}

export interface Port {
  /** Breaks connections off and stops listening. */
  shut(how: "fin" | "rst"): void;
  open(): void;
}

/** `event`: it happens once. `state`: it goes on until it is cleared, its time is up, or the gateway ends. */
export type Kind = "event" | "state";

export interface Fault {
  readonly name: string;
  readonly kind: Kind;
  /** What happens, for a trader. */
  readonly says: string;
  /** Numbers of the catalogue of faults that it serves. */
  readonly serves: readonly string[];
  readonly parameters: Parameters;
  /** Needs a socket: a broker in process has no such fault. */
  readonly needsWire: boolean;
  /** Returns how it ends, if there is anything to end. An event that waits for its victim returns how to call it off. */
  readonly begin: (stage: Stage, values: Readonly<Record<string, unknown>>) => (() => void) | undefined;
}

interface Form<P extends Parameters> extends Omit<Fault, "parameters" | "begin" | "needsWire"> {
  readonly needsWire?: true;
  readonly parameters?: P;
  readonly begin: (stage: Stage, values: Values<P>) => (() => unknown) | undefined;
}

export const fault = <P extends Parameters>(form: Form<P>): Fault => ({
  needsWire: false,
  ...form,
  parameters: form.parameters ?? {},
  begin: (stage, values) => {
    const end = form.begin(stage, values as Values<P>);
    return end === undefined ? undefined : () => void end();
  },
});

/** One event on its way to a client. */
export interface Telling {
  readonly to: Listener;
  readonly event: GatewayEventName;
  readonly words: readonly unknown[];
  readonly pass: Pass<GatewayEventName>;
  /** Lets it through as it is. */
  go(): void;
}
/** One request on its way to the broker. */
export interface Asking {
  readonly from: Listener;
  readonly name: string;
  readonly words: readonly unknown[];
  readonly pass: Pass;
  go(): void;
}

/** Takes some events from the broker into its own hands; all others pass. */
export const whenTold = (
  stage: Stage,
  events: readonly GatewayEventName[] | ((event: GatewayEventName) => boolean),
  handle: (telling: Telling) => void,
): (() => void) => {
  const meant = typeof events === "function" ? events : (event: GatewayEventName): boolean => events.includes(event);
  return stage.filter({
    told: (to, event, words, pass) => {
      if (meant(event)) handle({ to, event, words, pass, go: () => pass(event, words) });
      else pass(event, words);
    },
  });
};
/** Takes some requests into its own hands; all others pass. */
export const whenAsked = (stage: Stage, names: readonly string[], handle: (asking: Asking) => void): (() => void) =>
  stage.filter({
    asked: (from, name, words, pass) => {
      if (names.includes(name)) handle({ from, name, words, pass, go: () => pass(name, words) });
      else pass(name, words);
    },
  });

/** Several endings as one. */
export const together =
  (...endings: readonly ((() => unknown) | undefined)[]): (() => void) =>
  () => {
    for (const end of endings) end?.();
  };

/** An event that waits for so many victims: `happened` is to be called at each; after the last one it is over. */
export const soMany = (stage: Stage, times: number, begin: (happened: () => void) => () => void): (() => void) => {
  let left = times;
  return begin(() => {
    left--;
    if (left === 0) stage.over();
  });
};
