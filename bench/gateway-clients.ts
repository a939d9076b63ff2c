/** A gateway and its clients in processes of their own, for the measurements of the simulated gateway's wire. */
import type { ChildProcess } from "node:child_process";
import { nextMessage, startChild } from "./child.ts";
import type { GatewayOrder } from "./gateway.child.ts";
import type { ReaderOrder } from "./tick-reader.child.ts";

const LINES = 100;

export interface GatewayWithClients {
  /** Sets how the gateway ticks. */
  tick(order: Exclude<GatewayOrder, { readonly kind: "cpu" }>): Promise<void>;
  /** CPU time of the gateway since the last call, in µs. */
  cpuUs(): Promise<number>;
  /** Says something to one client and waits for what it answers. */
  ask<Answer>(client: number, order: ReaderOrder): Promise<Answer>;
  end(): void;
}

/** A gateway with so many clients connected, each with 100 lines. */
export const startGatewayWithClients = async (clients: number): Promise<GatewayWithClients> => {
  const gateway = startChild("gateway.child.ts");
  const { port } = await nextMessage<{ port: number }>(gateway);
  const readers: ChildProcess[] = [];
  const ask = <Answer>(client: number, order: ReaderOrder): Promise<Answer> => {
    const reader = readers[client];
    if (reader === undefined) throw new Error(`there is no client ${client}`);
    const answer = nextMessage<Answer>(reader);
    reader.send(order);
    return answer;
  };
  for (let n = 0; n < clients; n += 1) {
    readers.push(startChild("tick-reader.child.ts"));
    await ask(n, { kind: "connect", port, clientId: n + 1, lines: LINES });
  }
  const tell = <Answer>(order: GatewayOrder): Promise<Answer> => {
    const answer = nextMessage<Answer>(gateway);
    gateway.send(order);
    return answer;
  };
  return {
    tick: async (order) => void (await tell(order)),
    cpuUs: async () => (await tell<{ cpuUs: number }>({ kind: "cpu" })).cpuUs,
    ask,
    end: () => {
      for (const child of [gateway, ...readers]) child.kill();
    },
  };
};
