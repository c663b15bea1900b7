import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { systemClock } from "../../shared/clock.ts";
import { AppError } from "../../shared/errors.ts";
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

it("only requests that may wait for the database end with it: those of the response cache wait for other clients", async () => {
  const bounded = vi.spyOn(runtime.storage, "bounded");
  const set = [{ key: "a", body: "YQ==" }];
  expect((await send("POST", "/api/v1/cache/batch", { set })).status).toBe(200);
  expect((await send("GET", "/api/v1/cache")).status).toBe(200);
  expect(bounded).not.toHaveBeenCalled();
  expect((await send("GET", "/api/v1/sessions")).status).toBe(200);
  expect(bounded).toHaveBeenCalledTimes(1);
  bounded.mockRestore();
});

it("each answer that refuses something for want of memory is counted, in a batch too, and no other", async () => {
  const refusals = () => runtime.traffic.memoryRefusals;
  const short = new AppError("memory-pressure", "Not enough memory for this response right now. Retry later.");
  const set = [{ key: "a", body: "YQ==" }];
  await send("POST", "/api/v1/cache/batch", { set });
  expect(refusals()).toBe(0);
  const admit = vi.spyOn(runtime.memory.gate, "admit").mockImplementationOnce(() => {
    throw short;
  });
  expect((await send("POST", "/api/v1/sessions", { data: 1 })).status).toBe(503);
  expect(refusals()).toBe(1);
  admit.mockRestore();
  // The ledger grants nothing, and the cache is empty: it has nothing of its own to give.
  runtime.ledger.throttle("all");
  // A reading of the gate, four times a second, would end it.
  const throttle = vi.spyOn(runtime.ledger, "throttle").mockImplementation(() => undefined);
  await send("POST", "/api/v1/cache/purge", { all: true });
  const large = [{ key: "b", body: Buffer.alloc(1_000_000).toString("base64") }];
  expect((await send("POST", "/api/v1/cache/batch", { set: large })).status).toBe(207);
  throttle.mockRestore();
  runtime.ledger.throttle("nothing");
  expect(refusals()).toBe(2);
});
