/** Every actor by its path, with its state: who is alive and what each is doing. */
import { byId, h, nothingYet, show } from "./element.js";
import { clock } from "./format.js";

const GROUPS = [
  ["root", ["engine", "session", "reconciler", "riskGate", "lines", "contracts"]],
  ["breaker", []],
  ["strategy", []],
  ["slot", []],
  ["future", []],
  ["order", []],
  ["contracts", []],
];
const groupOf = (path) => {
  const head = path.split("/", 1)[0];
  // The queue of contracts stands with the root's own, its shelves by themselves.
  return GROUPS.find(([name, members]) => members.includes(path) || (name === head && path !== head))?.[0] ?? "other";
};

const actor = (one) => {
  const name = one.path.includes("/") ? one.path.slice(one.path.indexOf("/") + 1) : one.path;
  return h(
    "li",
    {
      class: `actor ${one.standing}`,
      "data-key": one.path,
      title:
        one.lastIncident === undefined
          ? `by ${one.event}, step ${one.sinceSeq}`
          : `${one.incidents} incidents, last ${one.lastIncident.kind}: ${one.lastIncident.detail}`,
    },
    h("span", { class: "path" }, name),
    h("span", { class: `state s-${one.words.split(" ", 1)[0]}` }, one.words),
    one.standing === "live" ? "" : h("span", { class: "alarm" }, one.standing),
    one.incidents > 0 ? h("span", { class: "warn" }, `${one.incidents}!`) : "",
    h("time", { class: "aside" }, clock(one.since)),
  );
};

export const showActors = ({ actors, count, incidents }) => {
  show(
    byId("actors-count"),
    actors.length === 0 ? "" : `${count} alive, ${incidents} ${incidents === 1 ? "incident" : "incidents"}`,
  );
  if (actors.length === 0) {
    show(
      byId("actors"),
      nothingYet(
        "Nobody is alive yet. The first run of a journal spawns the engine and its household; their states stand here as a tree.",
      ),
    );
    return;
  }
  const groups = new Map();
  for (const one of actors) {
    const group = groupOf(one.path);
    groups.set(group, [...(groups.get(group) ?? []), one]);
  }
  const order = [...GROUPS.map(([name]) => name), "other"].filter((name) => groups.has(name));
  show(
    byId("actors"),
    ...order.map((name) => {
      const members = groups.get(name);
      // Orders pile up over a day: the newest first, and only those.
      const shown = name === "order" ? members.toSorted((a, b) => b.sinceSeq - a.sinceSeq).slice(0, 12) : members;
      const rest = name === "order" ? count - actors.length + members.length - shown.length : 0;
      return h(
        "section",
        { class: "branch", "data-key": name },
        h("h3", {}, name === "root" ? "engine room" : `${name}/`, h("span", { class: "aside" }, `${members.length}`)),
        h("ul", {}, ...shown.map(actor), rest > 0 ? h("li", { class: "note" }, `and ${rest} older`) : ""),
      );
    }),
  );
};
