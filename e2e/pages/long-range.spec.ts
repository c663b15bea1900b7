import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "@playwright/test";
import type { History } from "../../lib/contracts/memory.ts";
import { formatBytes, MIB } from "../../lib/shared/bytes.ts";
import { signIn, untilLive } from "../support/pages.ts";
import { type Past, rewriteHistory } from "../support/past-samples.ts";
import { TestServer } from "../support/server.ts";

const MINUTE = 60_000;
const STEP_MS = 5 * MINUTE;
const PEAK = 777 * MIB;

/** Two hours of quiet up to an hour ago, a restart in the middle, and one sample of a peak close to the end. */
function past(nowMs: number): Past[] {
  const endMs = Math.floor((nowMs - 60 * MINUTE) / STEP_MS) * STEP_MS;
  return Array.from({ length: 120 }, (_, minute) => ({
    bootId: minute < 60 ? "boot-first" : "boot-second",
    atMs: endMs - (120 - minute) * MINUTE,
    usedBytes: minute === 112 ? PEAK : 150 * MIB,
  }));
}

test("the last 24 hours show a peak of one sample, as a band and in the table, and each restart", async ({ page }) => {
  const dir = mkdtempSync(path.join(tmpdir(), "headroom-e2e-"));
  const env = { HEADROOM_SAMPLE_SECONDS: "1", HEADROOM_LOG_LEVEL: "warn" };
  try {
    const first = await TestServer.start({ dir, env });
    const sampled = async () => {
      const history = (await (await first.get("/monitoring/memory/history")).json()) as History;
      return history.samples.length;
    };
    await expect.poll(sampled).toBeGreaterThan(0);
    await first.stop();
    rewriteHistory(dir, past(Date.now()));
    const server = await TestServer.start({ dir, env });
    try {
      await signIn(page, server);
      await page.goto(`${server.url}/?range=24h`);
      await untilLive(page);
      const panel = page.getByRole("region", { name: "Memory by component", exact: true });
      // The restart an hour into the past, and the one that made this server.
      const restarts = panel.locator("svg g > title", { hasText: "The server restarted" });
      await expect(restarts).toHaveCount(2);
      await expect(panel.locator(".chart-spread path").first()).toHaveAttribute("d", /\d/);
      await page.getByRole("button", { name: "Memory by component as a table" }).click();
      const table = page.getByRole("region", { name: "Memory by component, table" });
      await expect(table.getByRole("columnheader", { name: "Highest" })).toBeVisible();
      await expect(table.getByRole("cell", { name: formatBytes(PEAK), exact: true })).toHaveCount(1);
    } finally {
      await server.stop();
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
