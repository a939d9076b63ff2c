/**
 * JSON objects that carry the SHA-256 of their own text: how records and manifests notice a changed byte.
 *
 * The sum is the hash of the text without its `"sum"` member. Who may write what into them is not known here.
 */
import { hash } from "node:crypto";
import { JournalDamage, type StorePlace } from "./store-error.ts";

export type SealedFields = { readonly [key: string]: unknown };

/** SHA-256 of a text's UTF-8 bytes, in hex. */
export const sha256 = (text: string): string => hash("sha256", text, "hex");

/** An object text given as what stands before and after the place of its sum. `before` ends with a comma. */
export const seal = (before: string, after: string): { readonly text: string; readonly sum: string } => {
  const sum = sha256(before + after);
  return { text: `${before}"sum":"${sum}",${after}`, sum };
};

/** The fields of a sealed text and its sum. Throws a JournalDamage that names `what` and the place unless every byte is as sealed. */
export const unseal = (
  text: string,
  what: string,
  place: StorePlace,
): { readonly fields: SealedFields; readonly sum: string } => {
  let fields: SealedFields | null;
  try {
    fields = JSON.parse(text) as SealedFields | null;
  } catch (error) {
    throw new JournalDamage(`${what} that is not JSON`, place, error);
  }
  const sum = fields?.["sum"];
  if (!fields || typeof sum !== "string" || sum.length !== 64) throw new JournalDamage(`${what} without a checksum`, place);
  // A text cannot hold its own hash a second time, so the first member that reads like the sum is the sum.
  const member = `"sum":"${sum}",`;
  const at = text.indexOf(member);
  if (at < 0 || sha256(text.slice(0, at) + text.slice(at + member.length)) !== sum) {
    throw new JournalDamage(`${what} that does not match its checksum`, place);
  }
  return { fields, sum };
};
