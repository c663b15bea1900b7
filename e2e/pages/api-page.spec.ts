import { expect, type Locator, type Page, type Request } from "@playwright/test";
import { test } from "../support/fixtures.ts";
import { expectAccessible, expectNoSideways, signIn, THEMES, WIDTHS, watchForTrouble } from "../support/pages.ts";
import type { TestServer } from "../support/server.ts";

const row = (page: Page, id: string) => page.locator(`[id="${id}"]`);
const header = (page: Page, id: string) => row(page, id).getByRole("heading", { level: 3 }).getByRole("button");
const status = (page: Page) => page.getByRole("search").getByRole("status");

/** Opens the page, and waits until it shows operations. */
async function open(page: Page, server: TestServer, target = "/docs"): Promise<void> {
  await page.goto(`${server.url}${target}`);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("API");
  await expect(page.getByRole("heading", { level: 2 }).first()).toBeVisible();
}

/** The requests to the API that the page makes from now on. */
function apiRequestsOf(page: Page): Request[] {
  const asked: Request[] = [];
  page.on("request", (request) => {
    if (/^\/(api\/|monitoring\/|livez$)/.test(new URL(request.url()).pathname)) asked.push(request);
  });
  return asked;
}

/** Whatever of the page outlives it, or is seen from outside. */
const keptBy = (page: Page) =>
  page.evaluate(async () => ({
    address: globalThis.location.href,
    history: globalThis.history.state as unknown,
    local: { ...globalThis.localStorage },
    session: { ...globalThis.sessionStorage },
    cookies: document.cookie,
    databases: (await indexedDB.databases()).length,
    caches: globalThis.isSecureContext ? await caches.keys() : [],
  }));

/** Opens the form and what is folded: schemas hold others, so not for ever. */
async function unfold(operation: Locator): Promise<void> {
  await operation.getByRole("button", { name: "Try it" }).click();
  const folded = operation.locator("button[aria-expanded=false]");
  for (let clicks = 0; clicks < 8 && (await folded.count()) > 0; clicks += 1) await folded.first().click();
}

for (const theme of THEMES) {
  for (const width of WIDTHS) {
    test(`anybody may read the API page, which is accessible, fits and asks no other host: ${theme}, ${width} px`, async ({
      page,
      server,
    }, info) => {
      const trouble = watchForTrouble(page);
      const hosts = new Set<string>();
      page.on("request", (request) => hosts.add(new URL(request.url()).host));
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme: theme });
      await open(page, server);
      await expectAccessible(page);
      await page.getByRole("searchbox").fill("collections search");
      await header(page, "searchCollection").click();
      await unfold(row(page, "searchCollection"));
      await expect(page.getByLabel("API key").first()).toBeVisible();
      await page.screenshot({ path: info.outputPath("api.png"), fullPage: true });
      await expectNoSideways(page);
      await expectAccessible(page);
      expect(trouble).toEqual([]);
      expect([...hosts]).toEqual([new URL(server.url).host]);
    });
  }
}

