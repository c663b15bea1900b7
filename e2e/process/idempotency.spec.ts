import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "@playwright/test";
import { TestServer } from "../support/server.ts";

let dir: string;
test.beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), "headroom-idempotency-"));
});
test.afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

const start = () => TestServer.start({ dir, env: { HEADROOM_LOG_LEVEL: "warn" } });

test("T19 T67: after kill -9 every answered key gives its first answer again, and what it made is there", async () => {
  let server = await start();
  const body = { data: { cart: [1] } };
  const made = await Promise.all(
    Array.from({ length: 40 }, async (_, n) => {
      const response = await server.send("POST", "/api/v1/sessions", body, { "idempotency-key": `key-${n}` });
      return [n, response.status, await response.text()] as const;
    }),
  );
  // No list and no wait between the answers and the end: with the answer both are on disk.
  await server.stop("SIGKILL");
  server = await start();
  for (const [n, status, text] of made) {
    const again = await server.send("POST", "/api/v1/sessions", body, { "idempotency-key": `key-${n}` });
    expect([again.status, again.headers.get("idempotency-replayed"), await again.text()]).toEqual([
      status,
      "true",
      text,
    ]);
    const { id } = JSON.parse(text) as { id: string };
    expect((await server.get(`/api/v1/sessions/${id}`)).status).toBe(200);
  }
  const { count } = (await (await server.get("/api/v1/sessions/count")).json()) as { count: number };
  expect(count).toBe(40);
  const other = await server.send("POST", "/api/v1/sessions", { data: {} }, { "idempotency-key": "key-0" });
  expect(other.status).toBe(422);
  await server.stop();
});
