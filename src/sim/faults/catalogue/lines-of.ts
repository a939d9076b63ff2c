/** The connections that a line fault is about. */
import type { Line } from "../../wire/line.ts";
import type { Stage } from "../fault.ts";
import type { Tamper, WireLines } from "../wire-lines.ts";

export const wireOf = ({ lines }: Stage): WireLines => {
  if (lines === undefined) throw new Error("line faults need a socket");
  return lines;
};
/** Open connections that the fault concerns. */
export const linesOf = (stage: Stage): readonly Line[] =>
  [...wireOf(stage).open].filter((line) => stage.concerns(line.clientId()));
export const tamper = (stage: Stage, how: Omit<Tamper, "concerns">): (() => void) =>
  wireOf(stage).tamper({ ...how, concerns: (line) => stage.concerns(line.clientId()) });
