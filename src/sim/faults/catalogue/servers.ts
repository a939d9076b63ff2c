/** IB's servers and data farms: lost, back, and back in name only. */

import { type Fault, fault, type Stage, together, whenAsked, whenTold } from "../fault.ts";
import { createFrozenData, isMarketData } from "../frozen-data.ts";
import { choice, duration, optionally, text, yesNo } from "../parameter.ts";

const ORDERS = choice(
  "orders and cancels meanwhile: wait at the gateway; are told PendingSubmit and wait; are lost",
  ["wait", "pending", "lost"],
  "wait",
);
const FILLS = choice("fills meanwhile: told late, or only by reqExecutions", ["late", "silent"], "late");

const tellAll = (stage: Stage, message: string, code: number): void => {
  for (const client of stage.broker.clients()) if (stage.concerns(client.clientId)) client.tell("info", message, code);
};

/** A farm by IB's name, the events that it feeds and its codes: broken, well. */
const FARMS = {
  usfarm: { of: "Market data", feeds: isMarketData, codes: [2103, 2104] },
  ushmds: {
    of: "HMDS data",
    feeds: (event: string) => event === "historicalData" || event.startsWith("historicalTicks"),
    codes: [2105, 2106],
  },
  secdefnj: {
    of: "Sec-def data",
    feeds: (event: string) => event.startsWith("contractDetails") || event.startsWith("securityDefinition"),
    codes: [2157, 2158],
  },
} as const;
const FARM = choice("which: prices, history, definitions", ["usfarm", "ushmds", "secdefnj"], "usfarm");

export const serversFaults: readonly Fault[] = [
  fault({
    name: "servers.lost",
    kind: "state",
    says: "1100: IB's servers are away. Connections stay, prices stand still, orders fill unheard. Ends with 1102 (or 1101, as told).",
    serves: ["F15", "F16", "F17", "F18"],
    parameters: {
      orders: ORDERS,
      fills: FILLS,
      back: choice("how it ends: data kept (1102), kept in name only, lost (1101)", ["kept", "dead", "lost"], "kept"),
      repeat: optionally(duration("tells 1100 again so often", "30s")),
    },
    begin: (stage, { orders, fills, back, repeat }) => {
      const { connectivity } = stage.broker;
      let over = false;
      connectivity.lose({ orders, fills });
      const again = (): void => {
        if (over || repeat === undefined || !connectivity.lost) return;
        connectivity.lose({ orders, fills });
        stage.after(repeat, again);
      };
      if (repeat !== undefined) stage.after(repeat, again);
      return () => {
        over = true;
        connectivity.restore({ data: back === "lost" ? "lost" : "kept", dead: back === "dead" });
      };
    },
  }),
  fault({
    name: "servers.backDataLost",
    kind: "event",
    says: "1101: the servers are back, and all subscriptions are gone. After servers.lost, or after a moment's outage of its own.",
    serves: ["F15"],
    begin: (stage) => {
      const { connectivity } = stage.broker;
      if (!connectivity.lost) connectivity.lose({ orders: "wait", fills: "late" });
      connectivity.restore({ data: "lost" });
      return undefined;
    },
  }),
  fault({
    name: "servers.backDataKept",
    kind: "event",
    says: "1102: the servers are back, and subscriptions go on; or are dead in fact until asked for anew.",
    serves: ["F16"],
    parameters: { dead: yesNo("market data that were open say nothing more", false) },
    begin: (stage, { dead }) => {
      const { connectivity } = stage.broker;
      if (!connectivity.lost) connectivity.lose({ orders: "wait", fills: "late" });
      connectivity.restore({ data: "kept", dead });
      return undefined;
    },
  }),
  fault({
    name: "farm.broken",
    kind: "state",
    says: "2103, 2105 or 2157: a data farm is away and what it feeds stands still. Ends with 2104, 2106 or 2158.",
    serves: ["F16", "F44"],
    parameters: {
      farm: FARM,
      resubscribe: yesNo("when it is well again, lines go on by themselves; else only when asked for anew", true),
    },
    begin: (stage, { farm, resubscribe }) => {
      const { of, feeds, codes } = FARMS[farm];
      const frozen = createFrozenData();
      tellAll(stage, `${of} farm connection is broken:${farm}`, codes[0]);
      const stalled: (() => void)[] = [];
      const end = whenTold(stage, feeds, ({ to, event, words, pass, go }) => {
        if (isMarketData(event)) frozen.hold(to, event, words, pass);
        else stalled.push(go);
      });
      return () => {
        end();
        if (resubscribe) frozen.release();
        else if (farm === "usfarm") silenceOpenLines(stage);
        for (const go of stalled) go();
        tellAll(stage, `${of} farm connection is OK:${farm}`, codes[1]);
      };
    },
  }),
  fault({
    name: "farm.ok",
    kind: "event",
    says: "2104, 2106 or 2158: a data farm is said to be well, whatever is true.",
    serves: ["F16"],
    parameters: { farm: FARM },
    begin: (stage, { farm }) => {
      const { of, codes } = FARMS[farm];
      tellAll(stage, `${of} farm connection is OK:${farm}`, codes[1]);
      return undefined;
    },
  }),
  fault({
    name: "farm.idle",
    kind: "event",
    says: "2108 or 2107: a data farm is inactive and comes back on demand: a notice without effect.",
    serves: ["F29"],
    parameters: { farm: text("which", "usopt") },
    begin: (stage, { farm }) => {
      const of = farm === "ushmds" ? "HMDS" : "Market";
      const code = farm === "ushmds" ? 2107 : 2108;
      tellAll(stage, `${of} data farm connection is inactive but should be available upon demand.${farm}`, code);
      return undefined;
    },
  }),
];

/** Lines that are open now say nothing more, until each is asked for anew. */
const silenceOpenLines = (stage: Stage): void => {
  const dead = new Map(stage.broker.clients().map((client) => [client, new Set(stage.dataLines(client))]));
  const revive = whenAsked(stage, ["reqMktData", "cancelMktData"], ({ from, words, go }) => {
    dead.get(from)?.delete(words[0] as number);
    go();
  });
  const end = whenTold(stage, isMarketData, ({ to, words, go }) => {
    if (dead.get(to)?.has(words[0] as number) !== true) go();
  });
  stage.filter({
    left: (who) => {
      dead.delete(who);
      if (dead.size === 0) together(revive, end)();
    },
  });
};
