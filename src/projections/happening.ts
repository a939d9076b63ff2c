/** What the engine is doing now, in one sentence. */

import type { Actors } from "./actors.ts";
import type { BreakersView } from "./breakers.ts";
import type { OrderSummary } from "./order-life.ts";
import type { SlotPosition } from "./positions.ts";
import type { SessionView } from "./session.ts";
import { creditOrDebit, signedMoney } from "./words.ts";

interface Scene {
  readonly session: SessionView;
  readonly breakers: BreakersView;
  readonly slots: readonly SlotPosition[];
  readonly workingOrder: OrderSummary | undefined;
  readonly actors: Actors;
}

const LOOKING: { readonly [state: string]: string } = {
  waiting: "waits for its entry window",
  resolving: "asks for contracts and history",
  scanning: "reads quotes for an entry",
  requesting: "asks the risk gate for a slot",
  stopped: "pauses after a look",
  cooling: "pauses before the next look",
};

const strategiesDoing = (actors: Actors): string => {
  const said: string[] = [];
  for (const [path, words] of actors.under("strategy/")) {
    const [head = "", inner = ""] = words.split(" · ");
    if (head === "looking") said.push(`${path.slice("strategy/".length)} ${LOOKING[inner] ?? "looks for an entry"}`);
  }
  return said.sort().join("; ");
};

export const happening = ({ session, breakers, slots, workingOrder, actors }: Scene): string => {
  const reason = session.reason === "" ? "" : `: ${session.reason}`;
  switch (session.mode) {
    case "stopped":
      return session.runs === 0 ? "Nothing has run yet." : "Stopped. Nothing is sent; open positions stay at the broker.";
    case "recovering":
      return "Reading the journal back.";
    case "reconciling":
      return session.ready || session.trouble === ""
        ? "Asking the broker for orders, executions and positions before anything is sent."
        : `Connecting to the gateway again: ${session.trouble}.`;
    case "halted":
      return `Halted${reason}. Nothing that adds risk is sent until an operator re-arms the engine.`;
    case "draining":
      return "Stopping: nothing new is begun.";
  }
  const clauses: string[] = [];
  if (session.mode === "reducing") clauses.push(`Only reducing${reason}`);
  if (breakers.worst === "tripped") clauses.push("A breaker is tripped: no entries until it has cooled down");
  if (workingOrder !== undefined) {
    const { doubted, purpose, name, limit } = workingOrder;
    const doing = doubted ? "Asking the broker about" : "Working";
    clauses.push(
      `${doing} the ${purpose === "reduce" ? "reduction" : purpose} of ${name}${limit === undefined || doubted ? "" : ` at ${creditOrDebit(limit)}`}`,
    );
  }
  if (slots.length > 0) {
    const held = slots.map(
      ({ name, profit }) => `${name}${profit === undefined ? " (profit unknown)" : ` (${signedMoney(profit)})`}`,
    );
    clauses.push(`Holding ${held.slice(0, 2).join(" and ")}${held.length > 2 ? ` and ${held.length - 2} more` : ""}`);
  }
  const looking = strategiesDoing(actors);
  if (looking !== "") clauses.push(looking);
  return clauses.length === 0 ? "Trading: no position, and no strategy is looking." : `${clauses.join(". ")}.`;
};
