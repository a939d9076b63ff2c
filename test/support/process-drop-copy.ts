/** An IB client of its own that asks the broker for today's executions: what the engine's journal is compared with. */
import { EventName, IBApi } from "@stoqey/ib";

export interface BrokerExecution {
  readonly execId: string;
  readonly orderRef: string;
  readonly conId: number;
  readonly quantity: number;
  readonly price: number;
}

/** Executions that book something: the summaries of combos are left out. */
export const executionsAt = (port: number): Promise<readonly BrokerExecution[]> =>
  new Promise((resolve, reject) => {
    const api = new IBApi({ host: "127.0.0.1", port, clientId: 4_711 });
    const rows: BrokerExecution[] = [];
    const timeout = setTimeout(() => reject(new Error("the broker did not end its list of executions")), 10_000);
    api.on(EventName.error, () => {});
    api.on(EventName.nextValidId, () => api.reqExecutions(1, {}));
    api.on(EventName.execDetails, (_, contract, { execId, orderRef, side, shares, price }) => {
      if (contract.secType === "BAG") return;
      const signed = side === "BOT" ? (shares ?? 0) : -(shares ?? 0);
      rows.push({
        execId: execId ?? "",
        orderRef: orderRef ?? "",
        conId: contract.conId ?? 0,
        quantity: signed,
        price: Math.round((price ?? 0) * 10_000),
      });
    });
    api.on(EventName.execDetailsEnd, () => {
      clearTimeout(timeout);
      api.disconnect();
      resolve(rows);
    });
    api.connect();
  });
