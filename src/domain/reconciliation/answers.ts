/**
 * The broker's sets as they are told: whole at first, afterwards by what has changed. The keys by which rows are the same, and a set put
 * together again from the one before and an answer. Pure; `src/io/ib/told-sets.ts` takes sets apart.
 */
import type { BrokerOrder, BrokerPosition, Execution, SetTold } from "../events/broker.ts";

export const positionKey = ({ account, contract }: BrokerPosition): string => `${account}/${contract.conId}`;
/** Completed and manual orders have no orderId, fresh ones no permId. */
export const orderKey = ({ permId, clientId, orderId }: BrokerOrder): string =>
  permId > 0 ? `${permId}` : `${clientId}/${orderId}`;
export const executionKey = ({ execId }: Execution): string => execId;

/**
 * The rows after an answer, of those that are wanted. `before` are the wanted rows of the set whose digest we said we know. Undefined when
 * the answer builds on another set than that: it proves nothing.
 */
export const rowsAfter = <Row>(
  before: { readonly digest: string; readonly rows: readonly Row[] },
  told: SetTold & { readonly rows: readonly Row[] },
  keyOf: (row: Row) => string,
  wanted: (row: Row) => boolean = () => true,
): readonly Row[] | undefined => {
  if (told.base === undefined) return told.rows.filter(wanted);
  if (told.base !== before.digest) return undefined;
  if (told.rows.length === 0 && (told.gone ?? []).length === 0) return before.rows;
  const replaced = new Set([...told.rows.map(keyOf), ...(told.gone ?? [])]);
  return [...before.rows.filter((row) => !replaced.has(keyOf(row))), ...told.rows.filter(wanted)];
};
