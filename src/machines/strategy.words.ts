/** The words in which the strategy's chart is written: its delays, its guards as conditions, its actions as deeds. */
import { assign, setup } from "xstate";
import { topic } from "../domain/address.ts";
import { newYorkDay } from "../domain/calendar/new-york.ts";
import type { Contract } from "../domain/contract.ts";
import { effects } from "../domain/effects.ts";
import type { LinePriority } from "../domain/events/actors.ts";
import type { EntryFact } from "../domain/facts.ts";
import { ivPercentile } from "../domain/iv-history.ts";
import { speech } from "../domain/speech.ts";
import { chainOf } from "../domain/strategies/chain.ts";
import { type Stopped, stopAt } from "../domain/strategies/strategy.ts";
import {
  allHeard,
  chooseCandidate,
  freshSpot,
  isAnswerTo,
  isToday,
  ivFilter,
  mayLook,
  type StrategyContext,
  type StrategyEvent,
  type StrategyInput,
  sceneOf,
  strategyOf,
  vixFilter,
  windowAt,
  windowOpen,
} from "./strategy.context.ts";

/** The context once lines of more contracts are wanted. Twice the same contract is asked for once. */
const wanting = (context: StrategyContext, contracts: readonly Contract[], priority: LinePriority): Partial<StrategyContext> => {
  const fresh = contracts.filter(({ conId }) => !context.topics.includes(topic.quote(conId)));
  return {
    awaited: contracts.map(({ conId }) => conId),
    toRequest: fresh.map((contract) => ({ contract, priority })),
    topics: [...context.topics, ...fresh.map(({ conId }) => topic.quote(conId))],
  };
};
/** Stages that stop a candidate for want of listed strikes. */
const LISTING_STAGES = ["strikes", "shortDelta", "wings"];

