/**
 * Who gets one of IB's market data lines. A line belongs to a contract; several holders may share it, and it has the best
 * priority of them. Held legs come first, then underlyings and futures, then entry candidates, then the rest; within a
 * priority, first come first served. Pure: the pool's whole state goes in and comes out.
 */
import type { Contract } from "../contract.ts";
import type { LinePriority } from "../events/actors.ts";

/** One contract that somebody wants streamed. `order` is the running number of its first request. */
export interface Want {
  readonly contract: Contract;
  readonly holders: { readonly [holder: string]: LinePriority };
  readonly order: number;
}
export type Wants = { readonly [conId: string]: Want };

export const priorityOf = (want: Want): LinePriority => Math.min(...Object.values(want.holders)) as LinePriority;

/** Adds a holder (or changes its priority). */
export const want = (wants: Wants, contract: Contract, holder: string, priority: LinePriority, order: number): Wants => {
  const known = wants[contract.conId];
  return {
    ...wants,
    [contract.conId]: { contract, holders: { ...known?.holders, [holder]: priority }, order: known?.order ?? order },
  };
};

/** Takes a holder away from one contract, or from all when `conId` is undefined; what nobody wants any more is gone. */
export const unwant = (wants: Wants, holder: string, conId?: number): Wants => {
  const left: Record<string, Want> = {};
  for (const [key, entry] of Object.entries(wants)) {
    if (conId !== undefined && key !== String(conId)) {
      left[key] = entry;
      continue;
    }
    const { [holder]: _gone, ...holders } = entry.holders;
    if (Object.keys(holders).length > 0) left[key] = { ...entry, holders };
  }
  return left;
};

/** The conIds that should stream now, at most `limit`, and how many wait. A streaming line of equal priority is never evicted for a newcomer. */
export const allocate = (
  wants: Wants,
  streaming: ReadonlySet<string>,
  limit: number,
): { readonly lease: readonly string[]; readonly waiting: number } => {
  const ranked = Object.entries(wants).sort(
    ([a, one], [b, other]) =>
      priorityOf(one) - priorityOf(other) || Number(streaming.has(b)) - Number(streaming.has(a)) || one.order - other.order,
  );
  return { lease: ranked.slice(0, limit).map(([conId]) => conId), waiting: Math.max(0, ranked.length - limit) };
};
