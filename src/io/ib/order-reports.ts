/**
 * What the broker says about orders, executions and positions of its own accord, passed on one by one and in IB's order; rows
 * of an answer are given to `requests.ts` as well. Nothing is interpreted.
 *
 * IB repeats the day's executions and everybody's open orders whenever they are asked for, each minute. What a repetition adds nothing
 * to is not passed on a second time in the same epoch: executions word for word the same, and orders that are not ours.
 */
import { parseOrderRef } from "../../domain/identity.ts";

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
  const said = new Map<string, string>();
  /** Whether it is word for word what was said last under this key. */
  const isRepeated = (key: string, what: object): boolean => {
    const text = JSON.stringify(what);
    if (said.get(key) === text) return true;
    said.set(key, text);
    return false;
  };
  /** By client and order id: orders of others that we have heard of. */
  const foreign = new Set<string>();
  const commissions = createCommissions((commission) => deliver({ type: "commission.reported", epoch, ...commission }));

  hear("openOrder", (orderId, contract, order, state) => {
    if (order.whatIf) {
      const impact = impactFrom(state);
      deliver({ type: "order.whatIfAnswered", epoch, orderId: idOf(orderId), orderRef: order.orderRef ?? "", impact });
      return;
    }
    const row = brokerOrderFrom(contract, { ...order, orderId }, state);
    requests.openOrderRow(row);
    if (parseOrderRef(row.orderRef) === undefined) {
      foreign.add(`${row.clientId}/${row.orderId}`);
      if (isRepeated(`order ${row.clientId}/${row.orderId}/${row.permId}`, row)) return;
    }
    deliver({ type: "order.reported", epoch, order: row });
  });
  hear("orderStatus", (orderId, word, filled, remaining, _average, permId, _parent, _last, clientId) => {
    const status = statusFrom(word);
    if (status !== word) logger.error({ epoch, orderId, status: word }, "an order status that we do not know");
    const report = {
      orderId: idOf(orderId),
      clientId: idOf(clientId),
      permId: idOf(permId),
      status,
      filled: figureOf("filled", filled),
      remaining: figureOf("remaining", remaining),
    };
    const key = `${report.clientId}/${report.orderId}`;
    if (foreign.has(key) && isRepeated(`status ${key}/${report.permId}`, report)) return;
    deliver({ type: "order.statusReported", epoch, ...report });
  });
  hear("execDetails", (reqId, contract, details) => {
    const execution = executionFrom(contract, details, now());
    // Only what an enquiry brings back is compared: a live one is news, however often it comes.
    const repeated = isRepeated(`execution ${execution.execId}`, execution) && reqId >= 0;
    if (!repeated) deliver({ type: "execution.reported", epoch, execution });
    requests.executionRow(reqId, execution);
    commissions.executed(execution.execId);
  });
  hear("commissionReport", (report) => commissions.heard(commissionFrom(report)));
  hear("position", (account, contract, quantity, averageCost) => {
    const position = positionFrom(account, contract, quantity, averageCost);
    if (!requests.positionRow(position)) deliver({ type: "position.changed", epoch, position });
  });
};
