import { expect } from "@playwright/test";
import { test } from "../support/fixtures.ts";
import { signIn, untilLive } from "../support/pages.ts";
import { OPERATOR_KEY } from "../support/server.ts";

test("the printed link signs in and leaves no key in the address or the history", async ({ page, server }) => {
  await page.goto(`${server.url}/sign-in#key=${OPERATOR_KEY}`);
  await expect(page).toHaveURL(`${server.url}/`);
  await untilLive(page);
  await page.goBack().catch(() => null);
  expect(page.url()).not.toContain(OPERATOR_KEY);
});

test("a page without a sign-in leads to it, and a wrong key is told apart from a broken server", async ({
  page,
  server,
}) => {
  await page.goto(server.url);
  await expect(page).toHaveURL(`${server.url}/sign-in`);
  await page.getByLabel("API key").fill("not-a-key-of-this-server");
  await page.keyboard.press("Enter");
  await expect(page.getByText("This key is not known here, has expired, or was revoked.")).toBeVisible();
  await page.getByLabel("API key").fill(OPERATOR_KEY);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(`${server.url}/`);
});

test("signing out ends the cookie on the server, not only in the browser", async ({ page, server, context }) => {
  await signIn(page, server);
  await page.goto(server.url);
  await untilLive(page);
  const before = await context.cookies();
  await page.getByRole("button", { name: "Account and theme" }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page).toHaveURL(`${server.url}/sign-in`);
  const cookie = before.map(({ name, value }) => `${name}=${value}`).join("; ");
  const replayed = await fetch(`${server.url}/api/v1/auth/me`, { headers: { cookie } });
  expect(replayed.status).toBe(401);
});

test("a viewer sees the figures, and is told why not the settings", async ({ page, server }) => {
  await signIn(page, server, await server.createKey("viewer"));
  await page.goto(server.url);
  await untilLive(page);
  await expect(page.getByTestId("used")).toContainText("MiB");
  await page.goto(`${server.url}/settings`);
  await expect(page.getByText("Your key may not see this")).toBeVisible();
});
