/** How a verb ends: the exit codes (sysexits where one fits) and the error that carries one. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 64,
  badData: 65,
  unavailable: 69,
  internal: 70,
  io: 74,
  tryLater: 75,
  denied: 77,
  badConfig: 78,
} as const;

/** An expected end with a sentence for the operator: no stack is shown for it. */
export class CommandError extends Error {
  override name = "CommandError";
  readonly exitCode: number;
  constructor(exitCode: number, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}
