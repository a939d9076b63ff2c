/** A configuration that is right, but probably not meant: it is said, and nothing is refused. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { caretaker, scratch } from "../support/process-caretaker.ts";

test("'config check' warns of targets that the time exit leaves no time for, and of nothing where they fit", async () => {
  const directory = scratch();
  const file = (name: string, text: string): string => {
    writeFileSync(join(directory, name), text);
    return join(directory, name);
  };
  const hasty = file("hasty.yaml", "mode: simulated\n");
  const fitting = file("fitting.yaml", "mode: simulated\nrules:\n  takeProfit: { targetPct: 50 }\n");
  const [warned, asJson, silent] = await Promise.all([
    caretaker(["config", "check", hasty]),
    caretaker(["config", "check", hasty, "--json"]),
    caretaker(["config", "check", fitting, "--json"]),
  ]);
  expect(warned).toMatchObject({ code: 0, stdout: `${hasty}: ok\n` });
  expect(warned.stderr).toContain(`${hasty}: warning: rules.dteRoll.forceDays: with a time exit at 21 days`);
  expect(asJson).toMatchObject({ code: 0, stderr: "" });
  expect(JSON.parse(asJson.stdout)).toMatchObject({ ok: true, warnings: [expect.stringContaining("90 % (low_vol)")] });
  expect(JSON.parse(silent.stdout)).toEqual({ ok: true, warnings: [] });
});
