/** Thousands of contracts on a hundred lines: the budget, whose turn it is, and how old the oldest look becomes. */
import { describe, expect, test } from "vitest";
import type { EngineConfig } from "../../src/domain/config.ts";
import { optionNumber, type QueuedAccount, queuedAccount, underlyingNumber } from "../support/queued-account.ts";
import { ENGINE } from "../support/quoted-chain.ts";

const configOf = (lines: Partial<EngineConfig["lines"]> = {}): EngineConfig => ({
  ...ENGINE,
  lines: { ...ENGINE.lines, ...lines },
});
/** Ten slots of four legs and five underlyings stream. */
const occupy = async (account: QueuedAccount): Promise<void> => {
  for (let slot = 1; slot <= 10; slot++)
    for (let leg = 0; leg < 4; leg++)
      await account.offer({
        type: "line.requested",
        holder: `slot/s${slot}`,
        contract: optionNumber(slot * 4 + leg),
        priority: 1,
      });
  for (let n = 0; n < 5; n++)
    await account.offer({ type: "line.requested", holder: "strategy/a", contract: underlyingNumber(n), priority: 2 });
};
const contracts = (count: number) => Array.from({ length: count }, (_, n) => optionNumber(n));
/** The oldest refresh among the contracts without a line, in ms; infinite while one was never refreshed. */
const oldestAgeMs = (account: QueuedAccount, count: number): number =>
  Math.max(
    ...contracts(count)
      .filter(({ conId }) => conId < optionNumber(4).conId || conId > optionNumber(43).conId)
      .map(({ conId }) => account.clock.now() - (account.refreshedAt.get(conId) ?? Number.NEGATIVE_INFINITY)),
  );

describe("an account with 5,000 option positions on 100 lines", () => {
  test("keeps the budget, refreshes everything in turn, and never takes a line from what is active", async () => {
    const snapshotMs = 4_000;
    const account = await queuedAccount(configOf(), { snapshotMs: () => snapshotMs, countsForMs: 800 });
    await occupy(account);
    await account.hold(contracts(5_000));
    const free = 100 - 45 - ENGINE.lines.reserve;
    // A beat of half a second and the broker's look each 250 ms come on top of each snapshot.
    const perSecond = Math.min(ENGINE.lines.snapshotsPerSecond, free / ((snapshotMs + 750) / 1_000));
    const lapMs = (4_960 / perSecond) * 1_000;
    await account.pass(lapMs * 1.15);
    expect(oldestAgeMs(account, 5_000)).toBeLessThan(lapMs * 1.15 + 1_000);
    await account.pass(60_000);
    expect(oldestAgeMs(account, 5_000)).toBeLessThan(lapMs * 1.15 + 1_000);
    expect(account.mostLines).toBeLessThanOrEqual(100);
    expect(account.evictedActive).toBe(0);
    const told = account.facts("queue.counted").at(-1);
    expect((told?.waiting ?? 0) + (told?.refreshing ?? 0) + (told?.done ?? 0) + (told?.failed ?? 0)).toBe(5_000);
    expect(told?.oldestAgeMs).toBeLessThan(lapMs * 1.2 + 31_000);
    expect(account.facts("contracts.refreshed").length).toBeLessThanOrEqual((account.clock.now() - 0) / 5_000);
    expect(account.troubles).toEqual([]);
  }, 60_000);

  test.each([
    { count: 100, lines: 60, crowd: 0 },
    { count: 1_000, lines: 100, crowd: 0 },
    { count: 1_000, lines: 60, crowd: 30 },
  ])(
    "an account of $count on $lines lines that is killed, cut off and failed at: bounded, and nothing is stuck",
    async ({ count, lines, crowd }) => {
      let n = 0;
      const account = await queuedAccount(configOf({ max: lines }), {
        snapshotMs: (asked) => 300 + ((asked * 7_919) % 10_700),
        countsForMs: 800,
        // A tenth may not be seen, some are refused for a passing reason, some never end.
        failure: (conId, asked) => (conId % 10 === 3 ? 354 : asked % 17 === 0 ? 507 : asked % 23 === 0 ? -1 : 0),
      });
      await occupy(account);
      await account.hold(contracts(count));
      for (let round = 0; round < 8; round++) {
        await account.pass(23_000);
        if (round % 3 === 1) await account.crash();
        if (round % 3 === 2) await account.reconnect();
        // Entry candidates come and go.
        for (let i = 0; i < crowd; i++)
          await account.offer({ type: "line.requested", holder: "strategy/b", contract: optionNumber(8_000 + n++), priority: 3 });
        await account.offer({ type: "lines.released", holder: "strategy/b" });
      }
      const free = lines - 45 - ENGINE.lines.reserve;
      const lapMs = (count / Math.min(ENGINE.lines.snapshotsPerSecond, free / 8)) * 1_000;
      // Whatever was lost on the way is asked for again within a minute of being lost, and once more after its back-off.
      await account.pass(lapMs + 150_000);
      expect(account.mostLines).toBeLessThanOrEqual(lines);
      expect(account.evictedActive).toBe(0);
      expect(account.troubles).toEqual([]);
      const seen = contracts(count).filter(
        ({ conId }) => conId % 10 !== 3 && (conId < optionNumber(4).conId || conId > optionNumber(43).conId),
      );
      for (const { conId } of seen)
        expect(account.clock.now() - (account.refreshedAt.get(conId) ?? 0)).toBeLessThan(2 * lapMs + 180_000);
      const told = account.facts("queue.counted").at(-1);
      const unseen = contracts(count).filter(
        ({ conId }) => conId % 10 === 3 && (conId < optionNumber(4).conId || conId > optionNumber(43).conId),
      );
      expect(told?.failed).toBe(unseen.length);
    },
    120_000,
  );

  test("a held leg that finds no line comes before everything else, and its slot hears the quote", async () => {
    const account = await queuedAccount(configOf({ max: 50, streamingSlots: 10 }), { snapshotMs: () => 1_000 });
    await account.hold(contracts(1_000));
    await occupy(account);
    for (let leg = 0; leg < 12; leg++)
      await account.offer({
        type: "line.requested",
        holder: `slot/s1${leg % 3}`,
        contract: optionNumber(9_000 + leg),
        priority: 1,
      });
    await account.pass(60_000);
    const without = Array.from({ length: 12 }, (_, leg) => optionNumber(9_000 + leg).conId).filter((conId) =>
      account.refreshedAt.has(conId),
    );
    expect(without.length).toBeGreaterThan(0);
    for (let n = 0; n < 20; n++) {
      await account.pass(5_000);
      for (const conId of without) expect(account.clock.now() - (account.refreshedAt.get(conId) ?? 0)).toBeLessThan(22_000);
    }
    expect(account.mostLines).toBeLessThanOrEqual(50);
  }, 60_000);
});
