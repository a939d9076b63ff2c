/**
 * What the broker says about orders, executions and positions of its own accord, passed on one by one and in IB's order; rows
 * of an answer are given to `requests.ts` as well. Nothing is interpreted, nothing deduplicated.
 */

import type { EpochMs } from "../../domain/units.ts";
import type { IbClient } from "../../ports/ib-client.ts";
import type { Hear } from "./listeners.ts";
import type { Deliver, Logger } from "./port-words.ts";
import type { Requests } from "./requests.ts";
import { commissionFrom, executionFrom, positionFrom } from "./translate/execution.ts";
import { figureOf, idOf } from "./translate/figure.ts";
import { brokerOrderFrom, impactFrom, statusFrom } from "./translate/order.ts";

type Commission = ReturnType<typeof commissionFrom>;

/** Commissions of executions that we have not heard of (another client's) wait no longer than this many others. */
const MOST_WAITING = 1_000;

/** Holds a commission back until its execution has been reported: the two may come in either order. */
const createCommissions = (report: (commission: Commission) => void) => {
  const executed = new Set<string>();
  const waiting = new Map<string, Commission>();
  return {
    executed: (execId: string) => {
      executed.add(execId);
      const commission = waiting.get(execId);
      waiting.delete(execId);
      if (commission) report(commission);
    },
    heard: (commission: Commission) => {
      if (executed.has(commission.execId)) {
        report(commission);
        return;
      }
      waiting.set(commission.execId, commission);
      const [oldest] = waiting.size > MOST_WAITING ? waiting.values() : [];
      if (!oldest) return;
      waiting.delete(oldest.execId);
      report(oldest);
    },
  };
};

export const reportOrders = (session: {
  readonly epoch: number;
  readonly client: IbClient;
  readonly hear: Hear;
  readonly deliver: Deliver;
  readonly requests: Requests;
  readonly logger: Logger;
  readonly now: () => EpochMs;
}): void => {
  const { epoch, hear, deliver, requests, logger, now } = session;
  const commissions = createCommissions((commission) => deliver({ type: "commission.reported", epoch, ...commission }));

  hear("openOrder", (orderId, contract, order, state) => {
    if (order.whatIf) {
      const impact = impactFrom(state);
      deliver({ type: "order.whatIfAnswered", epoch, orderId: idOf(orderId), orderRef: order.orderRef ?? "", impact });
      return;
    }
    const row = brokerOrderFrom(contract, { ...order, orderId }, state);
    deliver({ type: "order.reported", epoch, order: row });
    requests.openOrderRow(row);
  });
  hear("orderStatus", (orderId, word, filled, remaining, _average, permId, _parent, _last, clientId) => {
    const status = statusFrom(word);
    if (status !== word) logger.error({ epoch, orderId, status: word }, "an order status that we do not know");
    deliver({
      type: "order.statusReported",
      epoch,
      orderId: idOf(orderId),
      clientId: idOf(clientId),
      permId: idOf(permId),
      status,
      filled: figureOf("filled", filled),
      remaining: figureOf("remaining", remaining),
    });
  });
  hear("execDetails", (reqId, contract, details) => {
    const execution = executionFrom(contract, details, now());
    deliver({ type: "execution.reported", epoch, execution });
    requests.executionRow(reqId, execution);
    commissions.executed(execution.execId);
  });
  hear("commissionReport", (report) => commissions.heard(commissionFrom(report)));
  hear("position", (account, contract, quantity, averageCost) => {
    const position = positionFrom(account, contract, quantity, averageCost);
    if (!requests.positionRow(position)) deliver({ type: "position.changed", epoch, position });
  });
};
