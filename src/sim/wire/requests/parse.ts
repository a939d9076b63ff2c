/** From a message's fields to what it asks for: one table of all requests that this gateway knows. */
import { FieldReader, MalformedMessage } from "../fields.ts";
import { absentRequests } from "./absent.ts";
import { accountRequests } from "./account.ts";
import { historyRequests } from "./history.ts";
import { marketDataRequests } from "./market-data.ts";
import { optionRequests } from "./option.ts";
import { orderRequests } from "./order.ts";
import { referenceRequests } from "./reference.ts";
import type { Request, RequestTable } from "./request.ts";
import { streamRequests } from "./stream.ts";

const requests: RequestTable = {
  ...accountRequests,
  ...marketDataRequests,
  ...streamRequests,
  ...historyRequests,
  ...optionRequests,
  ...orderRequests,
  ...referenceRequests,
  ...absentRequests,
};

export type Parsed =
  | { readonly kind: "request"; readonly name: string; readonly request: Request }
  | { readonly kind: "unknown"; readonly id: string }
  /** `subject` is the request or order id, −1 when the message ends before it. */
  | { readonly kind: "malformed"; readonly name: string; readonly subject: number; readonly reason: string };

const ID_FORM = /^\d{1,4}$/;

/** Reads a message of a client. What is not known or not well formed comes back as a value; every field must be used up. */
export const parseRequest = (fields: readonly string[], serverVersion: number): Parsed => {
  const id = fields[0] ?? "";
  const form = ID_FORM.test(id) ? requests[Number(id)] : undefined;
  if (form === undefined || serverVersion < (form.since ?? 0)) return { kind: "unknown", id };
  const reader = new FieldReader(fields.slice(1));
  try {
    const request = form.read(reader, serverVersion);
    reader.end();
    return { kind: "request", name: form.name, request };
  } catch (error) {
    if (!(error instanceof MalformedMessage)) throw error;
    return { kind: "malformed", name: form.name, subject: reader.subject, reason: error.message };
  }
};
