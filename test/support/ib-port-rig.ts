/** An IB port with everything that it says written down, over a fake client or a raw gateway. */

import { type Contract, comboLegs, type OptionContract } from "../../src/domain/contract.ts";
import type { EffectName, Effects } from "../../src/domain/effects.ts";
import { epochMs, price, tradingDay } from "../../src/domain/units.ts";
import { createIbPort, type IbPort, type IbPortOptions } from "../../src/io/ib/ib-port.ts";
import type { Handover, IbReport, OutgoingEffect, Settlement } from "../../src/io/ib/port-words.ts";
import type { Scheduler } from "../../src/ports/clock.ts";
import type { IbClient } from "../../src/ports/ib-client.ts";

export interface Logged {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly detail: Readonly<Record<string, unknown>>;
  readonly message: string;
}

export const NOW = epochMs(Date.UTC(2026, 10, 20, 16, 0, 0));

export interface Rig {
  readonly port: IbPort;
  readonly reports: IbReport[];
  /** The conflation key of each report, in the same order. */
  readonly keys: (string | undefined)[];
  readonly settlements: [string, Settlement][];
  readonly logged: Logged[];
  /** Sends an effect of the given type; its id is `type` unless given. */
  send<Name extends EffectName>(type: Name, params: Effects[Name], id?: string): Handover;
  of<T extends IbReport["type"]>(type: T): Extract<IbReport, { type: T }>[];
  /** Resolves at the first report, past or future, that passes. */
  until(passes: (report: IbReport) => boolean): Promise<IbReport>;
}

export const createRig = (
  options: { newClient: () => IbClient; scheduler: Scheduler } & Partial<IbPortOptions>,
  meddle: (report: IbReport) => void = () => {},
): Rig => {
  const reports: IbReport[] = [];
  const keys: (string | undefined)[] = [];
  const settlements: [string, Settlement][] = [];
  const logged: Logged[] = [];
  let waiting: { passes: (report: IbReport) => boolean; resolve: (report: IbReport) => void }[] = [];
  const log = (level: Logged["level"]) => (detail: object, message: string) =>
    void logged.push({ level, detail: detail as Logged["detail"], message });
  const port = createIbPort({
    clientId: 7,
    now: () => NOW,
    logger: { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") },
    deliver: (report, key) => {
      meddle(report);
      reports.push(report);
      keys.push(key);
      const met = waiting.filter(({ passes }) => passes(report));
      waiting = waiting.filter((one) => !met.includes(one));
      for (const { resolve } of met) resolve(report);
    },
    settled: (id, settlement) => void settlements.push([id, settlement]),
    ...options,
  });
  return {
    port,
    reports,
    keys,
    settlements,
    logged,
    send: (type, params, id = type) => port.send({ id, actor: "test", type, params } as OutgoingEffect),
    of: <T extends IbReport["type"]>(type: T) =>
      reports.filter((report): report is Extract<IbReport, { type: T }> => report.type === type),
    until: (passes) => {
      const past = reports.find(passes);
      return past ? Promise.resolve(past) : new Promise((resolve) => waiting.push({ passes, resolve }));
    },
  };
};

export const SPY: Contract = { conId: 756733, secType: "STK", symbol: "SPY", exchange: "SMART", currency: "USD", multiplier: 1 };

export const option = (conId: number, strike: number, right: "C" | "P"): OptionContract => ({
  conId,
  secType: "OPT",
  symbol: "SPY",
  exchange: "SMART",
  currency: "USD",
  multiplier: 100,
  expiry: tradingDay("2026-12-18"),
  strike: price(strike),
  right,
});

export const INTENT_REF = "caretaker/5f2c81aa/20261120-s3-7";

/** A vertical for a credit of 1.25, as its order goes out. */
export const placeVertical = (
  epoch: number,
  orderId: number,
  extra: { modify?: boolean; expiresAt?: number } = {},
): Effects["order.place"] => ({
  epoch,
  ticket: {
    orderId,
    orderRef: INTENT_REF,
    account: "DU1000001",
    combo: {
      symbol: "SPY",
      currency: "USD",
      legs: comboLegs([
        { contract: option(11, 440, "P"), ratio: 1 },
        { contract: option(12, 445, "P"), ratio: -1 },
      ]),
    },
    action: "BUY",
    quantity: 2,
    limitPrice: price(-1.25),
    tif: "DAY",
  },
  approval: { id: "a-1", approvedAt: NOW, expiresAt: epochMs(extra.expiresAt ?? NOW + 60_000), reducing: false },
  modify: extra.modify ?? false,
});

export const enquiry = (epoch: number, request = "q") => ({ epoch, replyTo: "reconciler", request });
