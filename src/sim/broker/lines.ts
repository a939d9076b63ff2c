/**
 * Market data lines: what streams to whom, and that there are only so many. Ticks are sent on change, after each advance; what they are is the
 * feeds' business (market-data/feed.ts), one feed for all lines that show the same thing.
 *
 * Faults call the controls below; each is exact about what clients then hear:
 *   failAll(code, text): number          every line hears the error and is gone; so many were open
 *   dropAll(): number                    every line is gone, nobody hears of it (what 1101 means)
 *   freeze(on)                           silence (what 1100 means); afterwards each line hears what has changed meanwhile
 *   compete(on)                          10197 for every line and each new one; they stay, silent, and go on when it is over
 *   refuse({ code, text } | undefined)   every new line is answered with this error
 *   halt(on, conIds?)                    quotes stand still, 49/90 says 1; then 0
 *   oddTicks(kind, conIds?): number      says wrong prices once, at once, to every line; the next advance says the true ones
 */
import type { Contract as IbContract } from "@stoqey/ib";
import { dollars, epochMs } from "../../domain/units.ts";
import type { Market } from "../market/market.ts";
import { createChannels } from "./market-data/channels.ts";
import { type DataType, type Entitlements, type Grant, grantFor } from "./market-data/entitlement.ts";
import { type Channel, followsHours, isSnapshotOver, type Line, showType, tellShown } from "./market-data/line.ts";
import { groupsShown, lacksUnderlying, readLineRequest } from "./market-data/line-request.ts";
import type { OddTicks } from "./market-data/odd-ticks.ts";
import { type IbError, isError } from "./resolve.ts";
import type { Listener } from "./session.ts";

/** A snapshot waits so long (market time) for a first quote, and holds a line while it does. */
const SNAPSHOT_MS = 11_000;
/** The ticks of a combo's own price, and what IB calls the bundle of exchanges behind SMART quotes. */
const COMBO_TICK = 0.01;
const BBO_EXCHANGE = "9c0001";
/** Snapshots of this contract may be asked for: with and without a fee. */
const SNAPSHOT_PERMISSIONS = 3;

const COMPETING: IbError = { code: 10197, text: "No market data during competing live session" };

export interface LineControls {
  failAll(code: number, text: string): number;
  dropAll(): number;
  freeze(on: boolean): void;
  compete(on: boolean): void;
  refuse(error: IbError | undefined): void;
  halt(on: boolean, conIds?: readonly number[]): void;
  oddTicks(kind: OddTicks, conIds?: readonly number[]): number;
}

export interface Lines extends LineControls {
  open(to: Listener, reqId: number, contract: IbContract, genericTicks: string, snapshot: boolean): void;
  close(to: Listener, reqId: number): void;
  closeAll(to: Listener): void;
  /** reqMarketDataType: what the client's next lines ask for; 1 until it says otherwise. */
  ask(to: Listener, type: number): void;
  /** Sends what changed since the last time. */
  advance(): void;
  /** Lines in use, of all clients together. */
  inUse(): number;
}

export interface LineRules {
  readonly market: Market;
  /** Of all clients together. */
  readonly limit: number;
  readonly entitlements: () => Entitlements;
  /** Do lines of options say their model ticks? */
  readonly optionComputations: boolean;
}

const error = (to: Listener, reqId: number, { code, text }: IbError): void => to.tell("error", new Error(text), code, reqId);

