import { defineConfig } from "vitest/config";

/** Recorded days through the whole engine, and what else needs the recordings; without them it says that they were left out. */
export default defineConfig({
  test: {
    include: ["test/recorded/**/*.test.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    setupFiles: ["test/support/seed.ts"],
  },
});
