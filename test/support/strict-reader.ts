/**
 * A second opinion on every message that the gateway sends: what a client may insist on, field by field and version by version, written
 * down from the protocol's description and apart from the gateway's encoders.
 *
 * It is stricter than any one client. IB's own takes numbers apart with Java's parsers, ib_async with Python's and by the number of
 * fields, IBApi by position: so an integer has no fraction, a figure is not empty unless the protocol says that it may be, a flag is 0
 * or 1, and nothing is left over.
 */

type Kind = "int" | "long" | "real" | "real?" | "int?" | "flag" | "text";

const INT = /^-?\d{1,10}$/;
const LONG = /^-?\d{1,19}$/;
const REAL = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/;
const fits: Readonly<Record<Kind, (field: string) => boolean>> = {
  int: (field) => INT.test(field) && Math.abs(Number(field)) <= 2_147_483_647,
  long: (field) => LONG.test(field),
  real: (field) => REAL.test(field),
  // The largest offset of an order pegged to the best price is written so.
  "real?": (field) => field === "" || field === "Infinity" || REAL.test(field),
  "int?": (field) => field === "" || fits.int(field),
  flag: (field) => field === "0" || field === "1",
  text: () => true,
};

class Reader {
  readonly #fields: readonly string[];
  #next = 1;

  constructor(fields: readonly string[]) {
    this.#fields = fields;
  }

  take(name: string, kind: Kind): string {
    const field = this.#fields[this.#next];
    if (field === undefined) throw new Error(`it ends before ${name} (field ${this.#next})`);
    if (!fits[kind](field)) throw new Error(`${name} (field ${this.#next}) is ${JSON.stringify(field)}, which is no ${kind}`);
    this.#next += 1;
    return field;
  }

  /** `name:kind name:kind =literal`; a name without a kind is a text. */
  all(spec: string): void {
    for (const word of spec.split(" ").filter((one) => one !== "")) {
      if (word.startsWith("=")) {
        const field = this.take("version", "int");
        if (field !== word.slice(1)) throw new Error(`the legacy version is ${field}, not ${word.slice(1)}`);
      } else {
        const [name = "", kind = "text"] = word.split(":");
        this.take(name, kind as Kind);
      }
    }
  }

  list(name: string, element: string | (() => void)): number {
    const count = Number(this.take(`number of ${name}`, "int"));
    if (count < 0) throw new Error(`there cannot be ${count} ${name}`);
    for (let n = 0; n < count; n += 1) {
      if (typeof element === "string") this.all(element);
      else element();
    }
    return count;
  }

