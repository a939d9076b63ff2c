/** A survey in hand: which expiries it looks at, what it has asked for, and what it found. Pure. */
import { newYorkDay } from "../domain/calendar/new-york.ts";
import { daysToExpiry } from "../domain/calendar/time-to-expiry.ts";
import type { Contract, OptionContract } from "../domain/contract.ts";
import type { TermStructure } from "../domain/events/weather.ts";
import { isAmericanOn } from "../domain/options/american-option.ts";
import { type Chain, chainOf } from "../domain/strategies/chain.ts";
import type { QuoteBook } from "../domain/structure-quote.ts";
import type { EpochMs, Price, TradingDay } from "../domain/units.ts";
import { withSkew } from "../domain/volatility/skew-history.ts";
import {
  type ExpiryView,
  type ExpiryVols,
  expiryVols,
  nearTheMoney,
  type SurveyedExpiries,
  surveyedExpiries,
  thinned,
  type VolFigure,
  wingsWanted,
} from "../domain/volatility/survey.ts";
import { type Args, announcedDividend, freshSpot, type UnderlyingContext } from "./underlying.context.ts";

/** What is listed, for one day. */
export interface Listing extends SurveyedExpiries {
  readonly day: TradingDay;
  /** By expiry, thinned. */
  readonly chains: { readonly [expiry: string]: Chain };
}
export interface Survey {
  /** Expiries that are still to be looked at; the first is in hand. */
  readonly ahead: readonly TradingDay[];
  /** Rounds of wings that were asked for in the expiry in hand. */
  readonly rounds: number;
  /** Options of which lines are wanted now: around the money, and further out. */
  readonly near: readonly OptionContract[];
  readonly wings: readonly OptionContract[];
  readonly quotes: QuoteBook;
  /** Why a line will not come, by conId. */
  readonly lost: { readonly [conId: string]: string };
  readonly found: { readonly [expiry: string]: ExpiryVols };
  /** Why the survey cannot go on. */
  readonly fault: string;
}
/** What the last survey found. Null is unknown, and `unknown` says why. */
export interface Surveyed {
  readonly at: EpochMs;
  readonly term: TermStructure | null;
  readonly skew: { readonly ratio: number; readonly expiry: TradingDay } | null;
  readonly unknown: { readonly term?: string; readonly skew?: string };
}

const MOST_ROUNDS = 3;
export const newSurvey = ({ listing }: UnderlyingContext, now: EpochMs): Survey => ({
  ahead: listing?.day === newYorkDay(now) ? expiriesOf(listing) : [],
  rounds: 0,
  near: [],
  wings: [],
  quotes: {},
  lost: {},
  found: {},
  fault: "",
});
/** Each once: expiries may coincide. */
const expiriesOf = ({ near, skew, far }: SurveyedExpiries): readonly TradingDay[] => [...new Set([near, skew, far])];

const changed = ({ survey }: UnderlyingContext, change: Partial<Survey>): Partial<UnderlyingContext> =>
  survey === null ? {} : { survey: { ...survey, ...change } };

// ── enquiries ──
const wordOf = ({ surveys }: UnderlyingContext, what: string): string => `${what}/${surveys.count}`;
export const expiriesWord = (context: UnderlyingContext): string => wordOf(context, "expiries");
export const chainWord = (context: UnderlyingContext): string => wordOf(context, `chain/${context.survey?.ahead[0] ?? ""}`);
/** What was answered, or why nothing was, to the enquiry of this word in this epoch. */
export const isAnswer = ({ context, event }: Args, word: string): boolean =>
  "request" in event
    ? event.request === word && event.epoch === context.epoch
    : event.type === "effect.refused" && event.params["request"] === word && event.params["epoch"] === context.epoch;
export const whyNot = ({ event }: Args): string =>
  event.type === "request.failed" ? `${event.code} ${event.text}` : event.type === "effect.refused" ? event.reason : "no answer";

