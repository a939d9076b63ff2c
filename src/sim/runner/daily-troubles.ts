/** The troubles that a seed has drawn for the day in hand, each begun in its moment: at a time, or after an order of the day. */
import type { Session } from "../../domain/calendar/market-calendar.ts";
import { drawFaults, type FaultOptions, HEALED_BEFORE_END_MS, type PlannedFault } from "../faults.ts";
import type { VirtualTime } from "./virtual-time.ts";

export interface DailyTroubles {
  /** A new day begins, with a plan of its own. */
  open(session: Session): void;
  /** The engine has sent an order. */
  afterOrder(): void;
}

export interface DailyTroublesOptions {
  readonly seed: number;
  readonly faults: FaultOptions;
  readonly time: VirtualTime;
  readonly begin: (fault: PlannedFault) => void;
}

export const createDailyTroubles = ({ seed, faults, time, begin }: DailyTroublesOptions): DailyTroubles => {
  let today: { readonly session: Session; readonly plan: readonly PlannedFault[] } | undefined;
  let orders = 0;
  const mayBegin = (): boolean => today !== undefined && time.market() < today.session.close - HEALED_BEFORE_END_MS;
  const beginning = (fault: PlannedFault) => (): void => {
    if (mayBegin()) begin(fault);
  };
  return {
    open: (session) => {
      orders = 0;
      const plan = drawFaults(seed, { day: session.day, opens: session.open, ends: session.close }, faults);
      today = { session, plan };
      for (const fault of plan) if ("at" in fault.when) time.atMarket(fault.when.at, beginning(fault));
    },
    afterOrder: () => {
      orders++;
      for (const fault of today?.plan ?? [])
        if ("order" in fault.when && fault.when.order === orders) time.after(fault.when.afterMs, beginning(fault));
    },
  };
};
