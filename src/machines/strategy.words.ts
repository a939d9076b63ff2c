/** The words in which the strategy's chart is written: its delays, its guards as conditions, its actions as deeds. */
import { assign, setup } from "xstate";
import { topic } from "../domain/address.ts";
import { newYorkDay } from "../domain/calendar/new-york.ts";
import type { Contract } from "../domain/contract.ts";
import { effects } from "../domain/effects.ts";
import type { LinePriority } from "../domain/events/actors.ts";
import type { EntryFact } from "../domain/facts.ts";
import { speech } from "../domain/speech.ts";
import { chainOf } from "../domain/strategies/chain.ts";
import { type Stopped, stopAt } from "../domain/strategies/strategy.ts";
import type { TradingDay } from "../domain/units.ts";
import { epochMs } from "../domain/units.ts";
import {
  allHeard,
  asFarAsHeard,
  freshSpot,
  isAnswerTo,
  isToday,
  isVixQuoted,
  lookConfig,
  mayLook,
  NO_WAY,
  NOTHING_TOLD,
  type Roll,
  type StrategyContext,
  type StrategyEvent,
  type StrategyInput,
  sceneOf,
  strategyOf,
  windowAt,
  windowOpen,
} from "./strategy.context.ts";
import { chosen, filteredBy } from "./strategy.filters.ts";

/** The context once lines of more contracts are wanted. Twice the same contract is asked for once. */
const wanting = (context: StrategyContext, contracts: readonly Contract[], priority: LinePriority): Partial<StrategyContext> => {
  const fresh = contracts.filter(({ conId }) => !context.topics.includes(topic.quote(conId)));
  return {
    awaited: contracts.map(({ conId }) => conId),
    toRequest: fresh.map((contract) => ({ contract, priority })),
    topics: [...context.topics, ...fresh.map(({ conId }) => topic.quote(conId))],
  };
};
/** What was told, without the time of its step: plain state. */
const withoutTime = <Told extends { readonly now: unknown }>({ now: _now, ...told }: Told): Omit<Told, "now"> => told;
/** Those that were passed over are the nearest ones: without them the reason would not be true. */
const withPassedOver = (stopped: Stopped, passedOver: readonly TradingDay[]): Stopped =>
  passedOver.length === 0
    ? stopped
    : { ...stopped, reason: `${stopped.reason} but ${passedOver.join(", ")}, which had too little of use just now` };
/** Stages that stop a candidate for want of strikes that are listed and can be used. */
const LISTING_STAGES = ["hygiene", "strikes", "shortDelta", "wings"];

