/**
 * Snapshots of earlier versions of a machine, made fit for this one: what an actor must not forget is taken over, what it asks the broker
 * for anyway begins anew.
 */
import type { Json } from "../domain/json.ts";
import { newPool } from "../domain/lines/pool.ts";
import { NO_CASH_YET } from "../domain/reconciliation/cash.ts";

interface Persisted {
  readonly value: Json;
  readonly context: { readonly [member: string]: Json };
}
const resumed = (snapshot: Json, value: string, members: (context: Persisted["context"]) => object): Json => {
  const persisted = snapshot as unknown as Persisted;
  return { ...persisted, value, context: members(persisted.context) } as unknown as Json;
};

const UNKNOWN_SET = { digest: "", rows: [] };

/** Version 1 kept no slots and no cost: by which slots a contract is held is learned from the fills to come. */
export const migrateReconciler = (snapshot: Json): Json =>
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
    alarmed: "",
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
