/**
 * How much of IBApi's own speed is left when its ticks end as inputs of the kernel: framing guard, port, translation, conflation by
 * line, inbox by key, and ten slots that hear their quotes; against an IBApi of the same stream whose listeners do nothing.
 */
import { EventName, IBApi } from "@stoqey/ib";
import type { Contract } from "../src/domain/contract.ts";
import { epochMs } from "../src/domain/units.ts";
import { realScheduler } from "../src/io/clock/real-scheduler.ts";
import { createIbPort } from "../src/io/ib/ib-port.ts";
import { realClients } from "../src/io/ib/real-client.ts";
import type { Input } from "../src/ports/journal.ts";
import { nextMessage, startChild } from "./child.ts";
import { allDurable } from "./kernel-parts.ts";
import type { Measurement } from "./measurement.ts";
import { CONTRACTS_OF_A_SLOT, contractsOf, MORNING, openSlots } from "./slots-parts.ts";
import { inPairs, median, ratios } from "./statistics.ts";
import type { StreamOrder } from "./wire.child.ts";

const LINES = 100;
const SLOTS = 10;
const SUBJECT = 7;
const REFERENCE = 8;
const silence = (): void => {};
const SILENT = { debug: silence, info: silence, warn: silence, error: silence };

export const wireTicks: Measurement = {
  name: "wire-ticks",
  title: "ticks from the wire to the conflated inbox / IBApi with empty listeners",
  limit: { at: "least", value: 0.5, unit: "ratio" },
  async run({ effort }) {
    const rounds = effort === "quick" ? 3 : 11;
    const ticks = effort === "quick" ? 100_000 : 300_000;
    const child = startChild("wire.child.ts");
    const { port: tcpPort } = await nextMessage<{ port: number }>(child);
    const contracts: Contract[] = [];
    for (let slot = 1; contracts.length < LINES; slot++) contracts.push(...contractsOf(slot));

    // ── the subject: port and kernel ──
    const { kernel, clock } = await openSlots(SLOTS);
    const anchor = performance.now();
    const now = () => epochMs(MORNING + Math.floor(performance.now() - anchor));
    let quotes = 0;
    let subjectEnded = silence;
    let identified = silence;
    const whenIdentified = new Promise<void>((resolve) => {
      identified = resolve;
    });
    const port = createIbPort({
      newClient: realClients({ host: "127.0.0.1", port: tcpPort, clientId: SUBJECT }),
      clientId: SUBJECT,
      scheduler: realScheduler,
      now,
      deliver: (report, key) => {
        clock.set(now());
        if (report.type === "quote.updated") quotes++;
        kernel.offer(report as unknown as Input, key === undefined ? {} : { key });
        if (report.type === "line.typed") subjectEnded();
        if (report.type === "gateway.identified") identified();
      },
      settled: silence,
      logger: SILENT,
      messagesPerSecond: 10_000,
    });
    port.send({ id: "1", actor: "bench", type: "gateway.connect", params: { epoch: 1 } });
    await whenIdentified;
    for (const [n, contract] of contracts.entries()) {
      port.send({ id: `l${n}`, actor: "bench", type: "line.open", params: { epoch: 1, contract } });
    }

    // ── the reference: IBApi alone ──
    const api = new IBApi({ host: "127.0.0.1", port: tcpPort, clientId: REFERENCE, maxReqPerSec: 100_000 });
    let referenceEnded = silence;
    await new Promise<void>((resolve) => {
      api.once(EventName.nextValidId, () => setImmediate(resolve));
      api.connect(REFERENCE);
    });
    api.on(EventName.tickPrice, silence);
    api.on(EventName.tickSize, silence);
    api.on(EventName.marketDataType, () => referenceEnded());
    for (let reqId = 1; reqId <= LINES; reqId++) {
      api.reqMktData(reqId, { conId: reqId, symbol: "SPY", exchange: "SMART" }, "", false, false);
    }
    while (port.lines().length < LINES) await new Promise((resolve) => setTimeout(resolve, 10));
    await new Promise((resolve) => setTimeout(resolve, 300));

    const streamed = (clientId: number, ended: Promise<void>) => {
      const began = performance.now();
      child.send({ clientId, ticks } satisfies StreamOrder);
      return ended.then(() => (ticks / (performance.now() - began)) * 1_000);
    };
    const whole = async (): Promise<number> => {
      const rate = await streamed(
        SUBJECT,
        new Promise((resolve) => {
          subjectEnded = resolve;
        }),
      );
      await allDurable(kernel);
      return rate;
    };
    const bare = (): Promise<number> =>
      streamed(
        REFERENCE,
        new Promise((resolve) => {
          referenceEnded = resolve;
        }),
      );
    const pairs = await inPairs(rounds, whole, bare);
    const streams = rounds + 1;
    port.close();
    api.removeAllListeners();
    api.on(EventName.error, silence);
    api.disconnect();
    child.kill();
    const all = ratios(pairs);
    return {
      value: median(all),
      rounds: all,
      figures: [
        { name: "port and inbox", value: median(pairs.map(({ subject }) => subject)), unit: "ticks/s" },
        { name: "IBApi alone", value: median(pairs.map(({ reference }) => reference)), unit: "ticks/s" },
        { name: "lines", value: LINES, unit: `of them ${SLOTS * CONTRACTS_OF_A_SLOT} heard` },
        { name: "quotes that reached the kernel", value: quotes / streams, unit: `of ${ticks} ticks` },
      ],
    };
  },
};
