/** Executions and commission reports that come late, twice, in the wrong order or only when asked for. */
import type { CommissionReport, Contract, Execution } from "@stoqey/ib";
import { type Fault, fault, type Telling, whenTold } from "../fault.ts";
import { count, duration, share } from "../parameter.ts";

const EXECUTIONS = ["execDetails"] as const;
const COMMISSIONS = ["commissionReport"] as const;
const HOW_OFTEN = "how many of them, drawn for each by the seed";

/** Pushed, as against an answer to reqExecutions. */
const isPushed = ({ words }: Telling): boolean => words[0] === -1;
const isSummary = ({ words }: Telling): boolean => (words[1] as Contract).secType === "BAG";
const orderOf = ({ words }: Telling): number | undefined => (words[2] as Execution).orderId;

export const executionFaults: readonly Fault[] = [
  fault({
    name: "execution.beforeOpenOrder",
    kind: "state",
    says: "Orders that fill on arrival report their executions before their first openOrder.",
    serves: ["F22"],
    begin: ({ broker: { faults } }) => {
      faults.execBeforeOpenOrder = true;
      return () => {
        faults.execBeforeOpenOrder = false;
      };
    },
  }),
  fault({
    name: "execution.delay",
    kind: "state",
    says: "Executions are told late; their order is Filled before anybody has heard of a fill.",
    serves: ["F11", "F22", "F24"],
    parameters: { delay: duration("by how much", "5s"), share: share(HOW_OFTEN, 1) },
    begin: (stage, { delay, share: part }) =>
      whenTold(stage, EXECUTIONS, (told) => {
        if (isPushed(told) && stage.chance() < part) stage.after(delay, told.go);
        else told.go();
      }),
  }),
  fault({
    name: "execution.duplicate",
    kind: "state",
    says: "Executions are told several times with the same id, at once or again after a while.",
    serves: ["F11", "F22"],
    parameters: {
      times: count("how often each is told", 2, 2, 100),
      gap: duration("market time between two tellings", "0s"),
      share: share(HOW_OFTEN, 1),
    },
    begin: (stage, { times, gap, share: part }) =>
      whenTold(stage, EXECUTIONS, (told) => {
        told.go();
        if (!isPushed(told) || stage.chance() >= part) return;
        for (let time = 1; time < times; time++) {
          if (gap === 0) told.go();
          else stage.after(time * gap, told.go);
        }
      }),
  }),
  fault({
    name: "execution.lose",
    kind: "state",
    says: "Executions are not pushed: only reqExecutions tells them.",
    serves: ["F11", "F17", "F22"],
    parameters: { share: share(HOW_OFTEN, 1) },
    begin: (stage, { share: part }) =>
      whenTold(stage, EXECUTIONS, (told) => {
        if (!isPushed(told) || stage.chance() >= part) told.go();
      }),
  }),
  fault({
    name: "execution.reorder",
    kind: "state",
    says: "The legs of one fill are told in reverse, the combo's summary last.",
    serves: ["F22", "F31"],
    parameters: { wait: duration("how long rows of one order are collected", "100ms") },
    begin: (stage, { wait }) => {
      const held: Telling[] = [];
      const tell = (): void => {
        for (const row of held.splice(0).reverse()) row.go();
      };
      const end = whenTold(stage, EXECUTIONS, (row) => {
        if (!isPushed(row)) return row.go();
        if (held[0] !== undefined && orderOf(held[0]) !== orderOf(row)) tell();
        if (held.push(row) === 1) stage.after(wait, tell);
      });
      return () => {
        end();
        tell();
      };
    },
  }),
  fault({
    name: "execution.loseSummary",
    kind: "state",
    says: "Combos are told without their summary execution: legs without a parent.",
    serves: ["F31"],
    begin: (stage) => whenTold(stage, EXECUTIONS, (told) => isSummary(told) || told.go()),
  }),
  fault({
    name: "commission.delay",
    kind: "state",
    says: "Commission reports come long after their executions.",
    serves: ["F22"],
    parameters: { delay: duration("by how much", "30s"), share: share(HOW_OFTEN, 1) },
    begin: (stage, { delay, share: part }) =>
      whenTold(stage, COMMISSIONS, ({ go }) => {
        if (stage.chance() < part) stage.after(delay, go);
        else go();
      }),
  }),
  fault({
    name: "commission.lose",
    kind: "state",
    says: "Commission reports get lost, pushed ones and those in answer to reqExecutions alike.",
    serves: ["F11", "F22"],
    parameters: { share: share(HOW_OFTEN, 1) },
    begin: (stage, { share: part }) => whenTold(stage, COMMISSIONS, ({ go }) => stage.chance() >= part && go()),
  }),
  fault({
    name: "commission.duplicate",
    kind: "state",
    says: "Commission reports are told several times over.",
    serves: ["F11", "F22"],
    parameters: { times: count("how often each is told", 2, 2, 100), share: share(HOW_OFTEN, 1) },
    begin: (stage, { times, share: part }) =>
      whenTold(stage, COMMISSIONS, ({ go }) => {
        const often = stage.chance() < part ? times : 1;
        for (let time = 0; time < often; time++) go();
      }),
  }),
  fault({
    name: "commission.unknownExecution",
    kind: "event",
    says: "A commission report names an execution that nobody has heard of, as another client's does.",
    serves: ["F22"],
    begin: ({ broker, concerns }) => {
      const report: CommissionReport = {
        execId: "0000dead.00000001.01.01",
        commission: 1,
        currency: "USD",
        realizedPNL: 0,
        yieldRedemptionDate: 0,
      };
      for (const client of broker.clients()) if (concerns(client.clientId)) client.tell("commissionReport", report);
      return undefined;
    },
  }),
];
