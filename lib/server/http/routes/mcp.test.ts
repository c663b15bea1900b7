import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { systemClock } from "../../../shared/clock.ts";
import { AppError } from "../../../shared/errors.ts";
import { parseEnv } from "../../env.ts";
import { createLog } from "../../observe/log.ts";
import { openRuntime, type Runtime } from "../../runtime.ts";
import { createApp } from "../app.ts";
import { allRoutes } from "../routes.ts";

const loads = vi.hoisted(() => ({ count: 0 }));
vi.mock("@modelcontextprotocol/server", async (original) => {
  loads.count += 1;
  return original();
});

const KEY = "operator-key-of-this-test";
const folder = mkdtempSync(path.join(tmpdir(), "headroom-mcp-"));
let runtime: Runtime;
let app: ReturnType<typeof createApp>;

beforeAll(async () => {
  const environment = {
    HEADROOM_DATABASE_URL: `file:${path.join(folder, "empty.db")}`,
    HEADROOM_OPERATOR_KEY: KEY,
    HEADROOM_MCP_HOSTS: "memory.example, Other.Example",
  };
  runtime = await openRuntime(parseEnv(environment), systemClock, createLog("silent"));
  app = createApp(runtime, allRoutes(runtime));
});

afterEach(() => {
  vi.restoreAllMocks();
});

afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true });
});

async function send(method: string, params?: object, host = "localhost"): Promise<Response> {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  const headers = {
    authorization: `Bearer ${KEY}`,
    "content-type": "application/json",
    "content-length": String(body.length),
    host,
  };
  const request = new Request("http://headroom/mcp", { method: "POST", headers, body });
  return app.fetch(request, { door: "direct", peer: "a test", target: "/mcp" });
}

interface Result {
  isError?: boolean;
  content: { text: string }[];
}

async function call(name: string, input: object): Promise<Result> {
  const response = await send("tools/call", { name, arguments: input });
  return ((await response.json()) as { result: Result }).result;
}

const problemOf = ({ content }: Result): unknown => JSON.parse(content[0]?.text ?? "");

it("loads the SDK with the first message, not with the server, and once", async () => {
  expect(loads.count).toBe(0);
  expect((await send("tools/list")).status).toBe(200);
  expect((await send("tools/list")).status).toBe(200);
  expect(loads.count).toBe(1);
});

it("takes the host names of HEADROOM_MCP_HOSTS in any case", async () => {
  expect((await send("ping", undefined, "memory.example:3000")).status).toBe(200);
  expect((await send("ping", undefined, "other.example")).status).toBe(200);
  expect((await send("ping", undefined, "elsewhere.example")).status).toBe(403);
});

describe("a server under load", () => {
  it("sheds the tools of the stores while it is late, and still gives advice", async () => {
    vi.spyOn(runtime.loop, "closed", "get").mockReturnValue(true);
    for (const [tool, input] of [
      ["recall", { query: "x" }],
      ["remember", { text: "x" }],
      ["build_prompt", { query: "x", maxTokens: 10 }],
    ] as const) {
      const result = await call(tool, input);
      expect([tool, result.isError, problemOf(result)]).toEqual([
        tool,
        true,
        expect.objectContaining({ code: "overloaded", status: 503, retryAfterSeconds: 1 }),
      ]);
    }
    for (const tool of ["advice", "memory_report", "leaks"]) expect((await call(tool, {})).isError).toBeUndefined();
  });

  it("takes nothing to remember at the memory limit, and asks for the whole message's bytes", async () => {
    const admit = vi.spyOn(runtime.memory.gate, "admit").mockImplementation(() => {
      throw new AppError("memory-pressure", "full", { retryAfterSeconds: 7 });
    });
    const result = await call("remember", { text: "x".repeat(5_000) });
    expect(problemOf(result)).toMatchObject({ code: "memory-pressure", retryAfterSeconds: 7 });
    expect(admit.mock.calls[0]?.[0]).toBeGreaterThan(5_000);
    expect((await call("advice", {})).isError).toBeUndefined();
    expect((await call("optimize", { dryRun: true })).isError).toBeUndefined();
  });
});

it("tells nothing of an unexpected error but the id under which the log has it", async () => {
  vi.spyOn(runtime.rag.queries, "query").mockRejectedValue(new Error("a secret of the inside"));
  const result = await call("recall", { query: "x", from: "documents" });
  expect(problemOf(result)).toMatchObject({ code: "internal", status: 500, requestId: expect.any(String) });
  expect(JSON.stringify(result)).not.toContain("secret");
});
