/** ES, NQ and RTY: the newest figure, the way since the day's first, and a small line. */
import { byId, h, nothingYet, show } from "./element.js";
import { clock, percent, price, tone } from "./format.js";

const WIDTH = 120;
const HEIGHT = 28;

const spark = (points) => {
  if (points.length < 2) return "";
  const values = points.map(({ last }) => last);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const x = (index) => (WIDTH * index) / (points.length - 1);
  const y = (value) => 2 + (HEIGHT - 4) * (1 - (value - low) / Math.max(1, high - low));
  const path = values.map((value, index) => `${index === 0 ? "M" : "L"}${x(index).toFixed(1)} ${y(value).toFixed(1)}`).join("");
  return h(
    "svg",
    { class: "spark", width: WIDTH, height: HEIGHT, viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true" },
    h("path", { d: path }),
  );
};

export const showFutures = (futures) => {
  if (futures.length === 0) {
    show(
      byId("futures"),
      nothingYet(
        "No future is tracked yet. Once the session is ready and the front contracts are found, each is noted at most twice a minute.",
      ),
    );
    return;
  }
  show(
    byId("futures"),
    h(
      "ul",
      { class: "futures" },
      ...futures.map((future) => {
        const change = future.last - future.dayFirst;
        return h(
          "li",
          { "data-key": future.root },
          h("b", {}, future.root),
          h("span", { class: "number" }, price(future.last)),
          h(
            "span",
            { class: `number ${tone(change)}`, title: "Since the day's first figure in the journal" },
            percent(change / future.dayFirst, 2),
          ),
          spark(future.points),
          h(
            "span",
            { class: "aside" },
            `${future.localSymbol ?? future.expiry ?? ""} × ${future.multiplier} · ${clock(future.at)}`,
          ),
        );
      }),
    ),
  );
};
