/** Everything that a client asks about its accounts, together: positions, summaries, updates, profit; and whoever subscribed to it. */
import type { Floor } from "../floor.ts";
import type { Front, FurtherRequests, Listener } from "../session.ts";
import { createSummaries } from "../summaries.ts";
import { createAccountUpdates } from "./account-updates.ts";
import { createPositionStreams } from "./position-streams.ts";
import { createProfits } from "./profit.ts";

export interface AccountDesk {
  readonly requests: Pick<Front, "reqPositions" | "cancelPositions" | "reqAccountSummary" | "cancelAccountSummary">;
  readonly further: Partial<FurtherRequests>;
  closeAll(to: Listener): void;
  advance(): void;
}

/** `positionSubscribers` is shared with the reports, which tell positions as they change. */
export const createAccountDesk = (floor: Floor, positionSubscribers: Set<Listener>): AccountDesk => {
  const summaries = createSummaries(floor.market, floor.accounts);
  const updates = createAccountUpdates(floor);
  const streams = createPositionStreams(floor);
  const profits = createProfits(floor);
  const parts = [summaries, updates, streams, profits];
  return {
    requests: {
      reqPositions: (from) => {
        for (const account of floor.accounts.values())
          for (const position of account.positions()) floor.reports.position(account.id, position, from);
        from.tell("positionEnd");
        positionSubscribers.add(from);
      },
      cancelPositions: (from) => {
        positionSubscribers.delete(from);
      },
      reqAccountSummary: (from, reqId, _group, tags) => summaries.open(from, reqId, tags),
      cancelAccountSummary: (from, reqId) => summaries.close(from, reqId),
    },
    further: {
      ...updates.requests,
      ...streams.requests,
      ...profits.requests,
      reqManagedAccts: (from) => from.tell("managedAccounts", [...floor.accounts.keys()].join(",")),
    },
    closeAll: (to) => {
      positionSubscribers.delete(to);
      for (const part of parts) part.closeAll(to);
    },
    advance: () => {
      for (const part of parts) part.advance();
    },
  };
};
