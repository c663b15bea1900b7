import { expect, test } from "@playwright/test";
import {
  expectAccessible,
  expectNoSideways,
  signIn,
  THEMES,
  untilLive,
  WIDTHS,
  watchForTrouble,
} from "../support/pages.ts";
import { TestServer } from "../support/server.ts";

test.describe.configure({ mode: "serial" });

const MARKUP = `<img src=x onerror="alert(1)"> <script>alert(2)</script> & {{7*7}}`;
const DOCUMENTS = {
  wings: {
    text: "The flutter of slender wings begins where the airflow separates.\n\nA damper at the tip delays it.",
    source: "handbook.pdf",
    page: 12,
  },
  bread: { text: "Bread rises while the yeast turns sugar into gas.", source: "kitchen" },
  tokyo: { text: "東京の冬は乾いていて、晴れる日が多い。", source: "almanac", language: "ja" },
  [MARKUP]: { text: `A page about markup says ${MARKUP} and nothing happens.`, source: MARKUP },
};

let server: TestServer;
test.beforeAll(async () => {
  server = await TestServer.start({ env: { HEADROOM_SAMPLE_SECONDS: "1", HEADROOM_LOG_LEVEL: "warn" } });
});
test.afterAll(() => server.remove());

async function fill(): Promise<void> {
  for (const [id, document] of Object.entries(DOCUMENTS)) {
    const response = await server.send("PUT", `/api/v1/rag/documents/${encodeURIComponent(id)}`, document);
    expect(response.status).toBe(201);
  }
  const said = [
    { role: "system", content: "Answer in one sentence." },
    { role: "user", content: `What does ${MARKUP} do?\nSecond line.` },
    { role: "assistant", content: "Nothing: it is text.", metadata: { toolCalls: [{ id: "c1" }] } },
    { role: "tool", content: "42", metadata: { toolCallId: "c1" } },
  ];
  for (const message of said)
    expect((await server.send("POST", "/api/v1/conversations/talk%201/messages", message)).status).toBe(201);
}

test("without documents the page says how they come, and asking finds nothing", async ({ page }) => {
  const trouble = watchForTrouble(page);
  await signIn(page, server);
  await page.goto(`${server.url}/rag`);
  await untilLive(page);
  await expect(page.getByText("No documents yet")).toBeVisible();
  await expect(page.getByText("No conversations yet")).toBeVisible();
  await expect(page.getByText(/Model: stopped/)).toBeVisible();
  await page.getByLabel("Question").fill("anything at all");
  await page.getByRole("button", { name: "Ask" }).click();
  await expect(page.getByText(/Nothing found/)).toBeVisible();
  await expectAccessible(page);
  expect(trouble).toEqual([]);
});

test("what a service puts in while the page is open appears by itself", async ({ page }) => {
  await signIn(page, server);
  await page.goto(`${server.url}/rag`);
  await expect(page.getByText("No documents yet")).toBeVisible();
  await fill();
  await expect(page.getByRole("row", { name: /handbook\.pdf/ })).toBeVisible();
  await expect(page.getByRole("row", { name: /talk 1/ })).toBeVisible();
  await expect(page.getByText(/Model: ready/)).toBeVisible();
  await expect(page.getByText(/all-MiniLM.* in a helper process \(\d+\)/)).toBeVisible();
});

test("a question by keyboard alone: cited passages, best first, with the words that matter lit", async ({ page }) => {
  const trouble = watchForTrouble(page);
  await signIn(page, server);
  await page.goto(`${server.url}/rag`);
  await untilLive(page);
  await page.getByLabel("Question").focus();
  await page.keyboard.type("where does the flutter of a wing begin?");
  await page.keyboard.press("Enter");
  const first = page.getByRole("region", { name: "Ask" }).getByRole("listitem").first();
  await expect(first).toContainText("[1] handbook.pdf");
  await expect(first).toContainText("page 12");
  await expect(first).toContainText(/characters 0–\d+/);
  await expect(first.locator("mark")).toHaveText(["flutter", "wings", "begins"]);
  await page.keyboard.press("Enter");
  await expect(page.getByText("from the cache")).toBeVisible();
  // The same by words alone, chosen with the keyboard.
  const mode = (name: string) => page.getByRole("radio", { name });
  await mode("Both").focus();
  await page.keyboard.press("ArrowRight");
  await expect(mode("Meaning")).toBeFocused();
  await page.keyboard.press("ArrowRight");
  await expect(mode("Words")).toBeFocused();
  await page.keyboard.press("Space");
  await expect(page.getByRole("radio", { name: "Words" })).toBeChecked();
  await page.getByRole("button", { name: "Ask" }).press("Enter");
  await expect(page.getByText(/1 passage\b/)).toBeVisible();
  await page.getByLabel("Question").fill("東京の冬");
  await page.getByLabel("Question").press("Enter");
  await expect(first.locator("mark")).toHaveText(["東京の冬"]);
  await expectAccessible(page);
  expect(trouble).toEqual([]);
});

