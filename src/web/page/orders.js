/** Orders, newest first; each opens into its whole life. */
import { byId, h, nothingYet, show } from "./element.js";
import { clock, money, net, price } from "./format.js";

const open = new Set();
const lives = new Map();

const stateOf = (order) => {
  if (order.outcome !== undefined)
    return [
      order.outcome === "notAtBroker" ? "not at broker" : order.outcome,
      order.outcome === "filled" ? "done" : order.outcome === "cancelled" ? "even" : "warn",
    ];
  if (order.doubted) return ["unknown", "alarm"];
  return [order.status ?? (order.limit === undefined ? "asking" : "sent"), "working"];
};

const life = (order) => {
  const told = lives.get(order.intentId);
  if (told === undefined) return h("p", { class: "note" }, "Reading its life …");
  if (told.error !== undefined) return h("p", { class: "note" }, told.error);
  return h(
    "div",
    { class: "life" },
    h(
      "p",
      { class: "note" },
      told.decisionMid === undefined
        ? "mid at decision unknown"
        : `mid at decision ${net(told.decisionMid.mid)} (${told.decisionMid.from === "candidate" ? "the candidate's" : "at the first pricing"})`,
      told.filledPrice === undefined ? "" : ` · filled for ${net(told.filledPrice)}`,
      told.slippage === undefined ? "" : ` · slippage ${price(told.slippage)} a unit`,
      ` · commissions ${money(told.commissions)}`,
    ),
    h(
      "ol",
      { class: "moments" },
      ...told.moments.map((moment, index) =>
        h(
          "li",
          { class: moment.kind, "data-key": String(index) },
          h("time", {}, clock(moment.at)),
          h("span", { class: "kind" }, moment.kind),
          h("span", { class: "text" }, moment.text),
          h("span", { class: "aside" }, `#${moment.seq}`),
        ),
      ),
    ),
  );
};

const row = (order) => {
  const [words, kind] = stateOf(order);
  const isOpen = open.has(order.intentId);
  const head = h(
    "tr",
    { "data-key": order.intentId, class: isOpen ? "opened" : "" },
    h("td", {}, clock(order.intendedAt)),
    h(
      "th",
      { scope: "row" },
      h(
        "button",
        { type: "button", class: "link", "data-order": order.intentId, "aria-expanded": String(isOpen) },
        order.intentId,
      ),
    ),
    h("td", {}, order.purpose),
    h("td", { class: `state ${kind}`, title: order.reason ?? "" }, words),
    h("td", { class: "wide" }, `${order.quantity} × ${order.name}`),
    h("td", { class: "number" }, net(order.limit)),
    h("td", { class: "number" }, net(order.filledPrice)),
    h("td", { class: "number" }, price(order.slippage)),
  );
  if (!isOpen) return [head];
  return [head, h("tr", { "data-key": `${order.intentId} life`, class: "life-row" }, h("td", { colspan: 8 }, life(order)))];
};

const read = async (intentId) => {
  const answer = await fetch(`/api/v1/orders/${intentId}`).catch(() => undefined);
  const said = answer === undefined ? { error: "The engine does not answer." } : await answer.json();
  lives.set(intentId, said.error === undefined ? said : { error: said.message ?? said.error });
};

export const createOrders = () => {
  const root = byId("orders");
  let orders = [];
  const COLUMNS = [
    ["Wanted", ""],
    ["Order", ""],
    ["For", ""],
    ["State", ""],
    ["Structure", "wide"],
    ["Limit", "number"],
    ["Filled", "number"],
    ["Slippage", "number"],
  ];
  const draw = () => {
    if (orders.length === 0) {
      show(
        root,
        nothingYet(
          "No order yet. Each intent stands here from the moment it is wanted: denial or approval with numbers, journal, wire, the broker's words, fills and slippage.",
        ),
      );
      return;
    }
    show(
      root,
      h(
        "div",
        { class: "scroll" },
        h(
          "table",
          { class: "orders" },
          h("caption", { class: "unseen" }, "Orders, newest first"),
          h("thead", {}, h("tr", {}, ...COLUMNS.map(([label, kind]) => h("th", { scope: "col", class: kind }, label)))),
          h("tbody", {}, ...orders.flatMap(row)),
        ),
      ),
    );
  };
  root.addEventListener("click", async ({ target }) => {
    const intentId = target instanceof Element ? target.closest("[data-order]")?.getAttribute("data-order") : null;
    if (!intentId) return;
    if (open.has(intentId)) open.delete(intentId);
    else open.add(intentId);
    draw();
    if (!open.has(intentId)) return;
    await read(intentId);
    draw();
  });
  return async (part) => {
    orders = part.orders;
    draw();
    const stale = orders.filter(({ intentId, lastSeq }) => open.has(intentId) && lives.get(intentId)?.lastSeq !== lastSeq);
    if (stale.length === 0) return;
    await Promise.all(stale.map(({ intentId }) => read(intentId)));
    draw();
  };
};
