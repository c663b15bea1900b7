import { expect, test } from "@playwright/test";
import { signIn, untilLive, watchForTrouble } from "../support/pages.ts";
import { TestServer } from "../support/server.ts";

test("T32: keys, tags and names that are markup, links or terminal codes are text on every page that lists them", async ({
  page,
}) => {
  const server = await TestServer.start({ env: { HEADROOM_SAMPLE_SECONDS: "0.5" } });
  const trouble = watchForTrouble(page);
  const hostile = `<img src=x onerror="alert(1)">javascript:alert(2)[x](javascript:alert(3))`;
  const cached = await server.send("PUT", `/api/v1/cache/${encodeURIComponent(hostile)}`, hostile, {
    "content-type": "text/html",
    "cache-tag": "<script>alert(4)</script>",
  });
  expect(cached.status).toBe(201);
  await server.send("PUT", "/api/v1/collections/c", { dimensions: 2, metric: "cosine" });
  const points = [{ id: hostile, vector: [1, 0], metadata: { [hostile]: hostile } }];
  expect((await server.send("PUT", "/api/v1/collections/c/points", { points })).status).toBe(200);
  await server.send("POST", "/api/v1/keys", { name: hostile, role: "viewer" });
  await signIn(page, server);
  for (const path of ["/", "/cache", "/sessions", "/vectors", "/settings"]) {
    await page.goto(`${server.url}${path}`);
    await untilLive(page);
    if (path === "/cache") await expect(page.getByText(hostile).first()).toBeVisible();
    expect(await page.locator('img[src="x"], a[href^="javascript:"]').count()).toBe(0);
  }
  expect(trouble).toEqual([]);
  await server.remove();
});
