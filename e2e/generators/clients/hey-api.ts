// A round trip on every resource with the SDK of hey-api.
import assert from "node:assert/strict";
import { client } from "../generated/hey-api/client.gen";
import * as api from "../generated/hey-api/index";

const [, , baseUrl = "", key = ""] = process.argv;
client.setConfig({ baseUrl, auth: key, throwOnError: true });
const throwOnError = true;
const name = "hey-api";

const session = (await api.createSession({ body: { data: { user: "ada" } }, throwOnError })).data;
const one = { path: { id: session.id }, throwOnError } as const;
await api.replaceSession({ ...one, headers: { "If-Version": String(session.version) }, body: { data: [1] } });
assert.deepEqual((await api.getSession(one)).data.data, [1]);
assert.ok((await api.listSessions({ query: { limit: 2 }, throwOnError })).data.items.length > 0);
await api.deleteSession(one);
const gone = await api.getSession({ path: { id: session.id }, throwOnError: false });
assert.equal(gone.error?.code, "not-found");

const cached = { path: { key: name }, throwOnError } as const;
await api.putCachedResponse({ ...cached, body: new Blob(["hello"]), headers: { "Cache-Control": "max-age=60" } });
const hit = await api.getCachedResponse({ ...cached, parseAs: "text" });
assert.equal(hit.data, "hello");
await api.deleteCachedResponse(cached);

const collection = { path: { name }, throwOnError } as const;
await api.createCollection({ ...collection, body: { dimensions: 3, metric: "cosine" } });
await api.upsertPoints({ ...collection, body: { points: [{ id: "p", vector: [1, 0, 0], metadata: { lang: "en" } }] } });
const search = { vector: [1, 0, 0], k: 1, filter: { lang: "en" } };
const found = (await api.searchCollection({ ...collection, body: search })).data;
assert.ok("matches" in found && found.matches[0]?.id === "p");
await api.deleteCollection(collection);

const text = "Books may be returned within thirty days.";
const document = { path: { id: name }, throwOnError } as const;
await api.putDocument({ ...document, body: { text, metadata: { lang: "en", n: [1, null] } } });
assert.equal((await api.getDocument(document)).data.text, text);
const passages = await api.queryDocuments({ body: { query: "returning books" }, throwOnError });
assert.ok(passages.data.matches.length > 0);
await api.deleteDocument(document);

await api.appendMessage({ path: { id: name }, body: { role: "user", content: "hello" }, throwOnError });
const messages = await api.listMessages({ path: { id: name }, query: { limit: 5 }, throwOnError });
assert.equal(messages.data.items[0]?.content, "hello");
await api.deleteConversation({ path: { id: name }, throwOnError });

const query = { target: "none", format: "ndjson", wait: "1" } as const;
const job = await api.uploadStream({ query, body: new Blob(['{"id":"a"}\n']), throwOnError });
assert.equal((await api.getStream({ path: { id: job.data.id }, throwOnError })).data.records, 1);

assert.ok((await api.getMemory({ throwOnError })).data.stores.length > 0);
assert.ok((await api.getMemoryHistory({ query: { stepSeconds: 60 }, throwOnError })).data.samples);
assert.equal((await api.optimizeMemory({ body: { dryRun: true }, throwOnError })).data.dryRun, true);
assert.equal((await api.getIdentity({ throwOnError })).data.role, "operator");
assert.ok((await api.getSettings({ throwOnError })).data.settings.length > 0);
const made = await api.createKey({ body: { name, role: "viewer" }, throwOnError });
await api.revokeKey({ path: { id: made.data.id }, throwOnError });
assert.equal((await api.listAudit({ query: { limit: 1 }, throwOnError })).data.items.length, 1);
