/**
 * A configuration file, read and checked before anything connects. Each problem names file:line:column, the value and the way
 * out; an unknown key is told its nearest valid neighbour.
 */
import { readFileSync } from "node:fs";
import { isMap, isPair, isScalar, LineCounter, type Node, parseDocument } from "yaml";
import { z } from "zod";
import { type CaretakerConfig, configSchema, crossChecks } from "../../domain/config-schema.ts";

export interface ConfigProblem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}
export type ConfigResult =
  | { readonly ok: true; readonly config: CaretakerConfig; readonly given: unknown }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** `demo.yaml:4:3 ib.prt: unknown key, did you mean port?` */
export const formatProblem = ({ file, line, column, message }: ConfigProblem): string => `${file}:${line}:${column} ${message}`;

export const loadConfig = (file: string): ConfigResult => {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const message =
      code === "ENOENT"
        ? "there is no such file; config/ holds demo.yaml, paper.yaml and live.yaml to start from"
        : `cannot be read: ${code ?? error}`;
    return { ok: false, problems: [{ file, line: 1, column: 1, message }] };
  }
  return parseConfig(text, file);
};

export const parseConfig = (text: string, file: string): ConfigResult => {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const place = (offset: number | undefined) => {
    const { line, col } = lines.linePos(offset ?? 0);
    return { file, line: Math.max(1, line), column: Math.max(1, col) };
  };
  if (document.errors.length > 0) {
    return {
      ok: false,
      problems: document.errors.map((error) => ({
        ...place(error.pos[0]),
        message: (error.message.split("\n")[0] ?? "not YAML").replace(/ at line \d+, column \d+:?$/, ""),
      })),
    };
  }
  const given: unknown = document.toJS() ?? {};
  const parsed = configSchema.safeParse(given);
  const offsetOf = (path: readonly PropertyKey[], ofKey: boolean): number | undefined =>
    offsetAt(document.contents as Node | null, path, ofKey);
  if (!parsed.success) {
    return {
      ok: false,
      problems: parsed.error.issues.flatMap((issue) =>
        describe(issue, given).map(({ path, message, key }) => ({ ...place(offsetOf(path, key)), message })),
      ),
    };
  }
  const crossed = crossChecks(parsed.data);
  if (crossed.length > 0) {
    return {
      ok: false,
      problems: crossed.map(({ path, message }) => ({
        ...place(offsetOf(path, false)),
        message: `${path.join(".")}: ${message}`,
      })),
    };
  }
  return { ok: true, config: parsed.data, given };
};

/** The JSON schema of the file, for editors. */
export const configJsonSchema = (): object => z.toJSONSchema(configSchema, { io: "input", target: "draft-7" });

interface Described {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly key: boolean;
}

const describe = (issue: z.core.$ZodIssue, given: unknown): readonly Described[] => {
  const name = issue.path.map(String).join(".");
  if (issue.code === "unrecognized_keys") {
    const valid = validKeys(issue.path);
    return issue.keys.map((key) => {
      const near = nearest(key, valid);
      const where = name === "" ? key : `${name}.${key}`;
      const hint = near === undefined ? `valid keys here: ${valid.join(", ")}` : `did you mean ${near}?`;
      return { path: [...issue.path, key], message: `${where}: unknown key, ${hint}`, key: true };
    });
  }
  const value = issue.path.reduce<unknown>((node, key) => (node as Record<PropertyKey, unknown> | undefined)?.[key], given);
  const shown = value === undefined ? "" : `, got ${JSON.stringify(value)}`;
  const unit = unitHint(issue.path);
  return [{ path: issue.path, message: `${name}: ${issue.message}${shown}${unit}`, key: false }];
};

const UNITS: readonly (readonly [RegExp, string])[] = [
  [/Pct/, "percent: 50 means 50 %"],
  [/Seconds$/, "seconds"],
  [/Minutes/i, "minutes"],
  [/^dte/, "calendar days"],
  [/Delta$/, "a share of 1: 0.16 means 16 delta"],
];
const unitHint = (path: readonly PropertyKey[]): string => {
  const key = String(path.at(-1) ?? "");
  const unit = UNITS.find(([form]) => form.test(key));
  return unit === undefined ? "" : ` (the unit is ${unit[1]})`;
};

interface SchemaNode {
  readonly properties?: { readonly [key: string]: SchemaNode };
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
}
const validKeys = (path: readonly PropertyKey[]): string[] => {
  let nodes: SchemaNode[] = [configJsonSchema() as SchemaNode];
  for (const key of path) {
    nodes = nodes
      .flatMap((node) => [node, ...(node.anyOf ?? []), ...(node.oneOf ?? [])])
      .map((node) => (typeof key === "number" ? node.items : node.properties?.[String(key)]))
      .filter((node) => node !== undefined);
  }
  return nodes
    .flatMap((node) => [node, ...(node.anyOf ?? []), ...(node.oneOf ?? [])])
    .flatMap((node) => Object.keys(node.properties ?? {}));
};

/** The valid key within an edit distance of a third of its length (letters swapped, missing, too many), if there is one. */
const nearest = (key: string, valid: readonly string[]): string | undefined => {
  const ranked = valid
    .map((candidate) => ({ candidate, distance: editDistance(key.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)[0];
  return ranked !== undefined && ranked.distance <= Math.max(2, Math.ceil(ranked.candidate.length / 3))
    ? ranked.candidate
    : undefined;
};
const editDistance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, n) => n);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substituted, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
};

/** Where in the text a path stands: its key, or its value; the nearest parent when it is not there. */
const offsetAt = (root: Node | null, path: readonly PropertyKey[], ofKey: boolean): number | undefined => {
  let node: Node | null | undefined = root;
  let offset = root?.range?.[0];
  for (const [depth, key] of path.entries()) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(key));
      if (pair === undefined) return offset;
      const last = depth === path.length - 1;
      const at = (last && ofKey ? pair.key : (pair.value ?? pair.key)) as Node | null;
      offset = at?.range?.[0] ?? offset;
      node = pair.value as Node | null;
    } else {
      const item: Node | undefined = (node as { items?: Node[] } | null | undefined)?.items?.[Number(key)];
      if (item === undefined) return offset;
      node = item;
      offset = item.range?.[0] ?? offset;
    }
  }
  return offset;
};
