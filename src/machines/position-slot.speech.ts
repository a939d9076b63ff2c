/** What a position slot says: to its order saga, the gate, its strategy, the pool of lines, the operator and the read side. */
import { address, topic } from "../domain/address.ts";
import type { Contract } from "../domain/contract.ts";
import type { Effects } from "../domain/effects.ts";
import type { SlotFact } from "../domain/facts.ts";
import { feesOf, realisedProfit } from "../domain/pnl.ts";
import type { Listen, Spawn, Tell, Told } from "../domain/speech.ts";
import { moneyUnits } from "../domain/units.ts";
import type { OrderInput } from "./order.context.ts";
import { entryOfSlot } from "./position-slot.books.ts";
import { legsOf, type Sight, type SlotContext, type SlotEvent } from "./position-slot.context.ts";
import { escalation, intentOf, sagaOf, strategyPath } from "./position-slot.orders.ts";

interface Args {
  readonly context: SlotContext;
  readonly event: SlotEvent;
}
const tell = (to: (args: Args) => string, event: (args: Args) => Told) => ({
  type: "tell" as const,
  params: (args: Args): Tell => ({ to: to(args), event: event(args) }),
});
const ourStrategy = ({ context }: Args): string => strategyPath(context.candidate);
const symbolOf = ({ context }: Args): string => context.candidate?.symbol ?? "";

export const listenToAnnouncements = { type: "listen" as const, params: { topics: [topic.mode, topic.session] } };

// ── lines ──
export const contractsOf = (context: SlotContext): Contract[] =>
  context.candidate === null ? [] : [...legsOf(context).map(({ contract }) => contract), context.candidate.underlying];
const quoteTopics = ({ context }: Args): Listen => ({ topics: contractsOf(context).map(({ conId }) => topic.quote(conId)) });
export const listenToQuotes = { type: "listen" as const, params: quoteTopics };
export const stopListening = { type: "unlisten" as const, params: quoteTopics };
export const requestNextLine = tell(
  () => address.lines,
  ({ context }) => ({ type: "line.requested", holder: context.path, contract: context.toRequest[0], priority: 1 }),
);
export const releaseLines = tell(
  () => address.lines,
  ({ context }) => ({ type: "lines.released", holder: context.path }),
);

// ── orders ──
export const spawnOrder = {
  type: "spawn" as const,
  params: ({ context, event }: Args): Spawn => ({
    path: sagaOf(context),
    machine: "order",
    input: {
      path: sagaOf(context),
      intent: intentOf(context),
      config: context.engine,
      quotes: legsOf(context).flatMap(({ contract }) => context.quotes[contract.conId] ?? []),
      now: event.now,
    } satisfies OrderInput,
  }),
};
const saga = ({ context }: Args): string => sagaOf(context);
export const abandon = (reason: string) => tell(saga, () => ({ type: "order.abandon", reason }));
export const escalate = tell(saga, ({ context }) => ({ type: "order.escalate", urgency: escalation(context)?.urgency }));

// ── the end and the beginning of a position ──
export const returnSlot = tell(
  () => address.riskGate,
  ({ context }) => ({ type: "slot.released", slot: context.path }),
);
const freed = (reason: (args: Args) => string) => (args: Args) => ({
  type: "slot.freed",
  slot: args.context.path,
  reason: reason(args),
});
export const tellFreed = tell(
  ourStrategy,
  freed(({ context }) => context.exit?.decision.rule ?? context.ended?.reason ?? ""),
);
/** To whoever sent an entry that this slot does not take. */
export const refuseEntry = (reason: string) =>
  tell(
    ({ event }) => strategyPath(event.type === "entry.intended" ? event.candidate : null),
    freed(() => reason),
  );
export const tellOpened = tell(ourStrategy, ({ context }) => ({ type: "slot.opened", slot: context.path }));

export const opened = (args: Args): SlotFact => {
  const { context } = args;
  const entry = entryOfSlot(context) as NonNullable<ReturnType<typeof entryOfSlot>>;
  return {
    type: "slot.opened",
    slot: context.path,
    strategy: context.candidate?.strategy ?? "",
    symbol: symbolOf(args),
    legs: legsOf(context),
    quantity: entry.units,
    netPrice: entry.netPrice,
    // A candidate's loss is bounded, so a position with its legs in ratio has a bounded one.
    unitMaxLoss: entry.unitMaxLoss === "unbounded" ? moneyUnits(0) : entry.unitMaxLoss,
  };
};
export const closed = (args: Args): SlotFact => {
  const { context, event } = args;
  return {
    type: "slot.closed",
    slot: context.path,
    strategy: context.candidate?.strategy ?? "",
    symbol: symbolOf(args),
    rule: context.exit?.decision.rule ?? "none",
    profit: realisedProfit(context.ledger),
    fees: feesOf(context.ledger),
    heldMs: context.openedAt === null ? 0 : event.now - context.openedAt,
  };
};

// ── what it sees ──
export const marked = ({ context }: Args): SlotFact => (context.sight as Sight).marked;
export const decided = (args: Args): SlotFact => {
  const { decision, trace } = args.context.sight as Sight;
  return { type: "decision.made", slot: args.context.path, symbol: symbolOf(args), decision, trace };
};
export const quarantined = ({ context }: Args): SlotFact => ({
  type: "slot.quarantined",
  slot: context.path,
  reason: context.quarantine ?? "",
});

// ── the operator ──
const notify = (severity: "warning" | "critical", about: string, text: (args: Args) => string) => ({
  type: "operator.notify" as const,
  params: (args: Args): Effects["operator.notify"] => ({
    key: `${args.context.path}/${about}/${args.context.intents}`,
    severity,
    text: `${args.context.path} ${symbolOf(args)}: ${text(args)}`,
  }),
});
export const alarm = notify("critical", "quarantined", ({ context }) => `quarantined, ${context.quarantine ?? ""}`);
export const sayBlind = notify("warning", "blind", ({ context }) => {
  const unknown = context.sight?.trace.filter(({ verdict }) => verdict === "unknown") ?? [];
  return `cannot evaluate ${unknown.map(({ rule, missing = [] }) => `${rule} (${missing.join(", ")})`).join("; ")}`;
});
export const sayStuck = notify(
  "critical",
  "stuck",
  ({ context }) => `${context.exit?.attempts ?? 0} exits have ended with units left: ${context.ended?.reason ?? ""}`,
);
