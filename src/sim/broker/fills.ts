/**
 * Fills: an order that is worked meets the quotes; what it gets is booked, and told to whom it concerns. Which orders are worked,
 * and what a fill means for other orders, is the pit's business.
 */
import { OrderStatus } from "@stoqey/ib";
import { assert } from "../../domain/assert.ts";
import { newYorkDay } from "../../domain/calendar/new-york.ts";
import { epochMs, type Price, priceUnits, roundHalfAway } from "../../domain/units.ts";
import { charge } from "./commission.ts";
import { type ExecutionRow, executionId, executionStem } from "./execution.ts";
import type { Floor } from "./floor.ts";
import { isOpen } from "./hours.ts";
import { createLiquidity } from "./liquidity.ts";
import { beyondTheDisplay, improved, insideTheSpread, natural, type Offer, restingHazard } from "./matching.ts";
import { type BrokerOrder, end, isUnbound, limitOf, maxCost, remaining } from "./order.ts";
import type { SavedPit } from "./saved.ts";
import { isCombo, netPrice } from "./ticket.ts";

/** Where quotes are computed, a displayed size that we took is shown again after this long even if its price stays. */
const REFILL_MS = 5_000;
/** How IB writes "no order id" into executions of orders that were placed by hand, when it does not write 0. */
const NO_ORDER_ID = 2_147_483_647;

export interface Fills {
  /** Trades what is offered to a working order now, books and tells it; true if anything was. Counts the time the order has rested. */
  trade(order: BrokerOrder): boolean;
  /** Has the order met the first quotes that it could trade against? Immediate orders are decided then. */
  met(order: BrokerOrder): boolean;
  /** Draws anew how long a resting order waits for somebody inside the spread. */
  drawHazard(order: BrokerOrder): void;
  /** Tells of executions whose commission report was delayed, and is due. */
  tellLate(): void;
  /** An execution was replaced by its correction: its own commission report does not come any more. */
  replaced(execId: string): void;
  saved(): SavedPit;
}

