/** The alert desk under a real kernel in memory: what is brought to it comes in as inputs, in any order, with restarts between. */
import { setup } from "xstate";
import { address } from "../../src/domain/address.ts";
import type { AlertsConfig } from "../../src/domain/config.ts";
import { EFFECT_CLASS, type EffectName } from "../../src/domain/effects.ts";
import type { AlertCommand, Severity } from "../../src/domain/events/alerts.ts";
import type { AlertFact } from "../../src/domain/facts.ts";
import { speech, supervision } from "../../src/domain/speech.ts";
import type { Logic } from "../../src/kernel/logic.ts";
import { alertMachine } from "../../src/machines/alert.machine.ts";
import { alertDeskMachine } from "../../src/machines/alert-desk.machine.ts";
import type { Effect, Input, Step } from "../../src/ports/journal.ts";
import { settle } from "./kernel-memory.ts";
import { type Rig, type RigOptions, RUN, rig } from "./kernel-rig.ts";
import { ENGINE } from "./quoted-chain.ts";

/** Each severity that can grow does, in its own time. */
export const ALERTS: AlertsConfig = { escalateAfterMinutes: { info: 15, warning: 30 }, forgetAfterHours: 24 };

const keeper = setup({ types: { events: {} as { type: string } }, actions: { ...speech, ...supervision } }).createMachine({
  initial: "keeping",
  states: { keeping: { on: { "run.started": { actions: { type: "goLive", params: {} } }, "run.stopped": {} } } },
});
const restarted = { version: 1, protection: "restart" } as const;
export const deskLogic: Logic = {
  supervisor: "keeper",
  machines: {
    keeper: { machine: keeper, ...restarted },
    alertDesk: { machine: alertDeskMachine, ...restarted },
    alert: { machine: alertMachine, ...restarted },
  },
  genesis: () => [
    { path: "keeper", machine: "keeper", input: null },
    { path: address.alerts, machine: "alertDesk", input: { config: { ...ENGINE, alerts: ALERTS } } as never },
  ],
  route: ({ type }) => ({ to: [type.startsWith("run.") ? "keeper" : address.alerts] }),
  effectClass: (type) => EFFECT_CLASS[type as EffectName],
  gate: () => undefined,
  stillWanted: () => true,
};

export type Act =
  | { readonly do: "raise"; readonly key: string; readonly severity: Severity }
  | { readonly do: "clear"; readonly key: string }
  | { readonly do: "say"; readonly word: "acknowledge" | "resolve" | "dismiss"; readonly n: number }
  | { readonly do: "wait"; readonly minutes: number }
  | { readonly do: "restart" };

export const raising = (key: string, severity: Severity = "warning", text = `${key} is wrong`): Input => ({
  type: "alert.raised",
  key,
  severity,
  text,
  source: "slot/s1",
});
export const clearing = (key: string): Input => ({ type: "alert.cleared", key, reason: "it is over" });
export const saying = (word: string, n: number): Input => ({
  type: `operator.${word}`,
  by: "operator",
  from: "api",
  reason: "seen",
  alertId: address.alert(n),
});

/** The desk, running; its configuration is told as to a whole engine. */
export const deskRig = async (options: RigOptions = {}): Promise<Rig> => {
  const made = rig({ logic: deskLogic, ...options });
  await made.kernel.recover();
  made.kernel.start({ ...RUN, config: { ...ENGINE, alerts: ALERTS } as never });
  return made;
};
/** Lives a story through, and gives the kernel as it is then. */
export const lived = async (story: readonly Act[]): Promise<Rig> => {
  const options = { snapshotEvery: 11, maxBatch: 4 };
  let made = await deskRig(options);
  for (const act of story) {
    if (act.do === "raise") made.kernel.offer(raising(act.key, act.severity));
    else if (act.do === "clear") made.kernel.offer(clearing(act.key));
    else if (act.do === "say") made.kernel.offer(saying(act.word, act.n) as unknown as AlertCommand & Input);
    else if (act.do === "wait") made.clock.advance(act.minutes * 60_000);
    else {
      await settle();
      const { journal, snapshots, clock } = made;
      clock.jump(clock.now());
      made = await deskRig({ ...options, journal, snapshots, clock });
    }
    await settle();
  }
  return made;
};

export const factsIn = ({ facts }: Step): readonly AlertFact[] => facts as unknown as readonly AlertFact[];
export const noticesIn = ({ effects }: Step): readonly Effect["params"][] => effects.map(({ params }) => params);
