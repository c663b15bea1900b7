import { defineConfig } from "@playwright/test";
import { CHROMIUM_FLAGS, chromiumPath } from "./e2e/support/chromium.ts";
import { hasPostgres } from "./lib/backends/postgres/testing/postgres-server.ts";
import { hasRedis } from "./lib/testing/redis-server.ts";

const executablePath = chromiumPath();
const alone = { workers: 1 };
const contract = { testMatch: "contract/**/*.spec.ts" };
/** Bounds of the cache's memory are those of a node's copies there, and have tests of their own. */
const ofMemory = /an item that can never fit is 413|2,000 responses of 20 KB/;
const shared = {
  testMatch: /contract\/(sessions?[^/]*|cache[^/]*|conditions|idempotency|quotas|exports)\.spec\.ts$/,
  grepInvert: ofMemory,
};
/** What reaches the rows of each port. The rest of the contract does not depend on the database. */
const ROWS =
  /contract\/(sessions|session-tags|conversations|conversation-changes|messages|documents|points|quotas|idempotency|streams)\.spec/;

export default defineConfig({
  testDir: "e2e",
  globalSetup: "./scripts/temporary-folder.mjs",
  // Two groups at a time, and in each group one test: what a test counts is its own server's, and holds beside a busy neighbour.
  workers: 2,
  fullyParallel: false,
  // What hangs is ended; how long the rest may take depends on what else the machine does, and is asserted nowhere.
  timeout: 900_000,
  expect: { timeout: 120_000 },
  forbidOnly: true,
  retries: 0,
  reporter: [["list"], ["json", { outputFile: "test-results/e2e.json" }]],
  use: {
    browserName: "chromium",
    launchOptions: { args: CHROMIUM_FLAGS, ...(executablePath ? { executablePath } : {}) },
  },
  projects: [
    { name: "contract through the direct door", ...alone, ...contract, use: { door: "direct" } as object },
    { name: "contract through the Next door", ...alone, ...contract, use: { door: "next" } as object },
    ...(hasRedis
      ? [{ name: "contract of what Redis keeps", ...alone, ...shared, use: { redis: true } as object }]
      : []),
    ...(hasPostgres
      ? [
          {
            ...{ name: "contract on Postgres", ...alone, testMatch: ROWS },
            use: { door: "direct", database: "postgres" } as object,
          },
        ]
      : []),
    { name: "process", ...alone, testMatch: "process/**/*.spec.ts" },
    { name: "pages", ...alone, testMatch: "pages/**/*.spec.ts" },
  ],
});
