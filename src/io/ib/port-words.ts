/** The words between the IB port and whoever composes it. Types only. */
import type { EffectName, Effects } from "../../domain/effects.ts";
import type { BrokerEvent } from "../../domain/events/broker.ts";
import type { GatewayEvent } from "../../domain/events/gateway.ts";
import type { MarketEvent } from "../../domain/events/market.ts";

/** Whatever the port puts into the kernel's inbox. */
export type IbReport = GatewayEvent | BrokerEvent | MarketEvent;
/** Takes one event into the inbox. `key` is the conflation key: a later event of the same key may take an earlier one's place. */
export type Deliver = (report: IbReport, key?: string) => void;

/** The effects that concern the gateway: all but notices to the operator. */
export type IbEffectName = Exclude<EffectName, "operator.notify">;
export type IbEffect = {
  [Name in IbEffectName]: { readonly id: string; readonly actor: string; readonly type: Name; readonly params: Effects[Name] };
}[IbEffectName];
/** An effect as the journal keeps it; the port finds out what it is. */
export interface OutgoingEffect {
  readonly id: string;
  readonly actor: string;
  readonly type: string;
  readonly params: object;
}

/** How an effect ended at this border: its bytes were handed to the socket of that epoch, or they never will be. */
export type Settlement = { readonly written: number } | { readonly refused: string };
/** What `send` can say at once. After `pending` exactly one Settlement follows through `settled`. */
export type Handover = Settlement | { readonly pending: number };

/** Fits pino. */
export interface Logger {
  debug(detail: object, message: string): void;
  info(detail: object, message: string): void;
  warn(detail: object, message: string): void;
  error(detail: object, message: string): void;
}

/** The reasons for which the port refuses without asking anybody. */
export const EPOCH_OVER = "epoch over";
export const NOT_IDENTIFIED = "not identified";
