/**
 * Whose state a directory holds: one account, one installation, one chain of records that starts at its genesis hash.
 *
 * The genesis hash covers the rest of the identity, so no part of it changes unnoticed, and no journal fits another identity.
 */
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { canonical } from "../domain/canonical-json.ts";
import { writeDurably } from "./durable-file.ts";
import { sha256 } from "./seal.ts";
import { JournalDamage, StoreError, storeErrorFrom, WAY_OUT } from "./store-error.ts";

/** The layout of state directories that this build reads and writes. */
export const STATE_FORMAT = 1;

export interface Identity {
  readonly account: string;
  /** A UUID: which installation's orders carry it in their orderRef. */
  readonly installation: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly format: number;
  /** What the first record continues. */
  readonly genesis: string;
}

export interface NewIdentity {
  readonly account: string;
  /** Default: a random UUID. */
  readonly installation?: string;
  /** ISO 8601, UTC. Default: now. */
  readonly createdAt?: string;
}

export const identityFile = (directory: string): string => join(directory, "identity.json");

const genesisOf = ({ account, installation, createdAt, format }: Omit<Identity, "genesis">): string =>
  sha256(canonical({ account, installation, createdAt, format }));

export const newIdentity = ({ account, installation, createdAt }: NewIdentity): Identity => {
  const named = {
    account,
    installation: installation ?? randomUUID(),
    createdAt: createdAt ?? new Date().toISOString(),
    format: STATE_FORMAT,
  };
  return { ...named, genesis: genesisOf(named) };
};

export const writeIdentity = (directory: string, identity: Identity): Promise<void> =>
  writeDurably(identityFile(directory), `${JSON.stringify(identity, null, 2)}\n`);

/** The identity of a state directory. Throws a StoreError when it is missing, changed or of another format. */
export const readIdentity = async (directory: string): Promise<Identity> => {
  const file = identityFile(directory);
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException): never => {
    if (error.code === "ENOENT")
      throw new StoreError("missing-current", "no identity record", { file }, WAY_OUT["missing-current"]);
    throw storeErrorFrom(error, "reading the identity", { file });
  });
  let identity: Partial<Identity> | null;
  try {
    identity = JSON.parse(text) as Partial<Identity> | null;
  } catch (error) {
    throw new JournalDamage("an identity record that is not JSON", { file }, error);
  }
  const { account, installation, createdAt, format, genesis } = identity ?? {};
  if (typeof account !== "string" || typeof installation !== "string" || typeof createdAt !== "string") {
    throw new JournalDamage("an incomplete identity record", { file });
  }
  if (typeof format !== "number" || genesisOf({ account, installation, createdAt, format }) !== genesis) {
    throw new JournalDamage("an identity record that does not match its genesis hash", { file });
  }
  if (format !== STATE_FORMAT) {
    const code = format > STATE_FORMAT ? "new-format" : "old-format";
    throw new StoreError(code, `a state directory of format ${format}`, { file }, WAY_OUT[code]);
  }
  return { account, installation, createdAt, format, genesis };
};
