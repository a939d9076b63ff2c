/** How a gateway describes a contract in orders, executions and positions, and the parts of combos. */
import type { ComboLeg, Contract, Order, TagValue } from "@stoqey/ib";
import { flag, list, real, text, whole } from "../fields.ts";

/** The eleven common fields; orders write `?` for the right of what is no option. */
export const contractFields = (contract: Contract, noRight = ""): readonly string[] => [
  whole(contract.conId),
  text(contract.symbol),
  text(contract.secType),
  text(contract.lastTradeDateOrContractMonth),
  real(contract.strike, "0"),
  contract.right === undefined ? noRight : text(contract.right),
  real(contract.multiplier),
  text(contract.exchange),
  text(contract.currency),
  text(contract.localSymbol),
  text(contract.tradingClass),
];

const legFields = (leg: ComboLeg): readonly string[] => [
  whole(leg.conId),
  whole(leg.ratio),
  text(leg.action),
  text(leg.exchange),
  whole(leg.openClose),
  whole(leg.shortSaleSlot),
  text(leg.designatedLocation),
  whole(leg.exemptCode, "-1"),
];

/** Legs in one word, as TWS does: contract ids with signed ratios. */
const describeLegs = (legs: readonly ComboLeg[] | undefined): string =>
  (legs ?? []).map((leg) => `${whole(leg.conId)}|${leg.action === "SELL" ? "-" : ""}${whole(leg.ratio)}`).join(",");

export const tagValueFields = ({ tag, value }: TagValue): readonly string[] => [text(tag), text(value)];

export const comboFields = (contract: Contract, order: Order): readonly string[] => [
  text(contract.comboLegsDescription ?? describeLegs(contract.comboLegs)),
  ...list(contract.comboLegs, legFields),
  ...list(order.orderComboLegs, (leg) => [real(leg.price)]),
  ...list(order.smartComboRoutingParams, tagValueFields),
];

export const deltaNeutralFields = ({ deltaNeutralContract: neutral }: Contract): readonly string[] =>
  neutral === undefined ? [flag(false)] : [flag(true), whole(neutral.conId), real(neutral.delta), real(neutral.price)];
