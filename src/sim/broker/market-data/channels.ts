/** The channels that are open, and which of them are halted. What ticks in them is the feeds' business. */
import type { Market } from "../../market/market.ts";
import { EVERYBODY } from "./feed.ts";
import type { Channel, Line } from "./line.ts";
import { type OddTicks, oddTicksOf } from "./odd-ticks.ts";
import { createSources, keyOf, type Subject } from "./sources.ts";
import { tellTick } from "./tick.ts";

export interface Channels {
  /** Opened when there is none yet. */
  of(subject: Subject): Channel;
  all(): Iterable<Channel>;
  /** The line shows its channel from now on. */
  join(line: Line): void;
  /** The last one to leave closes the channel. */
  leave(line: Line): void;
  /** The sources go on with the market. */
  advance(): void;
  /** Without contracts: everything. */
  halt(on: boolean, conIds?: readonly number[]): void;
  /** How many lines heard it. */
  misspeak(kind: OddTicks, conIds?: readonly number[]): number;
}

export const createChannels = (market: Market): Channels => {
  const channels = new Map<string, Channel>();
  const sources = createSources(market);
  const halted = new Set<number>();
  let everythingHalted = false;

  const shows = ({ legs }: Subject, conIds: { has(conId: number): boolean }): boolean =>
    legs.some(({ details }) => conIds.has(details.contract.conId));
  const isHalted = (subject: Subject): boolean => everythingHalted || shows(subject, halted);

  const misspeakIn = (kind: OddTicks, { feed, subject, lines }: Channel): number => {
    const ticks = oddTicksOf(kind, feed, subject.delayed);
    const hearing = ticks.length === 0 ? [] : [...lines].filter(({ begun, groups }) => begun && groups.has(EVERYBODY));
    for (const { to, reqId } of hearing) for (const tick of ticks) tellTick(to, reqId, tick);
    if (hearing.length > 0) feed.misspoken();
    return hearing.length;
  };

  return {
    of: (subject) => {
      const key = keyOf(subject);
      const known = channels.get(key);
      if (known !== undefined) return known;
      const channel: Channel = { key, subject, feed: sources.open(subject), lines: new Set() };
      channel.feed.halted = isHalted(subject);
      channels.set(key, channel);
      return channel;
    },
    all: () => channels.values(),
    join: (line) => {
      line.channel.lines.add(line);
      for (const group of line.groups) if (group !== EVERYBODY) line.channel.feed.want(group);
    },
    leave: (line) => {
      const { channel } = line;
      channel.lines.delete(line);
      for (const group of line.groups) if (group !== EVERYBODY) channel.feed.unwant(group);
      if (channel.lines.size > 0) return;
      channels.delete(channel.key);
      sources.release(channel.subject);
    },
    advance: () => sources.advance(),
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
    misspeak: (kind, conIds) => {
      let told = 0;
      for (const channel of channels.values())
        if (conIds === undefined || shows(channel.subject, new Set(conIds))) told += misspeakIn(kind, channel);
      return told;
    },
  };
};
