/** Executions, commissions and positions as IB reports them. A malformed one is refused: an invented fill is worse than none. */
import type { CommissionReport, Contract as IbContract, Execution as IbExecution } from "@stoqey/ib";
import type { BrokerPosition, Execution } from "../../../domain/events/broker.ts";
import type { EpochMs, Money } from "../../../domain/units.ts";
import { contractFrom } from "./contract.ts";
import { figure, figureOf, idOf, moneyFigure, priceFigure } from "./figure.ts";
import { refuse } from "./refusal.ts";
import { executionTime } from "./time.ts";

/** `heardAt` stands in for a time that cannot be read: when a fill was is worth less than that it was. */
export const executionFrom = (ib: IbContract, execution: IbExecution, heardAt: EpochMs): Execution => {
  const { execId, side } = execution;
  if (!execId) return refuse("execId", execId);
  if (side !== "BOT" && side !== "SLD") return refuse("side", side);
  const shares = figureOf("shares", execution.shares);
  if (shares <= 0) refuse("shares", shares);
  return {
    execId,
    orderId: idOf(execution.orderId),
    clientId: idOf(execution.clientId),
    permId: idOf(execution.permId),
    orderRef: execution.orderRef ?? "",
    account: execution.acctNumber || refuse("account", execution.acctNumber),
    contract: contractFrom(ib),
    side,
    shares,
    price: priceFigure(execution.price) ?? refuse("price", execution.price),
    cumulative: figure(execution.cumQty) ?? shares,
    at: executionTime(execution.time) ?? heardAt,
  };
};

export const commissionFrom = (report: CommissionReport): { execId: string; amount: Money; currency: string } => ({
  execId: report.execId || refuse("execId", report.execId),
  amount: moneyFigure(report.commission) ?? refuse("commission", report.commission),
  currency: report.currency ?? "",
});

/** A position row. A quantity of 0 is data: closed today. */
export const positionFrom = (
  account: string,
  ib: IbContract,
  quantity: number,
  averageCost: number | undefined,
): BrokerPosition => {
  const cost = moneyFigure(averageCost);
  return {
    account: account || refuse("account", account),
    contract: contractFrom(ib),
    quantity: figureOf("position", quantity),
    ...(cost === undefined ? {} : { averageCost: cost }),
  };
};
