/**
 * Snapshots: one look at a contract, which holds a line until IB ends it (up to 11 s). Each that was asked for is answered once, with
 * the quote or with why there is none; one that was withdrawn is not answered.
 */
import type { Contract } from "../../domain/contract.ts";
import type { QuoteSource } from "../../domain/quote.ts";
import type { EpochMs } from "../../domain/units.ts";
import type { Scheduler } from "../../ports/clock.ts";
import type { IbClient } from "../../ports/ib-client.ts";
import type { Pacer, Parcel } from "./pacer.ts";
import type { Deliver } from "./port-words.ts";
import { contractTo } from "./translate/contract.ts";
import { type Heard, isSigned, nothingHeard, quoteOf } from "./translate/tick.ts";

interface Look {
  readonly reqId: number;
  readonly conId: number;
  readonly heard: Heard;
  readonly takeBack: () => void;
  source: QuoteSource;
  at: EpochMs;
}

export interface Looks {
  ask(contract: Contract, settle: Parcel["settle"]): void;
  withdraw(conId: number, settle: Parcel["settle"]): void;
  ticked(reqId: number, take: (heard: Heard) => boolean): void;
  typed(reqId: number, source: QuoteSource): void;
  end(reqId: number): void;
  /** False when the id is none of these. */
  failed(reqId: number, code: number, text: string): boolean;
  advised(reqId: number, code: number, text: string): void;
  dropped(code: number, text: string): void;
  close(): void;
}

/** IB ends a snapshot after 11 s. */
const NO_END_MS = 15_000;
const NO_ANSWER = 0;
/** The account may not see this live: a stream goes on with delayed data, a look is worth nothing. */
const NOT_ENTITLED: readonly number[] = [10089, 10090, 10091];

export const createLooks = (session: {
  readonly epoch: number;
  readonly client: IbClient;
  readonly deliver: Deliver;
  readonly pacer: Pacer;
  readonly scheduler: Scheduler;
  readonly now: () => EpochMs;
  readonly nextReqId: () => number;
}): Looks => {
  const { epoch, client, deliver, pacer, scheduler, now, nextReqId } = session;
  const byReqId = new Map<number, Look>();
  const byConId = new Map<number, Look>();

  const over = (look: Look) => {
    look.takeBack();
    byReqId.delete(look.reqId);
    byConId.delete(look.conId);
  };
  const cancel = ({ reqId }: Look) => pacer.offer({ lane: "data", write: () => client.cancelMktData(reqId) });
  const fail = (look: Look, code: number, text: string) => {
    over(look);
    deliver({ type: "snapshot.failed", epoch, conId: look.conId, code, text });
  };
  const begun = (contract: Contract): Look => {
    const { conId } = contract;
    const reqId = nextReqId();
    const look: Look = {
      reqId,
      conId,
      heard: nothingHeard(isSigned(contract)),
      source: "live",
      at: now(),
      takeBack: scheduler.after(NO_END_MS, () => {
        cancel(look);
        fail(look, NO_ANSWER, `no end within ${NO_END_MS / 1_000} s`);
      }),
    };
    byReqId.set(reqId, look);
    byConId.set(conId, look);
    return look;
  };

  return {
    ask: (contract, settle) => {
      const ibContract = contractTo(contract);
      pacer.offer({
        lane: "data",
        write: () => {
          if (!byConId.has(contract.conId)) client.reqMktData(begun(contract).reqId, ibContract, "", true, false);
        },
        ...(settle ? { settle } : {}),
      });
    },
    withdraw: (conId, settle) =>
      pacer.offer({
        lane: "data",
        write: () => {
          const look = byConId.get(conId);
          if (!look) return;
          over(look);
          client.cancelMktData(look.reqId);
        },
        ...(settle ? { settle } : {}),
      }),
    ticked: (reqId, take) => {
      const look = byReqId.get(reqId);
      if (look && take(look.heard)) look.at = now();
    },
    typed: (reqId, source) => {
      const look = byReqId.get(reqId);
      if (look) look.source = source;
    },
    end: (reqId) => {
      const look = byReqId.get(reqId);
      if (!look) return;
      over(look);
      const source = look.source === "live" ? "snapshot" : look.source;
      deliver({ type: "snapshot.answered", epoch, conId: look.conId, quote: quoteOf(look.conId, look.heard, look.at, source) });
    },
    failed: (reqId, code, text) => {
      const look = byReqId.get(reqId);
      if (look) fail(look, code, text);
      return look !== undefined;
    },
    advised: (reqId, code, text) => {
      const look = byReqId.get(reqId);
      if (!look || !NOT_ENTITLED.includes(code)) return;
      cancel(look);
      fail(look, code, text);
    },
    dropped: (code, text) => {
      for (const look of [...byReqId.values()]) fail(look, code, text);
    },
    close: () => {
      for (const look of [...byReqId.values()]) over(look);
    },
  };
};
