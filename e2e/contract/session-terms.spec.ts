import { expect } from "@playwright/test";
import { test } from "../support/fixtures.ts";
import type { TestServer } from "../support/server.ts";

const PATH = "/api/v1/sessions";
const END = "2099-01-01T00:00:00.000Z";

interface Session {
  id: string;
  version: number;
  idleTimeoutSeconds: number;
  endsAt: string | null;
  lastUsedAt: string;
  expiresAt: string;
  data?: unknown;
}

async function sent(server: TestServer, method: string, path: string, body?: unknown, headers = {}): Promise<Session> {
  const response = await server.send(method, path, body, headers);
  expect(response.status, `${method} ${path}`).toBeLessThan(300);
  return (await response.json()) as Session;
}

test("PUT, PATCH and touch set the timeout and the end that they name, and leave what they do not name", async ({
  server,
}) => {
  const { id, endsAt } = await sent(server, "POST", PATH, { data: { n: 1 } });
  expect(endsAt).toBeNull();
  const at = `${PATH}/${id}`;
  const put = await sent(server, "PUT", at, { data: { n: 2 }, idleTimeoutSeconds: 2_592_000, expiresAt: END });
  expect(put).toMatchObject({ version: 2, idleTimeoutSeconds: 2_592_000, endsAt: END });
  expect(Date.parse(put.expiresAt) - Date.parse(put.lastUsedAt)).toBe(2_592_000_000);
  expect(await sent(server, "PUT", at, { data: { n: 3 } })).toMatchObject({
    idleTimeoutSeconds: 2_592_000,
    endsAt: END,
  });
  const touched = await sent(server, "POST", `${at}/touch`, { idleTimeoutSeconds: 60 });
  expect(touched).toMatchObject({ version: 3, idleTimeoutSeconds: 60, endsAt: END });
  expect(Date.parse(touched.expiresAt) - Date.parse(touched.lastUsedAt)).toBe(60_000);
  const json = { "content-type": "application/json" };
  expect(await sent(server, "PATCH", at, { expiresAt: null }, json)).toMatchObject({ version: 4, endsAt: null });
  expect(await sent(server, "PATCH", at, { data: { m: 4 }, idleTimeoutSeconds: 90 }, json)).toMatchObject({
    version: 5,
  });
  const merge = { "content-type": "application/merge-patch+json" };
  expect(await sent(server, "PATCH", at, { expiresAt: "a member of the data" }, merge)).toMatchObject({ endsAt: null });
  const read = (await (await server.get(at)).json()) as Session;
  expect(read).toMatchObject({ idleTimeoutSeconds: 90, data: { n: 3, m: 4, expiresAt: "a member of the data" } });
});

test("no use moves an absolute end: the session is 404 after it, and its own id is not free", async ({ server }) => {
  const id = `absolute-end-${process.pid}-0123456789`;
  const create = { "if-none-match": "*" };
  const expiresAt = new Date(Date.now() + 8_000).toISOString();
  const made = await sent(server, "PUT", `${PATH}/${id}`, { data: 1, expiresAt }, create);
  expect([made.endsAt, made.expiresAt]).toEqual([expiresAt, expiresAt]);
  await expect.poll(async () => (await server.send("POST", `${PATH}/${id}/touch`)).status).toBe(404);
  expect((await server.send("PUT", `${PATH}/${id}`, { data: 2 }, create)).status).toBe(409);
});

test("a field that is wrong, unknown or in the past is refused by its path and changes nothing, in touch too", async ({
  server,
}) => {
  const { id } = await sent(server, "POST", PATH, { data: 1 });
  const at = `${PATH}/${id}`;
  const wrong: [object, number, string][] = [
    [{ bogus: 1 }, 400, "/bogus"],
    [{ idleTimeoutSeconds: 0 }, 400, "/idleTimeoutSeconds"],
    [{ idleTimeoutSeconds: 1.5 }, 400, "/idleTimeoutSeconds"],
    [{ idleTimeoutSeconds: null }, 400, "/idleTimeoutSeconds"],
    [{ idleTimeoutSeconds: 315_360_001 }, 400, "/idleTimeoutSeconds"],
    [{ expiresAt: "tomorrow" }, 400, "/expiresAt"],
    [{ expiresAt: 5 }, 400, "/expiresAt"],
    [{ expiresAt: "2020-01-01T00:00:00Z" }, 422, "/expiresAt"],
  ];
  for (const [fields, status, path] of wrong) {
    for (const [method, where, body] of [
      ["POST", PATH, { data: 2, ...fields }],
      ["PUT", at, { data: 2, ...fields }],
      ["PATCH", at, { data: 2, ...fields }],
      ["POST", `${at}/touch`, fields],
    ] as const) {
      const response = await server.send(method, where, body, { "content-type": "application/json" });
      const { errors } = (await response.json()) as { errors: { path: string }[] };
      expect([response.status, errors[0]?.path], `${method} ${JSON.stringify(fields)}`).toEqual([status, path]);
    }
  }
  expect(await (await server.get(at)).json()).toMatchObject({
    version: 1,
    data: 1,
    idleTimeoutSeconds: 1800,
    endsAt: null,
  });
});
