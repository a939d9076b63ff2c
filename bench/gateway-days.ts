/**
 * Whether a gateway that runs for weeks grows: ten simulated days with a client that streams, asks for its account and trades, measured
 * after each session. The value is the resident memory after the last day against that after the second (the first fills caches).
 */
import { type Contract, EventName, IBApi, OrderAction, OrderType, SecType, TimeInForce } from "@stoqey/ib";
import { nextMessage, startChild } from "./child.ts";
import type { DayReport, Listening } from "./gateway-days.child.ts";
import type { Measurement } from "./measurement.ts";
import { median } from "./statistics.ts";

const STREAMED: readonly Contract[] = [
  ...["SPY", "QQQ", "IWM"].map((symbol) => ({ symbol, secType: SecType.STK, exchange: "SMART", currency: "USD" })),
  { symbol: "VIX", secType: SecType.IND, exchange: "CBOE", currency: "USD" },
];
const silence = (): void => {};

/** A client that keeps the gateway busy: streams, and each real second buys or sells one share. */
const trade = async (port: number): Promise<() => void> => {
  const client = new IBApi({ host: "127.0.0.1", port, clientId: 3 });
  client.on(EventName.error, silence);
  const id = await new Promise<number>((resolve) => {
    client.once(EventName.nextValidId, resolve);
    client.connect();
  });
  STREAMED.forEach((contract, n) => {
    client.reqMktData(n + 1, contract, "", false, false);
  });
  client.reqPositions();
  client.reqAccountSummary(100, "All", "NetLiquidation");
  let n = 0;
  const timer = setInterval(() => {
    client.placeOrder(id + n, STREAMED[0] as Contract, {
      action: n % 2 === 0 ? OrderAction.BUY : OrderAction.SELL,
      orderType: OrderType.LMT,
      totalQuantity: 1,
      lmtPrice: n % 2 === 0 ? 5_000 : 1,
      tif: TimeInForce.DAY,
      transmit: true,
      account: "DU7000002",
    });
    n++;
  }, 250);
  return () => {
    clearInterval(timer);
    client.disconnect();
  };
};

export const gatewayDays: Measurement = {
  name: "gateway-days",
  title: "gateway's memory after ten simulated days / after two",
  limit: { at: "most", value: 1.2, unit: "ratio" },
  async run({ effort, say }) {
    const days = effort === "quick" ? 4 : 10;
    const child = startChild("gateway-days.child.ts");
    const { port } = await nextMessage<Listening>(child);
    const leave = await trade(port);
    const reports: DayReport[] = [];
    while (reports.length < days) {
      const report = await nextMessage<DayReport>(child);
      reports.push(report);
      say(
        `${report.day}: ${Math.round(report.resident / 1e6)} MB resident, heap ${(report.heapUsed / 1e6).toFixed(1)} MB, ${report.messages} messages`,
      );
    }
    leave();
    child.kill();
    const settled = reports.slice(1);
    const resident = settled.map((report) => report.resident);
    const first = resident[0] as number;
    const bytes = settled.map((report) => report.sent);
    return {
      value: (resident.at(-1) as number) / first,
      rounds: resident.map((value) => value / first),
      figures: [
        { name: "resident after two days", value: first / 1e6, unit: "MB" },
        { name: "resident at the end", value: (resident.at(-1) as number) / 1e6, unit: "MB" },
        { name: "heap used after two days", value: (settled[0] as DayReport).heapUsed / 1e6, unit: "MB" },
        { name: "heap used at the end", value: (settled.at(-1) as DayReport).heapUsed / 1e6, unit: "MB" },
        { name: "sent a day", value: median(bytes) / 1e6, unit: "MB" },
        { name: "busiest day / quietest", value: Math.max(...bytes) / Math.min(...bytes), unit: "ratio" },
      ],
    };
  },
};
