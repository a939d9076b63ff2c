/**
 * Account summaries: the figures of every account to whoever subscribed, at once and again every three minutes of market time
 * if one has changed.
 */
import type { EpochMs } from "../../domain/units.ts";
import type { Market } from "../market/market.ts";
import { accountType, figuresOf, inDollars } from "./account/figures.ts";
import type { Account } from "./account.ts";
import type { Listener } from "./session.ts";

export interface Summaries {
  open(to: Listener, reqId: number, tags: string): void;
  close(to: Listener, reqId: number): void;
  closeAll(to: Listener): void;
  /** Sends those that are due. */
  advance(): void;
}

const EVERY_MS = 180_000;
interface Summary {
  readonly tags: readonly string[];
  sentAt: EpochMs;
  sent: string;
}

export const createSummaries = (market: Market, accounts: ReadonlyMap<string, Account>): Summaries => {
  const summaries = new Map<Listener, Map<number, Summary>>();

  const send = (to: Listener, reqId: number, summary: Summary): void => {
    const rows: [account: string, tag: string, value: string, currency: string][] = [];
    for (const account of accounts.values()) {
      const figures = figuresOf(account);
      for (const tag of summary.tags) {
        const value = figures[tag];
        if (tag === "AccountType") rows.push([account.id, tag, accountType(account), ""]);
        else if (value !== undefined) rows.push([account.id, tag, inDollars(value), "USD"]);
      }
    }
    const text = JSON.stringify(rows);
    summary.sentAt = market.now;
    if (text === summary.sent) return;
    summary.sent = text;
    for (const row of rows) to.tell("accountSummary", reqId, ...row);
  };

  return {
    open: (to, reqId, tags) => {
      const own = summaries.get(to) ?? new Map<number, Summary>();
      const summary: Summary = { tags: tags.split(",").map((tag) => tag.trim()), sentAt: market.now, sent: "" };
      own.set(reqId, summary);
      summaries.set(to, own);
      send(to, reqId, summary);
      to.tell("accountSummaryEnd", reqId);
    },
    close: (to, reqId) => {
      summaries.get(to)?.delete(reqId);
    },
    closeAll: (to) => {
      summaries.delete(to);
    },
    advance: () => {
      for (const [to, own] of summaries)
        for (const [reqId, summary] of own) if (market.now - summary.sentAt >= EVERY_MS) send(to, reqId, summary);
    },
  };
};
