import { expect } from "@playwright/test";
import { test } from "../support/fixtures.ts";
import { jobOf, post, problem } from "../support/streams.ts";

test("sessions and cache come back out as they are for an operator, are told in the audit, and no read counts as a use", async ({
  server,
}) => {
  const own = { "x-namespace": "exported" };
  const made: string[] = [];
  for (let n = 0; n < 3; n++) {
    const response = await server.send("POST", "/api/v1/sessions", { data: { n }, idleTimeoutSeconds: 900 }, own);
    made.push(((await response.json()) as { id: string }).id);
  }
  await server.send("PUT", "/api/v1/cache/page", "<p>é</p>", {
    ...own,
    "content-type": "text/html",
    "cache-control": "max-age=600, stale-while-revalidate=60",
    "cache-tag": "a,b",
    "cache-meta": "note",
  });
  const before = await (await server.get("/api/v1/sessions", own)).text();
  const records = async (source: string, of: Record<string, string> = own) =>
    (await (await server.get(`/api/v1/export?source=${source}`, of)).text())
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  const sessions = await records("sessions");
  // Those of one millisecond come in the order of their ids.
  const byId = (a: { id?: unknown }, b: { id?: unknown }) => (String(a.id) < String(b.id) ? -1 : 1);
  expect(sessions.toSorted(byId)).toMatchObject(
    made.map((id, n) => ({ id, data: { n }, idleTimeoutSeconds: 900 })).toSorted(byId),
  );
  expect(await (await server.get("/api/v1/sessions", own)).text()).toBe(before);
  const cached = await records("cache");
  expect(cached).toEqual([
    {
      key: "page",
      body: Buffer.from("<p>é</p>").toString("base64"),
      mediaType: "text/html",
      maxAgeSeconds: expect.any(Number),
      staleWhileRevalidateSeconds: 60,
      tags: ["a", "b"],
      meta: "note",
    },
  ]);
  const { items } = (await (await server.get("/api/v1/cache", own)).json()) as { items: { hits: number }[] };
  expect(items.map(({ hits }) => hits)).toEqual([0]);
  // What came out goes in again.
  const again = { "x-namespace": "imported" };
  const job = await jobOf(
    await post(
      server,
      "target=cache&format=ndjson&wait=1",
      cached.map((line) => JSON.stringify(line)).join("\n"),
      again,
    ),
  );
  expect(job).toMatchObject({ records: 1, rejected: 0 });
  expect(await (await server.get("/api/v1/cache/page", again)).text()).toBe("<p>é</p>");
  expect(await records("cache", again)).toEqual([{ ...cached[0], maxAgeSeconds: expect.any(Number) }]);
  // Sessions are all that they were but their ids, which nobody can guess from the old ones.
  const lines = sessions.map((line) => JSON.stringify(line)).join("\n");
  const moved = await jobOf(await post(server, "target=sessions&format=ndjson&wait=1", lines, again));
  expect(moved).toMatchObject({ records: 3, rejected: 0 });
  const back = await records("sessions", again);
  const withoutIds = (list: Record<string, unknown>[]) => list.map(({ id: _, ...rest }) => JSON.stringify(rest)).sort();
  expect(withoutIds(back)).toEqual(withoutIds(sessions));
  expect(back.map(({ id }) => id)).not.toContain(sessions[0]?.id);
  // In CSV data are JSON text.
  const csv = await (await server.get("/api/v1/export?source=sessions&format=csv", own)).text();
  const cast = "cast=data:json,idleTimeoutSeconds:number,version:number";
  const third = { "x-namespace": "imported-csv" };
  const fromCsv = await jobOf(await post(server, `target=sessions&format=csv&wait=1&${cast}`, csv, third));
  expect(fromCsv).toMatchObject({ records: 3, rejected: 0 });
  expect(withoutIds(await records("sessions", third))).toEqual(withoutIds(sessions));

  const audit = (await (await server.get("/api/v1/export?source=audit")).text()).trim().split("\n");
  const told = audit.map((line) => JSON.parse(line) as { action: string; target: string; detail: string });
  const exported = told.filter(({ action, detail }) => action === "export" && detail === "exported");
  expect(exported.map(({ target }) => target).sort()).toEqual(["cache", "sessions", "sessions"]);
  const key = await server.send("POST", "/api/v1/keys", { name: "c", role: "consumer", namespace: "exported" });
  const consumer = { authorization: `Bearer ${((await key.json()) as { key: string }).key}` };
  for (const source of ["sessions", "cache"])
    expect(await problem(await server.get(`/api/v1/export?source=${source}`, consumer))).toEqual([403, "forbidden"]);
});

test("history and audit come back out as a stream, for operators", async ({ server }) => {
  await server.send("POST", "/api/v1/keys", { name: "exported", role: "viewer" });
  const audit = await server.get("/api/v1/export?source=audit");
  const entries = (await audit.text())
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { action: string });
  expect(entries.some(({ action }) => action === "keys.create")).toBe(true);
  const csv = await server.get("/api/v1/export?source=history&format=csv");
  expect([csv.status, (await csv.text()).split("\r\n")[0]]).toEqual([
    200,
    expect.stringContaining("sequence,sampledAt"),
  ]);
  expect(await problem(await server.get("/api/v1/export?source=everything"))).toEqual([400, "validation-failed"]);
  expect(await problem(await server.get("/api/v1/export?source=history&format=fvecs"))).toEqual([
    400,
    "validation-failed",
  ]);
});

test("an exported conversation carries its title, owner and metadata, without messages too", async ({ server }) => {
  const own = { "x-namespace": "exported-talks" };
  const told = { title: "Trip", owner: "ada", metadata: { tags: ["sea"] } };
  for (const id of ["said", "silent"]) await server.send("PUT", `/api/v1/conversations/${id}`, told, own);
  const messages = ["m1", "m2"].map((id) => ({ id, role: "user", content: [{ type: "text", text: id }] }));
  await server.send("POST", "/api/v1/conversations/said/messages", { messages }, own);
  const text = await (await server.get("/api/v1/export?source=conversations", own)).text();
  const records = text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { conversationId: string; id: string | null });
  const of = (id: string) => records.filter(({ conversationId }) => conversationId === id);
  expect(of("said")).toMatchObject([
    { conversation: told, id: "m1", content: messages[0]?.content },
    { conversation: null, id: "m2" },
  ]);
  expect(of("silent")).toMatchObject([{ conversation: told, id: null, role: null, content: null, sequence: 0 }]);
});
