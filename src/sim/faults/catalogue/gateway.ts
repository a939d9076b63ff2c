/** The gateway as a program and the session that it has with IB: restarts, ids, logins elsewhere, limits, its clock. */
import type { Listener } from "../../broker/session.ts";
import { type Fault, fault, type Stage, together, whenAsked, whenTold } from "../fault.ts";
import { createFrozenData, isMarketData } from "../frozen-data.ts";
import { choice, count, duration, optionally, realDuration, yesNo } from "../parameter.ts";

const COMPETING = "No market data during competing live session";
const READ_ONLY = "Error validating request.-'bA' : cause - The API interface is currently in Read-Only mode.";

const concerned = (stage: Stage): readonly Listener[] =>
  stage.broker.clients().filter(({ clientId }) => stage.concerns(clientId));

/** Client ids stay taken for a while, each for its own. */
const keepTaken = (stage: Stage, clientIds: readonly number[], linger: number): void => {
  if (linger <= 0 || clientIds.length === 0) return;
  const end = stage.filter({ login: (clientId) => (clientIds.includes(clientId) ? "taken" : undefined) });
  stage.after(linger, end);
};
/** The next ids offered to each client at its next login are lower than they should be. */
const rollBack = (stage: Stage, by: number): (() => void) => {
  const offered = new Set<number>();
  return whenTold(stage, ["nextValidId"], ({ to, event, words, pass, go }) => {
    if (offered.has(to.clientId)) return go();
    offered.add(to.clientId);
    pass(event, [Math.max(1, (words[0] as number) - by)]);
  });
};

/** At the next step of market time: what is told now still arrives. */
const dropSoon = (stage: Stage, client: Listener): void => void stage.after(1, () => client.drop());

const breakOff = (stage: Stage, how: "fin" | "rst"): void => {
  for (const line of stage.lines?.open ?? [])
    if (how === "rst") line.reset("the gateway restarts");
    else line.finish("the gateway restarts");
  stage.broker.drop();
};

