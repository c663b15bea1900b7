import { expect } from "@playwright/test";
import { test } from "../support/fixtures.ts";
import { signIn, untilLive, watchForTrouble } from "../support/pages.ts";

test("sessions: bounds and list are the API's, reading says that it is a use, ending logs out", async ({
  page,
  server,
}) => {
  const trouble = watchForTrouble(page);
  const hostile = `<script>alert(1)</script>`;
  const made: string[] = [];
  for (let count = 0; count < 5; count++) {
    const response = await server.send("POST", "/api/v1/sessions", { data: { name: hostile, count } });
    made.push(((await response.json()) as { id: string }).id);
  }
  await signIn(page, server);
  await page.goto(`${server.url}/sessions`);
  await untilLive(page);
  const table = page.getByRole("region", { name: "Live sessions, table" });
  for (const id of made) await expect(table.getByText(id)).toBeVisible();
  await expect(page.getByRole("meter", { name: "Sessions in memory" })).toHaveAttribute(
    "aria-valuetext",
    /^\d+ of 500$/,
  );

  const id = made[2] ?? "";
  await page.getByRole("searchbox", { name: "Find by ID" }).fill(id.slice(4, 20));
  await expect(table.getByRole("row")).toHaveCount(2);
  await table.getByText(id).click();
  await expect(page.getByText(/Reading counts as access/)).toBeVisible();
  await expect(page.getByText(hostile)).toHaveCount(0);
  await page.getByRole("button", { name: "Read its data" }).click();
  await expect(page.getByText(hostile)).toBeVisible();
  await page.getByRole("button", { name: "End the session" }).click();
  await page.getByRole("dialog", { name: "End this session?" }).getByRole("button", { name: "End session" }).click();
  await expect(page.getByText(id)).toHaveCount(0);
  expect((await server.get(`/api/v1/sessions/${id}`)).status).toBe(404);
  expect(trouble).toEqual([]);
});

test("cache: found by prefix and by tag, shown as text, removed, purged, with the number that was removed", async ({
  page,
  server,
}) => {
  const trouble = watchForTrouble(page);
  const body = `<p onclick="alert(1)">hello</p>`;
  for (const [key, tag] of [
    ["red/1", "warm"],
    ["red/2", "cold"],
    ["blue/1", "warm"],
  ] as const) {
    const put = await server.send("PUT", `/api/v1/cache/${encodeURIComponent(key)}`, body, {
      "content-type": "text/html",
      "cache-tag": tag,
    });
    expect(put.status).toBe(201);
  }
  await signIn(page, server);
  await page.goto(`${server.url}/cache`);
  await untilLive(page);
  const table = page.getByRole("region", { name: "Cached responses, table" });
  await expect(table.getByText("blue/1")).toBeVisible();
  await page.getByRole("searchbox", { name: "Key starts with" }).fill("red/");
  await expect(table.getByText("blue/1")).toHaveCount(0);
  await expect(table.getByText("red/1")).toBeVisible();

  await table.getByRole("row").filter({ hasText: "red/1" }).press("Enter");
  await page.getByRole("button", { name: "Show the body" }).click();
  await expect(page.getByText(body)).toBeVisible();
  await page.getByRole("button", { name: "Remove" }).click();
  // The sheet closes when it is removed; behind it the table has no role, and its rows would seem to be gone.
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(table.getByText("red/1")).toHaveCount(0);
  expect((await server.get("/api/v1/cache/red%2F1")).status).toBe(404);

  await page.getByRole("searchbox", { name: "Key starts with" }).fill("");
  await expect(table.getByText("blue/1")).toBeVisible();
  await page.getByRole("button", { name: "Purge" }).click();
  await page.getByRole("dialog").getByLabel("Tag").fill("warm");
  await page.getByRole("button", { name: "Purge matching entries" }).click();
  await expect(page.getByText("1 cached responses were removed.")).toBeVisible();
  await expect(table.getByText("blue/1")).toHaveCount(0);
  await expect(table.getByText("red/2")).toBeVisible();
  expect(trouble).toEqual([]);
});

test("a viewer sees a store's figures, and is not offered the list of what is in it", async ({ page, server }) => {
  await signIn(page, server, await server.createKey("viewer"));
  await page.goto(`${server.url}/sessions`);
  await untilLive(page);
  await expect(page.getByRole("meter", { name: "Memory", exact: true })).toBeVisible();
  await expect(page.getByRole("heading", { name: "Hit ratio" })).toBeVisible();
  await expect(page.getByText("Live sessions")).toHaveCount(0);
});
