/** What the read side says of the market's regime. */
import { describe, expect, test } from "vitest";
import type { Step } from "../../src/ports/journal.ts";
import { createReadModel, type ReadModel } from "../../src/projections/read-model.ts";
import { regimeWords } from "../../src/projections/regime.ts";

const INPUTS = { vix: 28.6, adx: 31.25, efficiency: 0.4, return5d: -0.0412, vixChange5d: 0.2, smaRatio: 0.98 };
const assessed = (over: object) => ({
  type: "regime.assessed",
  actor: "regime",
  regime: "high_vol",
  since: "2026-11-19",
  raw: "high_vol",
  asOf: "2026-11-20",
  unknown: "",
  inputs: INPUTS,
  gaps: [],
  ...over,
});
const step = (seq: number, ...facts: object[]): Step =>
  ({
    seq,
    now: 1_000 * seq,
    input: { type: "timer.fired" },
    transitions: [],
    facts,
    effects: [],
    incidents: [],
  }) as unknown as Step;
const fed = (...steps: Step[]): ReadModel => {
  const model = createReadModel();
  for (const one of steps) model.apply(one);
  return model;
};

describe("the regime that is read", () => {
  test("is not assessed yet before the first fact, and then the newest, in the status too", () => {
    expect(fed(step(1)).regime).toEqual({ changes: [] });
    expect(fed(step(1)).status.regime).toBe(undefined);
    const model = fed(step(1, assessed({})), step(2, assessed({ asOf: "2026-11-23" })));
    expect(model.regime.now).toMatchObject({
      at: 2_000,
      regime: "high_vol",
      since: "2026-11-19",
      asOf: "2026-11-23",
      inputs: INPUTS,
    });
    expect(model.status.regime).toEqual(model.regime.now);
  });
  test("has a history of its changes, newest first; another day of the same regime is none", () => {
    const unknown = { regime: null, raw: null, since: null, unknown: "no daily bars of VIX" };
    const { changes } = fed(
      step(1, assessed({})),
      step(2, assessed({ asOf: "2026-11-23" })),
      step(3, assessed(unknown)),
      step(4, assessed({ regime: "crash" })),
    ).regime;
    expect(changes.map(({ seq, from, to }) => [seq, from, to])).toEqual([
      [4, null, "crash"],
      [3, "high_vol", null],
      [1, null, "high_vol"],
    ]);
  });
  test("goes on from what was kept", () => {
    const whole = fed(step(1, assessed({})), step(2, assessed({ regime: "crash" })));
    const half = createReadModel(structuredClone(fed(step(1, assessed({}))).folded));
    half.apply(step(2, assessed({ regime: "crash" })));
    expect(half.regime).toEqual(whole.regime);
  });
  test("is one line for people, with the reason when it is unknown", () => {
    const words = (over: object) => regimeWords(fed(step(1, assessed(over))).regime.now);
    expect(regimeWords(undefined)).toBe("regime unknown: not assessed yet");
    expect(words({ regime: null, unknown: "no daily bars of VIX" })).toBe("regime unknown: no daily bars of VIX");
    expect(words({})).toBe("regime high_vol since 2026-11-19, by the close of 2026-11-20: VIX 28.6, ADX 31.3, five days -4.1 %");
    expect(words({ regime: "crash", gaps: ["no bar of 2026-11-18"] })).toBe(
      "regime crash since 2026-11-19, by the close of 2026-11-20: VIX 28.6, ADX 31.3, five days -4.1 %; high_vol by that close alone; no bar of 2026-11-18",
    );
  });
});
