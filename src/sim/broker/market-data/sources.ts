/**
 * Where feeds take their quotes from: a contract's, live or delayed, or the natural prices of a combo; and which further ticks
 * each can show.
 */
import { epochMs, type Price } from "../../../domain/units.ts";
import type { Market, MarketQuote } from "../../market/market.ts";
import { natural, type TradingLeg } from "../matching.ts";
import { createDelay } from "./delay.ts";
import { COMPUTATIONS, createFeed, type Feed } from "./feed.ts";
import { genericExtra } from "./generic-ticks.ts";
import { createOptionModel } from "./option-model.ts";
import { dayRange, exchangeLetter } from "./session-figures.ts";

const reversed = (legs: readonly TradingLeg[]): TradingLeg[] => legs.map((leg) => ({ ...leg, ratio: -leg.ratio }));

/** A combo's natural prices as a quote: −1 with size 0 where a leg lacks the side. It has no trades of its own. */
const comboQuote = (legs: readonly TradingLeg[], quoteOf: (conId: number) => MarketQuote | undefined): MarketQuote => {
  const ask = natural(legs, quoteOf);
  const bid = natural(reversed(legs), quoteOf);
  return {
    bid: bid === undefined ? null : (-bid.cost as Price),
    bidSize: bid?.units ?? 0,
    ask: ask === undefined ? null : ask.cost,
    askSize: ask?.units ?? 0,
    last: null,
    lastSize: 0,
    close: null,
    volume: null,
    openInterest: null,
    at: epochMs(0),
  };
};

/** What a line shows: one contract or a combo, live or delayed. */
export interface Subject {
  readonly legs: readonly TradingLeg[];
  readonly combo: boolean;
  readonly delayed: boolean;
}

/** The same for all lines that show the same. */
export const keyOf = ({ legs, combo, delayed }: Subject): string =>
  `${delayed ? "delayed" : "live"}/${combo ? "combo" : "one"}/${legs.map(({ details, ratio }) => `${details.contract.conId}x${ratio}`).join(",")}`;

export interface Sources {
  /** A fresh feed. One that is delayed remembers quotes until it is released. */
  open(subject: Subject): Feed;
  release(subject: Subject): void;
  /** Remembers what is quoted now, for delayed feeds. */
  advance(): void;
}

export const createSources = (market: Market): Sources => {
  const delay = createDelay(market);
  const model = createOptionModel(market, market.quote);
  const delayedModel = createOptionModel(market, delay.quote);
  return {
    open: ({ legs, combo, delayed }) => {
      const quoteOf = delayed ? delay.quote : market.quote;
      const details = legs[0]!.details;
      const { contract } = details;
      if (delayed) for (const leg of legs) delay.watch(leg.details);
      const range = combo || delayed ? undefined : dayRange(market, contract.conId);
      const exchange = combo ? undefined : exchangeLetter(contract);
      return createFeed({
        quote: combo ? () => comboQuote(legs, quoteOf) : () => quoteOf(contract.conId),
        ...(range === undefined ? {} : { range }),
        ...(exchange === undefined ? {} : { exchange }),
        halts: !combo && contract.secType !== "IND",
        delayed,
        extra: (group) => {
          if (combo) return undefined;
          if (group === COMPUTATIONS) return (delayed ? delayedModel : model).extraFor(details);
          return delayed ? undefined : genericExtra(market, details, group);
        },
      });
    },
    release: ({ legs, delayed }) => {
      if (delayed) for (const leg of legs) delay.unwatch(leg.details);
    },
    advance: delay.advance,
  };
};
