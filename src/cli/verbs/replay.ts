/**
 * `caretaker replay`: derives the whole journal again and says whether this build comes to the same, from genesis and from every
 * snapshot. A way that leads over quotes that are not kept any more is refused by name; the others must still agree.
 */
import type { Command } from "commander";
import { household } from "../../actors/household.ts";
import type { Logic } from "../../kernel/logic.ts";
import { RecordsNotKept } from "../../kernel/recovery.ts";
import { type Replay, replay } from "../../kernel/replay.ts";
import { stateHash } from "../../store/state-hash.ts";
import { buildId } from "../build-id.ts";
import { CommandError, EXIT } from "../exit.ts";
import { withClone } from "../reading.ts";
import { stateDirectory } from "../state-path.ts";

export const replayVerb = (program: Command): void => {
  program
    .command("replay")
    .description(
      "Derive every record again: the same effects, the same state? From genesis and, separately, from each snapshot. A way over quotes that are not kept any more is refused by name.",
    )
    .option("--state <dir>", "state directory; by default demo in ~/.local/state/caretaker")
    .option("--json", "one document on standard output")
    .action(async (flags: { state?: string; json?: boolean }) => {
      const logic = household as unknown as Logic;
      const build = buildId();
      const document = await withClone(stateDirectory(flags.state, "demo"), async ({ journal, snapshots }) => {
        const refused: { readonly from: string; readonly why: string }[] = [];
        const way = async (from: string, run: () => Promise<Replay>): Promise<Replay | undefined> => {
          try {
            return await run();
          } catch (error) {
            if (!(error instanceof RecordsNotKept)) throw error;
            refused.push({ from, why: error.message });
            return undefined;
          }
        };
        const whole = await way("genesis", () => replay({ logic, journal, build }));
        const fromSnapshots = [];
        let newest = whole;
        for (const seq of await snapshots.list()) {
          const part = await way(`snapshot ${seq}`, async () =>
            replay({ logic, journal, build, snapshot: await snapshots.at(seq) }),
          );
          if (part === undefined) continue;
          newest ??= part;
          fromSnapshots.push({
            seq,
            records: part.records,
            mismatched: part.divergences.length,
            stateHash: stateHash(part.parts),
          });
        }
        if (newest === undefined)
          throw new CommandError(EXIT.badData, refused.map(({ from, why }) => `from ${from}: ${why}`).join("; "));
        return {
          build,
          records: newest.records,
          effectsMismatched: newest.divergences.length,
          otherBuildsDiffer: newest.differences.length,
          firstMismatch: newest.divergences[0] ?? newest.differences[0] ?? null,
          stateHash: stateHash(newest.parts),
          fromGenesis: whole !== undefined,
          fromSnapshots,
          refused,
        };
      });
      const ways = document.fromSnapshots.every((part) => part.mismatched === 0 && part.stateHash === document.stateHash);
      const agree = document.effectsMismatched === 0 && ways;
      if (flags.json) process.stdout.write(`${JSON.stringify(document)}\n`);
      else {
        if (document.fromGenesis)
          process.stdout.write(
            `${document.records} records from genesis: ${document.effectsMismatched} mismatched, state ${document.stateHash}\n`,
          );
        for (const { from, why } of document.refused) process.stdout.write(`not from ${from}: ${why}\n`);
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
