/** `caretaker status|positions|orders`: what is; from the daemon when it runs, else from the journal. */
import type { Command } from "commander";
import { formatNewYork, newYorkDay } from "../../domain/calendar/new-york.ts";
import { formatMoney, formatPrice, type Money } from "../../domain/units.ts";
import type { HoldingsView } from "../../projections/holdings.ts";
import type { OrdersView } from "../../projections/orders.ts";
import type { PositionsView } from "../../projections/positions.ts";
import type { ReadModel } from "../../projections/read-model.ts";
import { regimeWords } from "../../projections/regime.ts";
import type { StatusView } from "../../projections/status.ts";
import { underlyingWords } from "../../projections/underlyings.ts";
import { creditOrDebit, outcomeWords, signedMoney } from "../../projections/words.ts";
import { askDaemon, chosenState, daemonOf, readModelOf } from "../reading.ts";

interface Reading<View> {
  readonly name: string;
  readonly description: string;
  readonly of: (model: ReadModel) => View;
  readonly inWords: (view: View) => readonly string[];
}
const reading = <View>(one: Reading<View>): Reading<unknown> => one as Reading<unknown>;

const amount = (value: Money | undefined): string => (value === undefined ? "unknown" : formatMoney(value));

const NOTHING_RAN = ["Nothing has run yet: 'caretaker demo' or 'caretaker run' begins the journal."];

const statusWords = (status: StatusView): readonly string[] =>
  status.seq === 0
    ? NOTHING_RAN
    : [
        status.happening,
        `mode ${status.mode}${status.reason === "" ? "" : `: ${status.reason}`}; account ${status.account ?? "unknown"}, connection ${status.epoch}${status.ready ? "" : ", not ready"}`,
        `${newYorkDay(status.now)} ${formatNewYork(status.now)} New York, journal record ${status.seq}`,
        `equity ${amount(status.equity)}${status.equityUnknown === undefined ? "" : ` (${status.equityUnknown})`}, cash ${amount(status.cash)}, fees ${amount(status.commissions)}, closed profit ${signedMoney(status.tradedProfit)}`,
        `slots ${status.slots.used} of ${status.slots.limit ?? "?"}, lines ${status.lines.leased} of ${status.lines.limit ?? "?"}, breakers ${status.breakers.worst}`,
        regimeWords(status.regime),
        ...status.underlyings.map((one) => underlyingWords(one, (at) => `${newYorkDay(at)} ${formatNewYork(at)}`)),
        `${status.fills} leg fills, ${status.trades} trades closed, ${status.openOrders} orders open, ${status.doubtedOrders} in doubt, ${status.discrepancies} differences with the broker`,
        ...(status.alerts.critical + status.alerts.warning + status.alerts.info === 0
          ? []
          : [
              `alerts open: ${status.alerts.critical} critical, ${status.alerts.warning} warning, ${status.alerts.info} info: 'caretaker alerts' tells them`,
            ]),
      ];

type PositionsDocument = PositionsView & { readonly account: HoldingsView };

/** What of the account is not ours, or not as it should be. */
const othersWords = ({ holdings }: HoldingsView): readonly string[] => {
  if (holdings === undefined) return ["the broker has not told its positions yet"];
  const foreign = holdings.filter(({ foreign }) => foreign);
  if (foreign.length === 0) return [];
  return [
    `the account has ${foreign.length} positions that are not all ours:`,
    ...foreign
      .slice(0, OTHERS_NAMED)
      .map(({ name, quantity, ours }) => `    ${quantity} ${name}${ours === 0 ? "" : `, ${ours} of them ours`}`),
    ...(foreign.length > OTHERS_NAMED ? [`    and ${foreign.length - OTHERS_NAMED} more: --json tells all`] : []),
  ];
};
const OTHERS_NAMED = 10;

const positionWords = ({ slots, account }: PositionsDocument): readonly string[] => [
  ...(slots.length === 0
    ? ["no positions"]
    : slots.flatMap((slot) => [
        `${slot.slot}  ${slot.name}  ${slot.units ?? "?"} × ${creditOrDebit(slot.netPrice)}  mark ${slot.mark === undefined ? `unknown (${slot.unknown ?? "not marked yet"})` : formatPrice(slot.mark)}  profit ${slot.profit === undefined ? "unknown" : signedMoney(slot.profit)}${slot.quarantined === undefined ? "" : `  QUARANTINED: ${slot.quarantined}`}`,
        ...slot.legs.map(
          ({ name, quantity, averagePrice }) =>
            `    ${quantity > 0 ? "+" : ""}${quantity} ${name} at ${averagePrice === undefined ? "?" : formatPrice(averagePrice)}`,
        ),
        ...(slot.decision === undefined
          ? []
          : [
              `    decided ${slot.decision.decision.action} (${slot.decision.decision.rule}) at ${formatNewYork(slot.decision.at)}: 'explain decision ${slot.decision.seq}' tells why`,
            ]),
      ])),
  ...othersWords(account),
];

const orderWords = ({ orders, open }: OrdersView): readonly string[] => [
  `${open} open of ${orders.length}`,
  ...orders.map(
    (order) =>
      `${order.intentId}  ${formatNewYork(order.intendedAt)}  ${order.purpose} ${order.quantity} × ${order.name}  ${order.limit === undefined ? "not priced" : formatPrice(order.limit)}  ${order.doubted ? "IN DOUBT" : order.outcome === undefined ? (order.status ?? "intended") : outcomeWords(order.outcome)}  ${order.fills} leg fills`,
  ),
];

const READINGS: readonly Reading<unknown>[] = [
  reading({
    name: "status",
    description: "Mode, account, equity, slots, breakers: one look.",
    of: (model) => model.status,
    inWords: statusWords,
  }),
  reading({
    name: "positions",
    description: "Open positions with legs, mark, profit and last decision.",
    of: (model) => ({ ...model.positions, account: model.holdings }),
    inWords: positionWords,
  }),
  reading({
    name: "orders",
    description: "Every order: 'explain order ID' tells its whole life.",
    of: (model) => model.orders,
    inWords: orderWords,
  }),
];

export const readingVerbs = (program: Command): void => {
  for (const { name, description, of, inWords } of READINGS) {
    program
      .command(name)
      .description(description)
      .option("--state <dir>", "state directory; by default where the daemon runs, else the demo's")
      .option("--json", "one document on standard output")
      .action(async (flags: { state?: string; json?: boolean }) => {
        const directory = await chosenState(flags.state);
        const daemon = await daemonOf(directory);
        const view = daemon === undefined ? of(await readModelOf(directory)) : await askDaemon(daemon, `/api/v1/${name}`);
        if (daemon === undefined && !flags.json)
          process.stderr.write(`no daemon is running on ${directory}: this is the last that its journal knows\n`);
        process.stdout.write(flags.json ? `${JSON.stringify(view)}\n` : `${inWords(view).join("\n")}\n`);
      });
  }
};
