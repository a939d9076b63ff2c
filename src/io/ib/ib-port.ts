/**
 * The border between IB's client and the kernel's inbox. Created once per process; each `gateway.connect` begins an epoch
 * with a fresh client of the same client id, and everything that belongs to an epoch dies with it.
 *
 * *Written* means that the message's bytes were handed to the epoch's TCP socket, no more and no less: from then on IB may
 * have it. `send` says so at once when the pacer lets the message pass; otherwise it says `pending`, and exactly one
 * `settled(id, …)` follows: written, or refused, which promises that not one byte left. When an epoch ends, whatever still
 * waits is refused, before `gateway.lost` is delivered.
 *
 * A question that was written is answered once: by its answer, or by `request.failed`, at the latest when its epoch ends.
 * One that was refused is answered by the refusal alone.
 */
import { EFFECT_CLASS, type OrderTicket } from "../../domain/effects.ts";
import type { EpochMs } from "../../domain/units.ts";
import type { Scheduler } from "../../ports/clock.ts";
import type { IbClient } from "../../ports/ib-client.ts";
import { createEpoch, type Epoch, type EpochSettings } from "./epoch.ts";
import { createMarketLines, type MarketLines } from "./market-lines.ts";
import { reportOrders } from "./order-reports.ts";
import { createPacer, type Pacer } from "./pacer.ts";
import {
  type Deliver,
  EPOCH_OVER,
  type Handover,
  type IbEffect,
  type Logger,
  NOT_IDENTIFIED,
  type OutgoingEffect,
  type Settlement,
} from "./port-words.ts";
import { createRequests, type Requests } from "./requests.ts";
import { FIRST_REQUEST_ID, ticketTo } from "./translate/order.ts";

export interface IbPortOptions {
  /** A fresh client at each call: `realClients(...)`, or a session of the simulated broker. */
  readonly newClient: () => IbClient;
  /** The same for life: only the client that placed an order may change or cancel it. */
  readonly clientId: number;
  /** Real time. */
  readonly scheduler: Scheduler;
  /** Market time. */
  readonly now: () => EpochMs;
  readonly deliver: Deliver;
  /** How an effect ended for which `send` said `pending`. */
  readonly settled: (effectId: string, settlement: Settlement) => void;
  readonly logger: Logger;
  readonly messagesPerSecond?: number;
  readonly heartbeatMs?: number;
  readonly heartbeatTimeoutMs?: number;
  readonly connectTimeoutMs?: number;
  /** How long a question may go without its end marker, in real time. */
  readonly requestTimeoutMs?: number;
  readonly quoteBatchMs?: number;
  /** Asked once for each order (and what-if), just before its bytes: a reason to hold it back, such as the kill latch. */
  readonly lastCheck?: (effect: OutgoingEffect) => string | undefined;
  /** The simulated gateway says what its clock shows (notice 2199). Called before the notice is delivered. */
  readonly onAnnouncement?: (text: string) => void;
}

export interface IbPort {
  send(effect: OutgoingEffect): Handover;
  /** The epoch begun last, 0 before the first. */
  readonly epoch: number;
  readonly state: "idle" | "connecting" | "identified" | "over";
  /** The contracts with an open market data line, oldest first. */
  lines(): readonly number[];
  /** Stops and restarts reading from the socket, while the kernel's inbox is full. Outlives epochs. */
  pause(): void;
  resume(): void;
  /** Ends the epoch and refuses everything from then on. */
  close(): void;
}

/** Above this many bytes in the socket nothing more is handed to it, so that cancels can still overtake. */
const MOST_UNSENT = 64 * 1024;

interface Living {
  readonly epoch: Epoch;
  readonly pacer: Pacer;
  readonly requests: Requests;
  readonly lines: MarketLines;
}
type Settle = (refusal?: string) => void;

/** An effect of the closed list, as far as its type says; params follow from the type, as Effects says. */
const isIbEffect = (effect: OutgoingEffect): effect is IbEffect =>
  Object.hasOwn(EFFECT_CLASS, effect.type) && effect.type !== "operator.notify";