export const withListing = ({ context, event }: Args): Partial<UnderlyingContext> => {
  if (event.type !== "optionParameters.answered") return {};
  const day = newYorkDay(event.now);
  const expiries = surveyedExpiries(event.parameters, context.watched.tradingClass, day);
  return typeof expiries === "string"
    ? changed(context, { fault: expiries })
    : { listing: { ...expiries, day, chains: {} }, ...changed(context, { ahead: expiriesOf(expiries) }) };
};
export const withFault = (args: Args): Partial<UnderlyingContext> => changed(args.context, { fault: whyNot(args) });

const failed = (missing: string): ExpiryVols => {
  const figure: VolFigure = { known: false, missing };
  return { atm: figure, put25: figure, call25: figure };
};
/** Done with the expiry in hand. */
const finished = ({ survey }: UnderlyingContext, vols: ExpiryVols): Partial<Survey> => {
  const [expiry, ...ahead] = survey?.ahead ?? [];
  const found = expiry === undefined ? {} : { [expiry]: vols };
  return { ahead, found: { ...survey?.found, ...found }, rounds: 0, near: [], wings: [], quotes: {}, lost: {} };
};
export const withoutExpiry = (args: Args, reason: string): Partial<UnderlyingContext> =>
  changed(args.context, finished(args.context, failed(reason)));
export const chainInHand = ({ listing, survey }: UnderlyingContext): Chain | undefined => {
  const expiry = survey?.ahead[0];
  return expiry === undefined ? undefined : listing?.chains[expiry];
};
export const withChain = (args: Args): Partial<UnderlyingContext> => {
  const { context, event } = args;
  const { listing, survey, watched } = context;
  const expiry = survey?.ahead[0];
  if (event.type !== "contracts.answered" || listing === null || expiry === undefined) return {};
  const chain = chainOf(event.details, expiry, watched.tradingClass);
  const spot = lastSpot(context);
  if (chain === undefined || spot === undefined) return withoutExpiry(args, `no options of ${expiry} are listed`);
  return { listing: { ...listing, chains: { ...listing.chains, [expiry]: thinned(chain, spot) } } };
};
/** Where to look for strikes; nothing is reckoned with it. */
const lastSpot = ({ hour }: UnderlyingContext): Price | undefined => hour.at(-1)?.[1];

// ── lines and quotes ──
export const wantedOf = (context: UnderlyingContext): readonly OptionContract[] => [
  ...(context.survey?.near ?? []),
  ...(context.survey?.wings ?? []),
];
export const withNear = ({ context }: Args): Partial<UnderlyingContext> => {
  const chain = chainInHand(context);
  const spot = lastSpot(context);
  return chain === undefined || spot === undefined ? {} : changed(context, { near: nearTheMoney(chain, spot) });
};
const viewOf = (context: UnderlyingContext, now: EpochMs): ExpiryView | undefined => {
  const chain = chainInHand(context);
  const spot = freshSpot(context, now);
  if (chain === undefined || spot === undefined || context.survey === null) return undefined;
  const { freshness, riskFreeRatePct } = context.settings;
  const { quotes } = context.survey;
  const dividend = announcedDividend(context, now);
  const american = isAmericanOn(context.watched.secType);
  return { chain, quotes, spot, now, riskFreeRatePct, freshness, american, ...(dividend !== undefined && { dividend }) };
};
const wingsAt = (context: UnderlyingContext, now: EpochMs): readonly OptionContract[] => {
  const view = viewOf(context, now);
  const isSkew = context.listing?.skew === context.survey?.ahead[0];
  if (view === undefined || !isSkew || (context.survey?.rounds ?? 0) >= MOST_ROUNDS) return [];
  // What was silent once is not waited for again.
  return wingsWanted(view).filter(({ conId }) => !isWanted(context, conId));
};
export const wantsWings = ({ context, event }: Args): boolean => wingsAt(context, event.now).length > 0;
export const withWings = ({ context, event }: Args): Partial<UnderlyingContext> =>
  changed(context, { wings: wingsAt(context, event.now), rounds: (context.survey?.rounds ?? 0) + 1 });

