/** The house, as a test: read the table as the architecture diagram. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const SRC = join(import.meta.dirname, "..", "src");

/** Which floors a floor may import. */
const FLOORS: { readonly [floor: string]: readonly string[] } = {
  domain: [],
  machines: ["domain"],
  actors: ["domain", "machines"],
  ports: ["domain"],
  kernel: ["domain", "ports"],
  projections: ["domain", "ports"],
  store: ["domain", "ports", "projections"],
  web: ["domain", "ports", "projections"],
  io: ["domain", "ports"],
  sim: ["domain", "ports"],
  cli: ["domain", "machines", "actors", "ports", "kernel", "projections", "store", "web", "io", "sim"],
};

/** On the pure floors and in the kernel's steps: what brings time, chance or the outside in, and what to use instead. */
const BANNED: readonly (readonly [RegExp, string])[] = [
  [/\bDate\.now\(|\bnew Date\b|\bDate\.parse\(/, "the `now` of the event"],
  [/\bMath\.random\(/, "a seed in the machine's input"],
  [/\bset(Timeout|Interval|Immediate)\(|\bqueueMicrotask\(/, "`after` in a machine: the kernel's timers are durable"],
  [/\bprocess\b\./, "config in `run.started`"],
  [/\bperformance\.now\(/, "the `now` of the event"],
  [/from "node:/, "a port"],
  [/\basync\b|\bawait\b|\bnew Promise\b|\bPromise\./, "an effect whose answer comes back as an event"],
];
const PURE = ["domain", "machines", "actors"];

const files = readdirSync(SRC, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
  .map((entry) => join(entry.parentPath, entry.name))
  .sort();
const floorOf = (file: string): string => relative(SRC, file).split("/")[0] as string;
const importsOf = (text: string): string[] =>
  [...text.matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g)].map((match) => match[1] as string);
/** Without comments: prose may speak of promises and of time. */
const codeOf = (text: string): string => text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|[^:])\/\/.*$/gm, "$1");

describe("the house", () => {
  it("has only the floors of the diagram", () => {
    const floors = new Set(files.map(floorOf));
    expect([...floors].filter((floor) => FLOORS[floor] === undefined)).toEqual([]);
  });

  it("imports only downward, as the table says", () => {
    const breaches = files.flatMap((file) =>
      importsOf(readFileSync(file, "utf8"))
        .map((imported) => resolve(file, "..", imported))
        .filter((target) => target.startsWith(SRC))
        .map((target) => [floorOf(file), floorOf(target)] as const)
        .filter(([from, to]) => from !== to && !FLOORS[from]?.includes(to))
        .map(([from, to]) => `${relative(SRC, file)}: ${from} may not import ${to}`),
    );
    expect(breaches).toEqual([]);
  });

  it("keeps clock, chance and the outside off the pure floors", () => {
    const breaches = files
      .filter((file) => PURE.includes(floorOf(file)))
      .flatMap((file) =>
        codeOf(readFileSync(file, "utf8"))
          .split("\n")
          .flatMap((line) =>
            BANNED.filter(([form]) => form.test(line)).map(
              ([, instead]) => `${relative(SRC, file)}: ${line.trim()} (use ${instead})`,
            ),
          ),
      );
    expect(breaches).toEqual([]);
  });

  it("lets the auditor know nothing of the engine that it judges", () => {
    const breaches = files
      .filter((file) => relative(SRC, file).startsWith("sim/auditor"))
      .flatMap((file) =>
        importsOf(readFileSync(file, "utf8")).filter((imported) => /\/(kernel|machines|actors)\//.test(imported)),
      );
    expect(breaches).toEqual([]);
  });

  it("tells in each file's first lines what the file is for", () => {
    const silent = files
      .filter((file) => !/^(#!.*\n)?\/\*\*/.test(readFileSync(file, "utf8")))
      .map((file) => relative(SRC, file));
    expect(silent).toEqual([]);
  });
});
