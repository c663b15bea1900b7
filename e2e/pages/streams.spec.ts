import { AxeBuilder } from "@axe-core/playwright";
import { expect } from "@playwright/test";
import { test } from "../support/fixtures.ts";
import { signIn, untilLive } from "../support/pages.ts";

const LINES = Array.from({ length: 2000 }, (_, id) =>
  id === 700 ? '{"id":' : JSON.stringify({ id, text: "x".repeat(100) }),
);

test("a file that is dropped is sent, counted, and its bad record can be looked at", async ({ page, server }) => {
  await signIn(page, server);
  await page.goto(`${server.url}/streams`);
  await expect(page.getByRole("heading", { level: 1, name: "Streams" })).toBeVisible();
  await page.getByLabel("File to send").setInputFiles({
    name: "users.jsonl",
    mimeType: "application/x-ndjson",
    buffer: Buffer.from(LINES.join("\n")),
  });
  await expect(page.getByText("users.jsonl")).toBeVisible();
  await expect(page.getByLabel("Format")).toHaveValue("ndjson");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  const row = page.getByRole("row", { name: /completed/ }).first();
  // However busy the machine is: what counts is that it ends, and with what.
  await expect(row).toContainText("1,999", { timeout: 30_000 });
  await row.click();
  const sheet = page.getByRole("dialog");
  await expect(sheet).toContainText("malformed-json");
  await expect(sheet).toContainText("line 701");
  await expect(sheet.getByRole("link", { name: "All as NDJSON" })).toHaveAttribute("href", /\/rejects$/);
  await page.screenshot({ path: "test-results/streams.png" });
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([]);
});

test("a list that was read before the stream ended, and comes after it, does not undo the news", async ({
  page,
  server,
}) => {
  await signIn(page, server);
  let held = 0;
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route(/\/api\/v1\/streams\?limit=/, async (route) => {
    const response = await route.fetch();
    held += 1;
    await released;
    await route.fulfill({ response });
  });
  await page.goto(`${server.url}/streams`);
  await untilLive(page);
  await expect.poll(() => held).toBeGreaterThan(0);
  await page.getByLabel("File to send").setInputFiles({
    name: "three.jsonl",
    mimeType: "application/x-ndjson",
    buffer: Buffer.from('{"id":1}\n{"id":2}\n{"id":3}\n'),
  });
  await page.getByLabel("Target").fill("cache");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await expect(page.getByText("three.jsonl: ")).toBeVisible();
  release();
  const row = page.getByRole("row", { name: /cache · ndjson/ }).first();
  await expect(row).toContainText("completed");
  // Every answer that was held is in by now, the last of those that the page asked for too.
  await page.waitForLoadState("networkidle");
  await expect(row).toContainText("completed");
});

test("before there is a stream the page says how to send one", async ({ page, server }) => {
  await signIn(page, server);
  await page.setExtraHTTPHeaders({ "x-namespace": "nobody-sends-here" });
  await page.goto(`${server.url}/streams`);
  await expect(page.getByText("No streams yet")).toBeVisible();
  await expect(page.getByRole("button", { name: "Send", exact: true })).toBeDisabled();
});
