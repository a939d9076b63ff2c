/** What changes the account itself, and not by an order of any client: a hand at the screen, the exchange, the broker's margin desk. */
import type { Execution as IbExecution, OrderAction, OrderType, SecType, TimeInForce } from "@stoqey/ib";
import type { Listener } from "../../broker/session.ts";
import { type Fault, fault, type Stage, whenTold } from "../fault.ts";
import { choice, count, duration, FaultError, number, optionally, text } from "../parameter.ts";

/** Today's executions that booked something, asked behind everybody's back; oldest first. */
const executionsOf = (stage: Stage): readonly IbExecution[] => {
  const rows: IbExecution[] = [];
  const ear: Listener = {
    clientId: 0,
    tell: (event, ...words) => {
      const [, contract, execution] = words as unknown as [number, { readonly secType?: string }, IbExecution];
      if (event === "execDetails" && contract.secType !== "BAG" && stage.concerns(execution.clientId)) rows.push(execution);
    },
    drop: () => undefined,
  };
  stage.broker.ask(ear, "reqExecutions", [0, {}]);
  return rows;
};

/** Revises the newest execution, or if there is none yet (or the next is meant) the next one, a while after it was told. */
const revising = (
  stage: Stage,
  which: "last" | "next",
  delay: number,
  revise: (execution: IbExecution) => { readonly price?: number; readonly shares?: number },
): (() => void) | undefined => {
  const correct = ({ execId }: IbExecution): void => {
    // It may have been revised in the meantime: what stands now has the same first three parts.
    const stem = (id: string | undefined): string => (id ?? "").replace(/\.\d+$/, "");
    const now = executionsOf(stage).find((row) => stem(row.execId) === stem(execId));
    if (now?.execId !== undefined) stage.broker.correctExecution(now.execId, revise(now));
  };
  const last = which === "last" ? executionsOf(stage).at(-1) : undefined;
  if (last !== undefined) {
    stage.after(delay, () => correct(last));
    return undefined;
  }
  let caught = false;
  return whenTold(stage, ["execDetails"], ({ words, go }) => {
    go();
    const [reqId, contract, execution] = words as [number, { readonly secType?: string }, IbExecution];
    if (caught || reqId !== -1 || contract.secType === "BAG") return;
    caught = true;
    stage.after(delay, () => correct(execution));
    stage.after(delay, () => stage.over());
  });
};

const WHICH = choice("the newest execution (the next if there is none), or the next", ["last", "next"], "last");

const accountsOf = (stage: Stage) => stage.broker.truth().accounts;
/** A position of the account, by conId or the first there is. */
const positionOf = (stage: Stage, conId: number | undefined): { readonly account: string; readonly conId: number } => {
  for (const { id, positions } of accountsOf(stage))
    for (const position of positions)
      if (position.quantity !== 0 && (conId === undefined || position.conId === conId))
        return { account: id, conId: position.conId };
  throw new FaultError(conId === undefined ? "the account holds no position" : `the account holds nothing of conId ${conId}`);
};
const refused = (answer: unknown): void => {
  const { code, text: why } = (typeof answer === "object" && answer !== null ? answer : {}) as { code?: number; text?: string };
  if (code !== undefined) throw new FaultError(`the simulated broker refuses it: ${code} ${why}`);
};

const CON_ID = optionally(count("of this contract only; else of the first position", 1, 1, 2_147_483_647));

