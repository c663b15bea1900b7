import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { systemClock } from "../../shared/clock.ts";
import { parseEnv } from "../env.ts";
import { createLog } from "../observe/log.ts";
import { openRuntime, type Runtime } from "../runtime.ts";
import { createApp } from "./app.ts";
import { allRoutes } from "./routes.ts";

const KEY = "operator-key-of-this-test";
const folder = mkdtempSync(path.join(tmpdir(), "headroom-app-"));
let runtime: Runtime;
let app: ReturnType<typeof createApp>;

beforeAll(async () => {
  const environment = {
    HEADROOM_DATABASE_URL: `file:${path.join(folder, "empty.db")}`,
    HEADROOM_OPERATOR_KEY: KEY,
  };
  runtime = await openRuntime(parseEnv(environment), systemClock, createLog("silent"));
  app = createApp(runtime, allRoutes(runtime));
});

afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true });
});

async function send<T>(method: string, target: string, value?: unknown): Promise<{ status: number; body: T }> {
  const body = value === undefined ? null : JSON.stringify(value);
  const headers = {
    authorization: `Bearer ${KEY}`,
    ...(body === null ? {} : { "content-type": "application/json", "content-length": String(body.length) }),
  };
  const request = new Request(`http://headroom${target}`, { method, headers, body });
  const response = await app.fetch(request, { door: "direct", peer: "a test", target });
  return { status: response.status, body: (await response.json()) as T };
}

it("outside production, where each answer is held against its contract, sessions are read alone and in a batch", async () => {
  expect(runtime.env.production).toBe(false);
  const made = await send<{ id: string }>("POST", "/api/v1/sessions", { data: { user: "ada" } });
  expect(made.status).toBe(201);
  const { id } = made.body;
  const session = expect.objectContaining({ id, data: { user: "ada" } });
  expect(await send("GET", `/api/v1/sessions/${id}`)).toEqual({ status: 200, body: session });
  const { status, body } = await send<{ results: object[] }>("POST", "/api/v1/sessions/batch", { get: [id] });
  expect([status, body.results]).toEqual([200, [expect.objectContaining({ status: 200, session })]]);
});
