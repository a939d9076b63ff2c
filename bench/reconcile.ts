/**
 * How long a reconciliation takes with 5,000 positions in the account: the whole engine (kernel, LevelDB journal, IB port, IBApi) against a
 * simulated gateway in a process of its own, from the epoch's identification to the comparison on disk; then a round in which nothing has
 * changed, and what each costs the journal.
 */
import { assembleEngine } from "../src/cli/engine-assembly.ts";
import { asJson, engineConfigOf } from "../src/cli/engine-config.ts";
import { configSchema } from "../src/domain/config-schema.ts";
import type { EpochMs } from "../src/domain/units.ts";
import { createMarketClock } from "../src/io/clock/market-clock.ts";
import { realScheduler } from "../src/io/clock/real-scheduler.ts";
import { realClients } from "../src/io/ib/real-client.ts";
import type { Step } from "../src/ports/journal.ts";
import { encodeStep } from "../src/store/record.ts";
import { openStore } from "../src/store/store.ts";
import { nextMessage, startChild } from "./child.ts";
import { GENESIS, openLevel } from "./level-tap.ts";
import type { Measurement } from "./measurement.ts";
import { median, threadCpu } from "./statistics.ts";

const POSITIONS = 5_000;
const ACCOUNT = "DU1000001";
const silence = (): void => {};
const SILENT = { debug: silence, info: silence, warn: silence, error: silence };
const bytesOf = (step: Step): number => Buffer.byteLength(encodeStep(step, "0".repeat(64)).text);

interface Round {
  readonly ms: number;
  readonly bytes: number;
  readonly records: number;
  readonly stallMs: number;
  /** Of the engine's thread. */
  readonly cpuMs: number;
}

export const reconcile: Measurement = {
  name: "reconcile",
  title: `reconciliation of ${POSITIONS} positions over TCP, on disk`,
  limit: { at: "most", value: 2_000, unit: "ms" },
  async run({ effort, scratch, say }) {
    const times = effort === "quick" ? 2 : 5;
    const firsts: Round[] = [];
    const quiets: Round[] = [];
    for (let n = 0; n < times; n++) {
      const child = startChild("account.child.ts", [String(POSITIONS), scratch(`reconcile-world-${n}`)]);
      const { port: tcpPort, begins, positions } = await nextMessage<{ port: number; begins: number; positions: number }>(child);
      if (positions !== POSITIONS) return { absent: `the market lists only ${positions} contracts` };
      const level = await openLevel(scratch(`reconcile-${n}`));
      const { journal, snapshots } = await openStore(level, { genesis: GENESIS, dayOf: () => "2026-10-05" });
      let began = 0;
      let bytes = 0;
      let records = 0;
      let stallMs = 0;
      let cpu = 0;
      let last = performance.now();
      const pulse = setInterval(() => {
        stallMs = Math.max(stallMs, performance.now() - last - 5);
        last = performance.now();
      }, 5);
      let completed = (_round: Round): void => {};
      const round = (): Promise<Round> =>
        new Promise((resolve) => {
          completed = resolve;
        });
      const { kernel, port } = assembleEngine({
        journal,
        snapshots,
        build: "bench",
        clock: createMarketClock({ from: begins as EpochMs, speed: 1, skipClosed: false }),
        scheduler: realScheduler,
        newClient: realClients({ host: "127.0.0.1", port: tcpPort, clientId: 17 }),
        clientId: 17,
        logger: SILENT,
        onNotice: silence,
        fatal: (error) => {
          throw error;
        },
        onDurable: (steps) => {
          const now = performance.now();
          for (const step of steps) {
            if (step.input.type === "gateway.identified") {
              [began, bytes, records, stallMs, cpu] = [now, 0, 0, 0, threadCpu()];
            }
            bytes += bytesOf(step);
            records++;
            if (step.facts.some(({ type }) => type === "reconciliation.completed"))
              completed({ ms: now - began, bytes, records, stallMs, cpuMs: (threadCpu() - cpu) / 1_000 });
          }
        },
      });
      await kernel.recover();
      const config = engineConfigOf(configSchema.parse({ mode: "simulated", futures: [] }), {
        account: ACCOUNT,
        installation: "5f2c81aa-0000",
      });
      const first = round();
      kernel.start({ config: asJson(config), node: process.versions.node, mode: "simulated" });
      firsts.push(await first);
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      const quiet = round();
      [began, bytes, records, stallMs, cpu] = [performance.now(), 0, 0, 0, threadCpu()];
      kernel.offer({ type: "operator.rearm", scope: "reconciliation", by: "bench", from: "cli", reason: "again" });
      quiets.push(await quiet);
      clearInterval(pulse);
      port.close();
      await kernel.stop();
      await level.close();
      child.kill();
      say(`round ${n + 1} of ${times}`);
    }
    const of = (rounds: readonly Round[], what: keyof Round): number => median(rounds.map((one) => one[what]));
    return {
      value: of(firsts, "ms"),
      rounds: firsts.map(({ ms }) => ms),
      figures: [
        { name: "at an epoch", value: of(firsts, "ms"), unit: "ms" },
        { name: "its journal", value: of(firsts, "bytes"), unit: "bytes" },
        { name: "longest stall", value: of(firsts, "stallMs"), unit: "ms" },
        { name: "CPU", value: of(firsts, "cpuMs"), unit: "ms" },
        { name: "a round without news", value: of(quiets, "ms"), unit: "ms" },
        { name: "its journal", value: of(quiets, "bytes"), unit: `bytes in ${of(quiets, "records")} records` },
        { name: "longest stall", value: of(quiets, "stallMs"), unit: "ms" },
        { name: "CPU", value: of(quiets, "cpuMs"), unit: "ms" },
      ],
    };
  },
};