test("a document is text, whatever it looks like (T32)", async ({ page }) => {
  const trouble = watchForTrouble(page);
  await signIn(page, server);
  await page.goto(`${server.url}/rag`);
  await untilLive(page);
  await expect(page.getByRole("row", { name: /onerror/ })).toContainText(MARKUP);
  await page.getByLabel("Question").fill("markup script alert");
  await page.getByLabel("Question").press("Enter");
  const first = page.getByRole("region", { name: "Ask" }).getByRole("listitem").first();
  await expect(first).toContainText(`A page about markup says ${MARKUP} and nothing happens.`);
  await page.goto(`${server.url}/rag/conversations/talk%201`);
  await expect(page.getByText(`What does ${MARKUP} do?`)).toBeVisible();
  expect(await page.locator("main img, main script").count()).toBe(0);
  expect(trouble).toEqual([]);
});

test("a conversation opens by keyboard, and shows who said what in order", async ({ page }) => {
  const trouble = watchForTrouble(page);
  await signIn(page, server);
  await page.goto(`${server.url}/rag`);
  await untilLive(page);
  await page.getByRole("row", { name: /talk 1/ }).press("Enter");
  await expect(page.getByRole("heading", { name: "talk 1" })).toBeVisible();
  const messages = page.getByRole("region", { name: "Messages" }).getByRole("listitem");
  await expect(messages).toHaveCount(4);
  for (const [at, word] of ["System", "User", "Assistant", "Tool"].entries())
    await expect(messages.nth(at)).toContainText(word);
  await expectAccessible(page);
  expect(trouble).toEqual([]);
});

test("what fails is said where it was asked: a conversation that is not there, a server that is gone", async ({
  page,
}) => {
  await signIn(page, server);
  await page.goto(`${server.url}/rag/conversations/nobody`);
  await expect(page.getByText("No conversation has this id.")).toBeVisible();
  await page.goto(`${server.url}/rag`);
  await untilLive(page);
  await page.route("**/api/v1/rag/query", (route) =>
    route.fulfill({
      status: 502,
      contentType: "application/problem+json",
      body: JSON.stringify({
        type: "about:blank",
        title: "Upstream failed",
        status: 502,
        code: "upstream-failed",
        detail: "The embedding service did not respond.",
        requestId: "r-1",
      }),
    }),
  );
  await page.getByLabel("Question").fill("anything");
  await page.getByLabel("Question").press("Enter");
  await expect(page.getByRole("alert").filter({ hasText: "The embedding service did not respond." })).toBeVisible();
  await expectAccessible(page);
});

test("reads well in both themes, on a phone, a tablet and a desk", async ({ page }) => {
  const trouble = watchForTrouble(page);
  await signIn(page, server);
  for (const colorScheme of THEMES) {
    for (const width of WIDTHS) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 1_000 });
      await page.goto(`${server.url}/rag`);
      await untilLive(page);
      await page.getByLabel("Question").fill("where does the flutter of a wing begin?");
      await page.getByLabel("Question").press("Enter");
      await expect(page.getByText("[1] handbook.pdf")).toBeVisible();
      await expect(page.getByRole("row", { name: /kitchen/ })).toBeVisible();
      await expectNoSideways(page);
      await expectAccessible(page);
      await page.screenshot({ path: `test-results/rag-${colorScheme}-${width}.png`, fullPage: true });
      await page.goto(`${server.url}/rag/conversations/talk%201`);
      await expect(page.getByText("Answer in one sentence.")).toBeVisible();
      await expectNoSideways(page);
      await expectAccessible(page);
      await page.screenshot({ path: `test-results/rag-talk-${colorScheme}-${width}.png`, fullPage: true });
    }
  }
  expect(trouble).toEqual([]);
});
