import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: [
      "lib/**/*.test.ts",
      "app/**/*.test.ts",
      "bench/**/*.test.ts",
      "scripts/**/*.test.ts",
      "agent/**/*.test.ts",
      // Those of the adapters need packages of their own: packages/adapters/test/vitest.config.ts.
      "packages/client/**/*.test.ts",
    ],
    environment: "node",
    globalSetup: ["scripts/temporary-folder.mjs"],
    // Forks: stores are measured in their own process, and a crash must not take the run with it.
    pool: "forks",
    // A test that hangs is ended; how long others may take depends on what else the machine does, and is asserted nowhere.
    // Six tests of one file ran out of two minutes beside other load, with 9 s of CPU each.
    testTimeout: 900_000,
    hookTimeout: 900_000,
    expect: { poll: { timeout: 600_000 } },
    maxWorkers: 2,
  },
});
