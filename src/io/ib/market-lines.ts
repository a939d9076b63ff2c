/**
 * One epoch's market data lines: which are open, what each has said, and the newest whole quote of each, at most one per
 * contract in `quoteBatchMs`. Which lines to lease is the pool's business; nothing here survives the epoch.
 *
 * A line whose data cannot be believed any more (its farm or IB's servers are away, it has been silent too long, it failed) is told at
 * once as a quote of which nothing is known (`broken`); what it said before is forgotten.
 */
import { auditTime, Subject, type Subscription } from "rxjs";
import type { Contract } from "../../domain/contract.ts";
import type { Effects } from "../../domain/effects.ts";
import { farmNews, isFedBy } from "../../domain/lines/farm.ts";
import { silenceLimitMs } from "../../domain/lines/liveness.ts";
import { type QuoteSource, sourceOfType } from "../../domain/quote.ts";
import type { EpochMs } from "../../domain/units.ts";
import type { Scheduler } from "../../ports/clock.ts";
import type { IbClient } from "../../ports/ib-client.ts";
import { createLineWatch, type Watched } from "./line-watch.ts";
import type { Hear } from "./listeners.ts";
import { createLooks } from "./looks.ts";
import type { Pacer, Parcel } from "./pacer.ts";
import type { Deliver } from "./port-words.ts";
import { rxScheduler } from "./rx-scheduler.ts";
import { contractTo } from "./translate/contract.ts";
import { DIVIDENDS_TICK, dividendFrom } from "./translate/dividend.ts";
import { genericTicksOf, isFigureRefused } from "./translate/generic-ticks.ts";
import { refuse } from "./translate/refusal.ts";
import { type Heard, hearDividend, hearFigure, hearPrice, hearSize, isSigned, nothingHeard, quoteOf } from "./translate/tick.ts";

interface Line extends Watched {
  readonly reqId: number;
  readonly contract: Contract;
  readonly ticks: Subject<void>;
  readonly batches: Subscription;
  heard: Heard;
  at: EpochMs;
  dataType: number | undefined;
  source: QuoteSource;
  /** Why what it says is not known, until it ticks. */
  broken: string | undefined;
  /** What broke it is over: it may speak by itself, or be asked for anew. */
  healed: boolean;
  /** Tell when it ticks. */
  resumes: boolean;
}

export interface MarketLines {
  /** Opens a line when its turn comes; one that is open already says its newest once more. */
  open(params: Effects["line.open"], settle: Parcel["settle"]): void;
  /** Closes a line when its turn comes; one that is not open costs nothing. */
  close(conId: number, settle: Parcel["settle"]): void;
  /** Asks for one look at a contract. */
  look(contract: Contract, settle: Parcel["settle"]): void;
  /** Takes the look back; one that has ended costs nothing. */
  withdraw(conId: number, settle: Parcel["settle"]): void;
  /** IB refused a line. False when the id is none of these. */
  failed(reqId: number, code: number, text: string): boolean;
  /** IB remarked upon a request that lives on; a look gets nothing from it any more. */
  advised(reqId: number, code: number, text: string): void;
  /** A notice of the gateway's: farms and connectivity break lines and heal them. */
  noticed(code: number, text: string): void;
  /** IB has dropped them all. */
  dropped(code: number, text: string): void;
  /** The contracts with an open line, oldest first. */
  openConIds(): readonly number[];
  /** The epoch is over. */
  end(): void;
}

/** Another session has taken the market data; IB keeps the line and would resume it unasked. */
const COMPETING_SESSION = 10197;
const SERVERS_AWAY: readonly number[] = [1100, 2110];
const SERVERS_BACK = 1102;