export const strategyWords = setup({
  types: {
    input: {} as StrategyInput,
    context: {} as StrategyContext,
    events: {} as StrategyEvent,
    emitted: {} as EntryFact,
  },
  delays: {
    untilWindow: ({ context, event }) => Math.max(0, windowAt(context, event.now).from - event.now),
    cooldown: ({ context }) => context.config.entry.cooldownSeconds * 1_000,
    patience: ({ context }) => context.engine.patience.answersSeconds * 1_000,
    quotesPatience: ({ context }) => context.engine.patience.quotesSeconds * 1_000,
    handover: 5_000,
  },
  guards: {
    mayLook: ({ context }) => mayLook(context),
    mayNotLook: ({ context }) => !mayLook(context),
    windowOpen: ({ context, event }) => windowOpen(context, event.now),
    isAnswer: ({ context, event }, params: { readonly to: string }) => isAnswerTo(context, event, params.to),
    ofThisLook: ({ context, event }) =>
      event.type === "effect.refused" && String(event.params["request"]).endsWith(`-${context.look}`),
    linesWanted: ({ context }) => context.toRequest.length > 0,
    stopped: ({ context }) => context.stopped !== null,
    listsTooLittle: ({ context }) => context.listing !== null && LISTING_STAGES.includes(context.stopped?.stage ?? ""),
    underlyingUnknown: ({ context }) => context.underlying === null,
    vixUnknown: ({ context }) => context.vix === null && !context.asked.includes("vix"),
    ivUnknownToday: ({ context, event }) => !isToday(event.now, context.iv?.day) && !context.asked.includes("ivHistory"),
    expiryUnknownToday: ({ context, event }) => !isToday(event.now, context.listing?.day),
    chainUnknown: ({ context }) => context.chain === null,
    spotFresh: ({ context, event }) => freshSpot(context, event.now) !== undefined,
    heard: ({ context }) => allHeard(context),
    heardAndFresh: ({ context, event }) => allHeard(context) && freshSpot(context, event.now) !== undefined,
    vixStops: ({ context, event }) => vixFilter(context, event.now).verdict === "stopped",
    vixSkipped: ({ context, event }) => vixFilter(context, event.now).verdict === "skipped",
    ivStops: ({ context }) => ivFilter(context).verdict === "stopped",
    ivSkipped: ({ context }) => ivFilter(context).verdict === "skipped",
    wantsOpenInterest: ({ context }) => context.config.entry.minOpenInterest > 0,
    ourSlot: ({ context, event }) => (event.type === "slot.opened" || event.type === "slot.freed") && event.slot === context.slot,
  },
  actions: {
    ...speech,
    ...effects,
    takeEpoch: assign(({ event }) => (event.type === "session.readied" ? { epoch: event.epoch } : {})),
    dropEpoch: assign({ epoch: null }),
    takeMode: assign(({ event }) => (event.type === "mode.changed" ? { mode: event.mode } : {})),
    takeConfig: assign(({ context, event }) => {
      if (event.type !== "run.resumed") return {};
      // A new run has no session yet, and another expiry or class may be wanted.
      const anew = { epoch: null, listing: null, chain: null };
      return "engine" in event
        ? { ...anew, config: event.config, engine: event.engine }
        : { ...anew, config: { ...context.config, enabled: false }, engine: event.config };
    }),
    beginLook: assign(({ context }) => ({
      look: context.look + 1,
      asked: [],
      quotes: {},
      awaited: [],
      lost: [],
      toRequest: [],
      candidate: null,
      stopped: null,
    })),
    noteAsked: assign(({ context }, { what }: { readonly what: string }) => ({ asked: [...context.asked, what] })),
    stop: assign((_, stopped: Stopped) => ({ stopped })),
    takeUnderlying: assign(({ context, event }) => {
      if (event.type !== "contracts.answered") return {};
      const { symbol, primaryExchange } = context.config;
      const named = event.details.filter(({ contract }) => contract.symbol === symbol && contract.currency === "USD");
      const found = named.find(({ contract }) => contract.primaryExchange === primaryExchange) ?? named[0];
      return found === undefined
        ? { stopped: stopAt("resolve", `no contract ${context.config.symbol}`).stopped }
        : // Orders and quotes go by the configured exchange, whatever IB lists first.
          { underlying: { ...found.contract, exchange: context.config.exchange } };
    }),
    takeVix: assign(({ event }) => (event.type === "contracts.answered" ? { vix: event.details[0]?.contract ?? null } : {})),
    forgetIv: assign({ iv: null }),
    takeIvHistory: assign(({ context, event }) =>
      event.type === "bars.answered"
        ? { iv: { day: newYorkDay(event.now), measured: ivPercentile(event.bars, context.config.filters.ivHistory.minDays) } }
        : {},
    ),
    takeExpiry: assign(({ context, event }) => {
      if (event.type !== "optionParameters.answered") return {};
      const day = newYorkDay(event.now);
      const passedOver = context.passedOver.day === day ? context.passedOver.expiries : [];
      const open = event.parameters.map((row) => ({
        ...row,
        expirations: row.expirations.filter((expiry) => !passedOver.includes(expiry)),
      }));
      const choice = strategyOf(context).expiry(context.config, open, day);
      return choice.found
        ? { listing: { day, expiry: choice.expiry, tradingClass: choice.tradingClass }, chain: null }
        : { listing: null, stopped: choice.stopped, passedOver: { day, expiries: [] } };
    }),
    passOver: assign(({ context, event }) => {
      const { listing, passedOver } = context;
      if (listing === null) return {};
      const day = newYorkDay(event.now);
      const expiries = passedOver.day === day ? passedOver.expiries : [];
      return { listing: null, chain: null, passedOver: { day, expiries: [...expiries, listing.expiry] } };
    }),
    takeChain: assign(({ context, event }) => {
      const { listing } = context;
      if (event.type !== "contracts.answered" || listing === null) return {};
      const chain = chainOf(event.details, listing.expiry, listing.tradingClass);
      return chain === undefined
        ? { stopped: stopAt("resolve", `no options of ${listing.expiry} are listed`).stopped }
        : { chain };
    }),
    takeQuote: assign(({ context, event }) =>
      event.type === "quote.updated" && event.epoch === context.epoch
        ? { quotes: { ...context.quotes, [event.quote.conId]: event.quote } }
        : {},
    ),
    /** Its quote, if there was one, counts no more; nobody waits for it either. */
    dropLine: assign(({ context, event }) => {
      if (event.type !== "line.lost") return {};
      const { [event.conId]: _lost, ...quotes } = context.quotes;
      return { quotes, lost: [...context.lost, event.conId] };
    }),
    wantSpot: assign(({ context }) =>
      wanting(
        context,
        [context.underlying, context.vix].filter((contract) => contract !== null),
        2,
      ),
    ),
    wantNearMoney: assign(({ context, event }) => {
      const view = sceneOf(context, event.now);
      if (!view.found) return { stopped: view.stopped };
      const near = strategyOf(context).nearTheMoney(view.scene.chain, view.scene.spot);
      if (near.length === 0) return { stopped: stopAt("strikes", "no strike has both a call and a put").stopped };
      const wanted = wanting(context, near, 3);
      return context.vix === null ? wanted : { ...wanted, awaited: [...(wanted.awaited ?? []), context.vix.conId] };
    }),
    wantLegCandidates: assign(({ context, event }) => {
      const view = sceneOf(context, event.now);
      if (!view.found) return { stopped: view.stopped };
      const choice = strategyOf(context).legCandidates(view.scene);
      return choice.found ? wanting(context, choice.contracts, 3) : { stopped: choice.stopped };
    }),
    nextLine: assign(({ context }) => ({ toRequest: context.toRequest.slice(1) })),
    noMoreLines: assign({ topics: [], toRequest: [], awaited: [] }),
    stopByVix: assign(({ context, event }) => {
      const filtered = vixFilter(context, event.now);
      return filtered.verdict === "stopped" ? { stopped: filtered.stopped } : {};
    }),
    stopByIv: assign(({ context }) => {
      const filtered = ivFilter(context);
      return filtered.verdict === "stopped" ? { stopped: filtered.stopped } : {};
    }),
    choose: assign(({ context, event }) => {
      const choice = chooseCandidate(context, event.now);
      return choice.found ? { candidate: choice.candidate } : { stopped: choice.stopped };
    }),
    takeSlot: assign(({ event }) => (event.type === "slot.granted" ? { slot: event.slot } : {})),
    forgetSlot: assign({ slot: null, candidate: null }),
  },
});
