/** A broken invariant: the world is not as the code believes. The process ends; recovery is routine. */
export class InvariantError extends Error {
  override name = "InvariantError";
}

/**
 * Throws InvariantError unless the condition holds. For what must be true, never for bad input at a border. On hot paths the
 * message is a function: a text with numbers in it costs more than the check.
 */
export function assert(condition: unknown, message: string | (() => string)): asserts condition {
  if (!condition) throw new InvariantError(typeof message === "string" ? message : message());
}

/** Marks a place that the types say cannot be reached. */
export const unreachable = (value: never): never => {
  throw new InvariantError(`unreachable: ${JSON.stringify(value)}`);
};
