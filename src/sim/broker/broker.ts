/**
 * The broker of the simulated gateway: accounts, orders and market data over one market, for any number of clients.
 *
 * It answers as IB would and keeps exact books. Time is the market's and moves by `advance` alone; with the same seed, calls and
 * advances, everything it says is the same. The wire puts it on a socket; `client()` is the same thing in process.
 */
import { ANNOUNCEMENT_CODE, formatAnnouncement } from "../../domain/announcement.ts";
import { assert } from "../../domain/assert.ts";
import type { MarketPace } from "../../domain/calendar/market-time.ts";
import { instantOf, newYorkDay } from "../../domain/calendar/new-york.ts";
import type { EpochMs, Money } from "../../domain/units.ts";
import type { Scheduler } from "../../ports/clock.ts";
import type { Desk } from "../desk.ts";
import type { Market } from "../market/market.ts";
import { createAccount } from "./account.ts";
import { createChance } from "./chance.ts";
import { IBKR_LIKE, type Tariffs } from "./commission.ts";
import { createEntry } from "./entry.ts";
import { executionsFor, ibExecution } from "./execution.ts";
import { createExpiries } from "./expiry.ts";
import { type BrokerFaults, noFaults } from "./faults.ts";
import type { Floor, FloorRules } from "./floor.ts";
import { ibContract, ibTime } from "./ib-words.ts";
import { createLines } from "./lines.ts";
import { echoed, stateOf } from "./order.ts";
import { createOrderBook } from "./order-book.ts";
import { createPage } from "./page.ts";
import { createPit } from "./pit.ts";
import { createReports } from "./reports.ts";
import { answerBars, answerContractDetails, answerOptionParameters } from "./requests.ts";
import type { IbError } from "./resolve.ts";
import { misfitOf, restoreExecution, restoreOrder, type SavedBroker, saveExecution, saveOrder } from "./saved.ts";
import { createSession, type Front, type Listener, type Trace } from "./session.ts";
import { createSummaries } from "./summaries.ts";
import { type Truth, tellTruth } from "./truth.ts";

export interface BrokerOptions {
  readonly market: Market;
  readonly accounts: readonly { readonly id: string; readonly cash: Money }[];
  readonly seed: number;
  /** Delivers events; its milliseconds are real ones. */
  readonly scheduler: Scheduler;
  /** Real time for which a client id stays taken after its connection ended. Default 0. */
  readonly clientIdLingerMs?: number;
  readonly commission?: Tariffs;
  readonly faults?: Partial<BrokerFaults>;
  /** How resting orders fill; default `synthetic`. */
  readonly fills?: FloorRules["fills"];
  /** Default 20 to 150 ms of market time. */
  readonly cancelLatencyMs?: FloorRules["cancelLatencyMs"];
  /** Market data lines of all clients together. Default 100. */
  readonly lineLimit?: number;
  /** Pushes a client's own open orders at login, unasked. Default true. */
  readonly openOrdersAtLogin?: boolean;
  /** How market time runs against real time, for the announcement. Default as fast, nothing skipped. */
  readonly pace?: () => MarketPace;
  /** Goes on from there. The market must stand at the instant of saving; `cash` then has no effect. */
  readonly restored?: SavedBroker;
  readonly trace?: Trace;
}

export interface Broker extends Desk {
  /** Moves the market, then works orders, expiries and lines up to there. Never backward. */
  advance(to: EpochMs): void;
  truth(): Truth;
  /** All that a restart must not forget, as plain JSON: give it to `createBroker` as `restored`. */
  saved(): SavedBroker;
  /**
   * Calls back after each call or advance that changed the truth, or anything else that clients are told and a restart must keep;
   * always before the first message of that call or advance is delivered. Returns how to take it back.
   */
  onChange(listener: () => void): () => void;
  /** Switches of misbehaviour: set them while it runs. */
  readonly faults: BrokerFaults;
  /** Closes all connections, or one client's, from the gateway's side. */
  drop(clientId?: number): void;
}

