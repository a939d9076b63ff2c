/**
 * The machines given life: which machine answers to which name, what becomes of it when it throws, who is born first, and what the
 * border asks just before an effect leaves. The kernel is generic over this one record.
 */
import type { AnyStateMachine } from "xstate";
import { address } from "../domain/address.ts";
import { EFFECT_CLASS, type EffectClass, type EffectName, type Effects } from "../domain/effects.ts";
import { orderAddress, parseOrderRef } from "../domain/identity.ts";
import type { Json } from "../domain/json.ts";
import { alertMachine } from "../machines/alert.machine.ts";
import { alertDeskMachine } from "../machines/alert-desk.machine.ts";
import { circuitBreakerMachine } from "../machines/circuit-breaker.machine.ts";
import { contractQueueMachine } from "../machines/contract-queue.machine.ts";
import { contractShelfMachine } from "../machines/contract-shelf.machine.ts";
import { engineMachine } from "../machines/engine.machine.ts";
import { futuresContractMachine } from "../machines/futures-contract.machine.ts";
import { gatewaySessionMachine } from "../machines/gateway-session.machine.ts";
import { marketDataLinesMachine } from "../machines/market-data-lines.machine.ts";
import { orderMachine } from "../machines/order.machine.ts";
import { positionSlotMachine } from "../machines/position-slot.machine.ts";
import { predictionBookMachine } from "../machines/prediction-book.machine.ts";
import { reconcilerMachine } from "../machines/reconciler.machine.ts";
import { regimeMachine } from "../machines/regime.machine.ts";
import { riskGateMachine } from "../machines/risk-gate.machine.ts";
import { strategyMachine } from "../machines/strategy.machine.ts";
import { underlyingMachine } from "../machines/underlying.machine.ts";
import {
  migrateFuture,
  migrateGate,
  migrateLines,
  migrateOrder,
  migrateReconciler,
  migrateSession,
  migrateSlot,
  migrateStrategy,
} from "./migrations.ts";
import { isQuiet, route } from "./router.ts";

interface Entry {
  readonly machine: AnyStateMachine;
  readonly version: number;
  readonly protection: "quarantine" | "restart";
  readonly migrate?: (snapshot: Json, fromVersion: number) => Json;
}
/** What guards money is quarantined at once; the rest goes on from its last good state, three times a minute (K8). */
const guarded = (machine: AnyStateMachine): Entry => ({ machine, version: 1, protection: "quarantine" });
const restarted = (machine: AnyStateMachine): Entry => ({ machine, version: 1, protection: "restart" });

/** The kernel's View, as far as the gate needs it. */
interface View {
  readonly now: number;
  snapshotOf(path: string): { readonly value: unknown; readonly context: unknown } | undefined;
}
interface Outgoing {
  readonly type: string;
  readonly params: object;
}

const engineTrades = (view: View): boolean => view.snapshotOf(address.engine)?.value === "trading";
const aBreakerTripped = (view: View): boolean => {
  const gate = view.snapshotOf(address.riskGate)?.context as { breakers: { readonly [scope: string]: string } } | undefined;
  return gate === undefined || Object.values(gate.breakers).includes("tripped");
};
/**
 * Whether the saga still waits for this transmission. While it queued for the socket, the saga may have lost sight of the order,
 * given it up or ended; sent then, it would be an order that nobody expects (S3).
 */
const sagaWaits = ({ ticket, modify }: Effects["order.place"], view: View): boolean => {
  const ref = parseOrderRef(ticket.orderRef);
  const value = ref && view.snapshotOf(orderAddress(ref.intentId))?.value;
  const live = typeof value === "object" && value !== null && "live" in value ? (value.live as unknown) : undefined;
  const state = typeof live === "object" && live !== null ? Object.keys(live)[0] : live;
  return modify ? state === "working" || state === "repricing" : state === "submitted";
};
const epochOf = (view: View): number => (view.snapshotOf(address.session)?.context as { epoch: number } | undefined)?.epoch ?? 0;

export const household = {
  supervisor: address.engine,
  machines: {
    engine: restarted(engineMachine),
    alertDesk: restarted(alertDeskMachine),
    alert: restarted(alertMachine),
    gatewaySession: { ...restarted(gatewaySessionMachine), version: 2, migrate: migrateSession },
    strategy: { ...restarted(strategyMachine), version: 2, migrate: migrateStrategy },
    positionSlot: { ...guarded(positionSlotMachine), version: 2, migrate: migrateSlot },
    order: { ...guarded(orderMachine), version: 2, migrate: migrateOrder },
    riskGate: { ...guarded(riskGateMachine), version: 2, migrate: migrateGate },
    circuitBreaker: restarted(circuitBreakerMachine),
    marketDataLines: { ...restarted(marketDataLinesMachine), version: 2, migrate: migrateLines },
    contractQueue: restarted(contractQueueMachine),
    contractShelf: restarted(contractShelfMachine),
    predictionBook: restarted(predictionBookMachine),
    futuresContract: { ...restarted(futuresContractMachine), version: 2, migrate: migrateFuture },
    regime: restarted(regimeMachine),
    underlying: restarted(underlyingMachine),
    reconciler: { ...guarded(reconcilerMachine), version: 3, migrate: migrateReconciler },
  },
  genesis: () => [{ path: address.engine, machine: "engine", input: null }],
  route,
  quiet: isQuiet,
  effectClass: (type: string): EffectClass | undefined => EFFECT_CLASS[type as EffectName],

  /**
   * The last look before an order leaves: the connection's epoch, the saga that waits for it, the age of the approval, the kill
   * latch and the breakers. Reducing orders pass latch and breakers: what is open can always be closed (P5).
   */
  gate: (effect: Outgoing, view: View): string | undefined => {
    const epoch = (effect.params as { epoch?: number }).epoch;
    if (epoch !== undefined && epoch !== epochOf(view)) return `epoch ${epoch} is over`;
    if (effect.type !== "order.place") return undefined;
    const order = effect.params as Effects["order.place"];
    const { approval } = order;
    if (approval.expiresAt < view.now) return `approval ${approval.id} expired`;
    if (!sagaWaits(order, view)) return "the order is no longer wanted";
    if (approval.reducing) return undefined;
    if (!engineTrades(view)) return "the engine does not trade";
    return aBreakerTripped(view) ? "a breaker is tripped" : undefined;
  },
  /** Held effects of an earlier run: those of a connection that is gone are void, the actors ask again; notices stand. */
  stillWanted: (effect: Outgoing, view: View): boolean => {
    const epoch = (effect.params as { epoch?: number }).epoch;
    return epoch === undefined || epoch === epochOf(view);
  },
} as const;
