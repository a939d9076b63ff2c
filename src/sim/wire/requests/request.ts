/** What a client's message asks for, once parsed. The tables beside this file say how each is read. */
import type { IbClient } from "../../../ports/ib-client.ts";
import type { FieldReader } from "../fields.ts";

export type Request =
  | { readonly kind: "startApi"; readonly clientId: number }
  | { readonly kind: "managedAccounts" }
  /** Understood, and without effect on a simulated broker. */
  | { readonly kind: "ignored" }
  | {
      readonly kind: "call";
      readonly call: (client: IbClient) => unknown;
      /** The request id whose remembered sizes and half-collected bars are void from now on. */
      readonly forgets?: number;
    };

export interface RequestForm {
  readonly name: string;
  readonly read: (reader: FieldReader, serverVersion: number) => Request;
}

/** Message id → how to read it. */
export type RequestTable = Readonly<Record<number, RequestForm>>;

export const ignored: Request = { kind: "ignored" };

export const call = (action: (client: IbClient) => unknown, forgets?: number): Request =>
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
