/** The frame around everything: mode, market clock, breaker, slots, lines, feed age, and the operator's buttons. */
import { byId, h, show } from "./element.js";
import { clock, day, duration, money, signedMoney, tone, weekday } from "./format.js";
import { post } from "./stream.js";

const MONEY_WORDS = { simulated: "SIMULATED", paper: "PAPER", live: "LIVE" };
const BREAKER_GLYPH = { armed: "●", probing: "◐", tripped: "■" };

const gauge = (label, used, limit, detail) =>
  h(
    "div",
    { class: "gauge", title: detail },
    h("span", { class: "label" }, label),
    h("span", { class: "value" }, limit === undefined ? `${used}` : `${used} / ${limit}`),
    h("meter", { min: 0, max: limit ?? 1, value: Math.min(used, limit ?? 1), "aria-label": `${label} used` }),
  );

const feed = (status) => {
  const { lastQuoteAt } = status.lines;
  if (lastQuoteAt === undefined) return ["no quote yet", "even"];
  const age = status.now - lastQuoteAt;
  return [`${duration(Math.max(0, age))} old`, age > 60_000 ? "warn" : "even"];
};

let answer = { text: "", bad: false };
let answerFor = 0;
const tell = (text, bad) => {
  answer = { text, bad };
  answerFor = performance.now();
  show(byId("answer"), text);
  byId("answer").className = bad ? "answer bad" : "answer";
};

export const command = async (verb, body) => {
  tell(`${verb} …`, false);
  const { ok, said, status } = await post(`/api/v1/commands/${verb}`, body).catch(() => ({
    ok: false,
    said: { message: "the engine does not answer" },
  }));
  tell(
    ok
      ? `${verb}: in the journal as step ${said.seq}`
      : `${verb} was not taken${status ? ` (${status})` : ""}: ${said.message ?? "no reason said"}`,
    !ok,
  );
};

/** Made once: what is typed must survive updates. */
const controls = () => {
  const reason = h("input", {
    id: "reason",
    type: "text",
    maxlength: 200,
    placeholder: "reason",
    "aria-label": "Reason for a command",
    autocomplete: "off",
  });
  const given = () => reason.value.trim();
  const button = (verb, label, kind, needsReason, body = {}) => {
    const made = h("button", { type: "button", "data-verb": verb, class: kind }, label);
    made.addEventListener("click", () => {
      if (needsReason && given() === "") {
        tell(`a reason is wanted to ${label.toLowerCase()}`, true);
        return reason.focus();
      }
      const said = given() === "" ? {} : { reason: given() };
      reason.value = "";
      return command(verb, { ...body, ...said });
    });
    return made;
  };
  return h(
    "div",
    { class: "controls", role: "group", "aria-label": "Commands" },
    reason,
    button("pause", "Pause", "", false),
    button("resume", "Resume", "", true),
    button("rearm", "Re-arm", "", true, { scope: "engine" }),
    button("halt", "Halt", "danger", false),
    h("output", { id: "answer", class: "answer", role: "status" }),
  );
};

