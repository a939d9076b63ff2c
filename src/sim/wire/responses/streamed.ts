/**
 * Which messages belong to streams of market data. They give way to answers when a client reads too slowly; what announces, ends or
 * describes a stream goes with it, so that the order within a stream stays.
 */
const STREAMED: ReadonlySet<string> = new Set([
  ...["1", "2", "21", "45", "46"], // ticks of lines
  ...["57", "58", "81"], // end of a snapshot, type and parameters of a line
  ...["50", "90", "99"], // bars in progress, tick by tick
]);

export const isStreamed = (fields: readonly string[]): boolean => STREAMED.has(fields[0] ?? "");
