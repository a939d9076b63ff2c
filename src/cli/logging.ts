/** Logs go to standard error as JSON lines, so that standard output stays the documents'. */
import pino from "pino";
import type { Logger } from "../io/ib/port-words.ts";

export const createLogger = (level: string): Logger =>
  pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, redact: ["token", "*.token"] },
    pino.destination({ dest: 2, sync: true }),
  ) as unknown as Logger;
