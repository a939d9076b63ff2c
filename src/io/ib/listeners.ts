/**
 * Listening to an IB client without letting a listener's throw out into the socket's handler, where it would tear down the
 * process and leave the rest of the chunk undecoded (B10, B11).
 *
 * A message about money or identity that could not be taken in ends the epoch: the next one asks the broker for everything
 * again, so a fill is read late rather than lost. Any other is logged and missed.
 */
import type { IbClient, IbEventName, IbEvents } from "../../ports/ib-client.ts";
import type { Logger } from "./port-words.ts";
import { NotOurs } from "./translate/refusal.ts";

/** Events that must not be missed. */
const GRAVE: ReadonlySet<IbEventName> = new Set<IbEventName>([
  "managedAccounts",
  "nextValidId",
  "error",
  "position",
  "positionEnd",
  "openOrder",
  "openOrderEnd",
  "orderStatus",
  "execDetails",
  "execDetailsEnd",
  "commissionReport",
  "completedOrder",
  "completedOrdersEnd",
]);

/** Attaches one listener. What it throws stops here. */
export type Hear = <E extends IbEventName>(event: E, listener: (...args: IbEvents[E]) => void) => void;

export const createHearing =
  (options: {
    readonly client: IbClient;
    readonly epoch: number;
    readonly logger: Logger;
    /** After the epoch's end nobody listens, also not to what the client was just about to say. */
    readonly isOver: () => boolean;
    /** A grave event was refused. */
    readonly missed: (reason: string) => void;
  }): Hear =>
  (event, listener) => {
    const { client, epoch, logger, isOver, missed } = options;
    client.on(event, (...args) => {
      if (isOver()) return;
      try {
        listener(...args);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        if (error instanceof NotOurs) {
          logger.warn({ epoch, event, reason }, "left out: not ours");
          return;
        }
        logger.error({ epoch, event, reason, args }, "event refused");
        if (GRAVE.has(event)) missed(`${event} refused: ${reason}`);
      }
    });
  };
