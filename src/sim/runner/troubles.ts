/** What each trouble does to the world, and when it is over. Names and plans are in faults.ts. */
import type { Broker } from "../broker/broker.ts";
import type { FaultBoard, FaultRequest } from "../faults/board.ts";
import { FaultError } from "../faults/parameter.ts";
import type { FaultName, PlannedFault } from "../faults.ts";
import type { CrashPoints } from "./crash-points.ts";
import type { Line } from "./line.ts";
import type { VirtualTime } from "./virtual-time.ts";

export interface TroublesOptions {
  readonly time: VirtualTime;
  readonly broker: Broker;
  readonly board: FaultBoard;
  readonly crashPoints: CrashPoints;
  /** The newest connection of the engine's. */
  readonly line: () => Line | undefined;
  readonly kill: (fault: FaultName) => void;
  /** Once for each trouble that had an effect. */
  readonly onTriggered: (fault: FaultName) => void;
}

export interface Troubles {
  begin(fault: PlannedFault): void;
  /** Nobody listens at the gateway's port. */
  readonly gatewayAway: boolean;
  /** Ends everything that goes on, and disarms what has not happened. */
  heal(): void;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
/** A number between two, by a chance in (0, 1), small ones more often. */
const between = (low: number, high: number, chance: number): number => Math.round(low + (high - low) * chance * chance);

export const createTroubles = (options: TroublesOptions): Troubles => {
  const { time, broker, board, crashPoints, line, kill, onTriggered } = options;
  const { faults } = broker;
  let away = 0;
  let endings: (() => void)[] = [];

  const lasting = (ms: number, end: () => void): void => {
    let over = false;
    const ending = (): void => {
      if (over) return;
      over = true;
      end();
    };
    endings.push(ending);
    time.after(ms, ending);
  };
  /** Counts a trouble that waits for its victim once it has found it. */
  const waiting = (name: FaultName, happened: () => boolean): void => {
    let over = false;
    endings.push(() => {
      over = true;
    });
    const look = (): void => {
      if (over) return;
      if (happened()) onTriggered(name);
      else time.after(SECOND, look);
    };
    time.after(SECOND, look);
  };
  /** One of the gateway's own faults, for so long if it is a state. */
  const onBoard = (name: FaultName, request: FaultRequest, ms?: number): void => {
    try {
      const id = board.begin(request);
      onTriggered(name);
      if (ms === undefined) endings.push(() => board.clear(id));
      else lasting(ms, () => board.clear(id));
    } catch (error) {
      // There was nothing that it could happen to.
      if (!(error instanceof FaultError)) throw error;
    }
  };
  const onLine = (name: FaultName, act: (line: Line) => void): void => {
    const current = line();
    if (current?.open !== true) return;
    onTriggered(name);
    act(current);
  };

  const begin = ({ name, chance }: PlannedFault): void => {
    const period = between(MINUTE, 20 * MINUTE, chance);
    switch (name) {
      case "crash":
        kill(name);
        break;
      case "crash.inRecovery":
        crashPoints.arm(name);
        kill("crash");
        break;
      case "crash.beforeAppend":
      case "crash.duringAppend":
      case "crash.beforeRelease":
      case "crash.afterRelease":
        crashPoints.arm(name);
        break;
      case "line.reset":
        onLine(name, (current) => current.reset());
        break;
      case "line.silence":
        onLine(name, (current) => current.silence(between(5 * SECOND, 90 * SECOND, chance)));
        break;
      case "gateway.restart":
        onTriggered(name);
        away++;
        line()?.reset();
        lasting(between(2 * SECOND, 10 * MINUTE, chance), () => {
          away--;
        });
        break;
      case "servers.dataKept":
      case "servers.dataLost":
      case "servers.lateFills": {
        if (broker.connectivity.lost || line()?.open !== true) break;
        const back = name === "servers.dataLost" ? "lost" : "kept";
        const fills = name === "servers.lateFills" ? "late" : "silent";
        onBoard(name, { fault: "servers.lost", with: { back, fills } }, between(SECOND, 3 * MINUTE, chance));
        break;
      }
      case "gateway.idsRollBack":
        onBoard(name, { fault: "gateway.idsRollBack", with: { by: 1 + Math.floor(chance * 5) } });
        line()?.reset();
        break;
      case "execution.corrected": {
        const by = (1 + Math.floor(chance * 5)) / 100;
        onBoard(name, { fault: "execution.correct", with: { which: "next", by, delay: `${between(0, MINUTE, chance)}ms` } });
        break;
      }
      case "orders.manual":
        onBoard(name, { fault: "orders.manual", with: { quantity: 1 + Math.floor(chance * 3) } });
        break;
      case "positions.closedByHand":
      case "positions.liquidated":
      case "positions.assigned":
      case "order.twice":
        onBoard(name, { fault: name });
        break;
      case "answers.falselyEmpty": {
        const empty = ["positions.falselyEmpty", "openOrders.falselyEmpty", "executions.partialAnswer"];
        onBoard(name, { fault: empty[Math.floor(chance * empty.length)] as string }, period);
        break;
      }
      case "broker.loseStatus":
        onTriggered(name);
        faults.loseStatus = 0.1 + 0.9 * chance;
        lasting(period, () => {
          faults.loseStatus = 0;
        });
        break;
      case "broker.delayCommission":
        onTriggered(name);
        faults.delayCommissionMs = between(SECOND, 5 * MINUTE, chance);
        lasting(period, () => {
          faults.delayCommissionMs = 0;
        });
        break;
      case "broker.execBeforeOpenOrder":
        onTriggered(name);
        faults.execBeforeOpenOrder = true;
        lasting(period, () => {
          faults.execBeforeOpenOrder = false;
        });
        break;
      case "broker.acceptSilently":
        onTriggered(name);
        faults.acceptSilently = true;
        lasting(period, () => {
          faults.acceptSilently = false;
        });
        break;
      case "broker.reject201":
      case "broker.reject110": {
        faults.rejectNext = name === "broker.reject201" ? 201 : 110;
        endings.push(() => {
          faults.rejectNext = undefined;
        });
        waiting(name, () => faults.rejectNext === undefined);
        break;
      }
      case "broker.blackhole": {
        const most = 1 + Math.floor(chance * 3);
        faults.blackholeNext = most;
        endings.push(() => {
          faults.blackholeNext = 0;
        });
        waiting(name, () => faults.blackholeNext < most);
        break;
      }
    }
  };

  return {
    begin,
    get gatewayAway() {
      return away > 0;
    },
    heal: () => {
      for (const end of endings) end();
      endings = [];
      crashPoints.disarm();
    },
  };
};
