/** What a position slot says: to its order saga, the gate, its strategy, the pool of lines, the operator and the read side. */
import { address, topic } from "../domain/address.ts";
import type { Contract } from "../domain/contract.ts";
import type { Campaign, LinePriority } from "../domain/events/actors.ts";
import { NO_GREEKS } from "../domain/risk/greeks.ts";
import type { Listen, Spawn, Tell, Told } from "../domain/speech.ts";
import { moneyUnits } from "../domain/units.ts";
import type { OrderInput } from "./order.context.ts";
import { campaignOf, knownContracts, profitOf, units } from "./position-slot.books.ts";
import { legsOf, type SlotContext } from "./position-slot.context.ts";
import type { Args } from "./position-slot.facts.ts";
import { escalation, intentOf, sagaOf, strategyPath } from "./position-slot.orders.ts";
import { vixOf } from "./position-slot.weather.ts";

const tell = (to: (args: Args) => string, event: (args: Args) => Told) => ({
  type: "tell" as const,
  params: (args: Args): Tell => ({ to: to(args), event: event(args) }),
});
const ourStrategy = ({ context }: Args): string => strategyPath(context.candidate);
const symbolOf = ({ context }: Pick<Args, "context">): string => context.candidate?.symbol ?? "";

export const listenToAnnouncements = { type: "listen" as const, params: { topics: [topic.mode, topic.session] } };

// ── lines ──
const contractsOf = (context: SlotContext): Contract[] => {
  const { candidate } = context;
  if (candidate === null) return [];
  const vix = vixOf(context);
  return [...legsOf(context).map(({ contract }) => contract), candidate.underlying, ...(vix === undefined ? [] : [vix])];
};
/** Of the legs that an offer for a roll has. */
const contractsOfNext = ({ next }: SlotContext): Contract[] => next?.candidate.legs.map(({ contract }) => contract) ?? [];
const contractsOfFormer = ({ former }: SlotContext): Contract[] =>
  (former.at(-1)?.candidate.legs ?? []).map(({ contract }) => contract);
const quotesOf = (contracts: (context: SlotContext) => readonly Contract[]) => ({
  params: ({ context }: Args): Listen => ({ topics: contracts(context).map(({ conId }) => topic.quote(conId)) }),
});
export const linesOf = { position: contractsOf, next: contractsOfNext } as const;
export const listenToQuotes = { type: "listen" as const, ...quotesOf(contractsOf) };
export const listenToNext = { type: "listen" as const, ...quotesOf(contractsOfNext) };
/** All that any of its structures wanted. */
export const stopListening = {
  type: "unlisten" as const,
  params: ({ context }: Args): Listen => ({
    topics: [
      ...[...contractsOf(context), ...knownContracts(context)].map(({ conId }) => topic.quote(conId)),
      ...weatherTopics(context),
    ],
  }),
};
const leave = (contracts: (context: SlotContext) => readonly Contract[]) =>
  [
    { type: "unlisten" as const, ...quotesOf(contracts) },
    {
      type: "tell" as const,
      params: ({ context }: Args): Tell[] =>
        contracts(context).map(({ conId }) => ({
          to: address.lines,
          event: { type: "line.released", holder: context.path, conId } as Told,
        })),
    },
  ] as const;
/** The roll came to nothing. */
export const leaveNext = leave(contractsOfNext);
/** The old legs are gone. */
export const leaveFormer = leave(contractsOfFormer);
/** What the rules need first, and then what one of them needs. */
const priorityOf = (context: SlotContext): LinePriority => {
  const { conId } = context.toRequest[0] as Contract;
  return conId === vixOf(context)?.conId && conId !== context.candidate?.underlying.conId ? 2 : 1;
};
export const requestNextLine = tell(
  () => address.lines,
  ({ context }) => ({
    type: "line.requested",
    holder: context.path,
    contract: context.toRequest[0],
    priority: priorityOf(context),
  }),
);
export const releaseLines = tell(
  () => address.lines,
  ({ context }) => ({ type: "lines.released", holder: context.path }),
);

// ── the weather ──
const weatherTopics = ({ candidate }: SlotContext): string[] =>
  candidate === null ? [] : [topic.regime, topic.underlying(candidate.symbol)];
export const listenToWeather = {
  type: "listen" as const,
  params: ({ context }: Args): Listen => ({ topics: weatherTopics(context) }),
};
export const askWeather = {
  type: "tell" as const,
  params: ({ context }: Args): Tell[] => [
    { to: address.regime, event: { type: "regime.asked", replyTo: context.path } as Told },
    { to: address.underlying(symbolOf({ context })), event: { type: "underlying.asked", replyTo: context.path } as Told },
  ],
};
/** To the gate: what is held is worth so much in Greeks. */
export const tellExposure = tell(
  () => address.riskGate,
  ({ context }) => ({
    type: "exposure.valued",
    slot: context.path,
    symbol: symbolOf({ context }),
    greeks: context.sight?.greeks ?? null,
    spot: context.sight?.spot ?? null,
  }),
);
/** And once more, when nothing is. */
export const tellNoExposure = {
  type: "tell" as const,
  params: ({ context }: Args): Tell[] =>
    context.valuedAt === null
      ? []
      : [
          {
            to: address.riskGate,
            event: {
              type: "exposure.valued",
              slot: context.path,
              symbol: symbolOf({ context }),
              greeks: NO_GREEKS,
              spot: context.sight?.spot ?? null,
            } as Told,
          },
        ],
};

// ── rolls ──
export const requestRoll = tell(ourStrategy, ({ context }) => ({
  type: "roll.requested",
  slot: context.path,
  legs: legsOf(context),
  quantity: units(context) ?? 0,
}));
/** The position is closed to be entered again: with what the campaign has lost by now. */
export const continueCampaign = {
  type: "tell" as const,
  params: ({ context }: Args): Tell[] => {
    if (context.exit?.continues !== true || context.candidate === null) return [];
    const { loss, rolls } = campaignOf(context);
    const lost = Math.max(0, -profitOf(context, context.candidate));
    const campaign: Campaign = { loss: moneyUnits(loss + lost), rolls: rolls + 1 };
    return [{ to: strategyPath(context.candidate), event: { type: "campaign.continued", slot: context.path, campaign } as Told }];
  },
};

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
      quotes: (context.order?.legs ?? []).flatMap(({ contract }) => context.quotes[contract.conId] ?? []),
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
