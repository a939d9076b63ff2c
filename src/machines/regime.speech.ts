/** What the watcher of the market's regime says: enquiries to the broker, wishes for two lines, and the regime itself. */
import { address, topic } from "../domain/address.ts";
import type { Contract } from "../domain/contract.ts";
import type { Effects } from "../domain/effects.ts";
import type { EngineFact } from "../domain/facts.ts";
import type { Listen, Tell, Told } from "../domain/speech.ts";
import { type Args, gapsOf, isLive, tellingAt, WATCHED } from "./regime.context.ts";

export const listenToSession = { type: "listen" as const, params: { topics: [topic.session] } };

// ── enquiries ──
const enquiry = ({ context }: Args, request: string) => ({ epoch: context.epoch, replyTo: address.regime, request });
export const askContracts = {
  type: "contracts.request" as const,
  params: (args: Args): readonly Effects["contracts.request"][] =>
    WATCHED.filter((which) => args.context.contracts[which] === null).map((which) => ({
      ...enquiry(args, `contract/${which}`),
      query:
        which === "stock"
          ? { secType: "STK", symbol: args.context.config.symbol, exchange: "SMART", currency: "USD" }
          : { secType: "IND", symbol: "VIX", exchange: "CBOE", currency: "USD" },
      brief: true,
    })),
};
export const askBars = {
  type: "bars.request" as const,
  params: (args: Args): readonly Effects["bars.request"][] =>
    args.context.awaited.map((which) => ({
      ...enquiry(args, `bars/${which}`),
      contract: args.context.contracts[which] as Contract,
      days: args.context.config.historyDays,
      show: "TRADES",
    })),
};

// ── lines ──
const known = ({ context }: Args): readonly Contract[] => WATCHED.flatMap((which) => context.contracts[which] ?? []);
const watched = (args: Args): readonly Contract[] => (isLive(args.context.config) ? known(args) : []);
const quotesOf = (contracts: readonly Contract[]): Listen => ({ topics: contracts.map(({ conId }) => topic.quote(conId)) });
export const requestLines = {
  type: "tell" as const,
  params: (args: Args): readonly Tell[] =>
    watched(args).map((contract) => ({
      to: address.lines,
      event: { type: "line.requested", holder: address.regime, contract, priority: 2 } as Told,
    })),
};
export const listenToQuotes = { type: "listen" as const, params: (args: Args): Listen => quotesOf(watched(args)) };
/** Of what is not watched any more. */
export const letGo = [
  {
    type: "tell" as const,
    params: (): Tell => ({ to: address.lines, event: { type: "lines.released", holder: address.regime } }),
  },
  { type: "unlisten" as const, params: (args: Args): Listen => quotesOf(known(args)) },
] as const;

// ── the regime ──
const telling = ({ context, event }: Args): Told => ({ ...tellingAt(context, event.now) });
export const announce = {
  type: "tell" as const,
  params: (args: Args): Tell => ({ topic: topic.regime, event: telling(args) }),
};
export const answer = {
  type: "tell" as const,
  params: (args: Args): readonly Tell[] =>
    args.event.type === "regime.asked" ? [{ to: args.event.replyTo, event: telling(args) }] : [],
};
export const assessment = ({ context, event }: Args): EngineFact => {
  const { regime, since, raw, asOf, unknown, inputs } = tellingAt(context, event.now);
  return { type: "regime.assessed", regime, since, raw, asOf, unknown, inputs, gaps: gapsOf(context) };
};
