/**
 * One epoch's market data lines: which are open, what each has said, and the newest whole quote of each, at most one per
 * contract in `quoteBatchMs`. Which lines to lease is the pool's business; nothing here survives the epoch.
 */
import { auditTime, Subject, type Subscription } from "rxjs";
import type { Contract } from "../../domain/contract.ts";
import type { EpochMs } from "../../domain/units.ts";
import type { Scheduler } from "../../ports/clock.ts";
import type { IbClient } from "../../ports/ib-client.ts";
import type { Hear } from "./listeners.ts";
import type { Pacer, Parcel } from "./pacer.ts";
import type { Deliver } from "./port-words.ts";
import { rxScheduler } from "./rx-scheduler.ts";
import { contractTo } from "./translate/contract.ts";
import { refuse } from "./translate/refusal.ts";
import { type Heard, hearPrice, hearSize, nothingHeard, quoteOf } from "./translate/tick.ts";

interface Line {
  readonly reqId: number;
  readonly conId: number;
  readonly heard: Heard;
  readonly ticks: Subject<void>;
  readonly batches: Subscription;
  at: EpochMs;
  dataType: number | undefined;
}

export interface MarketLines {
  /** Opens a line when its turn comes; one that is open already stays as it is. */
  open(contract: Contract, settle: Parcel["settle"]): void;
  /** Closes a line when its turn comes; one that is not open costs nothing. */
  close(conId: number, settle: Parcel["settle"]): void;
  /** IB refused a line. False when the id is none of these. */
  failed(reqId: number, code: number, text: string): boolean;
  /** IB has dropped them all. */
  dropped(code: number, text: string): void;
  /** The contracts with an open line, oldest first. */
  openConIds(): readonly number[];
  /** The epoch is over. */
  end(): void;
}

/** Another session has taken the market data; IB keeps the line and would resume it unasked. */
const COMPETING_SESSION = 10197;

export const createMarketLines = (session: {
  readonly epoch: number;
  readonly client: IbClient;
  readonly hear: Hear;
  readonly deliver: Deliver;
  readonly pacer: Pacer;
  readonly scheduler: Scheduler;
  readonly now: () => EpochMs;
  readonly quoteBatchMs: number;
  readonly nextReqId: () => number;
}): MarketLines => {
  const { epoch, client, hear, deliver, pacer, now, quoteBatchMs, nextReqId } = session;
  const time = rxScheduler(session.scheduler);
  const byConId = new Map<number, Line>();
  const byReqId = new Map<number, Line>();

  const opened = (conId: number): Line => {
    const ticks = new Subject<void>();
    const heard = nothingHeard();
    const batches = ticks
      .pipe(auditTime(quoteBatchMs, time))
      .subscribe(() => deliver({ type: "quote.updated", epoch, quote: quoteOf(conId, heard, line.at) }, `quote/${conId}`));
    const line: Line = { reqId: nextReqId(), conId, heard, ticks, batches, at: now(), dataType: undefined };
    byConId.set(conId, line);
    byReqId.set(line.reqId, line);
    return line;
  };
  const closed = (line: Line) => {
    line.batches.unsubscribe();
    byConId.delete(line.conId);
    byReqId.delete(line.reqId);
  };
  const fail = (line: Line, code: number, text: string) => {
    closed(line);
    deliver({ type: "line.failed", epoch, conId: line.conId, code, text });
  };
  // Ticks may still arrive for a line just closed: nobody's.
  const ticked = (reqId: number, take: (heard: Heard) => boolean) => {
    const line = byReqId.get(reqId);
    if (!line || !take(line.heard)) return;
    line.at = now();
    line.ticks.next();
  };

  hear("tickPrice", (reqId, field, value) => ticked(reqId, (heard) => hearPrice(heard, field, value)));
  hear("tickSize", (reqId, field, value) => ticked(reqId, (heard) => hearSize(heard, field, value)));
  hear("marketDataType", (reqId, dataType) => {
    const line = byReqId.get(reqId);
    if (!line || line.dataType === dataType) return;
    if (![1, 2, 3, 4].includes(dataType)) refuse("market data type", dataType);
    line.dataType = dataType;
    deliver({ type: "line.typed", epoch, conId: line.conId, dataType });
  });

  return {
    open: (contract, settle) => {
      const ibContract = contractTo(contract);
      pacer.offer({
        lane: "data",
        write: () => {
          // IB ticks only on change: who asks for a line that is open already is told what it last said.
          const line = byConId.get(contract.conId);
          if (line !== undefined) line.ticks.next();
          else client.reqMktData(opened(contract.conId).reqId, ibContract, "", false, false);
        },
        ...(settle ? { settle } : {}),
      });
    },
    close: (conId, settle) =>
      pacer.offer({
        lane: "data",
        write: () => {
          const line = byConId.get(conId);
          if (!line) return;
          closed(line);
          client.cancelMktData(line.reqId);
        },
        ...(settle ? { settle } : {}),
      }),
    failed: (reqId, code, text) => {
      const line = byReqId.get(reqId);
      if (!line) return false;
      fail(line, code, text);
      if (code === COMPETING_SESSION) pacer.offer({ lane: "data", write: () => client.cancelMktData(reqId) });
      return true;
    },
    dropped: (code, text) => {
      for (const line of [...byConId.values()]) fail(line, code, text);
    },
    openConIds: () => [...byConId.keys()],
    end: () => {
      for (const line of [...byConId.values()]) closed(line);
    },
  };
};
