/** What a strategy says: enquiries to the broker, wishes for lines and a slot, and the facts of its why-not funnel. */
import { address, topic } from "../domain/address.ts";
import type { Contract } from "../domain/contract.ts";
import type { Effects } from "../domain/effects.ts";
import type { EntryFact } from "../domain/facts.ts";
import type { Listen, Tell, Told } from "../domain/speech.ts";
import { moneyUnits } from "../domain/units.ts";
import { ivFilter, type StrategyContext, type StrategyEvent, vixFilter, wordOf } from "./strategy.context.ts";

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

export const listenToAnnouncements = { type: "listen" as const, params: { topics: [topic.session, topic.mode] } };

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
export const askVix = {
  type: "contracts.request" as const,
  params: (args: Args): Effects["contracts.request"] => ({
    ...enquiry(args, "vix"),
    query: { secType: "IND", symbol: "VIX", exchange: "CBOE", currency: "USD" },
    brief: true,
  }),
};
const IV_DAYS = 365;
export const askIvHistory = {
  type: "bars.request" as const,
  params: (args: Args): Effects["bars.request"] => ({
    ...enquiry(args, "ivHistory"),
    contract: args.context.underlying as Contract,
    days: IV_DAYS,
    show: "OPTION_IMPLIED_VOLATILITY",
  }),
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
    maxLoss: moneyUnits((args.context.candidate?.unitMaxLoss ?? 0) * (args.context.candidate?.quantity ?? 0)),
    quantity: args.context.candidate?.quantity ?? 0,
  }),
);
const grantedSlot = ({ event }: Args): string => (event.type === "slot.granted" ? event.slot : "");
export const intendEntry = tell(grantedSlot, ({ context }) => ({
  type: "entry.intended",
  candidate: context.candidate,
  quotes: (context.candidate?.legs ?? []).flatMap(({ contract }) => context.quotes[contract.conId] ?? []),
}));
/** A slot granted when nobody waits for it any more goes straight back. */
export const returnSlot = tell(
  () => address.riskGate,
  (args) => ({ type: "slot.released", slot: grantedSlot(args) }),
);

// ── facts ──
export const whyNot = (args: Args): EntryFact => ({
  type: "candidate.stopped",
  ...named(args),
  ...(args.context.stopped ?? { stage: "unknown", reason: "", actual: null, limit: null, unit: "" }),
});
const skipped = (args: Args, filter: string, missing: string): EntryFact => ({
  type: "filter.skipped",
  ...named(args),
  filter,
  missing,
});
export const vixSkipped = (args: Args): EntryFact => {
  const filtered = vixFilter(args.context, args.event.now);
  return skipped(args, "vix", filtered.verdict === "skipped" ? filtered.missing : "");
};
export const ivSkipped = (args: Args): EntryFact => {
  const filtered = ivFilter(args.context);
  return skipped(args, "ivHistory", filtered.verdict === "skipped" ? filtered.missing : "");
};
export const openInterestSkipped = (args: Args): EntryFact => skipped(args, "openInterest", "open interest is not in the quotes");
export const found = ({ context }: Args): EntryFact => ({
  type: "candidate.found",
  candidate: context.candidate as NonNullable<StrategyContext["candidate"]>,
});
export const denied = (args: Args): EntryFact => ({
  type: "entry.denied",
  ...named(args),
  denial: (args.event as Extract<StrategyEvent, { type: "entry.denied" }>).denial,
});
