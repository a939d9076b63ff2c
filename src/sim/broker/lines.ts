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
import type { ContractDetails } from "../../domain/contract.ts";
import { dollars, type EpochMs, epochMs } from "../../domain/units.ts";
import type { Market } from "../market/market.ts";
import { type DataType, type Entitlements, entitlementOf, type Grant, grantFor, typeShown } from "./market-data/entitlement.ts";
import { COMPUTATIONS, EVERYBODY, type Feed, type Shown } from "./market-data/feed.ts";
import { readGenericTicks } from "./market-data/generic-ticks.ts";
import { type OddTicks, oddTicksOf } from "./market-data/odd-ticks.ts";
import { createSources, keyOf, type Subject } from "./market-data/sources.ts";
import { tellTick } from "./market-data/tick.ts";
import type { TradingLeg } from "./matching.ts";
import { type IbError, isError, theLegs } from "./resolve.ts";
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

interface Line {
  readonly to: Listener;
  readonly reqId: number;
  readonly legs: readonly TradingLeg[];
  readonly groups: ReadonlySet<number>;
  readonly asked: DataType;
  /** When a snapshot gives up; undefined for a streaming line. */
  readonly snapshotEndsAt: EpochMs | undefined;
  grant: Grant;
  type: DataType | undefined;
  channel: Channel;
  /** Has the picture been sent? Not while there is silence. */
  begun: boolean;
}

/** A feed and the lines that show it. */
interface Channel {
  readonly key: string;
  readonly subject: Subject;
  readonly feed: Feed;
  readonly lines: Set<Line>;
}

