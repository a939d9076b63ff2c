/** The page's files, read once and served from memory by exact path: no request ever becomes a path of the file system. */
import { readFileSync } from "node:fs";

export interface PageFile {
  readonly type: string;
  readonly body: Buffer;
}

const FILES: readonly (readonly [path: string, file: string, type: string])[] = [
  ["/", "index.html", "text/html; charset=utf-8"],
  ["/page.css", "page.css", "text/css; charset=utf-8"],
  ["/page.js", "page.js", "text/javascript; charset=utf-8"],
  ["/element.js", "element.js", "text/javascript; charset=utf-8"],
  ["/format.js", "format.js", "text/javascript; charset=utf-8"],
  ["/stream.js", "stream.js", "text/javascript; charset=utf-8"],
  ["/frame.js", "frame.js", "text/javascript; charset=utf-8"],
  ["/positions.js", "positions.js", "text/javascript; charset=utf-8"],
  ["/equity.js", "equity.js", "text/javascript; charset=utf-8"],
  ["/decisions.js", "decisions.js", "text/javascript; charset=utf-8"],
  ["/orders.js", "orders.js", "text/javascript; charset=utf-8"],
  ["/actors.js", "actors.js", "text/javascript; charset=utf-8"],
  ["/futures.js", "futures.js", "text/javascript; charset=utf-8"],
  ["/story.js", "story.js", "text/javascript; charset=utf-8"],
  ["/favicon.svg", "favicon.svg", "image/svg+xml"],
];

export const pageFiles = (): ReadonlyMap<string, PageFile> =>
  new Map(FILES.map(([path, file, type]) => [path, { type, body: readFileSync(new URL(`page/${file}`, import.meta.url)) }]));
