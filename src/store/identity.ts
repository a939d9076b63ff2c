/**
 * Whose state a directory holds: one account, one installation, one chain of records that starts at its genesis hash.
 *
 * The genesis hash covers the rest of the identity, so no part of it changes unnoticed, and no journal fits another identity. Only
 * where the journal begins may move, when its oldest days are let go: that carries a sum of its own.
 */
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { canonical } from "../domain/canonical-json.ts";
import { writeDurably } from "./durable-file.ts";
import { sha256 } from "./seal.ts";
import { JournalDamage, StoreError, storeErrorFrom, WAY_OUT } from "./store-error.ts";
import type { Head } from "./verify.ts";

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
  /** The last record that was let go; left out while the journal is kept from its first record on. */
  readonly base?: Head;
}

/** Where the journal of an identity begins. */
export const baseOf = ({ genesis, base }: Identity): Head => base ?? { seq: 0, hash: genesis };

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

const sumOf = (genesis: string, { seq, hash }: Head): string => sha256(canonical({ genesis, hash, seq }));

export const writeIdentity = (directory: string, identity: Identity): Promise<void> => {
  const { base, ...rest } = identity;
  const document = base === undefined ? rest : { ...rest, base: { ...base, sum: sumOf(rest.genesis, base) } };
  return writeDurably(identityFile(directory), `${JSON.stringify(document, null, 2)}\n`);
};

const baseIn = (genesis: string, value: unknown, file: string): { readonly base?: Head } => {
  if (value === undefined) return {};
  const { seq, hash, sum } = (value ?? {}) as { readonly [key: string]: unknown };
  if (typeof seq !== "number" || typeof hash !== "string" || sum !== sumOf(genesis, { seq, hash })) {
    throw new JournalDamage("an identity record whose beginning of the journal is not what was written", { file });
  }
  return { base: { seq, hash } };
};

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
  return { account, installation, createdAt, format, genesis, ...baseIn(genesis, identity?.base, file) };
};
