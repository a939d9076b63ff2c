/**
 * The broker's whole memory as plain JSON, for an account that outlives the process: what `saved()` gives and `createBroker`
 * takes back. Contracts are named by conId and looked up again; only combos, which no market lists, are written out.
 *
 * Not in it: connections and what they subscribed to, the switches of misbehaviour, and the market itself.
 */
import type { Contract as IbContract, Order as IbOrder, OrderStatus } from "@stoqey/ib";
import type { Contract, ContractDetails } from "../../domain/contract.ts";
import type { EpochMs, Money, Price } from "../../domain/units.ts";
import type { Market } from "../market/market.ts";
import type { SavedNights } from "./account/nights.ts";
import type { CashKind } from "./cash.ts";
import type { ExecutionRow } from "./execution.ts";
import type { ExpiryRow } from "./floor.ts";
import type { Taken } from "./liquidity.ts";
import { type BrokerOrder, type ByHand, type Ending, hasTrigger } from "./order.ts";
import type { Terms } from "./terms.ts";
import type { Ticket } from "./ticket.ts";

export interface SavedPosition {
  readonly conId: number;
  readonly quantity: number;
  readonly basis: Money;
  readonly fees: Money;
}
export interface SavedAccount {
  readonly id: string;
  readonly opening: Money;
  readonly totals: { readonly [Kind in CashKind]?: Money };
  readonly positions: readonly SavedPosition[];
  /** Executions that booked something and are no longer on record. */
  readonly executionsBefore: number;
  /** Dividends due and not paid; absent when there are none. */
  readonly accrued?: Money;
  /** Net liquidation when the day began; absent when that is not known. */
  readonly dayBase?: Money;
}

/** What version 1 could not say about an order's terms: it knew guaranteed limit orders for the day or until cancelled only. */
const TERMS_OF_V1: Omit<Terms, "limit" | "tif"> = {
  type: "LMT",
  trigger: 2,
  outsideRth: false,
  parentId: 0,
  guaranteed: true,
};

type SavedTicket = Omit<Ticket, "contract" | "ibContract" | "legs" | "order" | "unworkable"> & {
  /** Undefined for single contracts: their only leg names them. */
  readonly bag?: { readonly contract: Contract; readonly ibContract: IbContract };
  readonly legs: readonly { readonly conId: number; readonly ratio: number }[];
  readonly order: object;
  readonly unworkable?: string;
};
export interface SavedOrder {
  readonly clientId: number;
  readonly orderId: number;
  readonly permId: number;
  readonly ticket: SavedTicket;
  readonly parked: boolean;
  readonly silent: boolean;
  readonly status: string;
  readonly ended: { readonly as: Ending; readonly why: string; readonly at: EpochMs } | null;
  readonly filled: number;
  readonly value: number;
  readonly lastPrice: Price | null;
  readonly legTallies: readonly { readonly shares: number; readonly value: number }[];
  readonly charges: { readonly earned: Money; readonly charged: Money };
  readonly arrivedAt: EpochMs;
  readonly seenAt: EpochMs;
  readonly hazard: number;
  /** Null is infinity. */
  readonly hazardToFill: number | null;
  readonly dayEndsAt: EpochMs | null;
  readonly cancelDueAt: EpochMs | null;
  /** From here on absent in version 1: an order of its kind has no such thing. */
  readonly byHand?: ByHand;
  readonly parentPermId?: number;
  readonly waiting?: boolean;
  readonly triggered?: boolean;
  readonly stop?: Price;
  readonly touchedAt?: EpochMs;
  readonly cut?: { readonly units: number; readonly dueAt: EpochMs };
}
export interface SavedBook {
  readonly nextPermId: number;
  /** The highest order id that each client has used. */
  readonly highestIds: readonly { readonly clientId: number; readonly orderId: number }[];
  /** The lowest id that an order placed by hand was bound to. */
  readonly lowestBoundId?: number;
  /** Oldest first. */
  readonly live: readonly SavedOrder[];
  /** In the order of their end. */
  readonly done: readonly SavedOrder[];
}

export type SavedExecution = Omit<ExecutionRow, "contract" | "booked" | "commission" | "realized"> & {
  /** The listing that was booked, or the combo whose summary this is. */
  readonly of: { readonly conId: number } | { readonly bag: Contract };
  readonly commission: Money | null;
  readonly realized: Money | null;
};

export interface SavedPit {
  readonly fills: number;
  /** Executions whose commission report is still to come. */
  readonly lateCommissions: readonly string[];
  readonly taken: readonly (Taken & { readonly conId: number })[];
}

/** What is written now. Version 1, without the terms, ties and triggers of orders, can be read too; a program of then refuses 2. */
export const SAVED_VERSION = 2;

export interface SavedBroker {
  readonly v: 1 | typeof SAVED_VERSION;
  /** Market time. */
  readonly at: EpochMs;
  /** What it was a broker of: another market's conIds would be other contracts. */
  readonly market: string;
  readonly seed: number;
  readonly accounts: readonly SavedAccount[];
  readonly book: SavedBook;
  readonly executions: readonly SavedExecution[];
  readonly expiries: readonly ExpiryRow[];
  /** What is under way over night; absent when nothing is. */
  readonly nights?: SavedNights;
  readonly pit: SavedPit;
  /** Order statuses drawn for by the fault that loses them. */
  readonly statusesDrawn: number;
}

