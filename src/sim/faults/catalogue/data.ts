/** Prices: delayed, none, frozen, senseless, crossed, wild, halted, too many. What orders trade at is the market's own, untouched. */
import { IBApiTickType as Tick } from "@stoqey/ib";
import type { Listener } from "../../broker/session.ts";
import { type Fault, fault, type Stage, soMany, together, whenAsked, whenTold } from "../fault.ts";
import { createFrozenData, isMarketData } from "../frozen-data.ts";
import { choice, count, duration, number, share, yesNo } from "../parameter.ts";

/** Every open line of every client concerned. */
const eachLine = (stage: Stage, act: (client: Listener, reqId: number) => void): void => {
  for (const client of stage.broker.clients())
    if (stage.concerns(client.clientId)) for (const reqId of [...stage.dataLines(client)]) act(client, reqId);
};
const complain = (to: Listener, reqId: number, code: number, message: string): void =>
  to.tell("error", new Error(message), code, reqId);

const DELAYED: ReadonlyMap<unknown, Tick> = new Map([
  [Tick.BID, Tick.DELAYED_BID],
  [Tick.ASK, Tick.DELAYED_ASK],
  [Tick.LAST, Tick.DELAYED_LAST],
  [Tick.BID_SIZE, Tick.DELAYED_BID_SIZE],
  [Tick.ASK_SIZE, Tick.DELAYED_ASK_SIZE],
  [Tick.LAST_SIZE, Tick.DELAYED_LAST_SIZE],
  [Tick.HIGH, Tick.DELAYED_HIGH],
  [Tick.LOW, Tick.DELAYED_LOW],
  [Tick.VOLUME, Tick.DELAYED_VOLUME],
  [Tick.CLOSE, Tick.DELAYED_CLOSE],
  [Tick.OPEN, Tick.DELAYED_OPEN],
]);
const DELAYED_NOTE =
  "Requested market data requires additional subscription for API. See link in 'Market Data Connections' dialog for more details. Delayed market data is available.";

const NO_DATA = {
  "354":
    "Requested market data is not subscribed. Check API status by selecting the Account menu then under Management choose Market Data Subscription Manager and/or availability of delayed data.",
  "10168": "Requested market data is not subscribed. Delayed market data is not enabled.",
  "10089":
    "Requested market data requires additional subscription for API. See link in 'Market Data Connections' dialog for more details.",
  "200": "No security definition has been found for the request",
} as const;

const TOP: ReadonlySet<unknown> = new Set([Tick.BID, Tick.ASK, Tick.LAST, Tick.DELAYED_BID, Tick.DELAYED_ASK, Tick.DELAYED_LAST]);
const SIZE_AFTER: ReadonlyMap<unknown, Tick> = new Map([
  [Tick.BID, Tick.BID_SIZE],
  [Tick.ASK, Tick.ASK_SIZE],
  [Tick.LAST, Tick.LAST_SIZE],
]);

/** What IB sends, or what broken feeds have been seen to send, for "there is none". */
const SENTINELS = {
  minusOne: -1,
  zero: 0,
  max: Number.MAX_VALUE,
  maxInteger: 2_147_483_647,
  notANumber: Number.NaN,
  infinite: Number.POSITIVE_INFINITY,
} as const;

/** The newest bid and ask of each line, as they were before a fault bent them. */
const createTops = () => {
  const tops = new Map<Listener, Map<unknown, { bid?: number; ask?: number }>>();
  return (to: Listener, [reqId, tick, value]: readonly unknown[]) => {
    const own = tops.get(to) ?? new Map<unknown, { bid?: number; ask?: number }>();
    tops.set(to, own);
    const top = own.get(reqId) ?? {};
    own.set(reqId, top);
    if (tick === Tick.BID) top.bid = value as number;
    else if (tick === Tick.ASK) top.ask = value as number;
    return top;
  };
};

