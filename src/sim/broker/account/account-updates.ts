/**
 * Account updates: all figures and positions of one account to whoever subscribed, at once; afterwards what changed, positions
 * with the next look, figures every three minutes of market time or when a position changed, as the real gateway does.
 *
 * The plain subscription (`reqAccountUpdates`) is one a client: a second one replaces the first, and its end is told with 2100.
 */

import { newYorkTime } from "../../../domain/calendar/new-york.ts";
import { dollars, type EpochMs, moneyUnits } from "../../../domain/units.ts";
import { type Account, markOf } from "../account.ts";
import type { Floor } from "../floor.ts";
import { ibContract } from "../ib-words.ts";
import { averageCost, type Position } from "../positions.ts";
import type { FurtherRequests, Listener } from "../session.ts";
import { accountType, figuresOf, inDollars } from "./figures.ts";
import { realizedOf } from "./profit.ts";

type Row = readonly [key: string, value: string, currency: string];

export interface AccountUpdates {
  readonly requests: Pick<FurtherRequests, "reqAccountUpdates" | "reqAccountUpdatesMulti" | "cancelAccountUpdatesMulti">;
  closeAll(to: Listener): void;
  /** Tells what changed or is due. */
  advance(): void;
}

interface Subscription {
  readonly account: Account;
  /** Undefined for the plain one. */
  readonly reqId: number | undefined;
  readonly model: string;
  /** Only ledger and net liquidation. */
  readonly ledgerOnly: boolean;
  readonly told: Map<string, string>;
  readonly positions: Map<number, string>;
  figuresAt: EpochMs;
}

const EVERY_MS = 180_000;
const BASE = "BASE";
const CURRENCY = "USD";

/** What every currency's ledger says; here there is one currency, and the base is the same. */
const ledger = (account: Account): readonly Row[] =>
  [CURRENCY, BASE].flatMap((currency): Row[] => [
    ["Currency", currency, currency],
    ["CashBalance", inDollars(account.cash.balance), currency],
    ["TotalCashBalance", inDollars(account.cash.balance), currency],
    ["AccruedDividend", inDollars(account.accrued), currency],
    ["NetLiquidationByCurrency", inDollars(account.netLiquidation()), currency],
    ["ExchangeRate", "1.00", currency],
  ]);
const rowsOf = ({ account, ledgerOnly }: Subscription): readonly Row[] => {
  const figures = Object.entries(figuresOf(account)).map(([tag, amount]): Row => [tag, inDollars(amount), CURRENCY]);
  return ledgerOnly
    ? [...figures.filter(([tag]) => tag === "NetLiquidation"), ...ledger(account)]
    : [
        ["AccountCode", account.id, ""],
        ["AccountReady", "true", ""],
        ["AccountType", accountType(account), ""],
        ...figures,
        ...ledger(account),
      ];
};

