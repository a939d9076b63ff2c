/**
 * The broker of the simulated gateway: accounts, orders and market data over one market, for any number of clients.
 *
 * It answers as IB would and keeps exact books. Time is the market's and moves by `advance` alone; with the same seed, calls and
 * advances, everything it says is the same. The wire puts it on a socket; `client()` is the same thing in process.
 */
import { ANNOUNCEMENT_CODE, formatAnnouncement } from "../../domain/announcement.ts";
import { assert } from "../../domain/assert.ts";
import type { MarketPace } from "../../domain/calendar/market-time.ts";
import type { EpochMs, Money } from "../../domain/units.ts";
import type { Scheduler } from "../../ports/clock.ts";
import type { Desk } from "../desk.ts";
import type { Market } from "../market/market.ts";
import { createAccountDesk } from "./account/account-desk.ts";
import { createNights } from "./account/nights.ts";
import { type AccountTerms, createAccount } from "./account.ts";
import { createHandOrders, type HandOrders, type Manual } from "./by-hand.ts";
import { createChance } from "./chance.ts";
import { IBKR_LIKE, type Tariffs } from "./commission.ts";
import { type Connectivity, createConnectivity } from "./connectivity.ts";
import { createEntry } from "./entry.ts";
import { createExpiries } from "./expiry.ts";
import { type BrokerFaults, noFaults } from "./faults.ts";
import type { Floor, FloorRules } from "./floor.ts";
import { ibContract, ibTime } from "./ib-words.ts";
import type { LineControls } from "./lines.ts";
import { createMarketData } from "./market-data/market-data.ts";
import { isUnbound } from "./order.ts";
import { createOrderBook } from "./order-book.ts";
import { createOrderDesk } from "./order-desk.ts";
import { createPage } from "./page.ts";
import { createPit } from "./pit.ts";
import { createReports } from "./reports.ts";
import { type Revision, revise } from "./revision.ts";
import { misfitOf, restoreExecution, restoreOrder, SAVED_VERSION, type SavedBroker, saveExecution, saveOrder } from "./saved.ts";
import { answer, createFilters, createSession, type Filter, type Front, type Listener, type Trace } from "./session.ts";
import { type Truth, tellTruth } from "./truth.ts";

export interface BrokerOptions {
  readonly market: Market;
  readonly accounts: readonly ({ readonly id: string; readonly cash: Money } & AccountTerms)[];
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
  /** Up to which share of the spread a fill is bettered by chance. Default 0. */
  readonly priceImprovement?: FloorRules["priceImprovement"];
  /** Refuses orders and cancels of all clients, as the API's read-only setting does. Default false. */
  readonly readOnly?: boolean;
  /** Market data lines of all clients together. Default 100. */
  readonly lineLimit?: number;
  /** Sends options' model ticks (10 to 13), which cost more than all others together. Default true. */
  readonly optionComputations?: boolean;
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
  /** What can be done to market data lines: see lines.ts. */
  readonly lines: LineControls;
  /** Closes all connections, or one client's, from the gateway's side. */
  drop(clientId?: number): void;
  /** What somebody does at the screen, as client 0 without order ids. */
  readonly manual: Manual;
  /** The broker itself closes so much of a position (all, if undefined) at market: executions carry the liquidation flag. */
  liquidate: HandOrders["liquidate"];
  /** Corrects or busts an execution: a revision with its own id and commission report. Returns the id. Throws when it cannot. */
  correctExecution(execId: string, revision: Revision): string;
  /** Assigns a short option (so many contracts, all by default) now. Returns how many there were to assign. */
  assign(account: string, conId: number, contracts?: number): number;
  /** Gives ids out again that no order on record has, as a gateway does after a restart. */
  rollBackIds(clientId: number): void;
  /** Whether IB's servers can be reached from the gateway. */
  readonly connectivity: Connectivity;
  /** Puts a filter between clients and broker; returns how to take it away. */
  filter(filter: Filter): () => void;
  /** Asks by a request's name, past all filters, for somebody who is told the answer. */
  ask(from: Listener, name: string, words: readonly unknown[]): void;
  /** Who is connected. */
  clients(): readonly Listener[];
  /** Ends market data lines and all other subscriptions of a client, without a word. */
  unsubscribe(client: Listener): void;
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
      options.accounts.map(({ id, cash, ...terms }, index) => [
        id,
        createAccount(id, cash, market, restored?.accounts[index], terms),
      ]),
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
      priceImprovement: options.priceImprovement ?? 0,
      readOnly: options.readOnly ?? false,
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
  const handOrders = createHandOrders(floor, entry, pit);
  const nights = createNights(floor, restored?.nights);
  const expiries = createExpiries(floor, nights.exercises);
  const accountDesk = createAccountDesk(floor, positionSubscribers);
  const data = createMarketData({
    market,
    scheduler,
    lineLimit: options.lineLimit ?? 100,
    optionComputations: options.optionComputations ?? true,
    entitlements: () => faults.entitlements,
    historicalPacing: () => faults.historicalPacing,
  });
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

