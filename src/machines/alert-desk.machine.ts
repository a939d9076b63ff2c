/**
 * The desk to which everybody brings what an operator should know, at the address `alerts`.
 *
 *   keeping     alert.raised ─▶ a new alert, or a repeat of the one with that key        alert.cleared ─▶ to the alert
 *               operator.acknowledge | resolve | dismiss ─▶ to the alert                 alert.aged ─▶ it is let go
 *
 * D1 No two alerts that are kept have one key; a number is never given twice.
 * D2 At most MOST_OPEN are open. For another, the oldest dismissed one goes; when none is dismissed, the newcomer is counted in one alert
 *    that says how many found no place, as severe as the worst of them.
 * D3 A telling is a journaled step: what is raised while the engine recovers is not lost. What goes wrong with the desk itself it cannot
 *    tell; the engine does (engine.speech.ts).
 */
import { assign, setup } from "xstate";
import { address } from "../domain/address.ts";
import { DEFAULT_ALERTS } from "../domain/alert.ts";
import { type Retire, type Spawn, speech, type Tell, type Told } from "../domain/speech.ts";
import type { AlertInput } from "./alert.context.ts";
import {
  type AlertDeskContext,
  type AlertDeskEvent,
  type AlertDeskInput,
  type Args,
  foldedAfter,
  isKnown,
  mayGo,
  meant,
  outgoing,
  raisedBy,
  turned,
  withNewborn,
  without,
} from "./alert-desk.context.ts";

const numberOf = ({ alerts }: AlertDeskContext, key: string | undefined): number => alerts[key ?? ""]?.n as number;
const retire = (key: (args: Args) => string | undefined) => ({
  type: "retire" as const,
  params: (args: Args): Retire => ({ path: address.alert(numberOf(args.context, key(args))) }),
});
const repeat = {
  type: "tell" as const,
  params: (args: Args): Tell => {
    const alert = raisedBy(args);
    return { to: address.alert(numberOf(args.context, alert.key)), event: { type: "alert.raised", ...alert } as Told };
  },
};
const bear = {
  type: "spawn" as const,
  params: (args: Args): Spawn => {
    const n = args.context.numbered + 1;
    const input: AlertInput = { n, alert: raisedBy(args), config: args.context.config, now: args.event.now };
    return { path: address.alert(n), machine: "alert", input };
  },
};
/** The event as it came, to the alert that it is about. */
const pass = {
  type: "tell" as const,
  params: (args: Args): Tell => ({ to: address.alert(meant(args) as number), event: { ...args.event } }),
};
const toHand = [{ guard: "meant" as const, actions: pass }, {}] as const;

export const alertDeskMachine = setup({
  types: { input: {} as AlertDeskInput, context: {} as AlertDeskContext, events: {} as AlertDeskEvent },
  guards: {
    known: isKnown,
    crowded: ({ context }) => outgoing(context) !== undefined,
    meant: (args) => meant(args) !== undefined,
    mayGo,
  },
  actions: {
    ...speech,
    fold: assign(foldedAfter),
    number: assign(withNewborn),
    letOldestGo: assign(({ context }) => without(context, outgoing(context))),
    letGo: assign(({ context, event }) => (event.type === "alert.aged" ? without(context, event.key) : {})),
    noteTurn: assign(turned),
    takeConfig: assign(({ event }) => (event.type === "run.resumed" ? { config: event.config.alerts ?? DEFAULT_ALERTS } : {})),
  },
}).createMachine({
  id: "alertDesk",
  context: ({ input }) => ({
    config: input.config.alerts ?? DEFAULT_ALERTS,
    numbered: 0,
    alerts: {},
    folded: 0,
    worstFolded: "info",
  }),
  initial: "keeping",
  states: {
    keeping: {
      on: {
        "alert.raised": [
          { guard: "known", actions: ["fold", repeat] },
          { guard: "crowded", actions: [retire(({ context }) => outgoing(context)), "letOldestGo", bear, "number"] },
          { actions: ["fold", bear, "number"] },
        ],
        "alert.cleared": toHand,
        "operator.acknowledge": toHand,
        "operator.resolve": toHand,
        "operator.dismiss": toHand,
        "alert.turned": { actions: "noteTurn" },
        "alert.aged": [{ guard: "mayGo", actions: [retire(({ event }) => (event as { key: string }).key), "letGo"] }, {}],
        // A time that is running runs on; the next raise goes by the new configuration.
        "run.resumed": {
          actions: [
            "takeConfig",
            {
              type: "tell",
              params: ({ context, event }): Tell[] =>
                Object.values(context.alerts).map(({ n }) => ({ to: address.alert(n), event: { ...event } as Told })),
            },
          ],
        },
      },
    },
  },
});
