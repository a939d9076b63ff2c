/**
 * How a machine speaks to the rest of the program: five reserved action names, understood by the kernel.
 *
 * Every other named action of a machine is an *effect*: something that must leave the process, and leaves only once it is on
 * disk. The functions below are never run: XState's `setup` takes the types of the params from them, and the kernel reads the
 * action's name and its params. A machine uses them so:
 *
 * ```ts
 * const order = setup({
 *   types: { context: {} as Context, events: {} as Events, input: {} as Input },
 *   actions: { ...speech, placeOrder: (_, _params: PlaceOrder) => {} },
 * }).createMachine({
 *   states: {
 *     intended: { entry: { type: "tell", params: ({ context }) => ({ to: "risk", event: { type: "intent.made", id: context.id } }) } },
 *     submitted: { entry: { type: "placeOrder", params: ({ context }) => context.ticket } },
 *   },
 * });
 * ```
 *
 * Machines are addressed by *path* (`slots/3`, `orders/2026-11-20/17`), never by XState reference. Every event that the kernel
 * delivers carries `now`, the market time of its step in epoch milliseconds; a firing timer also carries `due`. (XState's own
 * `raise` and the start of an actor bring no `now`: put it into the raised event, into the input.) All params must be plain
 * JSON: the kernel refuses anything else by undoing the whole transition.
 */
import type { Json } from "./json.ts";

/** An event for another actor. Plain JSON; `now` is added on delivery. */
export type Told = { readonly type: string; readonly [key: string]: unknown } | { readonly type: string };

/** Delivers `event` to the actor at `to`, or to every listener of `topic`, within the same step, after everything said before it. */
export type Tell = { readonly to: string; readonly event: Told } | { readonly topic: string; readonly event: Told };

/** Creates and starts an actor of a registered machine at a free path. Its entry actions belong to the same step. */
export interface Spawn {
  readonly path: string;
  readonly machine: string;
  readonly input: object | Json;
}

/** Removes one actor, or every actor whose path starts with `prefix`; their timers go with them. */
export type Retire = { readonly path: string } | { readonly prefix: string };

/** Adds (`listen`) or removes (`unlisten`) the speaker to the listeners of these topics. */
export interface Listen {
  readonly topics: readonly string[];
}

/** The supervisor says that reconciliation is over: effects and timers held since the restart go out in order. */
export type GoLive = Record<string, never>;

/** The params of an action may be a list: one utterance for each element, in order; an empty list says nothing. */
export type OneOrMore<Params> = Params | readonly Params[];

/** Spread into `setup({ actions })`: the reserved names with the types of their params. */
export const speech = {
  tell: (_: unknown, _params: OneOrMore<Tell>): void => {},
  spawn: (_: unknown, _params: OneOrMore<Spawn>): void => {},
  retire: (_: unknown, _params: Retire): void => {},
  listen: (_: unknown, _params: Listen): void => {},
  unlisten: (_: unknown, _params: Listen): void => {},
};

/** For the supervisor's machine only: `setup({ actions: { ...speech, ...supervision } })`, then `{ type: "goLive", params: {} }`. */
export const supervision = {
  goLive: (_: unknown, _params: GoLive): void => {},
};
