import { expect, test } from "@playwright/test";
import { expectAccessible, signIn, THEMES, untilLive, WIDTHS, watchForTrouble } from "../support/pages.ts";
import { TestServer } from "../support/server.ts";

test.describe.configure({ mode: "serial" });

let server: TestServer;
test.beforeAll(async () => {
  server = await TestServer.start({
    env: { HEADROOM_SAMPLE_SECONDS: "1", HEADROOM_LOG_LEVEL: "warn", HEADROOM_MAX_VECTORS: "60" },
  });
});
test.afterAll(() => server.remove());

test("without a collection the page says how to make one", async ({ page }) => {
  const trouble = watchForTrouble(page);
  await signIn(page, server);
  await page.goto(`${server.url}/vectors`);
  await untilLive(page);
  await expect(page.getByText("No collections in this namespace")).toBeVisible();
  expect(trouble).toEqual([]);
});

test("collections, their tiers, recall on demand and a point's neighbours", async ({ page }) => {
  const trouble = watchForTrouble(page);
  const path = "/api/v1/collections/words";
  await server.send("PUT", path, { dimensions: 3, metric: "cosine" });
  const points = Array.from({ length: 100 }, (_, i) => ({
    id: i === 1 ? "<img src=x onerror=alert(1)>" : `p${i}`,
    vector: [Math.cos(i / 100), Math.sin(i / 100), 0.2],
    metadata: { n: i },
  }));
  expect((await server.send("PUT", `${path}/points`, { points })).status).toBe(200);
  await signIn(page, server);
  await page.goto(`${server.url}/vectors`);
  await untilLive(page);
  const row = page.getByRole("row", { name: /words/ });
  await expect(row).toContainText("100");
  await expect(row).toContainText("60");
  await expect(row).toContainText("40");
  await row.press("Enter");
  const sheet = page.getByRole("dialog", { name: "Collection words" });
  await sheet.getByRole("button", { name: "Measure" }).click();
  await expect(sheet.getByText("1.0000")).toBeVisible();
  await sheet.getByLabel("Neighbours of the point").fill("p0");
  await sheet.getByRole("button", { name: "Find" }).click();
  const first = sheet.getByRole("listitem").first();
  // An id is text, whatever it looks like (T32).
  await expect(first).toContainText("<img src=x onerror=alert(1)>");
  await expect(sheet.getByText(/hot and .* cold vectors searched/)).toBeVisible();
  await sheet.getByLabel("Neighbours of the point").fill("nobody");
  await sheet.getByRole("button", { name: "Find" }).click();
  await expect(sheet.getByRole("alert")).toContainText("No point has this id");
  await expectAccessible(page);
  // A refused request is a line on the console by the browser's own doing.
  expect(trouble.filter((line) => !line.includes("404"))).toEqual([]);
});

test("reads well in both themes, on a phone, a tablet and a desk", async ({ page }) => {
  await signIn(page, server);
  for (const colorScheme of THEMES) {
    for (const width of WIDTHS) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 1_000 });
      await page.goto(`${server.url}/vectors`);
      await untilLive(page);
      await expect(page.getByRole("row", { name: /words/ })).toBeVisible();
      expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(
        0,
      );
      await expectAccessible(page);
      await page.screenshot({ path: `test-results/vectors-${colorScheme}-${width}.png`, fullPage: true });
    }
  }
});
