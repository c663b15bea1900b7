import { expect, test } from "@playwright/test";
import { signIn, untilLive } from "../support/pages.ts";
import { TestServer } from "../support/server.ts";

interface Report {
  sample: { sequence: number };
}

const PORT = "4170";
const env = { HEADROOM_SAMPLE_SECONDS: "1", HEADROOM_LOG_LEVEL: "warn", PORT };

test("a restart shows: disconnected with a countdown, then back by itself, and the gap as a gap", async ({ page }) => {
  let server = await TestServer.start({ env });
  await signIn(page, server);
  await page.goto(`${server.url}/?range=5m`);
  await untilLive(page);
  await page.evaluate(() => Object.assign(globalThis, { sameDocument: true }));

  expect(await server.stop()).toBe(0);
  await expect(page.getByTestId("connection")).toHaveAttribute("data-state", /disconnected|connecting/);
  await expect(page.getByTestId("connection-banner")).toContainText("Disconnected");
  await expect(page.getByTestId("connection-banner")).toContainText(/Next retry in|Retrying now/);
  // Samples are missing now; what the chart held stays.
  await expect(page.locator("svg.recharts-surface").first()).toBeVisible();

  server = await TestServer.start({ env, dir: server.dir });
  await untilLive(page);
  await expect(page.getByTestId("connection-banner")).toBeHidden();
  expect(await page.evaluate(() => "sameDocument" in globalThis)).toBe(true);
  // The area is broken where no sample was taken: two strokes and not one through the hole.
  await expect.poll(() => page.evaluate(strokesOfFirstArea)).toBeGreaterThanOrEqual(2);
  await server.remove();
});

/** How many separate pieces the lowest area of the usage chart is drawn in. */
function strokesOfFirstArea(): number {
  const path = document.querySelector("path.recharts-area-curve")?.getAttribute("d") ?? "";
  return (path.match(/M/g) ?? []).length;
}

test("figures that no longer come are called stale, with their age, and are live again with the next", async ({
  page,
}) => {
  const server = await TestServer.start({ env: { ...env, PORT: "0" } });
  await signIn(page, server);
  await page.goto(`${server.url}/?range=5m`);
  await untilLive(page);
  // The page learns the server's period from samples that follow one another: until then it allows for 30 s.
  const sequence = async () => ((await (await server.get("/monitoring/memory")).json()) as Report).sample.sequence;
  const first = await sequence();
  await expect.poll(sequence).toBeGreaterThan(first + 2);
  process.kill(server.pid, "SIGSTOP");
  await expect(page.getByTestId("connection")).toHaveAttribute("data-state", "stale");
  await expect(page.getByText(/last figures/).first()).toBeVisible();
  process.kill(server.pid, "SIGCONT");
  await untilLive(page);
  await server.remove();
});

test("a key that is revoked ends the page's feed with a way to sign in, not with silence", async ({ page }) => {
  const server = await TestServer.start({ env: { ...env, PORT: "0" } });
  const key = await server.createKey("viewer");
  await signIn(page, server, key);
  await page.goto(server.url);
  await untilLive(page);
  const { items } = (await (await server.get("/api/v1/keys")).json()) as { items: { id: string; role: string }[] };
  const id = items.find(({ role }) => role === "viewer")?.id;
  expect((await server.send("DELETE", `/api/v1/keys/${id}`)).status).toBe(204);
  await page.reload();
  await expect(page).toHaveURL(`${server.url}/sign-in`);
  await server.remove();
});
