/**
 * The board of a gateway's faults: begins them, now, at an instant of market time or after the n-th order; ends states when their
 * time is up; knows what is on. Everything follows market time and the seed; only bytes on a line know real time.
 */
import { type EpochMs, epochMs } from "../../domain/units.ts";
import type { Broker } from "../broker/broker.ts";
import { createChance } from "../broker/chance.ts";
import type { Filter, Listener } from "../broker/session.ts";
import type { Port, Stage } from "./fault.ts";
import { FaultError, readValues } from "./parameter.ts";
import { faultNamed } from "./registry.ts";
import type { WireLines } from "./wire-lines.ts";

/** A fault as somebody asks for it. */
export interface FaultRequest {
  readonly fault: string;
  /** Parameters by name, as a user writes them. */
  readonly with?: Readonly<Record<string, unknown>>;
  /** Market time after which a state ends by itself. */
  readonly forMs?: number;
  /** Concerns the client with this id only. */
  readonly client?: number;
  /** What the operator is told when it begins. */
  readonly label?: string;
}
export type FaultMoment =
  | { readonly at: EpochMs }
  /** After the board's own beginning. */
  | { readonly afterMs: number }
  /** After the n-th order of all clients has reached the broker, changes counted, what-ifs not. */
  | { readonly afterOrder: number; readonly laterMs: number };
export interface ScenarioEntry extends FaultRequest {
  /** At once when absent. */
  readonly when?: FaultMoment;
}

export interface ActiveFault {
  readonly id: number;
  readonly fault: string;
  readonly with: Readonly<Record<string, unknown>>;
  readonly client?: number;
  /** Market time, epoch ms. */
  readonly since: EpochMs;
  readonly until?: EpochMs;
}

export interface FaultBoard {
  /** Begins a fault now. Returns its number. Throws FaultError when there is no such fault or it cannot be begun so. */
  begin(request: FaultRequest): number;
  /** Begins it when its moment comes; at once when that has passed. Throws FaultError at once for what `begin` would refuse. */
  plan(entry: ScenarioEntry): void;
  /** What is on, events that wait for their victim included. */
  active(): readonly ActiveFault[];
  /** Planned and not yet begun. */
  planned(): readonly ScenarioEntry[];
  /** Ends what is on: all, those of a name, or one by its number. Returns how many. */
  clear(which?: string | number): number;
  /** Ends everything and forgets what was planned. */
  close(): void;
}

export interface BoardOptions {
  readonly broker: Broker;
  readonly seed: number;
  readonly now: () => EpochMs;
  readonly lines?: WireLines;
  readonly port?: Port;
  /** Clients that no fault concerns: they look on from the side. */
  readonly exempt?: readonly number[];
  readonly onBegun?: (text: string, request: FaultRequest) => void;
}

/** A request in one line, as it could be typed. */
export const inWords = ({ fault, with: given = {}, forMs, client }: FaultRequest): string =>
  [
    fault,
    ...Object.entries(given).map(([name, value]) => `${name}=${String(value)}`),
    ...(client === undefined ? [] : [`client=${client}`]),
    ...(forMs === undefined ? [] : [`for=${forMs / 1_000}s`]),
  ].join(" ");

interface Due {
  readonly at: EpochMs;
  readonly n: number;
  readonly act: () => void;
}

