import AxeBuilder from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";
import { OPERATOR_KEY, type TestServer } from "./server.ts";

export const THEMES = ["dark", "light"] as const;
/** A phone and a desk; in `npm run test:long` a tablet too. */
export const WIDTHS: readonly number[] = process.env.HEADROOM_TEST_LONG === "1" ? [375, 768, 1440] : [375, 1440];

/** Gives the page's context the dashboard's cookie, as the sign-in page would. */
export async function signIn(page: Page, server: TestServer, key = OPERATOR_KEY): Promise<void> {
  const response = await page.context().request.post(`${server.url}/api/v1/auth/sign-in`, { data: { key } });
  expect(response.status()).toBe(200);
}

/** Waits until the page is hydrated and samples come in. */
export async function untilLive(page: Page): Promise<void> {
  await expect(page.getByTestId("connection")).toHaveAttribute("data-state", "live");
}

/** No violation of WCAG 2.2 A and AA, nor of axe's best practices. */
export async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join(" | ")}`);
  expect(told).toEqual([]);
}

/** Collects what must never be seen: errors on the console, broken policies, exceptions, dialogs. */
export function watchForTrouble(page: Page): string[] {
  const trouble: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") trouble.push(message.text());
  });
  page.on("pageerror", (error) => trouble.push(error.message));
  page.on("dialog", (dialog) => {
    trouble.push(`dialog: ${dialog.message()}`);
    dialog.dismiss().catch(() => undefined);
  });
  return trouble;
}

/** Nothing hangs out at the side. */
export async function expectNoSideways(page: Page): Promise<void> {
  const hangsOut = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(hangsOut).toBeLessThanOrEqual(0);
}
