/** One market data line: what it shows to whom, through the channel that it shares with all lines that show the same thing. */
import type { EpochMs } from "../../../domain/units.ts";
import type { Market } from "../../market/market.ts";
import type { TradingLeg } from "../matching.ts";
import type { Listener } from "../session.ts";
import { type DataType, type Grant, typeShown } from "./entitlement.ts";
import type { Feed, Shown } from "./feed.ts";
import type { Subject } from "./sources.ts";
import { tellTick } from "./tick.ts";

export interface Line {
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
export interface Channel {
  readonly key: string;
  readonly subject: Subject;
  readonly feed: Feed;
  readonly lines: Set<Line>;
}

/** Says what of this the line shows. */
export const tellShown = ({ to, reqId, groups }: Line, shown: Iterable<Shown>): void => {
  for (const { tick, group } of shown) if (groups.has(group)) tellTick(to, reqId, tick);
};

/** Says which type of data the line shows now, when it is another than it said. */
export const showType = (line: Line, market: Market): void => {
  const { asked, grant, legs } = line;
  const open = !followsHours(line) || legs.every(({ details }) => market.isOpen(details.contract.conId));
  const type = typeShown(grant, asked, open);
  if (type === line.type) return;
  line.type = type;
  line.to.tell("marketDataType", line.reqId, type);
};
/** Frozen data turn live with the market's hours, and back. */
export const followsHours = ({ asked }: Line): boolean => asked === 2 || asked === 4;

export const isSnapshotOver = ({ snapshotEndsAt, begun, channel }: Line, now: EpochMs): boolean =>
  snapshotEndsAt !== undefined && ((begun && channel.feed.quoted) || now >= snapshotEndsAt);
