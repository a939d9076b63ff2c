/**
 * The broker's complete answer: open orders, completed orders and executions, each asked for, told to its end and durable in the
 * journal, all on one connection. Whatever ends the connection begins it anew.
 */
import type { Evidence } from "./evidence.ts";

const ANSWERS = ["openOrders", "completedOrders", "executions"] as const;
type Answer = (typeof ANSWERS)[number];
const QUESTIONS: { readonly [call: string]: Answer } = {
  reqOpenOrders: "openOrders",
  reqAllOpenOrders: "openOrders",
  reqCompletedOrders: "completedOrders",
  reqExecutions: "executions",
};
const ENDS: { readonly [event: string]: Answer } = {
  openOrderEnd: "openOrders",
  completedOrdersEnd: "completedOrders",
  execDetailsEnd: "executions",
};
const INPUTS: { readonly [type: string]: Answer } = {
  "openOrders.answered": "openOrders",
  "completedOrders.answered": "completedOrders",
  "executions.answered": "executions",
};

/** How far the broker's complete answer has come since something: for each question, nothing, asked, ended, applied. */
export class CompleteAnswer {
  readonly #stages: { [A in Answer]: 0 | 1 | 2 | 3 } = { openOrders: 0, completedOrders: 0, executions: 0 };

  get complete(): boolean {
    return ANSWERS.every((answer) => this.#stages[answer] === 3);
  }

  hear(evidence: Evidence): void {
    if (this.complete) return;
    if (evidence.kind === "lineEnded" || evidence.kind === "processEnded") for (const answer of ANSWERS) this.#stages[answer] = 0;
    else if (evidence.kind === "sent") this.#raise(QUESTIONS[evidence.name], 1);
    else if (evidence.kind === "heard") this.#raise(ENDS[evidence.name], 2);
    else if (evidence.kind === "record") this.#raise(INPUTS[evidence.record.input.type], 3);
  }

  #raise(answer: Answer | undefined, stage: 1 | 2 | 3): void {
    if (answer !== undefined && this.#stages[answer] === stage - 1) this.#stages[answer] = stage;
  }
}
