/** What a program that embeds the simulated gateway imports: `import { startGateway } from "caretaker/gateway"`, in a clone. */
export { money } from "../domain/units.ts";
export type { ActiveFault, FaultBoard, FaultMoment, FaultRequest, ScenarioEntry } from "./faults/board.ts";
export { readFaultText } from "./faults/fault-text.ts";
export { FaultError } from "./faults/parameter.ts";
export { described, FAULTS } from "./faults/registry.ts";
export { readScenario, ScenarioError } from "./faults/scenario.ts";
export { type GatewaySettings, type RunningGateway, startGateway } from "./gateway.ts";
export { createRecordedMarket } from "./market/recorded-market.ts";
export { createSyntheticMarket } from "./market/synthetic-market.ts";
