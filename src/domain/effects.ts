/**
 * What may leave the process, by name, with plain parameters: the closed list. A machine names an effect as an action; the
 * kernel collects it, makes it durable, and only then hands it to the gateway port.
 *
 * Classes (K5): *order* effects are released at most once, ever; *cancel* and *enquiry* effects are released again after a
 * restart if still wanted; *notice* effects at least once.
 */
import type { ComboLeg, Contract, ContractQuery } from "./contract.ts";
import type { OneOrMore } from "./speech.ts";
import type { EpochMs, Price } from "./units.ts";

/** The risk gate's permission for one transmission. Without it, nothing that adds risk fits through the door. */
export interface Approval {
  readonly id: string;
  readonly approvedAt: EpochMs;
  readonly expiresAt: EpochMs;
  /** The order only reduces risk: exempt from breakers and the entry gate, never from identity and epoch checks. */
  readonly reducing: boolean;
}

/** A limit order as it goes to IB: always BUY for a combo (the legs carry the sides), BUY or SELL for a single contract. */
export interface OrderTicket {
  readonly orderId: number;
  readonly orderRef: string;
  readonly account: string;
  /** A combo: the underlying's symbol and its legs; `contract` then is absent. */
  readonly combo?: { readonly symbol: string; readonly currency: string; readonly legs: readonly ComboLeg[] };
  readonly contract?: Contract;
  readonly action: "BUY" | "SELL";
  readonly quantity: number;
  readonly limitPrice: Price;
  readonly tif: "DAY" | "GTC";
}

/** Parameters by effect name. Every effect that concerns the connection carries its epoch and is refused when that is over. */
export interface Effects {
  "gateway.connect": { readonly epoch: number };
  "gateway.disconnect": { readonly epoch: number; readonly reason: string };
  "order.whatIf": { readonly epoch: number; readonly ticket: OrderTicket };
  /** A first transmission, or with `modify` a new price for the working order of the same id. */
  "order.place": { readonly epoch: number; readonly ticket: OrderTicket; readonly approval: Approval; readonly modify: boolean };
  "order.cancel": { readonly epoch: number; readonly orderId: number; readonly orderRef: string };
  "positions.request": SetEnquiry;
  /** Open orders of all clients. */
  "openOrders.request": SetEnquiry;
  "completedOrders.request": SetEnquiry;
  "executions.request": SetEnquiry;
  "account.request": Enquiry & { readonly account: string };
  /** `brief` leaves out the trading hours (a whole expiry of options has hundreds of rows). */
  "contracts.request": Enquiry & { readonly query: ContractQuery; readonly brief: boolean };
  "optionParameters.request": Enquiry & { readonly symbol: string; readonly secType: string; readonly conId: number };
  /** Daily bars of the regular session, unless `size` and `regularHours` say otherwise. */
  "bars.request": Enquiry & {
    readonly contract: Contract;
    readonly days: number;
    readonly show: "TRADES" | "OPTION_IMPLIED_VOLATILITY";
    readonly size?: "day" | "30min" | "5min" | "1min";
    readonly regularHours?: boolean;
  };
  /** `stallMs`: tell when it has been silent for so long though it should tick. `afterStall`: tell when it ticks. */
  "line.open": {
    readonly epoch: number;
    readonly contract: Contract;
    readonly stallMs?: number;
    readonly afterStall?: boolean;
  };
  "line.close": { readonly epoch: number; readonly conId: number };
  /** One look at a contract; holds a line for up to 11 s. Answered once, by `snapshot.answered` or `snapshot.failed`. */
  "line.snapshot": { readonly epoch: number; readonly contract: Contract };
  /** Takes a snapshot back before its answer: the line is needed. No answer follows. */
  "line.withdraw": { readonly epoch: number; readonly conId: number };
  /** A sentence for the operator, at least once by key. */
  "operator.notify": { readonly key: string; readonly severity: "info" | "warning" | "critical"; readonly text: string };
}
export interface Enquiry {
  readonly epoch: number;
  readonly replyTo: string;
  readonly request: string;
}

/** `known` is the digest of the set that the asker has: then only the differences are told. */
export interface SetEnquiry extends Enquiry {
  readonly known?: string;
}

export type EffectName = keyof Effects;
export type EffectClass = "order" | "cancel" | "enquiry" | "notice";

export const EFFECT_CLASS: { readonly [Name in EffectName]: EffectClass } = {
  "gateway.connect": "enquiry",
  "gateway.disconnect": "enquiry",
  "order.whatIf": "enquiry",
  "order.place": "order",
  "order.cancel": "cancel",
  "positions.request": "enquiry",
  "openOrders.request": "enquiry",
  "completedOrders.request": "enquiry",
  "executions.request": "enquiry",
  "account.request": "enquiry",
  "contracts.request": "enquiry",
  "optionParameters.request": "enquiry",
  "bars.request": "enquiry",
  "line.open": "enquiry",
  "line.close": "enquiry",
  "line.snapshot": "enquiry",
  "line.withdraw": "enquiry",
  "operator.notify": "notice",
};

/** Spread into a machine's `setup({ actions })`: every effect as a named action with the type of its params. Never run. */
export const effects: { readonly [Name in EffectName]: (_: unknown, params: OneOrMore<Effects[Name]>) => void } = {
  "gateway.connect": () => {},
  "gateway.disconnect": () => {},
  "order.whatIf": () => {},
  "order.place": () => {},
  "order.cancel": () => {},
  "positions.request": () => {},
  "openOrders.request": () => {},
  "completedOrders.request": () => {},
  "executions.request": () => {},
  "account.request": () => {},
  "contracts.request": () => {},
  "optionParameters.request": () => {},
  "bars.request": () => {},
  "line.open": () => {},
  "line.close": () => {},
  "line.snapshot": () => {},
  "line.withdraw": () => {},
  "operator.notify": () => {},
};
