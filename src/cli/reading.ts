/**
 * How reading verbs get at the state: they ask the running daemon; only when none runs do they open the journal, and then a clone of
 * it, with the read model derived afresh.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ReadModel } from "../projections/read-model.ts";
import { readCheckpoint } from "../store/read-model-checkpoint.ts";
import { type OpenState, openClone } from "../store/state-directory.ts";
import { StoreError } from "../store/store-error.ts";
import { readSideId } from "./build-id.ts";
import { dayOf } from "./engine-process.ts";
import { CommandError, EXIT } from "./exit.ts";
import { DAEMON_FILE, type DaemonAddress, stateDirectory, stateHome } from "./state-path.ts";
import { asCommandError } from "./store-exit.ts";

/** A daemon that is just starting, or was killed while it did, may leave the file unfinished. */
const addressIn = (text: string): DaemonAddress | undefined => {
  try {
    return JSON.parse(text) as DaemonAddress;
  } catch {
    return undefined;
  }
};

/** The daemon of a state directory, if one runs. */
export const daemonOf = async (directory: string): Promise<DaemonAddress | undefined> => {
  const text = await readFile(join(directory, DAEMON_FILE), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const address = addressIn(text);
  if (address === undefined) return undefined;
  const alive = await fetch(`${address.url}/livez`, { signal: AbortSignal.timeout(2_000) }).then(
    (answer) => answer.ok,
    () => false,
  );
  return alive ? address : undefined;
};

/** What the daemon says about a refusal, without the JSON around it. */
const messageOf = (status: number, text: string): string => {
  const said = /"message":("(?:[^"\\]|\\.)*")/.exec(text)?.[1];
  return said === undefined ? `the daemon answered ${status}: ${text}` : String(JSON.parse(said));
};

/**
 * The state directory that a verb without `--state` means: where a daemon runs, when it is the only one; else the demo's. Throws
 * when several run: an order to halt must not reach another engine than was meant.
 */
export const chosenState = async (given: string | undefined): Promise<string> => {
  if (given !== undefined) return stateDirectory(given, "");
  const names = await readdir(stateHome()).catch(() => []);
  const homes = names.map((name) => join(stateHome(), name));
  const running = (await Promise.all(homes.map(async (home) => ((await daemonOf(home)) === undefined ? [] : [home])))).flat();
  if (running.length > 1)
    throw new CommandError(EXIT.usage, `several daemons run: say which one with --state: ${running.sort().join(", ")}`);
  return running[0] ?? stateDirectory(undefined, "demo");
};

/** GET from the daemon's API. */
export const askDaemon = async (daemon: DaemonAddress, path: string): Promise<unknown> => {
  const answer = await fetch(`${daemon.url}${path}`, {
    headers: { authorization: `Bearer ${daemon.token}` },
    signal: AbortSignal.timeout(10_000),
  });
  if (!answer.ok)
    throw new CommandError(
      answer.status === 404 || answer.status === 400 ? EXIT.badData : EXIT.unavailable,
      messageOf(answer.status, await answer.text()),
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
  if (answer.status === 503) throw new CommandError(EXIT.tryLater, `try later: ${messageOf(answer.status, text)}`);
  if (!answer.ok)
    throw new CommandError(
      answer.status === 404 || answer.status === 409 ? EXIT.badData : EXIT.failed,
      messageOf(answer.status, text),
    );
  return JSON.parse(text);
};

/**
 * Opens a verified clone, gives it to `use`, removes it. `whenLocked` is said after the name of the process that holds it; `thorough`
 * reads every sealed record first.
 */
export const withClone = async <Result>(
  directory: string,
  use: (state: OpenState) => Promise<Result>,
  whenLocked = "This verb reads the journal itself, which works only while no daemon runs.",
  thorough = false,
): Promise<Result> => {
  const state = await openClone(directory, { dayOf, thorough }).catch((error: unknown) => {
    throw error instanceof StoreError && error.code === "locked"
      ? new CommandError(EXIT.tryLater, `${error.message} ${whenLocked}`)
      : asCommandError(error);
  });
  try {
    return await use(state);
  } catch (error) {
    throw asCommandError(error);
  } finally {
    await state.close();
  }
};

/** The read model of a journal that no daemon holds. */
export const readModelOf = (directory: string): Promise<ReadModel> =>
  withClone(
    directory,
    async ({ journal }) => {
      const model = await readCheckpoint(directory, readSideId(), journal);
      for await (const step of journal.read(model.seq + 1)) model.apply(step);
      return model;
    },
    "It does not answer on its port: it is starting, ending, or held up.",
  );
