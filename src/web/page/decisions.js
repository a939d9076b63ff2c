/** Why it traded and why it did not: the last decisions with their traces, and the stages that stopped candidates today. */
import { byId, h, nothingYet, show } from "./element.js";
import { against, clock } from "./format.js";
import { rules } from "./positions.js";

const decision = (entry) => {
  const { action, rule, urgency } = entry.decision;
  const words = action === "hold" ? "hold" : `${action} by ${rule}`;
  const span = entry.times === 1 ? clock(entry.at) : `${clock(entry.at)} – ${clock(entry.lastAt)}`;
  return h(
    "details",
    { class: `decision ${action}`, "data-key": `${entry.slot} ${entry.seq}` },
    h(
      "summary",
      {},
      h("span", { class: "when" }, span),
      h("b", {}, entry.symbol),
      h("span", { class: "what" }, action === "hold" ? words : `${words}, ${urgency}`),
      h("span", { class: "aside" }, entry.times === 1 ? entry.slot : `${entry.slot} · ${entry.times}×`),
    ),
    rules(entry.trace),
  );
};

const stage = (one, most) =>
  h(
    "li",
    { class: "stage", "data-key": one.stage },
    h("span", { class: "stage-name" }, one.stage),
    h("meter", { min: 0, max: most, value: one.count, "aria-label": `${one.stage}: ${one.count} times today` }),
    h("span", { class: "stage-count" }, `${one.count}×`),
    h(
      "span",
      { class: "stage-last" },
      `${one.last.reason}${one.last.actual === null && one.last.limit === null ? "" : `: ${against(one.last.actual, one.last.limit, one.last.unit)}`}`,
      h("span", { class: "aside" }, clock(one.last.at)),
    ),
  );

const funnel = (one) => {
  const most = Math.max(1, ...one.stages.map(({ count }) => count));
  return h(
    "section",
    { class: "funnel", "data-key": `${one.strategy} ${one.symbol}` },
    h(
      "h3",
      {},
      h("span", { class: "symbol" }, one.symbol),
      ` ${one.strategy}`,
      h(
        "span",
        { class: "aside" },
        `${one.looks} ${one.looks === 1 ? "look" : "looks"} · ${one.found} found · ${one.entered} entered`,
      ),
    ),
    h("ul", { class: "stages" }, ...one.stages.map((each) => stage(each, most))),
    ...one.skipped.map(({ filter, missing, count }) =>
      h("p", { class: "note warn", "data-key": filter }, `Filter ${filter} skipped ${count}×, as configured: ${missing}`),
    ),
  );
};

export const showDecisions = ({ decisions, funnels }) => {
  show(
    byId("why"),
    ...(funnels.length === 0
      ? [
          nothingYet(
            "No strategy has ended a look yet. From the entry window on, each stage that stops a candidate stands here with the number that stopped it and what would have passed.",
          ),
        ]
      : funnels.map(funnel)),
  );
  show(
    byId("decisions"),
    ...(decisions.length === 0
      ? [
          nothingYet(
            "No decision yet. The rules are asked at most once a second for each open position; every verdict can be opened here.",
          ),
        ]
      : decisions.slice(0, 12).map(decision)),
  );
};
