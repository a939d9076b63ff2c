/** The pool of market data lines as a value: what did not change is the very same, so that nobody has to look through it. */
import { expect, test } from "vitest";
import type { Contract } from "../../src/domain/contract.ts";
import { want } from "../../src/domain/lines/allocation.ts";
import { newPool, type Pool, settle } from "../../src/domain/lines/pool.ts";
import { ENGINE, SPY } from "../support/quoted-chain.ts";

const NOW = 1_000_000;
const contract = (conId: number): Contract => ({ ...SPY, conId });
const wanting = (pool: Pool, conId: number): Pool => ({
  ...pool,
  requests: pool.requests + 1,
  wants: want(pool.wants, contract(conId), "holder", 3, pool.requests + 1),
});
const streaming = (): Pool => settle(wanting(wanting(newPool(ENGINE.lines), 1), 2), NOW).pool;

test("a pool in which nothing is due keeps its streams, snapshots and rests as they are", () => {
  const before: Pool = { ...streaming(), snapshots: { 7: true } };
  const { pool, orders } = settle(before, NOW + 1);
  expect(orders).toEqual({ close: [], withdraw: [], open: [] });
  expect(pool.leased).toBe(before.leased);
  expect(pool.since).toBe(before.since);
  expect(pool.snapshots).toBe(before.snapshots);
  expect(pool.resting).toBe(before.resting);
});

test("what streams has streamed since it was opened, and what is new since now", () => {
  const { pool, orders } = settle(wanting(streaming(), 3), NOW + 5);
  expect(orders.open).toEqual([contract(3)]);
  expect(pool.since).toEqual({ 1: NOW, 2: NOW, 3: NOW + 5 });
  expect(Object.keys(pool.leased)).toEqual(["1", "2", "3"]);
});

test("a stream that nobody wants any more is closed, and with it its since", () => {
  const before = streaming();
  const { 1: _gone, ...wants } = before.wants;
  const { pool, orders } = settle({ ...before, wants }, NOW + 5);
  expect(orders.close).toEqual([1]);
  expect(pool.since).toEqual({ 2: NOW });
  expect(Object.keys(pool.leased)).toEqual(["2"]);
});
