/**
 * A wire between an engine and a gateway that can be watched and cut: it passes bytes on as they are, tells of the frames that it
 * passes, and on request keeps one direction's frames to itself. It reads orders as the gateway does.
 */
import { connect, createServer, type Socket } from "node:net";
import type { Contract, Order } from "@stoqey/ib";
import { onTestFinished } from "vitest";
import type { GatewayClient } from "../../src/sim/gateway-api.ts";
import { FrameParser, fieldsOf } from "../../src/sim/wire/frame.ts";
import { parseRequest } from "../../src/sim/wire/requests/parse.ts";

export interface Placement {
  readonly orderId: number;
  readonly orderRef: string;
  readonly whatIf: boolean;
  readonly limit: number;
  readonly quantity: number;
  /** Whether the gateway was given it. */
  readonly passed: boolean;
}
export type Sight =
  | { readonly kind: "placement"; readonly placement: Placement }
  | { readonly kind: "request"; readonly id: number }
  | { readonly kind: "answer"; readonly id: number };
/** What to do with the frame in sight and all later ones of its direction, while this connection lasts. */
export type Verdict = "pass" | "withhold" | "withholdAnswers";

export interface Proxy {
  readonly port: number;
  /** Connections that were made. */
  readonly connections: number;
  /** Every placeOrder in sight, in order. */
  readonly placements: readonly Placement[];
  /** Bytes that clients sent. */
  readonly bytesHeard: number;
  /** Asked about each frame of the connections to come, until it is taken back. */
  look(see: ((sight: Sight) => Verdict) | undefined): void;
  /** Breaks all connections; those to come go to another gateway. */
  turnTo(port: number): void;
}

export const startProxy = async (gatewayPort: number): Promise<Proxy> => {
  let target = gatewayPort;
  const placements: Placement[] = [];
  const sockets = new Set<Socket>();
  let see: ((sight: Sight) => Verdict) | undefined;
  let connections = 0;
  let bytesHeard = 0;

  const server = createServer((client) => {
    connections += 1;
    const gateway = connect({ host: "127.0.0.1", port: target });
    let withheld = false;
    let silenced = false;
    let version: number | undefined;
    const obey = (verdict: Verdict): void => {
      if (verdict === "withhold") withheld = true;
      if (verdict === "withholdAnswers") silenced = true;
    };
    for (const socket of [client, gateway]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => {});
    }
    client.on("close", () => gateway.end());
    gateway.on("close", () => client.destroy());

    const asked = new FrameParser("API\0");
    const said = new FrameParser();
    let greeted = false;
    client.on("data", (chunk) => {
      bytesHeard += chunk.length;
      for (const payload of asked.push(chunk).payloads) {
        if (!greeted) {
          greeted = true;
          gateway.write("API\0");
          gateway.write(framed(payload));
          continue;
        }
        const fields = fieldsOf(payload) ?? [];
        const placement = fields[0] === "3" && version !== undefined ? placementIn(fields, version) : undefined;
        if (placement === undefined) {
          if (see !== undefined) obey(see({ kind: "request", id: Number(fields[0]) }));
        } else {
          if (see !== undefined) obey(see({ kind: "placement", placement: { ...placement, passed: !withheld } }));
          placements.push({ ...placement, passed: !withheld });
        }
        if (!withheld) gateway.write(framed(payload));
      }
    });
    gateway.on("data", (chunk) => {
      for (const payload of said.push(chunk).payloads) {
        const fields = fieldsOf(payload) ?? [];
        if (version === undefined) version = Number(fields[0]);
        // What is seen passes; the silence begins after it.
        const before = silenced;
        if (see !== undefined) obey(see({ kind: "answer", id: Number(fields[0]) }));
        if (!before) client.write(framed(payload));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    get connections() {
      return connections;
    },
    get bytesHeard() {
      return bytesHeard;
    },
    placements,
    look: (to) => {
      see = to;
    },
    turnTo: (next) => {
      target = next;
      for (const socket of sockets) socket.destroy();
      sockets.clear();
    },
  };
};

const framed = (payload: Buffer): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(payload.length);
  return Buffer.concat([length, payload]);
};

const placementIn = (fields: readonly string[], version: number): Omit<Placement, "passed"> | undefined => {
  const parsed = parseRequest(fields, version);
  if (parsed.kind !== "request" || parsed.request.kind !== "call") return undefined;
  let placement: Omit<Placement, "passed"> | undefined;
  const reader = {
    placeOrder: (orderId: number, _: Contract, order: Order) => {
      placement = {
        orderId,
        orderRef: order.orderRef ?? "",
        whatIf: order.whatIf === true,
        limit: order.lmtPrice ?? 0,
        quantity: Number(order.totalQuantity),
      };
    },
  };
  parsed.request.call(reader as unknown as GatewayClient);
  return placement;
};
