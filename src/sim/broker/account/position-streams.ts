/** Positions by request and account (`reqPositionsMulti`): all of them with an end, then each that changed. */
import type { Account } from "../account.ts";
import type { Floor } from "../floor.ts";
import { ibContract } from "../ib-words.ts";
import { averageCost, flat } from "../positions.ts";
import type { FurtherRequests, Listener } from "../session.ts";

interface Stream {
  readonly account: Account;
  readonly model: string;
  /** conId → quantity and cost as told last. */
  readonly told: Map<number, string>;
}

export interface PositionStreams {
  readonly requests: Pick<FurtherRequests, "reqPositionsMulti" | "cancelPositionsMulti">;
  closeAll(to: Listener): void;
  advance(): void;
}

export const createPositionStreams = (floor: Floor): PositionStreams => {
  const streams = new Map<Listener, Map<number, Stream>>();

  const tellChanges = (to: Listener, reqId: number, { account, model, told }: Stream): void => {
    const held = new Map(account.positions().map((position) => [position.details.contract.conId, position]));
    for (const conId of new Set([...held.keys(), ...told.keys()])) {
      const details = held.get(conId)?.details ?? floor.market.byConId(conId);
      if (details === undefined) continue;
      const position = held.get(conId) ?? flat(details);
      const now = `${position.quantity}/${position.basis}`;
      if (told.get(conId) === now) continue;
      if (position.quantity === 0) told.delete(conId);
      else told.set(conId, now);
      to.tell("positionMulti", reqId, account.id, model, ibContract(details.contract), position.quantity, averageCost(position));
    }
  };

  return {
    requests: {
      reqPositionsMulti: (from, reqId, name, model) => {
        const own = streams.get(from) ?? new Map<number, Stream>();
        streams.set(from, own);
        const account = name === "" ? [...floor.accounts.values()][0] : floor.accounts.get(name);
        if (account === undefined) {
          const text = `Error validating request.-'bI' : cause - Invalid account code '${name}'.`;
          return from.tell("error", new Error(text), 321, reqId);
        }
        const stream: Stream = { account, model: model ?? "", told: new Map() };
        own.set(reqId, stream);
        tellChanges(from, reqId, stream);
        from.tell("positionMultiEnd", reqId);
      },
      cancelPositionsMulti: (from, reqId) => {
        streams.get(from)?.delete(reqId);
      },
    },
    closeAll: (to) => {
      streams.delete(to);
    },
    advance: () => {
      for (const [to, own] of streams) for (const [reqId, stream] of own) tellChanges(to, reqId, stream);
    },
  };
};
