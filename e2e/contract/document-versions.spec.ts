import { expect } from "@playwright/test";
import { test } from "../support/fixtures.ts";
import { codeOf, fresh, inNamespace, json, path } from "../support/rag.ts";
import type { TestServer } from "../support/server.ts";

function caller(server: TestServer) {
  const namespace = inNamespace(fresh());
  const send = (method: string, text: string | null, headers: Record<string, string> = {}) =>
    server.send(method, path("d"), text === null ? undefined : { text, source: "s" }, { ...namespace, ...headers });
  return {
    send,
    put: (text: string, headers: Record<string, string> = {}) => send("PUT", text, headers),
    get: (headers: Record<string, string> = {}) => server.get(path("d"), { ...namespace, ...headers }),
  };
}

const etagOf = (response: Response) => response.headers.get("etag") ?? "";

test("a document's version is told by PUT and GET, stays while nothing changes, and never comes back", async ({
  server,
}) => {
  const { put, get, send } = caller(server);
  const made = await put("One text.");
  const first = etagOf(made);
  expect(first).toMatch(/^"[^"]+"$/);
  expect(made.headers.get("x-version")).toBe(first.slice(1, -1));
  expect(etagOf(await get())).toBe(first);
  expect(etagOf(await put("One text."))).toBe(first);
  expect((await get({ "if-none-match": first })).status).toBe(304);
  expect((await get({ "if-match": '"other"' })).status).toBe(412);
  const second = etagOf(await put("Another text."));
  expect(second).not.toBe(first);
  const seen = await get({ "if-none-match": first });
  expect([seen.status, etagOf(seen)]).toEqual([200, second]);
  expect((await send("DELETE", null)).status).toBe(204);
  expect([first, second]).not.toContain(etagOf(await put("Another text.")));
});

test("a write whose condition fails is 412 and changes nothing, one whose condition holds is done", async ({
  server,
}) => {
  const { put, get, send } = caller(server);
  const refused = [412, "version-mismatch"];
  expect(await codeOf(await put("None.", { "if-match": "*" }))).toEqual(refused);
  expect(await codeOf(await put("None.", { "if-version": "1-a" }))).toEqual(refused);
  expect((await get()).status).toBe(404);
  expect((await send("DELETE", null, { "if-match": "*" })).status).toBe(404);
  const made = await put("First.", { "if-none-match": "*" });
  expect(made.status).toBe(201);
  expect(await codeOf(await put("Second.", { "if-none-match": "*" }))).toEqual(refused);
  expect(await codeOf(await put("Second.", { "if-match": '"1-a"' }))).toEqual(refused);
  expect(await codeOf(await put("Second.", { "if-match": `W/${etagOf(made)}` }))).toEqual(refused);
  expect(await codeOf(await send("DELETE", null, { "if-version": "1-a" }))).toEqual(refused);
  for (const headers of [{ "if-match": "unquoted" }, { "if-version": '"quoted"' }] as Record<string, string>[])
    for (const answer of [await put("Second.", headers), await send("DELETE", null, headers)])
      expect(answer.status).toBe(400);
  const before = await get();
  expect(etagOf(before)).toBe(etagOf(made));
  expect(await json(before)).toMatchObject({ text: "First." });
  const next = await put("Second.", { "if-match": `"x", ${etagOf(made)}` });
  expect(next.status).toBe(200);
  const version = next.headers.get("x-version") ?? "";
  expect((await send("DELETE", null, { "if-version": version })).status).toBe(204);
  expect((await get()).status).toBe(404);
});

test("of writers that have read the same version one wins, although embedding takes each of them its time", async ({
  server,
}) => {
  const { put, get, send } = caller(server);
  const writers = Array.from({ length: 5 }, (_, at) => `Writer ${at} says ${"a word ".repeat(50 * at)}.`);
  const statuses = async (headers: Record<string, string>, more: Promise<Response>[] = []) => {
    const answers = await Promise.all([...writers.map((text) => put(text, headers)), ...more]);
    return answers.map(({ status }) => status).sort();
  };
  expect(await statuses({ "if-none-match": "*" })).toEqual([201, 412, 412, 412, 412]);
  const read = etagOf(await get());
  // The unconditional write comes first, so that all others meet another version than they have read.
  const first = put("Nobody was asked.");
  const late = await Promise.all([first.then(() => put("Late.", { "if-match": read })), first]);
  expect(late.map(({ status }) => status)).toEqual([412, 200]);
  const again = { "if-match": etagOf(await get()) };
  const texts = writers.map((text) => `Again: ${text}`);
  const answers = await Promise.all([...texts.map((text) => put(text, again)), send("DELETE", null, again)]);
  const done = answers.filter(({ status }) => status < 300);
  expect(done).toHaveLength(1);
  for (const { status } of answers) expect([200, 204, 404, 412]).toContain(status);
});
