/** Runs a file of this folder in a fresh process of the same Node, with a line to it, and sees that it does not outlive us. */
import { type ChildProcess, fork } from "node:child_process";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const children = new Set<ChildProcess>();

/** The heap flags that `bin/caretaker` gives every process: the bench measures what users run. */
const HEAP =
  /^heap="(.*)"$/m.exec(readFileSync(join(import.meta.dirname, "..", "bin", "caretaker"), "utf8"))?.[1]?.split(" ") ?? [];

export const startChild = (file: string, args: readonly string[] = []): ChildProcess => {
  const child = fork(join(import.meta.dirname, file), [...args], {
    execArgv: [...HEAP, "--expose-gc", "--no-warnings"],
    // As bin/caretaker does: a process that has to compile its sources keeps the compiler in memory too.
    env: { ...process.env, NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"] ?? join(tmpdir(), "caretaker-bench-compiled") },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  children.add(child);
  child.once("exit", () => children.delete(child));
  return child;
};

/** The next message. Rejects when the child ends before it has said anything. */
export const nextMessage = <Message>(child: ChildProcess): Promise<Message> =>
  new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`the child process ended with ${code}`));
    child.once("exit", ended);
    child.once("message", (message) => {
      child.off("exit", ended);
      resolve(message as Message);
    });
  });

export const endChildren = (): void => {
  for (const child of children) child.kill("SIGKILL");
};
