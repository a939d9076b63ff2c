/**
 * How reading verbs get at the state: they ask the running daemon; only when none runs do they open the journal, and then a clone of
 * it, with the read model derived afresh.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createReadModel, type ReadModel } from "../projections/read-model.ts";
import { type OpenState, openClone } from "../store/state-directory.ts";
import { StoreError } from "../store/store-error.ts";
import { dayOf } from "./engine-process.ts";
import { CommandError, EXIT } from "./exit.ts";
import { DAEMON_FILE, type DaemonAddress } from "./state-path.ts";
import { asCommandError } from "./store-exit.ts";

/** The daemon of a state directory, if one runs. */
export const daemonOf = async (directory: string): Promise<DaemonAddress | undefined> => {
  const text = await readFile(join(directory, DAEMON_FILE), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const address = JSON.parse(text) as DaemonAddress;
  const alive = await fetch(`${address.url}/livez`, { signal: AbortSignal.timeout(2_000) }).then(
    (answer) => answer.ok,
    () => false,
  );
  return alive ? address : undefined;
};

/** GET from the daemon's API. */
export const askDaemon = async (daemon: DaemonAddress, path: string): Promise<unknown> => {
  const answer = await fetch(`${daemon.url}${path}`, {
    headers: { authorization: `Bearer ${daemon.token}` },
    signal: AbortSignal.timeout(10_000),
  });
  if (!answer.ok)
    throw new CommandError(
      answer.status === 404 ? EXIT.badData : EXIT.unavailable,
      `the daemon answered ${answer.status}: ${await answer.text()}`,
    );
  return answer.json();
};

/** POST a command; resolves when it is durable. */
export const commandDaemon = async (daemon: DaemonAddress, command: string, body: object): Promise<unknown> => {
  const answer = await fetch(`${daemon.url}/api/v1/commands/${command}`, {
    method: "POST",
    headers: { authorization: `Bearer ${daemon.token}`, "content-type": "application/json", origin: daemon.url },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  });
  const text = await answer.text();
  if (answer.status === 503) throw new CommandError(EXIT.tryLater, `try later: ${text}`);
  if (!answer.ok) throw new CommandError(EXIT.failed, `the daemon answered ${answer.status}: ${text}`);
  return JSON.parse(text);
};

/** Opens a verified clone, gives it to `use`, removes it. */
export const withClone = async <Result>(directory: string, use: (state: OpenState) => Promise<Result>): Promise<Result> => {
  const state = await openClone(directory, { dayOf }).catch((error: unknown) => {
    throw error instanceof StoreError && error.code === "locked"
      ? new CommandError(EXIT.tryLater, `${error.message} It did not answer on its port.`)
      : asCommandError(error);
  });
  try {
    return await use(state);
  } finally {
    await state.close();
  }
};

/** The read model of a journal that no daemon holds. */
export const readModelOf = (directory: string): Promise<ReadModel> =>
  withClone(directory, async ({ journal }) => {
    const model = createReadModel();
    for await (const step of journal.read(1)) model.apply(step);
    return model;
  });
