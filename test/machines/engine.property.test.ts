/** The mode of the engine follows from session and latches, whatever comes in whatever order; and which sagas it lets go. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createActor } from "xstate";
import { addDays } from "../../src/domain/calendar/civil-date.ts";
import { instantOf } from "../../src/domain/calendar/new-york.ts";
import { intentIdOf, orderAddress } from "../../src/domain/identity.ts";
import { engineMachine } from "../../src/machines/engine.machine.ts";
import { type Given, given } from "../support/given.ts";
import { DAY, ENGINE, NOON, STRATEGY } from "../support/quoted-chain.ts";

type Engine = Given<typeof engineMachine>;
const engine = (): Engine => given(engineMachine, undefined as never, NOON);
const run = (recovered: object = {}, config: object = ENGINE) => ({ type: "run.started", build: "b", config, recovered });
const operator = (verb: string, more = {}) => ({ type: `operator.${verb}`, by: "me", from: "cli", reason: "because", ...more });
const rearm = (scope = "engine") => operator("rearm", { scope });
const readied = { type: "session.readied", epoch: 1, account: "DU1", clientId: 7 };
const unreadied = { type: "session.unreadied", epoch: 1, reason: "" };
const ours = { kind: "quantity", subject: "SPY", ours: 1, theirs: 2 };
const foreign = { kind: "missingHere", subject: "X", ours: 0, theirs: 2 };
const truth = (...discrepancies: object[]) => ({
  type: "reconciliation.completed",
  epoch: 1,
  startedAt: NOON,
  orders: [],
  discrepancies,
});
const modes = (it: Engine): string[] =>
  it
    .params("tell")
    .filter(({ topic }) => topic === "mode")
    .map(({ event }) => event.mode);

describe("the engine's mode, whatever comes", () => {
  test("is what latches, session and the broker's books say, and is announced at each change", () => {
    const happening = fc.constantFrom(
      "run",
      "foreignRun",
      "crashLoop",
      "readied",
      "unreadied",
      "halt",
      "pause",
      "resume",
      "rearm",
      "differs",
      "agrees",
      "foreign",
      "refused",
      "stopping",
    );
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 40, size: "max" }), (happenings) => {
        const it = engine().hear(run());
        let [ready, halt, pause, mismatch, build, draining] = [false, false, false, false, false, false];
        for (const what of happenings) {
          if (what === "run" || what === "foreignRun" || what === "crashLoop") {
            it.hear(run(what === "foreignRun" ? { differences: ["x"] } : what === "crashLoop" ? { recentStarts: 2 } : {}));
            [ready, draining] = [false, false];
            build ||= what === "foreignRun";
            halt ||= what === "crashLoop";
          } else if (what === "readied") [ready] = [true, it.hear(readied)];
          else if (what === "unreadied") [ready] = [false, it.hear(unreadied)];
          else if (what === "halt") [halt] = [true, it.hear(operator("halt"))];
          else if (what === "refused") [halt] = [true, it.hear({ type: "account.refused", reason: "live" })];
          else if (what === "pause") [pause] = [true, it.hear(operator("pause"))];
          else if (what === "resume") [pause] = [false, it.hear(operator("resume"))];
          else if (what === "rearm") [halt, build] = [false, false, it.hear(rearm())];
          else if (what === "stopping") [draining] = [true, it.hear({ type: "run.stopping" })];
          else
            [mismatch] = [
              what === "differs",
              it.hear(truth(...(what === "differs" ? [ours] : what === "foreign" ? [foreign] : []))),
            ];
          const mode = draining
            ? "draining"
            : halt
              ? "halted"
              : !ready
                ? "reconciling"
                : pause || mismatch || build
                  ? "reducing"
                  : "trading";
          expect(it.state).toBe(mode);
          expect(modes(it).at(-1)).toBe(mode);
        }
      }),
    );
  });
});

describe("the engine", () => {
  test("keeps its latches when its state goes to disk and the next run begins", () => {
    for (const verb of ["halt", "pause"]) {
      const it = engine().hear(run(), readied, operator(verb));
      const actor = createActor(engineMachine);
      const kept = JSON.parse(JSON.stringify({ ...actor.getPersistedSnapshot(), value: it.state, context: it.context }));
      const restored = createActor(engineMachine, { snapshot: kept });
      restored.start();
      restored.send({ ...run(), now: NOON } as never);
      restored.send({ ...readied, now: NOON } as never);
      expect(restored.getSnapshot().value).toBe(verb === "halt" ? "halted" : "reducing");
      restored.stop();
    }
  });
  test("spawns everybody once, tells the living of the next run, and switches off a strategy that the config has dropped", () => {
    const it = engine().hear(run());
    const born = it
      .params("spawn")
      .flat()
      .map(({ path }) => path);
    expect(new Set(born).size).toBe(born.length);
    expect(born.at(-1)).toBe("session");
    it.quiet().hear(run({}, { ...ENGINE, strategies: [{ ...STRATEGY, name: "other" }] }));
    expect(
      it
        .params("spawn")
        .flat()
        .map(({ path }) => path),
    ).toEqual(["strategy/other"]);
    expect(
      it
        .params("tell")
        .flat()
        .find(({ to }) => to === "strategy/spy-condor").event,
    ).toMatchObject({ type: "run.resumed", config: { enabled: false } });
  });
  test("hands a rearm to whom it is for", () => {
    const it = engine().hear(run(), rearm("orders"), rearm("reconciliation"));
    expect([it.told("breaker/orders").at(-1).type, it.told("reconciler").at(-1).type]).toEqual([
      "operator.rearm",
      "operator.rearm",
    ]);
  });
});

describe("an actor that fails", () => {
  const fell = (type: string, path: string) => ({ type, path, machine: "m", detail: "it threw" });
  test("is an alert; the desk itself and its alerts cannot be, and are told to the operator without it", () => {
    const it = engine().hear(run());
    for (const path of ["slot/s1", "alertsomething", "order/20261123/s1-1"])
      it.hear(fell("actor.poisoned", path), fell("actor.halted", path));
    expect(it.params("operator.notify")).toEqual([]);
    expect(it.raised.map(({ key, severity }) => [key, severity])).toContainEqual(["halted/slot/s1", "critical"]);
    expect(it.raised.length).toBe(6);
    for (const path of ["alerts", "alerts/12"]) it.hear(fell("actor.poisoned", path), fell("actor.halted", path));
    expect(it.raised.length).toBe(6);
    expect(it.params("operator.notify").map(({ severity, text }) => [severity, text.includes("it threw")])).toEqual(
      Array(4).fill(["critical", true]),
    );
  });
  test("before there is a desk, as in the journal of an earlier build, is told without one too", () => {
    const it = engine().hear(fell("actor.poisoned", "slot/s1"));
    expect([it.raised, it.params("operator.notify").length]).toEqual([[], 1]);
  });
});

describe("the sagas of a day (K9)", () => {
  test("are retired together, after their day, and never before each of them has ended", () => {
    const saga = fc
      .tuple(fc.nat(2), fc.integer({ min: 1, max: 4 }))
      .map(([day, n]) => orderAddress(intentIdOf(addDays(DAY, day), "s1", n)));
    const happening = fc.oneof(
      saga.map((path) => ({ type: "saga.began", path })),
      saga.map((path) => ({ type: "saga.ended", path })),
      fc.constant(truth()),
      fc.integer({ min: 1, max: 20 }),
    );
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 40, size: "max" }), (happenings) => {
        const it = engine().hear(run());
        const alive = new Set<string>();
        const known = new Set<string>();
        for (const what of happenings) {
          if (typeof what === "number") {
            it.now = (it.now + what * 3_600_000) as typeof it.now;
            continue;
          }
          if (what.type === "saga.began") {
            // A saga is born on its own day.
            const { path } = what as { path: string };
            if (!path.includes(newYork(it.now)) || known.has(path)) continue;
            alive.add(path);
            known.add(path);
          } else if (what.type === "saga.ended" && !alive.delete((what as { path: string }).path)) continue;
          it.quiet().hear(what);
          for (const { prefix } of it.params("retire")) {
            expect([...alive].filter((path) => path.startsWith(prefix))).toEqual([]);
            expect(prefix < `order/${newYork(it.now)}`).toBe(true);
            for (const path of known) if (path.startsWith(prefix)) known.delete(path);
          }
          if (what.type !== "saga.began") {
            const over = [...known].filter((path) => path < `order/${newYork(it.now)}`);
            const shardsAlive = new Set([...alive].map((path) => path.slice(0, 15)));
            expect(over.filter((path) => !shardsAlive.has(path.slice(0, 15)))).toEqual([]);
          }
        }
      }),
    );
  });
  const newYork = (now: number): string => {
    for (let n = 0; ; n++) if (now < instantOf(addDays(DAY, n + 1), 0)) return addDays(DAY, n).replaceAll("-", "");
  };
});
