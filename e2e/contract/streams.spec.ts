import { promisify } from "node:util";
import zlib, { brotliCompress, brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { expect } from "@playwright/test";
import type { StreamJobView } from "../../lib/contracts/streams.ts";
import { ZSTD_FRAMES, ZSTD_SKIPPABLE } from "../../lib/streaming/zstd.fixture.ts";
import { test } from "../support/fixtures.ts";
import { OPERATOR_KEY } from "../support/server.ts";
import { jobOf, PATH, patch, post, problem } from "../support/streams.ts";

const LINES = Array.from({ length: 5000 }, (_, id) =>
  JSON.stringify({ id, even: id % 2 === 0, text: "é".repeat(id % 50) }),
);
const NDJSON = `${LINES.join("\n")}\n`;

/** Two compressed bodies, one after the other, as `cat` makes them. */
const joined = (compress: (text: string) => Buffer, between = Buffer.alloc(0)) =>
  new Uint8Array(Buffer.concat([compress(NDJSON), between, compress(NDJSON)]));

test("a stream is counted exactly, its bad records are set aside with line and offset", async ({ server }) => {
  const body = `${LINES[0]}\n{"id":\n\n${LINES[1]}\n`;
  const response = await post(server, "target=none&format=ndjson&wait=1", body);
  expect(response.status).toBe(200);
  const job = await jobOf(response);
  expect(job).toMatchObject({
    state: "completed",
    records: 2,
    rejected: 1,
    bytesRead: Buffer.byteLength(body),
    error: null,
  });
  const rejects = await server.get(`${PATH}/${job.id}/rejects`);
  expect(rejects.headers.get("content-type")).toContain("application/x-ndjson");
  const [line = "", rest] = (await rejects.text()).split("\n");
  expect(JSON.parse(line)).toMatchObject({
    line: 2,
    offset: Buffer.byteLength(`${LINES[0]}\n`),
    code: "malformed-json",
    excerpt: '{"id":',
  });
  expect(rest).toBe("");
});

test("without wait it answers 202 with the job's Location, which then tells the end", async ({ server }) => {
  const response = await post(server, "target=none&format=ndjson", NDJSON);
  expect(response.status).toBe(202);
  const location = response.headers.get("location") ?? "";
  expect(location).toMatch(/^\/api\/v1\/streams\/[\w-]+$/);
  await expect.poll(async () => (await jobOf(await server.get(location))).state).toBe("completed");
  const job = await jobOf(await server.get(location));
  expect(job).toMatchObject({ records: 5000, bytesTotal: Buffer.byteLength(NDJSON), resumable: false });
  const listed = (await (await server.get(`${PATH}?limit=5`)).json()) as { items: StreamJobView[] };
  expect(listed.items.map(({ id }) => id)).toContain(job.id);
});

test("each format and encoding gives the records that went in", async ({ server }) => {
  const vectors = Buffer.alloc(3 * 12);
  for (const at of [0, 12, 24]) vectors.writeInt32LE(2, at);
  const cases: [string, BodyInit, Record<string, string>, number][] = [
    ["format=json", `[${LINES.join(",\n")}]`, {}, 5000],
    ["format=json&path=a.b", `{"x":[1],"a":{"b":[${LINES.join(",")}]}}`, {}, 5000],
    ["format=csv", `a,b\r\n1,"x ""y""\n"\r\n2,z`, {}, 2],
    ["format=csv&delimiter=;&columns=p,q", "1;2\n3;4\n", {}, 2],
    ["format=fvecs", vectors, {}, 3],
    ["format=f32&dimensions=3", vectors, {}, 3],
    ["format=text", "one\n\ntwo\n", {}, 2],
    ["format=text&by=paragraph", "one\nmore\n\ntwo\n", {}, 2],
    ["format=ndjson", gzipSync(NDJSON), { "content-encoding": "gzip" }, 5000],
    ["format=ndjson", brotliCompressSync(NDJSON), { "content-encoding": "br" }, 5000],
    ["format=ndjson", joined(brotliCompressSync), { "content-encoding": "br" }, 10_000],
    ["format=ndjson", joined(deflateSync), { "content-encoding": "deflate" }, 10_000],
    ["format=ndjson", joined(gzipSync, Buffer.alloc(512)), { "content-encoding": "gzip" }, 10_000],
    [`format=ndjson&where=${encodeURIComponent('{"even":true}')}&select=id`, NDJSON, {}, 2500],
  ];
  for (const [query, body, headers, records] of cases) {
    const job = await jobOf(await post(server, `target=none&wait=1&${query}`, body, headers));
    expect(job, query).toMatchObject({ state: "completed", records, rejected: 0 });
  }
});

test("files are read with the marks, encodings, delimiters and line ends that people's programs give them", async ({
  server,
}) => {
  const latin = Buffer.from("id;prénom\n1;Zoë\n2;Max\n", "latin1");
  const wide = Buffer.from("\uFEFFid\tname\r\n1\tZoë\r\n2\tMax\r\n", "utf16le");
  const cases: [string, BodyInit, Partial<StreamJobView>][] = [
    ["format=csv", '\uFEFF"id","n"\n"x","1"\n"y","2"\n', { encoding: "utf-8", delimiter: "," }],
    ["format=json", '\uFEFF[{"a":1},{"a":2}]', { encoding: "utf-8", delimiter: null }],
    ["format=csv", "id,name\r1,a\r2,b\r", { delimiter: "," }],
    ["format=csv", "sep=;\r\nid;n\r\n1;2\r\n3;4\r\n", { delimiter: ";" }],
    ["format=csv&encoding=latin1", latin, { encoding: "windows-1252", delimiter: ";" }],
    ["format=csv&delimiter=auto", wide, { encoding: "utf-16le", delimiter: "\t" }],
    ["format=csv", new Uint8Array(Buffer.from(wide).swap16()), { encoding: "utf-16be", delimiter: "\t" }],
  ];
  for (const [query, body, found] of cases) {
    const job = await jobOf(await post(server, `target=none&wait=1&${query}`, body));
    expect(job, query).toMatchObject({ state: "completed", records: 2, rejected: 0, ...found });
  }
});

test("a header that is no valid text is 422, and nothing is kept of the file", async ({ server }) => {
  const body = Buffer.from("id,pr\xe9nom,ville\nu1,Zoe,Basel\nu2,Max,Bern\n", "latin1");
  const response = await post(server, "target=sessions&format=csv&wait=1", body, { "x-namespace": "latin" });
  expect([response.status, (await response.json()) as object]).toEqual([
    422,
    expect.objectContaining({ errors: [{ path: "", message: "csv-header at line 1, offset 0" }] }),
  ]);
  const listed = (await (await server.get("/api/v1/sessions", { "x-namespace": "latin" })).json()) as { items: [] };
  expect(listed.items).toEqual([]);
  for (const query of ["format=csv&encoding=klingon", "format=fvecs&encoding=utf-8", "format=csv&delimiter=x"])
    expect(await problem(await post(server, `target=none&${query}`, ""))).toEqual([400, "validation-failed"]);
});

test("a stream in another encoding goes on where it was, when it is sent again", async ({ server }) => {
  const rows = Array.from({ length: 30_000 }, (_, id) => `${id},Zürich ${id}\n`).join("");
  const bytes = Buffer.from(`\uFEFFid,ort\n${rows}`, "utf16le");
  const begun = await post(server, "target=none&format=csv&wait=1", bytes.subarray(0, 400_001), {
    "upload-complete": "?0",
  });
  const job = await jobOf(begun);
  expect(job).toMatchObject({ state: "waiting", uploadOffset: 0 });
  expect(job.records).toBeGreaterThan(0);
  const whole = await jobOf(await patch(server, job.id, 0, bytes));
  expect(whole).toMatchObject({ state: "completed", records: 30_000, rejected: 0 });
});

test("numbers in a table are filtered as numbers once they are cast; before, the job counts what compares unlike", async ({
  server,
}) => {
  const table = "id;price\na;5\nb;12,5\nc;\nd;NULL\ne;100\n";
  const where = `where=${encodeURIComponent('{"cost":{"gt":10}}')}&rename=price:cost`;
  const send = async (query: string) =>
    await jobOf(await post(server, `target=none&format=csv&wait=1&${query}`, table));
  expect(await send(`${where}&cast=price:number&decimal=,&null=NULL`)).toMatchObject({
    records: 2,
    filtered: 3,
    rejected: 0,
    comparedUnlike: 0,
  });
  expect(await send(where)).toMatchObject({ records: 0, filtered: 5, comparedUnlike: 5 });
  expect(await send("select=prize")).toMatchObject({ records: 5, selectedNothing: 5 });
  expect(await send("select=id,prize")).toMatchObject({ records: 5, selectedNothing: 0 });
  const lines = '{"n":null}\n{"n":"2"}\n';
  expect(await jobOf(await post(server, "target=none&format=ndjson&wait=1&cast=n:number", lines))).toMatchObject({
    records: 2,
    rejected: 0,
  });
});

test("a stream that is sent in parts goes on from Upload-Offset, and from nowhere else", async ({ server }) => {
  const bytes = Buffer.from(NDJSON);
  const cut = 100_001;
  const begun = await post(server, "target=none&format=ndjson&wait=1", bytes.subarray(0, cut), {
    "upload-complete": "?0",
  });
  const job = await jobOf(begun);
  expect(job.state).toBe("waiting");
  const head = await fetch(`${server.url}${PATH}/${job.id}`, {
    method: "HEAD",
    headers: { authorization: `Bearer ${OPERATOR_KEY}` },
  });
  const offset = Number(head.headers.get("upload-offset"));
  expect(head.headers.get("upload-complete")).toBe("?0");
  expect(offset).toBeLessThanOrEqual(cut);
  expect(offset).toBeGreaterThan(cut - 200);
  const wrong = await patch(server, job.id, offset + 1, bytes.subarray(offset + 1));
  expect(wrong.headers.get("upload-offset")).toBe(String(offset));
  expect(await problem(wrong)).toEqual([409, "upload-offset-mismatch"]);
  const done = await jobOf(await patch(server, job.id, offset, bytes.subarray(offset)));
  expect(done).toMatchObject({ state: "completed", records: 5000, rejected: 0, bytesRead: bytes.length });
  expect(await problem(await patch(server, job.id, bytes.length, "x"))).toEqual([409, "conflict"]);
});

test("a part is answered when it is kept, waited for or not: the next one goes on at once from the offset it is told", async ({
  server,
}) => {
  for (const [cut, rest] of [
    ["", '{"id":1}\n{"id":2}\n'],
    ['{"id":1}\n{"i', '{"id":2}\n'],
  ] as const) {
    for (let round = 0; round < 10; round++) {
      const begun = await post(server, "target=none&format=ndjson", cut, { "upload-complete": "?0" });
      expect(begun.status).toBe(202);
      const { id, state, uploadOffset } = await jobOf(begun);
      expect(state).toBe("waiting");
      expect(begun.headers.get("upload-offset")).toBe(String(uploadOffset));
      const done = await jobOf(await patch(server, id, uploadOffset, rest));
      expect(done).toMatchObject({ state: "completed", records: 2 });
    }
  }
});

test("sessions and cache keep the records once, however often they are sent", async ({ server }) => {
  const records = Array.from({ length: 40 }, (_, id) => JSON.stringify({ id: `import-${id}`, user: id }));
  const body = records.join("\n");
  // A namespace of its own: sessions of other tests end while this one counts.
  const own = { "x-namespace": "import" };
  const count = async () =>
    ((await (await server.get("/api/v1/sessions?limit=500", own)).json()) as { items: unknown[] }).items.length;
  const before = await count();
  for (let round = 0; round < 2; round++) {
    expect(await jobOf(await post(server, "target=sessions&format=ndjson&wait=1", body, own))).toMatchObject({
      records: 40,
      rejected: 0,
    });
  }
  expect(await count()).toBe(before + 40);
  const cached = `{"key":"greeting","body":"${Buffer.from("hello").toString("base64")}","mediaType":"text/plain"}`;
  expect(await jobOf(await post(server, "target=cache&format=ndjson&wait=1", cached))).toMatchObject({ records: 1 });
  const hit = await server.get("/api/v1/cache/greeting");
  expect([hit.headers.get("content-type"), await hit.text()]).toEqual(["text/plain", "hello"]);
});

test("the ids of what was kept are told, with the line of each record: imported sessions can be read by them", async ({
  server,
}) => {
  const own = { "x-namespace": "results" };
  const body = '{"id":"ann","user":1}\nbroken\n{"user":2}\n';
  const job = await jobOf(await post(server, "target=sessions&format=ndjson&wait=1", body, own));
  const results = await server.get(`${PATH}/${job.id}/results`, own);
  expect(results.headers.get("content-type")).toContain("application/x-ndjson");
  const told = (await results.text()).trim().split("\n");
  const entries = told.map((line) => JSON.parse(line) as { line: number; offset: number; id: string });
  expect(entries.map(({ line, offset }) => [line, offset])).toEqual([
    [1, 0],
    [3, 29],
  ]);
  const data = [];
  for (const { id } of entries) {
    const session = (await (await server.get(`/api/v1/sessions/${id}`, own)).json()) as { data: unknown };
    data.push(session.data);
  }
  expect(data).toEqual([{ id: "ann", user: 1 }, { user: 2 }]);

  const counted = await jobOf(await post(server, "target=none&format=ndjson&wait=1", body, own));
  expect(await (await server.get(`${PATH}/${counted.id}/results`, own)).text()).toBe("");
  expect(await problem(await server.get(`${PATH}/${job.id}/results`))).toEqual([404, "not-found"]);
  const made = await server.send("POST", "/api/v1/keys", { name: "watcher", role: "viewer", namespace: "results" });
  const { key } = (await made.json()) as { key: string };
  const viewer = { authorization: `Bearer ${key}` };
  expect(await problem(await server.get(`${PATH}/${job.id}/results`, viewer))).toEqual([403, "forbidden"]);
});

test("a body of several zstd frames is read whole, or 415 says from which Node on it is", async ({ server }) => {
  const frames = [ZSTD_SKIPPABLE, ...ZSTD_FRAMES.map(({ bytes }) => bytes)];
  const send = (...parts: Uint8Array[]) =>
    post(server, "target=none&format=ndjson&wait=1", new Uint8Array(Buffer.concat(parts)), {
      "content-encoding": "zstd",
    });
  const whole = await send(...frames);
  const behind = await send(...frames, Buffer.from("garbage"));
  if ("createZstdDecompress" in zlib) {
    expect(await jobOf(whole)).toMatchObject({ state: "completed", records: 5, rejected: 0 });
    const { code, detail } = (await behind.json()) as { code: string; detail: string };
    const offset = Buffer.concat(frames).length;
    expect([behind.status, code, detail]).toEqual([400, "malformed-request", expect.stringContaining(`${offset}`)]);
  } else {
    const { code, detail } = (await whole.json()) as { code: string; detail: string };
    expect([whole.status, code]).toEqual([415, "unsupported-media-type"]);
    expect(detail).toContain("Node.js 22.15 or later");
    expect(whole.headers.get("accept-encoding")).not.toContain("zstd");
    expect(behind.status).toBe(415);
  }
});

test("what cannot be meant is refused before or where it breaks, and never with 500", async ({ server }) => {
  const refused: [string, BodyInit, Record<string, string>, number, string][] = [
    ["format=ndjson", "{}", {}, 400, "validation-failed"],
    ["target=nowhere&format=ndjson", "{}", {}, 400, "validation-failed"],
    ["target=none&format=xml", "{}", {}, 400, "validation-failed"],
    ["target=none&format=ndjson&surprise=1", "{}", {}, 400, "validation-failed"],
    ["target=none&format=csv&path=a", "{}", {}, 400, "validation-failed"],
    ["target=none&format=f32", "{}", {}, 400, "validation-failed"],
    ["target=none&format=ndjson&where=%7B", "{}", {}, 400, "validation-failed"],
    ["target=none&format=ndjson&cast=a:date", "{}", {}, 400, "validation-failed"],
    ["target=none&format=ndjson", "{}", { "content-encoding": "compress" }, 415, "unsupported-media-type"],
    ["target=none&format=ndjson&wait=1", "not gzip", { "content-encoding": "gzip" }, 400, "malformed-request"],
    ["target=none&format=json&wait=1", '[{"a":1},', {}, 422, "unprocessable"],
    ["target=none&format=csv&wait=1", "a,a\n1,2\n", {}, 422, "unprocessable"],
    ["target=none&format=fvecs&wait=1", "no vectors here", {}, 422, "unprocessable"],
  ];
  for (const [query, body, headers, status, code] of refused)
    expect(await problem(await post(server, query, body, headers)), query).toEqual([status, code]);
  expect(await problem(await server.get(`${PATH}/nobody`))).toEqual([404, "not-found"]);
  expect(await problem(await server.get(`${PATH}?cursor=AAAA`))).toEqual([400, "validation-failed"]);
});

test("T03: a bomb of 200 bytes that inflates to 256 MB is refused", async ({ server }) => {
  // Not in one go: while it blocks, nobody hears that the server has closed an idle connection.
  const bomb = await promisify(brotliCompress)(Buffer.alloc(256 * 1024 * 1024, 0x20));
  expect(bomb.length).toBeLessThan(1000);
  const response = await post(server, "target=none&format=ndjson&wait=1", new Uint8Array(bomb), {
    "content-encoding": "br",
  });
  expect(await problem(response)).toEqual([413, "body-too-large"]);
});

test("a session that an import names twice is one session, with what came last, and others go on", async ({
  server,
}) => {
  const own = { "x-namespace": "twice" };
  const records = [1, 2, 3].map((n) => JSON.stringify({ id: "same", data: { n, pad: "x".repeat(n) } })).join("\n");
  expect(await jobOf(await post(server, "target=sessions&format=ndjson&wait=1", records, own))).toMatchObject({
    state: "completed",
    records: 3,
  });
  const listed = (await (await server.get("/api/v1/sessions", own)).json()) as {
    items: { id: string; version: number }[];
  };
  expect(listed.items.map(({ version }) => version)).toEqual([3]);
  const found = await server.get(`/api/v1/sessions/${listed.items[0]?.id}`, own);
  expect(await found.json()).toMatchObject({ data: { n: 3 } });
  expect((await server.send("POST", "/api/v1/sessions", { data: {} }, own)).status).toBe(201);
});

test("a stream belongs to its namespace, and a viewer may watch but not send", async ({ server }) => {
  const job = await jobOf(await post(server, "target=none&format=ndjson&wait=1", "{}"));
  const other = await server.get(`${PATH}/${job.id}`, { "x-namespace": "elsewhere" });
  expect(await problem(other)).toEqual([404, "not-found"]);
  const made = await server.send("POST", "/api/v1/keys", { name: "watcher", role: "viewer" });
  const { key } = (await made.json()) as { key: string };
  expect((await server.get(`${PATH}/${job.id}`, { authorization: `Bearer ${key}` })).status).toBe(200);
  const sent = await post(server, "target=none&format=ndjson", "{}", { authorization: `Bearer ${key}` });
  expect(await problem(sent)).toEqual([403, "forbidden"]);
});

test("a job that has ended cannot be cancelled; one that waits can, once and again", async ({ server }) => {
  const done = await jobOf(await post(server, "target=none&format=ndjson&wait=1", "{}"));
  expect((await server.send("DELETE", `${PATH}/${done.id}`)).status).toBe(409);
  const waiting = await jobOf(
    await post(server, "target=none&format=ndjson&wait=1", "{}\n", { "upload-complete": "?0" }),
  );
  for (let round = 0; round < 2; round++)
    expect((await server.send("DELETE", `${PATH}/${waiting.id}`)).status).toBe(204);
  expect(await jobOf(await server.get(`${PATH}/${waiting.id}`))).toMatchObject({
    state: "cancelled",
    records: 1,
    resumable: false,
  });
});
