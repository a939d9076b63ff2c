/**
 * S19. To the last unit: opening cash, plus what the fills brought, minus the commissions, plus what expiries and dividends brought, is
 * the broker's cash; and at rest the engine's own books of fills and commissions say the same of its own orders. Futures move no
 * cash when they trade.
 */
import { Calm } from "../calm.ts";
import { type Check, isOurs } from "../evidence.ts";

const UNITS = 10_000;
const units = (dollars: number): number => Math.round(dollars * UNITS);

export const moneyConserved: Check = {
  name: "S19",
  law: "opening cash + fills − commissions = cash, exactly, at the broker and in our own books",
  open: ({ held, violated }) => {
    const calm = new Calm();
    let opening: number | undefined;
    let theirFills = 0;
    /** Of `theirFills`, what others traded in the account. */
    let foreignFills = 0;
    let ourFills = 0;
    let ourFees = 0;
    const executed = new Set<string>();
    const foreign = new Set<string>();
    const commissioned = new Map<string, number>();
    const compare = (what: string, left: number, right: number): void => {
      if (left === right) held();
      else violated(`${what}: ${left} and ${right}, a difference of ${left - right} in 1/10,000 dollar`);
    };
    return (evidence) => {
      calm.hear(evidence);
      if (evidence.kind === "books") opening ??= evidence.truth.accounts.reduce((sum, { cash }) => sum + units(cash), 0);
      else if (evidence.kind === "executed") {
        const { execId, secType, quantity, price, multiplier, orderRef } = evidence.row;
        executed.add(execId);
        const brought = secType === "FUT" ? 0 : -quantity * price * multiplier;
        theirFills += brought;
        if (isOurs(orderRef)) return;
        foreign.add(execId);
        foreignFills += brought;
      } else if (evidence.kind === "commissioned") commissioned.set(evidence.execId, evidence.amount);
      else if (evidence.kind === "record") {
        for (const fact of evidence.record.facts) {
          if (fact.type === "commission.booked") ourFees += Number(fact["amount"]);
          if (fact.type !== "fill.booked") continue;
          const { secType, multiplier } = fact["contract"] as { readonly secType: string; readonly multiplier: number };
          if (secType !== "FUT") ourFills -= Number(fact["quantity"]) * Number(fact["price"]) * multiplier;
        }
      } else if (evidence.kind === "checkpoint") {
        const cash = evidence.truth.accounts.reduce((sum, account) => sum + units(account.cash), 0);
        const fees = evidence.truth.accounts.reduce((sum, account) => sum + units(account.commissions), 0);
        const other = evidence.truth.accounts.reduce((sum, account) => sum + units(account.otherCash), 0);
        const named = "opening cash + fills − commissions + expiries and dividends, and the broker's cash";
        compare(named, (opening ?? 0) + theirFills - fees + other, cash);
        if (!calm.at(evidence.at)) return;
        compare("what our booked fills brought, and the broker's", ourFills, theirFills - foreignFills);
        const allReported = [...executed].every((execId) => commissioned.has(execId));
        const foreignFees = [...foreign].reduce((sum, execId) => sum + (commissioned.get(execId) ?? 0), 0);
        if (allReported) compare("our booked commissions, and the broker's", ourFees, fees - foreignFees);
      }
    };
  },
};