  end(): void {
    if (this.#next < this.#fields.length) throw new Error(`${this.#fields.length - this.#next} fields are left over`);
  }
}

const CONTRACT = "conId:int symbol secType expiry strike:real right multiplier:real? exchange currency localSymbol tradingClass";
const BAR = "time open:real high:real low:real close:real volume:real average:real count:int";

/** What openOrder and completedOrder share, from the contract on; they differ in what `live` decides. */
const readOrder = (reader: Reader, version: number, live: boolean): void => {
  const since = (gate: number, spec: string): void => {
    if (version >= gate) reader.all(spec);
  };
  const ifLive = (spec: string): void => {
    if (live) reader.all(spec);
  };
  reader.all(CONTRACT);
  reader.all("action quantity:real?");
  const type = reader.take("orderType", "text");
  reader.all("lmtPrice:real? auxPrice:real? tif ocaGroup account openClose origin:int orderRef");
  ifLive("clientId:int");
  reader.all("permId:long outsideRth:flag hidden:flag discretionaryAmt:real goodAfterTime");
  ifLive("sharesAllocation");
  reader.all("faGroup faMethod faPercentage");
  if (version < 177) reader.all("faProfile");
  reader.all("modelCode goodTillDate rule80A percentOffset:real? settlingFirm slot:int location exemptCode:int");
  ifLive("auctionStrategy:int");
  reader.all("startingPrice:real? stockRefPrice:real? delta:real? rangeLower:real? rangeUpper:real? displaySize:int?");
  ifLive("blockOrder:flag");
  reader.all("sweepToFill:flag allOrNone:flag minQty:int? ocaType:int");
  ifLive("eTradeOnly:flag firmQuoteOnly:flag nbboPriceCap:real? parentId:int");
  reader.all("triggerMethod:int volatility:real? volatilityType:int?");
  if (reader.take("deltaNeutralOrderType", "text") !== "") {
    reader.all("deltaNeutralAuxPrice:real? deltaNeutralConId:int");
    ifLive("settlingFirm clearingAccount clearingIntent openClose");
    reader.all("shortSale:flag shortSaleSlot:int designatedLocation");
  } else reader.all("deltaNeutralAuxPrice:real?");
  reader.all("continuousUpdate:int referencePriceType:int? trailStopPrice:real? trailingPercent:real?");
  ifLive("basisPoints:real? basisPointsType:int?");
  reader.all("comboLegsDescription");
  reader.list("legs", "conId:int ratio:int action exchange openClose:int slot:int location exemptCode:int");
  reader.list("leg prices", "price:real?");
  reader.list("smart routing parameters", "tag value");
  reader.all("scaleInitLevelSize:int? scaleSubsLevelSize:int?");
  const increment = reader.take("scalePriceIncrement", "real?");
  if (Number(increment) > 0 && Number(increment) < Number.MAX_VALUE) {
    reader.all(
      "adjustValue:real? adjustInterval:int? profitOffset:real? autoReset:flag initPosition:int? initFill:int? random:flag",
    );
  }
  if (reader.take("hedgeType", "text") !== "") reader.all("hedgeParam");
  ifLive("optOutSmartRouting:flag");
  reader.all("clearingAccount clearingIntent notHeld:flag");
  if (reader.take("deltaNeutralContract", "flag") === "1") reader.all("conId:int delta:real price:real");
  if (reader.take("algoStrategy", "text") !== "") reader.list("algo parameters", "tag value");
  reader.all("solicited:flag");
  ifLive("whatIf:flag");
  reader.all("status");
  if (live) {
    for (const when of ["Before", "Change", "After"]) {
      reader.all(`initMargin${when}:real maintMargin${when}:real equityWithLoan${when}:real`);
    }
  }
  ifLive("commission:real? minCommission:real? maxCommission:real? commissionCurrency warningText");
  reader.all("randomizeSize:flag randomizePrice:flag");
  if (type === "PEG BENCH" || type === "PEGBENCH") {
    reader.all("referenceContractId:int decrease:flag changeAmount:real referenceChange:real referenceExchange");
  }
  const conditions = reader.list("conditions", () => {
    const kind = reader.take("condition type", "int");
    const tails: Readonly<Record<string, string>> = {
      1: "isMore:flag price:real conId:int exchange triggerMethod:int",
      3: "isMore:flag time",
      4: "isMore:flag percent:int",
      5: "secType exchange symbol",
      6: "isMore:flag volume:int conId:int exchange",
      7: "isMore:flag change:real conId:int exchange",
    };
    const tail = tails[kind];
    if (tail === undefined) throw new Error(`there is no condition of type ${kind}`);
    const conjunction = reader.take("conjunction", "text");
    if (conjunction !== "a" && conjunction !== "o") throw new Error(`a condition is joined by ${conjunction}`);
    reader.all(tail);
  });
  if (conditions > 0) reader.all("ignoreRth:flag cancelOrder:flag");
  if (live) {
    reader.all("adjustedType triggerPrice:real? trailStop:real? lmtOffset:real? adjustedStop:real? adjustedStopLimit:real?");
    reader.all("adjustedTrailing:real? adjustableTrailingUnit:int tierName tierValue tierDisplayName cashQty:real?");
    reader.all("dontUseAutoPrice:flag isOmsContainer:flag discretionaryUpToLimit:flag usePriceMgmtAlgo:flag");
    since(158, "duration:int?");
    since(160, "postToAts:int?");
    since(162, "autoCancelParent:flag");
  } else {
    reader.all("trailStopPrice:real? lmtPriceOffset:real? cashQty:real? dontUseAutoPrice:flag isOmsContainer:flag");
    reader.all("autoCancelDate filledQuantity:real? refFuturesConId:int autoCancelParent:flag shareholder");
    reader.all("imbalanceOnly:flag routeMarketableToBbo:flag parentPermId:long completedTime completedStatus");
  }
  since(170, "minTradeQty:int? minCompeteSize:int? competeAgainstBest:real? midAtWhole:real? midAtHalf:real?");
  since(183, "customerAccount");
  since(184, "professionalCustomer:flag");
  if (!live) return;
  since(185, "bondAccruedInterest");
  since(189, "includeOvernight:flag");
  since(193, "extOperator manualOrderIndicator:int");
};

const readContractData = (reader: Reader, version: number): void => {
  if (version < 164) reader.all("=8");
  reader.all("reqId:int symbol");
  const secType = reader.take("secType", "text");
  reader.all("lastTradeDate");
  if (version >= 182) reader.all("lastTradeDateAlone");
  reader.all("strike:real right exchange currency localSymbol marketName tradingClass conId:int minTick:real");
  if (version < 164) reader.all("sizeMultiplier:int");
  reader.all(
    "multiplier:real? orderTypes validExchanges priceMagnifier:int underConId:int longName primaryExchange contractMonth",
  );
  reader.all("industry category subcategory timeZoneId tradingHours liquidHours evRule evMultiplier:real?");
  reader.list("security ids", "tag value");
  reader.all("aggGroup:int underSymbol underSecType marketRuleIds realExpirationDate stockType");
  if (version === 163) reader.all("sizeMinTick:real?");
  if (version >= 164) reader.all("minSize:real? sizeIncrement:real? suggestedSizeIncrement:real?");
  if (version >= 179 && secType === "FUND") {
    reader.all(
      "name family type frontLoad backLoad backLoadInterval managementFee closed:flag closedForNew:flag closedForMoney:flag",
    );
    reader.all("notifyAmount minimumInitial minimumSubsequent blueSkyStates blueSkyTerritories distribution assetType");
  }
  if (version >= 186) reader.list("reasons of ineligibility", "id description");
};

const readError = (reader: Reader, version: number): void => {
  reader.all("=2 id:int code:int text");
  if (version < 166) return;
  const json = reader.take("advanced rejection", "text");
  if (json !== "") JSON.parse(json);
};

const readTickByTick = (reader: Reader): void => {
  reader.all("reqId:int");
  const type = reader.take("tickType", "int");
  reader.all("time:long");
  if (type === "1" || type === "2") reader.all("price:real size:real mask:int exchange conditions");
  else if (type === "3") reader.all("bid:real ask:real bidSize:real askSize:real mask:int");
  else if (type === "4") reader.all("midpoint:real");
  else throw new Error(`there is no type ${type} of ticks`);
};

type Grammar = string | ((reader: Reader, version: number) => void);
const count =
  (head: string, name: string, element: string, tail = ""): Grammar =>
  (reader) => {
    reader.all(head);
    reader.list(name, element);
    reader.all(tail);
  };

const GRAMMARS: Readonly<Record<string, Grammar>> = {
  1: "=6 reqId:int tickType:int price:real size:real mask:int",
  2: "=6 reqId:int tickType:int size:real",
  3: "orderId:int status filled:real remaining:real average:real permId:long parentId:int last:real clientId:int whyHeld cap:real",
  4: readError,
  5: (reader, version) => {
    reader.all("orderId:int");
    readOrder(reader, version, true);
  },
  6: "=2 key value currency account",
  // Twenty tokens, and no figure empty: ib_async unpacks them so.
  7: `=8 ${CONTRACT} position:real price:real value:real averageCost:real unrealized:real realized:real account`,
  8: "=1 clock",
  9: "=1 orderId:int",
  10: readContractData,
  11: (reader, version) => {
    reader.all(`reqId:int orderId:int ${CONTRACT} execId time account exchange side shares:real price:real permId:long`);
    reader.all(
      "clientId:int liquidation:int cumQty:real avgPrice:real orderRef evRule evMultiplier:real? modelCode liquidity:int",
    );
    if (version >= 178) reader.all("pendingPriceRevision:flag");
  },
  15: "=1 accounts",
  17: count("reqId:int start end", "bars", BAR),
  19: "=1 xml",
  21: "reqId:int tickType:int attribute:int iv:real delta:real price:real dividend:real gamma:real vega:real theta:real under:real",
  45: "=6 reqId:int tickType:int value:real",
  46: "=6 reqId:int tickType:int value",
  49: "=1 time:long",
  50: "=3 reqId:int time:long open:real high:real low:real close:real volume:real average:real count:int",
  52: "=1 reqId:int",
  53: "=1",
  54: "=1 account",
  55: "=1 reqId:int",
  57: "=1 reqId:int",
  58: "=1 reqId:int type:int",
  59: "=1 execId commission:real currency realizedPnl:real yield:real yieldRedemptionDate:int?",
  61: `=3 account ${CONTRACT} position:real averageCost:real`,
  62: "=1",
  63: "=1 reqId:int account tag value currency",
  64: "=1 reqId:int",
  67: "=1 reqId:int groups",
  71: `=1 reqId:int account ${CONTRACT} position:real averageCost:real model`,
  72: "=1 reqId:int",
  73: "=1 reqId:int account model key value currency",
  74: "=1 reqId:int",
  75: (reader) => {
    reader.all("reqId:int exchange underConId:int tradingClass multiplier");
    reader.list("expirations", "expiry");
    reader.list("strikes", "strike:real");
  },
  76: "reqId:int",
  77: count("reqId:int", "tiers", "name value displayName"),
  78: count("", "family codes", "account code"),
  79: (reader, version) => {
    reader.all("reqId:int");
    reader.list("symbols", () => {
      reader.all("conId:int symbol secType primaryExchange currency");
      reader.list("derivatives", "secType");
      if (version >= 176) reader.all("description issuerId");
    });
  },
  80: count("", "depth exchanges", "exchange secType listing serviceType group:int?"),
  81: "reqId:int minTick:real bboExchange permissions:int",
  82: count("reqId:int", "components", "bit:int exchange letter"),
  85: count("", "news providers", "code name"),
  88: "reqId:int time",
  90: "reqId:int count:int date open:real close:real high:real low:real average:real volume:real",
  93: count("ruleId:int", "increments", "lowEdge:real increment:real"),
  94: "reqId:int daily:real unrealized:real realized:real",
  95: "reqId:int position:real daily:real unrealized:real realized:real value:real",
  96: count("reqId:int", "midpoints", "time:long reserved:int price:real size:real", "done:flag"),
  97: count("reqId:int", "quotes", "time:long mask:int bid:real ask:real bidSize:real askSize:real", "done:flag"),
  98: count("reqId:int", "trades", "time:long mask:int price:real size:real exchange conditions", "done:flag"),
  99: readTickByTick,
  100: "permId:long clientId:int orderId:int",
  101: (reader, version) => readOrder(reader, version, false),
  102: "",
  106: count("reqId:int start end timeZone", "sessions", "start end refDate"),
  107: "reqId:int whiteBrandingId",
};

/** Message ids that have a grammar here. */
export const KNOWN_MESSAGES: readonly string[] = Object.keys(GRAMMARS);

/** Throws with the place unless a message of the gateway is exactly what its grammar says at that server version. */
export const readStrictly = (serverVersion: number, fields: readonly string[]): void => {
  const id = fields[0] ?? "";
  try {
    const grammar = GRAMMARS[id];
    if (grammar === undefined) throw new Error("nobody knows this message");
    const reader = new Reader(fields);
    if (typeof grammar === "string") reader.all(grammar);
    else grammar(reader, serverVersion);
    reader.end();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`message ${id} at version ${serverVersion}: ${reason}\n${JSON.stringify(fields)}`, { cause: error });
  }
};

/** Looks at every message of a gateway, the greeting aside; what is wrong ends the test run as an error that nobody caught. */
export const strictTap = (
  direction: "in" | "out",
  _clientId: number | undefined,
  fields: readonly string[],
  serverVersion: number | undefined,
): void => {
  if (direction === "in" || serverVersion === undefined) return;
  if (fields.length === 2 && fields[0] === String(serverVersion)) return;
  try {
    readStrictly(serverVersion, fields);
  } catch (error) {
    // Not here, where the gateway would take it for a fault of its own and end the connection.
    setImmediate(() => {
      throw error;
    });
  }
};