export const createLines = ({ market, limit, entitlements, optionComputations }: LineRules): Lines => {
  const clients = new Map<Listener, Map<number, Line>>();
  // Outlives the lines: after 1101 a client opens new ones without asking again.
  const askedTypes = new WeakMap<Listener, DataType>();
  const channels = createChannels(market);
  let count = 0;
  let frozen = false;
  let competing = false;
  let refusal: IbError | undefined;
  let judgedBy = entitlements();

  const silent = (): boolean => frozen || competing;
  const remove = (line: Line): void => {
    clients.get(line.to)?.delete(line.reqId);
    count--;
    channels.leave(line);
  };
  const endIfOver = (line: Line): void => {
    if (!isSnapshotOver(line, market.now)) return;
    remove(line);
    line.to.tell("tickSnapshotEnd", line.reqId);
  };

  /** Sends a channel's changes to its lines, and the whole picture to those that have not begun. */
  const serve = (channel: Channel): void => {
    const { feed, lines } = channel;
    const changes = feed.refresh(market.now);
    let ends = false;
    for (const line of lines) {
      if (followsHours(line)) showType(line, market);
      if (line.begun) {
        if (changes.length > 0) tellShown(line, changes);
      } else if (feed.quoted) {
        line.begun = true;
        tellShown(line, feed.picture());
      }
      ends ||= line.snapshotEndsAt !== undefined;
    }
    if (ends) for (const line of [...lines]) endIfOver(line);
  };

  const grantOf = (legs: Line["legs"], asked: DataType): Grant | IbError =>
    grantFor(
      judgedBy,
      legs.map(({ details }) => details),
      asked,
    );
  const every = (): Line[] => [...clients.values()].flatMap((own) => [...own.values()]);

  /** Entitlements have changed: lines turn delayed or live, or end. */
  const judge = (): void => {
    judgedBy = entitlements();
    for (const line of every()) {
      const grant = grantOf(line.legs, line.asked);
      if (isError(grant)) {
        remove(line);
        error(line.to, line.reqId, grant);
        continue;
      }
      if (grant.delayed === line.grant.delayed) {
        line.grant = grant;
        continue;
      }
      channels.leave(line);
      line.grant = grant;
      line.channel = channels.of({ ...line.channel.subject, delayed: grant.delayed });
      line.begun = false;
      channels.join(line);
      if (grant.notice !== undefined) error(line.to, line.reqId, grant.notice);
      showType(line, market);
    }
  };

  const open = (
    to: Listener,
    reqId: number,
    contract: IbContract,
    genericTicks: string,
    snapshot: boolean,
  ): IbError | undefined => {
    const own = clients.get(to) ?? new Map<number, Line>();
    if (own.has(reqId)) return { code: 322, text: "Error processing request.-'bN' : cause - Duplicate ticker id" };
    const request = readLineRequest(market, contract, genericTicks, snapshot);
    if (isError(request)) return request;
    if (refusal !== undefined) return refusal;
    if (count >= limit) return { code: 101, text: "Max number of tickers has been reached" };
    if (entitlements() !== judgedBy) judge();
    const { legs, combo } = request;
    const asked = askedTypes.get(to) ?? 1;
    const grant = grantOf(legs, asked);
    if (isError(grant)) return grant;
    const channel = channels.of({ legs, combo, delayed: grant.delayed });
    const withheld = lacksUnderlying(request, grant, { market, judgedBy });
    const line: Line = {
      to,
      reqId,
      legs,
      groups: groupsShown(request, grant, optionComputations && !withheld),
      asked,
      snapshotEndsAt: snapshot ? epochMs(market.now + SNAPSHOT_MS) : undefined,
      grant,
      type: undefined,
      channel,
      begun: false,
    };
    own.set(reqId, line);
    clients.set(to, own);
    count++;
    channels.join(line);
    if (grant.notice !== undefined) error(to, reqId, grant.notice);
    if (withheld) {
      const text =
        "Part of requested market data requires additional subscription for API. The underlying's data are not available live.";
      error(to, reqId, { code: 10091, text });
    }
    showType(line, market);
    const minTick = combo ? COMBO_TICK : dollars(legs[0]!.details.minTick);
    to.tell("tickReqParams", reqId, minTick, combo ? "" : BBO_EXCHANGE, combo ? 0 : SNAPSHOT_PERMISSIONS);
    if (competing) error(to, reqId, COMPETING);
    if (!silent()) serve(channel);
    return undefined;
  };

  return {
    inUse: () => count,
    open: (to, reqId, contract, genericTicks, snapshot) => {
      const refused = open(to, reqId, contract, genericTicks, snapshot);
      if (refused !== undefined) error(to, reqId, refused);
    },
    close: (to, reqId) => {
      const line = clients.get(to)?.get(reqId);
      if (line === undefined) error(to, reqId, { code: 300, text: `Can't find EId with tickerId:${reqId}` });
      else remove(line);
    },
    closeAll: (to) => {
      for (const line of [...(clients.get(to)?.values() ?? [])]) remove(line);
      clients.delete(to);
    },
    ask: (to, type) => {
      if (type === 1 || type === 2 || type === 3 || type === 4) askedTypes.set(to, type);
      else error(to, -1, { code: 321, text: "Error validating request.-'bC' : cause - Invalid market data type" });
    },
    advance: () => {
      if (count === 0) return;
      channels.advance();
      if (entitlements() !== judgedBy) judge();
      if (silent()) for (const line of every()) endIfOver(line);
      else for (const channel of channels.all()) serve(channel);
    },
    failAll: (code, text) => {
      const open = every();
      for (const line of open) {
        remove(line);
        error(line.to, line.reqId, { code, text });
      }
      return open.length;
    },
    dropAll: () => {
      const open = every();
      for (const line of open) remove(line);
      return open.length;
    },
    freeze: (on) => {
      frozen = on;
    },
    compete: (on) => {
      if (on && !competing) for (const line of every()) error(line.to, line.reqId, COMPETING);
      competing = on;
    },
    refuse: (with_) => {
      refusal = with_;
    },
    halt: channels.halt,
    oddTicks: (kind, conIds) => (silent() ? 0 : channels.misspeak(kind, conIds)),
  };
};