export const dataFaults: readonly Fault[] = [
  fault({
    name: "data.freeze",
    kind: "state",
    says: "Prices stand still while the connection lives; at its end the newest are told, or each when it next changes.",
    serves: ["F44"],
    parameters: { catchUp: yesNo("tell the newest prices when it ends", true) },
    begin: (stage, { catchUp }) => {
      const frozen = createFrozenData();
      const end = together(
        whenTold(stage, isMarketData, ({ to, event, words, pass }) => frozen.hold(to, event, words, pass)),
        stage.filter({ left: (who) => frozen.forget(who) }),
      );
      return () => {
        end();
        if (catchUp) frozen.release();
      };
    },
  }),
  fault({
    name: "data.delayed",
    kind: "state",
    says: "10167: delayed prices come in place of live ones, marked as such, as late as told; open lines change in mid-stream.",
    serves: ["F49"],
    parameters: { delay: duration("how late they are", "15m") },
    begin: (stage, { delay }) => {
      const note = (client: Listener, reqId: number): void => {
        complain(client, reqId, 10_167, DELAYED_NOTE);
      };
      eachLine(stage, (client, reqId) => {
        note(client, reqId);
        client.tell("marketDataType", reqId, 3);
      });
      return together(
        whenAsked(stage, ["reqMktData"], ({ from, words, go }) => {
          note(from, words[0] as number);
          go();
        }),
        whenTold(stage, ["marketDataType", "tickPrice", "tickSize", "tickString", "tickOptionComputation"], (told) => {
          const { event, words, pass } = told;
          const [reqId, kind, ...rest] = words;
          if (event === "marketDataType") return pass(event, [reqId, 3]);
          const late = DELAYED.get(kind);
          if (late === undefined) return;
          if (delay === 0) pass(event, [reqId, late, ...rest]);
          else stage.after(delay, () => pass(event, [reqId, late, ...rest]));
        }),
        () => eachLine(stage, (client, reqId) => client.tell("marketDataType", reqId, 1)),
      );
    },
  }),
  fault({
    name: "data.none",
    kind: "state",
    says: "No market data for anybody: what is asked for is refused, open lines end with the same error.",
    serves: ["F49", "F50", "F52"],
    parameters: { code: choice("with which error", ["354", "10168", "10089", "200"], "354") },
    begin: (stage, { code }) => {
      const refuse = (client: Listener, reqId: number): void => complain(client, reqId, Number(code), NO_DATA[code]);
      eachLine(stage, (client, reqId) => {
        stage.broker.ask(client, "cancelMktData", [reqId]);
        refuse(client, reqId);
      });
      return whenAsked(stage, ["reqMktData"], ({ from, words }) => refuse(from, words[0] as number));
    },
  }),
  fault({
    name: "data.sentinels",
    kind: "state",
    says: "Prices, sizes and greeks come as the values that mean nothing: -1, 0, the largest number, no number.",
    serves: ["F46"],
    parameters: {
      value: choice("which", ["minusOne", "zero", "max", "maxInteger", "notANumber", "infinite"], "minusOne"),
      share: share("how many ticks, drawn for each by the seed", 1),
    },
    begin: (stage, { value, share: part }) => {
      const sentinel = SENTINELS[value];
      return whenTold(stage, ["tickPrice", "tickSize", "tickOptionComputation"], ({ event, words, pass, go }) => {
        if (stage.chance() >= part) return go();
        const [reqId, kind, ...rest] = words;
        if (event === "tickPrice") pass(event, [reqId, kind, sentinel, ...rest.slice(1)]);
        else if (event === "tickSize") pass(event, [reqId, kind, value === "minusOne" ? 0 : sentinel]);
        else pass(event, [reqId, kind, rest[0], ...rest.slice(1).map(() => sentinel)]);
      });
    },
  }),
  fault({
    name: "data.crossed",
    kind: "state",
    says: "The market is told crossed (the bid above the ask), locked, one-sided, or with a bid of 0.",
    serves: ["F45"],
    parameters: { how: choice("how", ["crossed", "locked", "oneSided", "zeroBid"], "crossed") },
    begin: (stage, { how }) => {
      const topOf = createTops();
      return whenTold(stage, ["tickPrice"], ({ to, event, words, pass, go }) => {
        const [reqId, kind, , ...rest] = words;
        if (kind !== Tick.BID && kind !== Tick.ASK) return go();
        const { bid, ask } = topOf(to, words);
        const isBid = kind === Tick.BID;
        if (how === "oneSided" || how === "zeroBid") {
          if (!isBid) return go();
          return pass(event, [reqId, kind, how === "oneSided" ? -1 : 0, ...rest]);
        }
        // Bid comes before ask: once both are known, both are told as they were not.
        if (bid === undefined || ask === undefined) return go();
        const shown = how === "locked" ? { bid: ask, ask } : { bid: ask, ask: bid };
        pass(event, [reqId, Tick.BID, shown.bid, ...rest]);
        pass("tickSize", [reqId, Tick.BID_SIZE, 1]);
        pass(event, [reqId, Tick.ASK, shown.ask, ...rest]);
        if (isBid) pass("tickSize", [reqId, Tick.ASK_SIZE, 1]);
      });
    },
  }),
  fault({
    name: "data.negative",
    kind: "state",
    says: "Prices are told below zero, with their sizes: real ones, as of spreads or of oil in April 2020, not a sign for none.",
    serves: ["F47"],
    parameters: { by: number("taken off each price, in dollars", 1_000) },
    begin: (stage, { by }) =>
      whenTold(stage, ["tickPrice"], ({ event, words, pass, go }) => {
        const [reqId, kind, value, ...rest] = words;
        if (!TOP.has(kind) || (value as number) <= 0) return go();
        pass(event, [reqId, kind, Math.round(((value as number) - by) * 100) / 100, ...rest]);
      }),
  }),
  fault({
    name: "data.spike",
    kind: "event",
    says: "The next prices are told so many times too high, once each; the true ones follow.",
    serves: ["F48"],
    parameters: {
      factor: number("what they are multiplied by", 100),
      ticks: count("how many prices", 1),
      lasts: duration("until the true price is told", "1s"),
    },
    begin: (stage, { factor, ticks, lasts }) =>
      soMany(stage, ticks, (happened) =>
        whenTold(stage, ["tickPrice"], ({ event, words, pass, go }) => {
          const [reqId, kind, value, ...rest] = words;
          if (!TOP.has(kind) || (value as number) <= 0) return go();
          pass(event, [reqId, kind, Math.round((value as number) * factor * 100) / 100, ...rest]);
          stage.after(lasts, go);
          happened();
        }),
      ),
  }),
  fault({
    name: "data.halt",
    kind: "state",
    says: "Trading is told as halted (tick 49) and prices stand still; at the end it is told as going on.",
    serves: ["F48"],
    parameters: { kind: choice("news and regulation, or volatility (LULD)", ["general", "volatility"], "general") },
    begin: (stage, { kind }) => {
      const frozen = createFrozenData();
      const halted = kind === "general" ? 1 : 2;
      eachLine(stage, (client, reqId) => client.tell("tickGeneric", reqId, Tick.HALTED, halted));
      const end = together(
        whenAsked(stage, ["reqMktData"], ({ from, words, go }) => {
          go();
          from.tell("tickGeneric", words[0] as number, Tick.HALTED, halted);
        }),
        whenTold(stage, isMarketData, ({ to, event, words, pass, go }) => {
          if (event === "tickGeneric" && words[1] === Tick.HALTED) go();
          else frozen.hold(to, event, words, pass);
        }),
      );
      return () => {
        end();
        eachLine(stage, (client, reqId) => client.tell("tickGeneric", reqId, Tick.HALTED, 0));
        frozen.release();
      };
    },
  }),
  fault({
    name: "data.storm",
    kind: "state",
    says: "Every price comes many times over, a hair's breadth apart, and ends at the true one.",
    serves: ["F51"],
    parameters: { factor: count("how many times as many", 10, 2, 1_000) },
    begin: (stage, { factor }) =>
      whenTold(stage, ["tickPrice"], ({ event, words, pass, go }) => {
        const [reqId, kind, value, ...rest] = words;
        const size = SIZE_AFTER.get(kind);
        if (size === undefined || (value as number) <= 0) return go();
        for (let time = 1; time < factor; time++) {
          pass(event, [reqId, kind, Math.round((value as number) * 100 + (time % 2)) / 100, ...rest]);
          pass("tickSize", [reqId, size, 1 + (time % 7)]);
        }
        go();
      }),
  }),
  fault({
    name: "data.lineLimit",
    kind: "state",
    says: "There are fewer market data lines than usual: what is asked for beyond them is refused with 101.",
    serves: ["F50"],
    parameters: {
      lines: count("how many lines each client has", 5, 0),
      code: choice("with which error", ["101", "10190"], "101"),
    },
    begin: (stage, { lines, code }) =>
      whenAsked(stage, ["reqMktData"], ({ from, words, go }) => {
        if (stage.dataLines(from).size < lines) go();
        else
          complain(
            from,
            words[0] as number,
            Number(code),
            code === "101" ? "Max number of tickers has been reached" : "Max number of tick-by-tick requests has been reached.",
          );
      }),
  }),
  fault({
    name: "data.unknownLine",
    kind: "event",
    says: "Ticks come for a line that nobody asked for, or that was cancelled long ago.",
    serves: ["F29", "F46"],
    parameters: { reqId: count("which", 987_654) },
    begin: (stage, { reqId }) => {
      for (const client of stage.broker.clients()) {
        if (!stage.concerns(client.clientId)) continue;
        client.tell("tickPrice", reqId, Tick.BID, 1.23, false);
        client.tell("tickSize", reqId, Tick.BID_SIZE, 1);
      }
      return undefined;
    },
  }),
];
