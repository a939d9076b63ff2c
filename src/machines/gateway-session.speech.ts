/** What the session says: to the reconciler, the engine, whoever wants an order id, the operator and the read side. */
import { address, topic } from "../domain/address.ts";
import { isTakenForLong } from "../domain/connection.ts";
import type { EngineFact } from "../domain/facts.ts";
import type { Tell, Told } from "../domain/speech.ts";
import { type Args, type GatewaySessionEvent, lack, outageDue } from "./gateway-session.context.ts";

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

// ── to the operator ──
export const sayReadOnly = {
  type: "operator.notify" as const,
  params: ({ context }: Args) => ({
    key: `session/readOnly/${context.epoch}`,
    severity: "critical" as const,
    text: `The gateway does not let us trade: "Read-Only API" is ticked in its settings (API, Settings). Untick it; until then nothing is sent. It said: ${context.readOnly}`,
  }),
};
export const sayOutage = {
  type: "operator.notify" as const,
  params: (args: Args) => {
    const { context, event } = args;
    if (!outageDue(args) || context.outage === null) return [];
    const minutes = Math.round((event.now - context.outage.since) / 60_000);
    const taken = isTakenForLong(context.taken) ? ` Client id ${context.clientId} is held by another session.` : "";
    return [
      {
        key: `session/outage/${context.outage.since}`,
        severity: "critical" as const,
        text: `No session with the gateway for ${minutes} min: ${context.reason}.${taken}`,
      },
    ];
  },
};
export const sayContested = {
  type: "operator.notify" as const,
  params: ({ context }: Args) => ({
    key: `session/contested/${context.epoch}`,
    severity: "critical" as const,
    text: `Another session has taken this one's place ${context.takeovers.length} times within half an hour (${context.reason}). No more attempts are made and the engine is halted: end the other session, then 'caretaker rearm --scope engine'.`,
  }),
};
export const sayCompetition = {
  type: "operator.notify" as const,
  params: ({ event }: Args) => ({
    key: `session/competing/${event.now}`,
    severity: "warning" as const,
    text: "Another session of the same user has the market data (10197): quotes are missing here until it ends. Orders go on.",
  }),
};

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
