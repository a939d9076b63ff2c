import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Long ones, the scenarios of known pains, and recorded days are suites of their own: `npm run nightly`, `pains`, `recorded`.
    exclude: ["test/nightly/**", "test/pains/**", "test/recorded/**", "node_modules/**"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Property tests draw from this seed unless CARETAKER_SEED says otherwise, so that a red run can be seen again.
    setupFiles: ["test/support/seed.ts"],
  },
});