test("without a sign-in the page leads to it and back, keeps the chosen theme, and shows no figure of the server", async ({
  page,
  server,
}) => {
  await open(page, server, "/docs?role=viewer");
  await page.getByRole("button", { name: "Theme" }).click();
  await page.getByRole("menuitemradio", { name: "Dark" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await expect(page.getByTestId("connection")).toHaveCount(0);
  await expect(page.getByRole("link", { name: "Headroom" })).toHaveAttribute("href", "/");
  await page.getByRole("searchbox").fill("metrics");
  await expect(page).toHaveURL(/q=metrics/);
  await header(page, "getMetrics").click();
  await expect(page).toHaveURL(/#getMetrics$/);
  await page.getByRole("link", { name: "Sign in" }).click();
  await expect(page).toHaveURL(/\/sign-in\?next=/);
  const back = new URL(new URL(page.url()).searchParams.get("next") ?? "", server.url);
  expect(Object.fromEntries(back.searchParams)).toEqual({ role: "viewer", q: "metrics" });
  expect(back.hash).toBe("#getMetrics");
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.getByLabel("API key").fill(await server.createKey("viewer"));
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("navigation", { name: "Pages" })).toBeVisible();
  await expect(header(page, "getMetrics")).toHaveAttribute("aria-expanded", "true");
});

test("behind the sign-in the page has the app's navigation, which leads there and back without loading anew", async ({
  page,
  server,
}) => {
  await signIn(page, server, await server.createKey("consumer"));
  await page.goto(`${server.url}/sessions`);
  await page.evaluate(() => Object.assign(globalThis, { sameDocument: true }));
  const pages = page.getByRole("navigation", { name: "Pages" });
  await pages.getByRole("link", { name: "API" }).click();
  await expect(page.getByRole("heading", { level: 2 }).first()).toHaveText("sessions");
  await expect(pages.getByRole("link", { name: "API" })).toHaveAttribute("aria-current", "page");
  await pages.getByRole("link", { name: "Cache" }).click();
  await expect(page).toHaveURL(`${server.url}/cache`);
  await expect(page.getByRole("heading", { level: 1 })).not.toHaveText("API");
  expect(await page.evaluate(() => "sameDocument" in globalThis)).toBe(true);
});

test("an address names an operation: it is open and in sight, whatever the filter hides, and so after a click", async ({
  page,
  server,
}) => {
  await open(page, server, "/docs?q=metrics#rotateKey");
  await expect(header(page, "rotateKey")).toHaveAttribute("aria-expanded", "true");
  await expect(header(page, "rotateKey")).toBeInViewport();
  await expect(row(page, "rotateKey").getByText("Role: operator.")).toBeVisible();
  await page.evaluate(() => {
    globalThis.location.hash = "getSession";
  });
  await expect(header(page, "getSession")).toHaveAttribute("aria-expanded", "true");
  await expect(header(page, "getSession")).toBeInViewport();
  await header(page, "createKey").click();
  await expect(page).toHaveURL(/#createKey$/);
  await page.reload();
  await expect(header(page, "createKey")).toHaveAttribute("aria-expanded", "true");
  await open(page, server, "/docs#%E0%A4%A");
  await expect(status(page)).toContainText(/^(\d+) of \1 operations/);
});

test("words, a group and a role narrow the list, in the address too; nothing found is said, with a way out", async ({
  page,
  server,
}) => {
  await page.setViewportSize({ width: 1440, height: 900 });
  await open(page, server);
  const search = page.getByRole("searchbox", { name: "Find operations" });
  await search.fill("SESSIONS touch");
  await expect(status(page)).toContainText(/^1 of \d+ operations/);
  await expect(header(page, "touchSession")).toBeVisible();
  await expect(page).toHaveURL(/\?q=SESSIONS\+touch/);
  await search.fill("no such thing");
  await expect(page.getByText("No operation matches")).toBeVisible();
  await page.getByRole("button", { name: "Show all operations" }).click();
  await expect(status(page)).toContainText(/^(\d+) of \1 operations/);
  const groups = page.getByRole("navigation", { name: "Groups of operations" });
  await groups.getByRole("button", { name: /^health/i }).click();
  await expect(page.getByRole("heading", { level: 2 })).toHaveText(["health"]);
  await page.reload();
  await expect(page.getByRole("heading", { level: 2 })).toHaveText(["health"]);
  await groups.getByRole("button", { name: /^All/ }).click();
  await page.getByLabel("Role").selectOption("viewer");
  await expect(header(page, "getMemory")).toBeVisible();
  await expect(header(page, "createKey")).toHaveCount(0);
});

test("the keyboard alone opens an operation, reads its request and closes it again", async ({ page, server }) => {
  await open(page, server, "/docs?q=purgeCache");
  await expect(status(page)).toContainText(/^1 of/);
  await page.getByRole("link", { name: "Skip to content" }).press("Enter");
  await expect(page).toHaveURL(/#content$/);
  await expect(status(page)).toContainText(/^1 of/);
  await header(page, "purgeCache").focus();
  await page.keyboard.press("Enter");
  await expect(header(page, "purgeCache")).toHaveAttribute("aria-expanded", "true");
  const request = page.getByRole("region", { name: "Request of purgeCache" });
  await expect(request).toContainText(`curl -X POST \\`);
  await expect(request).toContainText(`'${server.url}/api/v1/cache/purge'`);
  for (let tabs = 0; tabs < 10 && !(await request.evaluate((one) => one === document.activeElement)); tabs += 1)
    await page.keyboard.press("Tab");
  await expect(request).toBeFocused();
  await header(page, "purgeCache").press("Space");
  await expect(request).toHaveCount(0);
});

test("a request is sent with the sign-in, or with a key that only the page has, and bad input goes nowhere", async ({
  page,
  server,
}) => {
  await server.send("PUT", "/api/v1/cache/shown", "hello", { "content-type": "text/plain" });
  await open(page, server, "/docs#getCachedResponse");
  const asked = apiRequestsOf(page);
  const form = row(page, "getCachedResponse");
  await form.getByRole("button", { name: "Try it" }).click();
  await form.getByLabel("key", { exact: true }).fill("..");
  await form.getByRole("button", { name: "Send GET" }).click();
  await expect(form.getByText("A path segment must not be . or ..")).toBeVisible();
  await form.getByLabel("key", { exact: true }).fill("");
  await form.getByRole("button", { name: "Send GET" }).click();
  await expect(form.getByText("Fill this in: the request needs it.")).toBeVisible();
  await form.getByLabel("key", { exact: true }).fill("shown");
  await form.getByRole("button", { name: "Send GET" }).click();
  await expect(form.getByText("401 Unauthorized")).toBeVisible();
  // Faulty drafts were not sent: had they been, their requests would stand before this one.
  expect(asked.map((request) => request.url())).toEqual([`${server.url}/api/v1/cache/shown`]);
  const key = await server.createKey("consumer");
  await form.getByLabel("API key").fill(key);
  await form.getByRole("button", { name: "Send GET" }).click();
  await expect(form.getByText("200 OK")).toBeVisible();
  await expect(form.getByRole("region", { name: "Answer of getCachedResponse" })).toHaveText("hello");
  expect(asked.map((request) => request.headers().authorization)).toEqual([undefined, `Bearer ${key}`]);
  expect(asked.map((request) => request.url()).join()).not.toContain(key);
  expect(JSON.stringify(await keptBy(page))).not.toContain(key);

  expect(await keptBy(page)).toMatchObject({ databases: 0, caches: [] });
  await page.evaluate(() => {
    globalThis.location.hash = "getLiveness";
  });
  const liveness = row(page, "getLiveness");
  await liveness.getByRole("button", { name: "Try it" }).click();
  await liveness.getByRole("button", { name: "Send GET" }).click();
  await expect(liveness.getByText("200 OK")).toBeVisible();
  expect(asked.at(-1)?.url()).toBe(`${server.url}/livez`);
  expect(asked.at(-1)?.headers().authorization).toBeUndefined();

  await signIn(page, server);
  await page.goto(`${server.url}/docs#createKey`);
  await page.reload();
  const create = row(page, "createKey");
  await create.getByRole("button", { name: "Try it" }).click();
  await create.getByRole("textbox", { name: "Body" }).fill('{"name": 1}');
  await create.getByRole("button", { name: "Send POST" }).click();
  await expect(create.getByText("400 Bad Request")).toBeVisible();
  await expect(create.getByText('"path": "/name"')).toBeVisible();
});

test("a body of bytes is a file or a text, and the page and its command never send an empty one unsaid", async ({
  page,
  server,
}) => {
  await signIn(page, server);
  await open(page, server, "/docs#putCachedResponse");
  const form = row(page, "putCachedResponse");
  await expect(form.getByRole("region", { name: "Request of" })).toContainText("--data-binary @file");
  await form.getByRole("button", { name: "Try it" }).click();
  await form.getByLabel("key", { exact: true }).fill("from-a-file");
  const unsaid = form.getByText("As it is, an empty body is sent.");
  await expect(unsaid).toBeVisible();
  const file = form.getByLabel("Body from a file");
  await form.getByLabel("Content-Type", { exact: true }).focus();
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await expect(file).toBeFocused();
  const bytes = Buffer.from([0, 255, 10, 13]);
  await file.setInputFiles({ name: "bytes.bin", mimeType: "image/png", buffer: bytes });
  await expect(unsaid).toHaveCount(0);
  await expect(form.getByText("4 bytes are sent.")).toBeVisible();
  await expectAccessible(page);
  await form.getByRole("button", { name: "Send PUT" }).click();
  await expect(form.getByText("201 Created")).toBeVisible();
  const kept = await server.get("/api/v1/cache/from-a-file");
  expect(kept.headers.get("content-type")).toBe("application/octet-stream");
  expect(Buffer.from(await kept.arrayBuffer())).toEqual(bytes);

  await form.getByRole("button", { name: "Remove file" }).click();
  await expect(file).toBeFocused();
  await form.getByLabel("Body as text").fill("@hello");
  await form.getByRole("button", { name: "Send PUT" }).click();
  await expect(form.getByText("204 No Content")).toBeVisible();
  expect(await (await server.get("/api/v1/cache/from-a-file")).text()).toBe("@hello");
});

test("the page says what failed when the description cannot be had or read, and tries again", async ({
  page,
  server,
}) => {
  let isBroken = true;
  await page.route("**/openapi.json", (route) =>
    isBroken ? route.fulfill({ contentType: "application/json", body: '{"info": {}}' }) : route.continue(),
  );
  await page.goto(`${server.url}/docs`);
  await expect(page.getByRole("alert").filter({ hasText: "could not read" })).toContainText(
    "/openapi.json is not as expected",
  );
  await expectAccessible(page);
  isBroken = false;
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("heading", { level: 2 }).first()).toHaveText("sessions");
});