export const createFrame = () => {
  const facts = h("div", { class: "facts" });
  const buttons = controls();
  byId("frame").append(facts, buttons);
  document.addEventListener("keydown", (event) => {
    const typing = event.target instanceof HTMLInputElement;
    if (event.key === "P" && event.shiftKey && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      byId("reason").focus();
    }
  });

  return (status, link) => {
    const [feedWords, feedTone] = link === "here" ? feed(status) : ["unknown", "none"];
    const { worst, breakers } = status.breakers;
    const tripped = breakers.find(({ state }) => state === worst && state !== "armed");
    const cooling = tripped?.probesAt === undefined ? "" : ` · probes in ${duration(Math.max(0, tripped.probesAt - status.now))}`;
    show(
      facts,
      h("strong", { class: "brand" }, "Caretaker"),
      h(
        "span",
        { class: `money ${status.money ?? "none"}` },
        MONEY_WORDS[status.money] ?? "NO RUN",
        status.account ? h("span", { class: "account" }, `…${status.account.slice(-3)}`) : "",
      ),
      h(
        "span",
        { class: `mode ${link === "here" ? status.mode : "none"}`, title: status.reason || status.mode },
        link === "here" ? status.mode : `was ${status.mode}`,
      ),
      h(
        "span",
        { class: "clock", title: "Market time in New York" },
        status.now > 0 ? `${weekday(status.now)} ${day(status.now)} ` : "",
        h("b", {}, status.now > 0 ? clock(status.now) : "--:--:--"),
        h("span", { class: "label" }, " NY"),
      ),
      h(
        "span",
        { class: `lamp ${worst}`, title: tripped?.reason || "Circuit breakers" },
        status.build === undefined ? "no breaker yet" : `${BREAKER_GLYPH[worst]} breaker ${worst}${cooling}`,
      ),
      gauge("slots", status.slots.used, status.slots.limit, "Position slots in use"),
      gauge("lines", status.lines.leased, status.lines.limit, `${status.lines.waiting} waiting for a market data line`),
      h(
        "span",
        { class: `feed ${feedTone}`, title: "Age of the newest quote, in market time" },
        h("span", { class: "label" }, "feed "),
        feedWords,
      ),
      h(
        "span",
        { class: `link ${link}`, title: "This page's connection to the engine" },
        link === "here" ? "live" : link === "silent" ? "engine silent" : "not connected",
      ),
    );
    const { mode } = status;
    const shown =
      mode === "stopped"
        ? {}
        : {
            pause: mode !== "reducing" && mode !== "halted",
            resume: mode === "reducing",
            rearm: mode === "halted",
            halt: mode !== "halted",
          };
    for (const button of buttons.querySelectorAll("button")) button.hidden = !shown[button.getAttribute("data-verb")];
    if (answer.text !== "" && performance.now() - answerFor > 15_000) tell("", false);
    document.title = `${mode === "trading" ? "" : `${mode} · `}${worst === "armed" ? "" : `breaker ${worst} · `}${status.dayProfit === undefined ? "" : `${signedMoney(status.dayProfit)} · `}Caretaker`;
  };
};

const tile = (label, value, kind, note) =>
  h(
    "div",
    { class: "tile", "data-key": label },
    h("span", { class: "label" }, label),
    h("span", { class: `value ${kind}` }, value),
    h("span", { class: "note" }, note),
  );

export const showTiles = (status, positions) => {
  const slots = positions?.slots ?? [];
  const known = slots.filter(({ profit }) => profit !== undefined);
  const open = known.reduce((sum, { profit }) => sum + profit, 0);
  const unknown = slots.length - known.length;
  const { broker } = status;
  const gap =
    status.equity === undefined || broker.netLiquidation === undefined ? undefined : broker.netLiquidation - status.equity;
  show(
    byId("tiles"),
    tile(
      "Equity",
      money(status.equity),
      "",
      status.equityUnknown ??
        `our books${gap === undefined ? "" : `; the broker said ${money(broker.netLiquidation)} at ${clock(broker.at)}`}`,
    ),
    tile(
      "Today",
      status.dayProfit === undefined ? "–" : signedMoney(status.dayProfit),
      tone(status.dayProfit ?? 0),
      "change of equity",
    ),
    tile(
      "Open profit",
      slots.length === 0 ? "–" : signedMoney(open),
      tone(open),
      slots.length === 0
        ? "no position"
        : unknown > 0
          ? `without ${unknown} unknown`
          : `${slots.length} ${slots.length === 1 ? "position" : "positions"}, at the marks`,
    ),
    tile(
      "Closed profit",
      status.trades === 0 ? "–" : signedMoney(status.tradedProfit),
      tone(status.tradedProfit),
      `${status.trades} closed ${status.trades === 1 ? "trade" : "trades"}, net of fees`,
    ),
    tile(
      "Cash",
      money(status.cash),
      "",
      status.startingCash === undefined ? "starting cash unknown" : `started with ${money(status.startingCash)}`,
    ),
    tile("Fees", money(status.commissions), "", `${status.fills} leg ${status.fills === 1 ? "execution" : "executions"}`),
  );
};
