import fc from "fast-check";

/** The seed of this run: recorded in the repository, overridden by CARETAKER_SEED. A failing property prints seed and path itself. */
const seed = Number(process.env["CARETAKER_SEED"] ?? 20261120);
fc.configureGlobal({ seed });
