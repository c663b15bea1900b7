import { describe, expect, it } from "vitest";
import type { CachePut, CacheStore, PutOutcome } from "../ports/cache-store.ts";
import type { RecordSink } from "../ports/stream-sink.ts";
import { AppError } from "../shared/errors.ts";
import { readDocument } from "./import-document.ts";
import { createSinkOpener } from "./stream-sinks.ts";

/** A sink over stores that take all that they are given. */
async function setUp(target: string, embed?: string, cached: PutOutcome = "added") {
  const kept: unknown[] = [];
  const take = (value: unknown): void => void kept.push(value);
  const opener = createSinkOpener({
    secret: "secret",
    sessions: {
      put: async (_id, _namespace, text, terms, past) => take({ text, ...terms, past }),
      putOwn: async (id, _namespace, text, { endsAtMs }) => take({ id, text, endsAtMs }),
      committed: async () => undefined,
    },
    cache: {
      put: async ({ body, ...put }: CachePut) => {
        take({ ...put, text: Buffer.from(body as Uint8Array).toString() });
        return cached;
      },
    } as CacheStore,
    vectors: {
      collection: async () => undefined,
      upsert: async (_namespace, _name, points) => {
        for (const point of points) take(point);
        return { refused: [] };
      },
    },
    rag: async (_namespace, id, body) => take(readDocument(id, body)),
    embed: async (_namespace, texts) => texts.map(() => Float32Array.of(1, 2)),
  });
  const spec = { target, format: "ndjson", parse: { format: "ndjson", transform: {} }, batchSize: 500 } as const;
  const sink = (await opener(embed ? { ...spec, embed } : spec, "n", "job")) as RecordSink;
  const write = async (...records: unknown[]) => await sink.write({ records, offsets: records.map((_, at) => at) });
  return { kept, write };
}

const body = Buffer.from("hello").toString("base64");
const bad: readonly (readonly [target: string, record: unknown, field: string])[] = [
  ["cache", { key: "k", body: "no base64!" }, "/body"],
  ["cache", { key: "k", body, maxAgeSeconds: 1.5 }, "/maxAgeSeconds"],
  ["cache", { key: "k", body, maxAgeSeconds: 1e300 }, "/maxAgeSeconds"],
  ["cache", { key: "k", body, mediaType: "no type" }, "/mediaType"],
  ["cache", { key: "k", body, tags: ["with,comma"] }, "/tags/0"],
  ["cache", { key: "k", body, tags: Array(129).fill("t") }, "/tags"],
  ["cache", { key: "k", body, meta: "naïve" }, "/meta"],
  ["cache", { key: "k", body, staleWhileRevalidateSeconds: 0.5 }, "/staleWhileRevalidateSeconds"],
  ["cache", { key: "k", body, surprise: 1 }, "/surprise"],
  ["cache", { key: "..", body }, "/key"],
  ["cache", [1], "/"],
  ["sessions", { data: 1, idleTimeoutSeconds: 1.5 }, "/idleTimeoutSeconds"],
  ["sessions", { data: 1, idleTimeoutSeconds: null }, "/idleTimeoutSeconds"],
  ["sessions", { id: "", data: 1 }, "/id"],
  ["vectors:v", { id: "a", vector: "1,2" }, "/vector"],
  ["vectors:v", { id: "a", vector: [1], metadata: [] }, "/metadata"],
  ["vectors:v", { id: "a", vector: [1], metadata: {}, lost: 1 }, "/lost"],
  ["rag", { id: "a", text: " " }, "/text"],
  ["rag", { id: "a", text: "t", page: 1.5 }, "/page"],
  ["rag", { id: "a", text: "t", surprise: 1 }, "/surprise"],
];

