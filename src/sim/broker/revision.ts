/**
 * Corrections and busts: what an exchange takes back of an execution, booked and told as IB tells it.
 *
 * The revised execution has the id of the one that it replaces, with the last part counted up, and a commission report of its own.
 * What was traded is traded back at the old price and anew at the new one, so cash and positions end where they would be if it
 * had been so from the start. The order is not opened again, and a combo's summary stays as it was.
 */
import { assert } from "../../domain/assert.ts";
import { type Money, moneyUnits, type Price, price, roundHalfAway } from "../../domain/units.ts";
import { type ExecutionRow, revisedId } from "./execution.ts";
import type { Floor } from "./floor.ts";
import type { Pit } from "./pit.ts";

/** What an execution was in truth: another price in dollars, fewer contracts or shares, or none (a bust). */
export interface Revision {
  readonly price?: number;
  readonly shares?: number;
}

/** Sums that are undefined as long as nothing was closed. */
const added = (...parts: readonly (Money | undefined)[]): Money | undefined => {
  const known = parts.filter((part) => part !== undefined);
  return known.length === 0 ? undefined : moneyUnits(known.reduce((sum, part) => sum + part, 0));
};

/** Revises an execution that is still on record; returns its new id. Throws when there is none, or it cannot be revised so. */
export const revise = (floor: Floor, pit: Pit, execId: string, revision: Revision): string => {
  const { market, executions, reports } = floor;
  const index = executions.findIndex((row) => row.execId === execId);
  const row = executions[index];
  if (row === undefined) throw new Error(`no execution ${execId} is on record`);
  const { booked } = row;
  if (booked === undefined) throw new Error(`${execId} is the summary of a combo: correct its legs`);
  const shares = revision.shares ?? row.shares;
  if (!Number.isSafeInteger(shares) || shares < 0 || shares > row.shares)
    throw new Error(`${execId} was for ${row.shares}, and cannot be corrected to ${shares}`);
  const each: Price = revision.price === undefined ? row.price : price(revision.price);
  const account = floor.accounts.get(row.account);
  assert(account !== undefined, `account ${row.account} exists`);
  const sign = row.side === "BOT" ? 1 : -1;
  const paid = row.commission ?? moneyUnits(0);
  const commission = row.shares === 0 ? paid : moneyUnits(roundHalfAway((paid * shares) / row.shares));
  const back = row.shares === 0 ? undefined : account.trade(booked, -sign * row.shares, row.price, moneyUnits(-paid + 0));
  const anew = shares === 0 ? undefined : account.trade(booked, sign * shares, each, commission);
  const revised: ExecutionRow = {
    ...row,
    execId: revisedId(execId),
    price: each,
    shares,
    cumulative: row.cumulative - row.shares + shares,
    cumulativeValue: row.cumulativeValue - row.price * row.shares + each * shares,
    commission,
    realized: added(row.realized, back, anew),
    commissionAt: market.now,
  };
  executions[index] = revised;
  pit.replaced(execId);
  floor.changed();
  reports.corrected(revised);
  reports.commission(revised);
  const position = account.position(booked.contract.conId);
  if (position !== undefined) reports.position(account.id, position);
  return revised.execId;
};
