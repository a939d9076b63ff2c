/** What a measurement may know: when an input entered the inbox, and which step it became. */
import { expect, test } from "vitest";
import type { Input } from "../../src/ports/journal.ts";
import { settle } from "../support/kernel-memory.ts";
import { RUN, rig } from "../support/kernel-rig.ts";

test("each input is told as it enters the inbox, and the step holds the very object: of a replaced quote only the newest", async () => {
  const offered: Input[] = [];
  const stepped: Input[] = [];
  const { kernel } = rig({
    onOffered: (input) => offered.push(input),
    onDurable: (steps) => stepped.push(...steps.map(({ input }) => input)),
  });
  await kernel.recover();
  kernel.offer({ type: "quote.updated", price: 1 }, { key: "SPY" });
  kernel.offer({ type: "quote.updated", price: 2 }, { key: "QQQ" });
  kernel.offer({ type: "quote.updated", price: 3 }, { key: "SPY" });
  kernel.start(RUN);
  await settle();
  expect(offered.map(({ price }) => price)).toEqual([1, 2, 3]);
  expect(stepped.slice(1).map((input) => offered.indexOf(input))).toEqual([2, 1]);
});
