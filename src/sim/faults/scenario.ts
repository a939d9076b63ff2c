/** A scenario file: faults and their moments as YAML, checked before anything begins. */
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLMap } from "yaml";
import type { FaultMoment, ScenarioEntry } from "./board.ts";
import { checkFault, clientOf, forMsOf, momentOf } from "./fault-text.ts";
import { durationOf, FaultError, nearest } from "./parameter.ts";

/** Every problem of a file, each as `file:line:column: what`. */
export class ScenarioError extends Error {
  override name = "ScenarioError";
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.problems = problems;
  }
}

const KEYS = ["at", "afterOrder", "later", "fault", "with", "for", "client", "label"] as const;

/** Reads a scenario; `file` is only what problems are named after. Throws ScenarioError with all problems. */
export const readScenario = (file: string, text: string): readonly ScenarioEntry[] => {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const problems: { readonly offset: number; readonly text: string }[] = [];
  const complain = (offset: number | undefined, problem: string): void => {
    const { line, col } = lines.linePos(offset ?? 0);
    problems.push({ offset: offset ?? 0, text: `${file}:${line}:${col}: ${problem}` });
  };
  const offsetOf = (node: unknown): number | undefined => (node as Node | null | undefined)?.range?.[0];
  const end = (): never | undefined => {
    if (problems.length === 0) return undefined;
    throw new ScenarioError(problems.sort((a, b) => a.offset - b.offset).map((problem) => problem.text));
  };

  for (const error of document.errors) complain(error.pos[0], error.message.split("\n")[0]?.replace(/ at line .*$/, "") ?? "");
  end();
  const root = document.contents;
  if (!isSeq(root)) {
    complain(offsetOf(root), "a scenario is a list of faults: '- fault: line.reset'");
    end();
    return [];
  }

  const readEntry = (map: YAMLMap): ScenarioEntry | undefined => {
    const before = problems.length;
    const nodes = new Map<string, Node | null>();
    for (const { key, value } of map.items) {
      const name = isScalar(key) ? String(key.value) : "";
      if (!(KEYS as readonly string[]).includes(name))
        complain(offsetOf(key), `unknown key ${JSON.stringify(name)}: did you mean ${nearest(name, KEYS)}?`);
      nodes.set(name, value as Node | null);
    }
    const scalar = (name: string): unknown => {
      const node = nodes.get(name);
      return isScalar(node) ? node.value : undefined;
    };
    /** Does something with a key's value and puts what is wrong at its place. */
    const at = <Result>(name: string, read: () => Result): Result | undefined => {
      try {
        return read();
      } catch (error) {
        if (!(error instanceof FaultError)) throw error;
        complain(offsetOf(nodes.get(name)) ?? offsetOf(map), error.message);
        return undefined;
      }
    };
    const fault = scalar("fault");
    if (typeof fault !== "string") {
      complain(offsetOf(nodes.get("fault")) ?? offsetOf(map), "a fault has a name, such as fault: line.reset");
      return undefined;
    }
    let when: FaultMoment | undefined;
    if (nodes.has("at") && nodes.has("afterOrder")) complain(offsetOf(map), "either at or afterOrder, not both");
    if (nodes.has("at")) {
      const text = scalar("at");
      when = at("at", () => momentOf(typeof text === "string" ? text : JSON.stringify(text ?? "")));
    }
    if (nodes.has("afterOrder")) {
      const n = scalar("afterOrder");
      const later = nodes.has("later") ? durationOf(String(scalar("later"))) : 0;
      if (typeof n !== "number" || !Number.isInteger(n) || n < 1)
        complain(offsetOf(nodes.get("afterOrder")), "afterOrder takes the number of an order, from 1");
      else if (later === undefined) complain(offsetOf(nodes.get("later")), "later takes a duration such as 500ms");
      else when = { afterOrder: n, laterMs: later };
    } else if (nodes.has("later")) complain(offsetOf(nodes.get("later")), "later goes with afterOrder");
    const given = nodes.get("with");
    if (nodes.has("with") && !isMap(given)) complain(offsetOf(given) ?? offsetOf(map), "with takes parameters by name");
    const parameters = isMap(given) ? (given.toJSON() as Record<string, unknown>) : {};
    const forMs = nodes.has("for") ? at("for", () => forMsOf(fault, scalar("for"))) : undefined;
    const client = nodes.has("client") ? at("client", () => clientOf(fault, scalar("client"))) : undefined;
    const label = scalar("label");
    if (problems.length > before) return undefined;
    const entry: ScenarioEntry = {
      fault,
      with: parameters,
      ...(when === undefined ? {} : { when }),
      ...(forMs === undefined ? {} : { forMs }),
      ...(client === undefined ? {} : { client }),
      ...(typeof label === "string" ? { label } : {}),
    };
    try {
      checkFault(entry);
    } catch (error) {
      if (!(error instanceof FaultError)) throw error;
      // A parameter is wrong at its own place, a name at the fault's.
      const culprit = isMap(given)
        ? given.items.find(
            ({ key }) => isScalar(key) && new RegExp(`\\b${key.value}=|"${key.value}"|: ${key.value} `).test(error.message),
          )
        : undefined;
      complain(offsetOf(culprit?.key) ?? offsetOf(nodes.get("fault")), error.message);
      return undefined;
    }
    return entry;
  };

  const entries: ScenarioEntry[] = [];
  for (const item of root.items) {
    if (!isMap(item)) complain(offsetOf(item), "each fault is a map: fault, and at, afterOrder, with, for, client, label");
    else {
      const entry = readEntry(item);
      if (entry !== undefined) entries.push(entry);
    }
  }
  end();
  return entries;
};
