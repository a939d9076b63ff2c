/** The page: logs in with the token of the address, opens the stream, and hands each part of a frame to its panel. */
import { showActors } from "./actors.js";
import { showDecisions } from "./decisions.js";
import { byId, h, show } from "./element.js";
import { createEquity } from "./equity.js";
import { clock } from "./format.js";
import { createFrame, showTiles } from "./frame.js";
import { showFutures } from "./futures.js";
import { createOrders } from "./orders.js";
import { showPositions, showTrades } from "./positions.js";
import { showStory } from "./story.js";
import { openStream, post } from "./stream.js";

const parts = {};
let link = "away";

const begin = () => {
  byId("login").hidden = true;
  byId("main").hidden = false;
  const showFrame = createFrame();
  const showEquity = createEquity();
  const showOrders = createOrders();
  const drawFrame = () => {
    if (parts.status !== undefined) showFrame(parts.status, link);
  };
  const panels = {
    equity: showEquity,
    trades: showTrades,
    orders: showOrders,
    decisions: showDecisions,
    futures: showFutures,
    actors: showActors,
    story: showStory,
  };

  const sayHappening = () => {
    if (parts.status === undefined) return;
    // A page that hears nothing must not go on as if it did.
    const words =
      link === "here"
        ? parts.status.happening
        : `No word from the engine: it has stopped, or cannot be reached. What stands here is the last it said, at ${clock(parts.status.now)}.`;
    show(byId("happening"), h("span", { class: "pulse", "aria-hidden": "true" }), words);
  };

  let waiting = {};
  let drawing = false;
  const draw = () => {
    drawing = false;
    const changed = waiting;
    waiting = {};
    Object.assign(parts, changed);
    drawFrame();
    sayHappening();
    showTiles(parts.status, parts.positions);
    if (parts.positions !== undefined && (changed.positions !== undefined || changed.status !== undefined))
      showPositions(parts.positions, parts.status);
    for (const [name, panel] of Object.entries(panels)) if (changed[name] !== undefined) panel(changed[name]);
    const { build, epoch, seq, incidents, discrepancies } = parts.status;
    show(
      byId("foot"),
      `step ${seq.toLocaleString("en-US")} · connection ${epoch} · ${discrepancies === 0 ? "no difference with the broker" : `${discrepancies} differences with the broker`} · ${incidents} incidents · build ${build ?? "unknown"} · all times New York · Shift+P: pause`,
    );
  };

  openStream({
    onFrame: (frame) => {
      const { equity } = frame.parts;
      // Two frames may meet in one drawing: the ends of the line are joined, not replaced.
      if (equity !== undefined && !equity.afresh && waiting.equity !== undefined) {
        equity.points = [...waiting.equity.points, ...equity.points];
        equity.afresh = waiting.equity.afresh;
      }
      Object.assign(waiting, frame.parts);
      if (drawing) return;
      drawing = true;
      // A hidden page gets no animation frames; what it missed is drawn when it is looked at again.
      requestAnimationFrame(draw);
    },
    onState: (state) => {
      if (state === link) return;
      link = state;
      drawFrame();
      sayHappening();
    },
    onLoggedOut: () => location.reload(),
  });
};

const askForToken = () => {
  const form = byId("login");
  form.hidden = false;
  byId("token").focus();
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { ok, said } = await post("/api/v1/login", { token: byId("token").value.trim() });
    byId("token").value = "";
    if (ok) begin();
    else show(byId("login-answer"), said.message ?? "this did not work");
  });
};

const token = /^#token=([0-9a-f]{64})$/.exec(location.hash)?.[1];
if (token !== undefined) {
  await post("/api/v1/login", { token });
  // Out of the address bar, the history and any screenshot.
  history.replaceState(null, "", location.pathname);
}
const status = await fetch("/api/v1/status").catch(() => undefined);
if (status?.ok) begin();
else askForToken();
