import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "@playwright/test";
import { test } from "../support/fixtures.ts";

test("npm run ingest works with a consumer's key, and with a viewer's says that it may not", async ({ server }) => {
  const dir = mkdtempSync(path.join(tmpdir(), "headroom-ingest-"));
  const file = path.join(dir, "records.ndjson");
  writeFileSync(file, `{"name":"a"}\n{"name":"b"}\nbroken\n`);
  const ingest = (key: string) =>
    new Promise<{ code: number | null; text: string }>((resolve) => {
      const args = ["scripts/ingest.mjs", file, "--target", "sessions", "--url", server.url, "--key", key];
      const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
      let text = "";
      for (const stream of [child.stdout, child.stderr])
        stream.on("data", (chunk) => {
          text += chunk;
        });
      child.once("close", (code) => resolve({ code, text }));
    });
  // 2: one of the records was refused.
  expect(await ingest(await server.createKey("consumer", "team-i"))).toMatchObject({ code: 2 });
  const { items } = (await (await server.get("/api/v1/sessions", { "x-namespace": "team-i" })).json()) as {
    items: object[];
  };
  expect(items).toHaveLength(2);
  expect(await ingest(await server.createKey("viewer", "team-i"))).toMatchObject({ code: 77 });
  rmSync(dir, { recursive: true });
});
