/** The market clock that fits the config and the gateway: they must agree on what time is, or nothing starts. */
import type { CaretakerConfig } from "../domain/config-schema.ts";
import { epochMs } from "../domain/units.ts";
import { createMarketClock, systemAnchor } from "../io/clock/market-clock.ts";
import { CommandError, EXIT } from "./exit.ts";
import type { GatewayIdentity } from "./probe.ts";

/** `probedAt`: when the gateway announced its time; `lastNow`: the newest market time on record, 0 for none. */
export const fittingClock = (
  config: CaretakerConfig,
  gateway: GatewayIdentity | undefined,
  probedAt: number,
  lastNow: number,
) => {
  const { clock } = config;
  const announced = gateway?.announcement;
  if (clock.kind === "system") {
    if (announced !== undefined && announced.speed !== 1) {
      throw new CommandError(
        EXIT.badConfig,
        `the gateway simulates time at speed ${announced.speed}: set clock: { kind: simulated, speed: ${announced.speed}, skipClosed: ${announced.skipClosed} }`,
      );
    }
    if (announced === undefined)
      return createMarketClock({ from: epochMs(Math.max(systemAnchor(), lastNow)), speed: 1, skipClosed: false });
    return createMarketClock({ from: announced.now, anchor: probedAt, speed: 1, skipClosed: false });
  }
  if (gateway !== undefined && announced === undefined) {
    throw new CommandError(
      EXIT.badConfig,
      "clock: simulated, but the gateway does not announce simulated time: it is a real one.",
    );
  }
  if (announced !== undefined && (announced.speed !== clock.speed || announced.skipClosed !== clock.skipClosed)) {
    throw new CommandError(
      EXIT.badConfig,
      `the gateway runs at speed ${announced.speed} with skipClosed: ${announced.skipClosed}, the config says ${clock.speed} and ${clock.skipClosed}: they must agree.`,
    );
  }
  const { speed, skipClosed } = clock;
  return announced === undefined
    ? createMarketClock({ from: epochMs(lastNow), speed, skipClosed })
    : createMarketClock({
        from: announced.now,
        anchor: probedAt,
        speed,
        skipClosed,
        ...(announced.days === undefined ? {} : { days: announced.days }),
      });
};
