/**
 * One alert: a condition that somebody should know of, from its first raise until long after it is over.
 *
 *   raised ──acknowledge──▶ acknowledged ──cleared, resolve──▶ resolved ──aged──▶ (its desk lets it go)
 *    ▲ ▲ │ └───────cleared, resolve───────────────────────────▶ ▲ │
 *    │ │ └──dismiss──▶ dismissed ◀─dismiss── acknowledged       │ │
 *    │ └──raised, worse──┴───────cleared, resolve───────────────┘ │
 *    └────────────────────────raised again────────────────────────┘
 *
 *   raised:  waiting ─nobody has looked─▶ standing        waiting only while there is a time after which it gets more severe
 *
 * A1 A repeat counts, with its newest words; it is said to the operator again only when it is worse than what was said.
 * A2 Escalation is once a raise: one step more severe, said again. Whoever acknowledges in time is spared it.
 * A3 What was over and comes back is a new raise of the same alert, as severe as it now is.
 * A4 A dismissed one counts in silence until it has been over once; only a worse condition than the dismissed one breaks the silence.
 * A5 Each raise is a notice or is counted, and both are facts.
 */
import type { AlertState } from "../domain/events/alerts.ts";
import { newAlertContext } from "./alert.context.ts";
import * as say from "./alert.speech.ts";
import { alertWords } from "./alert.words.ts";

/** A repeat: it counts; one that is worse than what was said must be looked at anew. */
const again = (state: AlertState) =>
  [
    {
      guard: "worse",
      target: "#alert.raised",
      reenter: true,
      actions: ["worsen", ...say.changed("worsened", "raised"), say.notice],
    },
    { actions: ["repeat", say.repeated(state)] },
  ] as const;
const over = { target: "#alert.resolved", actions: "takeReason" } as const;

export const alertMachine = alertWords.createMachine({
  id: "alert",
  context: ({ input }) => newAlertContext(input),
  entry: [...say.changed("raised", "raised"), say.notice],
  initial: "raised",
  on: {
    "run.resumed": { actions: "takeConfig" },
    "alert.cleared": {},
    "operator.acknowledge": {},
    "operator.resolve": {},
    "operator.dismiss": {},
    // Notices are kept and repeated by the kernel.
    "effect.written": {},
    "effect.refused": {},
    "effect.unconfirmed": {},
  },
  states: {
    raised: {
      initial: "waiting",
      on: {
        "alert.raised": again("raised"),
        "alert.cleared": over,
        "operator.resolve": over,
        "operator.acknowledge": { target: "acknowledged", actions: "takeReason" },
        "operator.dismiss": { target: "dismissed", actions: "takeReason" },
      },
      states: {
        waiting: {
          always: { guard: "neverEscalates", target: "standing" },
          after: { escalation: { target: "standing", actions: ["escalate", ...say.changed("escalated", "raised"), say.notice] } },
        },
        standing: {},
      },
    },
    acknowledged: {
      entry: say.changed("acknowledged", "acknowledged"),
      on: {
        "alert.raised": again("acknowledged"),
        "alert.cleared": over,
        "operator.resolve": over,
        "operator.dismiss": { target: "dismissed", actions: "takeReason" },
      },
    },
    dismissed: {
      entry: say.changed("dismissed", "dismissed"),
      on: { "alert.raised": again("dismissed"), "alert.cleared": over, "operator.resolve": over },
    },
    resolved: {
      entry: say.changed("resolved", "resolved"),
      after: { forgetting: { actions: say.aged } },
      on: {
        "alert.raised": { target: "raised", actions: ["reopen", ...say.changed("reopened", "raised"), say.notice] },
      },
    },
  },
});
