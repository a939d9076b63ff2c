/** The lives of orders under all their names: orderRef and intent, IB's order id and perm id, executions, effects. Bounded. */
import { type FoldedLife, OrderLife } from "./order-life.ts";

/** Lives kept; older ended ones are only in the journal. */
export const LIVES_KEPT = 1_000;

export class OrderLives {
  #lives = new Map<string, OrderLife>();
  #byIntent = new Map<string, OrderLife>();
  #byOrderId = new Map<number, OrderLife>();
  #byPermId = new Map<number, OrderLife>();
  #byExecution = new Map<string, OrderLife>();
  #effects = new Map<string, { readonly life: OrderLife; readonly type: string }>();

  /** All it keeps, for a later process to go on from. A life that several maps name stays one. */
  get folded() {
    const known = new Map<OrderLife, FoldedLife>();
    const fold = (life: OrderLife): FoldedLife => remembered(known, life, () => life.folded);
    return {
      lives: mapped(this.#lives, fold),
      byIntent: mapped(this.#byIntent, fold),
      byOrderId: mapped(this.#byOrderId, fold),
      byPermId: mapped(this.#byPermId, fold),
      byExecution: mapped(this.#byExecution, fold),
      effects: mapped(this.#effects, ({ life, type }) => ({ life: fold(life), type })),
    };
  }
  set folded(kept) {
    const known = new Map<FoldedLife, OrderLife>();
    const unfold = (life: FoldedLife): OrderLife => remembered(known, life, () => OrderLife.unfolded(life));
    this.#lives = mapped(kept.lives, unfold);
    this.#byIntent = mapped(kept.byIntent, unfold);
    this.#byOrderId = mapped(kept.byOrderId, unfold);
    this.#byPermId = mapped(kept.byPermId, unfold);
    this.#byExecution = mapped(kept.byExecution, unfold);
    this.#effects = mapped(kept.effects, ({ life, type }) => ({ life: unfold(life), type }));
  }

  byOrderRef(orderRef: string): OrderLife | undefined {
    return this.#lives.get(orderRef);
  }
  byIntent(intentId: string): OrderLife | undefined {
    return this.#byIntent.get(intentId);
  }
  byOrderId(orderId: number): OrderLife | undefined {
    return this.#byOrderId.get(orderId);
  }
  byPermId(permId: number): OrderLife | undefined {
    return this.#byPermId.get(permId);
  }
  byExecution(execId: string): OrderLife | undefined {
    return this.#byExecution.get(execId);
  }
  /** The newest `limit` of them, newest first. */
  newest(limit: number): OrderLife[] {
    return [...this.#lives.values()].slice(-limit).reverse();
  }

  begin(life: OrderLife): void {
    this.#lives.set(life.intent.orderRef, life);
    this.#byIntent.set(life.intent.intentId, life);
  }
  /** It goes by this order id too: of its what-if, of its placement. */
  nameOrderId(life: OrderLife, orderId: number): void {
    this.#byOrderId.set(orderId, life);
  }
  namePermId(life: OrderLife, permId: number): void {
    if (permId <= 0) return;
    life.permId = permId;
    this.#byPermId.set(permId, life);
  }
  nameExecution(life: OrderLife, execId: string): void {
    this.#byExecution.set(execId, life);
  }

  /** An effect of this type waits for its answer. */
  await(effectId: string, life: OrderLife, type: string): void {
    this.#effects.set(effectId, { life, type });
  }
  /** It is answered: whose it was, and waits no more. */
  answered(effectId: string): { readonly life: OrderLife; readonly type: string } | undefined {
    const asked = this.#effects.get(effectId);
    this.#effects.delete(effectId);
    return asked;
  }

  /** The oldest ended lives go first. */
  forget(): void {
    if (this.#lives.size <= LIVES_KEPT) return;
    for (const [orderRef, life] of this.#lives) {
      if (life.ended === undefined) continue;
      this.#lives.delete(orderRef);
      this.#byIntent.delete(life.intent.intentId);
      if (life.orderId !== undefined && this.#byOrderId.get(life.orderId) === life) this.#byOrderId.delete(life.orderId);
      if (life.permId !== undefined) this.#byPermId.delete(life.permId);
      for (const { execId } of life.fills) this.#byExecution.delete(execId);
      return;
    }
  }
}

const mapped = <Key, From, To>(map: ReadonlyMap<Key, From>, to: (from: From) => To): Map<Key, To> =>
  new Map([...map].map(([key, from]) => [key, to(from)]));

const remembered = <From, To>(known: Map<From, To>, from: From, make: () => To): To => {
  const made = known.get(from) ?? make();
  known.set(from, made);
  return made;
};
