/** Who listens to what. Listeners are kept sorted by path, so that the order of delivery does not depend on history. */
export class Topics {
  readonly #listeners = new Map<string, string[]>();

  /** The listeners of a topic, by path. Do not keep: it changes. */
  of(topic: string): readonly string[] {
    return this.#listeners.get(topic) ?? [];
  }

  add(topic: string, path: string): void {
    const listeners = this.#listeners.get(topic);
    if (listeners === undefined) this.#listeners.set(topic, [path]);
    else {
      const at = place(listeners, path);
      if (listeners[at] !== path) listeners.splice(at, 0, path);
    }
  }

  remove(topic: string, path: string): void {
    const listeners = this.#listeners.get(topic);
    if (listeners === undefined) return;
    const at = place(listeners, path);
    if (listeners[at] === path) listeners.splice(at, 1);
    if (listeners.length === 0) this.#listeners.delete(topic);
  }
}

/** The index of the first path that is not before `path`. */
const place = (sorted: readonly string[], path: string): number => {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < path) low = middle + 1;
    else high = middle;
  }
  return low;
};
