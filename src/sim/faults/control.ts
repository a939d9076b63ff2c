/**
 * The gateway's control socket: a Unix socket on which faults are begun, listed and cleared while it runs. One JSON object a line
 * in, one a line out. Only this user can reach it.
 */
import { chmodSync, existsSync, lstatSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import type { FaultBoard, ScenarioEntry } from "./board.ts";
import { checkFault, clientOf, forMsOf, momentOf, readFaultText } from "./fault-text.ts";
import { FaultError } from "./parameter.ts";
import { described, FAULTS } from "./registry.ts";

/** `{"do":"begin","fault":"line.reset","with":{…},"for":"90s","client":1,"when":"+30s"}`, or `"text"` as it would be typed. */
export type ControlRequest =
  | {
      readonly do: "begin";
      readonly fault?: string;
      readonly with?: Readonly<Record<string, unknown>>;
      readonly for?: string;
      readonly client?: number;
      readonly when?: string;
      readonly text?: string;
    }
  | { readonly do: "list" }
  | { readonly do: "faults" }
  | { readonly do: "clear"; readonly which?: string | number };

export type ControlAnswer =
  | { readonly ok: true; readonly [key: string]: unknown }
  | { readonly ok: false; readonly error: string };

const MAX_LINE = 64 * 1024;

const entryOf = (request: Extract<ControlRequest, { readonly do: "begin" }>): ScenarioEntry => {
  if (request.text !== undefined) return readFaultText(request.text);
  const { fault } = request;
  if (typeof fault !== "string") throw new FaultError("begin needs a fault");
  const given = request.with;
  if (given !== undefined && (typeof given !== "object" || given === null || Array.isArray(given)))
    throw new FaultError("with takes an object of parameters");
  const entry: ScenarioEntry = {
    fault,
    with: given ?? {},
    ...(request.for === undefined ? {} : { forMs: forMsOf(fault, request.for) }),
    ...(request.client === undefined ? {} : { client: clientOf(fault, request.client) }),
    ...(request.when === undefined ? {} : { when: momentOf(request.when) }),
  };
  checkFault(entry);
  return entry;
};

/** Answers one line. Never throws. */
export const answerControl = (board: FaultBoard, line: string): ControlAnswer => {
  try {
    const request = JSON.parse(line) as Partial<ControlRequest> | null;
    if (typeof request !== "object" || request === null) throw new FaultError("a request is an object");
    switch (request.do) {
      case "begin": {
        const entry = entryOf(request as Extract<ControlRequest, { readonly do: "begin" }>);
        if (entry.when === undefined) return { ok: true, id: board.begin(entry) };
        board.plan(entry);
        return { ok: true, planned: true };
      }
      case "list":
        return { ok: true, active: board.active(), planned: board.planned() };
      case "faults":
        return { ok: true, faults: FAULTS.map(described) };
      case "clear":
        return { ok: true, cleared: board.clear(request.which) };
      default:
        throw new FaultError(`${JSON.stringify(request.do)} is not one of begin, list, clear, faults`);
    }
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error.message : String(error) };
  }
};

/** Calls back for each line; a line that is too long ends the connection. */
const onLines = (socket: Socket, heard: (line: string) => void): void => {
  let text = "";
  socket.setEncoding("utf8");
  socket.on("data", (piece: string) => {
    const parts = `${text}${piece}`.split("\n");
    text = parts.pop() ?? "";
    if (text.length > MAX_LINE) socket.destroy();
    for (const line of parts) if (line.trim() !== "") heard(line);
  });
};

const answers = (path: string): Promise<boolean> =>
  new Promise((done) => {
    const visit = connect(path, () => {
      visit.destroy();
      done(true);
    });
    visit.once("error", () => done(false));
  });

/** Listens; replaces a socket that nobody answers on any more. Rejects when the path is taken by anything else. */
export const serveControl = async (path: string, board: FaultBoard): Promise<{ close(): Promise<void> }> => {
  if (existsSync(path)) {
    if (!lstatSync(path).isSocket()) throw new Error(`${path} is there and is no socket: name another --control`);
    if (await answers(path)) throw new Error(`another gateway listens on ${path}: name another --control`);
    rmSync(path);
  }
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    onLines(socket, (line) => socket.write(`${JSON.stringify(answerControl(board, line))}\n`));
  });
  await new Promise<void>((listening, failed) => {
    server.once("error", (error) => failed(new Error(`the control socket ${path} cannot be made: ${error.message}`)));
    server.listen(path, () => listening());
  });
  chmodSync(path, 0o600);
  return {
    close: () =>
      new Promise((closed) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => closed());
      }),
  };
};

/** Asks a running gateway. Rejects when nobody listens there. */
export const askControl = (path: string, request: ControlRequest): Promise<ControlAnswer> =>
  new Promise((answered, failed) => {
    const socket = connect(path, () => socket.write(`${JSON.stringify(request)}\n`));
    socket.once("error", (error) => failed(new Error(`no gateway answers on ${path}: ${error.message}`)));
    socket.once("close", () => failed(new Error(`the gateway on ${path} closed the connection without an answer`)));
    onLines(socket, (line) => {
      answered(JSON.parse(line) as ControlAnswer);
      socket.end();
    });
  });
