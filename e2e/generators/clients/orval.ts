// A round trip on every resource with the functions of orval, whose addresses have no host.
import assert from "node:assert/strict";
import * as api from "../generated/orval";

const [, , baseUrl = "", key = ""] = process.argv;
const plainFetch = globalThis.fetch;
globalThis.fetch = (address, options) => {
  const headers = new Headers(options?.headers);
  headers.set("authorization", `Bearer ${key}`);
  return plainFetch(new URL(String(address), baseUrl), { ...options, headers });
};
const name = "orval";

const created = await api.createSession({ data: { user: "ada" }, idleTimeoutSeconds: 60 });
assert.ok(created.status === 201);
const { id } = created.data;
await api.replaceSession(id, { data: [1] }, {}, { headers: { "If-Match": created.headers.get("etag") ?? "" } });
const session = await api.getSession(id);
assert.ok(session.status === 200);
assert.deepEqual(session.data.data, [1]);
const unknown = await api.getSession("no-such-session");
assert.ok(unknown.status === 404);
assert.equal(unknown.data.code, "not-found");
const listed = await api.listSessions({ limit: 2 });
assert.ok(listed.status === 200 && listed.data.items.length > 0);

assert.equal((await api.createCollection(name, { dimensions: 3, metric: "cosine" })).status, 201);
const points = [{ id: "p", vector: [1, 0, 0], metadata: { lang: "en" } }];
assert.equal((await api.upsertPoints(name, { points })).status, 200);
const found = await api.searchCollection(name, { vector: [1, 0, 0], k: 1, filter: { lang: "en" } });
assert.ok(found.status === 200 && "matches" in found.data && found.data.matches[0]?.id === "p");

const batch = await api.batchCache({ set: [{ key: name, body: "aGVsbG8=", mediaType: "text/plain" }] });
assert.equal(batch.status, 200);
assert.equal((await api.deleteCachedResponse(name)).status, 204);

const text = "Books may be returned within thirty days.";
const stored = await api.putDocument(name, { text, metadata: { lang: "en" } });
assert.ok(stored.status === 201 && stored.data.chunks === 1);
const passages = await api.queryDocuments({ query: "returning books", k: 1 });
assert.ok(passages.status === 200 && passages.data.matches.length === 1);
assert.equal((await api.deleteDocument(name)).status, 204);

const appended = await api.appendMessage(name, { role: "user", content: "hello" });
assert.equal(appended.status, 201);
const messages = await api.listMessages(name, { limit: 5 });
assert.ok(messages.status === 200 && messages.data.items[0]?.content === "hello");

const job = await api.uploadStream({ target: "none", format: "ndjson", wait: "1" }, new Blob(['{"id":"a"}\n']));
assert.ok(job.status === 200 && job.data.records === 1);

const report = await api.getMemory();
assert.ok(report.status === 200 && report.data.stores.length > 0);
const me = await api.getIdentity();
assert.ok(me.status === 200 && me.data.role === "operator");
const settings = await api.getSettings();
assert.ok(settings.status === 200 && settings.data.settings.length > 0);
const key2 = await api.createKey({ name, role: "viewer" });
assert.ok(key2.status === 201);
assert.equal((await api.revokeKey(key2.data.id)).status, 204);
