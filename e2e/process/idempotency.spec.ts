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

test("T19: keys whose answers kill -9 cut off can be sent again, and what was answered keeps its answer", async () => {
  let server = await start();
  const send = (n: number) =>
    server.send("POST", "/api/v1/sessions", { data: { n } }, { "idempotency-key": `cut-${n}` });
  const answered = new Map<number, string>();
  const sending = Array.from({ length: 200 }, async (_, n) => {
    const response = await send(n);
    answered.set(n, await response.text());
    // The first answers are there, most are on their way.
    if (answered.size === 20) server.process.kill("SIGKILL");
  });
  await Promise.allSettled(sending);
  await server.ended();
  expect(answered.size).toBeGreaterThanOrEqual(20);
  server = await start();
  for (let n = 0; n < 200; n++) {
    const again = await send(n);
    const text = await again.text();
    expect([n, again.status]).toEqual([n, 201]);
    if (answered.has(n)) expect([again.headers.get("idempotency-replayed"), text]).toEqual(["true", answered.get(n)]);
  }
  await server.stop();
});
