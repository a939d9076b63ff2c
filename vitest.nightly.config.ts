import { defineConfig } from "vitest/config";

/** The long suites: many more seeds, many more kills. `npm run nightly`. */
export default defineConfig({
  test: {
    include: ["test/nightly/**/*.test.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 3_600_000,
    setupFiles: ["test/support/seed.ts"],
  },
});
