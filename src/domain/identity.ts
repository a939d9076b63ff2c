/**
 * Who an order is. IB re-issues order ids and knows nothing of our actors, so identity is the orderRef, which travels with
 * the order through every message, and from it the address of the saga that owns it follows without a table.
 *
 *   intentId   20261120-s3-7        trading day, slot, the slot's running number: never reused
 *   orderRef   caretaker/5f2c81aa/20261120-s3-7
 *   address    order/20261120/s3-7  shards by trading day, archived whole (K9)
 */
import type { TradingDay } from "./units.ts";

const PREFIX = "caretaker";
const REF_FORM = /^caretaker\/([0-9a-f]{8})\/(\d{8}-[a-z0-9]+-\d+)$/;

export const intentIdOf = (day: TradingDay, owner: string, n: number): string => `${day.replaceAll("-", "")}-${owner}-${n}`;

export const orderRefOf = (installation: string, intentId: string): string => `${PREFIX}/${installation}/${intentId}`;

/** The parts of an orderRef of ours, or undefined: somebody else's order is never touched. */
export const parseOrderRef = (orderRef: string): { installation: string; intentId: string } | undefined => {
  const match = REF_FORM.exec(orderRef);
  return match ? { installation: match[1] as string, intentId: match[2] as string } : undefined;
};

/** The address of the saga that owns an intent. */
export const orderAddress = (intentId: string): string => {
  const cut = intentId.indexOf("-");
  return `order/${intentId.slice(0, cut)}/${intentId.slice(cut + 1)}`;
};

/** The day on which an intent was made, in exchange time. */
export const dayOfIntent = (intentId: string): TradingDay =>
  `${intentId.slice(0, 4)}-${intentId.slice(4, 6)}-${intentId.slice(6, 8)}` as TradingDay;

/** The shard of a saga's address, archived whole: `order/20261120/`. */
export const shardOf = (path: string): string => path.slice(0, path.lastIndexOf("/") + 1);

/** The shards of days before this one, of those given. */
export const shardsBefore = (shards: readonly string[], day: TradingDay): string[] =>
  shards.filter((shard) => shard < `order/${day.replaceAll("-", "")}/`).sort();

/** The common part of an execution's revisions: `0000e0d5.65a1b2c3.01.02` corrects `…01.01`, so the family is all but the last part. */
export const executionFamily = (execId: string): { family: string; revision: number } => {
  const cut = execId.lastIndexOf(".");
  const revision = cut < 0 ? Number.NaN : Number.parseInt(execId.slice(cut + 1), 10);
  return Number.isInteger(revision) ? { family: execId.slice(0, cut), revision } : { family: execId, revision: 0 };
};
