/**
 * Elements from descriptions, and the way to bring a part of the page up to date without losing focus, selection or open details.
 * Text always becomes a text node: nothing that a gateway says can become markup.
 */
const SVG = "http://www.w3.org/2000/svg";
const SVG_TAGS = new Set(["svg", "path", "line", "circle", "rect", "text", "g", "title"]);

/** `h("td", { class: "number" }, "1.24")`. Attributes that are undefined, null or false are left out. */
export const h = (tag, attributes = {}, ...children) => {
  const element = SVG_TAGS.has(tag) ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat(3)) {
    if (child === undefined || child === null || child === false) continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return element;
};

const keyOf = (node) => (node.nodeType === Node.ELEMENT_NODE ? node.getAttribute("data-key") : null);
const alike = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && keyOf(a) === keyOf(b);

const takeAttributes = (from, to) => {
  for (const { name } of [...to.attributes]) {
    // Whether details are open is the reader's choice.
    if (!from.hasAttribute(name) && !(name === "open" && to.nodeName === "DETAILS")) to.removeAttribute(name);
  }
  for (const { name, value } of from.attributes) {
    if (name === "open" && to.nodeName === "DETAILS") continue;
    if (to.getAttribute(name) !== value) to.setAttribute(name, value);
  }
};

/** Makes the children of `parent` be like `wanted`, keeping every element that is alike (same tag, same data-key). */
export const show = (parent, ...wanted) => {
  const nodes = wanted.flat(3).filter((node) => node !== undefined && node !== null && node !== false);
  const kept = new Map();
  for (const child of parent.childNodes) {
    const key = keyOf(child);
    if (key !== null) kept.set(key, child);
  }
  nodes.forEach((given, index) => {
    const node = given instanceof Node ? given : document.createTextNode(String(given));
    const key = keyOf(node);
    const known = key === null ? undefined : kept.get(key);
    let at = parent.childNodes[index];
    if (known !== undefined && known !== at && alike(known, node)) {
      parent.insertBefore(known, at ?? null);
      at = known;
    }
    if (at === undefined) parent.append(node);
    else if (!alike(at, node)) {
      if (key === null && keyOf(at) === null) at.replaceWith(node);
      else parent.insertBefore(node, at);
    } else if (at.nodeType === Node.TEXT_NODE) {
      if (at.data !== node.data) at.data = node.data;
    } else {
      takeAttributes(node, at);
      show(at, ...node.childNodes);
    }
  });
  while (parent.childNodes.length > nodes.length) parent.lastChild.remove();
};

export const byId = (id) => document.getElementById(id);

/** What a panel shows before there is anything to show: what will be here, and when. */
export const nothingYet = (text) => h("p", { class: "nothing" }, text);

/** A table with a caption for screen readers; `columns` are [label, class]. */
export const table = (caption, columns, rows) =>
  h(
    "div",
    { class: "scroll" },
    h(
      "table",
      {},
      h("caption", { class: "unseen" }, caption),
      h("thead", {}, h("tr", {}, ...columns.map(([label, kind]) => h("th", { scope: "col", class: kind }, label)))),
      h("tbody", {}, ...rows),
    ),
  );
