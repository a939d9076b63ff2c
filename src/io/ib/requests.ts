/**
 * All that is asked and answered in one epoch: which question goes how to IB, which rows belong to it, what its answer is.
 * How one question waits for its end marker is in `round.ts` and `collection.ts`; pushes are made in `order-reports.ts`.
 */
import type { ContractDetails } from "../../domain/contract.ts";
import type { Effects, Enquiry } from "../../domain/effects.ts";
import type { AnswerEvent, Bar, BrokerOrder, BrokerPosition, Execution, OptionParameters } from "../../domain/events/broker.ts";
import { executionKey, orderKey, positionKey } from "../../domain/reconciliation/answers.ts";
import type { Scheduler } from "../../ports/clock.ts";
import type { IbClient } from "../../ports/ib-client.ts";
import { createCollection } from "./collection.ts";
import { createHistoryPace } from "./history-pace.ts";
import type { Hear } from "./listeners.ts";
import type { Pacer } from "./pacer.ts";
import type { Deliver, IbEffect } from "./port-words.ts";
import { type Asker, createRound } from "./round.ts";
import { createToldSet } from "./told-sets.ts";
import { barFrom, isLastRow, questionOf } from "./translate/bar.ts";
import { contractTo, detailsFrom, optionParametersFrom, queryTo } from "./translate/contract.ts";
import { moneyFigure } from "./translate/figure.ts";
import { brokerOrderFrom } from "./translate/order.ts";

/** The effects that are questions. */
export type EnquiryName = {
  [Name in keyof Effects]: Effects[Name] extends Enquiry ? Name : never;
}[keyof Effects];

export type Question = Extract<IbEffect, { readonly type: EnquiryName }>;

interface Asking<Name extends EnquiryName> extends Asker {
  readonly params: Effects[Name];
}
interface SummaryRow {
  readonly account: string;
  readonly tag: string;
  readonly value: string;
  readonly currency: string;
}
type Unaddressed<E> = E extends AnswerEvent ? Omit<E, "epoch" | "replyTo" | "request"> : never;

export interface Requests {
  ask(question: Question, settle: (refusal?: string) => void): void;
  /** Rows that come under way of a push. */
  positionRow(position: BrokerPosition): boolean;
  openOrderRow(order: BrokerOrder): void;
  executionRow(reqId: number, execution: Execution): void;
  /** IB refused a request. False when the id is none of ours. */
  failed(reqId: number, code: number, text: string): boolean;
  /** Whatever IB sent of its own accord at the start is in. */
  settledDown(): void;
  close(): void;
}

const SUMMARY_TAGS = "NetLiquidation,TotalCashValue";

