/** The two ways in which a word of IB's is not passed on. Thrown by the translators, caught by the guard of each listener. */

/** The value is malformed: nobody can act on it, and somebody must know. */
export class Refusal extends Error {
  override name = "Refusal";
}

/** The value is sound and concerns something that this house does not trade, such as a currency position. */
export class NotOurs extends Error {
  override name = "NotOurs";
}

/** Throws a Refusal that names the field and shows the value. */
export const refuse = (field: string, value: unknown): never => {
  throw new Refusal(`${field} is ${value === undefined ? "missing" : JSON.stringify(value)}`);
};
