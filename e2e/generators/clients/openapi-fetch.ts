// A round trip on every resource with openapi-fetch, typed by openapi-typescript.
import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { paths } from "../generated/openapi-typescript.d.ts";

const [, , baseUrl = "", key = ""] = process.argv;
const client = createClient<paths>({ baseUrl, headers: { authorization: `Bearer ${key}` } });

/** The data of an answer that is not a problem. */
function ok<T>({ data, error, response }: { data?: T; error?: unknown; response: Response }): T {
  assert.equal(error, undefined, `${response.url}: ${JSON.stringify(error)}`);
  assert.notEqual(data, undefined, response.url);
  return data as T;
}

const { data: session, response } = await client.POST("/api/v1/sessions", { body: { data: { user: "ada" } } });
assert.ok(session);
const path = { id: session.id };
const etag = response.headers.get("etag") ?? "";
ok(await client.PUT("/api/v1/sessions/{id}", { params: { path, header: { "If-Match": etag } }, body: { data: [1] } }));
const stale = await client.PUT("/api/v1/sessions/{id}", {
  params: { path, header: { "If-Match": etag } },
  body: { data: 2 },
});
assert.equal(stale.error?.code, "version-mismatch");
assert.deepEqual(ok(await client.GET("/api/v1/sessions/{id}", { params: { path } })).data, [1]);
const listed = ok(await client.GET("/api/v1/sessions", { params: { query: { limit: 2 } } }));
assert.ok(listed.items.some(({ id }) => id === session.id));

const cached = await client.PUT("/api/v1/cache/{key}", {
  params: { path: { key: "k/1 ü" }, header: { "Cache-Control": "max-age=60", "Cache-Tag": "a,b" } },
  body: "hello",
  bodySerializer: (body) => body,
  headers: { "content-type": "text/plain" },
});
assert.equal(cached.response.status, 201);
const hit = await client.GET("/api/v1/cache/{key}", { params: { path: { key: "k/1 ü" } }, parseAs: "text" });
assert.equal(hit.data, "hello");
const purged = ok(await client.POST("/api/v1/cache/purge", { body: { tag: "a" } }));
assert.ok("removed" in purged && purged.removed === 1);

const name = "openapi-fetch";
const shape = { dimensions: 3, metric: "cosine" } as const;
ok(await client.PUT("/api/v1/collections/{name}", { params: { path: { name } }, body: shape }));
const points = [{ id: "p", vector: [1, 0, 0], metadata: { lang: "en" } }];
ok(await client.PUT("/api/v1/collections/{name}/points", { params: { path: { name } }, body: { points } }));
const found = ok(
  await client.POST("/api/v1/collections/{name}/search", {
    params: { path: { name } },
    body: { vector: [1, 0, 0], k: 1, filter: { lang: "en" } },
  }),
);
assert.ok("matches" in found && found.matches[0]?.id === "p");

const document = { params: { path: { id: "openapi-fetch" } } };
const text = "Books may be returned within thirty days.";
ok(
  await client.PUT("/api/v1/rag/documents/{id}", {
    ...document,
    body: { text, metadata: { lang: "en", n: [1, null] } },
  }),
);
assert.equal(ok(await client.GET("/api/v1/rag/documents/{id}", document)).text, text);
const passages = ok(
  await client.POST("/api/v1/rag/query", { body: { query: "returning books", filter: { lang: "en" } } }),
);
assert.equal(passages.matches[0]?.documentId, "openapi-fetch");

const chat = { path: { id: "openapi-fetch" } };
ok(
  await client.POST("/api/v1/conversations/{id}/messages", { params: chat, body: { role: "user", content: "hello" } }),
);
const messages = ok(
  await client.GET("/api/v1/conversations/{id}/messages", { params: { ...chat, query: { limit: 5 } } }),
);
assert.equal(messages.items[0]?.content, "hello");
ok(
  await client.POST("/api/v1/rag/context", {
    body: { query: "hello", conversationId: "openapi-fetch", maxTokens: 500 },
  }),
);

const job = ok(
  await client.POST("/api/v1/streams", {
    params: { query: { target: "none", format: "ndjson", wait: "1" } },
    body: '{"id":"a"}\n',
    bodySerializer: (body) => body,
  }),
);
assert.equal(job.records, 1);
const head = await client.HEAD("/api/v1/streams/{id}", { params: { path: { id: job.id } } });
assert.equal(head.response.headers.get("upload-complete"), "?1");

const report = ok(await client.GET("/monitoring/memory"));
assert.ok(report.stores.length > 0 && report.sample.usedBytes > 0);
ok(await client.GET("/monitoring/memory/history", { params: { query: { stepSeconds: 60 } } }));
ok(await client.POST("/monitoring/memory/optimize", { body: { dryRun: true } }));
ok(await client.GET("/monitoring/memory/leaks"));
ok(await client.GET("/api/v1/settings"));
const made = ok(
  await client.POST("/api/v1/keys", { body: { name: "generated", role: "viewer", namespace: "default" } }),
);
const revoked = await client.DELETE("/api/v1/keys/{id}", { params: { path: { id: made.id } } });
assert.equal(revoked.response.status, 204);
assert.equal(ok(await client.GET("/api/v1/auth/me")).role, "operator");
ok(await client.GET("/api/v1/audit", { params: { query: { limit: 1 } } }));
