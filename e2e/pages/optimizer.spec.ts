import { expect, type Page } from "@playwright/test";
import type { OptimizationRun } from "../../lib/contracts/memory.ts";
import { test } from "../support/fixtures.ts";
import { signIn, untilLive } from "../support/pages.ts";
import type { TestServer } from "../support/server.ts";

async function runsOf(server: TestServer): Promise<OptimizationRun[]> {
  const response = await server.get("/monitoring/memory/optimizations");
  return ((await response.json()) as { items: OptimizationRun[] }).items;
}

/** The plan is there and can be run. */
async function planShown(page: Page): Promise<void> {
  await expect(page.getByRole("dialog", { name: "Optimize memory" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Run", exact: true })).toBeEnabled();
}

test("by mouse: preview, a step left out, run, outcome; one run in history with exactly the chosen steps", async ({
  page,
  server,
}) => {
  await signIn(page, server);
  await page.goto(server.url);
  await untilLive(page);
  const before = (await runsOf(server)).length;
  await page.getByRole("button", { name: "Optimize" }).click();
  await planShown(page);
  expect((await runsOf(server)).length).toBe(before);
  // Whether a collection would pay just now is the server's to say; this step there always is, if folded away.
  const folded = page.getByRole("button", { name: /nothing to do$/ });
  await folded.click();
  await expect(folded).toHaveAttribute("aria-expanded", "true");
  await page.getByRole("switch", { name: "Remove expired items, sessions" }).click();
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await expect(page.getByText("The run has finished.")).toBeVisible();
  await expect(page.getByText("Freed by stores")).toBeVisible();
  const runs = await runsOf(server);
  expect(runs.length).toBe(before + 1);
  expect(runs[0]?.steps.map(({ step }) => step)).not.toContain("expire:sessions");
  expect(runs[0]).toMatchObject({ trigger: "manual", dryRun: false });

  await page.getByRole("link", { name: "See the run" }).click();
  await expect(page).toHaveURL(new RegExp(`/optimizer\\?run=${runs[0]?.id}`));
  await expect(page.getByRole("dialog", { name: "Run" })).toBeVisible();
});

test("by keyboard: o opens the plan, Enter runs it, Esc gives the focus back", async ({ page, server }) => {
  await signIn(page, server);
  await page.goto(server.url);
  await untilLive(page);
  await page.getByRole("button", { name: "Optimize" }).focus();
  await page.keyboard.press("o");
  await planShown(page);
  const before = (await runsOf(server)).length;
  await expect(page.getByRole("button", { name: "Run", exact: true })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByText("The run has finished.")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Optimize" })).toBeFocused();
  expect((await runsOf(server)).length).toBe(before + 1);
  await expect(
    page
      .getByRole("listitem")
      .filter({ hasText: /freed .* manually|found nothing to free/ })
      .first(),
  ).toBeVisible();
});

test("a run that someone else starts shows here by itself", async ({ page, server }) => {
  await signIn(page, server);
  await page.goto(`${server.url}/optimizer`);
  await untilLive(page);
  const run = (await (await server.send("POST", "/monitoring/memory/optimize", {})).json()) as OptimizationRun;
  const table = page.getByRole("region", { name: "Runs, table" });
  await expect(table.getByRole("row").nth(1)).toContainText(run.state === "completed" ? "Completed" : "Nothing to do");
  await table.getByRole("row").nth(1).press("Enter");
  await expect(page).toHaveURL(new RegExp(run.id));
});

test("a viewer sees why the button is not theirs, and the server would refuse it too", async ({ page, server }) => {
  const key = await server.createKey("viewer");
  await signIn(page, server, key);
  await page.goto(server.url);
  await untilLive(page);
  await expect(page.getByRole("button", { name: "Optimize" })).toBeDisabled();
  await expect(page.getByText("needs the operator role")).toBeVisible();
  const refused = await server.send("POST", "/monitoring/memory/optimize", {}, { authorization: `Bearer ${key}` });
  expect(refused.status).toBe(403);
});
