/** `caretaker alerts`: what the operator should know of, and `acknowledge|resolve|dismiss ID`: what the operator says to it. */
import { userInfo } from "node:os";
import type { Command } from "commander";
import { type AlertWord, alertNumber } from "../../domain/alert.ts";
import type { EpochMs } from "../../domain/units.ts";
import type { AlertsView, AlertView } from "../../projections/alerts.ts";
import { durationWords } from "../../projections/words.ts";
import { CommandError, EXIT } from "../exit.ts";
import { askDaemon, chosenState, commandDaemon, daemonOf, readModelOf } from "../reading.ts";

const WORDS: { readonly [Word in AlertWord]: string } = {
  acknowledge: "Somebody has seen it: it stays open and does not become more severe by itself.",
  resolve: "It is over. If the condition comes back, it is raised again.",
  dismiss: "Of no interest: silent until the condition has been over once, or becomes worse.",
};
type AlertsDocument = AlertsView & { readonly now: EpochMs };

const userName = (): string => {
  try {
    return userInfo().username;
  } catch {
    return `user ${process.getuid?.() ?? "unknown"}`;
  }
};
const idOf = ({ alertId }: AlertView): string => alertId.slice(alertId.indexOf("/") + 1);
const isOpen = ({ state }: AlertView): boolean => state === "raised" || state === "acknowledged";

const alertWords = (alert: AlertView, now: EpochMs): readonly string[] => {
  const age = durationWords(Math.max(0, now - alert.raisedAt));
  const often = alert.times === 1 ? "" : `, ${alert.times} times`;
  const whose = alert.reason === "" ? "" : ` (${alert.reason})`;
  return [
    `${idOf(alert)}  ${alert.severity.toUpperCase()}${alert.escalated ? " (escalated)" : ""}  ${age}${often}  ${alert.state}${whose}  ${alert.title}`,
    `    ${alert.text}`,
  ];
};
const inWords = ({ open, alerts, now }: AlertsDocument, all: boolean): readonly string[] => {
  const shown = alerts.filter((alert) => all || isOpen(alert));
  const quiet = alerts.length - shown.length;
  return [
    `${open.critical} critical, ${open.warning} warning, ${open.info} info open; ${open.unacknowledged} not acknowledged`,
    ...shown.flatMap((alert) => alertWords(alert, now)),
    ...(quiet === 0 ? [] : [`${quiet} more are resolved or dismissed: --all shows them`]),
  ];
};

const stateOption = (command: Command): Command =>
  command
    .option("--state <dir>", "state directory; by default where the daemon runs, else the demo's")
    .option("--json", "one document on standard output");

export const alertsVerb = (program: Command): void => {
  const alerts = stateOption(
    program
      .command("alerts")
      .description(
        "What you should know of: exits, blind rules, differences with the broker, lost sessions. The gravest first, each with the id that 'acknowledge', 'resolve' and 'dismiss' take.",
      ),
  ).option("--all", "those that are resolved or dismissed, too");
  alerts.action(async (flags: { state?: string; json?: boolean; all?: boolean }) => {
    const directory = await chosenState(flags.state);
    const daemon = await daemonOf(directory);
    const of = async (): Promise<AlertsDocument> => {
      if (daemon !== undefined) return (await askDaemon(daemon, "/api/v1/alerts")) as AlertsDocument;
      const model = await readModelOf(directory);
      return { ...model.alerts, now: model.now };
    };
    const document = await of();
    if (daemon === undefined && !flags.json)
      process.stderr.write(`no daemon is running on ${directory}: this is the last that its journal knows\n`);
    const shown = flags.all ? document : { ...document, alerts: document.alerts.filter(isOpen) };
    process.stdout.write(flags.json ? `${JSON.stringify(shown)}\n` : `${inWords(document, flags.all === true).join("\n")}\n`);
  });

  for (const word of Object.keys(WORDS) as AlertWord[]) {
    stateOption(alerts.command(word).description(WORDS[word]))
      .argument("<id>", "as 'caretaker alerts' shows it: 7")
      .option("--reason <text>", "why; it goes into the journal", "no reason given")
      .action(async (id: string, _flags: object, command: Command) => {
        // 'alerts' has some of these flags too, and takes them first.
        const flags = command.optsWithGlobals<{ state?: string; reason: string; json?: boolean }>();
        if (alertNumber(id) === undefined)
          throw new CommandError(EXIT.badData, `${id} is not the id of an alert: 'caretaker alerts' shows them, such as 7`);
        const directory = await chosenState(flags.state);
        const daemon = await daemonOf(directory);
        if (daemon === undefined)
          throw new CommandError(EXIT.unavailable, `no daemon is running on ${directory}; --state names another state directory`);
        const receipt = (await commandDaemon(daemon, `alerts/${word}`, {
          alertId: id,
          reason: `${flags.reason} (${userName()})`,
        })) as { readonly seq?: number };
        process.stdout.write(
          flags.json ? `${JSON.stringify(receipt)}\n` : `alerts ${word} ${id}: recorded as ${receipt.seq} in ${directory}\n`,
        );
      });
  }
};
