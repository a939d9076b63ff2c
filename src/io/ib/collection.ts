/**
 * Requests of one kind that IB answers under their own id: rows until the end marker, then one answer to whoever asked.
 *
 * A row that could not be read spoils its answer: a set with a hole is no complete set.
 */
import type { Scheduler } from "../../ports/clock.ts";
import type { Lane, Pacer } from "./pacer.ts";
import type { Asker } from "./round.ts";
import { NotOurs } from "./translate/refusal.ts";

export interface Collection<A extends Asker, Row> {
  ask(asker: A): void;
  /** Takes a row in; what `make` throws spoils the answer and is thrown on. A row for nobody is passed over. */
  row(reqId: number, make: (asker: A) => Row | undefined): void;
  /** Puts a row into every answer under way. */
  rowForAll(row: Row): void;
  end(reqId: number): void;
  /** IB refused the request. False when the id is none of these. */
  fail(reqId: number, code: number, text: string): boolean;
  /** The epoch is over. */
  close(): void;
}

interface Open<A extends Asker, Row> {
  readonly asker: A;
  readonly rows: Row[];
  takeBack: () => void;
  spoilt?: string;
}

export const createCollection = <A extends Asker, Row>(options: {
  readonly name: string;
  readonly lane: Lane;
  readonly pacer: Pacer;
  readonly scheduler: Scheduler;
  readonly timeoutMs: number;
  readonly nextReqId: () => number;
  readonly write: (reqId: number, asker: A) => void;
  readonly answer: (asker: A, rows: readonly Row[]) => void;
  /** Tells IB that nobody waits any more. */
  readonly withdraw?: (reqId: number) => void;
}): Collection<A, Row> => {
  const { name, lane, pacer, scheduler, timeoutMs, nextReqId, write, answer, withdraw } = options;
  const open = new Map<number, Open<A, Row>>();

  const close = (reqId: number): Open<A, Row> | undefined => {
    const request = open.get(reqId);
    open.delete(reqId);
    request?.takeBack();
    return request;
  };
  return {
    ask: (asker) => {
      const reqId = nextReqId();
      pacer.offer({
        lane,
        write: () => {
          const takeBack = scheduler.after(timeoutMs, () => {
            close(reqId)?.asker.fail(0, `${name}: no end marker within ${timeoutMs} ms`);
            withdraw?.(reqId);
          });
          open.set(reqId, { asker, rows: [], takeBack });
          write(reqId, asker);
        },
        settle: (refusal) => {
          if (refusal !== undefined) close(reqId);
          asker.settle(refusal);
        },
      });
    },
    row: (reqId, make) => {
      const request = open.get(reqId);
      if (!request) return;
      try {
        const row = make(request.asker);
        if (row !== undefined) request.rows.push(row);
      } catch (error) {
        if (!(error instanceof NotOurs)) request.spoilt ??= error instanceof Error ? error.message : String(error);
        throw error;
      }
    },
    rowForAll: (row) => {
      for (const request of open.values()) request.rows.push(row);
    },
    end: (reqId) => {
      const request = close(reqId);
      if (!request) return;
      if (request.spoilt === undefined) answer(request.asker, request.rows);
      else request.asker.fail(0, `${name}: a row was refused: ${request.spoilt}`);
    },
    fail: (reqId, code, text) => {
      const request = close(reqId);
      request?.asker.fail(code, text);
      return request !== undefined;
    },
    close: () => {
      for (const reqId of [...open.keys()]) close(reqId)?.asker.fail(0, "the epoch ended before the answer");
    },
  };
};