const isWanted = (context: UnderlyingContext, conId: number): boolean =>
  wantedOf(context).some((option: Contract) => option.conId === conId);
export const withOptionQuote = ({ context, event }: Args): Partial<UnderlyingContext> =>
  event.type === "quote.updated" && event.epoch === context.epoch && isWanted(context, event.quote.conId)
    ? changed(context, { quotes: { ...context.survey?.quotes, [event.quote.conId]: event.quote } })
    : {};
export const withOptionLost = ({ context, event }: Args): Partial<UnderlyingContext> =>
  event.type === "line.lost" && isWanted(context, event.conId)
    ? changed(context, { lost: { ...context.survey?.lost, [event.conId]: event.reason } })
    : {};
/** Every option that is wanted has said something about both its sides, or its line will not come. */
export const allHeard = (context: UnderlyingContext): boolean =>
  wantedOf(context).every(({ conId }) => {
    const quote = context.survey?.quotes[conId];
    return context.survey?.lost[conId] !== undefined || (quote?.bid !== undefined && quote.ask !== undefined);
  });

// ── results ──
/** Lines that did not come are the first thing to know of a figure that is missing. */
const withLines = (context: UnderlyingContext, figure: VolFigure): VolFigure => {
  if (figure.known) return figure;
  const wanted = wantedOf(context);
  const silent = wanted.filter(({ conId }) => context.survey?.quotes[conId] === undefined);
  if (silent.length === 0) return figure;
  const [why] = Object.values(context.survey?.lost ?? {});
  const because = why === undefined ? "no line, or nothing heard" : `line lost: ${why}`;
  return { known: false, missing: `${silent.length} of ${wanted.length} options not quoted (${because}); ${figure.missing}` };
};
export const withVols = ({ context, event }: Args): Partial<UnderlyingContext> => {
  const view = viewOf(context, event.now);
  const vols = view === undefined ? failed("no fresh spot to measure with") : expiryVols(view);
  const said: ExpiryVols = {
    atm: withLines(context, vols.atm),
    put25: withLines(context, vols.put25),
    call25: withLines(context, vols.call25),
  };
  return changed(context, finished(context, said));
};

const missingIn = (...figures: readonly VolFigure[]): string =>
  figures.flatMap((figure) => (figure.known ? [] : [figure.missing])).join("; ");
/** What the survey in hand found. */
export const withResults = ({ context, event }: Args): Partial<UnderlyingContext> => {
  const { survey, listing, skews } = context;
  const at = event.now;
  const today = newYorkDay(at);
  if (survey === null) return {};
  const fault = survey.fault === "" && listing !== null ? "" : survey.fault || "no expiries";
  if (fault !== "" || listing === null)
    return { surveyed: { at, term: null, skew: null, unknown: { term: fault, skew: fault } } };
  const of = (expiry: TradingDay): ExpiryVols => survey.found[expiry] ?? failed("not looked at");
  const [near, far, skew] = [of(listing.near).atm, of(listing.far).atm, of(listing.skew)];
  const isTerm = listing.near !== listing.far;
  const term =
    near.known && far.known && isTerm
      ? {
          nearDays: daysToExpiry(today, listing.near),
          nearVol: near.vol,
          farDays: daysToExpiry(today, listing.far),
          farVol: far.vol,
        }
      : null;
  const ratio = skew.put25.known && skew.call25.known ? skew.put25.vol / skew.call25.vol : null;
  const surveyed: Surveyed = {
    at,
    term,
    skew: ratio === null ? null : { ratio, expiry: listing.skew },
    unknown: {
      ...(term === null && { term: isTerm ? missingIn(near, far) : "one expiry is nearest to both 30 and 90 days" }),
      ...(ratio === null && { skew: missingIn(skew.put25, skew.call25) }),
    },
  };
  return { surveyed, skews: ratio === null ? skews : withSkew(skews, today, ratio) };
};
