import { defineConfig } from "@playwright/test";
import { CHROMIUM_FLAGS, chromiumPath } from "./e2e/support/chromium.ts";

const executablePath = chromiumPath();

export default defineConfig({
  testDir: "e2e",
  globalSetup: "./scripts/temporary-folder.mjs",
  // One machine, one test at a time: figures of memory and time are compared.
  workers: 1,
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
    { name: "contract through the direct door", testMatch: "contract/**/*.spec.ts", use: { door: "direct" } as object },
    { name: "contract through the Next door", testMatch: "contract/**/*.spec.ts", use: { door: "next" } as object },
    { name: "process", testMatch: "process/**/*.spec.ts" },
    { name: "pages", testMatch: "pages/**/*.spec.ts" },
  ],
});