export const createFills = (floor: Floor, restored?: SavedPit): Fills => {
  const { market, book, reports, faults, chance, rules } = floor;
  const recorded = rules.fills === "recorded";
  const liquidity = createLiquidity(market, recorded ? Number.POSITIVE_INFINITY : REFILL_MS, [...(restored?.taken ?? [])]);
  const isLate = new Set(restored?.lateCommissions);
  const lateCommissions = floor.executions.filter(({ execId }) => isLate.has(execId));
  let fills = restored?.fills ?? 0;

  const drawHazard = (order: BrokerOrder): void => {
    order.hazard = 0;
    order.hazardToFill = -Math.log(1 - chance.draw("fill", order.permId, order.filled, order.arrivedAt));
  };

  const met = (order: BrokerOrder): boolean => {
    if (!isOpen(market, order.ticket)) return false;
    const offer = natural(order.ticket.legs, liquidity.left);
    return !recorded || (offer !== undefined && offer.at > order.arrivedAt);
  };

  /** What the order may trade against now; undefined when nothing. */
  const offerFor = (order: BrokerOrder): Offer | undefined => {
    const { ticket } = order;
    const { now } = market;
    const until = Math.min(now, order.cancelDueAt ?? now);
    // A night between two looks is not time in which anybody could have traded.
    const rested = newYorkDay(order.seenAt) === newYorkDay(now) ? Math.max(0, until - order.seenAt) : 0;
    order.seenAt = now;
    if (!isOpen(market, ticket)) return undefined;
    const offer = natural(ticket.legs, liquidity.left);
    if (offer === undefined || offer.units < 1) return undefined;
    if (ticket.tif === "FOK" && offer.units < remaining(order)) return undefined;
    const limit = maxCost(order);
    if (offer.cost <= limit) {
      if (recorded && offer.at <= order.arrivedAt) return undefined;
      const reachedAt = Math.max(offer.at, order.arrivedAt);
      if (order.cancelDueAt !== undefined && reachedAt >= order.cancelDueAt) return undefined;
      if (rules.priceImprovement === 0) return offer;
      return improved(ticket.legs, offer, rules.priceImprovement * chance.draw("improve", order.permId, fills), liquidity.left);
    }
    if (recorded || ticket.tif === "IOC" || ticket.tif === "FOK") return undefined;
    order.hazard += restingHazard(ticket.legs, priceUnits(limit), liquidity.left) * rested;
    if (order.hazard < order.hazardToFill) return undefined;
    return insideTheSpread(ticket.legs, offer, priceUnits(limit), liquidity.left);
  };

  const accountOf = (order: BrokerOrder) => {
    const account = floor.accounts.get(order.ticket.account);
    assert(account !== undefined, `account ${order.ticket.account} exists`);
    return account;
  };

  /** What every row of one fill says of its order. */
  const common = (order: BrokerOrder, liquidityFlag: 1 | 2) => ({
    orderId: isUnbound(order) && chance.draw("manualOrderId", order.permId) < 0.5 ? NO_ORDER_ID : order.orderId,
    clientId: order.clientId,
    permId: order.permId,
    orderRef: order.ticket.orderRef,
    account: order.ticket.account,
    at: market.now,
    commissionAt: epochMs(market.now + faults.delayCommissionMs),
    liquidity: liquidityFlag,
    ...(order.byHand === "liquidation" ? { liquidation: true as const } : {}),
  });

  /** Books a trade of one leg. */
  const bookLeg = (order: BrokerOrder, index: number, shares: number, each: Price, execId: string, flag: 1 | 2): ExecutionRow => {
    const leg = order.ticket.legs[index];
    const tally = order.legTallies[index];
    assert(leg !== undefined && tally !== undefined, "every leg has a tally");
    const { details, ratio } = leg;
    const commission = charge(order.charges, rules.tariffs, details.contract.secType, shares);
    const realized = accountOf(order).trade(details, Math.sign(ratio) * shares, each, commission);
    tally.shares += shares;
    tally.value += each * shares;
    return {
      ...common(order, flag),
      execId,
      contract: details.contract,
      booked: details,
      side: ratio > 0 ? "BOT" : "SLD",
      shares,
      price: each,
      cumulative: tally.shares,
      cumulativeValue: tally.value,
      commission,
      realized,
    };
  };

  /** Whole units are filled at a net price: the order's own count, and a combo's summary row. */
  const countUnits = (order: BrokerOrder, units: number, net: Price, stem: string, flag: 1 | 2): ExecutionRow[] => {
    const { ticket } = order;
    order.filled += units;
    order.value += net * units;
    order.lastPrice = net;
    if (!isCombo(ticket)) return [];
    return [
      {
        ...common(order, flag),
        execId: executionId(stem, 1),
        contract: ticket.contract,
        booked: undefined,
        side: ticket.action === "BUY" ? "BOT" : "SLD",
        shares: units,
        price: net,
        cumulative: order.filled,
        cumulativeValue: order.value,
        commission: undefined,
        realized: undefined,
      },
    ];
  };

  /** Puts rows on record, and ends the order if nothing is left of it. */
  const conclude = (order: BrokerOrder, rows: readonly ExecutionRow[]): void => {
    floor.executions.push(...rows);
    drawHazard(order);
    if (order.status === OrderStatus.PreSubmitted) order.status = OrderStatus.Submitted;
    if (remaining(order) <= 0) {
      end(order, "Filled", "Filled", market.now);
      book.close(order);
    }
    floor.changed();
  };

  const bookOffer = (order: BrokerOrder, offer: Offer): readonly ExecutionRow[] => {
    const { ticket } = order;
    assert(offer.cost <= maxCost(order), `a fill at ${offer.cost} keeps the limit ${maxCost(order)}`);
    const units = Math.min(offer.units, remaining(order));
    const stem = executionStem(++fills, market.now);
    const first = isCombo(ticket) ? 2 : 1;
    const flag = order.arrivedAt === market.now || limitOf(order) === undefined ? 2 : 1;
    const rows = ticket.legs.map(({ ratio }, index) => {
      const each = offer.legPrices[index];
      assert(each !== undefined, "every leg has a price");
      return bookLeg(order, index, units * Math.abs(ratio), each, executionId(stem, index + first), flag);
    });
    const net = priceUnits(netPrice(ticket, offer.cost));
    const all = [...countUnits(order, units, net, stem, flag), ...rows];
    liquidity.take(ticket.legs, units);
    conclude(order, all);
    return all;
  };

  /** Tells of a fill: executions, order, statuses, commissions (legs only), positions. */
  const report = (order: BrokerOrder, rows: readonly ExecutionRow[]): void => {
    reports.executed(order, rows);
    reports.openOrder(order);
    reports.status(order, 2);
    for (const row of rows) {
      if (row.booked === undefined || order.silent) continue;
      if (row.commissionAt > market.now) lateCommissions.push(row);
      else reports.commission(row);
    }
    for (const row of rows) {
      const position = row.booked && floor.accounts.get(row.account)?.position(row.contract.conId);
      if (position) reports.position(row.account, position);
    }
  };

  const unitsOfLeg = (order: BrokerOrder, index: number): number =>
    (order.legTallies[index]?.shares ?? 0) / Math.abs(order.ticket.legs[index]?.ratio ?? 1);

  const isUneven = (order: BrokerOrder): boolean =>
    order.legTallies.some((_, index) => unitsOfLeg(order, index) !== order.filled);

  /** Trades the leg that is furthest behind, if the whole order could still be completed within its limit at what is quoted now. */
  const tradeOneLeg = (order: BrokerOrder): boolean => {
    const { legs, quantity } = order.ticket;
    order.seenAt = market.now;
    if (!isOpen(market, order.ticket)) return false;
    const offer = natural(legs, liquidity.left);
    if (offer === undefined || (recorded && offer.at <= order.arrivedAt)) return false;
    let whole = 0;
    legs.forEach(({ ratio }, index) => {
      const tally = order.legTallies[index];
      const open = Math.max(0, quantity * Math.abs(ratio) - (tally?.shares ?? 0));
      whole += Math.sign(ratio) * ((tally?.value ?? 0) + open * (offer.legPrices[index] as Price));
    });
    if (whole > maxCost(order) * quantity) return false;
    const behind = legs.map((_, index) => unitsOfLeg(order, index));
    const index = behind.indexOf(Math.min(...behind));
    const leg = legs[index];
    assert(leg !== undefined, "a combo has legs");
    const quote = liquidity.left(leg.details.contract.conId);
    const shown = Math.floor(((leg.ratio > 0 ? quote?.askSize : quote?.bidSize) ?? 0) / Math.abs(leg.ratio));
    const units = Math.min(quantity - (behind[index] as number), shown);
    if (units < 1) return false;
    const stem = executionStem(++fills, market.now);
    const each = offer.legPrices[index] as Price;
    const row = bookLeg(order, index, units * Math.abs(leg.ratio), each, executionId(stem, index + 2), 2);
    liquidity.take([leg], units);
    const complete = Math.min(...legs.map((_, other) => unitsOfLeg(order, other))) - order.filled;
    let cost = 0;
    legs.forEach(({ ratio }, other) => {
      const { value, shares } = order.legTallies[other] as { value: number; shares: number };
      if (complete > 0) cost += (ratio * value) / shares;
    });
    const net = priceUnits(netPrice(order.ticket, roundHalfAway(cost)));
    const rows = complete > 0 ? [...countUnits(order, complete, net, stem, 2), row] : [row];
    conclude(order, rows);
    report(order, rows);
    return true;
  };

  const trade = (order: BrokerOrder): boolean => {
    const { ticket } = order;
    if (!ticket.guaranteed && (faults.legsFillApart || isUneven(order))) return tradeOneLeg(order);
    const offer = offerFor(order);
    if (offer === undefined) return false;
    report(order, bookOffer(order, offer));
    const left = remaining(order);
    if (left > 0 && limitOf(order) === undefined && !recorded && ticket.tif !== "IOC")
      report(order, bookOffer(order, beyondTheDisplay(ticket.legs, offer, left, market.quote)));
    return true;
  };

  return {
    trade,
    met,
    drawHazard,
    tellLate: () => {
      for (let index = 0; index < lateCommissions.length; ) {
        const row = lateCommissions[index] as ExecutionRow;
        if (row.commissionAt > market.now) index++;
        else {
          lateCommissions.splice(index, 1);
          reports.commission(row);
          floor.changed();
        }
      }
    },
    replaced: (execId) => {
      const index = lateCommissions.findIndex((row) => row.execId === execId);
      if (index >= 0) lateCommissions.splice(index, 1);
    },
    saved: () => ({ fills, lateCommissions: lateCommissions.map(({ execId }) => execId), taken: liquidity.taken() }),
  };
};
