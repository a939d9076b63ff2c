/** Messages from the gateway itself: 4 errors and notices, 49 currentTime, 107 userInfo. */
import { ascii7, text, whole } from "../fields.ts";

/**
 * The JSON of an advanced rejection. Clients undo `\uXXXX` before they parse it, which turns escaped control characters and
 * escaped backslashes before a `u` into broken JSON (some crash on it): texts lose them here.
 */
const rejectJson = (reject: unknown): string => {
  const safe = (_key: string, value: unknown): unknown =>
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
    typeof value === "string" ? value.replace(/[\x00-\x1f]/g, " ").replace(/\\(?=u)/g, "/") : value;
  return ascii7(JSON.stringify(reject, safe));
};

/** Errors of a request or order. An advanced rejection is attached as JSON since version 166. */
export const errorMessage = (
  serverVersion: number,
  subject: number,
  code: number,
  message: string,
  advancedReject?: unknown,
): readonly string[] => [
  "4",
  "2",
  whole(subject),
  whole(code),
  ascii7(message),
  ...(serverVersion >= 166 ? [advancedReject === undefined || advancedReject === null ? "" : rejectJson(advancedReject)] : []),
];

/** The id of what concerns no request. */
export const NO_SUBJECT = -1;

export const currentTime = (epochSeconds: number): readonly string[] => ["49", "1", whole(epochSeconds)];

export const userInfo = (reqId: number, whiteBrandingId: string): readonly string[] => [
  "107",
  whole(reqId),
  text(whiteBrandingId),
];
