/**
 * Snapshots of earlier versions of a machine, made fit for this one: what an actor must not forget is taken over, what it asks the broker
 * for anyway begins anew.
 */
import { type Leg, reversed } from "../domain/contract.ts";
import type { Json } from "../domain/json.ts";
import { newPool } from "../domain/lines/pool.ts";
import { NO_CASH_YET } from "../domain/reconciliation/cash.ts";
import { EMPTY_PEAK } from "../domain/rules/trailing-stop.ts";

interface Persisted {
  readonly value: Json;
  readonly context: { readonly [member: string]: Json };
}
const resumed = (snapshot: Json, value: string, members: (context: Persisted["context"]) => object): Json => {
  const persisted = snapshot as unknown as Persisted;
  return { ...persisted, value, context: members(persisted.context) } as unknown as Json;
};

const UNKNOWN_SET = { digest: "", rows: [] };

/** What stands is raised as alerts at the next comparison; before, the operator was told one text of all. */
const withoutAlarms = (snapshot: Json): Json => {
  const persisted = snapshot as unknown as Persisted;
  return { ...persisted, context: { ...persisted.context, alarmed: {} } } as unknown as Json;
};
export const migrateReconciler = (snapshot: Json, fromVersion: number): Json =>
  withoutAlarms(fromVersion === 1 ? ledgerWithSlots(snapshot) : snapshot);
/** Version 1 kept no slots and no cost: by which slots a contract is held is learned from the fills to come. */
const ledgerWithSlots = (snapshot: Json): Json =>
  resumed(snapshot, "idle", ({ ledger = {}, config, account = "", booked = {}, strayFills = {}, round = 0, epoch = 0 }) => ({
    config,
    account,
    booked,
    strayFills,
    round,
    epoch,
    ledger: Object.fromEntries(
      Object.entries(ledger as { [conId: string]: object }).map(([conId, line]) => [
        conId,
        { ...line, slots: {}, opened: 0, cost: 0 },
      ]),
    ),
    startedAt: null,
    askedAgain: false,
    answered: [],
    sets: { positions: UNKNOWN_SET, open: UNKNOWN_SET, completed: UNKNOWN_SET, executions: UNKNOWN_SET },
    netLiquidation: null,
    cash: null,
    cashBook: NO_CASH_YET,
    sharesBefore: {},
    strayOrders: {},
    openBefore: [],
    looks: 0,
    found: [],
    toAdopt: [],
    wishes: [],
    discrepancies: [],
    foreign: 0,
    alarmed: {},
  }));

/** Epoch and order ids go on; a start connects anew in any case. */
export const migrateSession = (snapshot: Json): Json =>
  resumed(snapshot, "lost", (context) => ({
    ...context,
    taken: 0,
    competingAt: null,
    takeovers: [],
    readyEpoch: 0,
    readOnly: "",
    outage: null,
    brokenFarms: [],
    stalled: [],
  }));

/** Version 1 took the broker's order for the only one: executions did not say which they were made for. */
export const migrateOrder = (snapshot: Json): Json => {
  const persisted = snapshot as unknown as Persisted;
  const rows = Object.entries(persisted.context["book"] as { readonly [family: string]: object });
  const book = Object.fromEntries(rows.map(([family, row]) => [family, { ...row, permId: 0 }]));
  return { ...persisted, context: { ...persisted.context, book, twins: [], twinsTold: 0 } } as unknown as Json;
};

/** Which contract is in front is asked at every connection. */
export const migrateFuture = (snapshot: Json): Json => {
  const { root, epoch } = (snapshot as unknown as Persisted).context;
  const context = { root, epoch, front: null, next: null, windowDay: null, toldAt: null };
  return { ...(snapshot as object), value: "unresolved", context } as unknown as Json;
};

