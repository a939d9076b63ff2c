/** What a strategy says: enquiries to the broker, wishes for lines and a slot, and the facts of its why-not funnel. */
import { address, topic } from "../domain/address.ts";
import type { Effects } from "../domain/effects.ts";
import type { Candidate } from "../domain/events/actors.ts";
import type { EntryFact } from "../domain/facts.ts";
import { timesGreeks } from "../domain/risk/greeks.ts";
import type { Listen, Tell, Told } from "../domain/speech.ts";
import { moneyUnits } from "../domain/units.ts";
import { type StrategyContext, type StrategyEvent, wordOf } from "./strategy.context.ts";

interface Args {
  readonly context: StrategyContext;
  readonly event: StrategyEvent;
}
const tell = (to: (args: Args) => string, event: (args: Args) => Told) => ({
  type: "tell" as const,
  params: (args: Args): Tell => ({ to: to(args), event: event(args) }),
});
const enquiry = ({ context }: Args, what: string) => ({
  // Only asked while the session is ready.
  epoch: context.epoch ?? 0,
  replyTo: context.path,
  request: wordOf(context, what),
});
const named = ({ context }: Args) => ({ strategy: context.config.name, symbol: context.config.symbol });

/** What the underlying's watcher told at the beginning of a look may be minutes old when the legs are chosen: it is heard all the time. */
export const listenToAnnouncements = {
  type: "listen" as const,
  params: ({ context }: Args): Listen => ({
    topics: [topic.session, topic.mode, topic.underlying(context.config.symbol)],
  }),
};

// ── enquiries ──
export const askUnderlying = {
  type: "contracts.request" as const,
  params: (args: Args): Effects["contracts.request"] => {
    const { symbol, underlyingSecType, exchange } = args.context.config;
    return {
      ...enquiry(args, "underlying"),
      query: { secType: underlyingSecType, symbol, exchange, currency: "USD" },
      brief: true,
    };
  },
};
export const askExpiries = {
  type: "optionParameters.request" as const,
  params: (args: Args): Effects["optionParameters.request"] => {
    const { symbol, underlyingSecType } = args.context.config;
    return { ...enquiry(args, "expiries"), symbol, secType: underlyingSecType, conId: args.context.underlying?.conId ?? 0 };
  },
};
export const askChain = {
  type: "contracts.request" as const,
  params: (args: Args): Effects["contracts.request"] => {
    const { config, listing } = args.context;
    const { expiry, tradingClass } = listing as NonNullable<StrategyContext["listing"]>;
    const query = { secType: "OPT", symbol: config.symbol, exchange: "SMART", currency: "USD", expiry, tradingClass } as const;
    return { ...enquiry(args, "chain"), query, brief: true };
  },
};

// ── the weather, told within the step by those who watch it ──
export const askRegime = tell(
  () => address.regime,
  ({ context }) => ({ type: "regime.asked", replyTo: context.path }),
);
export const askUnderlyingState = tell(
  ({ context }) => address.underlying(context.config.symbol),
  ({ context }) => ({ type: "underlying.asked", replyTo: context.path }),
);
export const askWeights = tell(
  () => address.predictions,
  ({ context }) => ({ type: "weights.asked", replyTo: context.path }),
);

// ── lines ──
export const requestNextLine = tell(
  () => address.lines,
  ({ context }) => ({ type: "line.requested", holder: context.path, ...context.toRequest[0] }),
);
export const listenToQuotes = { type: "listen" as const, params: ({ context }: Args): Listen => ({ topics: context.topics }) };
export const stopListening = { type: "unlisten" as const, params: ({ context }: Args): Listen => ({ topics: context.topics }) };
export const releaseLines = tell(
  () => address.lines,
  ({ context }) => ({ type: "lines.released", holder: context.path }),
);

// ── the slot ──
export const askForSlot = tell(
  () => address.riskGate,
  (args) => ({
    type: "slot.requested",
    replyTo: args.context.path,
    ...named(args),
    ...askedOf(args.context.candidate as Candidate),
    portfolioWhenUnknown: args.context.config.filters.portfolio?.whenUnknown ?? "deny",
  }),
);
/** What the whole order would lose at worst and be in Greeks. */
const askedOf = ({ unitMaxLoss, quantity, greeks, spot, undefinedRisk }: Candidate) => ({
  maxLoss: moneyUnits(unitMaxLoss * quantity),
  quantity,
  spot,
  ...(undefinedRisk ? { undefinedRisk } : {}),
  ...(greeks === undefined ? {} : { greeks: timesGreeks(greeks, quantity) }),
});
const legQuotes = ({ context }: Pick<Args, "context">) =>
  (context.candidate?.legs ?? []).flatMap(({ contract }) => context.quotes[contract.conId] ?? []);
const grantedSlot = ({ event }: Args): string => (event.type === "slot.granted" ? event.slot : "");
export const intendEntry = tell(grantedSlot, ({ context }) => ({
  type: "entry.intended",
  candidate: context.candidate,
  quotes: legQuotes({ context }),
}));
/** A slot granted when nobody waits for it any more goes straight back. */
export const returnSlot = tell(
  () => address.riskGate,
  (args) => ({ type: "slot.released", slot: grantedSlot(args) }),
);

// ── facts ──
const wayOf = ({ context }: Args) => ({
  ...(context.way.passed.length === 0 ? {} : { passed: context.way.passed }),
  ...(context.way.refused === null || context.way.refused.count === 0 ? {} : { refused: context.way.refused }),
});
export const whyNot = (args: Args): EntryFact => ({
  type: "candidate.stopped",
  ...named(args),
  ...(args.context.stopped ?? { stage: "unknown", reason: "", actual: null, limit: null, unit: "" }),
  ...wayOf(args),
});
export const skipped = (args: Args): EntryFact => {
  const [first] = args.context.way.skips;
  return { type: "filter.skipped", ...named(args), filter: first?.filter ?? "", missing: first?.missing ?? "" };
};
export const portfolioSkipped = (args: Args): EntryFact => ({
  type: "filter.skipped",
  ...named(args),
  filter: "portfolio",
  missing: args.event.type === "slot.granted" ? `not known: ${args.event.unmeasured ?? ""}` : "",
});
export const found = (args: Args): EntryFact => ({
  type: "candidate.found",
  candidate: args.context.candidate as Candidate,
  ...wayOf(args),
});
export const denied = (args: Args): EntryFact => ({
  type: "entry.denied",
  ...named(args),
  denial: (args.event as Extract<StrategyEvent, { type: "entry.denied" }>).denial,
});

// ── rolls ──
const offeredSlot = ({ context, event }: Args): string =>
  event.type === "roll.requested" ? event.slot : context.roll?.kind === "offer" ? context.roll.slot : "";
export const offer = tell(offeredSlot, (args) => ({
  type: "roll.offered",
  slot: offeredSlot(args),
  candidate: args.context.candidate,
  quotes: legQuotes(args),
}));
export const decline = (reason: (args: Args) => string) =>
  tell(offeredSlot, (args) => ({ type: "roll.declined", slot: offeredSlot(args), reason: reason(args) }));
export const stoppedWords = ({ context }: Args): string => {
  const { stage, reason } = context.stopped ?? { stage: "unknown", reason: "" };
  return `${stage}: ${reason}`;
};
