/**
 * The stored form of a snapshot: a sealed manifest, and one flat record an actor that several manifests may share.
 *
 * A manifest names for each actor path the snapshot that wrote its record and that record's hash. Reading and writing the
 * database, and which snapshots to keep, are the business of LevelSnapshots.
 */
import { canonical } from "../domain/canonical-json.ts";
import type { ActorRecord, SnapshotHead } from "../ports/journal.ts";
import { seal, sha256, unseal } from "./seal.ts";
import { JournalDamage, StoreError, type StorePlace, WAY_OUT } from "./store-error.ts";

export const MANIFEST_VERSION = 1;

/** Where an actor's record is: the snapshot seq under which it was written, and the hash of its text. */
export interface ActorPlace {
  readonly seq: number;
  readonly hash: string;
}

export type ActorPlaces = ReadonlyMap<string, ActorPlace>;

export interface Manifest {
  readonly head: SnapshotHead;
  readonly actors: ActorPlaces;
}

/** The text of an actor's record and its hash. Throws a NotPlainError. */
export const encodeActor = (actor: ActorRecord): { readonly text: string; readonly hash: string } => {
  const { path, machine, version, input, snapshot, topics, standing } = actor;
  const text = canonical({ path, machine, version, input, snapshot, topics, standing });
  return { text, hash: sha256(text) };
};

/** The actor that a text holds. Throws a JournalDamage unless the text is the one that was hashed. */
export const decodeActor = (text: string | undefined, path: string, hash: string, place: StorePlace): ActorRecord => {
  if (text === undefined || sha256(text) !== hash) {
    throw new JournalDamage(
      `a snapshot whose record of ${path} is ${text === undefined ? "missing" : "not what was written"}`,
      place,
    );
  }
  return JSON.parse(text) as ActorRecord;
};

/** A manifest's text. `actors` must be in path order. */
export const encodeManifest = (head: SnapshotHead, actors: Iterable<readonly [string, ActorPlace]>, genesis: string): string => {
  const { seq, now, build, timers, unacknowledged, counters } = head;
  const places: string[] = [];
  for (const [path, at] of actors) places.push(`${canonical(path)}:[${at.seq},"${at.hash}"]`);
  const before =
    `{"actors":{${places.join(",")}},"genesis":${canonical(genesis)}` +
    `,"head":${canonical({ seq, now, build, timers, unacknowledged, counters })},`;
  return seal(before, `"v":${MANIFEST_VERSION}}`).text;
};

/** Reads the manifest found under a key. Throws a StoreError when it is not what was written for this journal and seq. */
export const decodeManifest = (text: string, seq: number, genesis: string, file: string): Manifest => {
  const place = { file, seq };
  const { fields } = unseal(text, "a snapshot", place);
  const version = fields["v"];
  if (version !== MANIFEST_VERSION) {
    const code = typeof version === "number" && version > MANIFEST_VERSION ? "new-format" : "old-format";
    throw new StoreError(code, `a snapshot of version ${String(version)}`, place, WAY_OUT[code]);
  }
  if (fields["genesis"] !== genesis) throw new JournalDamage("a snapshot of another journal", place);
  const head = fields["head"] as SnapshotHead;
  if (head.seq !== seq) throw new JournalDamage(`a snapshot of seq ${head.seq} in the place of another`, place);
  const actors = new Map<string, ActorPlace>();
  for (const [path, [at, hash]] of Object.entries(fields["actors"] as { [path: string]: [number, string] })) {
    actors.set(path, { seq: at, hash });
  }
  return { head, actors };
};

/** What a manifest's key says without reading it: its seq and its time in ms. Undefined when it is not such a key. */
export const manifestKeyParts = (key: string): { readonly seq: number; readonly nowMs: number } | undefined => {
  const [, seq, nowMs] = /^s\/(\d{16})\/(\d{16})$/.exec(key) ?? [];
  return seq === undefined ? undefined : { seq: Number(seq), nowMs: Number(nowMs) };
};
