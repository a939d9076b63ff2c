/**
 * The account as the broker has it: every position, ours and others', with average cost, for comparison with the broker's own books. Made of
 * the broker's answers and pushes alone; what of it is ours is told by booked fills and adoptions.
 *
 * Unknown, and not empty, until a complete answer has come.
 */
import type { Contract } from "../domain/contract.ts";
import type { BrokerPosition } from "../domain/events/broker.ts";
import { positionKey, rowsAfter } from "../domain/reconciliation/answers.ts";
import type { EpochMs, Money } from "../domain/units.ts";
import type { Step } from "../ports/journal.ts";
import { factsOf, inputOf, type Projection, timeOf } from "./spoken.ts";
import { contractName } from "./words.ts";

export interface Holding {
  readonly account: string;
  readonly conId: number;
  readonly name: string;
  readonly contract: Contract;
  /** Signed, all that the account holds. */
  readonly quantity: number;
  /** A contract's, with multiplier and commissions, as the broker reports it; absent when it does not. */
  readonly averageCost?: Money;
  /** What of it our fills and adoptions account for. */
  readonly ours: number;
  /** There is more or less of it than is ours: the rest is somebody else's. */
  readonly foreign: boolean;
}
export interface HoldingsView {
  /** Since when this is what the broker has said; absent: it was never asked. */
  readonly at?: EpochMs;
  /** By account and conId. Undefined is unknown. */
  readonly holdings?: readonly Holding[];
}

export class Holdings implements Projection<HoldingsView> {
  #set: { readonly digest: string; readonly rows: readonly BrokerPosition[] } | undefined;
  #pushed = new Map<string, BrokerPosition>();
  #ours = new Map<number, number>();
  #at: EpochMs | undefined;

  get folded() {
    return { set: this.#set, pushed: this.#pushed, ours: this.#ours, at: this.#at };
  }
  set folded(kept) {
    ({ set: this.#set, pushed: this.#pushed, ours: this.#ours, at: this.#at } = kept);
  }

  apply(step: Step): void {
    const input = inputOf(step);
    if (input.type === "positions.answered") {
      const { digest = "", positions } = input;
      const rows = rowsAfter(this.#set ?? { digest: "", rows: [] }, { ...input, rows: positions }, positionKey);
      // An answer that builds on another than the last tells nothing; the next one is whole.
      this.#set = rows === undefined ? undefined : { digest, rows };
      this.#pushed.clear();
      this.#at = timeOf(step);
    } else if (input.type === "position.changed") {
      this.#pushed.set(positionKey(input.position), input.position);
      this.#at = timeOf(step);
    }
    for (const fact of factsOf(step)) {
      if (fact.type === "fill.booked" || fact.type === "position.adopted") {
        const { conId } = fact.contract;
        this.#ours.set(conId, (this.#ours.get(conId) ?? 0) + fact.quantity);
      }
    }
  }

  get view(): HoldingsView {
    if (this.#set === undefined || this.#at === undefined) return {};
    const rows = new Map(this.#set.rows.map((row) => [positionKey(row), row]));
    for (const [key, row] of this.#pushed) rows.set(key, row);
    const holdings = [...rows.values()]
      .filter(({ quantity }) => quantity !== 0)
      .map(({ account, contract, quantity, averageCost }) => {
        const ours = this.#ours.get(contract.conId) ?? 0;
        return {
          account,
          conId: contract.conId,
          name: contractName(contract),
          contract,
          quantity,
          ...(averageCost === undefined ? {} : { averageCost }),
          ours,
          foreign: quantity !== ours,
        };
      })
      .sort((a, b) => (a.account === b.account ? a.conId - b.conId : a.account < b.account ? -1 : 1));
    return { at: this.#at, holdings };
  }
}
