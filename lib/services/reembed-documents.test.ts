import { rmSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import type { DatabaseClient } from "../backends/sqlite/database-client.ts";
import { createDocumentRows } from "../backends/sqlite/document-rows.ts";
import { Namespaces } from "../backends/sqlite/rag-namespaces.ts";
import { openTestDatabase } from "../backends/sqlite/testing/open-database.ts";
import type { DocumentRows, NewDocument } from "../ports/document-rows.ts";
import { packText } from "../stores/rag/document-text.ts";
import { WORDS_VERSION } from "../stores/rag/index-words.ts";
import { FakeClock } from "../testing/fake-clock.ts";
import { DocumentIngest, type IngestDocument } from "./ingest-document.ts";
import { ModelAgreement } from "./model-agreement.ts";
import type { RagParts } from "./rag-parts.ts";
import { MAX_KEPT_JOBS, Reembedding } from "./reembed-documents.ts";

const READS = 254;

let database: DatabaseClient;
let file: string;
let documents: DocumentRows;
let parts: RagParts;
beforeAll(async () => {
  ({ database, file } = await openTestDatabase());
  documents = await createDocumentRows(database, await Namespaces.open(database));
  const embedder = { state: () => ({ model: { id: "new" } }) };
  parts = { documents, embedder, clock: new FakeClock(), reading: { maxTokens: READS } } as unknown as RagParts;
});
afterAll(async () => {
  await database.close();
  rmSync(path.dirname(file), { recursive: true });
});

const COUNT = 1_500;
const embedAhead = async () => undefined;

async function put(
  namespace: string,
  id: string,
  model: string,
  readingLimit: number,
  wordsVersion = WORDS_VERSION,
  text = "a text",
): Promise<void> {
  const document: NewDocument = {
    ...{ id, source: "s", page: null, language: null, metadata: {}, checksum: "c", chunkSize: 100, chunkOverlap: 20 },
    ...{ chunkCount: 0, characters: 6, createdAtMs: 1, updatedAtMs: 1, model, readingLimit },
    ...{ wordsVersion, languages: ["en"] },
    ...{ text: await packText(text), body: text, chunks: [], keywords: null },
  };
  await documents.replace(namespace, document);
}

it("embeds all of 1,500 documents again, in whatever order their ids are, and the namespace answers afterwards", async () => {
  await Promise.all(Array.from({ length: COUNT }, (_, at) => put("n", `d${(at * 707) % COUNT}`, "old", READS)));
  // The stand-in for the model: it embeds nothing, and puts what it is given.
  const ingest = {
    embedAhead: async () => undefined,
    reembed: async (_: string, id: string, read: () => Promise<unknown>) => {
      if ((await read()) !== null) await put("n", id, "new", READS);
    },
  } as unknown as DocumentIngest;
  const agreement = new ModelAgreement(documents, parts.embedder);
  await expect(agreement.require("n")).rejects.toThrow("1500 documents have vectors of the model old");

  const reembedding = new Reembedding(parts, ingest);
  await reembedding.start("n");
  await vi.waitFor(() => expect(reembedding.state("n").state).not.toBe("running"), { timeout: 600_000 });
  expect(reembedding.state("n")).toMatchObject({ state: "completed", total: COUNT, done: COUNT });
  expect(await documents.models("n")).toEqual([{ model: "new", documents: COUNT }]);
  await agreement.require("n");
});

it("cuts again what was cut for another reading limit, and after a stop only what is left", async () => {
  for (let at = 0; at < 40; at++) await put("cut", `d${at}`, "new", at % 4 === 0 ? READS : 0);
  // They answer until then: the model is the same.
  await new ModelAgreement(documents, parts.embedder).require("cut");
  const cut: string[] = [];
  let stopAt = 10;
  const ingest = {
    embedAhead: async () => undefined,
    reembed: async (_: string, id: string, read: () => Promise<unknown>) => {
      if (cut.length === stopAt) throw new Error("stopped");
      if ((await read()) === null) return;
      cut.push(id);
      await put("cut", id, "new", READS);
    },
  } as unknown as DocumentIngest;
  const run = async () => {
    const reembedding = new Reembedding(parts, ingest);
    await reembedding.start("cut");
    await vi.waitFor(() => expect(reembedding.state("cut").state).not.toBe("running"), { timeout: 600_000 });
    return reembedding.state("cut");
  };
  expect(await run()).toMatchObject({ state: "failed", total: 30, done: 10 });
  stopAt = 100;
  expect(await run()).toMatchObject({ state: "completed", total: 20, done: 20 });
  expect(new Set(cut).size).toBe(30);
  expect(await documents.countOutdated("cut", { model: "new", readingLimit: READS, wordsVersion: WORDS_VERSION })).toBe(
    0,
  );
});

it("writes the words again of documents that an earlier version indexed as English, whatever they are", async () => {
  for (let at = 0; at < 6; at++) await put("words", `d${at}`, "new", READS, at % 2 === 0 ? 0 : WORDS_VERSION);
  const written: string[] = [];
  const reembed = async (_: string, id: string, read: () => Promise<unknown>) => {
    if ((await read()) === null) return;
    written.push(id);
    await put("words", id, "new", READS);
  };
  const reembedding = new Reembedding(parts, { embedAhead, reembed } as unknown as DocumentIngest);
  expect((await reembedding.start("words")).total).toBe(3);
  await vi.waitFor(() => expect(reembedding.state("words").state).toBe("completed"), { timeout: 600_000 });
  expect(written.toSorted()).toEqual(["d0", "d2", "d4"]);
});

it("is one job for two who start it at once", async () => {
  for (let at = 0; at < 5; at++) await put("twice", `d${at}`, "old", READS);
  const reembed = vi.fn(async (_: string, id: string, read: () => Promise<unknown>) => {
    if ((await read()) !== null) await put("twice", id, "new", READS);
  });
  const reembedding = new Reembedding(parts, { embedAhead, reembed } as unknown as DocumentIngest);
  const [one, other] = await Promise.all([reembedding.start("twice"), reembedding.start("twice")]);
  expect(other).toBe(one);
  expect(other.total).toBe(5);
  await vi.waitFor(() => expect(reembedding.state("twice").state).toBe("completed"), { timeout: 600_000 });
  expect(reembed).toHaveBeenCalledTimes(5);
  expect(reembedding.state("twice")).toMatchObject({ total: 5, done: 5 });
});

it("keeps what is known of the last job when the next cannot be counted", async () => {
  await put("known", "d", "old", READS);
  const reembed = async (_: string, id: string) => put("known", id, "new", READS);
  const reembedding = new Reembedding(parts, { embedAhead, reembed } as unknown as DocumentIngest);
  await reembedding.start("known");
  await vi.waitFor(() => expect(reembedding.state("known").state).toBe("completed"), { timeout: 600_000 });
  const counting = vi.spyOn(documents, "countOutdated").mockRejectedValue(new Error("no disk"));
  const starts = await Promise.allSettled([reembedding.start("known"), reembedding.start("known")]);
  counting.mockRestore();
  expect(starts.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(reembedding.state("known")).toMatchObject({ state: "completed", done: 1 });
});

it("remembers the last jobs of a bounded number of namespaces, and refuses more that run at once", async () => {
  let open: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    open = resolve;
  });
  const rows = {
    countOutdated: async () => 0,
    walk: async (namespace: string) => {
      if (namespace !== "n0") await held;
      return [];
    },
  };
  const reembedding = new Reembedding({ ...parts, documents: rows as unknown as DocumentRows }, {} as DocumentIngest);
  for (let at = 0; at < MAX_KEPT_JOBS; at++) await reembedding.start(`n${at}`);
  await reembedding.start("another");
  expect([reembedding.state("n0").state, reembedding.state("n1").state]).toEqual(["idle", "running"]);
  await expect(reembedding.start("n0")).rejects.toMatchObject({ code: "overloaded" });
  expect(reembedding.state("n0").state).toBe("idle");
  open();
  await vi.waitFor(() => expect(reembedding.state("another").state).toBe("completed"), { timeout: 600_000 });
});

