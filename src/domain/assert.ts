/** A broken invariant: the world is not as the code believes. The process ends; recovery is routine. */
export class InvariantError extends Error {
  override name = "InvariantError";
}

/** Throws InvariantError unless the condition holds. For what must be true, never for bad input at a border. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}

/** Marks a place that the types say cannot be reached. */
export const unreachable = (value: never): never => {
  throw new InvariantError(`unreachable: ${JSON.stringify(value)}`);
};
