import { expect } from "@playwright/test";
import { test } from "../support/fixtures.ts";
import { signIn, untilLive, watchForTrouble } from "../support/pages.ts";

test("a setting is changed, marked as changed, audited and rolled back", async ({ page, server }) => {
  await signIn(page, server);
  await page.goto(`${server.url}/settings`);
  await untilLive(page);
  const row = page.getByRole("listitem").filter({ hasText: "HEADROOM_CACHE_MAX_ENTRIES" });
  await expect(row).toContainText("50");

  await row.getByRole("button", { name: /Change/ }).click();
  const value = page.getByRole("spinbutton", { name: "Value" });
  await value.fill("77");
  await page.keyboard.press("Enter");
  await expect(row).toContainText("77");
  await expect(row).toContainText("Changed");
  const view = (await (await server.get("/api/v1/settings")).json()) as { settings: { name: string; value: number }[] };
  expect(view.settings.find(({ name }) => name === "cacheMaxEntries")?.value).toBe(77);

  await page.getByRole("button", { name: "Reset to the defaults" }).click();
  await page.getByRole("button", { name: "Roll back" }).click();
  await expect(row).toContainText("50");
  await expect(row).toContainText("default");

  await page.getByRole("tab", { name: "Audit" }).click();
  await expect(page.getByRole("cell", { name: "settings.patch" }).first()).toBeVisible();
  await expect(page.getByRole("cell", { name: "settings.rollback" }).first()).toBeVisible();
});

test("what the environment sets says so and cannot be changed here", async ({ page, server }) => {
  await signIn(page, server);
  await page.goto(`${server.url}/settings`);
  const row = page.getByRole("listitem").filter({ hasText: "HEADROOM_SAMPLE_SECONDS" });
  await expect(row).toContainText("Environment");
  await expect(row.getByRole("button", { name: /Change/ })).toBeDisabled();
});

test("a key is shown once, opens the API, and is shut out when revoked; its name is text, whatever it holds", async ({
  page,
  server,
}) => {
  const trouble = watchForTrouble(page);
  await signIn(page, server);
  await page.goto(`${server.url}/settings?tab=keys`);
  await untilLive(page);
  const name = `<img src=x onerror="alert(1)">`;
  await page.getByRole("button", { name: "New key" }).click();
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByRole("button", { name: "Create key" }).click();
  const key = (await page.getByTestId("new-key").textContent()) ?? "";
  await page.getByRole("button", { name: "Done" }).click();
  await expect(page.getByText(key)).toHaveCount(0);
  await expect(page.getByRole("cell", { name, exact: true })).toBeVisible();

  const status = async () =>
    (await fetch(`${server.url}/api/v1/auth/me`, { headers: { authorization: `Bearer ${key}` } })).status;
  expect(await status()).toBe(200);
  await page.getByRole("button", { name: `Revoke ${name}` }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke", exact: true }).click();
  // It closes when the server has done it; until then nothing behind it has a role, so that the row would seem to be gone.
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(page.getByRole("cell", { name, exact: true })).toHaveCount(0);
  expect(await status()).toBe(401);
  expect(trouble).toEqual([]);
});