const wholly = (_text: string, _start: number, end: number) => end;

it("embeds small documents together, 64 chunks a call at most, and each finds its vectors", async () => {
  for (let at = 0; at < 130; at++) await put("small", `d${at}`, "old", READS, WORDS_VERSION, `text ${at}`);
  const calls: number[] = [];
  const stored = new Set<string>();
  const embed = async (texts: readonly string[]) => {
    const fresh = texts.filter((text) => !stored.has(text));
    if (fresh.length > 0) calls.push(fresh.length);
    for (const text of fresh) stored.add(text);
    return { codes: [], embedded: fresh.length };
  };
  const ingest = new DocumentIngest(
    { ...parts, embeddings: { embed }, reading: { load: async () => wholly } } as unknown as RagParts,
    {} as ModelAgreement,
  );
  const reembed = async (_: string, id: string, read: () => Promise<IngestDocument | null>) => {
    const document = await read();
    if (document !== null) await embed([document.text]);
    await put("small", id, "new", READS);
  };
  const together = { embedAhead: ingest.embedAhead.bind(ingest), reembed } as unknown as DocumentIngest;
  const reembedding = new Reembedding(parts, together);
  await reembedding.start("small");
  await vi.waitFor(() => expect(reembedding.state("small").state).not.toBe("running"), { timeout: 600_000 });
  expect(reembedding.state("small")).toMatchObject({ state: "completed", done: 130 });
  expect(calls.reduce((sum, texts) => sum + texts, 0)).toBe(130);
  expect(Math.max(...calls)).toBeLessThanOrEqual(64);
  expect(calls.length).toBeLessThanOrEqual(4);
});
