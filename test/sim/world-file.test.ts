import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { epochMs } from "../../src/domain/units.ts";
import { assertFits, holdWorld, readWorld, type World, WorldFileError, worldFile, writeWorld } from "../../src/sim/world-file.ts";
import { ACCOUNT, createBrokerRig } from "../support/broker-rig.ts";

const scratch = mkdtempSync(join(tmpdir(), "caretaker-world-"));
afterAll(() => rmSync(scratch, { recursive: true }));

const identity = { market: "scripted", begins: epochMs(1), opening: "VIX 17.00", seed: 7, account: ACCOUNT };
const world = (): World => ({ v: 1, identity, broker: createBrokerRig().broker.saved() });

describe("a world file", () => {
  it("lies beside the state directory, which has to be empty to be initialised", () => {
    expect(worldFile("/var/lib/caretaker/demo")).toBe("/var/lib/caretaker/demo-gateway.json");
    expect(worldFile("/var/lib/caretaker/demo/")).toBe("/var/lib/caretaker/demo-gateway.json");
  });

  it("gives back what was written, and leaves nothing else behind", () => {
    const file = join(scratch, "same.json");
    expect(readWorld(file)).toBeUndefined();
    writeWorld(file, world());
    writeWorld(file, world());
    expect(readWorld(file)).toEqual(world());
    expect(readdirSync(scratch).filter((name) => name.startsWith("same"))).toEqual(["same.json"]);
  });

  it("is the old world, whole, when the new one cannot be written", () => {
    const file = join(scratch, "old.json");
    writeWorld(file, world());
    const cyclic: { self?: object } = {};
    cyclic.self = cyclic;
    expect(() => writeWorld(file, { ...world(), broker: cyclic as never })).toThrow();
    expect(readWorld(file)).toEqual(world());
  });

  it.each([
    ["nothing", ""],
    ["half a world", JSON.stringify(world()).slice(0, 200)],
    ["something else", '{"a":1}'],
    ["null", "null"],
    ["a later version", JSON.stringify({ ...world(), v: 2 })],
  ])("is refused by name when it holds %s, and stays as it is", (_, text) => {
    const file = join(scratch, "bad.json");
    writeFileSync(file, text);
    expect(() => readWorld(file)).toThrow(WorldFileError);
    expect(() => readWorld(file)).toThrow(`${file} is not the world of a simulated gateway`);
    expect(readFileSync(file, "utf8")).toBe(text);
  });

  it.each([
    ["market", { market: "recorded XYZ" }],
    ["begins", { begins: epochMs(2) }],
    ["opening", { opening: "VIX 30.00" }],
    ["seed", { seed: 8 }],
    ["account", { account: "DU2" }],
  ] as const)("is refused for another %s, with file, both values and the way out", (_what, other) => {
    const [value] = Object.values(other);
    const attempt = (): void => assertFits("w.json", world(), { ...identity, ...other });
    expect(attempt).toThrow(WorldFileError);
    expect(attempt).toThrow(new RegExp(`^the saved world w.json does not fit: .*${value}.*move it away`));
    expect(() => assertFits("w.json", world(), identity)).not.toThrow();
  });

  it("belongs to one gateway at a time, also in a directory that is only now made", async () => {
    const file = join(scratch, "new", "held.json");
    const letGo = await holdWorld(file);
    expect(existsSync(join(scratch, "new"))).toBe(true);
    await expect(holdWorld(file)).rejects.toThrow("another simulated gateway is running on the world");
    const other = await holdWorld(join(scratch, "new", "other.json"));
    await letGo();
    const again = await holdWorld(file);
    await Promise.all([again(), other()]);
  });
});
