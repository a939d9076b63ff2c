/** Disks for the crash fuzz: one in memory, one real LevelDB, and one in memory that lies. */
import { mkdtemp, readdir, rm, stat, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ClassicLevel } from "classic-level";
import type { Journal, Snapshots, Step } from "../../src/ports/journal.ts";
import type { Level } from "../../src/store/level.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import type { Disk } from "./kernel-fuzz.ts";
import { MemoryJournal, MemorySnapshots } from "./kernel-memory.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Appends become durable one turn of the loop later; what is under way at a crash is kept or lost. */
export class MemoryDisk implements Disk {
  readonly #journal = new MemoryJournal();
  readonly #snapshots: MemorySnapshots;
  /** Acknowledges before it is durable, and loses what it acknowledged: the broken control. */
  readonly #lies: boolean;
  #life = 0;
  #underWay: Step[] = [];

  constructor({ lies = false, snapshots = new MemorySnapshots() }: { lies?: boolean; snapshots?: MemorySnapshots } = {}) {
    this.#lies = lies;
    this.#snapshots = snapshots;
  }

  async open(): Promise<{ readonly journal: Journal; readonly snapshots: Snapshots }> {
    const life = ++this.#life;
    const journal = this.#journal;
    const write = async (last: number): Promise<void> => {
      await turn();
      if (life !== this.#life) return new Promise(() => {});
      const steps = this.#underWay.filter(({ seq }) => seq <= last);
      this.#underWay = this.#underWay.filter(({ seq }) => seq > last);
      await journal.append(steps);
    };
    return {
      snapshots: this.#snapshots,
      journal: {
        get lastSeq() {
          return journal.lastSeq;
        },
        read: (from) => journal.read(from),
        append: async (steps) => {
          this.#underWay.push(...steps);
          const written = write(steps.at(-1)!.seq);
          if (!this.#lies) await written;
        },
      },
    };
  }

  async crash(random: () => number): Promise<void> {
    this.#life++;
    const steps = this.#underWay;
    this.#underWay = [];
    if (!this.#lies && steps.length > 0 && random() < 0.5) await this.#journal.append(steps);
    await turn();
  }

  async settle(): Promise<void> {
    for (let i = 0; i < 4; i++) await turn();
  }

  async close(): Promise<void> {}
}

/** Snapshots that forget part of what they were given: the broken controls. */
export class ForgetfulSnapshots extends MemorySnapshots {
  readonly #forgets: "timers" | "unacknowledged";
  constructor(forgets: "timers" | "unacknowledged") {
    super();
    this.#forgets = forgets;
  }
  override save(...[head, dirty, removed]: Parameters<MemorySnapshots["save"]>): Promise<void> {
    return super.save({ ...head, [this.#forgets]: [] }, dirty, removed);
  }
}

/** No snapshots at all: every recovery replays from genesis. */
export class NoSnapshots extends MemorySnapshots {
  override async save(): Promise<void> {}
}

/** A real LevelDB. A crash cuts its log anywhere between what was acknowledged and what was written. */
export class LevelDisk implements Disk {
  readonly #directory: string;
  #level: ClassicLevel<string, string> | undefined;
  #store: Store | undefined;
  #underWay = 0;
  #acknowledged = { file: "", bytes: 0 };
  #isDead = false;
  /** Crashes that caught a write under way. */
  torn = 0;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  static async create(): Promise<LevelDisk> {
    return new LevelDisk(await mkdtemp(join(tmpdir(), "caretaker-fuzz-")));
  }

  async open(): Promise<{ readonly journal: Journal; readonly snapshots: Snapshots }> {
    if (this.#store !== undefined) return this.#store;
    const level = new ClassicLevel<string, string>(join(this.#directory, "journal"));
    await level.open();
    this.#level = level;
    this.#isDead = false;
    this.#acknowledged = await this.#log();
    const watched: Level = {
      batch: async (operations, options) => {
        this.#underWay++;
        try {
          await level.batch(operations, options);
          // Bytes of another write that is under way may be among them: then fewer are cut off than might be, never more.
          if (!this.#isDead) this.#acknowledged = await this.#log();
        } finally {
          this.#underWay--;
        }
      },
      get: (key) => level.get(key),
      getMany: (keys) => level.getMany(keys),
      iterator: (range) => level.iterator(range),
      keys: (range) => level.keys(range),
      close: () => level.close(),
    };
    this.#store = await openStore(watched, { genesis: "fuzz", dayOf: () => "2026-11-20", file: this.#directory });
    return this.#store;
  }

  async crash(random: () => number): Promise<void> {
    const wasUnderWay = this.#underWay > 0;
    this.#isDead = true;
    await this.settle();
    const { file, bytes } = this.#acknowledged;
    await this.close();
    if (!wasUnderWay) return;
    const log = await this.#log();
    if (log.file !== file || log.bytes <= bytes) return;
    this.torn++;
    // Lost altogether, cut somewhere, or whole.
    const keep = random() < 0.3 ? bytes : bytes + Math.floor(random() * (log.bytes - bytes + 1));
    await truncate(join(this.#directory, "journal", log.file), keep);
  }

  async settle(): Promise<void> {
    for (let i = 0; i < 4 || (this.#underWay > 0 && i < 10_000); i++) await turn();
  }

  async close(): Promise<void> {
    await this.#level?.close();
    this.#level = undefined;
    this.#store = undefined;
  }

  async remove(): Promise<void> {
    await this.close();
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #log(): Promise<{ file: string; bytes: number }> {
    const files = (await readdir(join(this.#directory, "journal"))).filter((name) => name.endsWith(".log")).sort();
    const file = files.at(-1) ?? "";
    return { file, bytes: file === "" ? 0 : (await stat(join(this.#directory, "journal", file))).size };
  }
}
