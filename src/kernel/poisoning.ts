/** K8: an actor whose transition failed keeps its last good snapshot; its protection decides whether it hears any more. */
import type { Cell } from "./cell.ts";
import type { StepInHand } from "./step-in-hand.ts";

/** Poisoned this often within the window: halted. */
const RESTARTS = 3;
const RESTART_WINDOW_MS = 60_000;

/** Its previous snapshot stands already. */
export const poison = (hand: StepInHand, cell: Cell, event: string, detail: string): void => {
  const { path, machine } = cell;
  hand.incident("poisoned", path, event, detail);
  if (cell.standing !== "live") return;
  if (cell.durable?.entry.protection === "quarantine") {
    setAside(hand, cell, "quarantined");
    hand.tellSupervisor(path, { type: "actor.poisoned", path, machine, detail, standing: "quarantined" });
    return;
  }
  const { poisonings } = hand.state;
  const times = (poisonings.get(path) ?? []).filter((time) => hand.now - time < RESTART_WINDOW_MS);
  times.push(hand.now);
  poisonings.set(path, times);
  if (times.length < RESTARTS) {
    hand.tellSupervisor(path, { type: "actor.poisoned", path, machine, detail, standing: "live" });
  } else {
    setAside(hand, cell, "halted");
    hand.tellSupervisor(path, { type: "actor.halted", path, machine, detail });
  }
};

export const setAside = (hand: StepInHand, cell: Cell, standing: "quarantined" | "halted"): void => {
  if (cell.standing === standing) return;
  cell.standing = standing;
  hand.state.dirty.add(cell);
  hand.state.timers.cancelAll(cell.path);
  hand.state.poisonings.delete(cell.path);
};
