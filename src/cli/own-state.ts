/** The state directory that a daemon makes its own, or the refusal: it belongs to another account, or to nobody it knows. */
import { accountRefusal } from "../domain/accounts.ts";
import type { CaretakerConfig } from "../domain/config-schema.ts";
import { kindOf } from "../store/directory-kind.ts";
import { readIdentity } from "../store/identity.ts";
import { initialise } from "../store/state-directory.ts";
import { StoreError } from "../store/store-error.ts";
import { CommandError, EXIT } from "./exit.ts";
import type { GatewayIdentity } from "./probe.ts";

/** Its account. Made when it may be: only a simulated gateway's is initialised without being asked. */
export const ownState = async (
  directory: string,
  config: CaretakerConfig,
  gateway: GatewayIdentity | undefined,
  address: string,
): Promise<string> => {
  const kind = await kindOf(directory);
  if (kind === "state") {
    const { account } = await readIdentity(directory);
    const refusal = gateway === undefined ? undefined : accountRefusal(account, gateway.accounts);
    if (refusal !== undefined) throw new CommandError(EXIT.denied, refusal);
    return account;
  }
  if (kind === "foreign") {
    throw new StoreError(
      "missing-current",
      "no journal in a directory that is not empty",
      { file: directory },
      "Name another directory, or restore this one from a backup. Nothing in it was changed.",
    );
  }
  if (config.mode !== "simulated") {
    throw new CommandError(
      EXIT.badData,
      `${directory} is not initialised: 'caretaker init --state ${directory} --account DU…' makes it, on purpose and once.`,
    );
  }
  const account = gateway?.accounts[0];
  if (account === undefined)
    throw new CommandError(
      EXIT.unavailable,
      `no gateway answers on ${address}, and ${directory} does not exist yet: start the gateway first.`,
    );
  if (gateway?.announcement === undefined) {
    throw new CommandError(
      EXIT.badConfig,
      "mode: simulated, but the gateway does not announce simulated time: it is a real one. Use mode: paper and 'caretaker init'.",
    );
  }
  await initialise(directory, { account });
  return account;
};
