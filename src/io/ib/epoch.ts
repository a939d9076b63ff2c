/**
 * One connection's whole life: one fresh IB client, from connect to its end, which comes exactly once.
 *
 * *Identified* means that the accounts and the next valid order id have both arrived; before that nothing may be sent. The
 * instance is never used again (B3): its listeners are removed, a deaf one stays for late errors, the socket is destroyed.
 * What is asked and answered within the epoch is the business of the parts that `attach`.
 */
import type { Scheduler } from "../../ports/clock.ts";
import type { IbClient } from "../../ports/ib-client.ts";
import { ANNOUNCEMENT, type Concern, concernOf, DATA_LOST } from "./errors.ts";
import { guardFraming } from "./framing-guard.ts";
import { startHeartbeat } from "./heartbeat.ts";
import { createHearing, type Hear } from "./listeners.ts";
import type { Deliver, Logger } from "./port-words.ts";

/** The oldest server that speaks all that we use: what other clients demand as well. */
const OLDEST_SERVER = 157;

export interface EpochSettings {
  readonly clientId: number;
  readonly scheduler: Scheduler;
  readonly logger: Logger;
  readonly heartbeatMs: number;
  readonly heartbeatTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly onAnnouncement?: (text: string) => void;
}

/** What lives inside one epoch and dies with it. */
export interface Inmates {
  /** Messages may be sent from now on. */
  identified(): void;
  /** The peer has answered a heartbeat: everything that it sent before is in. */
  answered(): void;
  /** Sends reqCurrentTime, ahead of everything else. */
  probe(): void;
  failed(concern: Extract<Concern, { of: "order" | "request" }>, code: number, text: string): void;
  /** A notice that concerns no single request. */
  noticed(code: number, text: string): void;
  /** IB has dropped all market data lines (1101). */
  dataLost(code: number, text: string): void;
  /** The epoch is over: settle what is open. Before `gateway.lost`. */
  over(): void;
}

export interface Epoch {
  readonly number: number;
  readonly client: IbClient;
  readonly state: "connecting" | "identified" | "over";
  readonly hear: Hear;
  /** Bytes that the socket has not passed on. */
  unsent(): number;
  pause(): void;
  resume(): void;
  end(reason: string): void;
  /** Moves the inmates in and connects. */
  begin(inmates: Inmates): void;
}

export const createEpoch = (number: number, client: IbClient, deliver: Deliver, settings: EpochSettings): Epoch => {
  const { clientId, scheduler, logger } = settings;
  let state: Epoch["state"] = "connecting";
  let inmates: Inmates | undefined;
  let accounts: readonly string[] | undefined;
  let nextOrderId: number | undefined;
  let heartbeat: ReturnType<typeof startHeartbeat> | undefined;
  let dropDeadline = () => {};
  let paused = false;

  const end = (reason: string) => {
    if (state === "over") return;
    state = "over";
    dropDeadline();
    heartbeat?.stop();
    guard.close();
    client.removeAllListeners();
    client.on("error", () => {});
    try {
      client.disconnect();
    } catch (error) {
      logger.warn({ epoch: number, error: String(error) }, "disconnect failed");
    }
    inmates?.over();
    logger.info({ epoch: number, reason }, "gateway lost");
    deliver({ type: "gateway.lost", epoch: number, reason });
  };
  const guard = guardFraming(client, end);
  const hear = createHearing({ client, epoch: number, logger, isOver: () => state === "over", missed: end });

  const beIdentified = () => {
    if (state !== "connecting" || accounts === undefined || nextOrderId === undefined) return;
    state = "identified";
    dropDeadline();
    deliver({ type: "gateway.identified", epoch: number, accounts, nextOrderId, clientId });
    // IBApi opens its own queue only after its listeners to nextValidId have returned: a command given now would sit in it
    // unsent while we call it written (B1).
    dropDeadline = scheduler.after(0, () => {
      if (state !== "identified") return;
      inmates?.identified();
      heartbeat = startHeartbeat({
        scheduler,
        everyMs: settings.heartbeatMs,
        timeoutMs: settings.heartbeatTimeoutMs,
        probe: () => inmates?.probe(),
        silent: (ms) => end(`no answer to a heartbeat for ${Math.round(ms)} ms`),
      });
      if (paused) heartbeat.suspend();
    });
  };

  const hearTheGateway = () => {
    hear("server", (serverVersion) => {
      deliver({ type: "gateway.connected", epoch: number, serverVersion });
      if (serverVersion < OLDEST_SERVER) end(`the gateway speaks version ${serverVersion}; at least ${OLDEST_SERVER} is needed`);
    });
    hear("managedAccounts", (list) => {
      accounts = list
        .split(",")
        .map((account) => account.trim())
        .filter((account) => account !== "");
      beIdentified();
    });
    hear("nextValidId", (id) => {
      // Later ones answer nobody: ids are counted by the kernel from the first.
      nextOrderId ??= Number.isSafeInteger(id) && id >= 0 ? id : undefined;
      beIdentified();
    });
    hear("currentTime", () => {
      heartbeat?.heard();
      inmates?.answered();
    });
    hear("disconnected", () => end("the socket was closed"));
    const noticed = (code: number, text: string) => {
      if (code === ANNOUNCEMENT) settings.onAnnouncement?.(text);
      deliver({ type: "gateway.noticed", epoch: number, code, text });
      inmates?.noticed(code, text);
      if (code === DATA_LOST) inmates?.dataLost(code, text);
    };
    const hearError = (id: number, code: number, text: string) => {
      const concern = concernOf(id, code, text);
      if (concern.of === "gateway") noticed(code, text);
      else if (concern.of === "connection") {
        if (concern.said) noticed(code, text);
        end(`${code}: ${text}`);
      } else inmates?.failed(concern, code, text);
    };
    // IBApi tells everything that has no id as `info`, also what ends the connection (B5).
    hear("info", (text, code) => hearError(-1, code, text));
    hear("error", (error, code, id) => hearError(id, code, error.message));
  };

  return {
    number,
    client,
    hear,
    get state() {
      return state;
    },
    unsent: guard.unsent,
    pause: () => {
      paused = true;
      guard.pause();
      heartbeat?.suspend();
    },
    resume: () => {
      paused = false;
      guard.resume();
      heartbeat?.resume();
    },
    end,
    begin: (moving) => {
      inmates = moving;
      hearTheGateway();
      dropDeadline = scheduler.after(settings.connectTimeoutMs, () =>
        end(`not identified within ${settings.connectTimeoutMs} ms`),
      );
      try {
        client.connect(clientId);
      } catch (error) {
        end(`cannot connect: ${error instanceof Error ? error.message : String(error)}`);
      }
    },
  };
};
