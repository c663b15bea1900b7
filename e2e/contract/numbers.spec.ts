import { expect } from "@playwright/test";
import { test } from "../support/fixtures.ts";
import type { TestServer } from "../support/server.ts";

const JSON_TYPE = { "content-type": "application/json" };

/** Sends JSON as it is written, and tells the answer's status, code and the paths that it names. */
async function refusal(server: TestServer, method: string, target: string, body: string, type = JSON_TYPE) {
  const response = await server.send(method, target, body, type);
  const { code, errors } = (await response.json()) as { code: string; errors?: { path: string }[] };
  return [response.status, code, errors?.map(({ path }) => path)];
}

/** Each is another value as a double, or prints as another one. */
const CHANGED = [
  "9007199254740993",
  "-0",
  "-0.0",
  "1e-400",
  "0.1000000000000000055511151231257827",
  "12345678901234567890",
];

test("a number that would change is refused with 422 and its path in every body that keeps JSON, and changes nothing", async ({
  server,
}) => {
  const made = await server.send("POST", "/api/v1/sessions", { data: { n: 1 } });
  const { id } = (await made.json()) as { id: string };
  await server.send("PUT", "/api/v1/collections/numbers", { dimensions: 2, metric: "dot" });
  const bodies: [string, string, (number: string) => string, string, Record<string, string>?][] = [
    ["POST", "/api/v1/sessions", (n) => `{"data":{"a/b":[1,${n}]}}`, "/data/a~1b/1"],
    ["PUT", `/api/v1/sessions/${id}`, (n) => `{"data":${n}}`, "/data"],
    ["PATCH", `/api/v1/sessions/${id}`, (n) => `{"n":${n}}`, "/n", { "content-type": "application/merge-patch+json" }],
    [
      "PUT",
      "/api/v1/collections/numbers/points",
      (n) => `{"points":[{"id":"a","vector":[1,0],"metadata":{"vector":[${n}]}}]}`,
      "/points/0/metadata/vector/0",
    ],
    [
      "POST",
      "/api/v1/collections/numbers/search",
      (n) => `{"vector":[1,0],"filter":{"n":{"in":[1,${n}]}}}`,
      "/filter/n/in/1",
    ],
    ["PUT", "/api/v1/rag/documents/numbers", (n) => `{"text":"t","metadata":{"n":${n}}}`, "/metadata/n"],
    ["POST", "/api/v1/rag/query", (n) => `{"query":"q","filter":{"n":${n}}}`, "/filter/n"],
    [
      "POST",
      "/api/v1/conversations/numbers/messages",
      (n) => `{"role":"user","content":"c","metadata":{"n":${n}}}`,
      "/metadata/n",
    ],
    ["PATCH", "/api/v1/settings", (n) => `{"maxSessions":${n}}`, "/maxSessions"],
  ];
  for (const [method, target, body, path, type] of bodies) {
    for (const number of CHANGED)
      expect(
        await refusal(server, method, target, body(number), { ...JSON_TYPE, ...type }),
        `${target} ${number}`,
      ).toEqual([422, "number-not-exact", [path]]);
    expect(await refusal(server, method, target, body("1E400"), { ...JSON_TYPE, ...type }), target).toEqual([
      400,
      "malformed-json",
      [path],
    ]);
  }
  const read = (await (await server.get(`/api/v1/sessions/${id}`)).json()) as { data: unknown; version: number };
  expect([read.data, read.version]).toEqual([{ n: 1 }, 1]);
  const filter = encodeURIComponent('{"n":9007199254740993}');
  const listed = await server.get(`/api/v1/collections/numbers/points?filter=${filter}`);
  expect([listed.status, await listed.json()]).toEqual([
    422,
    expect.objectContaining({
      code: "number-not-exact",
      errors: [expect.objectContaining({ path: "query.filter" })],
    }),
  ]);
});

