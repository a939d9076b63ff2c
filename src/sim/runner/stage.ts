/**
 * What a written scenario may touch of a world: the broker's switches and its books, the engine's process, and the moments
 * at which things happen. A seed's own troubles are drawn in faults.ts; a scenario says by itself what goes wrong, and when.
 */
import type { Step } from "../../ports/journal.ts";
import type { Broker } from "../broker/broker.ts";
import type { FaultRequest } from "../faults/board.ts";
import type { FaultName } from "../faults.ts";
import type { SyntheticMarket } from "../market/synthetic-market.ts";

export interface Stage {
  readonly broker: Broker;
  readonly market: SyntheticMarket;
  /** So many minutes after the first session's opening. */
  at(minutes: number, act: () => void): void;
  /** So many milliseconds of market time from now. */
  after(ms: number, act: () => void): void;
  /** Right after the engine has sent its n-th order (what-ifs not counted, modifications counted), or `afterMs` later. */
  afterOrder(n: number, act: () => void, afterMs?: number): void;
  /** Each record as it becomes durable. */
  onRecord(listener: (record: Step) => void): void;
  /** Begins a named trouble now. `chance` in (0, 1) says how long or how often, as a seed's own would. */
  begin(fault: FaultName, chance?: number): void;
  /** Begins any of the gateway's faults by name (`caretaker gateway --faults` lists them). Returns its number. */
  fault(request: FaultRequest): number;
  /** kill -9; the process comes back after a while. */
  kill(): void;
}
