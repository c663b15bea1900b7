import type { Page } from "@playwright/test";
import { expect } from "@playwright/test";
import type { MemoryReport } from "../../lib/contracts/memory.ts";
import { formatBytes } from "../../lib/shared/bytes.ts";
import { test } from "../support/fixtures.ts";
import { signIn, untilLive } from "../support/pages.ts";

test.beforeEach(async ({ page, server }) => {
  await signIn(page, server);
  await page.goto(`${server.url}/?range=5m`);
  await untilLive(page);
});

/** The times of the usage chart's newest samples, newest first, as its table shows them. */
async function shownTimes(page: Page): Promise<string[]> {
  const table = page.getByRole("region", { name: "Memory by component, table" }).getByRole("table");
  return table.getByRole("row").getByRole("cell").and(page.locator(":first-child")).allTextContents();
}

/** How many samples stand above the one of `time`: rows are not counted in all, a full range keeps their number. */
async function samplesSince(page: Page, time: string | undefined): Promise<number> {
  const times = await shownTimes(page);
  return time === undefined ? times.length : times.indexOf(time);
}

test("the chart grows by itself, sample by sample, without a reload", async ({ page }) => {
  await page.evaluate(() => Object.assign(globalThis, { sameDocument: true }));
  await page.getByRole("button", { name: "Memory by component as a table" }).click();
  const [newest] = await shownTimes(page);
  await expect.poll(() => samplesSince(page, newest)).toBeGreaterThanOrEqual(3);
  expect(await page.evaluate(() => "sameDocument" in globalThis)).toBe(true);
});

test("the figures on the page are those of the API", async ({ page, server }) => {
  // Both are of the same moment only if no sample came between: then try the next pair.
  await expect(async () => {
    const { sample } = (await (await server.get("/monitoring/memory")).json()) as MemoryReport;
    const shown = (await page.getByTestId("used").textContent()) ?? "";
    const mib = Number(/^([\d,.]+) MiB of/.exec(shown)?.[1]?.replaceAll(",", ""));
    expect(Math.abs(mib * 1024 * 1024 - sample.usedBytes) / sample.usedBytes).toBeLessThan(0.02);
    expect(shown).toContain(`of ${formatBytes(sample.limitBytes)}`);
  }).toPass();
});

test("p holds the page still and, again, brings what was missed", async ({ page }) => {
  await page.getByRole("button", { name: "Memory by component as a table" }).click();
  await page.keyboard.press("p");
  await expect(page.getByTestId("connection")).toHaveAttribute("data-state", "paused");
  const held = await shownTimes(page);
  await page
    .waitForResponse((response) => response.url().includes("afterSequence"), { timeout: 3_000 })
    .catch(() => null);
  expect(await shownTimes(page)).toEqual(held);
  await page.keyboard.press("p");
  await expect(page.getByTestId("connection")).toHaveAttribute("data-state", "live");
  await expect.poll(() => samplesSince(page, held[0])).toBeGreaterThanOrEqual(2);
});

test("the range is chosen by mouse and by [ and ], and stands in the address", async ({ page }) => {
  await page.keyboard.press("]");
  await expect(page).not.toHaveURL(/range=5m/);
  await page.keyboard.press("]");
  await expect(page).toHaveURL(/range=1h/);
  await page.keyboard.press("[");
  await page.keyboard.press("[");
  await expect(page).toHaveURL(/range=5m/);
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.getByRole("radio", { name: "Last 24 hours" }).click();
  await expect(page).toHaveURL(/range=24h/);
});

test("a series is hidden by a press and shown alone by Alt and a press, and its name stays", async ({ page }) => {
  const runtime = page.getByRole("button", { name: /^Runtime/ });
  const unattributed = page.getByRole("button", { name: /^Unattributed/ });
  await runtime.click();
  await expect(runtime).toHaveAttribute("aria-pressed", "false");
  await unattributed.click({ modifiers: ["Alt"] });
  await expect(unattributed).toHaveAttribute("aria-pressed", "true");
  await runtime.click();
  await expect(runtime).toHaveAttribute("aria-pressed", "true");
});

test("dragging over the chart zooms in, and Esc leads back", async ({ page }) => {
  const box = await page.locator("svg.recharts-surface").first().boundingBox();
  if (!box) throw new Error("no chart");
  await page.mouse.move(box.x + box.width - 60, box.y + 100);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width - 120, box.y + 100, { steps: 5 });
  await page.mouse.up();
  const zoomOut = page.getByRole("button", { name: "Zoom out" });
  await expect(zoomOut).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(zoomOut).toBeHidden();
});

test("the chart's data leaves as CSV and as a picture", async ({ page }) => {
  const save = async (kind: "CSV" | "PNG") => {
    await page.getByRole("button", { name: "Export Memory by component" }).click();
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("menuitem", { name: kind }).click(),
    ]);
    const stream = await file.createReadStream();
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  };
  const csv = (await save("CSV")).toString("utf8").split("\r\n");
  expect(csv[0]).toMatch(/^time,Runtime/);
  expect(csv[1]).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z,\d+/);
  const png = await save("PNG");
  expect(png.subarray(1, 4).toString()).toBe("PNG");
  expect(png.length).toBeGreaterThan(5_000);
});

test("everything is reached by keyboard: help, palette, pages", async ({ page, server }) => {
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keyboard" })).toBeVisible();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("settings");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/settings/);
  await page.locator("body").press("g");
  await page.keyboard.press("o");
  await expect(page).toHaveURL(new RegExp(`^${server.url}/(\\?.*)?$`));
});
