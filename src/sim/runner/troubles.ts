/** What each trouble does to the world, and when it is over. Names and plans are in faults.ts. */
import type { Broker } from "../broker/broker.ts";
import type { FaultName, PlannedFault } from "../faults.ts";
import type { CrashPoints } from "./crash-points.ts";
import type { Line } from "./line.ts";
import type { VirtualTime } from "./virtual-time.ts";

export interface TroublesOptions {
  readonly time: VirtualTime;
  readonly broker: Broker;
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
  const { time, broker, crashPoints, line, kill, onTriggered } = options;
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
        onLine(name, (current) => current.disconnectServers(between(SECOND, 3 * MINUTE, chance), 1102));
        break;
      case "servers.dataLost":
        onLine(name, (current) => current.disconnectServers(between(SECOND, 3 * MINUTE, chance), 1101));
        break;
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
