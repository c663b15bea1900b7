import { expect } from "@playwright/test";
import { test } from "../support/fixtures.ts";

const PATH = "/api/v1/sessions";
const create = { "if-none-match": "*" };
const at = (id: string) => `${PATH}/${encodeURIComponent(id)}`;
let made = 0;
const unique = (name: string) => `${name} é/?# ${process.pid}-${++made}-0123456789abcdef`;

async function outcome(response: Response): Promise<[number, string]> {
  return [response.status, ((await response.json()) as { code: string }).code];
}

test("PUT with If-None-Match: * begins a session under the caller's id, once", async ({ server }) => {
  const id = unique("own");
  const made = await server.send("PUT", at(id), { data: { n: 1 } }, create);
  expect([made.status, made.headers.get("etag"), made.headers.get("location")]).toEqual([201, '"1"', at(id)]);
  expect(await made.json()).toMatchObject({ id, version: 1, bytes: 7 });
  expect(await outcome(await server.send("PUT", at(id), { data: { n: 2 } }, create))).toEqual([
    412,
    "version-mismatch",
  ]);
  const read = (await (await server.get(at(id))).json()) as object;
  expect(read).toMatchObject({ id, data: { n: 1 } });
  const saved = await server.send("PUT", at(id), { data: { n: 3 } }, { "if-match": '"1"' });
  expect([saved.status, saved.headers.get("etag")]).toEqual([200, '"2"']);
  const merge = { "content-type": "application/merge-patch+json" };
  expect((await server.send("PATCH", at(id), { m: 4 }, merge)).status).toBe(200);
  expect((await server.send("POST", `${at(id)}/touch`)).status).toBe(200);
  expect(await (await server.get(at(id))).json()).toMatchObject({ id, version: 3, data: { n: 3, m: 4 } });
});

test("without the header an unknown id is 404 and stays so, also with a tag or an If-Match beside it", async ({
  server,
}) => {
  const id = unique("unknown");
  expect(await outcome(await server.send("PUT", at(id), { data: 1 }))).toEqual([404, "not-found"]);
  expect(await outcome(await server.send("PUT", at(id), { data: 1 }, { "if-none-match": '"1"' }))).toEqual([
    404,
    "not-found",
  ]);
  const both = await server.send("PUT", at(id), { data: 1 }, { ...create, "if-match": '"1"' });
  expect(await outcome(both)).toEqual([412, "version-mismatch"]);
  expect((await server.get(at(id))).status).toBe(404);
});

test("a late save revives nobody: an own id that was deleted is 409 session-ended", async ({ server }) => {
  const id = unique("deleted");
  await server.send("PUT", at(id), { data: 1 }, create);
  expect((await server.send("DELETE", at(id))).status).toBe(204);
  expect(await outcome(await server.send("PUT", at(id), { data: 2 }, create))).toEqual([409, "session-ended"]);
  expect(await outcome(await server.send("PUT", at(id), { data: 2 }))).toEqual([404, "not-found"]);
  const elsewhere = { "x-namespace": "elsewhere" };
  expect((await server.send("PUT", at(id), { data: 2 }, { ...create, ...elsewhere })).status).toBe(201);
  expect((await server.get(at(id))).status).toBe(404);
});

test("revive=1 begins a session again under an id that ended, but not over one that is there", async ({ server }) => {
  const id = unique("value");
  const revived = `${at(id)}?revive=1`;
  expect((await server.send("PUT", revived, { data: 1 }, create)).status).toBe(201);
  expect(await outcome(await server.send("PUT", revived, { data: 2 }, create))).toEqual([412, "version-mismatch"]);
  await server.send("DELETE", at(id));
  const made = await server.send("PUT", revived, { data: 3 }, create);
  expect([made.status, made.headers.get("etag")]).toEqual([201, '"1"']);
  expect(await (await server.get(at(id))).json()).toMatchObject({ data: 3 });
  await server.send("DELETE", at(id));
  // It adopts no unknown id: that takes the header.
  expect(await outcome(await server.send("PUT", revived, { data: 4 }))).toEqual([404, "not-found"]);
  expect((await server.send("PUT", `${at(id)}?revive=yes`, { data: 4 }, create)).status).toBe(400);
});

test("an own id under 22 bytes or over 256 is 400 and names the id, as is a body that does not fit", async ({
  server,
}) => {
  for (const id of ["x".repeat(21), "é".repeat(10), "x".repeat(257), "é".repeat(129)]) {
    const response = await server.send("PUT", at(id), { data: 1 }, create);
    expect(response.status, id).toBe(400);
    const { code, errors } = (await response.json()) as { code: string; errors: { path: string }[] };
    expect([code, errors[0]?.path.endsWith(".id")], id).toEqual(["validation-failed", true]);
  }
  const id = unique("bad");
  for (const body of [{}, { data: 1, extra: 2 }, []])
    expect((await server.send("PUT", at(id), body, create)).status).toBe(400);
  expect((await server.get(at(id))).status).toBe(404);
});

test("own ids are told by the list and an export, and an import keeps them", async ({ server }) => {
  const own = { "x-namespace": "own-ids" };
  const ids = [unique("one"), unique("two")];
  for (const id of ids) await server.send("PUT", at(id), { data: { id } }, { ...create, ...own });
  const list = (await (await server.get(PATH, own)).json()) as { items: { id: string }[] };
  expect(list.items.map(({ id }) => id).sort()).toEqual(ids.toSorted());
  const again = { "x-namespace": "own-ids-again" };
  for (const format of ["ndjson", "csv"]) {
    const lines = await (await server.get(`/api/v1/export?source=sessions&format=${format}`, own)).text();
    const cast = format === "csv" ? "&cast=data:json,idleTimeoutSeconds:number,version:number" : "";
    const job = await server.send("POST", `/api/v1/streams?target=sessions&format=${format}&wait=1${cast}`, lines, {
      ...again,
      "content-type": "application/octet-stream",
    });
    expect(await job.json()).toMatchObject({ records: 2, rejected: 0 });
    for (const id of ids) expect(await (await server.get(at(id), again)).json()).toMatchObject({ id, data: { id } });
  }
});
