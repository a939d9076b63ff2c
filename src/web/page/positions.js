/** What is held: each slot's structure with mark, profit, legs, last decision, and how far each rule is from firing; and closed trades. */
import { byId, h, nothingYet, show, table } from "./element.js";
import { clock, duration, figure, money, net, percent, price, signed, signedMoney, tone } from "./format.js";

/** How near a rule is to firing, 0 to 1, from what is left and the size of what it compares. */
const nearness = ({ actual, threshold, distance }) => {
  const size = Math.max(Math.abs(actual), Math.abs(threshold), 1e-9);
  return Math.min(1, Math.max(0, 1 - distance / size));
};

const ruleRow = (trace) => {
  const name = trace.clause === undefined ? trace.rule : `${trace.rule} (${trace.clause})`;
  if (trace.distance === undefined) {
    const words = trace.verdict === "unknown" ? `unknown: ${(trace.missing ?? []).join(", ")}` : "does not apply";
    return h(
      "li",
      { class: `rule ${trace.verdict}` },
      h("span", { class: "rule-name" }, name),
      h("span", { class: "rule-words" }, words),
    );
  }
  const fired = trace.verdict === "fired";
  return h(
    "li",
    { class: `rule ${trace.verdict}` },
    h("span", { class: "rule-name" }, name),
    h("meter", { min: 0, max: 1, value: nearness(trace).toFixed(3), "aria-label": `${name}: how near to firing` }),
    h(
      "span",
      { class: "rule-words" },
      `${figure(trace.actual)} of ${figure(trace.threshold)} ${trace.unit ?? ""}`,
      h("b", {}, fired ? " fired" : ` ${figure(trace.distance)} left`),
    ),
  );
};

export const rules = (trace) => h("ul", { class: "rules" }, ...trace.map(ruleRow));

const legs = (slot) =>
  table(
    `Legs of ${slot.name}`,
    [
      ["Leg", ""],
      ["Held", "number"],
      ["Average", "number"],
    ],
    slot.legs.map((leg) =>
      h(
        "tr",
        { "data-key": String(leg.conId) },
        h("th", { scope: "row" }, leg.name),
        h("td", { class: `number ${leg.quantity > 0 ? "long" : "short"}` }, signed(leg.quantity)),
        h("td", { class: "number" }, price(leg.averagePrice)),
      ),
    ),
  );

const figureCell = (label, value, kind = "") =>
  h("div", { class: "figure" }, h("span", { class: "label" }, label), h("span", { class: `value ${kind}` }, value));

const position = (slot, now) => {
  const { decision } = slot;
  const verb = decision === undefined ? "" : decision.decision.action;
  return h(
    "article",
    { class: "position", "data-key": slot.slot },
    h(
      "h3",
      {},
      h("span", { class: "symbol" }, slot.symbol),
      ` ${slot.kind} ${slot.strikes}`,
      h(
        "span",
        { class: "aside" },
        `${slot.expiry ?? ""} · ${slot.strategy} · ${slot.slot} · held ${duration(now - slot.openedAt)}`,
      ),
    ),
    slot.quarantined === undefined ? "" : h("p", { class: "alarm" }, `Quarantined: ${slot.quarantined}`),
    h(
      "div",
      { class: "figures" },
      figureCell(
        "Profit",
        slot.profit === undefined ? "unknown" : signedMoney(slot.profit),
        slot.profit === undefined ? "warn" : tone(slot.profit),
      ),
      figureCell("Of base", percent(slot.profitShare), slot.profitShare === undefined ? "" : tone(slot.profitShare)),
      figureCell("Units", slot.units === undefined ? "filling" : String(slot.units)),
      figureCell("Entered", net(slot.netPrice)),
      figureCell("Mark", slot.mark === undefined ? "unknown" : net(slot.mark), slot.mark === undefined ? "warn" : ""),
      figureCell("Spot", money(slot.spot)),
      figureCell("Max loss", slot.units === undefined ? "–" : money(slot.unitMaxLoss * slot.units, 0)),
    ),
    slot.unknown === undefined ? "" : h("p", { class: "note warn" }, `No mark: ${slot.unknown}`),
    h(
      "div",
      { class: "halves" },
      legs(slot),
      decision === undefined
        ? h("p", { class: "nothing" }, "The rules are asked at the first mark; their distances will stand here.")
        : h(
            "div",
            {},
            h(
              "p",
              { class: "note" },
              `${verb === "hold" ? "hold: no rule fired" : `${verb} by ${decision.decision.rule}`} · told at ${clock(decision.at)}, step ${decision.seq}`,
            ),
            rules(decision.trace),
          ),
    ),
  );
};

export const showPositions = (positions, status) => {
  const { slots } = positions;
  show(byId("positions-count"), slots.length === 0 ? "" : `${slots.length} of ${status?.slots.limit ?? "?"} slots hold one`);
  show(
    byId("positions"),
    ...(slots.length === 0
      ? [
          nothingYet(
            "No position. When a strategy's candidate passes every stage and fills, it stands here with its legs, its mark and the distance to each rule. “Why not” says what stopped the last one.",
          ),
        ]
      : slots.map((slot) => position(slot, status?.now ?? slot.openedAt))),
  );
};

export const showTrades = (trades) => {
  show(
    byId("trades-sum"),
    trades.count === 0
      ? ""
      : `${trades.winners} of ${trades.count} with a profit, ${signedMoney(trades.profit)} after ${money(trades.fees)} of fees`,
  );
  if (trades.count === 0) {
    show(
      byId("trades"),
      nothingYet("None yet. A position that is flat again and has all its commissions stands here with the rule that closed it."),
    );
    return;
  }
  show(
    byId("trades"),
    table(
      "Closed trades, newest first",
      [
        ["Closed", ""],
        ["Structure", ""],
        ["Rule", ""],
        ["Held", "number"],
        ["Fees", "number"],
        ["Profit", "number"],
      ],
      trades.trades.map((trade) =>
        h(
          "tr",
          { "data-key": String(trade.seq) },
          h("td", {}, clock(trade.closedAt)),
          h("td", {}, trade.name),
          h("td", {}, trade.rule),
          h("td", { class: "number" }, duration(trade.heldMs)),
          h("td", { class: "number" }, money(trade.fees)),
          h("td", { class: `number ${tone(trade.profit)}` }, signedMoney(trade.profit)),
        ),
      ),
    ),
  );
};