export const createRequests = (session: {
  readonly epoch: number;
  readonly client: IbClient;
  readonly hear: Hear;
  readonly deliver: Deliver;
  readonly pacer: Pacer;
  readonly scheduler: Scheduler;
  readonly timeoutMs: number;
  readonly nextReqId: () => number;
}): Requests => {
  const { epoch, client, hear, deliver, pacer, scheduler, timeoutMs, nextReqId } = session;
  const waits = { pacer, scheduler, timeoutMs };
  const reply = ({ replyTo, request }: Asker, answer: Unaddressed<AnswerEvent>) =>
    deliver({ ...answer, epoch, replyTo, request } as AnswerEvent);

  const told = {
    positions: createToldSet(positionKey),
    open: createToldSet(orderKey),
    completed: createToldSet(orderKey),
    executions: createToldSet(executionKey),
  };

  const positions = createRound<Asking<"positions.request">, BrokerPosition>({
    ...waits,
    name: "positions",
    write: () => client.reqPositions(),
    answer: (asker, all) => {
      const { rows, ...set } = told.positions.tell(all, asker.params.known);
      reply(asker, { type: "positions.answered", positions: rows, ...set });
    },
  });
  const openOrders = createRound<Asking<"openOrders.request">, BrokerOrder>({
    ...waits,
    name: "open orders",
    // IB may send this client's orders and their end marker unasked, right after the login. That marker is not the answer:
    // the question goes out only when the answer to the first heartbeat shows that the unasked ones are all in.
    held: true,
    write: () => client.reqAllOpenOrders(),
    answer: (asker, all) => {
      const { rows, ...set } = told.open.tell(all, asker.params.known);
      reply(asker, { type: "openOrders.answered", orders: rows, ...set });
    },
  });
  const completedOrders = createRound<Asking<"completedOrders.request">, BrokerOrder>({
    ...waits,
    name: "completed orders",
    write: () => client.reqCompletedOrders(false),
    answer: (asker, all) => {
      const { rows, ...set } = told.completed.tell(all, asker.params.known);
      reply(asker, { type: "completedOrders.answered", orders: rows, ...set });
    },
  });

  let summaryId = 0;
  const endSummary = () => {
    const reqId = summaryId;
    summaryId = 0;
    pacer.offer({ lane: "enquiry", write: () => client.cancelAccountSummary(reqId) });
  };
  const summaries = createRound<Asking<"account.request">, SummaryRow>({
    ...waits,
    name: "account summary",
    write: () => {
      summaryId = nextReqId();
      client.reqAccountSummary(summaryId, "All", SUMMARY_TAGS);
    },
    withdraw: endSummary,
    answer: (asker, rows) => {
      const { account } = asker.params;
      const ours = rows.filter((row) => row.account === account);
      const foreign = ours.find((row) => row.currency !== "USD");
      if (ours.length === 0) asker.fail(0, `the account summary has no account ${account}`);
      else if (foreign) asker.fail(0, `account ${account} is kept in ${foreign.currency || "an unnamed currency"}, not in USD`);
      else {
        const netLiquidation = moneyFigure(ours.find((row) => row.tag === "NetLiquidation")?.value);
        const cash = moneyFigure(ours.find((row) => row.tag === "TotalCashValue")?.value);
        reply(asker, {
          type: "account.answered",
          account,
          ...(netLiquidation === undefined ? {} : { netLiquidation }),
          ...(cash === undefined ? {} : { cash }),
        });
      }
    },
  });

  const executions = createCollection<Asking<"executions.request">, Execution>({
    ...waits,
    name: "executions",
    lane: "enquiry",
    nextReqId,
    write: (reqId) => client.reqExecutions(reqId, {}),
    answer: (asker, all) => {
      const { rows, ...set } = told.executions.tell(all, asker.params.known);
      reply(asker, { type: "executions.answered", executions: rows, ...set });
    },
  });
  const contracts = createCollection<Asking<"contracts.request">, ContractDetails>({
    ...waits,
    name: "contract details",
    lane: "data",
    nextReqId,
    write: (reqId, { params }) => client.reqContractDetails(reqId, queryTo(params.query)),
    answer: (asker, details) => reply(asker, { type: "contracts.answered", details }),
  });
  const optionParameters = createCollection<Asking<"optionParameters.request">, OptionParameters>({
    ...waits,
    name: "option parameters",
    lane: "data",
    nextReqId,
    write: (reqId, { params }) => client.reqSecDefOptParams(reqId, params.symbol, "", params.secType, params.conId),
    answer: (asker, parameters) => reply(asker, { type: "optionParameters.answered", parameters }),
  });
  const bars = createCollection<Asking<"bars.request">, Bar>({
    ...waits,
    name: "bars",
    lane: "data",
    nextReqId,
    write: (reqId, { params }) => {
      const { span, size, show, regularHours, dateFormat } = questionOf(params);
      client.reqHistoricalData(reqId, contractTo(params.contract), "", span, size, show, regularHours, dateFormat, false);
    },
    withdraw: (reqId) => pacer.offer({ lane: "data", write: () => client.cancelHistoricalData(reqId) }),
    answer: (asker, rows) => reply(asker, { type: "bars.answered", bars: rows }),
  });
  const collections = [executions, contracts, optionParameters, bars];
  const historyPace = createHistoryPace(scheduler);

  hear("positionEnd", () => positions.end());
  hear("openOrderEnd", () => openOrders.end());
  hear("completedOrder", (contract, order, state) => {
    const row = brokerOrderFrom(contract, order, state);
    completedOrders.row(orderKey(row), row);
  });
  hear("completedOrdersEnd", () => completedOrders.end());
  hear("accountSummary", (reqId, account, tag, value, currency) => {
    if (reqId === summaryId) summaries.row(`${account}/${tag}/${currency}`, { account, tag, value, currency });
  });
  hear("accountSummaryEnd", (reqId) => {
    if (reqId !== summaryId) return;
    endSummary();
    summaries.end();
  });
  hear("execDetailsEnd", (reqId) => executions.end(reqId));
  hear("contractDetails", (reqId, row) => contracts.row(reqId, ({ params }) => detailsFrom(row, params.brief)));
  hear("contractDetailsEnd", (reqId) => contracts.end(reqId));
  hear("securityDefinitionOptionParameter", (reqId, exchange, _conId, tradingClass, multiplier, expirations, strikes) =>
    optionParameters.row(reqId, () => optionParametersFrom(exchange, tradingClass, multiplier, expirations, strikes)),
  );
  hear("securityDefinitionOptionParameterEnd", (reqId) => optionParameters.end(reqId));
  hear("historicalData", (reqId, time, open, high, low, close, volume) => {
    if (isLastRow(time)) bars.end(reqId);
    else bars.row(reqId, () => barFrom(time, [open, high, low, close], volume));
  });

  const askers: { readonly [Name in EnquiryName]: (asking: Asking<Name>) => void } = {
    "positions.request": positions.ask,
    "openOrders.request": openOrders.ask,
    "completedOrders.request": completedOrders.ask,
    "account.request": summaries.ask,
    "executions.request": executions.ask,
    "contracts.request": contracts.ask,
    "optionParameters.request": optionParameters.ask,
    "bars.request": (asking) => historyPace.ask(asking, bars.ask),
  };
  return {
    ask: ({ type, params }, settle) => {
      const { replyTo, request } = params;
      const asker = {
        params,
        replyTo,
        request,
        settle,
        fail: (code: number, text: string) => deliver({ type: "request.failed", epoch, replyTo, request, code, text }),
      };
      // The compiler does not see that each type's params go to the asker of the same type.
      (askers[type] as (asking: typeof asker) => void)(asker);
    },
    positionRow: (position) => {
      positions.row(positionKey(position), position);
      if (!positions.collecting) told.positions.toldAlone(position);
      return positions.collecting;
    },
    openOrderRow: (order) => openOrders.row(orderKey(order), order),
    executionRow: (reqId, execution) => {
      if (reqId < 0) executions.rowForAll(execution);
      else executions.row(reqId, () => execution);
    },
    failed: (reqId, code, text) => {
      if (reqId === summaryId && summaryId !== 0) {
        summaryId = 0;
        summaries.fail(code, text);
        return true;
      }
      return collections.some((collection) => collection.fail(reqId, code, text));
    },
    settledDown: () => openOrders.release(),
    close: () => {
      historyPace.close();
      for (const round of [positions, openOrders, completedOrders, summaries]) round.close();
      for (const collection of collections) collection.close();
    },
  };
};
