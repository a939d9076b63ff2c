import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Long ones, and the scenarios of known pains, are suites of their own: `npm run nightly`, `npm run pains`.
    exclude: ["test/nightly/**", "test/pains/**", "node_modules/**"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Property tests draw from this seed unless CARETAKER_SEED says otherwise, so that a red run can be seen again.
    setupFiles: ["test/support/seed.ts"],
  },
});