export const booksFaults: readonly Fault[] = [
  fault({
    name: "execution.correct",
    kind: "event",
    says: "An execution is corrected: the same id with its last part counted up replaces it at another price. The books follow.",
    serves: ["F23"],
    parameters: { by: number("added to the price, in dollars", 0.01), which: WHICH, delay: duration("how long after it", "5s") },
    begin: (stage, { by, which, delay }) =>
      revising(stage, which, delay, ({ price = 0 }) => ({ price: Math.round((price + by) * 10_000) / 10_000 })),
  }),
  fault({
    name: "execution.bust",
    kind: "event",
    says: "An execution is busted: corrected to no shares at all. The books follow.",
    serves: ["F23"],
    parameters: { which: WHICH, delay: duration("how long after it", "5s") },
    begin: (stage, { which, delay }) => revising(stage, which, delay, () => ({ shares: 0 })),
  }),
  fault({
    name: "orders.manual",
    kind: "event",
    says: "Somebody places an order at the screen: no client owns it, its executions come with order id 0 or 2147483647.",
    serves: ["F33"],
    parameters: {
      action: choice("which way", ["BUY", "SELL"], "BUY"),
      quantity: count("how many", 1),
      symbol: text("of this stock", "SPY"),
      conId: optionally(count("or of this contract", 1, 1, 2_147_483_647)),
      limit: optionally(number("at this limit; else at market", 1)),
    },
    begin: ({ broker }, { action, quantity, symbol, conId, limit }) => {
      const contract =
        conId === undefined
          ? { symbol, secType: "STK" as SecType, exchange: "SMART", currency: "USD" }
          : { conId, exchange: "SMART" };
      refused(
        broker.manual.place(contract, {
          action: action as OrderAction,
          totalQuantity: quantity,
          orderType: (limit === undefined ? "MKT" : "LMT") as OrderType,
          tif: "DAY" as TimeInForce,
          transmit: true,
          account: broker.truth().accounts[0]?.id ?? "",
          ...(limit === undefined ? {} : { lmtPrice: limit }),
        }),
      );
      return undefined;
    },
  }),
  fault({
    name: "orders.cancelledByHand",
    kind: "event",
    says: "Somebody cancels the working orders of API clients at the screen.",
    serves: ["F33"],
    begin: (stage) => {
      for (const { openOrders } of accountsOf(stage))
        for (const { permId, clientId } of openOrders) if (stage.concerns(clientId)) stage.broker.manual.cancel(permId);
      return undefined;
    },
  }),
  fault({
    name: "positions.closedByHand",
    kind: "event",
    says: "Somebody closes a position of ours at market at the screen.",
    serves: ["F33", "F34"],
    parameters: { conId: CON_ID },
    begin: (stage, { conId }) => {
      const position = positionOf(stage, conId);
      refused(stage.broker.manual.close(position.account, position.conId));
      return undefined;
    },
  }),
  fault({
    name: "positions.liquidated",
    kind: "event",
    says: "The broker closes a position by force: its executions carry the liquidation flag.",
    serves: ["F39"],
    parameters: { conId: CON_ID, quantity: optionally(count("so much of it; else all", 1)) },
    begin: (stage, { conId, quantity }) => {
      const position = positionOf(stage, conId);
      refused(
        quantity === undefined
          ? stage.broker.liquidate(position.account, position.conId)
          : stage.broker.liquidate(position.account, position.conId, quantity),
      );
      return undefined;
    },
  }),
  fault({
    name: "positions.assigned",
    kind: "event",
    says: "A short option is assigned before its time: it turns into shares at its strike, without an execution.",
    serves: ["F37"],
    parameters: {
      conId: optionally(count("this contract; else the first short option", 1, 1, 2_147_483_647)),
      contracts: optionally(count("how many; else all", 1)),
    },
    begin: (stage, { conId, contracts }) => {
      for (const { id, positions } of accountsOf(stage))
        for (const position of positions) {
          const short = position.right !== undefined && position.quantity < 0;
          if (!short || (conId !== undefined && position.conId !== conId)) continue;
          const assigned =
            contracts === undefined
              ? stage.broker.assign(id, position.conId)
              : stage.broker.assign(id, position.conId, contracts);
          if (assigned > 0) return undefined;
        }
      throw new FaultError("the account holds no such short option");
    },
  }),
  fault({
    name: "order.legsFillApart",
    kind: "state",
    says: "The legs of non-guaranteed combos fill one by one, each when its own market lets it: uneven combos.",
    serves: ["F31", "F32"],
    begin: ({ broker: { faults } }) => {
      faults.legsFillApart = true;
      return () => {
        faults.legsFillApart = false;
      };
    },
  }),
  fault({
    name: "order.cancelNoticeFirst",
    kind: "state",
    says: "The notice 202 of a cancelled order comes before its status.",
    serves: ["F21"],
    begin: ({ broker: { faults } }) => {
      faults.cancelNoticeFirst = 1;
      return () => {
        faults.cancelNoticeFirst = 0;
      };
    },
  }),
];
