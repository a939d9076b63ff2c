/** `caretaker report`: every trade with what was predicted of it and what came of it, and how good the predictions are. */
import type { Command } from "commander";
import { formatNewYork, newYorkDay } from "../../domain/calendar/new-york.ts";
import { formatMoney } from "../../domain/units.ts";
import type { PredictionRow } from "../../projections/predictions.ts";
import type { ReadModel } from "../../projections/read-model.ts";
import type { Trade, TradesView } from "../../projections/trades.ts";
import { creditOrDebit, durationWords, signedMoney } from "../../projections/words.ts";
import { askDaemon, chosenState, daemonOf, readModelOf } from "../reading.ts";

export interface Report {
  readonly trades: TradesView;
  readonly predictions: readonly PredictionRow[];
}
export const reportOf = (model: ReadModel): Report => ({ trades: model.trades, predictions: model.predictions });

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

const tradeLines = (trade: Trade): readonly string[] => {
  const { openedAt, closedAt, name, quantity, netPrice, rule, profit, fees, heldMs, prediction, outcome } = trade;
  const opened = openedAt === undefined ? "opened before this journal" : `${newYorkDay(openedAt)} ${formatNewYork(openedAt)}`;
  const turned = [
    ...(trade.reductions > 0 ? [`reduced ${trade.reductions}×`] : []),
    ...(trade.rolls > 0 ? [`rolled ${trade.rolls}×`] : []),
  ];
  return [
    `${opened} to ${newYorkDay(closedAt)} ${formatNewYork(closedAt)}  ${quantity === undefined ? "" : `${quantity} × `}${name}${netPrice === undefined ? "" : ` for ${creditOrDebit(netPrice)}`}`,
    `    closed by ${rule} after ${durationWords(heldMs)}: ${signedMoney(profit)} after ${formatMoney(fees)} of fees${turned.length === 0 ? "" : `; ${turned.join(", ")}`}`,
    prediction === undefined
      ? "    nothing was predicted of it"
      : `    predicted in ${trade.regime ?? "an unknown regime"}: profit with ${percent(prediction.probability)}, return on risk ${percent(prediction.expectedReturn)}, score ${prediction.score.toFixed(1)}${outcome === undefined ? "" : `; came: ${outcome.won ? "profit" : "no profit"}, ${percent(outcome.returnOnRisk)}`}`,
  ];
};

const predictionLines = (row: PredictionRow): readonly string[] => [
  `${row.kind} in ${row.regime ?? "an unknown regime"}: ${row.count} scored, mean absolute error ${percent(row.meanAbsoluteError)}, mean squared error ${row.meanSquaredError.toFixed(4)}, weight ${row.weight.toFixed(3)}`,
  ...row.calibration.map(
    ({ from, count, predicted, came }) =>
      `    ${percent(from)} to ${percent(from + 0.1)}: predicted ${percent(predicted)}, came ${percent(came)} of ${count}`,
  ),
];

const inWords = ({ trades: { trades, count, winners, profit, fees }, predictions }: Report): readonly string[] => [
  count === 0
    ? "no trade has been closed yet"
    : `${count} trade${count === 1 ? "" : "s"} closed, ${winners} with a profit, ${signedMoney(profit)} after ${formatMoney(fees)} of fees${count > trades.length ? `; the newest ${trades.length}:` : ":"}`,
  ...trades.flatMap(tradeLines),
  ...(predictions.length === 0 ? [] : ["", "Predictions, in return on risk (profit after costs over the worst loss at entry):"]),
  ...predictions.flatMap(predictionLines),
];

export const reportVerb = (program: Command): void => {
  program
    .command("report")
    .description("Every closed trade with its prediction and outcome, and how good the predictions are.")
    .option("--state <dir>", "state directory; by default where the daemon runs, else the demo's")
    .option("--json", "one document on standard output")
    .action(async (flags: { state?: string; json?: boolean }) => {
      const directory = await chosenState(flags.state);
      const daemon = await daemonOf(directory);
      const report =
        daemon === undefined ? reportOf(await readModelOf(directory)) : ((await askDaemon(daemon, "/api/v1/report")) as Report);
      process.stdout.write(flags.json ? `${JSON.stringify(report)}\n` : `${inWords(report).join("\n")}\n`);
    });
};