export const createFaultBoard = (options: BoardOptions): FaultBoard => {
  const { broker, now } = options;
  const chance = createChance(options.seed);
  const exempt = options.exempt ?? [];
  for (const clientId of exempt) broker.connectivity.exempt(clientId);
  const began = now();
  const active = new Map<number, ActiveFault & { readonly end: () => void }>();
  const restartListeners = new Set<() => void>();
  const dataLines = new Map<Listener, Set<number>>();
  const lastOrderIds = new Map<Listener, number>();
  let due: Due[] = [];
  let planned: ScenarioEntry[] = [];
  let asked = 0;
  let faults = 0;
  let orders = 0;

  const at = (instant: EpochMs, act: () => void): (() => void) => {
    const entry: Due = { at: instant, n: ++asked, act };
    due.push(entry);
    due.sort((a, b) => a.at - b.at || a.n - b.n);
    return () => {
      due = due.filter((other) => other !== entry);
    };
  };
  const runDue = (): void => {
    for (let first = due[0]; first !== undefined && first.at <= now(); first = due[0]) {
      due.shift();
      first.act();
    }
  };

  const checked = ({ fault: name, with: given = {}, forMs, client }: FaultRequest) => {
    const fault = faultNamed(name);
    const values = readValues(name, fault.parameters, given);
    if (fault.needsWire && options.lines === undefined) throw new FaultError(`${name} needs a socket, and this broker has none`);
    if (forMs !== undefined && fault.kind === "event") throw new FaultError(`${name} happens once: it takes no duration ('for')`);
    if (client !== undefined && !Number.isInteger(client))
      throw new FaultError(`${name}: client takes a client id, not ${client}`);
    return { fault, values };
  };

  const begin = (request: FaultRequest): number => {
    const { fault, values } = checked(request);
    const id = ++faults;
    const { client, forMs } = request;
    const concerns = (clientId: number | undefined): boolean =>
      (client === undefined || clientId === client) && (clientId === undefined || !exempt.includes(clientId));
    let draws = 0;
    const narrowed = (filter: Filter): Filter =>
      client === undefined && exempt.length === 0
        ? filter
        : {
            ...filter,
            ...(filter.asked === undefined
              ? {}
              : {
                  asked: (from, name, words, pass) =>
                    concerns(from.clientId) ? filter.asked?.(from, name, words, pass) : pass(name, words),
                }),
            ...(filter.told === undefined
              ? {}
              : {
                  told: (to, event, words, pass) =>
                    concerns(to.clientId) ? filter.told?.(to, event, words, pass) : pass(event, words),
                }),
            ...(filter.login === undefined
              ? {}
              : { login: (clientId) => (concerns(clientId) ? filter.login?.(clientId) : undefined) }),
          };
    let over = false;
    const end = (): void => {
      if (over) return;
      over = true;
      active.delete(id);
      ending?.();
    };
    const stage: Stage = {
      broker,
      now,
      after: (ms, act) => at(epochMs(now() + ms), act),
      chance: () => chance.draw("fault", fault.name, id, draws++),
      filter: (filter) => broker.filter(narrowed(filter)),
      concerns,
      lines: options.lines,
      port: options.port,
      over: end,
      dataLines: (who) => dataLines.get(who) ?? new Set(),
      lastOrderId: (who) => lastOrderIds.get(who),
      onRestart: (act) => {
        restartListeners.add(act);
        return () => restartListeners.delete(act);
      },
      restarted: () => {
        for (const act of [...restartListeners]) act();
      },
    };
    const since = now();
    const begun = (): (() => void) | undefined => {
      try {
        return fault.begin(stage, values);
      } catch (error) {
        throw error instanceof FaultError ? new FaultError(`${fault.name}: ${error.message}`) : error;
      }
    };
    const ending = begun();
    options.onBegun?.(request.label ?? `FAULT ${inWords(request)}`, request);
    if (ending === undefined) return id;
    if (over) {
      ending();
      return id;
    }
    const until = forMs === undefined ? undefined : epochMs(since + forMs);
    active.set(id, {
      id,
      fault: fault.name,
      with: request.with ?? {},
      since,
      ...(client === undefined ? {} : { client }),
      ...(until === undefined ? {} : { until }),
      end,
    });
    if (until !== undefined) at(until, end);
    return id;
  };

  const beginPlanned = (entry: ScenarioEntry): void => {
    planned = planned.filter((other) => other !== entry);
    try {
      begin(entry);
    } catch (error) {
      // What it was to happen to is not there: no reason for the gateway to stop.
      if (!(error instanceof FaultError)) throw error;
      options.onBegun?.(`FAULT ${inWords(entry)} could not begin: ${error.message}`, entry);
    }
  };

  const takeAway = broker.filter({
    advance: runDue,
    asked: (from, name, words, pass) => {
      const [id, , order] = words as [number, unknown, { readonly whatIf?: boolean } | undefined];
      if (name === "reqMktData" && words[3] !== true && words[4] !== true) {
        const own = dataLines.get(from) ?? new Set<number>();
        dataLines.set(from, own);
        pass(name, words);
        own.add(id);
        return;
      }
      if (name === "cancelMktData") dataLines.get(from)?.delete(id);
      if (name !== "placeOrder" || order?.whatIf === true) return pass(name, words);
      lastOrderIds.set(from, id);
      pass(name, words);
      orders++;
      for (const entry of planned) {
        const { when } = entry;
        if (when === undefined || !("afterOrder" in when) || when.afterOrder !== orders) continue;
        if (when.laterMs === 0) beginPlanned(entry);
        else at(epochMs(now() + when.laterMs), () => beginPlanned(entry));
      }
    },
    left: (who) => {
      dataLines.delete(who);
      lastOrderIds.delete(who);
    },
  });

  const clear = (which?: string | number): number => {
    const meant = [...active.values()].filter(({ id, fault }) => which === undefined || which === id || which === fault);
    for (const { end } of meant.reverse()) end();
    return meant.length;
  };

  return {
    begin,
    plan: (entry) => {
      checked(entry);
      const { when } = entry;
      if (when === undefined) {
        begin(entry);
        return;
      }
      planned.push(entry);
      if ("afterOrder" in when) return;
      at("at" in when ? when.at : epochMs(began + when.afterMs), () => beginPlanned(entry));
    },
    active: () => [...active.values()].map(({ end: _, ...rest }) => rest),
    planned: () => [...planned],
    clear,
    close: () => {
      planned = [];
      clear();
      due = [];
      takeAway();
    },
  };
};