describe("sinks hold records to the schemas of the API", () => {
  it.each(bad)("%s refuses %j by %s, with the API's code, and keeps the others", async (target, record, field) => {
    const { kept, write } = await setUp(target);
    const good = { rag: { id: "g", text: "t" }, cache: { key: "g", body } }[target] ?? { id: "g", vector: [1] };
    const { ids, refusals } = await write(record, good);
    expect(refusals).toEqual([{ index: 0, code: "validation-failed", message: expect.stringContaining(`${field}: `) }]);
    expect(ids).toEqual([null, expect.stringMatching(target === "sessions" ? /^[\w-]{43}$/ : /^g$/)]);
    expect(kept).toHaveLength(1);
  });

  it("takes a response as a batch takes it, and any other record as JSON", async () => {
    const { kept, write } = await setUp("cache");
    await write(
      { key: 7, body, mediaType: "text/plain", maxAgeSeconds: 9, tags: ["a b"], meta: "m" },
      { key: "j", body: 5 },
    );
    expect(kept).toEqual([
      {
        namespace: "n",
        key: "7",
        text: "hello",
        encoding: "identity",
        mediaType: "text/plain",
        tags: ["a b"],
        meta: "m",
        maxAgeMs: 9000,
        staleMs: 0,
      },
      {
        namespace: "n",
        key: "j",
        text: '{"key":"j","body":5}',
        encoding: "identity",
        mediaType: "application/json",
        tags: [],
      },
    ]);
  });

  it("a cache that keeps nothing for now fails the batch; a record without a time to live is done without being kept", async () => {
    const { write } = await setUp("cache", undefined, "not-kept");
    for (const record of [
      { key: "k", body },
      { key: "k", body, maxAgeSeconds: 0, staleWhileRevalidateSeconds: 1 },
      { key: "j", body: 5 },
    ])
      await expect(write(record)).rejects.toMatchObject({ code: "storage-unavailable", status: 503 });
    expect(await write({ key: "k", body, maxAgeSeconds: 0 })).toEqual({ ids: ["k"], refusals: [] });
  });

  const told = {
    id: "a",
    createdAt: "2026-01-01T00:00:00.000Z",
    lastUsedAt: "2026-01-02T00:00:00.000Z",
    expiresAt: "2026-01-02T00:00:09.000Z",
    idleTimeoutSeconds: 9,
    version: 3,
    data: { n: 1 },
  };

  it("a session as an export tells it goes on from its past; with a member fewer or more the record is the data", async () => {
    const { kept, write } = await setUp("sessions");
    const { version: _, ...fewer } = told;
    const more = { ...told, extra: 1 };
    expect((await write(told, fewer, more)).refusals).toEqual([]);
    expect(kept).toEqual([
      {
        text: '{"n":1}',
        idleTimeoutMs: 9_000,
        past: { createdAtMs: Date.UTC(2026, 0, 1), lastUsedAtMs: Date.UTC(2026, 0, 2), version: 3 },
      },
      { text: JSON.stringify(fewer) },
      { text: JSON.stringify(more) },
    ]);
  });

  it("an exported session keeps an id that its consumer chose, told as JSON or as CSV does", async () => {
    const { kept, write } = await setUp("sessions");
    const { ids, refusals } = await write(
      { ...told, ownId: true, endsAt: "2026-01-03T00:00:00.000Z" },
      { ...told, id: "b", ownId: "true", endsAt: "" },
    );
    expect([ids, refusals]).toEqual([["a", "b"], []]);
    await write({ ...told, ownId: "" });
    expect(kept).toEqual([
      { id: "a", text: '{"n":1}', endsAtMs: Date.UTC(2026, 0, 3) },
      { id: "b", text: '{"n":1}' },
      { text: '{"n":1}', idleTimeoutMs: 9_000, past: expect.anything() },
    ]);
  });

  it.each([
    ["createdAt", "yesterday"],
    ["lastUsedAt", 5],
    ["expiresAt", null],
    ["idleTimeoutSeconds", 0],
    ["version", 0],
    ["version", 4_294_967_296],
  ])("an exported session whose %s is %j is refused, and the field named", async (field, value) => {
    const { kept, write } = await setUp("sessions");
    const { refusals } = await write({ ...told, [field]: value });
    expect(refusals).toEqual([
      { index: 0, code: "validation-failed", message: expect.stringContaining(`/${field}: `) },
    ]);
    expect(kept).toEqual([]);
  });

  it("a point over its namespace's quota is refused by the reason alone, whether others of its batch were kept or not", async () => {
    const overQuota = new AppError("quota-exceeded", "It is full.");
    const refused = [{ index: 1, code: overQuota.code, reason: overQuota.message, pointer: "" }];
    const other = { index: 2, code: "unprocessable" as const, reason: "It is too long.", pointer: "/vector" };
    for (const [upsert, most] of [
      [async () => ({ refused: [...refused, other] }), ["It is full.", "/vector: It is too long."]],
      [() => Promise.reject(overQuota), ["It is full.", "It is full.", "It is full."]],
    ] as const) {
      const opener = createSinkOpener({ secret: "s", vectors: { collection: async () => undefined, upsert } });
      const spec = {
        target: "vectors:v",
        format: "ndjson",
        parse: { format: "ndjson", transform: {} },
        batchSize: 500,
      } as const;
      const sink = (await opener(spec, "n", "job")) as RecordSink;
      const records = ["a", "b", "c"].map((id) => ({ id, vector: [1] }));
      const { refusals } = await sink.write({ records, offsets: [0, 1, 2] });
      expect(refusals.map(({ message }) => message)).toEqual(most);
    }
  });

  it("a point's other fields are its metadata, and the embedded text may stand beside metadata", async () => {
    const { kept, write } = await setUp("vectors:v", "text");
    expect(
      await write(
        { id: "a", embedding: [1, 2], n: 1 },
        { id: "b", text: "t", metadata: { n: 2 } },
        { text: "t" },
        JSON.parse('{"id":"p","vector":[1],"__proto__":1}'),
      ),
    ).toEqual({ ids: ["a", "b", "job:2", "p"], refusals: [] });
    expect(kept).toEqual([
      { id: "a", vector: [1, 2], metadata: { n: 1 } },
      { id: "b", vector: Float32Array.of(1, 2), metadata: { n: 2 } },
      { id: "job:2", vector: Float32Array.of(1, 2), metadata: { text: "t" } },
      { id: "p", vector: [1], metadata: JSON.parse('{"__proto__":1}') },
    ]);
  });
});
