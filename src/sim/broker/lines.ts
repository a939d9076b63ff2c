/**
 * Market data lines: what streams to whom, and that there are only so many. Ticks are sent on change, after each advance.
 *
 * Every price tick that has a size (bid, ask, last) is followed at once by its size tick, as `IBApi` splits them: the wire can
 * put the two into one message. No quote yet: nothing is sent. No such side: price −1, size 0.
 */
import type { Contract as IbContract } from "@stoqey/ib";
import { IBApiTickType as Tick } from "@stoqey/ib";
import { dollars, type EpochMs, epochMs, type Price } from "../../domain/units.ts";
import type { Market } from "../market/market.ts";
import { natural, type TradingLeg } from "./matching.ts";
import { type IbError, isError, theListing } from "./resolve.ts";
import type { Listener } from "./session.ts";

/** A snapshot waits so long (market time) for a first quote, and holds a line while it does. */
const SNAPSHOT_MS = 11_000;

interface Line {
  readonly legs: readonly TradingLeg[];
  readonly combo: boolean;
  readonly openInterestTick: Tick | undefined;
  /** When a snapshot gives up; undefined for a streaming line. */
  readonly snapshotEndsAt: EpochMs | undefined;
  readonly sent: Map<Tick, number>;
}

export interface Lines {
  open(to: Listener, reqId: number, contract: IbContract, genericTicks: string, snapshot: boolean): void;
  close(to: Listener, reqId: number): void;
  closeAll(to: Listener): void;
  /** Sends what changed since the last time. */
  advance(): void;
  /** Lines in use, of all clients together. */
  inUse(): number;
}

const reversed = (legs: readonly TradingLeg[]): TradingLeg[] => legs.map((leg) => ({ ...leg, ratio: -leg.ratio }));

