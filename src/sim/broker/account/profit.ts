/**
 * Profit and loss as IB streams it: of the day, unrealized and realized, for an account or one of its positions, about once a second of
 * market time when a figure changed. What cannot be told (no quote, no prior close) is undefined, never 0.
 *
 * The day's profit of an account is its net liquidation less that at the beginning of the day. A position's counts what was
 * held overnight from the prior close, and what was traded since from its price; commissions are in *unrealized* and *realized* only.
 */
import { instantOf, newYorkDay } from "../../../domain/calendar/new-york.ts";
import { dollars, type EpochMs, type Money, moneyUnits } from "../../../domain/units.ts";
import { type Account, markOf } from "../account.ts";
import type { ExecutionRow } from "../execution.ts";
import type { Floor } from "../floor.ts";
import type { Position } from "../positions.ts";
import type { FurtherRequests, Listener } from "../session.ts";

type Figure = number | undefined;
type Figures = readonly Figure[];

const EVERY_MS = 1_000;

/** Executions of the day that booked something for an account. */
const ofToday = (floor: Floor, account: string): readonly ExecutionRow[] => {
  const midnight = instantOf(newYorkDay(floor.market.now), 0);
  return floor.executions.filter((row) => row.booked !== undefined && row.account === account && row.at >= midnight);
};

/** What the day's trades of a contract (of all, if undefined) have realized, after commissions. */
export const realizedOf = (floor: Floor, account: string, conId?: number): Money =>
  moneyUnits(
    ofToday(floor, account).reduce(
      (sum, row) => sum + (conId === undefined || row.contract.conId === conId ? (row.realized ?? 0) : 0),
      0,
    ),
  );

const unrealizedOf = (floor: Floor, { details, quantity, basis, fees }: Position): Figure => {
  const mark = markOf(floor.market, details.contract.conId);
  return mark === undefined ? undefined : dollars(moneyUnits(mark * details.contract.multiplier * quantity - basis - fees));
};
const sum = (figures: Iterable<Figure>): Figure => {
  let total = 0;
  for (const figure of figures) {
    if (figure === undefined) return undefined;
    total += figure;
  }
  return total;
};

export interface Profits {
  readonly requests: Pick<FurtherRequests, "reqPnL" | "cancelPnL" | "reqPnLSingle" | "cancelPnLSingle">;
  closeAll(to: Listener): void;
  advance(): void;
}

interface Stream {
  readonly figures: () => Figures;
  readonly tell: (figures: Figures) => void;
  told: string;
  toldAt: EpochMs;
}

export const createProfits = (floor: Floor): Profits => {
  const { market } = floor;
  const streams = new Map<Listener, Map<string, Stream>>();

  const ofAccount = (account: Account): Figures => {
    const base = account.dayBase;
    return [
      base === undefined ? undefined : dollars(moneyUnits(account.netLiquidation() - base)),
      sum(account.positions().map((position) => unrealizedOf(floor, position))),
      dollars(realizedOf(floor, account.id)),
    ];
  };
  const ofPosition = (account: Account, conId: number): Figures => {
    const position = account.position(conId);
    const quantity = position?.quantity ?? 0;
    const multiplier = market.byConId(conId)?.contract.multiplier ?? 1;
    const mark = markOf(market, conId);
    const trades = ofToday(floor, account.id).filter((row) => row.contract.conId === conId);
    const traded = trades.map((row) => ({ quantity: row.side === "BOT" ? row.shares : -row.shares, price: row.price }));
    const overnight = quantity - traded.reduce((total, trade) => total + trade.quantity, 0);
    const close = market.quote(conId)?.close ?? undefined;
    const known = mark !== undefined && (overnight === 0 || close !== undefined);
    const daily = known
      ? traded.reduce((total, trade) => total + trade.quantity * (mark - trade.price), overnight * (mark - (close ?? mark)))
      : undefined;
    return [
      quantity,
      daily === undefined ? undefined : dollars(moneyUnits(daily * multiplier)),
      position === undefined ? 0 : unrealizedOf(floor, position),
      dollars(realizedOf(floor, account.id, conId)),
      mark === undefined ? undefined : dollars(moneyUnits(mark * multiplier * quantity)),
    ];
  };

  const look = (stream: Stream): void => {
    const figures = stream.figures();
    const text = figures.join("/");
    stream.toldAt = market.now;
    if (text === stream.told) return;
    stream.told = text;
    stream.tell(figures);
  };
  const open = (
    to: Listener,
    key: string,
    name: string,
    reqId: number,
    one: (account: Account) => Omit<Stream, "told" | "toldAt">,
  ): void => {
    const account = floor.accounts.get(name);
    if (account === undefined) {
      const text = `Error validating request.-'bI' : cause - Invalid account code '${name}'.`;
      to.tell("error", new Error(text), 321, reqId);
      return;
    }
    const own = streams.get(to) ?? new Map<string, Stream>();
    streams.set(to, own);
    if (own.has(key)) {
      to.tell("error", new Error("Duplicate ticker id"), 102, reqId);
      return;
    }
    const stream: Stream = { ...one(account), told: "", toldAt: market.now };
    own.set(key, stream);
    look(stream);
  };
  const close = (to: Listener, key: string): void => {
    streams.get(to)?.delete(key);
  };

  return {
    requests: {
      reqPnL: (from, reqId, name) =>
        open(from, `account/${reqId}`, name, reqId, (account) => ({
          figures: () => ofAccount(account),
          tell: ([daily, unrealized, realized]) => from.tell("pnl", reqId, daily, unrealized, realized),
        })),
      cancelPnL: (from, reqId) => close(from, `account/${reqId}`),
      reqPnLSingle: (from, reqId, name, _model, conId) =>
        open(from, `position/${reqId}`, name, reqId, (account) => ({
          figures: () => ofPosition(account, conId),
          tell: ([position = 0, daily, unrealized, realized, value]) =>
            from.tell("pnlSingle", reqId, position, daily, unrealized, realized, value),
        })),
      cancelPnLSingle: (from, reqId) => close(from, `position/${reqId}`),
    },
    closeAll: (to) => {
      streams.delete(to);
    },
    advance: () => {
      for (const own of streams.values())
        for (const stream of own.values()) if (market.now - stream.toldAt >= EVERY_MS) look(stream);
    },
  };
};