/** The limits until the run that begins has brought the whole configuration; nothing is leased before. */
const LIMITS_UNTIL_THEN = {
  reserve: 0,
  streamingSlots: 10,
  keepSeconds: 60,
  coolingSeconds: 1,
  stallSeconds: 10,
  snapshotsPerSecond: 10,
  refreshSeconds: 60,
  heldRefreshSeconds: 15,
};
/** Who wants which line goes on; the connection is over. */
export const migrateLines = (snapshot: Json): Json =>
  resumed(snapshot, "offline", ({ epoch, limit, requests, wants }) => ({
    epoch,
    pool: { ...newPool({ ...LIMITS_UNTIL_THEN, max: Number(limit) }), requests, wants },
    orders: { close: [], withdraw: [], open: [] },
    reopen: [],
    lost: null,
    stalled: {},
    toldSpare: "",
    counted: "",
  }));

/** Version 1 kept its own history of volatility and its own VIX; a position that it follows goes on. */
export const migrateStrategy = (snapshot: Json): Json => {
  const { value, context } = snapshot as unknown as Persisted & { readonly value: Json };
  const { path, config, engine, look, underlying, slot } = context;
  const follows = value === "entering" || value === "managing";
  const kept = { path, config, engine, look, underlying };
  return resumed(snapshot, follows ? (value as string) : "paused", () => ({
    ...kept,
    epoch: null,
    mode: context["mode"] ?? null,
    equity: null,
    vix: context["vix"] ?? null,
    coolUntil: 0,
    weather: { regime: null, state: null, weights: [] },
    passedOver: { day: null, expiries: [] },
    listing: null,
    chain: null,
    quotes: {},
    awaited: [],
    lost: [],
    toRequest: [],
    topics: context["topics"] ?? [],
    way: { passed: [], refused: null, skips: [] },
    candidate: context["candidate"] ?? null,
    stopped: null,
    slot: follows ? (slot ?? null) : null,
    roll: null,
  }));
};

/** Version 1 knew worst losses only: what its slots are in Greeks is not known until they say so. */
export const migrateGate = (snapshot: Json): Json => {
  const persisted = snapshot as unknown as Persisted;
  const rows = Object.entries(persisted.context["occupied"] as { readonly [slot: string]: object });
  const occupied = Object.fromEntries(
    rows.map(([slot, row]) => [slot, { ...row, greeks: null, spot: null, whenUnknown: "deny" }]),
  );
  return { ...persisted, context: { ...persisted.context, occupied, spySpot: null, breached: null } } as unknown as Json;
};

/**
 * Version 1 saw prices alone, and knew entries and exits. An open position goes on: what it would know of the weather is unknown until it is
 * told, and its latches begin anew. What its orders traded follows from what they were for.
 */
export const migrateSlot = (snapshot: Json): Json => {
  const persisted = snapshot as unknown as Persisted;
  const { context } = persisted;
  const legs = (context["candidate"] as unknown as { readonly legs: readonly Leg[] } | null)?.legs ?? [];
  const entryRef = (context["refs"] as readonly string[])[0] ?? null;
  const traded = (isEntry: boolean): readonly Leg[] => (isEntry ? legs : reversed(legs));
  const order = context["order"] as { readonly purpose: string } | null;
  const ended = context["ended"] as { readonly orderRef: string } | null;
  return {
    ...persisted,
    context: {
      ...context,
      entryRefs: entryRef === null ? [] : [entryRef],
      order: order === null ? null : { ...order, legs: traded(order.purpose === "entry") },
      ended: ended === null ? null : { ...ended, legs: traded(ended.orderRef === entryRef) },
      sight: null,
      told: null,
      firings: {},
      peak: EMPTY_PEAK,
      reductions: [],
      reducedUnits: 0,
      reduceRest: null,
      rollRest: null,
      adjusting: null,
      next: null,
      former: [],
      campaign: { loss: 0, rolls: 0 },
      weather: { regime: null, underlying: null },
      breach: null,
      valuedAt: null,
    },
  } as unknown as Json;
};
