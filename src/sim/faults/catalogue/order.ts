/** Orders, changes, cancels and what-ifs that are not answered as they should be. What the broker holds is its truth all the while. */
import { type Contract as IbContract, type Order as IbOrder, type OrderState, OrderStatus } from "@stoqey/ib";
import { type Asking, type Fault, fault, type Stage, soMany, whenAsked, whenTold } from "../fault.ts";
import { choice, count, duration, text } from "../parameter.ts";
import { lookUp, shadowOrders } from "../shadow-orders.ts";

const orderOf = ({ words }: Asking): IbOrder => words[2] as IbOrder;
const idOf = ({ words }: Asking): number => words[0] as number;
const complain = ({ from }: Asking, id: number, code: number, message: string): void =>
  from.tell("error", new Error(message), code, id);

/** placeOrder that is to become an order: no what-if. `known`: its id is one of the client's live orders. */
const whenPlaced = (stage: Stage, handle: (asking: Asking, known: boolean) => void): (() => void) =>
  whenAsked(stage, ["placeOrder"], (asking) => {
    if (orderOf(asking).whatIf) asking.go();
    else handle(asking, lookUp(stage.broker, asking.from, idOf(asking)) !== undefined);
  });
const whenCancelled = (stage: Stage, handle: (asking: Asking) => void): (() => void) => whenAsked(stage, ["cancelOrder"], handle);

const status = (id: number, as: OrderStatus, order: IbOrder, clientId: number): Parameters<typeof statusWords>[0] =>
  statusWords([id, as, 0, order.totalQuantity ?? 0, 0, order.permId ?? 0, 0, 0, clientId, "", 0]);
const statusWords = (
  words: [number, OrderStatus, number, number, number, number, number, number, number, string, number],
): typeof words => words;

const WARNINGS = {
  "399": "Order Message:\nWarning: your order will not be placed at the exchange until the market opens",
  "404": "Order held while securities are located.",
  "10349": "Order TIF was set to DAY based on order preset.",
  "2109": "Order Event Warning:Attribute 'Outside Regular Trading Hours' is ignored based on the order type and destination.",
} as const;

