import { test as base, expect } from "@playwright/test";
import { PostgresServer } from "../../lib/backends/postgres/testing/postgres-server.ts";
import { RedisServer } from "../../lib/testing/redis-server.ts";
import { undeclaredOf } from "./declared.ts";
import { TestServer } from "./server.ts";

interface Options {
  /** Which door the API is reached through: an option of the project. */
  door: "direct" | "next";
  /** What the server keeps its rows in: an option of the project. */
  database: "file" | "postgres";
  /** A server of the file's own, for tests that use up what all callers share: an address's wrong keys, the places of sign-ins. */
  apart: boolean;
  /** Sessions are in a Redis of the worker's own: an option of the project. */
  redis: boolean;
}

interface Workers extends Options {
  /** More environment of the server. */
  shared: Readonly<Record<string, string>>;
  /** One server per worker and door: tests that restart or starve one start their own. */
  server: TestServer;
}

export const test = base.extend<object, Workers>({
  door: ["direct", { option: true, scope: "worker" }],
  database: ["file", { option: true, scope: "worker" }],
  // Files with another value run in another worker, and so on another server.
  apart: [false, { option: true, scope: "worker" }],
  redis: [false, { option: true, scope: "worker" }],
  shared: [
    async ({ redis }, use) => {
      if (!redis) return await use({});
      const engine = await RedisServer.start();
      // What a test asserts holds beside a busy neighbour; the deadline has tests of its own.
      await use({ HEADROOM_REDIS_URL: engine.url, HEADROOM_REDIS_TIMEOUT_MS: "60000" });
      await engine.stop();
    },
    { scope: "worker" },
  ],
  server: [
    async ({ door, database, shared }, use) => {
      const postgres = database === "postgres" ? await PostgresServer.start() : null;
      const url = postgres === null ? {} : { HEADROOM_DATABASE_URL: postgres.url };
      const server = await TestServer.start({
        env: { HEADROOM_DOOR: door, HEADROOM_SAMPLE_SECONDS: "1", HEADROOM_LOG_LEVEL: "warn", ...url, ...shared },
      });
      await use(server);
      const undeclared = await undeclaredOf(server, door);
      await server.remove();
      await postgres?.stop();
      expect(undeclared, "what the tests saw and /openapi.json does not declare").toEqual([]);
    },
    { scope: "worker" },
  ],
});
