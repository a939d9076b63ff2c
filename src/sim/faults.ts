/**
 * Troubles by name, and the plan of them that a seed draws: how many, which, and when. What each does to the world is the runner's.
 *
 * Half of them come at an instant of the session, the other half right after the engine has sent its n-th order: orders are at
 * work for a few minutes of a day only, and that is where troubles hurt.
 */

import { assert } from "../domain/assert.ts";
import type { TradingDay } from "../domain/units.ts";
import { type RandomStream, randomStream } from "./market/random.ts";

export const FAULT_NAMES = [
  /** The process is killed: at once; before a batch is written; while it is; when it is durable and nothing has been released; when
   *  an effect has been released and nobody has said so yet; and while it recovers from an earlier kill. */
  "crash",
  "crash.beforeAppend",
  "crash.duringAppend",
  "crash.beforeRelease",
  "crash.afterRelease",
  "crash.inRecovery",
  /** The connection is reset; goes silent both ways; the gateway is away for a while; IB's servers are. */
  "line.reset",
  "line.silence",
  "gateway.restart",
  "servers.dataKept",
  "servers.dataLost",
  /** What the broker does wrong. */
  "broker.loseStatus",
  "broker.delayCommission",
  "broker.execBeforeOpenOrder",
  "broker.reject201",
  "broker.reject110",
  "broker.blackhole",
  "broker.acceptSilently",
  /** IB's servers are away, and what orders did meanwhile is told late. */
  "servers.lateFills",
  /** The connection is reset, and ids are offered that were used before. */
  "gateway.idsRollBack",
  /** The exchange corrects an execution. */
  "execution.corrected",
  /** For a while positions or open orders are answered with none, or executions with some. */
  "answers.falselyEmpty",
  /** Somebody trades at the screen, or closes what is ours; the margin desk closes it. */
  "orders.manual",
  "positions.closedByHand",
  "positions.liquidated",
  /** A change leaves two live orders of one id at IB. */
  "order.twice",
] as const;
/** Not in the swarm, by name only: an assignment moves positions without an execution, which the auditor cannot tell from a lost fill. */
export const FURTHER_FAULT_NAMES = ["positions.assigned"] as const;
export type FaultName = (typeof FAULT_NAMES)[number] | (typeof FURTHER_FAULT_NAMES)[number];

/** One trouble to come. */
export interface PlannedFault {
  readonly name: FaultName;
  /** At an instant of market time, or so many ms after the n-th order of the day has left the engine. */
  readonly when: { readonly at: number } | { readonly order: number; readonly afterMs: number };
  /** A number of its own in (0, 1), from which the rest follows: how long, how often. */
  readonly chance: number;
}

/** How many troubles a session has, and of which kinds they may be. */
export interface FaultOptions {
  readonly least: number;
  readonly most: number;
  readonly names: readonly FaultName[];
}
export const SWARM: FaultOptions = { least: 2, most: 20, names: FAULT_NAMES };
export const NO_FAULTS: FaultOptions = { least: 0, most: 0, names: [] };

/** No trouble begins in the last part of a session: by its end everything must have been put right. */
export const HEALED_BEFORE_END_MS = 25 * 60_000;
const QUIET_START_MS = 60_000;

const pick = <Item>(stream: RandomStream, items: readonly Item[]): Item => {
  const item = items[Math.floor(stream.uniform() * items.length)];
  assert(item !== undefined, "there is something to pick from");
  return item;
};

/** The troubles of one day, between its opening and `ends`. The same seed, day and options give the same plan. */
export const drawFaults = (
  seed: number,
  { day, opens, ends }: { readonly day: TradingDay; readonly opens: number; readonly ends: number },
  { least, most, names }: FaultOptions,
): readonly PlannedFault[] => {
  if (names.length === 0) return [];
  const stream = randomStream(seed, `faults/${day}`);
  // A seed has its own few kinds, so that some seeds see one trouble often and others many once.
  const kinds = Array.from({ length: 2 + Math.floor(stream.uniform() * 6) }, () => pick(stream, names));
  const count = least + Math.floor(stream.uniform() * (most - least + 1));
  const from = opens + QUIET_START_MS;
  const to = ends - HEALED_BEFORE_END_MS;
  return Array.from({ length: count }, (): PlannedFault => {
    const name = pick(stream, kinds);
    const [timed, place, after, chance] = [stream.uniform(), stream.uniform(), stream.uniform(), stream.uniform()];
    const when =
      timed < 0.5
        ? { at: Math.floor(from + place * (to - from)) }
        : { order: 1 + Math.floor(place * 20), afterMs: after < 0.4 ? 0 : Math.floor(after * after * 4_000) };
    return { name, when, chance };
  });
};
