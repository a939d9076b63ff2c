/** What the story says of an order: denied, offered, filled, in doubt, ended. */
import { formatPrice, type Price, priceUnits } from "../domain/units.ts";
import { say, type Told } from "./sentence.ts";
import type { SpokenFact } from "./spoken.ts";
import { contractName, creditOrDebit, denialWords, outcomeWords } from "./words.ts";

/** An order as far as it has been told; `limit` is the one told last. */
export interface ToldOrder {
  readonly intentId: string;
  readonly name: string;
  readonly purpose: "entry" | "exit" | "reduce" | "roll";
  limit?: Price;
}

const PURPOSE = { entry: "entry", exit: "exit", reduce: "reduction", roll: "roll" } as const;

/** The net limit of an order's price. */
export const limitOf = ({ ticket }: Extract<SpokenFact, { type: "order.priced" }>): Price =>
  priceUnits(ticket.action === "SELL" ? -ticket.limitPrice : ticket.limitPrice);

export const saidOfOrder = (fact: SpokenFact, order: ToldOrder): Told => {
  const what = `${order.intentId} (${order.name === "" ? "" : `${order.name} `}${PURPOSE[order.purpose]})`;
  switch (fact.type) {
    case "order.denied":
      return say("order", "bad", `DENIED ${what}: ${denialWords(fact.denial)}`);
    case "order.priced": {
      const limit = limitOf(fact);
      const { limit: before } = order;
      if (before === limit) return;
      return say(
        "order",
        "plain",
        `OFFER ${order.name === "" ? order.intentId : order.name} ${PURPOSE[order.purpose]}: ${offered(before, limit)}`,
      );
    }
    case "order.errored":
      return say("order", "bad", `BROKER on ${what}: ${fact.code} ${fact.text}`);
    case "order.doubted":
      return say("doubt", "alarm", `UNKNOWN ${what}: ${fact.reason}; asking the broker, sending nothing`);
    case "order.resolved":
      return say("doubt", "good", `SETTLED ${what}: by the broker's records ${fact.as}`);
    case "fill.booked": {
      if (fact.execId.endsWith("/corrected"))
        return say("fill", "bad", `CORRECTION takes back ${fact.execId.replace("/corrected", "")}`);
      const side = fact.quantity > 0 ? "bought" : "sold";
      return say(
        "fill",
        "plain",
        `FILL ${side} ${Math.abs(fact.quantity)} ${contractName(fact.contract)} at ${formatPrice(fact.price)}`,
      );
    }
    case "order.ended": {
      if (fact.outcome === "filled" && order.purpose !== "reduce") return;
      const because = fact.reason === "" ? "" : `: ${fact.reason}`;
      const tone =
        fact.outcome === "filled" ? "good" : fact.outcome === "rejected" || fact.outcome === "notAtBroker" ? "bad" : "plain";
      return say("order", tone, `ENDED ${what} ${outcomeWords(fact.outcome)}${because}`);
    }
  }
};

/** `a credit of 1.30`, then `1.30 → 1.28` within the same sign. */
const offered = (before: Price | undefined, limit: Price): string => {
  if (before === undefined) return creditOrDebit(limit);
  if (before < 0 && limit < 0) return `credit ${formatPrice(priceUnits(-before))} → ${formatPrice(priceUnits(-limit))}`;
  if (before > 0 && limit > 0) return `debit ${formatPrice(before)} → ${formatPrice(limit)}`;
  return `${creditOrDebit(before)} → ${creditOrDebit(limit)}`;
};