  const changed = <Answer>(action: () => Answer): Answer => {
    const answers: Answer[] = [];
    change(() => void answers.push(action()));
    return answers[0] as Answer;
  };

  const announcement = (): string => {
    const pace = options.pace?.() ?? { speed: 1, skipClosed: false };
    return formatAnnouncement({ now: market.now, ...pace, label: market.label });
  };

  const unsubscribe = (client: Listener): void => {
    accountDesk.closeAll(client);
    data.closeAll(client);
  };
  const filters = createFilters();
  const connectivity = createConnectivity(filters, () => [...connected.values()], unsubscribe);

  const orderDesk = createOrderDesk(floor, entry, handOrders, change);
  const front: Front = {
    ...data.requests,
    ...accountDesk.requests,
    ...orderDesk.requests,
    further: {
      ...data.further,
      ...accountDesk.further,
      ...orderDesk.further,
      exerciseOptions: (from, ...words) => change(() => nights.exercises.requests.exerciseOptions(from, ...words)),
    },
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
        if (order.clientId === from.clientId && !order.parked && !order.silent && !isUnbound(order))
          reports.describe(order, from);
    },
    logout: (from) => {
      if (from.clientId === 0) handOrders.letGo();
      connected.delete(from.clientId);
      unsubscribe(from);
      const lingerMs = options.clientIdLingerMs ?? 0;
      if (lingerMs <= 0) return;
      lingering.add(from.clientId);
      scheduler.after(lingerMs, () => lingering.delete(from.clientId));
    },
    reqCurrentTime: (from) => from.tell("currentTime", Math.floor(market.now / 1000)),
  };

  return {
    faults,
    lines: data.lines,
    announcement,
    manual: {
      place: (contract, order) => changed(() => handOrders.manual.place(contract, order)),
      cancel: (permId) => changed(() => handOrders.manual.cancel(permId)),
      close: (account, conId) => changed(() => handOrders.manual.close(account, conId)),
    },
    liquidate: (account, conId, quantity) => changed(() => handOrders.liquidate(account, conId, quantity)),
    correctExecution: (execId, revision) => changed(() => revise(floor, pit, execId, revision)),
    assign: (account, conId, contracts) => changed(() => nights.assign(account, conId, contracts)),
    rollBackIds: (clientId) =>
      change(() => {
        book.rollBack(clientId);
        floor.changed();
      }),
    client: () => createSession(front, scheduler, options.trace, filters),
    advance: (to) =>
      change(() => {
        market.advance(to);
        page.advance();
        pit.advance();
        nights.advance();
        expiries.advance();
        data.advance();
        accountDesk.advance();
        for (const filter of filters.all) filter.advance?.();
      }),
    truth: () => tellTruth(floor),
    saved: () => ({
      v: SAVED_VERSION,
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
      nights: nights.saved(),
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
    connectivity,
    filter: filters.add,
    ask: (from, name, words) => answer(front, from, name, words),
    clients: () => [...connected.values()],
    unsubscribe,
  };
};
