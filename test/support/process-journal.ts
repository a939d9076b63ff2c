/** What a stopped daemon's journal says, read from a verified clone, in the words of a test: orders, fills, fees, starts. */
import type { JsonObject } from "../../src/domain/json.ts";
import type { Step } from "../../src/ports/journal.ts";
import { openClone } from "../../src/store/state-directory.ts";
import { dayOf } from "./state-directories.ts";

export const stepsOf = async (directory: string): Promise<readonly Step[]> => {
  const clone = await openClone(directory, { dayOf, lockPatienceMs: 5_000 });
  try {
    const steps: Step[] = [];
    for await (const step of clone.journal.read(1)) steps.push(step);
    return steps;
  } finally {
    await clone.close();
  }
};

export interface BookedFill {
  readonly orderRef: string;
  readonly execId: string;
  readonly conId: number;
  readonly multiplier: number;
  readonly quantity: number;
  /** 1/10,000 dollar. */
  readonly price: number;
}
export interface JournalledOrder {
  readonly orderRef: string;
  readonly quantity: number;
  readonly legs: readonly { readonly conId: number; readonly ratio: number }[];
  readonly intendedAt: number;
  endedAt: number | undefined;
  outcome: string | undefined;
}
export interface Run {
  readonly seq: number;
  readonly build: string;
  readonly unconfirmed: readonly string[];
  /** orderRefs of the orders that had begun and not ended when the run started. */
  readonly openOrders: readonly string[];
  readonly differences: readonly string[];
}
export interface Placed {
  readonly effect: string;
  readonly orderRef: string;
  readonly orderId: number;
  readonly limit: number;
  readonly modify: boolean;
}
export interface Told {
  readonly records: number;
  readonly runs: readonly Run[];
  readonly orders: ReadonlyMap<string, JournalledOrder>;
  readonly fills: readonly BookedFill[];
  /** 1/10,000 dollar, by execution. */
  readonly fees: ReadonlyMap<string, number>;
  readonly placed: readonly Placed[];
  readonly resolvedAs: readonly string[];
  readonly poisoned: number;
  readonly modes: readonly string[];
  /** How many reconciliations found a difference of ours. */
  readonly reconciliations: readonly (readonly JsonObject[])[];
}

/** Folds a journal. */
export const tell = (steps: readonly Step[]): Told => {
  const orders = new Map<string, JournalledOrder>();
  const runs: Run[] = [];
  const fills = new Map<string, BookedFill>();
  const fees = new Map<string, number>();
  const placed: Placed[] = [];
  const resolvedAs: string[] = [];
  const modes: string[] = [];
  const reconciliations: (readonly JsonObject[])[] = [];
  let poisoned = 0;
  for (const { seq, input, facts, effects, incidents } of steps) {
    if (input.type === "run.started") {
      const recovered = (input["recovered"] ?? {}) as { unconfirmed?: string[]; differences?: string[] };
      runs.push({
        seq,
        build: String(input["build"]),
        unconfirmed: recovered.unconfirmed ?? [],
        differences: recovered.differences ?? [],
        openOrders: [...orders.values()].filter(({ endedAt }) => endedAt === undefined).map(({ orderRef }) => orderRef),
      });
    }
    poisoned += incidents.filter(({ kind }) => kind === "poisoned").length;
    for (const { id, type, params } of effects) {
      if (type !== "order.place") continue;
      const { ticket, modify } = params as unknown as {
        ticket: { orderRef: string; orderId: number; limitPrice: number };
        modify: boolean;
      };
      placed.push({ effect: id, orderRef: ticket.orderRef, orderId: ticket.orderId, limit: ticket.limitPrice, modify });
    }
    for (const fact of facts) {
      const said = fact as unknown as Record<string, unknown>;
      switch (fact.type) {
        case "order.intended": {
          const { orderRef, quantity, legs } = said["intent"] as {
            orderRef: string;
            quantity: number;
            legs: { contract: { conId: number }; ratio: number }[];
          };
          orders.set(orderRef, {
            orderRef,
            quantity,
            legs: legs.map(({ contract, ratio }) => ({ conId: contract.conId, ratio })),
            intendedAt: seq,
            endedAt: undefined,
            outcome: undefined,
          });
          break;
        }
        case "order.ended": {
          const order = orders.get(said["orderRef"] as string);
          if (order !== undefined) {
            order.endedAt = seq;
            order.outcome = said["outcome"] as string;
          }
          break;
        }
        case "order.resolved":
          resolvedAs.push(String(said["as"]));
          break;
        case "fill.booked": {
          const { orderRef, execId, contract, quantity, price } = said as unknown as BookedFill & {
            contract: { conId: number; multiplier: number };
          };
          fills.set(execId, { orderRef, execId, conId: contract.conId, multiplier: contract.multiplier, quantity, price });
          break;
        }
        case "commission.booked":
          fees.set(String(said["execId"]), Number(said["amount"]));
          break;
        case "engine.modeChanged":
          modes.push(String(said["mode"]));
          break;
        case "reconciliation.completed":
          reconciliations.push(said["discrepancies"] as unknown as JsonObject[]);
          break;
      }
    }
  }
  return {
    records: steps.length,
    runs,
    orders,
    fills: [...fills.values()],
    fees,
    placed,
    resolvedAs,
    poisoned,
    modes,
    reconciliations,
  };
};

/** Quantity by contract, flat ones left out. */
export const holdings = (rows: readonly { readonly conId: number; readonly quantity: number }[]): Record<string, number> => {
  const held: Record<string, number> = {};
  for (const { conId, quantity } of rows) held[conId] = (held[conId] ?? 0) + quantity;
  return Object.fromEntries(Object.entries(held).filter(([, quantity]) => quantity !== 0));
};

/** Units of an order that its fills make, by its most filled leg. */
export const unitsFilled = (order: JournalledOrder, fills: readonly BookedFill[]): number =>
  Math.max(
    ...order.legs.map(
      ({ conId, ratio }) =>
        fills
          .filter((fill) => fill.orderRef === order.orderRef && fill.conId === conId)
          .reduce((sum, { quantity }) => sum + quantity, 0) / ratio,
    ),
  );

/** What the fills and the fees leave of the starting cash, in whole units of 1/10,000 dollar. */
export const cashAfter = (startingDollars: number, { fills, fees }: Pick<Told, "fills" | "fees">): number =>
  startingDollars * 10_000 -
  fills.reduce((sum, { quantity, price, multiplier }) => sum + quantity * price * multiplier, 0) -
  [...fees.values()].reduce((sum, fee) => sum + fee, 0);
