/** What comes on a line and is no message of a gateway: impossible lengths, nonsense, another program's words. */
import { framesOf, payloadOf } from "../../wire/frame.ts";
import type { Line } from "../../wire/line.ts";
import { type Fault, fault } from "../fault.ts";
import { choice, count, number, share, text } from "../parameter.ts";
import { linesOf, tamper, wireOf } from "./lines-of.ts";

const NONSENSE = {
  unknownMessage: () => framesOf([payloadOf(["4242", "1", "what is this"])]),
  tooFewFields: () => framesOf([payloadOf(["5", "1"])]),
  tooManyFields: () => framesOf([payloadOf(["9", "1", "1", ...Array.from({ length: 10_000 }, () => "7")])]),
  wrongTypes: () => framesOf([payloadOf(["3", "one", "Filled", "many", "few", "", "", "", "", "", "", ""])]),
  invalidText: () => Buffer.concat([Buffer.from([0, 0, 0, 8]), Buffer.from([0x34, 0, 0x32, 0, 0xff, 0xfe, 0xc3, 0])]),
  unterminated: () => Buffer.concat([Buffer.from([0, 0, 0, 3]), Buffer.from("4\x002")]),
} as const;

export const nonsenseFaults: readonly Fault[] = [
  fault({
    name: "line.badLength",
    kind: "event",
    needsWire: true,
    says: "A frame claims a length that cannot be: negative, 0, or larger than any message.",
    serves: ["F08"],
    parameters: { length: number("as a 32-bit number; -1, 0, 2147483647, 16777217, ...", -1) },
    begin: (stage, { length }) => {
      const header = Buffer.alloc(4);
      header.writeUInt32BE(length >>> 0);
      for (const line of linesOf(stage)) line.put(header);
      return undefined;
    },
  }),
  fault({
    name: "line.nonsense",
    kind: "event",
    needsWire: true,
    says: "A well-framed message comes that no client can read, between messages that it can.",
    serves: ["F09"],
    parameters: {
      kind: choice(
        "which",
        ["unknownMessage", "tooFewFields", "tooManyFields", "wrongTypes", "invalidText", "unterminated"],
        "unknownMessage",
      ),
    },
    begin: (stage, { kind }) => {
      for (const line of linesOf(stage)) line.put(NONSENSE[kind]());
      return undefined;
    },
  }),
  fault({
    name: "line.corrupt",
    kind: "state",
    needsWire: true,
    says: "Bytes inside messages change on their way to the client; their framing stays whole.",
    serves: ["F09"],
    parameters: { share: share("how many batches of messages are hit, drawn by the seed", 0.1) },
    begin: (stage, { share: part }) =>
      tamper(stage, {
        write: (line, bytes, next) => {
          if (line.clientId() === undefined || stage.chance() >= part || bytes.length < 8) return next(bytes);
          const bent = Buffer.from(bytes);
          const length = bent.readUInt32BE(0);
          const at = 4 + Math.floor(stage.chance() * Math.max(1, length - 1));
          if (bent[at] !== 0) bent[at] = 0x20 + Math.floor(stage.chance() * 90);
          next(bent);
        },
      }),
  }),
  fault({
    name: "line.notAGateway",
    kind: "state",
    needsWire: true,
    says: "Whoever connects meets a web server, not a gateway.",
    serves: ["F10"],
    begin: (stage) =>
      tamper(stage, {
        read: (line, bytes, next) => {
          if (line.clientId() !== undefined) return next(bytes);
          line.put(Buffer.from("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"));
          line.finish("the fault line.notAGateway ends the connection");
        },
      }),
  }),
  fault({
    name: "line.version",
    kind: "state",
    needsWire: true,
    says: "New connections are greeted with a server version that was not agreed on.",
    serves: ["F10"],
    parameters: { version: count("which", 76, 1, 999), time: text("the greeting's time", "20200101 00:00:00 EST") },
    begin: (stage, { version, time }) => {
      const greeted = new Set<Line>(wireOf(stage).open);
      return tamper(stage, {
        write: (line, bytes, next) => {
          if (greeted.has(line)) return next(bytes);
          greeted.add(line);
          next(framesOf([payloadOf([String(version), time])]));
        },
      });
    },
  }),
  fault({
    name: "reject.malformedJson",
    kind: "event",
    needsWire: true,
    says: "An order error carries an advanced rejection that is no JSON.",
    serves: ["F09", "F29"],
    parameters: {
      json: text("what it carries instead", '{"8229":"advanced rejects'),
      code: count("the error", 201, 1, 99_999),
    },
    begin: (stage, { json, code }) => {
      for (const line of linesOf(stage)) {
        const client = stage.broker.clients().find(({ clientId }) => clientId === line.clientId());
        const orderId = client === undefined ? -1 : (stage.lastOrderId(client) ?? -1);
        line.put(framesOf([payloadOf(["4", "2", String(orderId), String(code), "Order rejected - reason:", json])]));
      }
      return undefined;
    },
  }),
];
