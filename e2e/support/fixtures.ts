import { test as base } from "@playwright/test";
import { TestServer } from "./server.ts";

interface Options {
  /** Which door the API is reached through: an option of the project. */
  door: "direct" | "next";
}

interface Workers extends Options {
  /** One server per worker and door: tests that restart or starve one start their own. */
  server: TestServer;
}

export const test = base.extend<object, Workers>({
  door: ["direct", { option: true, scope: "worker" }],
  server: [
    async ({ door }, use) => {
      const server = await TestServer.start({
        env: { HEADROOM_DOOR: door, HEADROOM_SAMPLE_SECONDS: "1", HEADROOM_LOG_LEVEL: "warn" },
      });
      await use(server);
      await server.remove();
    },
    { scope: "worker" },
  ],
});
