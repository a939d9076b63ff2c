/**
 * What IB's error codes mean for an order (facts: IB's message code pages and the public issues named in docs/architecture.md).
 * A code that is not listed is *unclear*: it changes nothing, and the doubt timer asks the broker.
 */
export type ErrorVerdict =
  /** A new order is dead; for a modification the old order stays live. */
  | "refused"
  /** The broker confirms the cancel; the Cancelled status says the rest. */
  | "cancelled"
  /** The order to cancel is not known (any more). */
  | "notFound"
  /** Too late to cancel: it is filled or done. */
  | "tooLate"
  /** Only a modification was refused: the order lives at its old price. */
  | "modificationRefused"
  | "notice"
  | "unclear";

const VERDICTS: { readonly [code: number]: ErrorVerdict } = {
  103: "refused",
  104: "modificationRefused",
  105: "modificationRefused",
  110: "refused",
  135: "notFound",
  161: "tooLate",
  200: "refused",
  201: "refused",
  202: "cancelled",
  321: "refused",
  399: "notice",
  404: "notice",
  434: "refused",
  460: "refused",
  10147: "notFound",
  10148: "tooLate",
  10349: "notice",
};

export const verdictOfError = (code: number): ErrorVerdict =>
  VERDICTS[code] ?? (code >= 2_100 && code < 2_200 ? "notice" : "unclear");