export const createIbPort = (options: IbPortOptions): IbPort => {
  const { newClient, scheduler, now, deliver, settled, logger, lastCheck } = options;
  const settings: EpochSettings = {
    clientId: options.clientId,
    scheduler,
    logger,
    heartbeatMs: options.heartbeatMs ?? 10_000,
    heartbeatTimeoutMs: options.heartbeatTimeoutMs ?? 15_000,
    connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
    ...(options.onAnnouncement ? { onAnnouncement: options.onAnnouncement } : {}),
  };
  let living: Living | undefined;
  let paused = false;
  let closed = false;

  const connect = (number: number, client: IbClient) => {
    living?.epoch.end(`epoch ${number} begins`);
    const epoch = createEpoch(number, client, deliver, settings);
    const { hear } = epoch;
    let lastReqId = FIRST_REQUEST_ID - 1;
    const nextReqId = () => ++lastReqId;
    const pacer = createPacer({
      scheduler,
      messagesPerSecond: options.messagesPerSecond ?? 45,
      congested: () => epoch.unsent() > MOST_UNSENT,
    });
    const session = { epoch: number, client, hear, deliver, pacer, scheduler, now, logger, nextReqId };
    const lines = createMarketLines({ ...session, quoteBatchMs: options.quoteBatchMs ?? 50 });
    const requests = createRequests({ ...session, timeoutMs: options.requestTimeoutMs ?? 60_000 });
    reportOrders({ ...session, requests });
    living = { epoch, pacer, requests, lines };
    epoch.begin({
      identified: pacer.open,
      answered: requests.settledDown,
      probe: () => pacer.offer({ lane: "cancel", write: () => client.reqCurrentTime() }),
      failed: (concern, code, text) => {
        if (concern.of === "order") deliver({ type: "order.errored", epoch: number, orderId: concern.orderId, code, text });
        else if (concern.advisory) {
          lines.advised(concern.reqId, code, text);
          logger.info({ epoch: number, ...concern, code, text }, "advice on a request");
        } else if (!lines.failed(concern.reqId, code, text) && !requests.failed(concern.reqId, code, text))
          logger.warn({ epoch: number, ...concern, code, text }, "error for a request that nobody waits for");
      },
      noticed: lines.noticed,
      dataLost: lines.dropped,
      over: () => {
        pacer.close();
        requests.close();
        lines.end();
      },
    });
    if (paused) epoch.pause();
  };

  /** The reason not to release an order, asked just before its bytes. */
  const objectionTo = (effect: OutgoingEffect, expiresAt?: EpochMs) => (): string | undefined =>
    expiresAt !== undefined && now() > expiresAt ? "approval expired" : lastCheck?.(effect);

  const offer = (
    effect: Exclude<IbEffect, { type: "gateway.connect" }>,
    { epoch, pacer, requests, lines }: Living,
    settle: Settle,
  ): void => {
    const { client } = epoch;
    const place = (ticket: OrderTicket, whatIf: boolean, objection: () => string | undefined) => {
      const { orderId, contract, order } = ticketTo(ticket, whatIf);
      const write = () => void client.placeOrder(orderId, contract, order);
      pacer.offer({ lane: whatIf ? "enquiry" : "order", orderId, objection, write, settle });
    };
    switch (effect.type) {
      case "order.place":
        place(effect.params.ticket, false, objectionTo(effect, effect.params.approval.expiresAt));
        break;
      case "order.whatIf":
        place(effect.params.ticket, true, objectionTo(effect));
        break;
      case "order.cancel": {
        const { orderId } = effect.params;
        pacer.offer({ lane: "cancel", orderId, write: () => void client.cancelOrder(orderId), settle });
        break;
      }
      case "line.open":
        lines.open(effect.params, settle);
        break;
      case "line.close":
        lines.close(effect.params.conId, settle);
        break;
      case "line.snapshot":
        lines.look(effect.params.contract, settle);
        break;
      case "line.withdraw":
        lines.withdraw(effect.params.conId, settle);
        break;
      case "gateway.disconnect":
        settle();
        epoch.end(effect.params.reason);
        break;
      default:
        requests.ask(effect, settle);
    }
  };

  const begin = (number: number): Handover => {
    if (!Number.isSafeInteger(number) || number <= (living?.epoch.number ?? 0)) {
      return { refused: `epoch ${number} is not later than ${living?.epoch.number ?? 0}` };
    }
    try {
      connect(number, newClient());
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      logger.error({ epoch: number, reason }, "no client");
      return { refused: reason };
    }
    return { written: number };
  };

  return {
    send: (effect) => {
      if (closed) return { refused: "the port is closed" };
      if (!isIbEffect(effect)) return { refused: `${effect.type} is not the gateway's business` };
      if (effect.type === "gateway.connect") return begin(effect.params.epoch);
      const current = living;
      if (!current || current.epoch.state === "over" || effect.params.epoch !== current.epoch.number)
        return { refused: EPOCH_OVER };
      if (current.epoch.state !== "identified" && effect.type !== "gateway.disconnect") return { refused: NOT_IDENTIFIED };
      const { number } = current.epoch;
      let atOnce: Settlement | undefined;
      let returned = false;
      const settle: Settle = (refusal) => {
        const settlement = refusal === undefined ? { written: number } : { refused: refusal };
        if (returned) settled(effect.id, settlement);
        else atOnce = settlement;
      };
      try {
        offer(effect, current, settle);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        logger.error({ effect, reason }, "effect refused");
        return { refused: reason };
      }
      returned = true;
      return atOnce ?? { pending: number };
    },
    get epoch() {
      return living?.epoch.number ?? 0;
    },
    get state() {
      return living?.epoch.state ?? "idle";
    },
    lines: () => living?.lines.openConIds() ?? [],
    pause: () => {
      paused = true;
      living?.epoch.pause();
    },
    resume: () => {
      paused = false;
      living?.epoch.resume();
    },
    close: () => {
      closed = true;
      living?.epoch.end("closed");
    },
  };
};
