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
  await expect(row).toContainText("1,999");
  await row.click();
  const sheet = page.getByRole("dialog");
  await expect(sheet).toContainText("malformed-json");
  await expect(sheet).toContainText("line 701");
  await expect(sheet.getByRole("link", { name: "All as NDJSON" })).toHaveAttribute("href", /\/rejects$/);
  await page.screenshot({ path: "test-results/streams.png" });
  // A message that fades is pale for a moment.
  await expect(page.locator("[data-sonner-toast]")).toHaveCount(0, { timeout: 30_000 });
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([]);
});

test("options say how a file is read, and the job tells what was found, why records were set aside, and the ids made", async ({
  page,
  server,
}) => {
  await signIn(page, server);
  await page.goto(`${server.url}/streams`);
  await page.getByLabel("File to send").setInputFiles({
    name: "prices.csv",
    mimeType: "text/csv",
    // As a spreadsheet in Zurich writes it: windows-1252, semicolons, decimal commas.
    buffer: Buffer.from("id;prix;caf\xe9\na;9,5;x\nb;12,5;y\nc;dear;z\nd;100\ne;NA;z\n", "latin1"),
  });
  await expect(page.getByLabel("Path", { exact: true })).toHaveCount(0);
  await page.getByText("Options", { exact: true }).click();
  await expect(page.getByLabel("Path", { exact: true })).toHaveCount(0);
  await page.getByLabel("Target").fill("cache");
  await page.getByLabel("Encoding").fill("windows-1252");
  await page.getByLabel("Null").fill("NA");
  await page.getByLabel("Cast").fill("prix:number");
  await page.getByLabel("Decimals").selectOption("comma: 1,5");
  await page.getByLabel("Where").fill('{"prix":{"gt":10},"café":{"lt":5}}');
  await expect(page.getByText("5 set")).toBeVisible();
  for (const [theme, width] of [
    ["light", 1440],
    ["dark", 1440],
    ["light", 375],
    ["dark", 375],
  ] as const) {
    await page.emulateMedia({ colorScheme: theme });
    await page.setViewportSize({ width, height: 900 });
    await page.screenshot({ path: `test-results/streams-options-${theme}-${width}.png`, fullPage: true });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
  }
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.getByLabel("Where").fill('{"or":[{"prix":{"gt":10}},{"café":{"lt":5}}]}');
  await page.getByRole("button", { name: "Send", exact: true }).click();
  const row = page.getByRole("row", { name: /cache · csv/ }).first();
  await expect(row).toContainText("completed", { timeout: 30_000 });
  await row.click();
  const sheet = page.getByRole("dialog");
  await expect(sheet).toContainText("windows-1252");
  await expect(sheet).toContainText("semicolon");
  await expect(sheet).toContainText("In 2 records the filter compared text with a number");
  await expect(sheet).toContainText("column-count 1");
  await expect(sheet).toContainText("transform-failed 1");
  await expect(sheet.getByRole("link", { name: "IDs of the records stored" })).toHaveAttribute("href", /\/results$/);
  for (const theme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme: theme });
    await page.screenshot({ path: `test-results/streams-job-${theme}.png` });
  }
  // A message that fades is pale for a moment.
  await expect(page.locator("[data-sonner-toast]")).toHaveCount(0, { timeout: 30_000 });
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([]);
});

test("a viewer sees the jobs, and is offered neither a file nor what was made of one", async ({ page, server }) => {
  await server.send("POST", "/api/v1/streams?target=cache&format=ndjson&wait=1", '{"key":"seen"}\nbroken\n');
  const made = await server.send("POST", "/api/v1/keys", { name: "looks on", role: "viewer" });
  await signIn(page, server, ((await made.json()) as { key: string }).key);
  await page.goto(`${server.url}/streams`);
  const row = page.getByRole("row", { name: /cache · ndjson/ }).first();
  await expect(row).toContainText("completed");
  await expect(page.getByRole("button", { name: "Send", exact: true })).toHaveCount(0);
  await expect(page.getByText("Options", { exact: true })).toHaveCount(0);
  await row.click();
  const sheet = page.getByRole("dialog");
  await expect(sheet).toContainText("Records stored");
  await expect(sheet.getByRole("link")).toHaveCount(0);
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
