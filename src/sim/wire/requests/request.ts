/** What a client's message asks for, once parsed. The tables beside this file say how each is read. */
import type { GatewayClient } from "../../gateway-api.ts";
import type { FieldReader } from "../fields.ts";

export type Request =
  | { readonly kind: "startApi"; readonly clientId: number }
  /** Understood, and without effect on a simulated broker. */
  | { readonly kind: "ignored" }
  /** Answered by the wire itself: what this gateway knows of and does not offer. */
  | { readonly kind: "answer"; readonly message: (serverVersion: number) => readonly string[] }
  | {
      readonly kind: "call";
      readonly call: (client: GatewayClient) => unknown;
      /** The request id whose remembered sizes and half-collected bars are void from now on. */
      readonly forgets?: number;
    };

export interface RequestForm {
  readonly name: string;
  /** The server version that brought this request; unknown before it. */
  readonly since?: number;
  readonly read: (reader: FieldReader, serverVersion: number) => Request;
}

/** Message id → how to read it. */
export type RequestTable = Readonly<Record<number, RequestForm>>;

export const ignored: Request = { kind: "ignored" };

export const call = (action: (client: GatewayClient) => unknown, forgets?: number): Request =>
  forgets === undefined ? { kind: "call", call: action } : { kind: "call", call: action, forgets };

/** A request that has nothing but its legacy version. */
export const bare = (name: string, request: Request): RequestForm => ({
  name,
  read: (reader) => {
    reader.legacyVersion();
    return request;
  },
});

/** A request of a legacy version and a request id. */
export const byId = (name: string, action: (id: number) => Request): RequestForm => ({
  name,
  read: (reader) => {
    reader.legacyVersion();
    return action(reader.id("reqId"));
  },
});

/** A request of nothing but a request id: those that came late have no legacy version. */
export const byIdAlone = (name: string, action: (id: number) => Request): RequestForm => ({
  name,
  read: (reader) => action(reader.id("reqId")),
});