export const createAccountUpdates = (floor: Floor): AccountUpdates => {
  const { market } = floor;
  const plain = new Map<Listener, Subscription>();
  const multi = new Map<Listener, Map<number, Subscription>>();

  const subscription = (account: Account, more: Partial<Subscription> = {}): Subscription => ({
    account,
    reqId: undefined,
    model: "",
    ledgerOnly: false,
    told: new Map(),
    positions: new Map(),
    figuresAt: market.now,
    ...more,
  });
  const clock = (): string => {
    const { minuteOfDay } = newYorkTime(market.now);
    return `${String(Math.floor(minuteOfDay / 60)).padStart(2, "0")}:${String(minuteOfDay % 60).padStart(2, "0")}`;
  };

  const tellFigures = (to: Listener, one: Subscription): void => {
    one.figuresAt = market.now;
    let changed = false;
    for (const [key, value, currency] of rowsOf(one)) {
      const name = `${key}/${currency}`;
      if (one.told.get(name) === value) continue;
      one.told.set(name, value);
      changed = true;
      if (one.reqId === undefined) to.tell("updateAccountValue", key, value, currency, one.account.id);
      else to.tell("accountUpdateMulti", one.reqId, one.account.id, one.model, key, value, currency);
    }
    if (changed && one.reqId === undefined) to.tell("updateAccountTime", clock());
  };

  const tellPosition = (to: Listener, { account }: Subscription, position: Position): void => {
    const { conId, multiplier } = position.details.contract;
    const mark = markOf(market, conId);
    // Without any quote IB values a position at what it cost.
    const value = mark === undefined ? dollars(position.basis) : dollars(moneyUnits(mark * multiplier * position.quantity));
    to.tell(
      "updatePortfolio",
      ibContract(position.details.contract),
      position.quantity,
      mark === undefined ? averageCost(position) / multiplier : dollars(mark),
      value,
      averageCost(position),
      value - dollars(moneyUnits(position.basis + position.fees)),
      dollars(realizedOf(floor, account.id, conId)),
      account.id,
    );
  };
  /** Positions that differ from what was told, those that are gone included; whether quantities changed. */
  const tellPositions = (to: Listener, one: Subscription): boolean => {
    let moved = false;
    const seen = new Set<number>();
    for (const position of one.account.positions()) {
      const { conId } = position.details.contract;
      seen.add(conId);
      const held = `${position.quantity}/${position.basis}`;
      if (one.positions.get(conId) === held) continue;
      one.positions.set(conId, held);
      moved = true;
      tellPosition(to, one, position);
    }
    for (const conId of [...one.positions.keys()]) {
      if (seen.has(conId)) continue;
      one.positions.delete(conId);
      moved = true;
      const gone = one.account.position(conId);
      if (gone !== undefined) tellPosition(to, one, gone);
    }
    return moved;
  };

  const due = (to: Listener, one: Subscription): void => {
    const moved = one.reqId === undefined && tellPositions(to, one);
    if (moved || market.now - one.figuresAt >= EVERY_MS) tellFigures(to, one);
  };

  const accountNamed = (name: string | undefined): Account | undefined =>
    name === undefined || name === "" ? [...floor.accounts.values()][0] : floor.accounts.get(name);
  const unknown = (to: Listener, reqId: number, name: string): void =>
    to.tell("error", new Error(`Error validating request.-'bI' : cause - Invalid account code '${name}'.`), 321, reqId);

  return {
    requests: {
      reqAccountUpdates: (from, subscribe, name) => {
        if (!subscribe) {
          if (plain.delete(from)) from.tell("info", "API client has been unsubscribed from account data.", 2100);
          return;
        }
        const account = accountNamed(name);
        if (account === undefined) return unknown(from, -1, name ?? "");
        if (plain.has(from)) from.tell("info", "API client has been unsubscribed from account data.", 2100);
        const one = subscription(account);
        plain.set(from, one);
        tellFigures(from, one);
        tellPositions(from, one);
        from.tell("accountDownloadEnd", account.id);
      },
      reqAccountUpdatesMulti: (from, reqId, name, model, ledgerAndNLV) => {
        const account = accountNamed(name);
        if (account === undefined) return unknown(from, reqId, name);
        const one = subscription(account, { reqId, model: model ?? "", ledgerOnly: ledgerAndNLV });
        const own = multi.get(from) ?? new Map<number, Subscription>();
        own.set(reqId, one);
        multi.set(from, own);
        tellFigures(from, one);
        from.tell("accountUpdateMultiEnd", reqId);
      },
      cancelAccountUpdatesMulti: (from, reqId) => {
        multi.get(from)?.delete(reqId);
      },
    },
    closeAll: (to) => {
      plain.delete(to);
      multi.delete(to);
    },
    advance: () => {
      for (const [to, one] of plain) due(to, one);
      for (const [to, own] of multi) for (const one of own.values()) due(to, one);
    },
  };
};
