/**
 * One actor where the kernel keeps it: a live XState root actor, what it listens to, and its standing.
 *
 * A cell whose snapshot could not be restored has no live actor; it keeps the snapshot as it was and stays quarantined.
 */
import { type Actor, type AnyMachineSnapshot, type AnyStateMachine, createActor } from "xstate";
import { checkPlain } from "../domain/canonical-json.ts";
import type { Json } from "../domain/json.ts";
import type { Told } from "../domain/speech.ts";
import type { ActorRecord } from "../ports/journal.ts";
import type { DurableMachine } from "./durable-logic.ts";
import { laidOut } from "./settled.ts";

export type Standing = ActorRecord["standing"];

/** A cell as of one step: references only, to be serialised later. XState snapshots never change once made. */
export interface CellImage {
  readonly cell: Cell;
  readonly snapshot: AnyMachineSnapshot | undefined;
  readonly topics: readonly string[];
  readonly standing: Standing;
  /** What to write when there is no live actor. */
  readonly unrestored: Json;
}

export class Cell {
  readonly path: string;
  readonly machine: string;
  /** The version of what `record` writes. */
  readonly version: number;
  readonly input: Json;
  readonly topics = new Set<string>();
  standing: Standing = "live";
  readonly durable: DurableMachine | undefined;
  readonly #actor: Actor<AnyStateMachine> | undefined;
  readonly #unrestored: Json;

  private constructor(
    is: Pick<ActorRecord, "path" | "machine" | "version" | "input">,
    durable: DurableMachine | undefined,
    actor: Actor<AnyStateMachine> | undefined,
    unrestored: Json,
  ) {
    this.path = is.path;
    this.machine = is.machine;
    this.version = is.version;
    this.input = is.input;
    this.durable = durable;
    this.#actor = actor;
    this.#unrestored = unrestored;
  }

  /** A new actor. Its entry actions are in the transaction; when that has a fault, the cell must be thrown away. */
  static born(path: string, durable: DurableMachine, input: Json): Cell {
    const actor = createActor(durable.logic, { id: path, input, logger: () => {} });
    const cell = new Cell({ path, machine: durable.name, version: durable.entry.version, input }, durable, actor, null);
    if (actor.getSnapshot().status !== "error") actor.start();
    return cell;
  }

  /** An actor from its record. Throws when the machine cannot take the snapshot (a state that is gone, a failed migration). */
  static restored(record: ActorRecord, durable: DurableMachine): Cell {
    const { version } = durable.entry;
    let snapshot = record.snapshot;
    if (record.version !== version) {
      if (record.version > version) throw new Error(`version ${record.version} is newer than ${version}`);
      if (durable.entry.migrate === undefined) throw new Error(`no migration from version ${record.version} to ${version}`);
      snapshot = durable.entry.migrate(snapshot, record.version);
    }
    // A newer type than Json, an older than XState's own: the snapshot is whatever the machine persisted.
    const actor = createActor(durable.logic, { id: record.path, snapshot: snapshot as never, logger: () => {} });
    const restored: AnyMachineSnapshot = actor.getSnapshot();
    if (restored.status === "error") throw restored.error;
    (restored as { context: object }).context = laidOut<object>(restored.context);
    actor.start();
    return Cell.#as({ ...record, version }, durable, actor, null);
  }

  /** The record of an actor that this build cannot run, kept as it is. */
  static unrestorable(record: ActorRecord): Cell {
    const cell = Cell.#as(record, undefined, undefined, record.snapshot);
    cell.standing = "quarantined";
    return cell;
  }

  static #as(
    record: ActorRecord,
    durable: DurableMachine | undefined,
    actor: Actor<AnyStateMachine> | undefined,
    unrestored: Json,
  ): Cell {
    const cell = new Cell(record, durable, actor, unrestored);
    cell.standing = record.standing;
    for (const topic of record.topics) cell.topics.add(topic);
    return cell;
  }

  /** The XState snapshot; undefined when this build could not restore it. */
  get snapshot(): AnyMachineSnapshot | undefined {
    return this.#actor?.getSnapshot();
  }

  send(event: Told): void {
    this.#actor?.send(event);
  }

  /** Ends the XState actor. The cell must not be used afterwards. */
  end(): void {
    this.#actor?.stop();
  }

  image(): CellImage {
    return {
      cell: this,
      snapshot: this.snapshot,
      topics: [...this.topics].sort(),
      standing: this.standing,
      unrestored: this.#unrestored,
    };
  }
}

/** The image as a snapshot keeps it. */
export const recordOf = ({ cell, snapshot, topics, standing, unrestored }: CellImage): ActorRecord => {
  const persisted: unknown =
    snapshot === undefined || cell.durable === undefined ? unrestored : cell.durable.logic.getPersistedSnapshot(snapshot);
  checkPlain(persisted);
  return {
    path: cell.path,
    machine: cell.machine,
    version: cell.version,
    input: cell.input,
    snapshot: persisted,
    topics,
    standing,
  };
};
