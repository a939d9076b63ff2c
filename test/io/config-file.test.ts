import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { configSchema } from "../../src/domain/config-schema.ts";
import { configJsonSchema, formatProblem, loadConfig, parseConfig } from "../../src/io/config/config-file.ts";

const CONFIG = join(import.meta.dirname, "..", "..", "config");
const problems = (text: string): readonly string[] => {
  const result = parseConfig(text, "x.yaml");
  return result.ok ? [] : result.problems.map(formatProblem);
};

describe("the configuration file", () => {
  it("is right in every example that ships, but for live.yaml, which says why not", () => {
    const verdicts = readdirSync(CONFIG)
      .filter((file) => file.endsWith(".yaml"))
      .map((file) => [file, loadConfig(join(CONFIG, file)).ok] as const);
    expect(Object.fromEntries(verdicts)).toEqual({
      "demo.yaml": true,
      "live.yaml": false,
      "paper.yaml": true,
      "recorded-aapl.yaml": true,
      "recorded-goog.yaml": true,
      "recorded-spxw.yaml": true,
    });
    const live = loadConfig(join(CONFIG, "live.yaml"));
    expect(live.ok ? [] : live.problems.map(formatProblem).join()).toMatch(/live\.yaml:3:7 mode: live trading is not built yet/);
  });

  it("has the JSON schema that lies beside the examples", () => {
    expect(JSON.parse(readFileSync(join(CONFIG, "schema.json"), "utf8"))).toEqual(configJsonSchema());
  });

  it("may be empty: every key has a default", () => {
    expect(parseConfig("", "x.yaml")).toMatchObject({ ok: true, config: { mode: "simulated", lines: { max: 100 } } });
  });

  it.each([
    ["gateway:\n  prt: 4002\n", "x.yaml:2:3 gateway.prt: unknown key, did you mean port?"],
    ["limts: {}\n", "x.yaml:1:1 limts: unknown key, did you mean limits?"],
    [
      "rules: { takeProfit: { targetPct: half } }\n",
      'x.yaml:1:35 rules.takeProfit.targetPct: Invalid input: expected number, received string, got "half" (the unit is percent: 50 means 50 %)',
    ],
    ["limits: { slots: 500 }\n", "x.yaml:1:18 limits.slots: Too big: expected number to be <=50, got 500"],
    [
      "limits: { maxLossPerPositionPct: 30 }\n",
      "x.yaml:1:34 limits.maxLossPerPositionPct: Too big: expected number to be <=5, got 30 (the unit is percent: 50 means 50 %)",
    ],
    ["mode: simulated\nmode: paper\n", "x.yaml:2:1 Map keys must be unique"],
    [
      "mode: paper\nclock: { kind: simulated }\n",
      "x.yaml:2:16 clock.kind: a simulated clock goes only with mode: simulated, not paper",
    ],
  ])("names line, column, value and way out of %j", (text, expected) => {
    expect(problems(text)).toEqual([expected]);
  });

  it("tells all problems at once", () => {
    expect(problems("gateway: { prt: 1, hst: x }\nlimits: { slots: 0 }\n")).toHaveLength(3);
  });

  it("finds every key that has one letter too many, too few, or two swapped", () => {
    const keys = Object.keys(configSchema.shape).filter((key) => key.length > 4);
    const slips = fc
      .constantFrom(...keys)
      .chain((key) =>
        fc
          .nat(key.length - 2)
          .chain((at) =>
            fc.constantFrom(
              { key, slip: key.slice(0, at) + key.slice(at + 1) },
              { key, slip: `${key.slice(0, at)}z${key.slice(at)}` },
              { key, slip: key.slice(0, at) + key[at + 1] + key[at] + key.slice(at + 2) },
            ),
          ),
      );
    fc.assert(
      fc.property(slips, ({ key, slip }) => {
        fc.pre(slip !== key && !Object.keys(configSchema.shape).includes(slip));
        expect(problems(`${slip}: 1\n`)[0]).toMatch(`x.yaml:1:1 ${slip}: unknown key, did you mean ${key}?`);
      }),
    );
  });
});
