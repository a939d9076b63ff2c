/** The equity line, drawn by hand. Nights and other gaps are drawn short; days are told apart by a rule with the date. */
import { byId, h, show } from "./element.js";
import { clock, day, money, shortClock, signedMoney, tone } from "./format.js";

const HEIGHT = 216;
const LEFT = 76;
const RIGHT = 14;
const TOP = 10;
const BOTTOM = 24;
const GAP_MS = 15 * 60_000;

/** Round steps of 1, 2 or 5 dollars times a power of ten. */
const stepOf = (span) => {
  const rough = Math.max(span, 1) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((n) => n * power).find((step) => step >= rough);
};

/** At most two points per pixel column, the lowest and the highest, in order of time. */
const thinned = (points, x) => {
  const kept = [];
  let column = [];
  let at = Number.NaN;
  const close = () => {
    if (column.length === 0) return;
    const low = column.reduce((a, b) => (b.value < a.value ? b : a));
    const high = column.reduce((a, b) => (b.value > a.value ? b : a));
    kept.push(...(low.index === high.index ? [low] : low.index < high.index ? [low, high] : [high, low]));
    column = [];
  };
  points.forEach((point) => {
    const pixel = Math.floor(x(point));
    if (pixel !== at) close();
    at = pixel;
    column.push(point);
  });
  close();
  return kept;
};

export const createEquity = () => {
  const root = byId("equity");
  let series = [];
  let last = {};
  let pointer;

  const draw = () => {
    const width = Math.max(280, root.clientWidth);
    if (series.length < 2) {
      const known =
        last.equity === undefined
          ? `Equity is unknown: ${last.unknown ?? "nothing has been heard yet"}.`
          : "The line begins with the second figure, at most one each ten seconds of market time.";
      show(root, h("p", { class: "nothing" }, known));
      return;
    }
    // Market time with its gaps cut short.
    let along = 0;
    const days = [];
    const points = series.map(([at, value], index) => {
      const before = series[index - 1];
      if (before !== undefined) along += Math.min(at - before[0], GAP_MS);
      if (before === undefined || day(at) !== day(before[0])) days.push({ along, at });
      return { at, value, along, index };
    });
    const span = Math.max(1, along);
    const values = points.map(({ value }) => value);
    if (last.startingCash !== undefined) values.push(last.startingCash);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const step = stepOf((high - low) / 10_000) * 10_000;
    const bottom = Math.floor(low / step) * step;
    const top = Math.max(bottom + step, Math.ceil(high / step) * step);
    const x = (point) => LEFT + ((width - LEFT - RIGHT) * point.along) / span;
    const y = (value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - (value - bottom) / (top - bottom));
    const drawn = thinned(points, x);
    const path = drawn
      .map((point, index) => `${index === 0 ? "M" : "L"}${x(point).toFixed(1)} ${y(point.value).toFixed(1)}`)
      .join("");
    const ticks = [];
    for (let value = bottom; value <= top + 1; value += step) ticks.push(value);
    const final = points.at(-1);
    const first = points[0];
    const near =
      pointer === undefined ? undefined : points.reduce((a, b) => (Math.abs(x(b) - pointer) < Math.abs(x(a) - pointer) ? b : a));
    const timeLabels = [0.08, 0.36, 0.64, 0.92].map((share) =>
      points.reduce((a, b) => (Math.abs(b.along - span * share) < Math.abs(a.along - span * share) ? b : a)),
    );
    const change = final.value - (last.startingCash ?? first.value);
    show(
      root,
      h(
        "svg",
        {
          width,
          height: HEIGHT,
          viewBox: `0 0 ${width} ${HEIGHT}`,
          role: "img",
          "aria-label": `Equity from ${money(first.value)} to ${money(final.value)}`,
        },
        h(
          "g",
          { class: "grid" },
          ...ticks.map((value) => h("line", { x1: LEFT, x2: width - RIGHT, y1: y(value), y2: y(value) })),
        ),
        h(
          "g",
          { class: "axis" },
          ...ticks.map((value) =>
            h("text", { x: LEFT - 8, y: y(value) + 4, "text-anchor": "end" }, money(value, step < 10_000 ? 2 : 0)),
          ),
        ),
        h(
          "g",
          { class: "axis" },
          ...timeLabels.map((point) => h("text", { x: x(point), y: HEIGHT - 7, "text-anchor": "middle" }, shortClock(point.at))),
        ),
        h(
          "g",
          { class: "days" },
          ...days
            .slice(1)
            .flatMap((mark) => [
              h("line", { x1: x(mark), x2: x(mark), y1: TOP, y2: HEIGHT - BOTTOM }),
              h("text", { x: x(mark) + 4, y: TOP + 10 }, day(mark.at).slice(5)),
            ]),
        ),
        last.startingCash === undefined
          ? ""
          : h("line", { class: "start", x1: LEFT, x2: width - RIGHT, y1: y(last.startingCash), y2: y(last.startingCash) }),
        h("path", {
          class: `area ${tone(change)}`,
          d: `${path}L${x(final).toFixed(1)} ${y(last.startingCash ?? bottom).toFixed(1)}L${x(first).toFixed(1)} ${y(last.startingCash ?? bottom).toFixed(1)}Z`,
        }),
        h("path", { class: `curve ${tone(change)}`, d: path }),
        h("circle", { class: `end ${tone(change)}`, cx: x(final), cy: y(final.value), r: 3.5 }),
        near === undefined
          ? ""
          : h(
              "g",
              { class: "cross" },
              h("line", { x1: x(near), x2: x(near), y1: TOP, y2: HEIGHT - BOTTOM }),
              h("circle", { cx: x(near), cy: y(near.value), r: 3.5 }),
            ),
      ),
      h(
        "p",
        { class: "note" },
        near === undefined
          ? `Dashed: starting cash. Low ${money(Math.min(...points.map(({ value }) => value)))}, high ${money(Math.max(...points.map(({ value }) => value)))}; ${points.length} figures since ${day(first.at)} ${clock(first.at)}.`
          : `${day(near.at)} ${clock(near.at)}: ${money(near.value)} (${signedMoney(near.value - (last.startingCash ?? first.value))})`,
      ),
    );
  };

  root.addEventListener("pointermove", ({ clientX }) => {
    pointer = clientX - root.getBoundingClientRect().left;
    draw();
  });
  root.addEventListener("pointerleave", () => {
    pointer = undefined;
    draw();
  });
  new ResizeObserver(draw).observe(root);

  return (part) => {
    series = part.afresh ? part.points : [...series, ...part.points];
    last = part;
    const change = part.equity === undefined || part.startingCash === undefined ? undefined : part.equity - part.startingCash;
    show(
      byId("equity-now"),
      change === undefined ? "" : h("span", { class: tone(change) }, `${signedMoney(change)} since the start`),
    );
    draw();
  };
};
