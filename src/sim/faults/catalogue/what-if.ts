/** What-if orders that are not answered, refused, or answered with numbers that mean unknown. */
import type { Order as IbOrder, OrderState } from "@stoqey/ib";
import { type Asking, type Fault, fault, whenAsked, whenTold } from "../fault.ts";
import { count } from "../parameter.ts";

const orderOf = ({ words }: Asking): IbOrder => words[2] as IbOrder;

export const whatIfFaults: readonly Fault[] = [
  fault({
    name: "whatIf.unanswered",
    kind: "state",
    says: "What-if orders are never answered.",
    serves: ["F40"],
    begin: (stage) => whenAsked(stage, ["placeOrder"], (asking) => (orderOf(asking).whatIf ? undefined : asking.go())),
  }),
  fault({
    name: "whatIf.max",
    kind: "state",
    says: "What-if orders are answered with IB's largest double in place of margins and commission: unknown.",
    serves: ["F40"],
    begin: (stage) =>
      whenTold(stage, ["openOrder"], ({ event, words, pass, go }) => {
        if (!(words[2] as IbOrder).whatIf) return go();
        const state = words[3] as OrderState;
        const unknown = Object.fromEntries(
          Object.entries(state).map(([key, value]) => [key, typeof value === "number" ? Number.MAX_VALUE : value]),
        );
        pass(event, [...words.slice(0, 3), unknown]);
      }),
  }),
  fault({
    name: "whatIf.refused",
    kind: "state",
    says: "What-if orders are refused with an error.",
    serves: ["F29", "F40"],
    parameters: { code: count("with which code", 201, 100, 99_999) },
    begin: (stage, { code }) =>
      whenAsked(stage, ["placeOrder"], (asking) => {
        if (orderOf(asking).whatIf)
          asking.from.tell(
            "error",
            new Error("Order rejected - reason:the what-if is refused by a fault"),
            code,
            asking.words[0] as number,
          );
        else asking.go();
      }),
  }),
];
