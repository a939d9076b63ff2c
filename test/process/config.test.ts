/** A configuration that is wrong ends the start with the place and the way out, before anything is connected or made. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { caretaker, scratch } from "../support/process-caretaker.ts";
import { startProxy } from "../support/process-proxy.ts";

interface Wrong {
  readonly name: string;
  readonly text: string;
  /** line:column and what is said there. */
  readonly says: readonly string[];
}
const WRONG: readonly Wrong[] = [
  {
    name: "a typo in a key",
    text: "mode: simulated\ngateway:\n  prot: 4002\n",
    says: [":3:3 gateway.prot: unknown key, did you mean port?"],
  },
  {
    name: "a typo in a nested key",
    text: "strategies:\n  - name: a\n    kind: iron-condor\n    symbol: SPY\n    entry: { shrtDelta: 0.2 }\n",
    says: [":5:14 strategies.0.entry.shrtDelta: unknown key, did you mean shortDelta?"],
  },
  {
    name: "a key that is like nothing",
    text: "lines:\n  zebra: 1\n",
    says: [":2:3 lines.zebra: unknown key, valid keys here: max"],
  },
  {
    name: "a share where percent is meant",
    text: "limits:\n  maxLossPerPositionPct: 400\n",
    says: [":2:26 limits.maxLossPerPositionPct:", "got 400", "percent"],
  },
  {
    name: "delta in points",
    text: "strategies:\n  - { name: a, kind: iron-condor, symbol: SPY, entry: { shortDelta: 16 } }\n",
    says: [":2:69 strategies.0.entry.shortDelta:", "got 16", "0.16 means 16 delta"],
  },
  {
    name: "a word where a number is meant",
    text: "reconcileEverySeconds: soon\n",
    says: [":1:24 reconcileEverySeconds:", 'got "soon"', "seconds"],
  },
  {
    name: "an order of days that cannot be",
    text: "strategies:\n  - { name: a, kind: iron-condor, symbol: SPY, entry: { dteMin: 50, dteTarget: 40 } }\n",
    says: [":2:80 strategies.0.entry.dteTarget: dteMin ≤ dteTarget ≤ dteMax must hold"],
  },
  { name: "live money", text: "mode: live\n", says: [":1:7 mode: live trading is not built yet"] },
  { name: "no YAML", text: "mode: [simulated\nx: 1\n", says: [":2:1 "] },
  {
    name: "two wrong keys at once",
    text: "futurs: []\nmod: simulated\n",
    says: [":1:1 futurs: unknown key, did you mean futures?", ":2:1 mod: unknown key, did you mean mode?"],
  },
];

describe("a wrong configuration", () => {
  test("is refused with file:line:column, exit 78, without a connection and without a state directory", async () => {
    const nobody = await startProxy(1);
    const directory = scratch();
    const ends = await Promise.all(
      [...WRONG.entries()].map(async ([n, wrong]) => {
        const file = join(directory, `${n}.yaml`);
        writeFileSync(file, wrong.text);
        const state = join(directory, `state-${n}`);
        const { code, stdout, stderr } = await caretaker([
          "run",
          "--config",
          file,
          "--port",
          String(nobody.port),
          "--state",
          state,
          "--json",
        ]);
        return { ...wrong, file, code, stdout, stderr, made: existsSync(state) };
      }),
    );
    for (const { name, file, code, stdout, stderr, made, says } of ends) {
      expect({ name, code, stdout, made }).toStrictEqual({ name, code: 78, stdout: "", made: false });
      for (const text of says) expect(stderr, name).toContain(text.startsWith(":") ? `${file}${text}` : text);
    }
    const absent = await caretaker(["run", "--config", join(directory, "absent.yaml"), "--port", String(nobody.port)]);
    expect(absent).toMatchObject({ code: 78, stdout: "" });
    expect(absent.stderr).toContain(`${join(directory, "absent.yaml")}:1:1 there is no such file; config/ holds`);
    expect({ connections: nobody.connections, bytes: nobody.bytesHeard }).toStrictEqual({ connections: 0, bytes: 0 });
  });

  test("is told by 'config check' too, and a right one is not", async () => {
    const directory = scratch();
    const wrong = join(directory, "wrong.yaml");
    writeFileSync(wrong, "gatway: {}\n");
    const [bad, asJson, good] = await Promise.all([
      caretaker(["config", "check", wrong]),
      caretaker(["config", "check", wrong, "--json"]),
      caretaker(["config", "check", "config/demo.yaml"]),
    ]);
    expect(bad).toMatchObject({ code: 78 });
    expect(bad.stderr).toContain(`${wrong}:1:1 gatway: unknown key, did you mean gateway?`);
    expect(asJson.code).toBe(78);
    expect(JSON.parse(asJson.stdout)).toMatchObject({ ok: false, problems: [{ file: wrong, line: 1, column: 1 }] });
    expect(good).toMatchObject({ code: 0, stderr: "" });
  });
});
