/**
 * A step's parts under their real types. The journal holds plain JSON; its facts, effects and inputs are the closed lists of the
 * domain, written by this program and verified on read. This is the one place where the read side takes their word for it.
 */
import type { EngineConfig } from "../domain/config.ts";
import type { Effects } from "../domain/effects.ts";
import type { OperatorEvent } from "../domain/events/actors.ts";
import type { BrokerEvent } from "../domain/events/broker.ts";
import type { GatewayEvent } from "../domain/events/gateway.ts";
import type { MarketEvent } from "../domain/events/market.ts";
import type { CaretakerFact } from "../domain/facts.ts";
import type { EpochMs } from "../domain/units.ts";
import type { Step } from "../ports/journal.ts";

/** A fold over the journal: `apply` in seq order, `view` whenever somebody looks. The same steps give the same view. */
export interface Projection<View> {
  apply(step: Step): void;
  readonly view: View;
}

export type SpokenFact = CaretakerFact & { readonly actor: string };

type SpokenEffectOf<Name extends keyof Effects> = Name extends keyof Effects
  ? { readonly id: string; readonly actor: string; readonly type: Name; readonly params: Effects[Name] }
  : never;
export type SpokenEffect = SpokenEffectOf<keyof Effects>;

/** The kernel's own inputs and the answers of effects; `effect` is the id of the effect that is answered. */
export type KernelInput =
  | {
      readonly type: "run.started";
      readonly build: string;
      readonly config: EngineConfig;
      readonly node?: string;
      readonly mode: string;
      readonly recovered?: { readonly quarantined?: readonly string[]; readonly differences?: readonly string[] };
    }
  | { readonly type: "run.stopping" }
  | { readonly type: "run.stopped" }
  | { readonly type: "timer.fired"; readonly actor: string; readonly id: string }
  | { readonly type: "clock.stepped"; readonly byMs: number }
  | { readonly type: "effect.written"; readonly effect: string; readonly epoch: number }
  | { readonly type: "effect.refused"; readonly effect: string; readonly reason: string }
  | { readonly type: "effect.unconfirmed"; readonly effect: string };

export type SpokenInput = KernelInput | BrokerEvent | GatewayEvent | MarketEvent | OperatorEvent;

export const factsOf = (step: Step): readonly SpokenFact[] => step.facts as unknown as readonly SpokenFact[];
export const effectsOf = (step: Step): readonly SpokenEffect[] => step.effects as unknown as readonly SpokenEffect[];
export const inputOf = (step: Step): SpokenInput => step.input as unknown as SpokenInput;
/** The market time of a step. */
export const timeOf = (step: Step): EpochMs => step.now as EpochMs;

/** Appends and keeps the newest `limit`. */
export const keepNewest = <Item>(items: Item[], item: Item, limit: number): void => {
  items.push(item);
  if (items.length > limit) items.splice(0, items.length - limit);
};
