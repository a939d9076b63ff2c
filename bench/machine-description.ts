/** On what the figures were taken: without this they say nothing. */
import { statfsSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release, totalmem } from "node:os";

export interface MachineDescription {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGB: number;
  readonly node: string;
  readonly v8: string;
  readonly system: string;
  /** The file system that the journals of the measurements are on. */
  readonly disk: string;
  /** Load averages of 1, 5 and 15 minutes. Above the number of cores others are working here too. */
  readonly load: readonly number[];
}

/** Linux's magic numbers of file systems. In memory an fsync costs nothing, and the figures about it mean nothing. */
const FILE_SYSTEMS: ReadonlyMap<number, string> = new Map([
  [0xef53, "ext"],
  [0x9123683e, "btrfs"],
  [0x58465342, "xfs"],
  [0x01021994, "tmpfs: in memory, so that what is said about synced writes does not count"],
  [0x794c7630, "overlay"],
]);

export const describeMachine = (directory: string): MachineDescription => {
  const { type } = statfsSync(directory);
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryGB: Math.round(totalmem() / 1e8) / 10,
    node: process.versions.node,
    v8: process.versions.v8,
    system: `${process.platform} ${release()} ${process.arch}`,
    disk: FILE_SYSTEMS.get(type) ?? `file system 0x${type.toString(16)}`,
    load: loadavg().map((load) => Math.round(load * 100) / 100),
  };
};
