import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "@playwright/test";
import { type MemoryReport, type MemorySample, memoryReportSchema } from "../../lib/contracts/memory.ts";
import { TestServer } from "../support/server.ts";

const MIB = 2 ** 20;
const VERSIONS = { 1: "memory/memory.limit_in_bytes", 2: "memory.max" };

for (const [version, file] of Object.entries(VERSIONS)) {
  test(`a limit that the container lowers under load is obeyed (cgroup v${version})`, async () => {
    const root = mkdtempSync(path.join(tmpdir(), "headroom-cgroup-"));
    const limit = (text: string) => writeFileSync(path.join(root, file), text);
    mkdirSync(path.join(root, "memory"));
    limit(`${2048 * MIB}\n`);
    const server = await TestServer.start({
      env: { HEADROOM_CGROUP_ROOT: root, HEADROOM_SAMPLE_SECONDS: "1", HEADROOM_LOG_LEVEL: "warn" },
    });
    const report = async (): Promise<MemoryReport> =>
      memoryReportSchema.parse(await (await server.get("/monitoring/memory")).json());
    const write = () => server.send("POST", "/api/v1/sessions", { data: { text: "x".repeat(2_000) } });
    try {
      expect((await report()).sample).toMatchObject({ limitBytes: 1024 * MIB, limitSource: "configured" });
      expect((await write()).status).toBe(201);

      // Below what the process needs to live: nothing may be taken any more, and everything can be read.
      limit(`${130 * MIB}\n`);
      let refused: Response | undefined;
      while (!refused) {
        const response = await write();
        if (response.status === 503) refused = response;
      }
      expect(refused?.headers.get("retry-after")).toMatch(/^\d+$/);
      expect(await refused?.json()).toMatchObject({ code: "memory-pressure", status: 503 });
      expect((await report()).sample).toMatchObject({ limitBytes: 130 * MIB, limitSource: "container" });
      expect((await server.get("/api/v1/sessions")).status).toBe(200);
      expect((await server.get("/livez")).status).toBe(200);
      expect((await server.get("/readyz")).status).toBe(503);

      limit("max\n");
      await expect.poll(async () => (await write()).status).toBe(201);
      expect((await server.get("/readyz")).status).toBe(200);

      const { samples } = (await (await server.get("/monitoring/memory/history")).json()) as {
        samples: MemorySample[];
      };
      expect(new Set(samples.map(({ limitSource }) => limitSource))).toEqual(new Set(["configured", "container"]));
      const { items } = (await (await server.get("/monitoring/memory/optimizations")).json()) as {
        items: { trigger: string }[];
      };
      expect(items.filter(({ trigger }) => trigger === "pressure")).toHaveLength(1);
    } finally {
      await server.remove();
      rmSync(root, { recursive: true });
    }
  });
}
