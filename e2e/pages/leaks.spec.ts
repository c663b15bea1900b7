import { expect } from "@playwright/test";
import { test } from "../support/fixtures.ts";
import { signIn, untilLive, watchForTrouble } from "../support/pages.ts";

const MIB = 2 ** 20;

test("the leaks page shows this server, a watched service with its culprit, and a profile from start to flame graph", async ({
  page,
  server,
}, info) => {
  const trouble = watchForTrouble(page);
  for (let from = 0; from < 150; from += 50) {
    const samples = Array.from({ length: 50 }, (_, k) => {
      const external = (4 + 0.4 * (from + k)) * MIB;
      return {
        sequence: from + k,
        sampledAt: new Date(Date.now() - (150 - from - k) * 30_000).toISOString(),
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
    });
    const sites = [{ site: "keepUpload (/srv/app.js:12)", depth: 2, liveBytes: from * MIB }];
    await server.send("POST", "/api/v1/agents/uploads-ui/samples", { bootId: "one", samples, sites });
  }
  await signIn(page, server);
  await page.goto(`${server.url}/leaks`);
  await untilLive(page);
  await expect(page.getByTestId("leak-verdict")).toContainText(/samples? since/);
  await expect(page.getByTestId("leak-banner")).toContainText("uploads-ui");
  const service = page.getByRole("listitem").filter({ hasText: "uploads-ui" }).first();
  await expect(service).toContainText("Confirmed");
  await service.getByRole("button", { name: "Show" }).click();
  await expect(page.getByTestId("leak-suspect").first()).toContainText("External memory");
  await expect(page.getByTestId("leak-suspect").first()).toContainText("keepUpload");
  await expect(page.getByRole("heading", { name: "Causes ruled out" })).toBeVisible();
  await page.getByRole("button", { name: "Profile allocations" }).click();
  await page.getByRole("button", { name: "Show profile" }).first().click();
  await expect(page.getByRole("img", { name: "Flame graph of allocations" })).toBeVisible();
  await page.screenshot({ path: info.outputPath("leaks.png"), fullPage: true });
  expect(trouble).toEqual([]);
});