export const createLines = (market: Market, limit: number): Lines => {
  const lines = new Map<Listener, Map<number, Line>>();
  const inUse = (): number => [...lines.values()].reduce((sum, own) => sum + own.size, 0);

  const price = (
    to: Listener,
    reqId: number,
    line: Line,
    tick: Tick,
    value: Price | null,
    sizeTick: Tick,
    size: number,
  ): void => {
    const shown = value === null ? -1 : dollars(value);
    const shownSize = value === null ? 0 : size;
    const priceChanged = line.sent.get(tick) !== shown;
    if (!priceChanged && line.sent.get(sizeTick) === shownSize) return;
    line.sent.set(tick, shown);
    line.sent.set(sizeTick, shownSize);
    if (priceChanged) to.tell("tickPrice", reqId, tick, shown, false);
    to.tell("tickSize", reqId, sizeTick, shownSize);
  };
  const size = (to: Listener, reqId: number, line: Line, tick: Tick, value: number | null): void => {
    if (value === null || line.sent.get(tick) === value) return;
    line.sent.set(tick, value);
    to.tell("tickSize", reqId, tick, value);
  };

  /** Sends the ticks that differ from the last ones; false while there is no quote. */
  const send = (to: Listener, reqId: number, line: Line): boolean => {
    if (line.combo) {
      const ask = natural(line.legs, market.quote);
      const bid = natural(reversed(line.legs), market.quote);
      price(to, reqId, line, Tick.BID, bid === undefined ? null : (-bid.cost as Price), Tick.BID_SIZE, bid?.units ?? 0);
      price(to, reqId, line, Tick.ASK, ask === undefined ? null : ask.cost, Tick.ASK_SIZE, ask?.units ?? 0);
      return true;
    }
    const conId = line.legs[0]?.details.contract.conId;
    const quote = conId === undefined ? undefined : market.quote(conId);
    if (quote === undefined) return false;
    price(to, reqId, line, Tick.BID, quote.bid, Tick.BID_SIZE, quote.bidSize);
    price(to, reqId, line, Tick.ASK, quote.ask, Tick.ASK_SIZE, quote.askSize);
    if (quote.last !== null) price(to, reqId, line, Tick.LAST, quote.last, Tick.LAST_SIZE, quote.lastSize);
    size(to, reqId, line, Tick.VOLUME, quote.volume);
    if (quote.close !== null && line.sent.get(Tick.CLOSE) !== dollars(quote.close)) {
      line.sent.set(Tick.CLOSE, dollars(quote.close));
      to.tell("tickPrice", reqId, Tick.CLOSE, dollars(quote.close), false);
    }
    if (line.openInterestTick !== undefined) size(to, reqId, line, line.openInterestTick, quote.openInterest);
    return true;
  };

  /** Sends, and ends a snapshot that has its quote or has waited long enough. */
  const serve = (to: Listener, reqId: number, line: Line): void => {
    const quoted = send(to, reqId, line);
    if (line.snapshotEndsAt === undefined || (!quoted && market.now < line.snapshotEndsAt)) return;
    lines.get(to)?.delete(reqId);
    to.tell("tickSnapshotEnd", reqId);
  };

  const legsOf = (contract: IbContract): { legs: TradingLeg[]; combo: boolean } | IbError => {
    if (contract.secType !== "BAG") {
      const details = theListing(market, contract);
      return isError(details) ? details : { legs: [{ details, ratio: 1 }], combo: false };
    }
    const legs: TradingLeg[] = [];
    for (const { conId, ratio, action } of contract.comboLegs ?? []) {
      const details = theListing(market, { conId: conId ?? -1 });
      if (isError(details)) return details;
      legs.push({ details, ratio: (ratio ?? 1) * (action === "BUY" ? 1 : -1) });
    }
    return legs.length === 0
      ? { code: 200, text: "No security definition has been found for the request" }
      : { legs, combo: true };
  };

  /** Generic ticks that we have: 101 open interest of an option, 588 of a future. */
  const openInterestTick = (generic: readonly string[], [leg]: readonly TradingLeg[]): Tick | undefined => {
    const contract = leg?.details.contract;
    if (generic.includes("588") && contract?.secType === "FUT") return Tick.FUTURES_OPEN_INTEREST;
    if (!generic.includes("101") || contract?.right === undefined) return undefined;
    return contract.right === "C" ? Tick.OPTION_CALL_OPEN_INTEREST : Tick.OPTION_PUT_OPEN_INTEREST;
  };

  return {
    inUse,
    open: (to, reqId, contract, genericTicks, snapshot) => {
      const refuse = ({ code, text }: IbError): void => to.tell("error", new Error(text), code, reqId);
      const own = lines.get(to) ?? new Map<number, Line>();
      const invalid = "Error processing request.-'bN' : cause - ";
      if (own.has(reqId)) return refuse({ code: 322, text: `${invalid}Duplicate ticker id` });
      const generic = genericTicks.split(",").filter((tick) => tick !== "");
      if (snapshot && generic.length > 0)
        return refuse({
          code: 321,
          text: "Error validating request.-'bN' : cause - Snapshot market data cannot carry generic ticks",
        });
      const found = legsOf(contract);
      if (isError(found)) return refuse(found);
      if (inUse() >= limit) return refuse({ code: 101, text: "Max number of tickers has been reached" });
      const line: Line = {
        ...found,
        openInterestTick: found.combo ? undefined : openInterestTick(generic, found.legs),
        snapshotEndsAt: snapshot ? epochMs(market.now + SNAPSHOT_MS) : undefined,
        sent: new Map(),
      };
      own.set(reqId, line);
      lines.set(to, own);
      to.tell("marketDataType", reqId, 1);
      serve(to, reqId, line);
    },
    close: (to, reqId) => {
      if (!lines.get(to)?.delete(reqId)) to.tell("error", new Error(`Can't find EId with tickerId:${reqId}`), 300, reqId);
    },
    closeAll: (to) => {
      lines.delete(to);
    },
    advance: () => {
      for (const [to, own] of lines) for (const [reqId, line] of [...own]) serve(to, reqId, line);
    },
  };
};
