/**
 * One shelf of the queue: some hundreds of contracts of the account that have no line of their own.
 *
 *   keeping          each entry: waiting ─turn─▶ refreshing ─answer─▶ done ─after a while─▶ waiting
 *                                    ▲ ▲             ├─ its line was needed, the connection ended ─▶ waiting
 *                                    │ └─ back-off ──┴─ failed for the day ─▶ failed ─ next session ─▶ waiting
 *
 * The queue says when; the pool says whether. A queue of one piece would have to write all its entries into each snapshot; a shelf is
 * written only when something on it changed.
 */
import { assign, setup } from "xstate";
import { address } from "../domain/address.ts";
import type { EngineConfig, LinesConfig } from "../domain/config.ts";
import type { ShelfEvent } from "../domain/events/actors.ts";
import {
  asked,
  calmed,
  changed,
  EMPTY_SHELF,
  failed,
  filled,
  picked,
  recalled,
  refreshed,
  returned,
  type Shelf,
  type Turn,
  tally,
} from "../domain/lines/shelf.ts";
import { speech, type Tell, type Told } from "../domain/speech.ts";
import type { Heard } from "./heard.ts";

export interface ContractShelfInput {
  readonly n: number;
  readonly lines: LinesConfig;
}
interface ShelfContext {
  readonly n: number;
  readonly refreshMs: number;
  readonly shelf: Shelf;
  /** What the last turn asked for: said and forgotten within the transition. */
  readonly asked: Turn | null;
}
type ContractShelfEvent = Heard<
  ShelfEvent | { readonly type: "effect.refused" } | { readonly type: "run.resumed"; readonly config: EngineConfig }
>;
interface Args {
  readonly context: ShelfContext;
  readonly event: ContractShelfEvent;
}

const shelfAfter = ({ context: { shelf, refreshMs }, event }: Args): Shelf => {
  switch (event.type) {
    case "shelf.filled":
      return filled(shelf, event.contracts);
    case "shelf.changed":
      return changed(shelf, event.contract, event.held);
    case "entry.refreshed":
      return refreshed(shelf, event.conId, event.now, refreshMs);
    case "entry.failed":
      return failed(shelf, event.conId, event.retryAt, event.dead);
    case "entry.recalled":
      return asked(shelf, event.conId);
    case "entry.returned":
      return returned(shelf, event.conId);
    case "shelf.calmed":
      return calmed(shelf);
    default:
      return shelf;
  }
};
const take = { actions: "take" } as const;

export const contractShelfMachine = setup({
  types: { input: {} as ContractShelfInput, context: {} as ShelfContext, events: {} as ContractShelfEvent },
  actions: {
    ...speech,
    take: assign((args) => ({ shelf: shelfAfter(args) })),
    takeTurn: assign(({ context, event }) => {
      if (event.type !== "turn.given") return {};
      const asked = picked(context.shelf, event.count, event.now);
      return { asked: { ...asked, shelf: EMPTY_SHELF }, shelf: asked.shelf };
    }),
    endTurn: assign({ asked: null }),
    takeConfig: assign(({ event }) =>
      event.type === "run.resumed" ? { refreshMs: event.config.lines.refreshSeconds * 1_000 } : {},
    ),
  },
}).createMachine({
  id: "contractShelf",
  context: ({ input }) => ({
    n: input.n,
    refreshMs: input.lines.refreshSeconds * 1_000,
    shelf: EMPTY_SHELF,
    asked: null,
  }),
  initial: "keeping",
  states: {
    keeping: {
      on: {
        "shelf.filled": take,
        "shelf.changed": take,
        "entry.refreshed": take,
        "entry.failed": take,
        "entry.returned": take,
        "shelf.calmed": take,
        "run.resumed": { actions: "takeConfig" },
        "entry.recalled": {
          actions: [
            {
              type: "tell",
              params: ({ context, event }): Tell[] =>
                recalled(context.shelf, event.conId).map((contract) => ({
                  to: address.lines,
                  event: { type: "snapshot.requested", contract } as Told,
                })),
            },
            "take",
          ],
        },
        "turn.given": {
          actions: [
            "takeTurn",
            {
              type: "tell",
              params: ({ context }): Tell => ({
                to: address.contractQueue,
                event: {
                  type: "turn.taken",
                  shelf: context.n,
                  conIds: context.asked?.contracts.map(({ conId }) => conId) ?? [],
                  ended: context.asked?.ended ?? true,
                  dueAt: context.asked?.dueAt ?? null,
                } as Told,
              }),
            },
            {
              type: "tell",
              params: ({ context }): Tell[] =>
                (context.asked?.contracts ?? []).map((contract) => ({
                  to: address.lines,
                  event: { type: "snapshot.requested", contract } as Told,
                })),
            },
            "endTurn",
          ],
        },
        "shelf.asked": {
          actions: {
            type: "tell",
            params: ({ context, event }): Tell => ({
              to: address.contractQueue,
              event: { type: "shelf.told", shelf: context.n, ...tally(context.shelf, event.now) } as Told,
            }),
          },
        },
      },
    },
  },
});
