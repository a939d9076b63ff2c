/** Ticks that the gateway of the benches gives for one credit. Both of its children count by it. */
export const BATCH = 10_000;