/** Why a saved broker is not one of this market, seed and accounts; undefined when it is. */
export const misfitOf = (saved: SavedBroker, market: string, seed: number, accounts: readonly string[]): string | undefined => {
  if (saved.v !== 1 && saved.v !== SAVED_VERSION)
    return `it is of version ${String(saved.v)}, and this program reads versions 1 and ${SAVED_VERSION}`;
  if (saved.market !== market) return `it is of the market "${saved.market}", not of "${market}"`;
  if (saved.seed !== seed) return `it is of seed ${saved.seed}, not of ${seed}`;
  const ids = saved.accounts.map(({ id }) => id).join(", ");
  return ids === accounts.join(", ") ? undefined : `it holds the account ${ids}, not ${accounts.join(", ")}`;
};

/** The listing of a saved conId. Throws when this market has never had it. */
export const listingOf = (market: Market, conId: number): ContractDetails => {
  const details = market.byConId(conId);
  if (details === undefined)
    throw new Error(`the saved world names contract ${conId}, which the market "${market.label}" does not list`);
  return details;
};

/** JSON has no infinity, and a client may send one: it is written as `{"number": "Infinity"}`. */
const plainOrder = (order: IbOrder): object =>
  JSON.parse(
    JSON.stringify(order, (_, value: unknown) =>
      typeof value === "number" && !Number.isFinite(value) ? { number: String(value) } : value,
    ),
  ) as object;
const orderOf = (plain: object): IbOrder =>
  JSON.parse(JSON.stringify(plain), (_, value: unknown) =>
    typeof value === "object" && value !== null && "number" in value ? Number(value.number) : value,
  ) as IbOrder;

export const saveOrder = (order: BrokerOrder): SavedOrder => {
  const { contract, ibContract, legs, order: sent, ...terms } = order.ticket;
  return {
    clientId: order.clientId,
    orderId: order.orderId,
    permId: order.permId,
    ticket: {
      ...terms,
      ...(contract.secType === "BAG" ? { bag: { contract, ibContract } } : {}),
      legs: legs.map(({ details, ratio }) => ({ conId: details.contract.conId, ratio })),
      order: plainOrder(sent),
    },
    parked: order.parked,
    silent: order.silent,
    status: order.status,
    ended: order.ended ?? null,
    filled: order.filled,
    value: order.value,
    lastPrice: order.lastPrice ?? null,
    legTallies: order.legTallies.map((tally) => ({ ...tally })),
    charges: { ...order.charges },
    arrivedAt: order.arrivedAt,
    seenAt: order.seenAt,
    hazard: order.hazard,
    hazardToFill: Number.isFinite(order.hazardToFill) ? order.hazardToFill : null,
    dayEndsAt: order.dayEndsAt ?? null,
    cancelDueAt: order.cancelDueAt ?? null,
    waiting: order.waiting,
    triggered: order.triggered,
    ...(order.byHand === undefined ? {} : { byHand: order.byHand }),
    ...(order.parentPermId === undefined ? {} : { parentPermId: order.parentPermId }),
    ...(order.stop === undefined ? {} : { stop: order.stop }),
    ...(order.touchedAt === undefined ? {} : { touchedAt: order.touchedAt }),
    ...(order.cut === undefined ? {} : { cut: order.cut }),
  };
};

/** The order again. `echo` makes a listed contract's words for openOrder. */
export const restoreOrder = (saved: SavedOrder, market: Market, echo: (contract: Contract) => IbContract): BrokerOrder => {
  const { bag, legs: named, order: sent, ...terms } = saved.ticket;
  const legs = named.map(({ conId, ratio }) => ({ details: listingOf(market, conId), ratio }));
  const [first] = legs;
  if (first === undefined) throw new Error(`the saved order ${saved.permId} has no legs`);
  const contract = bag?.contract ?? first.details.contract;
  const ticket: Ticket = {
    ...TERMS_OF_V1,
    ...terms,
    contract,
    ibContract: bag?.ibContract ?? echo(contract),
    legs,
    order: orderOf(sent),
  };
  return {
    ...saved,
    ticket,
    byHand: saved.byHand,
    parentPermId: saved.parentPermId,
    waiting: saved.waiting ?? false,
    triggered: saved.triggered ?? !hasTrigger(ticket),
    stop: saved.stop,
    touchedAt: saved.touchedAt,
    cut: saved.cut,
    status: saved.status as OrderStatus,
    ended: saved.ended ?? undefined,
    lastPrice: saved.lastPrice ?? undefined,
    legTallies: saved.legTallies.map((tally) => ({ ...tally })),
    charges: { ...saved.charges },
    hazardToFill: saved.hazardToFill ?? Number.POSITIVE_INFINITY,
    dayEndsAt: saved.dayEndsAt ?? undefined,
    cancelDueAt: saved.cancelDueAt ?? undefined,
  };
};

export const saveExecution = ({ contract, booked, commission, realized, ...row }: ExecutionRow): SavedExecution => ({
  ...row,
  of: booked === undefined ? { bag: contract } : { conId: contract.conId },
  commission: commission ?? null,
  realized: realized ?? null,
});

export const restoreExecution = ({ of, commission, realized, ...row }: SavedExecution, market: Market): ExecutionRow => {
  const booked = "conId" in of ? listingOf(market, of.conId) : undefined;
  return {
    ...row,
    contract: "bag" in of ? of.bag : listingOf(market, of.conId).contract,
    booked,
    commission: commission ?? undefined,
    realized: realized ?? undefined,
  };
};