export const orderFaults: readonly Fault[] = [
  fault({
    name: "order.blackhole",
    kind: "event",
    says: "The next orders or changes never reach IB, and nobody says so. Their ids count as used until the gateway restarts.",
    serves: ["F14", "F28"],
    parameters: { orders: count("how many", 1) },
    begin: (stage, { orders }) =>
      soMany(stage, orders, (happened) =>
        whenPlaced(stage, (asking) => {
          swallowId(stage, asking.from.clientId, idOf(asking));
          happened();
        }),
      ),
  }),
  fault({
    name: "order.acceptSilently",
    kind: "state",
    says: "Orders work and fill, and their owner hears nothing of them until it asks for its open orders.",
    serves: ["F28"],
    begin: ({ broker: { faults } }) => {
      faults.acceptSilently = true;
      return () => {
        faults.acceptSilently = false;
      };
    },
  }),
  fault({
    name: "order.reject",
    kind: "event",
    says: "The next new orders are rejected: 201 with an Inactive order, any other code with the error alone.",
    serves: ["F29", "F32"],
    parameters: { orders: count("how many", 1), code: count("with which code", 201, 100, 99_999) },
    begin: (stage, { orders, code }) => {
      const { faults } = stage.broker;
      faults.rejectOrders = { left: orders, code };
      const look = (): void => {
        if (faults.rejectOrders === undefined || faults.rejectOrders.left <= 0) stage.over();
        else takeBack = stage.after(1_000, look);
      };
      let takeBack = stage.after(1_000, look);
      return () => {
        takeBack();
        faults.rejectOrders = undefined;
      };
    },
  }),
  fault({
    name: "order.rejectChange",
    kind: "event",
    says: "The next changes of working orders are refused; the orders stay as they were.",
    serves: ["F29"],
    parameters: {
      changes: count("how many", 1),
      code: choice("with which code", ["321", "201", "110", "104", "10147"], "321"),
      message: text("in which words", "Error validating request.-'bA' : cause - the change was refused by a fault"),
    },
    begin: (stage, { changes, code, message }) =>
      soMany(stage, changes, (happened) =>
        whenPlaced(stage, (asking, known) => {
          if (!known) return asking.go();
          complain(asking, idOf(asking), Number(code), message);
          happened();
        }),
      ),
  }),
  fault({
    name: "order.sleeps",
    kind: "event",
    says: "The next new orders become Inactive without an error, and wake up after a while and live.",
    serves: ["F30"],
    parameters: {
      orders: count("how many", 1),
      sleep: duration("how long they sleep", "60s"),
      code: choice("an error beside it: none, rejected, held while shares are located", ["none", "201", "404"], "none"),
    },
    begin: (stage, { orders, sleep, code }) => {
      const sleeping = new Set<string>();
      const keyOf = (clientId: number, id: unknown): string => `${clientId}/${id}`;
      const asInactive = whenTold(stage, ["openOrder", "orderStatus"], ({ event, words, pass, go }) => {
        const clientId = event === "openOrder" ? (words[2] as IbOrder).clientId : words[8];
        if (!sleeping.has(keyOf(clientId as number, words[0]))) return go();
        if (words[1] === OrderStatus.Cancelled) return go();
        if (event === "orderStatus") return pass(event, [words[0], OrderStatus.Inactive, ...words.slice(2)]);
        pass(event, [...words.slice(0, 3), { ...(words[3] as OrderState), status: OrderStatus.Inactive }]);
      });
      const catching = soMany(stage, orders, (happened) =>
        whenPlaced(stage, (asking, known) => {
          const { from, words, pass } = asking;
          const [id, contract, order] = words as [number, IbContract, IbOrder];
          if (known || order.transmit !== true) return asking.go();
          // Untransmitted, it is at the broker and not worked: what Inactive means.
          pass("placeOrder", [id, contract, { ...order, transmit: false }]);
          const parked = lookUp(stage.broker, from, id);
          if (parked === undefined) return;
          const key = keyOf(from.clientId, id);
          sleeping.add(key);
          if (code !== "none") complain(asking, id, Number(code), code === "404" ? WARNINGS["404"] : "Order rejected - reason:");
          from.tell("openOrder", ...parked.words);
          from.tell("orderStatus", ...status(id, OrderStatus.Inactive, parked.words[2], from.clientId));
          stage.after(sleep, () => {
            sleeping.delete(key);
            const still = lookUp(stage.broker, from, id);
            if (still !== undefined) pass("placeOrder", [id, contract, { ...order, transmit: true }]);
            if (sleeping.size === 0 && caught) asInactive();
          });
          happened();
        }),
      );
      let caught = false;
      return () => {
        catching();
        caught = true;
        if (sleeping.size === 0) asInactive();
      };
    },
  }),
  fault({
    name: "order.warning",
    kind: "event",
    says: "The next new orders are answered with an error that is only a warning: they live.",
    serves: ["F29"],
    parameters: { orders: count("how many", 1), code: choice("which", ["399", "404", "10349", "2109"], "10349") },
    begin: (stage, { orders, code }) =>
      soMany(stage, orders, (happened) =>
        whenPlaced(stage, (asking, known) => {
          asking.go();
          if (known) return;
          complain(asking, idOf(asking), Number(code), WARNINGS[code]);
          happened();
        }),
      ),
  }),
  fault({
    name: "order.cancelledBySystem",
    kind: "event",
    says: "IB cancels working orders by itself: Cancelled and 202, unasked.",
    serves: ["F29"],
    begin: (stage) => {
      for (const client of stage.broker.clients()) {
        if (!stage.concerns(client.clientId)) continue;
        for (const id of liveIds(stage, client.clientId)) stage.broker.ask(client, "cancelOrder", [id]);
      }
      return undefined;
    },
  }),
  fault({
    name: "order.fillAfterCancel",
    kind: "event",
    says: "The next cancels are confirmed (Cancelled, 202) while the order works on for a while and may fill.",
    serves: ["F24"],
    parameters: { cancels: count("how many", 1), works: duration("how long it works on before it is cancelled in truth", "60s") },
    begin: (stage, { cancels, works }) => {
      const dead = new Set<unknown>();
      // What is said of the true cancel would be the second one.
      const quiet = whenTold(stage, ["orderStatus", "error"], ({ event, words, go }) => {
        const isCancel = event === "orderStatus" ? words[1] === OrderStatus.Cancelled : words[1] === 202;
        if (!isCancel || !dead.has(event === "orderStatus" ? words[5] : words[2])) go();
      });
      const catching = soMany(stage, cancels, (happened) =>
        whenCancelled(stage, (asking) => {
          const { from } = asking;
          const id = idOf(asking);
          const live = lookUp(stage.broker, from, id);
          if (live === undefined) return asking.go();
          from.tell("orderStatus", ...status(id, OrderStatus.Cancelled, live.words[2], from.clientId));
          complain(asking, id, 202, "Order Canceled - reason:");
          stage.after(works, () => {
            if (lookUp(stage.broker, from, id) === undefined) return;
            dead.add(live.words[2].permId);
            dead.add(id);
            asking.go();
          });
          happened();
        }),
      );
      return () => {
        catching();
        stage.after(works + 5_000, quiet);
      };
    },
  }),
  fault({
    name: "order.cancelUnanswered",
    kind: "state",
    says: "Cancels are swallowed: nothing is answered and orders work on.",
    serves: ["F26"],
    begin: (stage) => whenAsked(stage, ["cancelOrder", "reqGlobalCancel"], () => undefined),
  }),
  fault({
    name: "order.cancelRefused",
    kind: "event",
    says: "The next cancels are refused with an error; the orders work on.",
    serves: ["F25"],
    parameters: {
      cancels: count("how many", 1),
      code: choice("not found, filled, or invalid state", ["10147", "10148", "161"], "10148"),
    },
    begin: (stage, { cancels, code }) =>
      soMany(stage, cancels, (happened) =>
        whenCancelled(stage, (asking) => {
          const subject = `OrderId ${idOf(asking)} that needs to be cancelled`;
          const message = code === "10147" ? `${subject} is not found.` : `${subject} can not be cancelled, state: Filled.`;
          complain(asking, idOf(asking), Number(code), message);
          happened();
        }),
      ),
  }),
  fault({
    name: "order.twice",
    kind: "event",
    says: "The next change of a working order leaves the old one working: two live orders with one order id and two permIds.",
    serves: ["F27"],
    parameters: {
      changes: count("how many", 1),
      cancel: choice("what a cancel of the id reaches: both of them, or only the new one", ["both", "newest"], "both"),
    },
    begin: (stage, { changes, cancel }) =>
      soMany(stage, changes, (happened) =>
        whenPlaced(stage, (asking, known) => {
          if (!known || orderOf(asking).transmit !== true) return asking.go();
          shadowOrders(stage.broker).place(asking.from, asking.words as [number, IbContract, IbOrder], cancel);
          happened();
        }),
      ),
  }),
];

const liveIds = (stage: Stage, clientId: number): readonly number[] =>
  stage.broker
    .truth()
    .accounts.flatMap(({ openOrders }) => openOrders)
    .filter((order) => order.clientId === clientId)
    .map(({ orderId }) => orderId);

/** The gateway itself has seen the id: it offers higher ones, until it restarts and asks IB. */
const swallowId = (stage: Stage, clientId: number, id: number): void => {
  const takeAway = stage.broker.filter({
    told: (to, event, words, pass) => {
      const offered = words[0] as number;
      pass(event, event === "nextValidId" && to.clientId === clientId ? [Math.max(offered, id + 1)] : words);
    },
  });
  const forget = stage.onRestart(() => {
    takeAway();
    forget();
  });
};
