/** How clients describe a contract: the twelve common fields, combo legs, the delta-neutral underlying. */
import type { ComboLeg, Contract, OrderAction, TagValue } from "@stoqey/ib";
import { OptionType } from "@stoqey/ib";
import { type FieldReader, FieldsInto, MalformedMessage } from "../fields.ts";

/** `?` and `0` are how contracts that are no options come back from a gateway, and clients send them on. */
const NO_RIGHT = new Set(["", "?", "0"]);

const rightOf = (field: string): OptionType | undefined => {
  switch (field.toUpperCase()) {
    case "C":
    case "CALL":
      return OptionType.Call;
    case "P":
    case "PUT":
      return OptionType.Put;
    default:
      if (NO_RIGHT.has(field)) return undefined;
      throw new MalformedMessage(`right should be C or P, got ${JSON.stringify(field.slice(0, 40))}`);
  }
};

/** IB's id of nothing is 0, and no contract that has a strike has strike 0: some clients send both for "unset". */
const positive = (value: number | undefined): number | undefined => (value === 0 ? undefined : value);

/** The twelve fields that a contract in a request begins with. One old request leaves out the primary exchange. */
export const readContract = (reader: FieldReader, withPrimaryExchange = true): Contract => {
  const into = new FieldsInto<Contract>({}, reader);
  into.set("conId", positive(reader.whole("conId"))).texts("symbol", "secType", "lastTradeDateOrContractMonth");
  into
    .set("strike", positive(reader.real("strike")))
    .set("right", rightOf(reader.raw("right")))
    .reals("multiplier");
  into.texts("exchange");
  if (withPrimaryExchange) into.texts("primaryExch");
  return into.texts("currency", "localSymbol", "tradingClass").target;
};

export const isBag = (contract: Contract): boolean => contract.secType?.toUpperCase() === "BAG";

const readLeg = (reader: FieldReader): ComboLeg => {
  const into = new FieldsInto<ComboLeg>({}, reader).wholes("conId", "ratio");
  into.set("action", reader.text("leg action") as OrderAction | undefined);
  return into.texts("exchange").target;
};

/** Legs as market data and history requests carry them: four fields each. */
export const readLegs = (reader: FieldReader, contract: Contract): void => {
  const count = reader.count("number of combo legs");
  if (count > 0) contract.comboLegs = Array.from({ length: count }, () => readLeg(reader));
};

/** Legs as orders carry them: eight fields each. */
export const readOrderLegs = (reader: FieldReader, contract: Contract): void => {
  const count = reader.count("number of combo legs");
  if (count === 0) return;
  contract.comboLegs = Array.from(
    { length: count },
    () =>
      new FieldsInto(readLeg(reader), reader)
        .wholes("openClose", "shortSaleSlot")
        .texts("designatedLocation")
        .wholes("exemptCode").target,
  );
};

export const readDeltaNeutral = (reader: FieldReader, contract: Contract): void => {
  if (reader.flag("delta-neutral contract present") !== true) return;
  contract.deltaNeutralContract = {
    conId: reader.required("delta-neutral conId"),
    delta: reader.real("delta-neutral delta") ?? 0,
    price: reader.real("delta-neutral price") ?? 0,
  };
};

/** Pairs of tag and value, in two fields each. */
export const readTagValues = (reader: FieldReader, what: string): TagValue[] =>
  Array.from({ length: reader.count(`number of ${what}`) }, () => ({
    tag: reader.raw(`tag of ${what}`),
    value: reader.raw(`value of ${what}`),
  }));
