/** Order statuses that get lost, come twice, late, or in the wrong order. The books know better all the while. */
import { type Fault, fault, soMany, type Telling, whenTold } from "../fault.ts";
import { count, duration, share } from "../parameter.ts";

const STATUSES = ["orderStatus"] as const;
const HOW_OFTEN = "how many of them, drawn for each by the seed";

export const statusFaults: readonly Fault[] = [
  fault({
    name: "status.lose",
    kind: "state",
    says: "Order statuses get lost on their way; executions still come, and whoever asks for open orders is told.",
    serves: ["F11", "F21"],
    parameters: { share: share(HOW_OFTEN, 1) },
    begin: (stage, { share: part }) => whenTold(stage, STATUSES, ({ go }) => stage.chance() >= part && go()),
  }),
  fault({
    name: "status.duplicate",
    kind: "state",
    says: "Order statuses are told several times over, word for word.",
    serves: ["F11", "F21"],
    parameters: { times: count("how often each is told", 3, 2, 100), share: share(HOW_OFTEN, 1) },
    begin: (stage, { times, share: part }) =>
      whenTold(stage, STATUSES, ({ go }) => {
        const often = stage.chance() < part ? times : 1;
        for (let time = 0; time < often; time++) go();
      }),
  }),
  fault({
    name: "status.delay",
    kind: "state",
    says: "Order statuses come late, in their order.",
    serves: ["F11", "F21"],
    parameters: { delay: duration("by how much", "5s"), share: share(HOW_OFTEN, 1) },
    begin: (stage, { delay, share: part }) =>
      whenTold(stage, STATUSES, ({ go }) => {
        if (stage.chance() < part) stage.after(delay, go);
        else go();
      }),
  }),
  fault({
    name: "status.reorder",
    kind: "state",
    says: "Each order status waits and then comes after the next one of any order, or alone when none comes in time.",
    serves: ["F11", "F21"],
    parameters: { wait: duration("how long one waits for another to overtake it", "2s") },
    begin: (stage, { wait }) => {
      let held: Telling | undefined;
      const letGo = (): void => {
        const first = held;
        held = undefined;
        first?.go();
      };
      const end = whenTold(stage, STATUSES, (status) => {
        if (held !== undefined) {
          status.go();
          return letGo();
        }
        held = status;
        stage.after(wait, () => held === status && letGo());
      });
      return () => {
        end();
        letGo();
      };
    },
  }),
  fault({
    name: "status.lie",
    kind: "event",
    says: "The next order status says Filled with nothing filled: evidence must come from executions.",
    serves: ["F21", "F29"],
    parameters: { statuses: count("how many", 1) },
    begin: (stage, { statuses }) =>
      soMany(stage, statuses, (happened) =>
        whenTold(stage, STATUSES, ({ event, words, pass }) => {
          const [orderId, , filled, remaining, ...rest] = words;
          pass(event, [orderId, "Filled", filled, remaining, ...rest]);
          happened();
        }),
      ),
  }),
];
