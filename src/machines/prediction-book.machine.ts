/**
 * The book of predictions: what was expected of each position at its entry meets what came of it.
 *
 *   keeping ──prediction.settled──▶ keeping      the error is booked and told
 *           ──weights.asked──▶ keeping           the asker is told, within the step
 *
 * B1 A position is scored once, when it is flat; one without a prediction is not scored at all.
 * B2 Weights stay within their limits, and are 1 until enough outcomes are known.
 */
import { assign, emit, setup } from "xstate";
import type { EngineConfig } from "../domain/config.ts";
import type { PredictionEvent } from "../domain/events/actors.ts";
import type { PredictionFact } from "../domain/facts.ts";
import {
  DEFAULT_WEIGHT_LIMITS,
  errorOf,
  meanAbsoluteError,
  meanSquaredError,
  noteOutcome,
  recordOf,
  type TrackRecords,
  type WeightLimits,
  weightOf,
  weightsOf,
} from "../domain/prediction/track-record.ts";
import { speech, type Tell } from "../domain/speech.ts";
import type { Heard } from "./heard.ts";

interface PredictionBookContext {
  readonly limits: WeightLimits;
  readonly records: TrackRecords;
}
type PredictionBookEvent = Heard<PredictionEvent | { readonly type: "run.resumed"; readonly config: EngineConfig }>;
interface Args {
  readonly context: PredictionBookContext;
  readonly event: PredictionBookEvent;
}

const limitsOf = ({ predictions }: EngineConfig): WeightLimits => predictions ?? DEFAULT_WEIGHT_LIMITS;
const booked = ({ context, event }: Args): TrackRecords =>
  event.type === "prediction.settled"
    ? noteOutcome(context.records, event.kind, event.regime, event.prediction, event.outcome)
    : context.records;

const scored = (args: Args): PredictionFact => {
  const { slot, kind, symbol, regime, prediction, outcome } = args.event as Extract<
    PredictionBookEvent,
    { type: "prediction.settled" }
  >;
  const record = recordOf(booked(args), kind, regime);
  const error = errorOf(prediction, outcome);
  return {
    type: "prediction.scored",
    slot,
    kind,
    symbol,
    regime,
    prediction,
    outcome,
    error,
    count: record.count,
    meanAbsoluteError: meanAbsoluteError(record) ?? Math.abs(error),
    meanSquaredError: meanSquaredError(record) ?? error * error,
    weight: weightOf(record, args.context.limits),
  };
};
const tellWeights = {
  type: "tell" as const,
  params: ({ context, event }: Args): Tell => ({
    to: event.type === "weights.asked" ? event.replyTo : "",
    event: { type: "weights.told", weights: weightsOf(context.records, context.limits) },
  }),
};

export const predictionBookMachine = setup({
  types: {
    input: {} as { readonly config: EngineConfig },
    context: {} as PredictionBookContext,
    events: {} as PredictionBookEvent,
    emitted: {} as PredictionFact,
  },
  actions: {
    ...speech,
    book: assign((args) => ({ records: booked(args) })),
    takeConfig: assign(({ event }) => (event.type === "run.resumed" ? { limits: limitsOf(event.config) } : {})),
  },
}).createMachine({
  id: "predictionBook",
  context: ({ input }) => ({ limits: limitsOf(input.config), records: {} }),
  initial: "keeping",
  on: { "run.resumed": { actions: "takeConfig" }, "weights.told": {} },
  states: {
    keeping: {
      on: {
        "prediction.settled": { actions: [emit(scored), "book"] },
        "weights.asked": { actions: tellWeights },
      },
    },
  },
});
