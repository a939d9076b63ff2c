/**
 * `bin/caretaker` as a user meets it: verbs run to their end, daemons and gateways as children that live until the test is over.
 * Children are killed by their ids, directories are removed; nothing is left running.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const CARETAKER = join(ROOT, "bin", "caretaker");

export interface Ended {
  /** The exit code, or the signal that ended it. */
  readonly code: number | NodeJS.Signals;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly pid: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly ended: Promise<Ended>;
  /** Undefined while it runs. */
  readonly end: Ended | undefined;
  /** Called with each chunk of standard error as it comes, until it returns true. */
  watch(see: (chunk: string) => boolean): void;
  signal(name: NodeJS.Signals): void;
}

/** A directory that goes away with the test; paths inside it need not exist. */
export const scratch = (): string => {
  const directory = mkdtempSync(join(tmpdir(), "caretaker-process-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }));
  return directory;
};

export interface StartOptions {
  readonly env?: { readonly [name: string]: string };
  /** Run by `sh -c` around the command, for limits: `ulimit -f 2048; exec "$@"`. */
  readonly shell?: string;
  readonly cwd?: string;
}

/** Starts a verb. It is killed when the test is over, if it still runs. */
export const start = (args: readonly string[], { env = {}, shell, cwd = ROOT }: StartOptions = {}): Running => {
  const [command, words] = shell === undefined ? [CARETAKER, args] : ["/bin/sh", ["-c", shell, "sh", CARETAKER, ...args]];
  const child: ChildProcess = spawn(command, words, {
    cwd,
    env: { ...process.env, NODE_OPTIONS: "", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  let end: Ended | undefined;
  const watchers = new Set<(chunk: string) => boolean>();
  child.stdout?.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    for (const see of watchers) if (see(chunk)) watchers.delete(see);
    stderr += chunk;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      end = { code: code ?? signal ?? "SIGKILL", stdout, stderr };
      resolve(end);
    });
  });
  const running: Running = {
    pid: child.pid ?? 0,
    get stdout() {
      return stdout;
    },
    get stderr() {
      return stderr;
    },
    ended,
    get end() {
      return end;
    },
    watch: (see) => void watchers.add(see),
    signal: (name) => void child.kill(name),
  };
  onTestFinished(async () => {
    if (end === undefined) child.kill("SIGKILL");
    await ended;
  });
  return running;
};

/** Runs a verb to its end. */
export const caretaker = (args: readonly string[], options?: StartOptions): Promise<Ended> => start(args, options).ended;

/** Runs a verb that must end well and print one JSON document. */
export const document = async <Document>(args: readonly string[], options?: StartOptions): Promise<Document> => {
  const { code, stdout, stderr } = await caretaker(args, options);
  if (code !== 0) throw new Error(`caretaker ${args.join(" ")} ended with ${code}: ${stderr}`);
  return JSON.parse(stdout) as Document;
};

/** Not more at once than a small machine bears. */
export const inTurn = async <Item, Result>(
  items: readonly Item[],
  width: number,
  act: (item: Item) => Promise<Result>,
): Promise<Result[]> => {
  const results: Result[] = [];
  for (let from = 0; from < items.length; from += width)
    results.push(...(await Promise.all(items.slice(from, from + width).map(act))));
  return results;
};

/** Looks again and again until there is an answer; throws with `what` when there is none in time, or when `running` has ended. */
export const eventually = async <Value>(
  what: string,
  look: () => Value | undefined | Promise<Value | undefined>,
  {
    withinMs = 30_000,
    everyMs = 40,
    running,
  }: { readonly withinMs?: number; readonly everyMs?: number; readonly running?: Running } = {},
): Promise<Value> => {
  const until = performance.now() + withinMs;
  for (;;) {
    const value = await look();
    if (value !== undefined) return value;
    if (running?.end !== undefined)
      throw new Error(`${what}: the process ended with ${running.end.code}: ${running.end.stderr.slice(-2_000)}`);
    if (performance.now() > until)
      throw new Error(
        `${what}: not within ${withinMs} ms${running === undefined ? "" : `; it said ${running.stderr.slice(-2_000)}`}`,
      );
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
};

export interface Truth {
  readonly accounts: readonly {
    readonly id: string;
    readonly cash: number;
    readonly positions: readonly { readonly conId: number; readonly quantity: number }[];
    readonly openOrders: readonly { readonly orderRef: string; readonly status: string; readonly filled: number }[];
    readonly executions: number;
    readonly commissions: number;
  }[];
}
export interface GatewayProcess {
  readonly process: Running;
  readonly port: number;
  /** What the broker knows, once the file says the same twice: it is written a little after each change. */
  truth(): Promise<Truth["accounts"][number]>;
}

const firstLine = <Document>(running: Running, what: string): Promise<Document> =>
  eventually(
    what,
    () => (running.stdout.includes("\n") ? (JSON.parse(running.stdout.split("\n")[0] as string) as Document) : undefined),
    { running },
  );

/** `caretaker gateway` on a free port, with what the brief of the day needs. */
export const startGatewayProcess = async (
  args: readonly string[] = ["--speed", "60", "--skip-closed"],
): Promise<GatewayProcess> => {
  const file = join(scratch(), "truth.json");
  const process = start(["gateway", "--port", "0", "--truth", file, "--log-level", "warn", ...args]);
  const { port } = await firstLine<{ port: number }>(process, "the gateway's port");
  let before = "";
  return {
    process,
    port,
    truth: async () => {
      await new Promise((resolve) => setTimeout(resolve, 600));
      return eventually(
        "the broker's books at rest",
        () => {
          const text = readFileSync(file, "utf8");
          const { accounts } = JSON.parse(text) as Truth;
          const booked = JSON.stringify(accounts[0]);
          const rests = booked === before;
          before = booked;
          return rests ? accounts[0] : undefined;
        },
        { everyMs: 400 },
      );
    },
  };
};

/** Where a running daemon listens, once it does. */
export const daemonAt = (directory: string, running: Running): Promise<Daemon> =>
  eventually(
    "the daemon's address",
    async () => {
      try {
        const { pid, url, token } = JSON.parse(readFileSync(join(directory, "daemon.json"), "utf8")) as {
          pid: number;
          url: string;
          token: string;
        };
        if (pid !== running.pid) return undefined;
        const daemon: Daemon = {
          get: async (path) => {
            const answer = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}` } });
            if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
            return (await answer.json()) as never;
          },
        };
        await daemon.get("/api/v1/status");
        return daemon;
      } catch {
        return undefined;
      }
    },
    { running },
  );
export interface Daemon {
  get<Document>(path: string): Promise<Document>;
}
/** The part of `/api/v1/status` that tests look at. */
export interface Status {
  readonly mode: string;
  readonly reason: string;
  readonly ready: boolean;
  readonly fills: number;
  readonly openOrders: number;
  readonly doubtedOrders: number;
  readonly openPositions: number;
  readonly discrepancies: number;
  readonly poisonings: number;
}

/** Waits until the daemon's status satisfies the condition. */
export const statusWhere = async (
  directory: string,
  running: Running,
  what: string,
  wanted: (status: Status) => boolean,
  withinMs = 40_000,
): Promise<Status> => {
  const daemon = await daemonAt(directory, running);
  return eventually(
    what,
    async () => {
      const status = await daemon.get<Status>("/api/v1/status").catch(() => undefined);
      return status !== undefined && wanted(status) ? status : undefined;
    },
    { withinMs, running },
  );
};
