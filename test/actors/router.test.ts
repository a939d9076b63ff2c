/** Who hears what: nothing of the broker's goes nowhere, and what nobody takes reaches the reconciler. */
import { describe, expect, test } from "vitest";
import { isQuiet, route } from "../../src/actors/router.ts";
import type { OperatorEvent } from "../../src/domain/events/actors.ts";
import type { BrokerEvent, BrokerOrder, Execution } from "../../src/domain/events/broker.ts";
import type { GatewayEvent } from "../../src/domain/events/gateway.ts";
import type { MarketEvent } from "../../src/domain/events/market.ts";
import { SPY } from "../support/quoted-chain.ts";

type Input =
  | BrokerEvent
  | GatewayEvent
  | MarketEvent
  | OperatorEvent
  | { readonly type: "run.started" | "run.stopping" | "run.stopped" | "clock.stepped" };
const execution = { execId: "a.1.01", orderRef: "ref", contract: SPY } as Execution;
const order = { orderRef: "ref", permId: 5 } as BrokerOrder;
const answer = { replyTo: "asker" };
const session = { to: ["session"] };
const engine = { to: ["engine"] };
const asker = { to: ["asker"] };

/** Every input type there is: the compiler refuses a table with a hole. */
const TABLE: { readonly [Type in Input["type"]]: readonly [object, object] } = {
  "order.reported": [{ order }, { topics: ["orderRef/ref"], fallback: "reconciler" }],
  "order.statusReported": [{ orderId: 3, permId: 5 }, { topics: ["orderId/3", "permId/5"] }],
  "order.errored": [{ orderId: 3 }, { topics: ["orderId/3"] }],
  "order.whatIfAnswered": [{ orderId: 3 }, { topics: ["orderId/3"] }],
  "execution.reported": [{ execution }, { topics: ["orderRef/ref"], fallback: "reconciler" }],
  "commission.reported": [{ execId: "a.1.01" }, { topics: ["execution/a.1.01"] }],
  "position.changed": [{}, { to: ["reconciler", "contracts"] }],
  "positions.answered": [answer, asker],
  "openOrders.answered": [answer, asker],
  "completedOrders.answered": [answer, asker],
  "executions.answered": [answer, asker],
  "account.answered": [answer, asker],
  "contracts.answered": [answer, asker],
  "optionParameters.answered": [answer, asker],
  "bars.answered": [answer, asker],
  "request.failed": [answer, asker],
  "gateway.connected": [{}, session],
  "gateway.identified": [{}, session],
  "gateway.lost": [{}, session],
  "gateway.noticed": [{}, session],
  "quote.updated": [{ quote: { conId: 9 } }, { topics: ["quote/9"] }],
  "line.typed": [{ conId: 9 }, { to: ["lines"], topics: ["quote/9"] }],
  "line.failed": [{ conId: 9 }, { to: ["lines"], topics: ["quote/9"] }],
  "line.stalled": [{ conId: 9 }, { to: ["lines"] }],
  "line.resumed": [{ conId: 9 }, { to: ["lines"] }],
  "snapshot.answered": [{ conId: 9 }, { to: ["lines", "contracts"] }],
  "snapshot.failed": [{ conId: 9 }, { to: ["lines", "contracts"] }],
  "operator.halt": [{}, engine],
  "operator.pause": [{}, engine],
  "operator.resume": [{}, engine],
  "operator.rearm": [{}, engine],
  "operator.adopt": [{}, engine],
  "operator.acknowledge": [{}, { to: ["alerts"] }],
  "operator.resolve": [{}, { to: ["alerts"] }],
  "operator.dismiss": [{}, { to: ["alerts"] }],
  "run.started": [{}, engine],
  "run.stopping": [{}, engine],
  "run.stopped": [{}, engine],
  "clock.stepped": [{}, engine],
};

describe("the router", () => {
  test.each(Object.entries(TABLE))("%s reaches whoever it is for", (type, [event, route_]) => {
    expect(route({ type, ...event })).toEqual(route_);
  });
  test("leaves out a combo's summary, which is no fill", () => {
    expect(
      route({ type: "execution.reported", execution: { ...execution, contract: { ...SPY, secType: "BAG" } } } as never),
    ).toEqual({});
  });
  test("an order without our reference is known by its permId", () => {
    expect(route({ type: "order.reported", order: { ...order, orderRef: "" } } as never)).toEqual({
      topics: ["permId/5"],
      fallback: "reconciler",
    });
  });
  test("no command, answer or word of the connection may go unheard in silence", () => {
    const quiet = Object.keys(TABLE).filter(isQuiet);
    expect(
      quiet.filter(
        (type) =>
          type.startsWith("operator.") || type.endsWith(".answered") || type.startsWith("gateway.") || type.startsWith("run."),
      ),
    ).toEqual([]);
  });
});
