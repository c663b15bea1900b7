import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "@playwright/test";
import { TestServer } from "../support/server.ts";

const MIB = 2 ** 20;

/** A service whose buffers leak: 0.4 MiB a sample, nothing else moves. */
function leakingSample(sequence: number) {
  const external = (4 + 0.4 * sequence) * MIB;
  return {
    sequence,
    sampledAt: new Date(Date.UTC(2026, 0, 1) + sequence * 30_000).toISOString(),
    process: {
      rssBytes: 80 * MIB + external,
      heapUsedBytes: 9 * MIB,
      heapTotalBytes: 24 * MIB,
      externalBytes: external,
      arrayBuffersBytes: external - MIB,
    },
    gc: { heapUsedAfterMajorBytes: null },
    activity: { requests: 100 },
  };
}

test("a confirmed leak is still told after kill -9: warming up, was confirmed before the restart", async () => {
  const dir = mkdtempSync(path.join(tmpdir(), "headroom-leaks-"));
  try {
    const first = await TestServer.start({ dir, env: { HEADROOM_LOG_LEVEL: "warn" } });
    const send = async (server: TestServer, from: number, to: number) => {
      const samples = Array.from({ length: to - from }, (_, k) => leakingSample(from + k));
      await server.send("POST", "/api/v1/agents/leaky/samples", { bootId: "one", sampleMs: 30_000, samples });
    };
    for (let from = 0; from < 150; from += 50) await send(first, from, from + 50);
    expect(await (await first.get("/api/v1/agents/leaky")).json()).toMatchObject({ state: "confirmed" });
    // A list of verdicts waits for the commit of all that was written before it.
    const told = await (await first.get("/monitoring/memory/leaks/history")).json();
    expect(told.items[0]).toMatchObject({ source: "leaky", state: "confirmed" });
    await first.stop("SIGKILL");

    const second = await TestServer.start({ dir, env: { HEADROOM_LOG_LEVEL: "warn" } });
    await send(second, 150, 155);
    const view = await (await second.get("/monitoring/memory/leaks?agent=leaky")).json();
    expect(view).toMatchObject({ state: "warming-up", before: { state: "confirmed" }, samples: 5 });
    const report = await (await second.get("/monitoring/memory")).json();
    expect(report.services).toMatchObject({ confirmed: [], formerly: ["leaky"] });
    await second.stop();
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
