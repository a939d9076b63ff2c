/** What the session with the gateway knows of itself, and how it reads what it hears. Pure. */
import { accountRefusal } from "../domain/accounts.ts";
import type { ConnectionConfig, EngineConfig } from "../domain/config.ts";
import {
  COMPETING_SESSION,
  DEFAULT_CONNECTION,
  restartLeftMs,
  speaksOfCompetition,
  speaksOfReadOnly,
} from "../domain/connection.ts";
import type { EffectAnswer, FeedEvent, OrderIdEvent, ReconciliationEvent } from "../domain/events/actors.ts";
import type { OrderEvent } from "../domain/events/broker.ts";
import type { GatewayEvent } from "../domain/events/gateway.ts";
import type { MarketEvent } from "../domain/events/market.ts";
import { farmNews } from "../domain/lines/farm.ts";
import type { EpochMs } from "../domain/units.ts";
import type { Heard } from "./heard.ts";

export interface GatewaySessionInput {
  readonly config: EngineConfig;
}
export interface GatewaySessionContext {
  readonly config: EngineConfig;
  readonly epoch: number;
  readonly nextOrderId: number;
  readonly account: string;
  readonly clientId: number;
  readonly attempts: number;
  /** Refusals in a row because the client id is taken (326). */
  readonly taken: number;
  /** When another session last said that it is there, and when it took our place in the last half hour. */
  readonly competingAt: EpochMs | null;
  readonly takeovers: readonly EpochMs[];
  /** The epoch that was ready last. */
  readonly readyEpoch: number;
  /** Why this login may not trade; empty when it may. */
  readonly readOnly: string;
  /** Since when nobody is ready, and whether the operator knows; null while ready. */
  readonly outage: { readonly since: EpochMs; readonly told: boolean } | null;
  /** The accounts that were refused. */
  readonly refused: readonly string[];
  readonly reason: string;
  /** Market data farms that IB says are broken, and streams that the pool found dead, by name. */
  readonly brokenFarms: readonly string[];
  readonly stalled: readonly string[];
}
export type GatewaySessionEvent = Heard<
  | GatewayEvent
  | OrderIdEvent
  | FeedEvent
  | ReconciliationEvent
  | EffectAnswer
  | Extract<MarketEvent, { type: "line.failed" }>
  | Extract<OrderEvent, { type: "order.errored" }>
  | { readonly type: "session.open" | "session.restarted" | "session.rearmed" | "session.readied" | "session.unreadied" }
  | { readonly type: "run.resumed"; readonly config: EngineConfig }
>;
export type Args = { readonly context: GatewaySessionContext; readonly event: GatewaySessionEvent };

/** 326: the client id is taken. */
const ID_TAKEN = 326;
export const OUTAGE_TOLD_AFTER_MS = 60_000;
const TAKEOVERS_WITHIN_MS = 1_800_000;
/** A competing session speaks up shortly before it takes our place, or after. */
const COMPETING_FRESH_MS = 120_000;

export const newSessionContext = ({ config }: GatewaySessionInput): GatewaySessionContext => ({
  config,
  epoch: 0,
  nextOrderId: 1,
  account: "",
  clientId: 0,
  attempts: 0,
  taken: 0,
  competingAt: null,
  takeovers: [],
  readyEpoch: 0,
  readOnly: "",
  outage: null,
  refused: [],
  reason: "",
  brokenFarms: [],
  stalled: [],
});

// ── what is heard ──
export const isOfEpoch = ({ context, event }: Args): boolean => "epoch" in event && event.epoch === context.epoch;
/** One of these codes, about this connection. */
export const isNotice = ({ context, event }: Args, codes: readonly number[]): boolean =>
  event.type === "gateway.noticed" && event.epoch === context.epoch && codes.includes(event.code);
export const isIdTaken = (args: Args): boolean => isNotice(args, [ID_TAKEN]);
export const isRefusedAccount = ({ context, event }: Args): boolean =>
  event.type === "gateway.identified" &&
  event.epoch === context.epoch &&
  accountRefusal(context.config.account, event.accounts) !== undefined;
