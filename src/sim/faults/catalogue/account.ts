/** What is told about account, positions, open orders and executions when asked: cut short, empty, late or wrong. The books are right. */
import type { Listener } from "../../broker/session.ts";
import type { GatewayEventName } from "../../gateway-api.ts";
import { type Fault, fault, type Stage, together, whenAsked, whenTold } from "../fault.ts";
import { choice, count, duration, number, share, text } from "../parameter.ts";

/** Events between a question and its end marker: whether one comes in answer, and not by itself, tells `asking`. */
const whileAnswering = (
  stage: Stage,
  requests: readonly string[],
): { readonly asking: Set<Listener>; readonly end: () => void } => {
  const asking = new Set<Listener>();
  const end = whenAsked(stage, requests, ({ from, go }) => {
    asking.add(from);
    go();
    // The broker answers at once; what comes later is news.
    asking.delete(from);
  });
  return { asking, end };
};

const SUMMARY = ["accountSummary", "updateAccountValue", "accountUpdateMulti"] as const;
const valueIndexOf = (event: GatewayEventName): number => ({ accountSummary: 3, accountUpdateMulti: 4 })[event as string] ?? 1;
const keyIndexOf = (event: GatewayEventName): number => valueIndexOf(event) - 1;
const replaced = (words: readonly unknown[], index: number, value: unknown): readonly unknown[] =>
  words.map((word, place) => (place === index ? value : word));

const snapshotFault = (
  name: string,
  says: string,
  requests: readonly string[],
  rows: readonly GatewayEventName[],
  ends: readonly GatewayEventName[],
  truncated: boolean,
): Fault =>
  fault({
    name,
    kind: "state",
    says,
    serves: ["F36"],
    parameters: truncated ? { keep: count("how many rows are told before it breaks off", 0, 0) } : {},
    begin: (stage, values) => {
      const keep = (values as { readonly keep?: number }).keep ?? 0;
      const { asking, end } = whileAnswering(stage, requests);
      let told = 0;
      return together(
        end,
        whenAsked(stage, requests, ({ go }) => {
          told = 0;
          go();
        }),
        whenTold(stage, [...rows, ...ends], ({ to, event, go }) => {
          if (!asking.has(to)) return go();
          if (ends.includes(event)) return truncated ? undefined : go();
          if (truncated && told++ < keep) go();
        }),
      );
    },
  });

const POSITION_REQUESTS = ["reqPositions", "reqPositionsMulti"];
const ORDER_REQUESTS = ["reqOpenOrders", "reqAllOpenOrders"];

export const accountFaults: readonly Fault[] = [
  snapshotFault(
    "positions.truncated",
    "Positions that are asked for break off without their end marker.",
    POSITION_REQUESTS,
    ["position", "positionMulti"],
    ["positionEnd", "positionMultiEnd"],
    true,
  ),
  snapshotFault(
    "positions.falselyEmpty",
    "Positions that are asked for are answered with none and an end marker, whatever the account holds.",
    POSITION_REQUESTS,
    ["position", "positionMulti"],
    ["positionEnd", "positionMultiEnd"],
    false,
  ),
  snapshotFault(
    "openOrders.truncated",
    "Open orders that are asked for break off without their end marker.",
    ORDER_REQUESTS,
    ["openOrder", "orderStatus"],
    ["openOrderEnd"],
    true,
  ),
  snapshotFault(
    "openOrders.falselyEmpty",
    "Open orders that are asked for are answered with none and an end marker, while orders work on.",
    ORDER_REQUESTS,
    ["openOrder", "orderStatus"],
    ["openOrderEnd"],
    false,
  ),
  snapshotFault(
    "executions.truncated",
    "Executions that are asked for break off without their end marker.",
    ["reqExecutions"],
    ["execDetails", "commissionReport"],
    ["execDetailsEnd"],
    true,
  ),
  fault({
    name: "executions.partialAnswer",
    kind: "state",
    says: "Answers to reqExecutions leave some executions out, and end as if that were all.",
    serves: ["F22", "F36"],
    parameters: { share: share("how many are left out, drawn for each by the seed", 0.5) },
    begin: (stage, { share: part }) =>
      whenTold(stage, ["execDetails"], ({ words, go }) => {
        if (words[0] === -1 || stage.chance() >= part) go();
      }),
  }),
  fault({
    name: "positions.wrong",
    kind: "state",
    says: "Positions are told wrong by so many contracts, with no execution to explain it.",
    serves: ["F34", "F35"],
    parameters: { by: number("added to each quantity", 1) },
    begin: (stage, { by }) =>
      whenTold(stage, ["position", "positionMulti"], ({ event, words, pass }) => {
        const index = event === "position" ? 2 : 4;
        pass(event, replaced(words, index, (words[index] as number) + by));
      }),
  }),
  fault({
    name: "account.late",
    kind: "state",
    says: "Account figures come late, those that were asked for and their updates.",
    serves: ["F41"],
    parameters: { delay: duration("by how much", "60s") },
    begin: (stage, { delay }) =>
      whenTold(stage, [...SUMMARY, "accountSummaryEnd", "accountDownloadEnd", "accountUpdateMultiEnd"], ({ go }) =>
        stage.after(delay, go),
      ),
  }),
  fault({
    name: "account.unanswered",
    kind: "state",
    says: "Nobody is told any account figure.",
    serves: ["F41"],
    begin: (stage) =>
      whenTold(stage, [...SUMMARY, "accountSummaryEnd", "accountDownloadEnd", "accountUpdateMultiEnd"], () => undefined),
  }),
  fault({
    name: "account.otherCurrency",
    kind: "state",
    says: "Account figures are told in another currency than that of the account's contracts.",
    serves: ["F41"],
    parameters: { currency: text("which", "EUR") },
    begin: (stage, { currency }) =>
      whenTold(stage, SUMMARY, ({ event, words, pass }) => {
        const index = valueIndexOf(event) + 1;
        pass(event, words[index] === "" ? words : replaced(words, index, currency));
      }),
  }),
  fault({
    name: "account.noFunds",
    kind: "state",
    says: "Buying power, available funds and excess liquidity are told as negative.",
    serves: ["F41"],
    parameters: { amount: number("what is told, in dollars", -1_000) },
    begin: (stage, { amount }) =>
      whenTold(stage, SUMMARY, ({ event, words, pass }) => {
        const meant = ["BuyingPower", "AvailableFunds", "ExcessLiquidity"].includes(words[keyIndexOf(event)] as string);
        pass(event, meant ? replaced(words, valueIndexOf(event), amount.toFixed(2)) : words);
      }),
  }),
  fault({
    name: "accounts.wrong",
    kind: "state",
    says: "At login another account is named than the one behind the gateway.",
    serves: ["F42"],
    parameters: {
      account: text("its name", "U7654321"),
      how: choice("in its place, or beside the true one", ["instead", "beside"], "instead"),
    },
    begin: (stage, { account, how }) =>
      whenTold(stage, ["managedAccounts"], ({ event, words, pass }) =>
        pass(event, [how === "instead" ? account : `${words[0]},${account}`]),
      ),
  }),
];