export const gatewayFaults: readonly Fault[] = [
  fault({
    name: "gateway.restart",
    kind: "event",
    says: "The gateway restarts, as every night: connections end, the port is closed for a while, client ids stay taken, ids may roll back.",
    serves: ["F13", "F14", "F18", "F19"],
    parameters: {
      closed: duration("how long the port is closed", "60s"),
      how: choice("how connections end", ["rst", "fin"], "rst"),
      linger: duration("how long client ids stay taken (326) once it is open again", "0s"),
      rollBack: count("by how much nextValidId is too low at the first login", 0, 0),
      forgetIds: yesNo("ids that no order on record has are offered again", false),
    },
    begin: (stage, { closed, how, linger, rollBack: by, forgetIds }) => {
      const ids = stage.broker.clients().map(({ clientId }) => clientId);
      const away = stage.port === undefined ? stage.filter({ login: () => "refused" }) : undefined;
      breakOff(stage, how);
      stage.port?.shut(how);
      stage.restarted();
      if (forgetIds) for (const clientId of ids) stage.broker.rollBackIds(clientId);
      let isOpen = false;
      const reopen = (): void => {
        if (isOpen) return;
        isOpen = true;
        away?.();
        stage.port?.open();
        keepTaken(stage, ids, linger);
        if (by > 0) rollBack(stage, by);
        stage.over();
      };
      const takeBack = stage.after(closed, reopen);
      return () => {
        takeBack();
        reopen();
      };
    },
  }),
  fault({
    name: "gateway.idsRollBack",
    kind: "event",
    says: "Order ids are offered again that were used before: nextValidId is too low at each client's next login.",
    serves: ["F14"],
    parameters: { by: count("by how much", 4) },
    begin: (stage, { by }) => rollBack(stage, by),
  }),
  fault({
    name: "gateway.clientIdTaken",
    kind: "state",
    says: "326: logins are refused because the client id is said to be in use.",
    serves: ["F20"],
    begin: (stage) => stage.filter({ login: (clientId) => (stage.concerns(clientId) ? "taken" : undefined) }),
  }),
  fault({
    name: "gateway.clientIdLingers",
    kind: "state",
    says: "326: a client id stays taken for a while after its connection has ended.",
    serves: ["F20"],
    parameters: { linger: duration("how long", "30s") },
    begin: (stage, { linger }) => stage.filter({ left: ({ clientId }) => keepTaken(stage, [clientId], linger) }),
  }),
  fault({
    name: "gateway.readOnly",
    kind: "state",
    says: "321: the API is read-only; orders, what-ifs and cancels are refused.",
    serves: ["F43"],
    begin: (stage) =>
      whenAsked(stage, ["placeOrder", "cancelOrder", "reqGlobalCancel", "exerciseOptions"], ({ from, name, words }) =>
        from.tell("error", new Error(READ_ONLY), 321, name === "reqGlobalCancel" ? -1 : (words[0] as number)),
      ),
  }),
  fault({
    name: "gateway.portMoved",
    kind: "event",
    says: "1300: the gateway says that its port was changed, and drops its connections. It listens where it did.",
    serves: ["F13"],
    begin: (stage) => {
      for (const client of concerned(stage)) {
        client.tell(
          "info",
          "TWS socket port has been reset and this connection is being dropped. Please reconnect on the new port",
          1300,
        );
        dropSoon(stage, client);
      }
      return undefined;
    },
  }),
  fault({
    name: "session.competing",
    kind: "state",
    says: "10197 on every line: a login elsewhere has the market data. At its end they go on, or must be asked for anew.",
    serves: ["F20"],
    parameters: { resumes: yesNo("lines go on by themselves when it ends", true) },
    begin: (stage, { resumes }) => {
      const frozen = createFrozenData();
      const tell = (client: Listener, reqId: number): void => client.tell("error", new Error(COMPETING), 10_197, reqId);
      for (const client of concerned(stage)) for (const reqId of stage.dataLines(client)) tell(client, reqId);
      const end = together(
        whenAsked(stage, ["reqMktData"], ({ from, words, go }) => {
          go();
          tell(from, words[0] as number);
        }),
        whenTold(stage, isMarketData, ({ to, event, words, pass }) => frozen.hold(to, event, words, pass)),
        stage.filter({ left: (who) => frozen.forget(who) }),
      );
      return () => {
        end();
        if (resumes) return frozen.release();
        for (const client of concerned(stage))
          for (const reqId of [...stage.dataLines(client)]) stage.broker.ask(client, "cancelMktData", [reqId]);
      };
    },
  }),
  fault({
    name: "session.takenOver",
    kind: "state",
    says: "A second login takes the session: 1100, connections end, and nobody can log in until it gives it back.",
    serves: ["F19", "F20"],
    begin: (stage) => {
      const barred = stage.filter({ login: () => "taken" });
      for (const client of concerned(stage)) {
        client.tell("info", "Connectivity between IBKR and Trader Workstation has been lost.", 1100);
        dropSoon(stage, client);
      }
      return barred;
    },
  }),
  fault({
    name: "pacing.reject",
    kind: "state",
    says: "100: too many messages a second are complained of, and the third time ends the connection.",
    serves: ["F12"],
    parameters: {
      perSecond: count("messages a second that are borne, in real time", 50),
      window: realDuration("over which they are counted", "1s"),
    },
    begin: (stage, { perSecond, window }) => {
      const seen = new Map<Listener, { since: number; messages: number; complaints: number }>();
      const end = stage.filter({
        asked: (from, name, words, pass) => {
          const now = performance.now();
          const known = seen.get(from);
          const count =
            known === undefined || now - known.since >= window
              ? { since: now, messages: 0, complaints: known?.complaints ?? 0 }
              : known;
          seen.set(from, count);
          count.messages++;
          if (count.messages <= (perSecond * window) / 1_000) return pass(name, words);
          count.complaints++;
          from.tell(
            "error",
            new Error(
              `Max rate of messages per second has been exceeded:max=${perSecond} rec=${count.messages} (${count.complaints})`,
            ),
            100,
            -1,
          );
          if (count.complaints === 3) dropSoon(stage, from);
        },
        left: (who) => void seen.delete(who),
      });
      return end;
    },
  }),
  fault({
    name: "pacing.warn",
    kind: "event",
    says: "0: a warning that the rate of messages comes near its bound.",
    serves: ["F12"],
    begin: (stage) => {
      for (const client of concerned(stage))
        client.tell("error", new Error("Warning: Approaching max rate of 50 messages per second (44)"), 0, -1);
      return undefined;
    },
  }),
  fault({
    name: "clock.skew",
    kind: "state",
    says: "The gateway's clock (reqCurrentTime) is ahead of market time, or behind it.",
    serves: ["F57"],
    parameters: {
      by: duration("by how much", "30s"),
      way: choice("which way", ["ahead", "behind"], "ahead"),
    },
    begin: (stage, { by, way }) =>
      whenTold(stage, ["currentTime"], ({ event, words, pass }) =>
        pass(event, [(words[0] as number) + Math.round(by / 1_000) * (way === "ahead" ? 1 : -1)]),
      ),
  }),
  fault({
    name: "clock.unanswered",
    kind: "state",
    says: "The heartbeat of many clients, reqCurrentTime, is not answered; or late.",
    serves: ["F03"],
    parameters: { delay: optionally(duration("late by so much in place of never", "20s")) },
    begin: (stage, { delay }) =>
      whenTold(stage, ["currentTime"], ({ go }) => {
        if (delay !== undefined) stage.after(delay, go);
      }),
  }),
  fault({
    name: "notice.unknown",
    kind: "event",
    says: "An error or a notice comes with a code that nobody knows.",
    serves: ["F29"],
    parameters: { code: count("which", 99_123, 1, 999_999) },
    begin: (stage, { code }) => {
      for (const client of concerned(stage)) client.tell("error", new Error("Something that no page describes."), code, -1);
      return undefined;
    },
  }),
];