export const createLines = ({ market, limit, entitlements, optionComputations }: LineRules): Lines => {
  const clients = new Map<Listener, Map<number, Line>>();
  // Outlives the lines: after 1101 a client opens new ones without asking again.
  const askedTypes = new WeakMap<Listener, DataType>();
  const channels = new Map<string, Channel>();
  const sources = createSources(market);
  const halted = new Set<number>();
  let everythingHalted = false;
  let count = 0;
  let frozen = false;
  let competing = false;
  let refusal: IbError | undefined;
  let judgedBy = entitlements();

  const silent = (): boolean => frozen || competing;
  const shows = ({ legs }: Subject, conIds: { has(conId: number): boolean }): boolean =>
    legs.some(({ details }) => conIds.has(details.contract.conId));
  const isHalted = (subject: Subject): boolean => everythingHalted || shows(subject, halted);

  const channelFor = (subject: Subject): Channel => {
    const key = keyOf(subject);
    const known = channels.get(key);
    if (known !== undefined) return known;
    const channel: Channel = { key, subject, feed: sources.open(subject), lines: new Set() };
    channel.feed.halted = isHalted(subject);
    channels.set(key, channel);
    return channel;
  };

  const join = (line: Line): void => {
    line.channel.lines.add(line);
    for (const group of line.groups) if (group !== EVERYBODY) line.channel.feed.want(group);
  };
  const leave = (line: Line): void => {
    const { channel } = line;
    channel.lines.delete(line);
    for (const group of line.groups) if (group !== EVERYBODY) channel.feed.unwant(group);
    if (channel.lines.size > 0) return;
    channels.delete(channel.key);
    sources.release(channel.subject);
  };
  const remove = (line: Line): void => {
    clients.get(line.to)?.delete(line.reqId);
    count--;
    leave(line);
  };

  const tell = ({ to, reqId, groups }: Line, shown: Iterable<Shown>): void => {
    for (const { tick, group } of shown) if (groups.has(group)) tellTick(to, reqId, tick);
  };
  const showType = (line: Line): void => {
    const { asked, grant, legs } = line;
    const open = (asked !== 2 && asked !== 4) || legs.every(({ details }) => market.isOpen(details.contract.conId));
    const type = typeShown(grant, asked, open);
    if (type === line.type) return;
    line.type = type;
    line.to.tell("marketDataType", line.reqId, type);
  };
  const isOver = (line: Line): boolean =>
    line.snapshotEndsAt !== undefined && ((line.begun && line.channel.feed.quoted) || market.now >= line.snapshotEndsAt);
  const endIfOver = (line: Line): void => {
    if (!isOver(line)) return;
    remove(line);
    line.to.tell("tickSnapshotEnd", line.reqId);
  };

  /** Sends a channel's changes to its lines, and the whole picture to those that have not begun. */
  const serve = (channel: Channel): void => {
    const { feed, lines } = channel;
    const changes = feed.refresh(market.now);
    let ends = false;
    for (const line of lines) {
      if (line.asked === 2 || line.asked === 4) showType(line);
      if (line.begun) {
        if (changes.length > 0) tell(line, changes);
      } else if (feed.quoted) {
        line.begun = true;
        tell(line, feed.picture());
      }
      ends ||= line.snapshotEndsAt !== undefined;
    }
    if (ends) for (const line of [...lines]) endIfOver(line);
  };

  const detailsOf = (legs: readonly TradingLeg[]): ContractDetails[] => legs.map(({ details }) => details);

  /** Are an option's computations withheld, as its underlying may not be seen as the option may? */
  const lacksUnderlying = (legs: readonly TradingLeg[], combo: boolean, { delayed }: Grant): boolean => {
    const details = legs[0]?.details;
    if (combo || details?.contract.right === undefined) return false;
    const underlying = market.byConId(details.underlyingConId);
    if (underlying === undefined) return false;
    const may = entitlementOf(judgedBy, underlying);
    return delayed ? may === "none" : may !== "live" && may !== "partial";
  };

  const error = (to: Listener, reqId: number, { code, text }: IbError): void => to.tell("error", new Error(text), code, reqId);

  const every = (): Line[] => [...clients.values()].flatMap((own) => [...own.values()]);

  /** Entitlements have changed: lines turn delayed or live, or end. */
  const judge = (): void => {
    judgedBy = entitlements();
    for (const line of every()) {
      const grant = grantFor(judgedBy, detailsOf(line.legs), line.asked);
      if (isError(grant)) {
        remove(line);
        error(line.to, line.reqId, grant);
        continue;
      }
      if (grant.delayed === line.grant.delayed) {
        line.grant = grant;
        continue;
      }
      leave(line);
      line.grant = grant;
      line.channel = channelFor({ ...line.channel.subject, delayed: grant.delayed });
      line.begun = false;
      join(line);
      if (grant.notice !== undefined) error(line.to, line.reqId, grant.notice);
      showType(line);
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
    const generic = readGenericTicks(genericTicks);
    if (isError(generic)) return generic;
    if (snapshot && generic.groups.length > 0) {
      const cause = "Snapshot market data subscription is not applicable to generic ticks";
      return { code: 321, text: `Error validating request.-'bN' : cause - ${cause}` };
    }
    const found = theLegs(market, contract);
    if (isError(found)) return found;
    if (refusal !== undefined) return refusal;
    if (count >= limit) return { code: 101, text: "Max number of tickers has been reached" };
    if (entitlements() !== judgedBy) judge();
    const { legs, combo } = found;
    const asked = askedTypes.get(to) ?? 1;
    const grant = grantFor(judgedBy, detailsOf(legs), asked);
    if (isError(grant)) return grant;
    const channel = channelFor({ legs, combo, delayed: grant.delayed });
    const groups = new Set<number>(grant.partial ? [] : generic.groups);
    if (!generic.quotesOff) groups.add(EVERYBODY);
    const withheld = lacksUnderlying(legs, combo, grant);
    if (!combo && legs[0]?.details.contract.right !== undefined && !withheld && !grant.partial && optionComputations)
      groups.add(COMPUTATIONS);
    const line: Line = {
      to,
      reqId,
      legs,
      groups,
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
    join(line);
    if (grant.notice !== undefined) error(to, reqId, grant.notice);
    if (withheld) {
      const text =
        "Part of requested market data requires additional subscription for API. The underlying's data are not available live.";
      error(to, reqId, { code: 10091, text });
    }
    showType(line);
    const minTick = combo ? COMBO_TICK : dollars(legs[0]!.details.minTick);
    to.tell("tickReqParams", reqId, minTick, combo ? "" : BBO_EXCHANGE, combo ? 0 : SNAPSHOT_PERMISSIONS);
    if (competing) error(to, reqId, COMPETING);
    if (!silent()) serve(channel);
    return undefined;
  };

  const odd = (kind: OddTicks, { feed, subject, lines }: Channel): number => {
    const ticks = oddTicksOf(kind, feed, subject.delayed);
    const hearing = ticks.length === 0 ? [] : [...lines].filter(({ begun, groups }) => begun && groups.has(EVERYBODY));
    for (const { to, reqId } of hearing) for (const tick of ticks) tellTick(to, reqId, tick);
    if (hearing.length > 0) feed.misspoken();
    return hearing.length;
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
      sources.advance();
      if (entitlements() !== judgedBy) judge();
      if (silent()) for (const line of every()) endIfOver(line);
      else for (const channel of channels.values()) serve(channel);
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
    halt: (on, conIds) => {
      if (conIds === undefined) {
        everythingHalted = on;
        if (!on) halted.clear();
      } else
        for (const conId of conIds)
          if (on) halted.add(conId);
          else halted.delete(conId);
      for (const channel of channels.values()) channel.feed.halted = isHalted(channel.subject);
    },
    oddTicks: (kind, conIds) => {
      if (silent()) return 0;
      let told = 0;
      for (const channel of channels.values())
        if (conIds === undefined || shows(channel.subject, new Set(conIds))) told += odd(kind, channel);
      return told;
    },
  };
};
