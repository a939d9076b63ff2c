/** Orders as the journal means them and as the wire carries them, in one form that can be compared. */
import type { Effect, Step } from "../../ports/journal.ts";

/** What makes an order what it is. Prices in 1/10,000 dollar, legs as `conId:ratio:side`. */
export interface Ordered {
  readonly orderId: number;
  readonly orderRef: string;
  readonly whatIf: boolean;
  readonly quantity: number;
  readonly legs: readonly { readonly conId: number; readonly ratio: number; readonly action: string }[];
  /** Everything together, as text. */
  readonly payload: string;
}

interface Leg {
  readonly conId: number;
  readonly ratio: number;
  readonly action: string;
}
interface Ticket {
  readonly orderId: number;
  readonly orderRef: string;
  readonly account: string;
  readonly combo?: { readonly legs: readonly Leg[] };
  readonly contract?: { readonly conId: number };
  readonly action: string;
  readonly quantity: number;
  readonly limitPrice: number;
  readonly tif: string;
}
interface IbContractWords {
  readonly conId?: number;
  readonly comboLegs?: readonly Leg[];
}
interface IbOrderWords {
  readonly orderRef?: string;
  readonly account?: string;
  readonly action?: string;
  readonly totalQuantity?: number;
  readonly lmtPrice?: number;
  readonly orderType?: string;
  readonly tif?: string;
  readonly transmit?: boolean;
  readonly whatIf?: boolean;
}

const ordered = (parts: Omit<Ordered, "payload">, rest: readonly unknown[]): Ordered => ({
  ...parts,
  payload: JSON.stringify([
    parts.orderId,
    parts.orderRef,
    parts.whatIf,
    parts.quantity,
    parts.legs.map(({ conId, ratio, action }) => `${conId}:${ratio}:${action}`),
    ...rest,
  ]),
});

/** The order of a journaled effect; undefined when it is none. */
export const orderedByEffect = (effect: Effect): Ordered | undefined => {
  if (effect.type !== "order.place" && effect.type !== "order.whatIf") return undefined;
  const { orderId, orderRef, account, combo, contract, action, quantity, limitPrice, tif } = effect.params[
    "ticket"
  ] as unknown as Ticket;
  const legs = combo?.legs ?? [{ conId: contract?.conId ?? 0, ratio: 1, action }];
  return ordered({ orderId, orderRef, whatIf: effect.type === "order.whatIf", quantity, legs }, [
    account,
    action,
    limitPrice,
    "LMT",
    tif,
    true,
  ]);
};

/** The order of a placeOrder frame's words. */
export const orderedByFrame = (words: readonly unknown[]): Ordered => {
  const [orderId, contract, order] = words as [number, IbContractWords, IbOrderWords];
  const {
    orderRef = "",
    account,
    action = "",
    totalQuantity = 0,
    lmtPrice = Number.NaN,
    orderType,
    tif,
    transmit,
    whatIf = false,
  } = order;
  const legs = contract.comboLegs ?? [{ conId: contract.conId ?? 0, ratio: 1, action }];
  return ordered({ orderId, orderRef, whatIf, quantity: totalQuantity, legs }, [
    account,
    action,
    Math.round(lmtPrice * 10_000),
    orderType,
    tif,
    transmit,
  ]);
};

/** The effect that an answer of the outbox (`effect.written`, `effect.refused`) is about. */
export const answeredEffect = ({ input }: Step): string | undefined =>
  input.type.startsWith("effect.") ? String(input["effect"]) : undefined;
