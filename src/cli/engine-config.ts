/** From the configuration file to what the actors receive. */
import type { EngineConfig } from "../domain/config.ts";
import type { CaretakerConfig } from "../domain/config-schema.ts";
import type { JsonObject } from "../domain/json.ts";

/** `installation` is the first eight hexadecimal digits of the state directory's UUID: it travels in every orderRef. */
export const engineConfigOf = (
  config: CaretakerConfig,
  identity: { readonly account: string; readonly installation: string },
): EngineConfig => {
  const { gateway: _gateway, clock: _clock, journal: _journal, ...rest } = config;
  // An option that was left out is absent for the actors, not undefined: their state is plain JSON.
  return asJson({
    ...rest,
    account: identity.account,
    installation: identity.installation.slice(0, 8),
  }) as unknown as EngineConfig;
};

/** As the kernel journals it: the same, as plain JSON. */
export const asJson = (config: object): JsonObject => JSON.parse(JSON.stringify(config)) as JsonObject;