/** How long a line may take to speak again by itself after a break, in real time. */
const GRACE_MS = 5_000;

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
  const { epoch, client, hear, deliver, pacer, scheduler, now, quoteBatchMs, nextReqId } = session;
  const time = rxScheduler(scheduler);
  const byConId = new Map<number, Line>();
  const byReqId = new Map<number, Line>();
  const healing = new Set<() => void>();
  /** Lines that are asked for without figures. */
  const plain = new Set<number>();
  const looks = createLooks(session);

  const tell = (line: Line) => {
    const { contract, heard, at, source, broken } = line;
    const quote = broken === undefined ? quoteOf(contract.conId, heard, at, source) : { conId: contract.conId, broken, at };
    deliver({ type: "quote.updated", epoch, quote }, `quote/${contract.conId}`);
  };
  const breakLine = (line: Line, why: string) => {
    line.heard = nothingHeard(line.heard.signed);
    line.broken = why;
    line.healed = false;
    line.at = now();
    tell(line);
  };
  const stall = (line: Line, silentMs: number, why: string) => {
    line.resumes = true;
    breakLine(line, why);
    deliver({ type: "line.stalled", epoch, conId: line.contract.conId, silentMs: Math.round(silentMs) });
  };
  const watch = createLineWatch<Line>({
    scheduler,
    now,
    lines: () => byConId.values(),
    limitMs: ({ contract, stallMs }, at) => (stallMs === undefined ? undefined : silenceLimitMs(contract, at, stallMs)),
    stalled: (line, silentMs) => stall(line, silentMs, `silent for ${Math.round(silentMs / 1_000)} s`),
  });

  const opened = ({ contract, stallMs, afterStall }: Effects["line.open"]): Line => {
    const ticks = new Subject<void>();
    const line: Line = {
      reqId: nextReqId(),
      contract,
      ticks,
      batches: ticks.pipe(auditTime(quoteBatchMs, time)).subscribe(() => tell(line)),
      heard: nothingHeard(isSigned(contract)),
      at: now(),
      dataType: undefined,
      source: "live",
      broken: undefined,
      healed: false,
      resumes: afterStall ?? false,
      stallMs,
      silentMs: 0,
      reported: false,
    };
    byConId.set(contract.conId, line);
    byReqId.set(line.reqId, line);
    if (stallMs !== undefined) watch.begin();
    return line;
  };
  const closed = (line: Line) => {
    line.batches.unsubscribe();
    byConId.delete(line.contract.conId);
    byReqId.delete(line.reqId);
    plain.delete(line.reqId);
  };
  const fail = (line: Line, code: number, text: string) => {
    closed(line);
    breakLine(line, `${code} ${text}`);
    deliver({ type: "line.failed", epoch, conId: line.contract.conId, code, text });
  };
  // Ticks may still arrive for a line just closed: nobody's.
  const ticked = (reqId: number, take: (heard: Heard) => boolean) => {
    const line = byReqId.get(reqId);
    if (!line) return looks.ticked(reqId, take);
    if (!take(line.heard)) return;
    line.at = now();
    line.silentMs = 0;
    line.broken = undefined;
    line.healed = false;
    line.reported = false;
    line.ticks.next();
    if (!line.resumes) return;
    line.resumes = false;
    deliver({ type: "line.resumed", epoch, conId: line.contract.conId });
  };

  // A figure is told, but proves no price fresh.
  const noteFigure = (reqId: number, field: number | undefined, value: number | undefined) => {
    const line = byReqId.get(reqId);
    if (line && hearFigure(line.heard, line.contract, field, value) && line.broken === undefined) line.ticks.next();
  };

  hear("tickPrice", (reqId, field, value) => ticked(reqId, (heard) => hearPrice(heard, field, value)));
  hear("tickSize", (reqId, field, value) => {
    noteFigure(reqId, field, value);
    ticked(reqId, (heard) => hearSize(heard, field, value));
  });
  hear("tickGeneric", (reqId, field, value) => noteFigure(reqId, field, value));
  hear("tickString", (reqId, field, value) => {
    const line = byReqId.get(reqId);
    if (!line || field !== DIVIDENDS_TICK || line.contract.secType !== "STK") return;
    if (hearDividend(line.heard, dividendFrom(value)) && line.broken === undefined) line.ticks.next();
  });
  hear("tickSnapshotEnd", (reqId) => looks.end(reqId));
  hear("marketDataType", (reqId, dataType) => {
    const source = sourceOfType(dataType) ?? refuse("market data type", dataType);
    const line = byReqId.get(reqId);
    if (!line) return looks.typed(reqId, source);
    if (line.dataType === dataType) return;
    // What it said under another type is not what it says under this one.
    if (source !== line.source) line.heard = nothingHeard(line.heard.signed);
    line.dataType = dataType;
    line.source = source;
    deliver({ type: "line.typed", epoch, conId: line.contract.conId, dataType });
    line.ticks.next();
  });

  /** Those lines break now. */
  const breakAll = (why: string, concerned: (contract: Contract) => boolean) => {
    for (const line of byConId.values()) if (concerned(line.contract) && line.broken !== why) breakLine(line, why);
  };
  /** They may speak again; whichever has not after a while has to be asked for anew. */
  const heal = (concerned: (contract: Contract) => boolean) => {
    const silent = [...byConId.values()].filter((line) => line.broken !== undefined && concerned(line.contract));
    if (silent.length === 0) return;
    for (const line of silent) line.healed = true;
    const takeBack = scheduler.after(GRACE_MS, () => {
      healing.delete(takeBack);
      for (const line of silent) {
        if (byReqId.get(line.reqId) !== line || line.broken === undefined || line.resumes) continue;
        stall(line, now() - line.at, `${line.broken}; silent since`);
      }
    });
    healing.add(takeBack);
  };

  return {
    open: (params, settle) => {
      const { contract } = params;
      const ibContract = contractTo(contract);
      pacer.offer({
        lane: "data",
        write: () => {
          // IB ticks only on change: who asks for a line that is open already is told what it last said.
          const line = byConId.get(contract.conId);
          if (line !== undefined && !line.healed) return line.ticks.next();
          if (line !== undefined) {
            closed(line);
            pacer.offer({ lane: "data", write: () => client.cancelMktData(line.reqId) });
          }
          client.reqMktData(opened(params).reqId, ibContract, genericTicksOf(contract), false, false);
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
    look: looks.ask,
    withdraw: looks.withdraw,
    failed: (reqId, code, text) => {
      const line = byReqId.get(reqId);
      if (!line) return looks.failed(reqId, code, text);
      if (isFigureRefused(code, text) && !plain.has(reqId)) {
        plain.add(reqId);
        const again = () => byReqId.has(reqId) && client.reqMktData(reqId, contractTo(line.contract), "", false, false);
        pacer.offer({ lane: "data", write: () => void again() });
        return true;
      }
      fail(line, code, text);
      if (code === COMPETING_SESSION) pacer.offer({ lane: "data", write: () => client.cancelMktData(reqId) });
      return true;
    },
    advised: looks.advised,
    noticed: (code, text) => {
      if (SERVERS_AWAY.includes(code)) breakAll(`${code}`, () => true);
      else if (code === SERVERS_BACK) heal(() => true);
      const news = farmNews(code, text);
      if (news === undefined) return;
      const fed = (contract: Contract) => isFedBy(contract, news.farm);
      if (news.broken) breakAll(`${code} ${news.farm}`, fed);
      else heal(fed);
    },
    dropped: (code, text) => {
      for (const line of [...byConId.values()]) fail(line, code, text);
      looks.dropped(code, text);
    },
    openConIds: () => [...byConId.keys()],
    end: () => {
      for (const line of [...byConId.values()]) closed(line);
      for (const takeBack of healing) takeBack();
      watch.end();
      looks.close();
    },
  };
};
