/** What the watcher of an underlying says: enquiries to the broker, wishes for lines, and what it knows. */
import { address, topic } from "../domain/address.ts";
import type { Contract } from "../domain/contract.ts";
import type { Effects } from "../domain/effects.ts";
import type { UnderlyingFact } from "../domain/facts.ts";
import type { Listen, Tell, Told } from "../domain/speech.ts";
import { BARS_WORD, barsDue, MINUTES_WORD, minutesDue } from "./underlying.bars.ts";
import { type Args, CONTRACT_WORD, lineDue } from "./underlying.context.ts";
import { chainWord, expiriesWord, wantedOf } from "./underlying.survey.ts";
import { tellingAt } from "./underlying.telling.ts";

const pathOf = ({ context }: Args): string => address.underlying(context.watched.symbol);
export const listenToSession = { type: "listen" as const, params: { topics: [topic.session] } };

// ── enquiries ──
const enquiry = (args: Args, request: string) => ({ epoch: args.context.epoch ?? 0, replyTo: pathOf(args), request });
export const askContract = {
  type: "contracts.request" as const,
  params: (args: Args): readonly Effects["contracts.request"][] => {
    const { symbol, secType, exchange } = args.context.watched;
    const query = { secType, symbol, exchange, currency: "USD" } as const;
    return args.context.contract === null ? [{ ...enquiry(args, CONTRACT_WORD), query, brief: true }] : [];
  },
};
/** A year of sessions, and the weeks that a late answer may lack. */
const BARS_DAYS = 365;
export const askBars = {
  type: "bars.request" as const,
  params: (args: Args): readonly Effects["bars.request"][] =>
    barsDue(args)
      ? [
          {
            ...enquiry(args, BARS_WORD),
            contract: args.context.contract as Contract,
            days: BARS_DAYS,
            show: "OPTION_IMPLIED_VOLATILITY",
          },
        ]
      : [],
};
/** Of the session in progress and the one before: an hour of trading may have begun there. */
export const askMinutes = {
  type: "bars.request" as const,
  params: (args: Args): readonly Effects["bars.request"][] =>
    minutesDue(args)
      ? [
          {
            ...enquiry(args, MINUTES_WORD),
            contract: args.context.contract as Contract,
            days: 2,
            show: "TRADES",
            size: "1min",
          },
        ]
      : [],
};
export const askExpiries = {
  type: "optionParameters.request" as const,
  params: (args: Args): Effects["optionParameters.request"] => {
    const { watched, contract } = args.context;
    const { symbol, secType } = watched;
    return { ...enquiry(args, expiriesWord(args.context)), symbol, secType, conId: contract?.conId ?? 0 };
  },
};
export const askChain = {
  type: "contracts.request" as const,
  params: (args: Args): Effects["contracts.request"] => {
    const { watched, survey } = args.context;
    const { symbol, tradingClass } = watched;
    const [expiry] = survey?.ahead ?? [];
    const about = { secType: "OPT", symbol, exchange: "SMART", currency: "USD", tradingClass } as const;
    return { ...enquiry(args, chainWord(args.context)), query: { ...about, ...(expiry && { expiry }) }, brief: true };
  },
};

// ── lines ──
const request = (args: Args, contracts: readonly Contract[], priority: 2 | 4): readonly Tell[] =>
  contracts.map((contract) => ({
    to: address.lines,
    event: { type: "line.requested", holder: pathOf(args), contract, priority } as Told,
  }));
const release = (args: Args, contracts: readonly Contract[]): readonly Tell[] =>
  contracts.map(({ conId }) => ({
    to: address.lines,
    event: { type: "line.released", holder: pathOf(args), conId } as Told,
  }));
const quotesOf = (contracts: readonly Contract[]): Listen => ({ topics: contracts.map(({ conId }) => topic.quote(conId)) });
const own = ({ context }: Args): readonly Contract[] => (context.contract === null ? [] : [context.contract]);

export const openLine = [
  { type: "tell" as const, params: (args: Args): readonly Tell[] => request(args, own(args), 2) },
  { type: "listen" as const, params: (args: Args): Listen => quotesOf(own(args)) },
] as const;
export const openLineAgain = {
  type: "tell" as const,
  params: (args: Args): readonly Tell[] => (lineDue(args) ? request(args, own(args), 2) : []),
};
/** Of an underlying that is listed otherwise now, or not wanted any more. */
export const letGo = [
  {
    type: "tell" as const,
    params: (args: Args): Tell => ({ to: address.lines, event: { type: "lines.released", holder: pathOf(args) } as Told }),
  },
  { type: "unlisten" as const, params: (args: Args): Listen => quotesOf(own(args)) },
] as const;

const near = ({ context }: Args): readonly Contract[] => context.survey?.near ?? [];
const wings = ({ context }: Args): readonly Contract[] => context.survey?.wings ?? [];
const opening = (of: (args: Args) => readonly Contract[]) =>
  [
    { type: "tell" as const, params: (args: Args): readonly Tell[] => request(args, of(args), 4) },
    { type: "listen" as const, params: (args: Args): Listen => quotesOf(of(args)) },
  ] as const;
const leaving = (of: (args: Args) => readonly Contract[]) =>
  [
    { type: "tell" as const, params: (args: Args): readonly Tell[] => release(args, of(args)) },
    { type: "unlisten" as const, params: (args: Args): Listen => quotesOf(of(args)) },
  ] as const;
export const openNear = opening(near);
export const openWings = opening(wings);
export const leaveWings = leaving(wings);
export const leaveOptions = leaving(({ context }) => wantedOf(context));

// ── what it knows ──
const telling = ({ context, event }: Args): Told => ({ ...tellingAt(context, event.now) });
export const announce = {
  type: "tell" as const,
  params: (args: Args): Tell => ({ topic: topic.underlying(args.context.watched.symbol), event: telling(args) }),
};
export const answer = {
  type: "tell" as const,
  params: (args: Args): readonly Tell[] =>
    args.event.type === "underlying.asked" ? [{ to: args.event.replyTo, event: telling(args) }] : [],
};
export const measured = ({ context, event }: Args): UnderlyingFact => ({
  type: "underlying.measured",
  told: tellingAt(context, event.now),
});