export const createBroker = (options: BrokerOptions): Broker => {
  const { market, scheduler, restored } = options;
  if (restored !== undefined) {
    const misfit = misfitOf(
      restored,
      market.label,
      options.seed,
      options.accounts.map(({ id }) => id),
    );
    if (misfit !== undefined) throw new Error(`the saved broker does not fit: ${misfit}`);
    assert(market.now === restored.at, `a broker saved at ${restored.at} goes on there, not at ${market.now}`);
  }
  const chance = createChance(options.seed);
  const faults: BrokerFaults = { ...noFaults(), ...options.faults };
  const connected = new Map<number, Listener>();
  const lingering = new Set<number>();
  const positionSubscribers = new Set<Listener>();
  const changeListeners = new Set<() => void>();
  let dirty = false;

  const reports = createReports(
    {
      of: (clientId) => connected.get(clientId),
      all: () => [...connected.values()],
      positionSubscribers: () => [...positionSubscribers],
    },
    faults,
    chance,
    restored?.statusesDrawn,
  );
  const floor: Floor = {
    market,
    accounts: new Map(
      options.accounts.map(({ id, cash }, index) => [id, createAccount(id, cash, market, restored?.accounts[index])]),
    ),
    book: createOrderBook(chance, restored?.book),
    executions: (restored?.executions ?? []).map((row) => restoreExecution(row, market)),
    executionsBefore: new Map(restored?.accounts.map(({ id, executionsBefore }) => [id, executionsBefore])),
    expiries: [...(restored?.expiries ?? [])],
    reports,
    faults,
    chance,
    rules: {
      tariffs: options.commission ?? IBKR_LIKE,
      fills: options.fills ?? "synthetic",
      cancelLatencyMs: options.cancelLatencyMs ?? { from: 20, to: 150 },
    },
    changed: () => {
      dirty = true;
    },
  };
  const { book } = floor;
  for (const order of [...(restored?.book.done ?? []), ...(restored?.book.live ?? [])])
    book.add(restoreOrder(order, market, ibContract));
  const pit = createPit(floor, restored?.pit);
  const entry = createEntry(floor, pit);
  const expiries = createExpiries(floor);
  const lines = createLines(market, options.lineLimit ?? 100);
  const summaries = createSummaries(market, floor.accounts);
  const page = createPage(floor);

  /** Does something, and tells of it if it changed the books: also when it failed half way. */
  const change = (action: () => void): void => {
    try {
      action();
    } finally {
      if (dirty) {
        dirty = false;
        for (const listener of [...changeListeners]) listener();
      }
    }
  };

  const announcement = (): string => {
    const { speed, skipClosed } = options.pace?.() ?? { speed: 1, skipClosed: false };
    return formatAnnouncement({ now: market.now, speed, skipClosed, label: market.label });
  };

  /** Who asks for its orders hears of the silent ones too, from now on. */
  const speakUp = ({ clientId }: Listener): void => {
    for (const order of book.live()) {
      if (order.clientId !== clientId || !order.silent) continue;
      order.silent = false;
      floor.changed();
    }
  };

  const refuse = (to: Listener, reqId: number, error: IbError | undefined): void => {
    if (error !== undefined) to.tell("error", new Error(error.text), error.code, reqId);
  };

  const front: Front = {
    connectionTime: () => ibTime(market.now),
    login: (from) => {
      if (connected.has(from.clientId) || lingering.has(from.clientId)) return false;
      connected.set(from.clientId, from);
      return true;
    },
    welcome: (from) => {
      from.tell("managedAccounts", [...floor.accounts.keys()].join(","));
      from.tell("nextValidId", book.nextId(from.clientId));
      from.tell("info", "Market data farm connection is OK:usfarm", 2104);
      from.tell("info", "HMDS data farm connection is OK:ushmds", 2106);
      from.tell("info", "Sec-def data farm connection is OK:secdefnj", 2158);
      from.tell("info", announcement(), ANNOUNCEMENT_CODE);
      if (options.openOrdersAtLogin === false) return;
      for (const order of book.live())
        if (order.clientId === from.clientId && !order.parked && !order.silent) reports.describe(order, from);
    },
    logout: (from) => {
      connected.delete(from.clientId);
      positionSubscribers.delete(from);
      summaries.closeAll(from);
      lines.closeAll(from);
      const lingerMs = options.clientIdLingerMs ?? 0;
      if (lingerMs <= 0) return;
      lingering.add(from.clientId);
      scheduler.after(lingerMs, () => lingering.delete(from.clientId));
    },
    reqIds: (from) => from.tell("nextValidId", book.nextId(from.clientId)),
    reqCurrentTime: (from) => from.tell("currentTime", Math.floor(market.now / 1000)),
    // Whatever is asked for, live data are what there is: each line says so with its marketDataType.
    reqMarketDataType: () => undefined,
    reqPositions: (from) => {
      for (const account of floor.accounts.values())
        for (const position of account.positions()) reports.position(account.id, position, from);
      from.tell("positionEnd");
      positionSubscribers.add(from);
    },
    cancelPositions: (from) => {
      positionSubscribers.delete(from);
    },
    reqAccountSummary: (from, reqId, _group, tags) => summaries.open(from, reqId, tags),
    cancelAccountSummary: (from, reqId) => summaries.close(from, reqId),
    reqContractDetails: (from, reqId, contract) => refuse(from, reqId, answerContractDetails(market, from, reqId, contract)),
    reqSecDefOptParams: (from, reqId, _symbol, _exchange, _secType, conId) =>
      refuse(from, reqId, answerOptionParameters(market, from, reqId, conId)),
    reqMktData: (from, reqId, contract, genericTicks, snapshot, regulatorySnapshot) =>
      lines.open(from, reqId, contract, genericTicks ?? "", snapshot || regulatorySnapshot),
    cancelMktData: (from, reqId) => lines.close(from, reqId),
    reqHistoricalData: (from, reqId, contract, endDateTime, duration, barSize, show, _useRTH, _formatDate, keepUpToDate) =>
      refuse(from, reqId, answerBars(market, from, reqId, { contract, endDateTime, duration, barSize, show, keepUpToDate })),
    // Bars are answered at once, so there never is a query left to cancel.
    cancelHistoricalData: (from, reqId) =>
      from.tell("error", new Error(`No historical data query found for ticker id:${reqId}`), 366, reqId),
    placeOrder: (from, orderId, contract, order) => change(() => entry.place(from.clientId, orderId, contract, order)),
    cancelOrder: (from, orderId) => change(() => entry.cancel(from.clientId, orderId)),
    reqGlobalCancel: () => change(entry.cancelAll),
    reqOpenOrders: (from) => {
      change(() => speakUp(from));
      for (const order of book.live()) if (order.clientId === from.clientId) reports.describe(order, from);
      from.tell("openOrderEnd");
    },
    reqAllOpenOrders: (from) => {
      change(() => speakUp(from));
      for (const order of book.live()) if (!order.parked || order.clientId === from.clientId) reports.describe(order, from);
      from.tell("openOrderEnd");
    },
    reqExecutions: (from, reqId, filter) => {
      const rows = executionsFor(floor.executions, filter, market.now);
      for (const row of rows) from.tell("execDetails", reqId, ibContract(row.contract), ibExecution(row));
      from.tell("execDetailsEnd", reqId);
      for (const row of rows) if (row.booked !== undefined && row.commissionAt <= market.now) reports.commission(row, from);
    },
    reqCompletedOrders: (from) => {
      const midnight = instantOf(newYorkDay(market.now), 0);
      for (const order of book.done()) {
        if (order.ended === undefined || order.ended.at < midnight) continue;
        const completed = { completedTime: ibTime(order.ended.at), completedStatus: order.ended.why };
        from.tell(
          "completedOrder",
          { ...order.ticket.ibContract },
          { ...echoed(order), orderId: 0, clientId: 0, filledQuantity: order.filled },
          { ...stateOf(order), ...completed },
        );
      }
      from.tell("completedOrdersEnd");
    },
  };

  return {
    faults,
    announcement,
    client: () => createSession(front, scheduler, options.trace),
    advance: (to) =>
      change(() => {
        market.advance(to);
        page.advance();
        pit.advance();
        expiries.advance();
        lines.advance();
        summaries.advance();
      }),
    truth: () => tellTruth(floor),
    saved: () => ({
      v: 1,
      at: market.now,
      market: market.label,
      seed: options.seed,
      accounts: [...floor.accounts.values()].map((account) => ({
        ...account.saved(),
        executionsBefore: floor.executionsBefore.get(account.id) ?? 0,
      })),
      book: { ...book.numbers(), live: book.live().map(saveOrder), done: book.done().map(saveOrder) },
      executions: floor.executions.map(saveExecution),
      expiries: [...floor.expiries],
      pit: pit.saved(),
      statusesDrawn: reports.statusesDrawn(),
    }),
    onChange: (listener) => {
      changeListeners.add(listener);
      return () => changeListeners.delete(listener);
    },
    drop: (clientId) => {
      for (const listener of [...connected.values()])
        if (clientId === undefined || listener.clientId === clientId) listener.drop();
    },
  };
};
