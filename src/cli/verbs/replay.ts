/** `caretaker replay`: derives the whole journal again and says whether this build comes to the same, from genesis and from every snapshot. */
import type { Command } from "commander";
import { household } from "../../actors/household.ts";
import type { Logic } from "../../kernel/logic.ts";
import { replay } from "../../kernel/replay.ts";
import { stateHash } from "../../store/state-hash.ts";
import { buildId } from "../build-id.ts";
import { CommandError, EXIT } from "../exit.ts";
import { withClone } from "../reading.ts";
import { stateDirectory } from "../state-path.ts";

export const replayVerb = (program: Command): void => {
  program
    .command("replay")
    .description("Derive every record again: the same effects, the same state? From genesis and, separately, from each snapshot.")
    .option("--state <dir>", "state directory; by default demo in ~/.local/state/caretaker")
    .option("--json", "one document on standard output")
    .action(async (flags: { state?: string; json?: boolean }) => {
      const logic = household as unknown as Logic;
      const build = buildId();
      const document = await withClone(stateDirectory(flags.state, "demo"), async ({ journal, snapshots }) => {
        const whole = await replay({ logic, journal, build });
        const fromSnapshots = [];
        for (const seq of await snapshots.list()) {
          const part = await replay({ logic, journal, build, snapshot: await snapshots.at(seq) });
          fromSnapshots.push({
            seq,
            records: part.records,
            mismatched: part.divergences.length,
            stateHash: stateHash(part.parts),
          });
        }
        return {
          build,
          records: whole.records,
          effectsMismatched: whole.divergences.length,
          otherBuildsDiffer: whole.differences.length,
          firstMismatch: whole.divergences[0] ?? whole.differences[0] ?? null,
          stateHash: stateHash(whole.parts),
          fromSnapshots,
        };
      });
      const ways = document.fromSnapshots.every((part) => part.mismatched === 0 && part.stateHash === document.stateHash);
      const agree = document.effectsMismatched === 0 && ways;
      if (flags.json) process.stdout.write(`${JSON.stringify(document)}\n`);
      else {
        process.stdout.write(
          `${document.records} records from genesis: ${document.effectsMismatched} mismatched, state ${document.stateHash}\n`,
        );
        for (const part of document.fromSnapshots)
          process.stdout.write(
            `${part.records} records from snapshot ${part.seq}: ${part.mismatched} mismatched, state ${part.stateHash}\n`,
          );
        if (document.otherBuildsDiffer > 0)
          process.stdout.write(`${document.otherBuildsDiffer} records of other builds derive differently under this one\n`);
        process.stdout.write(agree ? "the same state on every way\n" : "the ways do NOT agree\n");
      }
      if (agree) return;
      const first =
        document.firstMismatch === null ? "" : `: first at ${document.firstMismatch.seq}, ${document.firstMismatch.text}`;
      throw new CommandError(
        EXIT.failed,
        document.otherBuildsDiffer > 0
          ? `this build (${build}) derives something else than the build that wrote the journal${first}. Replay under that build.`
          : `the replay differs from what was recorded${first}`,
      );
    });
};
