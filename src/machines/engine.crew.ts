/** The crew: everybody whom a config wants alive, and what those who live are told of a new run. Pure. */
import { address } from "../domain/address.ts";
import type { EngineConfig } from "../domain/config.ts";
import type { Spawn, Tell, Told } from "../domain/speech.ts";
import { watchedUnderlyings } from "../domain/volatility/watched.ts";
import type { Args } from "./engine.context.ts";

/** In the order of spawning. The desk comes first: whoever follows may have to raise an alert. The session comes last: when it speaks, all listen. */
const crew = (config: EngineConfig, now: number): readonly Spawn[] => [
  { path: address.alerts, machine: "alertDesk", input: { config } },
  { path: address.riskGate, machine: "riskGate", input: { config } },
  { path: address.reconciler, machine: "reconciler", input: { config } },
  { path: address.lines, machine: "marketDataLines", input: { config } },
  { path: address.contractQueue, machine: "contractQueue", input: { config } },
  { path: address.breaker("orders"), machine: "circuitBreaker", input: { scope: "orders", config: config.breaker } },
  { path: address.predictions, machine: "predictionBook", input: { config } },
  ...config.futures.map((root) => ({ path: address.future(root), machine: "futuresContract", input: { root } })),
  { path: address.regime, machine: "regime", input: { config } },
  ...watchedUnderlyings(config).map((watched) => ({
    path: address.underlying(watched.symbol),
    machine: "underlying",
    input: { watched, config },
  })),
  ...Array.from({ length: config.limits.slots }, (_, n) => ({
    path: address.slot(n + 1),
    machine: "positionSlot",
    input: { path: address.slot(n + 1), n: n + 1, engine: config },
  })),
  ...config.strategies.map((strategy) => ({
    path: address.strategy(strategy.name),
    machine: "strategy",
    input: { path: address.strategy(strategy.name), config: strategy, engine: config, now },
  })),
  { path: address.session, machine: "gatewaySession", input: { config } },
];
const configOf = ({ context, event }: Args): EngineConfig =>
  event.type === "run.started" ? event.config : (context.config as EngineConfig);
/** Who is wanted and not there yet. */
export const missing = (args: Args): readonly Spawn[] =>
  crew(configOf(args), args.event.now).filter(({ path }) => args.context.spawned[path] === undefined);
/** News of the run for those who live. A strategy that the config does not name any more is switched off. */
export const resumed = (args: Args): readonly Tell[] => {
  const engine = configOf(args);
  const before = args.context.config?.strategies.map((strategy) => ({ ...strategy, enabled: false })) ?? [];
  const strategies = new Map([...before, ...engine.strategies].map((strategy) => [address.strategy(strategy.name), strategy]));
  return Object.keys(args.context.spawned)
    .filter((path) => !path.startsWith("strategy/") || strategies.has(path))
    .map((path) => {
      const strategy = strategies.get(path);
      return {
        to: path,
        event: (strategy ? { type: "run.resumed", config: strategy, engine } : { type: "run.resumed", config: engine }) as Told,
      };
    });
};
