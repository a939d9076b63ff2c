/** Makes real IB clients: the one place where IBApi is constructed, and where it is taken for an IbClient. */
import { IBApi } from "@stoqey/ib";
import { assert } from "../../domain/assert.ts";
import type { IbClient } from "../../ports/ib-client.ts";
import { privateSocketOf } from "./framing-guard.ts";

/** IBApi's rate limiter would delay cancels and outlive the socket (B2, B9): set beyond reach, it never holds anything. */
const UNLIMITED_PER_SECOND = 100_000;

/** A fresh client at each call, as `createIbPort` wants it. Throws when IBApi has lost the seam that the framing guard needs. */
export const realClients =
  (address: { readonly host: string; readonly port: number; readonly clientId: number }): (() => IbClient) =>
  () => {
    // IBApi's event parameters are typed by its own enum of names; the names and values are those of IbEvents.
    const client = new IBApi({ ...address, maxReqPerSec: UNLIMITED_PER_SECOND }) as unknown as IbClient;
    assert(privateSocketOf(client), "IBApi has no controller.socket.onData: its framing cannot be guarded");
    return client;
  };
