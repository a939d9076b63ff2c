/**
 * A registered machine, made fit for the kernel: the same statechart, whose every transition is a transaction.
 *
 * It is a private copy of the machine (`provide({})`) with two methods replaced, so that XState's own actor drives it as it
 * drives any machine. Endless `always` or `raise` loops end after MAX_MICROSTEPS, as a poisoned transition.
 */
import type { AnyMachineSnapshot, AnyStateMachine } from "xstate";
import type { Logic, MachineEntry } from "./logic.ts";
import { refusals } from "./refusals.ts";
import { MachineRefusal, type Transaction } from "./transaction.ts";

const MAX_MICROSTEPS = 1_000;

export interface DurableMachine {
  readonly name: string;
  readonly entry: MachineEntry;
  /** The wrapped logic to make actors of. */
  readonly logic: AnyStateMachine;
}

type Derive = (snapshot: AnyMachineSnapshot, event: unknown, scope: unknown) => AnyMachineSnapshot;
type Begin = (scope: unknown, input: unknown) => AnyMachineSnapshot;

/** The machine under a transaction. Throws a MachineRefusal listing everything in it that cannot be kept durable. */
export const durable = (
  name: string,
  entry: MachineEntry,
  transaction: Transaction,
  rules: Pick<Logic, "effectClass">,
): DurableMachine => {
  const refused = refusals(entry.machine, rules);
  if (refused.length > 0) throw new MachineRefusal(`the machine ${name} cannot run here:\n${refused.join("\n")}`);
  const logic: AnyStateMachine = entry.machine.provide({});
  logic.options = { ...logic.options, maxIterations: Math.min(logic.options?.maxIterations ?? MAX_MICROSTEPS, MAX_MICROSTEPS) };
  const derive = logic.transition as Derive;
  const begin = logic.getInitialSnapshot as Begin;
  logic.transition = (snapshot: AnyMachineSnapshot, event: unknown) =>
    transaction.transition(logic, snapshot, (scope) => derive(snapshot, event, scope));
  logic.getInitialSnapshot = (_scope: unknown, input: unknown) => transaction.birth(logic, (scope) => begin(scope, input));
  return { name, entry, logic };
};

/** Every machine of the logic, wrapped. Throws on the first that is refused. */
export const durableMachines = (logic: Logic, transaction: Transaction): ReadonlyMap<string, DurableMachine> =>
  new Map(Object.entries(logic.machines).map(([name, entry]) => [name, durable(name, entry, transaction, logic)]));
