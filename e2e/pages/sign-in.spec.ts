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
  await expect(page.getByText("This key is unknown, expired or revoked.")).toBeVisible();
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
  await expect(page.getByText("Your key cannot see this")).toBeVisible();
});

test("R11: a link asks before it changes who is signed in, and says whose key it is; staying changes nothing", async ({
  page,
  server,
}) => {
  const mine = await server.createKey("operator");
  const theirs = await server.createKey("viewer", "their-place");
  await signIn(page, server, mine);
  const who = async () => (await (await page.context().request.get(`${server.url}/api/v1/auth/me`)).json()).namespace;
  await page.goto(`${server.url}/sign-in#key=${theirs}`);
  await expect(page.getByText("viewer in their-place (viewer, namespace their-place)")).toBeVisible();
  expect(page.url()).toBe(`${server.url}/sign-in`);
  await page.getByRole("button", { name: "Stay operator in default" }).click();
  await expect(page).toHaveURL(`${server.url}/`);
  expect(await who()).toBe("default");
  await page.goto(`${server.url}/sign-in#key=${theirs}`);
  await page.getByRole("button", { name: "Sign in as viewer in their-place" }).click();
  await expect(page).toHaveURL(`${server.url}/`);
  expect(await who()).toBe("their-place");
});

test("R11: a link on another site's page asks although nobody is signed in", async ({ page, server }) => {
  const key = await server.createKey("viewer", "their-place");
  await page.route("http://elsewhere.example/", (route) =>
    route.fulfill({ contentType: "text/html", body: `<a href="${server.url}/sign-in#key=${key}">free coffee</a>` }),
  );
  await page.goto("http://elsewhere.example/");
  await page.getByText("free coffee").click();
  await expect(page.getByText("Continue only if you know who sent it")).toBeVisible();
  expect((await page.context().request.get(`${server.url}/api/v1/auth/me`)).status()).toBe(401);
});

test("O18 O19: signing in leads back to the page that asked for it and never off the site, and a pasted link is followed", async ({
  page,
  server,
}) => {
  await page.goto(`${server.url}/cache?range=24h`);
  await expect(page).toHaveURL(`${server.url}/sign-in?next=%2Fcache%3Frange%3D24h`);
  // Nobody pastes into a page whose scripts are still on their way: Next sets the address once more when they begin.
  await page.waitForLoadState("networkidle");
  await page.evaluate((key) => {
    globalThis.location.hash = `key=${key}`;
  }, OPERATOR_KEY);
  await expect(page).toHaveURL(`${server.url}/cache?range=24h`);
  await page.context().clearCookies();
  for (const next of ["https%3A%2F%2Felsewhere.example", "%2F%2Felsewhere.example", "%2F%5Celsewhere.example"]) {
    await page.goto(`${server.url}/sign-in?next=${next}#key=${OPERATOR_KEY}`);
    await expect(page).toHaveURL(`${server.url}/`);
    await page.context().clearCookies();
  }
});

test("F2: the page says that the sign-in has ended within a moment of the key's end", async ({ page, server }) => {
  const made = await server.send("POST", "/api/v1/keys", { name: "short", role: "viewer" });
  const { id, key } = (await made.json()) as { id: string; key: string };
  await signIn(page, server, key);
  await page.goto(`${server.url}/cache?range=24h`);
  await untilLive(page);
  await server.send("DELETE", `/api/v1/keys/${id}`);
  await expect(page.getByTestId("connection-banner")).toContainText("Your session has expired.");
  await page.getByRole("link", { name: "Sign in" }).click();
  await expect(page).toHaveURL(`${server.url}/sign-in?next=%2Fcache%3Frange%3D24h`);
});

test("O25: a consumer is told no untruth: it is signed in, has the pages it may use, and one line where it may not", async ({
  page,
  server,
}) => {
  await signIn(page, server, await server.createKey("consumer", "team-a"));
  await page.goto(server.url);
  await expect(page).toHaveURL(`${server.url}/sessions`);
  await expect(page.getByText("No sessions in this namespace")).toBeVisible();
  await expect(page.getByTestId("connection")).toHaveAttribute("data-state", "live");
  const pages = page.getByRole("navigation", { name: "Pages" }).getByRole("listitem");
  expect(await pages.allInnerTexts()).toEqual(["Sessions", "Cache", "Vectors", "Documents", "Streams", "API"]);
  for (const path of ["/sessions", "/cache", "/vectors", "/rag", "/streams"]) {
    await page.goto(`${server.url}${path}`);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await expect(page.getByText("Your session has expired")).toHaveCount(0);
    await expect(page.getByText("Your key cannot see this")).toHaveCount(0);
  }
  await page.goto(`${server.url}/leaks`);
  await expect(page.getByText("Leaks needs the role viewer; your key is a consumer's.")).toHaveCount(1);
  await expect(page.getByText("Your key cannot see this")).toHaveCount(1);
});

test("O26: a viewer is not offered the upload or the purge", async ({ page, server }) => {
  await signIn(page, server, await server.createKey("viewer"));
  for (const path of ["/streams", "/cache"]) {
    await page.goto(`${server.url}${path}`);
    await untilLive(page);
    await expect(page.getByText("Your key cannot see this")).toHaveCount(0);
    await expect(page.getByRole("button", { name: /Purge|Send/ })).toHaveCount(0);
    await expect(page.locator("input[type=file]")).toHaveCount(0);
  }
  const pages = page.getByRole("navigation", { name: "Pages" });
  await expect(pages.getByRole("link", { name: "Leaks" })).toHaveCount(1);
  await expect(pages.getByRole("link", { name: "Settings" })).toHaveCount(0);
});
