import { defineConfig } from "vitest/config";

/** Every test that names a pain, the scenarios of test/pains among them. `npm run pains` runs it and lists what it found. */
export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/nightly/**", "test/recorded/**", "node_modules/**"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 60_000,
    setupFiles: ["test/support/seed.ts"],
  },
});
