import { expect } from "@playwright/test";
import { test } from "../support/fixtures.ts";
import {
  expectAccessible,
  expectNoSideways,
  signIn,
  THEMES,
  untilLive,
  WIDTHS,
  watchForTrouble,
} from "../support/pages.ts";

const PAGES = [
  { path: "/", name: "overview" },
  { path: "/sessions", name: "sessions" },
  { path: "/cache", name: "cache" },
  { path: "/vectors", name: "vectors" },
  { path: "/rag", name: "rag" },
  { path: "/streams", name: "streams" },
  { path: "/optimizer", name: "optimizer" },
  { path: "/leaks", name: "leaks" },
  { path: "/settings", name: "settings" },
  { path: "/settings?tab=keys", name: "keys" },
  { path: "/settings?tab=audit", name: "audit" },
  { path: "/docs", name: "docs" },
] as const;

for (const width of WIDTHS) {
  test(`every page is accessible, fits and is free of errors in both themes: ${width} px`, async ({
    page,
    server,
  }, info) => {
    const trouble = watchForTrouble(page);
    await page.setViewportSize({ width, height: 900 });
    const lookAt = async (name: string) => {
      for (const theme of THEMES) {
        await page.emulateMedia({ colorScheme: theme });
        await page.screenshot({ path: info.outputPath(`${name}-${theme}.png`), fullPage: true });
        await expectNoSideways(page);
        await expectAccessible(page);
      }
    };
    await page.goto(`${server.url}/sign-in`);
    await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
    await lookAt("sign-in");
    await signIn(page, server);
    for (const { path, name } of PAGES) {
      await page.goto(`${server.url}${path}`);
      await untilLive(page);
      await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
      await lookAt(name);
    }
    expect(trouble).toEqual([]);
  });
}

test("the chosen theme is there in the first bytes, so that nothing flashes", async ({ page, server }) => {
  await signIn(page, server);
  await page.emulateMedia({ colorScheme: "light" });
  await page.goto(server.url);
  await untilLive(page);
  await page.getByRole("button", { name: "Account and theme" }).click();
  await page.getByRole("menuitemradio", { name: "Dark" }).click();
  const html = await (await page.request.get(server.url)).text();
  expect(html).toMatch(/<html[^>]*data-theme="dark"/);
  await page.reload();
  const background = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  expect(lightness(background)).toBeLessThan(0.3);
});

test("nothing moves when the data comes", async ({ page, server }) => {
  await signIn(page, server);
  await page.addInitScript(() => {
    const shifts: number[] = [];
    Object.assign(globalThis, { shifts });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) shifts.push((entry as PerformanceEntry & { value: number }).value);
    }).observe({ type: "layout-shift", buffered: true });
  });
  for (const path of [
    "/",
    "/sessions",
    "/cache",
    "/vectors",
    "/rag",
    "/streams",
    "/optimizer",
    "/leaks",
    "/settings",
    "/docs",
  ]) {
    await page.goto(`${server.url}${path}`);
    await untilLive(page);
    await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
    const shifted = await page.evaluate(() =>
      (globalThis as unknown as { shifts: number[] }).shifts.reduce((a, b) => a + b, 0),
    );
    expect(shifted, path).toBeLessThan(0.02);
  }
});

/** Of `oklch(0.16 …)` or `rgb(…)`, from 0 to 1. */
function lightness(colour: string): number {
  const oklch = /oklch\(([\d.]+)/.exec(colour)?.[1];
  if (oklch !== undefined) return Number(oklch);
  const [red = 255, green = 255, blue = 255] = (colour.match(/[\d.]+/g) ?? []).map(Number);
  return (red + green + blue) / 765;
}