export const strategyWords = setup({
  types: {
    input: {} as StrategyInput,
    context: {} as StrategyContext,
    events: {} as StrategyEvent,
    emitted: {} as EntryFact,
  },
  delays: {
    untilWindow: ({ context, event }) =>
      Math.max(0, windowAt(context, event.now).from - event.now, context.coolUntil - event.now),
    cooldown: ({ context, event }) => Math.max(0, context.coolUntil - event.now),
    patience: ({ context }) => context.engine.patience.answersSeconds * 1_000,
    quotesPatience: ({ context }) => context.engine.patience.quotesSeconds * 1_000,
    handover: 5_000,
  },
  guards: {
    mayLook: ({ context }) => mayLook(context),
    mayNotLook: ({ context }) => !mayLook(context) && context.roll?.kind !== "offer",
    /** A slot waits for an answer: it gets one. */
    offerBroken: ({ context }) => context.roll?.kind === "offer" && (context.epoch === null || context.mode !== "trading"),
    forOffer: ({ context }) => context.roll?.kind === "offer",
    goesOn: ({ context, event }) =>
      event.type === "slot.freed" && event.slot === context.slot && context.roll?.kind === "campaign",
    mayOffer: ({ context, event }) =>
      event.type === "roll.requested" && event.slot === context.slot && mayLook(context) && context.roll === null,
    windowOpen: ({ context, event }) => windowOpen(context, event.now) && event.now >= context.coolUntil,
    isAnswer: ({ context, event }, params: { readonly to: string }) => isAnswerTo(context, event, params.to),
    ofThisLook: ({ context, event }) =>
      event.type === "effect.refused" && String(event.params["request"]).endsWith(`-${context.look}`),
    linesWanted: ({ context }) => context.toRequest.length > 0,
    skipUntold: ({ context }) => context.way.skips.length > 0,
    stopped: ({ context }) => context.stopped !== null,
    listsTooLittle: ({ context }) => context.listing !== null && LISTING_STAGES.includes(context.stopped?.stage ?? ""),
    underlyingUnknown: ({ context }) => context.underlying === null,
    expiryUnknownToday: ({ context, event }) => !isToday(event.now, context.listing?.day),
    chainUnknown: ({ context }) => context.chain === null,
    spotFresh: ({ context, event }) => freshSpot(context, event.now) !== undefined,
    heard: ({ context }) => allHeard(context),
    heardAndFresh: ({ context, event }) => allHeard(context) && freshSpot(context, event.now) !== undefined,
    unmeasured: ({ event }) => event.type === "slot.granted" && event.unmeasured !== undefined,
    ourSlot: ({ context, event }) =>
      (event.type === "slot.opened" || event.type === "slot.freed" || event.type === "campaign.continued") &&
      event.slot === context.slot,
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
        ? { ...anew, config: event.config, engine: event.engine, ...(isVixQuoted(event.engine) ? {} : { vix: null }) }
        : { ...anew, config: { ...context.config, enabled: false }, engine: event.config };
    }),
    /** A figure that is not in the answer is not known. */
    takeEquity: assign(({ event }) =>
      event.type === "reconciliation.completed" ? { equity: event.netLiquidation ?? null } : {},
    ),
    beginPause: assign(({ context, event }) => ({
      coolUntil: epochMs(event.now + context.config.entry.cooldownSeconds * 1_000),
    })),
    beginLook: assign(({ context }) => ({
      look: context.look + 1,
      quotes: {},
      awaited: [],
      lost: [],
      toRequest: [],
      candidate: null,
      stopped: null,
      weather: NOTHING_TOLD,
      way: NO_WAY,
    })),
    hearRegime: assign(({ context, event }) =>
      event.type === "regime.told"
        ? { vix: event.vix ?? context.vix, weather: { ...context.weather, regime: withoutTime(event) } }
        : {},
    ),
    hearUnderlying: assign(({ context, event }) =>
      event.type === "underlying.told" ? { weather: { ...context.weather, state: withoutTime(event) } } : {},
    ),
    hearWeights: assign(({ context, event }) =>
      event.type === "weights.told" ? { weather: { ...context.weather, weights: event.weights } } : {},
    ),
    skipTold: assign(({ context }) => ({ way: { ...context.way, skips: context.way.skips.slice(1) } })),
    filter: assign(({ context, event }) => filteredBy(context, event.now)),
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
    takeExpiry: assign(({ context, event }) => {
      if (event.type !== "optionParameters.answered") return {};
      const day = newYorkDay(event.now);
      const passedOver = context.passedOver.day === day ? context.passedOver.expiries : [];
      const open = event.parameters.map((row) => ({
        ...row,
        expirations: row.expirations.filter((expiry) => !passedOver.includes(expiry)),
      }));
      const choice = strategyOf(context).expiry(lookConfig(context), open, day);
      return choice.found
        ? { listing: { day, expiry: choice.expiry, tradingClass: choice.tradingClass }, chain: null }
        : { listing: null, stopped: withPassedOver(choice.stopped, passedOver), passedOver: { day, expiries: [] } };
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
      return near.length === 0
        ? { stopped: stopAt("strikes", "no strike has both a call and a put").stopped }
        : wanting(context, near, 3);
    }),
    wantLegCandidates: assign(({ context, event }) => {
      const view = sceneOf(context, event.now);
      if (!view.found) return { stopped: view.stopped };
      const choice = strategyOf(context).legCandidates(view.scene);
      const way = { ...context.way, refused: choice.refused ?? null };
      return choice.found
        ? { way, ...wanting(context, choice.contracts, 3) }
        : { way, stopped: asFarAsHeard(context, choice.stopped) };
    }),
    nextLine: assign(({ context }) => ({ toRequest: context.toRequest.slice(1) })),
    noMoreLines: assign({ topics: [], toRequest: [], awaited: [] }),
    choose: assign(({ context, event }) => chosen(context, event.now)),
    takeSlot: assign(({ event }) => (event.type === "slot.granted" ? { slot: event.slot } : {})),
    forgetSlot: assign({ slot: null, candidate: null, roll: null }),
    // Its expiry is not that of an entry: listing and chain are looked up for each, and forgotten after it.
    takeOffer: assign(({ event }) => {
      if (event.type !== "roll.requested") return {};
      const { slot, quantity, legs } = event;
      return { roll: { kind: "offer", slot, quantity, legs } satisfies Roll, listing: null, chain: null };
    }),
    takeCampaign: assign(({ event }) =>
      event.type === "campaign.continued"
        ? { roll: { kind: "campaign", campaign: event.campaign } satisfies Roll, listing: null, chain: null }
        : {},
    ),
    dropCampaign: assign(({ context }) => (context.roll === null ? {} : { roll: null, listing: null, chain: null })),
    forgetHeldSlot: assign({ slot: null, candidate: null, coolUntil: epochMs(0) }),
  },
});
