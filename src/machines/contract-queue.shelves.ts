/** Which contracts lie on which of the queue's shelves, as the broker's positions tell it. Pure. */
import { address } from "../domain/address.ts";
import type { Contract } from "../domain/contract.ts";
import type { BrokerPosition } from "../domain/events/broker.ts";
import { SHELVES, shelfOf } from "../domain/lines/shelf.ts";
import type { Spawn, Told } from "../domain/speech.ts";
import type { Args, QueueContext } from "./contract-queue.context.ts";

/** A contract that a snapshot can be asked for: IB's position rows name no exchange, and only for these there is one to guess. */
const isAskable = ({ secType, exchange, primaryExchange }: Contract): boolean =>
  secType === "OPT" ||
  secType === "STK" ||
  ((secType === "FUT" || secType === "FOP") && (exchange || primaryExchange || "") !== "");
const isMine = (context: QueueContext, { account, contract, quantity }: BrokerPosition): boolean =>
  (account === context.account || context.account === "") && quantity !== 0 && isAskable(contract);

const PRIME = 1_000_003;
const digestOf = (contracts: readonly Contract[]): string => {
  let sum = 0;
  let mixed = 0;
  for (const { conId } of contracts) {
    sum += conId;
    mixed = (mixed + (conId % PRIME) * (conId % 7919)) % PRIME;
  }
  return `${contracts.length}/${sum}/${mixed}`;
};

/** The shelves whose contracts are others than before, as an answer about all positions tells it. */
const refilled = (context: QueueContext, positions: readonly BrokerPosition[]): readonly (readonly [number, Contract[]])[] => {
  const on: Contract[][] = Array.from({ length: SHELVES + 1 }, () => []);
  for (const position of positions) if (isMine(context, position)) on[shelfOf(position.contract.conId)]?.push(position.contract);
  return on.flatMap((contracts, n) => {
    const digest = context.shelves[n]?.digest ?? digestOf([]);
    return n > 0 && digestOf(contracts) !== digest ? [[n, contracts] as const] : [];
  });
};
/** What each shelf is to be told. */
export const shelfChanges = ({ context, event }: Args): readonly { readonly n: number; readonly event: Told }[] => {
  if (event.type === "positions.answered")
    return refilled(context, event.positions).map(([n, contracts]) => ({
      n,
      event: { type: "shelf.filled", contracts } as Told,
    }));
  if (event.type !== "position.changed" || event.position.account !== context.account || !isAskable(event.position.contract))
    return [];
  const { contract, quantity } = event.position;
  const n = shelfOf(contract.conId);
  // What is not held needs no shelf.
  if (quantity === 0 && context.shelves[n] === undefined) return [];
  return [{ n, event: { type: "shelf.changed", contract, held: quantity !== 0 } as Told }];
};
/** Those that are needed and not there yet. */
export const newShelves = (args: Args): Spawn[] =>
  shelfChanges(args)
    .filter(({ n }) => args.context.shelves[n] === undefined)
    .map(({ n }) => ({
      path: address.contractShelf(n),
      machine: "contractShelf",
      input: { n, lines: args.context.lines },
    }));
/** The shelves as the queue then knows them. */
export const withContracts = (args: Args): Partial<QueueContext> => {
  const changes = shelfChanges(args);
  if (changes.length === 0) return {};
  const known = changes.map(({ n, event }) => {
    const contracts = "contracts" in event ? (event["contracts"] as readonly Contract[]) : undefined;
    return [n, { digest: contracts === undefined ? "changed" : digestOf(contracts), dueAt: 0 }] as const;
  });
  return { shelves: { ...args.context.shelves, ...Object.fromEntries(known) } };
};
