/** What the root knows, and how it reads what it hears. Pure. */
import { newYorkDay } from "../domain/calendar/new-york.ts";
import type { EngineConfig } from "../domain/config.ts";
import type { Discrepancy, OperatorEvent, ReconciliationEvent, SagaEvent, SessionAnnouncement } from "../domain/events/actors.ts";
import { shardOf, shardsBefore } from "../domain/identity.ts";
import { consequenceOf, forbidsRisk } from "../domain/reconciliation/policy.ts";
import { missing } from "./engine.crew.ts";
import type { Heard } from "./heard.ts";

/** What recovery found, as far as the engine acts on it. */
interface RunStarted {
  readonly type: "run.started";
  readonly build: string;
  readonly config: EngineConfig;
  readonly recovered?: { readonly differences?: readonly string[]; readonly recentStarts?: number };
}
export interface EngineContext {
  readonly config: EngineConfig | null;
  readonly spawned: { readonly [path: string]: true };
  readonly ready: boolean;
  /** Latches and conditions that keep the mode from *trading*; empty texts are off. */
  readonly halt: string;
  readonly pause: string;
  readonly mismatch: string;
  readonly foreignBuild: string;
  /** Order sagas that have not ended, by path, and the shards that hold any saga at all. */
  readonly sagas: { readonly [path: string]: true };
  readonly shards: { readonly [shard: string]: true };
}
export type EngineEvent = Heard<
  | RunStarted
  | OperatorEvent
  | SessionAnnouncement
  | ReconciliationEvent
  | SagaEvent
  | { readonly type: "run.stopping" | "run.stopped" }
  | { readonly type: "account.refused" | "session.contested"; readonly reason: string }
  | { readonly type: "clock.stepped"; readonly byMs: number }
  | { readonly type: "actor.poisoned" | "actor.halted"; readonly path: string; readonly machine: string; readonly detail: string }
>;
export type Args = { readonly context: EngineContext; readonly event: EngineEvent };

export const NEW_ENGINE_CONTEXT: EngineContext = {
  config: null,
  spawned: {},
  ready: false,
  halt: "",
  pause: "",
  mismatch: "",
  foreignBuild: "",
  sagas: {},
  shards: {},
};

/** Why the mode is what it is: the first reason that holds. */
export const reasonOf = (context: EngineContext): string =>
  context.halt || context.pause || context.mismatch || context.foreignBuild || "";

// ── a run ──
export const afterStart = (args: Args): Partial<EngineContext> => {
  const { event, context } = args;
  if (event.type !== "run.started") return {};
  const differences = event.recovered?.differences ?? [];
  const crashLoop = (event.recovered?.recentStarts ?? 0) >= 2;
  return {
    config: event.config,
    ready: false,
    spawned: { ...context.spawned, ...Object.fromEntries(missing(args).map(({ path }) => [path, true as const])) },
    foreignBuild:
      context.foreignBuild || (differences.length > 0 ? `the journal's tail is of another build: ${differences[0]}` : ""),
    halt: context.halt || (crashLoop ? "three starts within a minute without a snapshot: observing only" : ""),
  };
};

// ── the broker's truth ──
const discrepanciesOf = (event: EngineEvent): readonly Discrepancy[] | undefined =>
  event.type === "reconciliation.completed" ? event.discrepancies : undefined;
export const differs = ({ event }: Args): boolean => discrepanciesOf(event)?.some(forbidsRisk) === true;
export const mustHalt = ({ event }: Args): boolean =>
  discrepanciesOf(event)?.some((one) => consequenceOf(one) === "halt") === true;
export const agreesAgain = ({ context, event }: Args): boolean =>
  context.mismatch !== "" && discrepanciesOf(event)?.some(forbidsRisk) === false;
export const afterComparison = ({ context, event }: Args): Partial<EngineContext> => {
  if (event.type !== "reconciliation.completed") return {};
  const ours = event.discrepancies.filter(forbidsRisk);
  const first = ours[0];
  const halting = ours.find((one) => consequenceOf(one) === "halt");
  return {
    halt:
      context.halt ||
      (halting === undefined ? "" : `${halting.subject}: ${halting.kind} (ours ${halting.ours}, theirs ${halting.theirs})`),
    mismatch: first === undefined ? "" : `${ours.length} differences with the broker, first ${first.subject}: ${first.kind}`,
  };
};

// ── sagas and their shards ──
/** The oldest shard of an earlier day whose sagas have all ended. */
export const archivable = ({ context, event }: Args): string | undefined => {
  const alive = new Set(Object.keys(context.sagas).map(shardOf));
  return shardsBefore(Object.keys(context.shards), newYorkDay(event.now)).find((shard) => !alive.has(shard));
};
/** Days pass while nothing else happens: these events come often enough. */
export const mayArchive = (args: Args): boolean =>
  ["run.started", "saga.ended", "reconciliation.completed"].includes(args.event.type) && archivable(args) !== undefined;
export const sagasWith = ({ context, event }: Args): Partial<EngineContext> =>
  event.type === "saga.began"
    ? {
        sagas: { ...context.sagas, [event.path]: true as const },
        shards: { ...context.shards, [shardOf(event.path)]: true as const },
      }
    : {};
export const sagasWithout = ({ context, event }: Args): Partial<EngineContext> => {
  if (event.type !== "saga.ended") return {};
  const { [event.path]: _ended, ...sagas } = context.sagas;
  return { sagas };
};
export const shardsLeft = (args: Args): Partial<EngineContext> => {
  const { [archivable(args) ?? ""]: _retired, ...shards } = args.context.shards;
  return { shards };
};