/** The connect of this very epoch could not be made. */
export const isRefusedConnect = ({ context, event }: Args): boolean =>
  event.type === "effect.refused" && event.name === "gateway.connect" && event.params["epoch"] === context.epoch;
export const readOnlyWords = ({ context, event }: Args): string | undefined => {
  if (event.type !== "gateway.noticed" && event.type !== "order.errored") return undefined;
  return event.epoch === context.epoch && speaksOfReadOnly(event.code, event.text) ? event.text : undefined;
};
/** The words of an event that may name a cause. */
const wordsOf = (event: GatewaySessionEvent): string =>
  event.type === "gateway.noticed" || event.type === "order.errored"
    ? event.text
    : event.type === "gateway.lost"
      ? event.reason
      : "";
/** Why the session ends, as the event tells it. */
export const blamed = ({ context, event }: Args): Partial<GatewaySessionContext> => {
  switch (event.type) {
    case "gateway.lost":
    case "effect.refused":
      return { reason: event.reason };
    case "gateway.noticed":
      return { reason: `${event.code} ${event.text}` };
    case "gateway.identified":
      return { reason: accountRefusal(context.config.account, event.accounts) ?? "" };
    case "session.restarted":
      return { reason: "the engine was restarted" };
    default:
      return {};
  }
};

// ── market data ──
export const farmsAfter = ({ context, event }: Args): Partial<GatewaySessionContext> => {
  if (event.type !== "gateway.noticed" || event.epoch !== context.epoch) return {};
  const news = farmNews(event.code, event.text);
  if (news === undefined) return {};
  const others = context.brokenFarms.filter((farm) => farm !== news.farm);
  return { brokenFarms: news.broken ? [...others, news.farm].sort() : others };
};
/** What market data lack, in words; empty: nothing. */
export const lack = ({ brokenFarms, stalled }: GatewaySessionContext): string =>
  [
    ...brokenFarms.map((farm) => `the market data farm ${farm} is broken`),
    ...stalled.map((name) => `${name} does not tick`),
  ].join("; ");

// ── other sessions ──
export const isCompeting = ({ context, event }: Args): boolean =>
  event.type === "line.failed" && event.epoch === context.epoch && event.code === COMPETING_SESSION;
/** It was not heard of lately. */
export const isNewCompetition = (args: Args): boolean =>
  isCompeting(args) && (args.context.competingAt === null || args.event.now - args.context.competingAt > TAKEOVERS_WITHIN_MS);
/** Whether this loss is another session's doing: it says so, it was heard of just now, or it sits on our client id at once. */
export const isTakeover = ({ context, event }: Args): boolean => {
  if (event.type === "gateway.noticed" && event.code === ID_TAKEN)
    return context.taken === 0 && context.readyEpoch === context.epoch - 1 && context.competingAt !== null;
  const recent = context.competingAt !== null && event.now - context.competingAt <= COMPETING_FRESH_MS;
  return context.readyEpoch === context.epoch && (recent || speaksOfCompetition(wordsOf(event)));
};
export const recentTakeovers = ({ context, event }: Args): readonly EpochMs[] =>
  context.takeovers.filter((at) => event.now - at < TAKEOVERS_WITHIN_MS);
export const isContested = ({ context }: Args): boolean => context.takeovers.length >= connectionOf(context).takeovers;

// ── how long it has been away ──
const connectionOf = ({ config }: GatewaySessionContext): ConnectionConfig => config.connection ?? DEFAULT_CONNECTION;
export const restartLeft = ({ context, event }: Args): number => restartLeftMs(connectionOf(context), event.now);
export const outageDue = ({ context, event }: Args): boolean =>
  context.outage !== null &&
  !context.outage.told &&
  event.now - context.outage.since >= OUTAGE_TOLD_AFTER_MS &&
  restartLeft({ context, event }) === 0;
