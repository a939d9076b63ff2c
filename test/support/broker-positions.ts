/** Whether `caretaker positions --json` says the same of the account as the broker's own books, to the contract and to the cent. */
import type { HoldingsView } from "../../src/projections/holdings.ts";
import type { Truth } from "../../src/sim/broker/truth.ts";

/** A broker's average is a quotient; what we keep is rounded to 1/10,000 dollar. */
const ROUNDED = 0.00005 + 1e-9;

/** What differs, each in words; empty when nothing does. A document without holdings says so. */
export const holdingsApart = (document: { readonly account?: HoldingsView }, truth: Truth): string[] => {
  const holdings = document.account?.holdings;
  if (holdings === undefined) return ["the document has no holdings: the broker was never asked"];
  const apart: string[] = [];
  const said = new Map(holdings.map((one) => [`${one.account}/${one.conId}`, one]));
  for (const { id, positions } of truth.accounts) {
    for (const { conId, symbol, quantity, averageCost } of positions) {
      const key = `${id}/${conId}`;
      const one = said.get(key);
      said.delete(key);
      if (one === undefined) apart.push(`${key} ${symbol}: the broker has ${quantity}, we know of none`);
      else if (one.quantity !== quantity) apart.push(`${key} ${symbol}: the broker has ${quantity}, we say ${one.quantity}`);
      else if (one.averageCost === undefined || Math.abs(one.averageCost / 10_000 - averageCost) > ROUNDED)
        apart.push(
          `${key} ${symbol}: it cost ${averageCost}, we say ${one.averageCost === undefined ? "unknown" : one.averageCost / 10_000}`,
        );
    }
  }
  for (const [key, { name, quantity }] of said) apart.push(`${key} ${name}: we say ${quantity}, the broker has none`);
  return apart;
};
