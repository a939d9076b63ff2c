/** What the session says: to the reconciler, the engine, whoever wants an order id, and the read side. */
import { address, topic } from "../domain/address.ts";
import type { EngineFact } from "../domain/facts.ts";
import type { Tell, Told } from "../domain/speech.ts";
import { type Args, type GatewaySessionEvent, lack } from "./gateway-session.context.ts";

const tell = (to: string, event: (args: Args) => Told) => ({
  type: "tell" as const,
  params: (args: Args): Tell => ({ to, event: event(args) }),
});
const announce = (event: (args: Args) => Told) => ({
  type: "tell" as const,
  params: (args: Args): Tell => ({ topic: topic.session, event: event(args) }),
});

export const listenToAnnouncements = { type: "listen" as const, params: { topics: [topic.session] } };

// ── the connection ──
export const connect = {
  type: "gateway.connect" as const,
  params: ({ context }: Args) => ({ epoch: context.epoch }),
};
export const disconnect = {
  type: "gateway.disconnect" as const,
  params: ({ context }: Args) => ({ epoch: context.epoch, reason: context.reason }),
};
export const askForTruth = tell(address.reconciler, ({ context }) => ({
  type: "reconciliation.requested",
  epoch: context.epoch,
  account: context.account,
  reason: `epoch ${context.epoch}`,
}));

// ── announcements ──
export const readied = announce(({ context }) => ({
  type: "session.readied",
  epoch: context.epoch,
  account: context.account,
  clientId: context.clientId,
}));
export const unreadied = announce(({ context }) => ({
  type: "session.unreadied",
  epoch: context.epoch,
  reason: context.reason,
}));

// ── order ids ──
interface AskedForId {
  readonly context: Args["context"];
  readonly event: Extract<GatewaySessionEvent, { type: "orderId.requested" }>;
}
const answerAsker = (event: (context: Args["context"]) => Told) => ({
  type: "tell" as const,
  params: (args: AskedForId): Tell => ({ to: args.event.replyTo, event: event(args.context) }),
});
export const refuseOrderId = answerAsker((context) => ({
  type: "orderId.refused",
  reason: context.reason || "the session is not ready",
}));
export const refuseReadOnly = answerAsker((context) => ({
  type: "orderId.refused",
  reason: `the gateway is read-only: ${context.readOnly}`,
}));
export const assignOrderId = answerAsker((context) => ({
  type: "orderId.assigned",
  whatIfId: context.nextOrderId,
  orderId: context.nextOrderId + 1,
  epoch: context.epoch,
  account: context.account,
  clientId: context.clientId,
}));

// ── to the engine ──
export const reportContested = tell(address.engine, ({ context }) => ({
  type: "session.contested",
  reason: `another session takes this one's place: ${context.reason}`,
}));
export const reportRefused = tell(address.engine, ({ context }) => ({ type: "account.refused", reason: context.reason }));

// ── for the read side ──
export const readiedFact = ({ context }: Args): EngineFact => ({
  type: "session.readied",
  epoch: context.epoch,
  account: context.account,
});
export const lostFact = ({ context }: Args): EngineFact => ({
  type: "session.lost",
  epoch: context.epoch,
  reason: context.reason,
});
export const degradedFact = ({ context }: Args): EngineFact => ({
  type: "session.degraded",
  epoch: context.epoch,
  reason: lack(context),
});
export const readOnlyFact = ({ context }: Args): EngineFact => ({
  type: "session.readOnly",
  epoch: context.epoch,
  text: context.readOnly,
});
export const refusedFact = ({ context }: Args): EngineFact => ({
  type: "account.refused",
  accounts: context.refused,
  reason: context.reason,
});
