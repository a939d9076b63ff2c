/** `caretaker journal verify|tail`: is the journal whole, and what does it say? */
import { type Command, Option } from "commander";
import { formatNewYork } from "../../domain/calendar/new-york.ts";
import { epochMs } from "../../domain/units.ts";
import { wholeNumber } from "../flags.ts";
import { withClone } from "../reading.ts";
import { stateDirectory } from "../state-path.ts";

export const journalVerb = (program: Command): void => {
  const journal = program
    .command("journal")
    .description("Verify and read the journal (from a clone; the daemon must not be running).");
  journal
    .command("verify")
    .description(
      "Read every record, sealed days and all: sequence, hash chain, checksums, head anchor. Exit 65 names the place of any damage.",
    )
    .option("--state <dir>", "state directory; by default demo in ~/.local/state/caretaker")
    .option("--json", "one document on standard output")
    .action(async (flags: { state?: string; json?: boolean }) => {
      const directory = stateDirectory(flags.state, "demo");
      const { verified, identity, segments } = await withClone(directory, async (state) => state, undefined, true);
      const sealed = segments.all.map(({ summary, count }) => ({
        day: summary.day,
        firstSeq: summary.firstSeq,
        lastSeq: summary.lastSeq,
        records: count,
        thinned: summary.thinned ?? 0,
        bytes: summary.bytes,
        plainBytes: summary.plainBytes,
      }));
      const document = {
        directory,
        account: identity.account,
        records: verified.records,
        head: verified.head,
        firstSeq: segments.base.seq + 1,
        sealed,
        verified: true,
      };
      const thinned = sealed.filter((day) => day.thinned > 0);
      const told = [
        `${directory}: ${verified.records} records, all verified; head ${verified.head.hash}`,
        ...(sealed.length === 0
          ? []
          : [`${verified.sealed} of them in ${sealed.length} sealed days, from ${sealed[0]?.day} to ${sealed.at(-1)?.day}`]),
        ...(thinned.length === 0
          ? []
          : [
              `quotes thinned out of ${thinned.length} days, up to ${thinned.at(-1)?.day}: ${thinned.reduce((sum, day) => sum + day.thinned, 0)} records`,
            ]),
        ...(segments.base.seq === 0 ? [] : [`the journal begins at record ${segments.base.seq + 1}: older days were let go`]),
      ];
      process.stdout.write(flags.json ? `${JSON.stringify(document)}\n` : `${told.join("\n")}\n`);
    });
  journal
    .command("tail")
    .description("The last records.")
    .option("--state <dir>", "state directory; by default demo in ~/.local/state/caretaker")
    .addOption(new Option("-n, --lines <count>", "how many").default(20).argParser(wholeNumber(1, 100_000)))
    .option("--json", "one record a line, whole")
    .action(async (flags: { state?: string; json?: boolean; lines: number }) => {
      await withClone(stateDirectory(flags.state, "demo"), async ({ journal: records }) => {
        for await (const step of records.tail(flags.lines)) {
          const text = flags.json
            ? JSON.stringify(step)
            : `${String(step.seq).padStart(8)} ${formatNewYork(epochMs(step.now))} ${step.input.type}${step.transitions.map(({ actor, from, to }) => ` ${actor}: ${JSON.stringify(from)}→${JSON.stringify(to)}`).join(",")}${step.effects.map(({ type }) => ` !${type}`).join("")}`;
          process.stdout.write(`${text}\n`);
        }
      });
    });
};
