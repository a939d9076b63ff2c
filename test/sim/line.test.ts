/** The network between engine and broker: late, in order, and lossy only in the ways in which a connection ends. */
import { describe, expect, it } from "vitest";
import { createLine, type Line } from "../../src/sim/runner/line.ts";
import { byConId, createBrokerRig, limitOrder } from "../support/broker-rig.ts";
import { SPY } from "../support/scripted-market.ts";

const LATENCY = 20;

const rig = (refused = false) => {
  const { broker, scheduler } = createBrokerRig();
  const log: string[] = [];
  const line: Line = createLine({
    session: broker.client(),
    scheduler,
    latencyMs: LATENCY,
    refused,
    witness: {
      sent: ([name]) => void log.push(`sent ${name}`),
      heard: ([name]) => void log.push(`heard ${name}`),
      ended: () => void log.push("ended"),
    },
  });
  const heard: string[] = [];
  for (const event of ["connected", "managedAccounts", "nextValidId", "currentTime", "disconnected"] as const)
    line.client.on(event, () => void heard.push(event));
  line.client.on("info", (_text, code) => void heard.push(`info ${code}`));
  line.client.on("error", (_error, code) => void heard.push(`error ${code}`));
  return { broker, scheduler, line, log, heard };
};
const connected = () => {
  const made = rig();
  made.line.client.connect(7);
  made.scheduler.advance(1_000);
  made.heard.length = 0;
  made.log.length = 0;
  return made;
};

describe("the line", () => {
  it("carries a question there and its answer back, each after the latency", () => {
    const { line, scheduler, heard } = connected();
    line.client.reqCurrentTime();
    scheduler.advance(2 * LATENCY - 1);
    expect(heard).toEqual([]);
    scheduler.advance(1);
    expect(heard).toEqual(["currentTime"]);
  });

  it("tells the engine when it is reset, once, and what was under way never arrives", () => {
    const { line, scheduler, heard, log } = connected();
    line.client.reqCurrentTime();
    line.reset();
    scheduler.advance(1_000);
    expect(heard).toEqual(["disconnected"]);
    expect(log).toEqual(["sent reqCurrentTime", "heard disconnected", "ended"]);
  });

  it("tells nobody when it goes silent, and the broker keeps the client id until it gives up", () => {
    const { line, scheduler, heard, broker } = connected();
    line.silence(5_000);
    line.client.reqCurrentTime();
    scheduler.advance(1_000);
    expect(heard).toEqual([]);
    const second = rigOn(broker, scheduler);
    expect(second).toContain("info 326");
    scheduler.advance(5_000);
    expect(rigOn(broker, scheduler)).toContain("nextValidId");
  });

  it("delivers a killed process's last message all the same, and tells it nothing more", () => {
    const { line, scheduler, heard, broker } = connected();
    line.client.placeOrder(1, byConId(SPY), limitOrder("BUY", 1, 1));
    line.abandon();
    scheduler.advance(1_000);
    expect(heard).toEqual([]);
    expect(broker.truth().accounts[0]?.openOrders).toHaveLength(1);
  });

  it("keeps questions waiting while IB's servers are away, and answers them when they are back", () => {
    const { line, scheduler, log, broker } = connected();
    broker.connectivity.lose({ orders: "wait", fills: "silent" });
    scheduler.after(60_000, () => broker.connectivity.restore({ data: "kept" }));
    line.client.reqAllOpenOrders();
    scheduler.advance(59_000);
    expect(log).toEqual(["sent reqAllOpenOrders", "heard info"]);
    scheduler.advance(2_000);
    expect(log).toEqual(["sent reqAllOpenOrders", "heard info", "heard info", "heard openOrderEnd"]);
  });

  it("refuses a connection where nobody listens", () => {
    const { line, scheduler, heard } = rig(true);
    line.client.connect(7);
    scheduler.advance(1_000);
    expect(heard).toEqual(["error 502", "disconnected"]);
  });
});

/** What a second connection with the same client id hears. */
const rigOn = (
  broker: ReturnType<typeof createBrokerRig>["broker"],
  scheduler: ReturnType<typeof createBrokerRig>["scheduler"],
): string[] => {
  const heard: string[] = [];
  const client = broker.client();
  client.on("info", (_text, code) => void heard.push(`info ${code}`));
  client.on("nextValidId", () => void heard.push("nextValidId"));
  client.connect(7);
  scheduler.advance(0);
  client.disconnect();
  return heard;
};