test("a number that only changes its spelling comes back as the same value, and a vector is rounded to its precision", async ({
  server,
}) => {
  const data =
    '{"a":0.10,"b":1.0,"c":1E21,"d":9007199254740992,"e":-0.5,"f":5e-324,"g":0.30000000000000004,"h":0e-999}';
  const made = await server.send("POST", "/api/v1/sessions", `{"data":${data}}`, JSON_TYPE);
  const { id } = (await made.json()) as { id: string };
  const { data: kept } = (await (await server.get(`/api/v1/sessions/${id}`)).json()) as { data: unknown };
  expect(kept).toEqual(JSON.parse(data));
  await server.send("PUT", "/api/v1/collections/rounded", { dimensions: 2, metric: "dot", precision: "float32" });
  const points = '{"points":[{"id":"a","vector":[0.50000000000000000000001,-0],"metadata":{"n":1.50}}]}';
  const put = await server.send("PUT", "/api/v1/collections/rounded/points", points, JSON_TYPE);
  expect(put.status).toBe(200);
  const search = '{"vector":[1.00000000000000000000001,-0.0],"includeVectors":true}';
  const found = await server.send("POST", "/api/v1/collections/rounded/search", search, JSON_TYPE);
  expect(await found.json()).toMatchObject({ matches: [{ id: "a", vector: [0.5, 0], metadata: { n: 1.5 } }] });
});

test("a repeated key is 400 in every body and in a filter of a query", async ({ server }) => {
  const twice = '{"data":{"a":1,"\\u0061":2}}';
  expect(await refusal(server, "POST", "/api/v1/sessions", twice)).toEqual([400, "malformed-json", undefined]);
  for (const target of [
    "/api/v1/collections/numbers/points?filter=",
    "/api/v1/streams?target=none&format=ndjson&where=",
  ]) {
    const query = `${target}${encodeURIComponent('{"a":1,"a":2}')}`;
    const response = await server.send(target.includes("streams") ? "POST" : "GET", query);
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([400, "validation-failed"]);
  }
});

test("two ids past 2^53 in a stream stay two, in each target, and come back as their digits", async ({ server }) => {
  await server.send("PUT", "/api/v1/collections/wide", { dimensions: 2, metric: "dot" });
  const [first, second] = ["1413617112501850121", "1413617112501850122"];
  const stream = async (target: string, format: string, body: string) => {
    const sent = await server.send("POST", `/api/v1/streams?target=${target}&format=${format}&wait=1`, body);
    return (await sent.json()) as { id: string; records: number; rejected: number };
  };
  const point = (id: string) => `{"id":${id},"vector":[1,0],"n":1}`;
  for (const [format, body] of [
    ["ndjson", `${point(first)}\n${point(second)}\n`],
    ["json", `[${point(first)},${point(second)}]`],
  ] as const) {
    expect(await stream("vectors:wide", format, body)).toMatchObject({ records: 2, rejected: 0 });
    const { items } = (await (await server.get("/api/v1/collections/wide/points")).json()) as {
      items: { id: string }[];
    };
    expect(items.map(({ id }) => id).sort()).toEqual([first, second]);
  }
  const documents = `{"id":${first},"text":"one"}\n{"id":${second},"text":"two"}\n`;
  expect(await stream("rag", "ndjson", documents)).toMatchObject({ records: 2, rejected: 0 });
  const responses = `{"key":${first},"body":"b25l"}\n{"key":${second},"body":"dHdv"}\n`;
  expect(await stream("cache", "ndjson", responses)).toMatchObject({ records: 2, rejected: 0 });
  for (const [id, text] of [
    [first, "one"],
    [second, "two"],
  ] as const) {
    expect(await (await server.get(`/api/v1/rag/documents/${id}`)).json()).toMatchObject({ text });
    expect(await (await server.get(`/api/v1/cache/${id}`)).text()).toBe(text);
  }
  const kept = `{"id":1,"data":{"n":${first}}}\n{"id":2,"data":{"a":1,"a":2}}\n{"id":3,"data":{"n":1}}\n`;
  const job = await stream("sessions", "ndjson", kept);
  expect(job).toMatchObject({ records: 1, rejected: 2 });
  const rejects = (await (await server.get(`/api/v1/streams/${job.id}/rejects`)).text()).trim().split("\n");
  expect(rejects.map((line) => JSON.parse(line)).sort((a, b) => a.line - b.line)).toMatchObject([
    { line: 1, code: "number-not-exact", message: expect.stringContaining("/data/n") },
    { line: 2, code: "malformed-json", message: expect.stringContaining("repeats a key") },
  ]);
});
