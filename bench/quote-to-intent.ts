/**
 * How long a quote takes to become an intent to trade that is on disk, in the demo: from the moment it enters the inbox (a replaced one
 * counts from its newest value) to the durable record that holds the fact `order.intended`. The look's last choice lies between, and the
 * gate's, and an fsync, or two when a batch is just being written. A synced put on the same disk meanwhile tells what the disk was like.
 */
import { setTimeout as rest } from "node:timers/promises";
import { nextMessage, startChild } from "./child.ts";
import { openLevel } from "./level-tap.ts";
import type { Figure, Measurement } from "./measurement.ts";
import type { QuoteStep, QuoteToIntentReport } from "./quote-to-intent.child.ts";
import { quantile } from "./statistics.ts";

/** About as long as a record of an intent. */
const RECORD = "x".repeat(6_000);
const PUT_EVERY_MS = 50;

/** How long synced puts take, one after the other until `over`. */
const putsUntil = async (directory: string, over: () => boolean): Promise<readonly number[]> => {
  const level = await openLevel(directory);
  const tookMs: number[] = [];
  while (!over()) {
    const began = performance.now();
    await level.put(`p/${tookMs.length}`, RECORD, { sync: true });
    tookMs.push(performance.now() - began);
    await rest(PUT_EVERY_MS);
  }
  await level.close();
  return tookMs;
};

const spread = (name: string, samples: readonly number[]): readonly Figure[] => [
  { name: `${name}: median`, value: quantile(samples, 0.5), unit: "ms" },
  { name: "p90", value: quantile(samples, 0.9), unit: "ms" },
  { name: "p99", value: quantile(samples, 0.99), unit: "ms" },
  { name: "longest", value: quantile(samples, 1), unit: `ms of ${samples.length}` },
];

export const quoteToIntent: Measurement = {
  name: "quote-to-intent",
  title: "quote in the inbox to journaled intent, in the demo, p99",
  limit: { at: "most", value: 5, unit: "ms" },
  async run({ effort, scratch, say }) {
    const child = startChild("quote-to-intent.child.ts", [scratch("quote-to-intent"), effort === "quick" ? "25" : "60"]);
    let over = false;
    const putting = putsUntil(scratch("quote-to-intent-raw"), () => over);
    const report = await nextMessage<QuoteToIntentReport>(child).finally(() => {
      over = true;
    });
    const puts = await putting;
    const { intents, others, choices, records } = report;
    say(`${intents.length} intents and ${others.length} other steps of quotes in ${records} records`);
    if (intents.length < 20) return { absent: `only ${intents.length} intents came about` };
    const of = (part: keyof QuoteStep, steps = intents): readonly number[] => steps.map((step) => step[part]);
    return {
      value: quantile(of("total"), 0.99),
      rounds: [],
      figures: [
        ...spread("intents", of("total")),
        ...spread("their steps", of("step")),
        { name: "in CPU time, mean", value: of("stepCpu").reduce((sum, ms) => sum + ms, 0) / intents.length, unit: "ms" },
        ...spread("the choice", choices),
        ...spread("step to disk", of("disk")),
        ...spread("all other quotes", of("total", others)),
        ...spread("one synced put meanwhile", puts),
      ],
    };
  },
};
