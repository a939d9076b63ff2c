/**
 * How old the oldest refresh of a contract without a line becomes, and whether a step costs the same however many there are: accounts
 * of 100, 1,000 and 5,000 option positions on 100 lines, 45 of them streaming, over virtual time; a snapshot takes 2 s. The real pool,
 * queue and shelves in the real kernel, memory for a disk.
 */
import { optionNumber, queuedAccount, underlyingNumber } from "../test/support/queued-account.ts";
import { ENGINE } from "../test/support/quoted-chain.ts";
import type { Measurement } from "./measurement.ts";
import { processCpu } from "./statistics.ts";

const COUNTS = [100, 1_000, 5_000] as const;
const SNAPSHOT_MS = 2_000;
const SLOTS = 10;

interface Lap {
  readonly count: number;
  readonly oldestSeconds: number;
  readonly mostLines: number;
  readonly microsAStep: number;
}

const lap = async (count: number): Promise<Lap> => {
  const account = await queuedAccount(ENGINE, { snapshotMs: () => SNAPSHOT_MS, countsForMs: 800 });
  for (let slot = 1; slot <= SLOTS; slot++)
    for (let leg = 0; leg < 4; leg++)
      await account.offer({
        type: "line.requested",
        holder: `slot/s${slot}`,
        contract: optionNumber(slot * 4 + leg),
        priority: 1,
      });
  for (let n = 0; n < 5; n++)
    await account.offer({ type: "line.requested", holder: "strategy/a", contract: underlyingNumber(n), priority: 2 });
  const waiting = Array.from({ length: count }, (_, n) => optionNumber(n + 4 * (SLOTS + 1)));
  await account.hold(waiting);
  // One lap for the first look, then two in which ages are read.
  const lapMs = Math.max(75_000, (count / ENGINE.lines.snapshotsPerSecond) * 1_000 * 1.2);
  await account.pass(lapMs);
  const firstSeq = account.kernel.seq;
  const began = processCpu();
  let oldestMs = 0;
  for (let n = 0; n < 20; n++) {
    await account.pass(lapMs / 10);
    const now = account.clock.now();
    for (const { conId } of waiting) oldestMs = Math.max(oldestMs, now - (account.refreshedAt.get(conId) ?? 0));
  }
  const micros = (processCpu() - began) / (account.kernel.seq - firstSeq);
  return { count, oldestSeconds: oldestMs / 1_000, mostLines: account.mostLines, microsAStep: micros };
};

export const contractQueue: Measurement = {
  name: "contract-queue",
  title: "oldest refresh of 5,000 contracts without a line, on 100 lines",
  limit: { at: "most", value: 660, unit: "s" },
  async run({ say }) {
    const laps: Lap[] = [];
    for (const count of COUNTS) {
      say(`${count} contracts`);
      laps.push(await lap(count));
    }
    return {
      value: laps.at(-1)?.oldestSeconds ?? Number.NaN,
      rounds: [],
      figures: laps.flatMap(({ count, oldestSeconds, mostLines, microsAStep }) => [
        { name: `${count} contracts: oldest`, value: oldestSeconds, unit: "s" },
        { name: "at most", value: mostLines, unit: "lines" },
        { name: "with the harness", value: microsAStep, unit: "µs of CPU a step" },
      ]),
    };
  },
};
