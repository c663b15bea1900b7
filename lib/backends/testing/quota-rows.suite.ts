import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Database } from "../../ports/database.ts";
import type { QuotaGate, Quotas } from "../../ports/namespace-quotas.ts";
import { AppError } from "../../shared/errors.ts";
import { createConversationRows } from "../sqlite/conversation-rows.ts";
import { createDocumentRows } from "../sqlite/document-rows.ts";
import { SqliteQuotaRows } from "../sqlite/quota-rows.ts";
import { COUNTED_AT_ONCE } from "../sqlite/quota-triggers.ts";
import { Namespaces } from "../sqlite/rag-namespaces.ts";
import { createSessionRows } from "../sqlite/session-rows.ts";
import { SqliteVectorRows } from "../sqlite/vector-rows.ts";

let database: Database;

const UNBOUNDED = { bytes: null, items: 1_000 };
const wordsOf = async () => ({ words: "words", languages: [] });
const document = (id: string, text: string) => ({
  id,
  source: id,
  page: null,
  language: null,
  metadata: { of: id },
  checksum: "",
  model: "m",
  chunks: [{ ordinal: 0, start: 0, end: text.length, vector: new Uint8Array(8) }],
  keywords: null,
  languages: [],
  chunkSize: 1_000,
  chunkOverlap: 0,
  readingLimit: 1,
  wordsVersion: 1,
  chunkCount: 1,
  characters: text.length,
  createdAtMs: 1,
  updatedAtMs: 1,
  text: new TextEncoder().encode(text),
  body: text,
});
const body = { role: "user", parts: null, metadata: null };
const NO_CHANGE = { atMs: 1, fields: null, keepUpTo: null, removed: null, edited: null, added: [] };
const points = (ids: string[], metadata: (string | null)[] = ids.map(() => null)) => ({
  ids,
  metadata,
  bytes: new ArrayBuffer(16 * ids.length),
  error: { measured: 0, errorSum: 0, errorMax: 0 },
  sent: null,
});
const session = (id: string, data: string) => ({
  kind: "put" as const,
  row: {
    id,
    ownId: null,
    namespace: "a",
    createdAtMs: 1,
    lastUsedAtMs: 1,
    idleTimeoutMs: 1_000,
    endsAtMs: Number.POSITIVE_INFINITY,
    version: 1,
    tags: "",
    data: new TextEncoder().encode(data),
  },
});

async function open() {
  const namespaces = await Namespaces.open(database);
  return {
    quotas: await SqliteQuotaRows.open(database),
    sessions: await createSessionRows(database, { maxBytes: () => 2 ** 30 }),
    documents: await createDocumentRows(database, namespaces),
    conversations: await createConversationRows(database, { namespaces, wordsOf }),
    vectors: await SqliteVectorRows.open(database, (error) => {
      throw error;
    }),
  };
}

/** The database, but for what is given. */
const through = (own: Partial<Database>): Database => ({
  dialect: database.dialect,
  all: (sql, params) => database.all(sql, params),
  write: (statements) => database.write(statements),
  sizeBytes: () => database.sizeBytes(),
  close: () => database.close(),
  ...own,
});

/** Something of each kind, made, changed and partly removed. */
async function work({ sessions, documents, conversations, vectors }: Awaited<ReturnType<typeof open>>): Promise<void> {
  await sessions.apply([session("s1", "12345"), session("s2", "1"), session("s3", "123")]);
  await sessions.apply([session("s2", "1234567"), { kind: "delete", id: "s3", end: null }]);
  await documents.replace("a", document("d1", "héllo"));
  await documents.replace("a", document("d1", "hello, again"));
  const { rowId } = await documents.replace("a", document("d2", "gone"));
  await documents.remove("a", [rowId]);
  await documents.replace("b", document("d1", "of another namespace"));
  const fields = { title: "Title", owner: null, metadata: { k: 1 } };
  const added = [1, 2, 3].map((n) => ({ ...body, id: `m${n}`, content: `mésságe ${n}` }));
  const made = await conversations.change("a", "c1", null, { ...NO_CHANGE, fields, added });
  const known = await conversations.find("a", "c1");
  const edited = { ...(made.added[0] as (typeof made.added)[0]), content: "edited", version: 2 };
  await conversations.change("a", "c1", known, {
    ...NO_CHANGE,
    edited,
    keepUpTo: 2,
    fields: { ...fields, title: null },
  });
  await conversations.change("a", "c2", null, { ...NO_CHANGE, added });
  await conversations.remove("a", ["c2"]);
  const shape = { dimensions: 4, metric: "dot", precision: "float32", createdAtMs: 1, formerPrecision: null } as const;
  const [kept, dropped] = [
    await vectors.createCollection({ ...shape, namespace: "a", name: "kept" }),
    await vectors.createCollection({ ...shape, namespace: "a", name: "dropped" }),
  ];
  await vectors.upsert(kept.id, points(["p1", "p2", "p3"], [null, '{"n":1}', null]));
  await vectors.upsert(kept.id, points(["p1"], ['{"longer":"metadata"}']));
  await vectors.changeMetadata(kept.id, "p2", () => null);
  await vectors.remove(kept.id, ["p3"]);
  await vectors.upsert(dropped.id, points(["p1", "p2"]));
  await vectors.dropCollection(dropped.id);
  await vectors.cleared();
}

/** Of what `work` leaves behind: values as they are kept. */
const LEFT = {
  session: { bytes: 12, items: 2 },
  document: { bytes: 12 + '{"of":"d1"}'.length + 12 + 8, items: 1 },
  message: { bytes: "edited".length + Buffer.byteLength("mésságe 2") + "c1".length + '{"k":1}'.length, items: 2 },
  point: { bytes: 32 + '{"longer":"metadata"}'.length, items: 2 },
};

/** What every driver of QuotaRows must do, beside the drivers whose rows it counts. `fresh` makes an empty database. */
export function describeQuotaRows(
  name: string,
  fresh: () => Promise<{ database: Database; close: () => Promise<void> }>,
): void {
  let close: () => Promise<void>;
  beforeEach(async () => {
    ({ database, close } = await fresh());
  });
  afterEach(() => close());

  describe(`${name}: what a namespace with a quota keeps`, () => {
    it("is counted by each write, as long as there is a quota", async () => {
      const rows = await open();
      await rows.quotas.set("a", UNBOUNDED, 1);
      await work(rows);
      expect(await rows.quotas.find(["a", "b"])).toEqual([
        { namespace: "a", quota: UNBOUNDED, version: 1, kept: LEFT },
      ]);
    });

    it("is counted when it gets its quota, and the same after a restart", async () => {
      const rows = await open();
      await work(rows);
      await rows.quotas.set("a", UNBOUNDED, 1);
      expect((await rows.quotas.all())[0]?.kept).toEqual(LEFT);
      const again = await open();
      await again.sessions.apply([session("s4", "1234")]);
      expect((await again.quotas.find(["a"]))[0]?.kept).toEqual({ ...LEFT, session: { bytes: 16, items: 3 } });
    });

    it("is given back by expiry, and goes with the rest of a collection that was being removed", async () => {
      const rows = await open();
      await rows.quotas.set("a", UNBOUNDED, 1);
      await work(rows);
      await rows.sessions.expire(5_000, 100);
      const [kept] = await rows.vectors.collections();
      await rows.vectors.dropCollection(kept?.id ?? 0);
      await rows.vectors.cleared();
      const nothing = { bytes: 0, items: 0 };
      expect((await rows.quotas.find(["a"]))[0]?.kept).toEqual({ ...LEFT, session: nothing, point: nothing });
    });

    it("is told truly where a quota is changed, lifted and set again while others have one", async () => {
      const rows = await open();
      await rows.quotas.set("b", UNBOUNDED, 1);
      await rows.quotas.set("a", UNBOUNDED, 1);
      await work(rows);
      await rows.quotas.set("a", { bytes: 1, items: null }, 2);
      expect(await rows.quotas.find(["a"])).toEqual([
        { namespace: "a", quota: { bytes: 1, items: null }, version: 2, kept: LEFT },
      ]);
      await rows.quotas.lift("a");
      expect(await rows.quotas.find(["a"])).toEqual([]);
      await rows.quotas.set("a", UNBOUNDED, 1);
      expect((await rows.quotas.find(["a"]))[0]?.kept).toEqual(LEFT);
      expect((await rows.quotas.find(["b"]))[0]?.kept.document.items).toBe(1);
    });

    it("is counted in slices while others write, and is what is there when the quota is set", async () => {
      const rows = await open();
      const shape = {
        dimensions: 4,
        metric: "dot",
        precision: "float32",
        createdAtMs: 1,
        formerPrecision: null,
      } as const;
      const { id } = await rows.vectors.createCollection({ ...shape, namespace: "a", name: "many" });
      const ids = Array.from({ length: 3 * COUNTED_AT_ONCE + 5 }, (_, n) => `p${n}`);
      await rows.vectors.upsert(id, points(ids));
      await rows.sessions.apply(
        ids.map((name, n) => ({
          ...session(name, "1"),
          row: { ...session(name, "1").row, namespace: n % 2 ? "a" : "b" },
        })),
      );
      let isSet = false;
      const setting = rows.quotas.set("a", UNBOUNDED, 1).then(() => {
        isSet = true;
      });
      let rounds = 0;
      for (; !isSet; rounds++) {
        const some = [0, 1, 2, 3].map((part) => ids[(rounds * 7 + part * COUNTED_AT_ONCE) % ids.length] ?? "p0");
        await rows.vectors.upsert(id, points([...some, `new${rounds}`], [...some.map(() => '{"longer":1}'), null]));
        await rows.vectors.remove(id, [some[rounds % 4] ?? "p0"]);
        await rows.sessions.apply([
          session(`s${rounds}`, "123"),
          session(some[0] ?? "p0", "12345"),
          { kind: "delete", id: some[1] ?? "p0", end: null },
        ]);
      }
      await setting;
      expect(rounds).toBeGreaterThan(1);
      const [truth] = await database.all(
        `SELECT (SELECT sum(octet_length("vector") + coalesce(octet_length("metadata"), 0)) FROM "VectorPoint") AS "pointBytes",
          (SELECT count(*) FROM "VectorPoint") AS "pointItems",
          (SELECT sum(octet_length("data")) FROM "Session" WHERE "namespace" = 'a') AS "sessionBytes",
          (SELECT count(*) FROM "Session" WHERE "namespace" = 'a') AS "sessionItems" LIMIT 1`,
      );
      const kept = (await rows.quotas.find(["a"]))[0]?.kept;
      expect({
        pointBytes: kept?.point.bytes,
        pointItems: kept?.point.items,
        sessionBytes: kept?.session.bytes,
        sessionItems: kept?.session.items,
      }).toEqual(truth);
    });

    it("is counted once: a change of the quota counts nothing, and cannot fail by it", async () => {
      const rows = await open();
      let isBroken = false;
      const flaky = through({
        all: (sql, params) =>
          isBroken && sql.includes(`"countedTo" <`) ? Promise.reject(new Error("no count")) : database.all(sql, params),
      });
      const quotas = await SqliteQuotaRows.open(flaky);
      isBroken = true;
      await work(rows);
      await expect(quotas.set("a", UNBOUNDED, 1)).rejects.toThrow("no count");
      isBroken = false;
      await quotas.set("a", UNBOUNDED, 1);
      isBroken = true;
      await quotas.set("a", { bytes: 1, items: null }, 2);
      expect(await quotas.find(["a"])).toEqual([
        { namespace: "a", quota: { bytes: 1, items: null }, version: 2, kept: LEFT },
      ]);
    });

    it("is counted without a look at others' rows where it keeps nothing and no other node writes, and from then on", async () => {
      const rows = await open();
      const many = Array.from({ length: 2 * COUNTED_AT_ONCE }, (_, n) => session(`b${n}`, "1"));
      await rows.sessions.apply(many.map(({ kind, row }) => ({ kind, row: { ...row, namespace: "b" } })));
      await rows.documents.replace("b", document("d1", "of another namespace"));
      const counts: string[] = [];
      const watched = through({
        write: (statements) => {
          counts.push(...statements.map(({ sql }) => sql).filter((sql) => sql.startsWith(`UPDATE "NamespaceUsage"`)));
          return database.write(statements);
        },
      });
      const quotas = await SqliteQuotaRows.open(watched);
      await quotas.set("a", UNBOUNDED, 1);
      expect(counts.length > 0).toBe(database.dialect === "postgres");
      await work(rows);
      expect((await quotas.find(["a"]))[0]?.kept).toEqual(LEFT);
    });

    it("of one namespace is counted while another's quota is set and lifted, and the triggers stay as long as one has a quota", async () => {
      const rows = await open();
      await work(rows);
      let goOn: () => void = () => undefined;
      const held = new Promise<void>((resolve) => {
        goOn = resolve;
      });
      let begun: () => void = () => undefined;
      const counting = new Promise<void>((resolve) => {
        begun = resolve;
      });
      const slow = through({
        all: async (sql, params) => {
          if (sql.includes(`"countedTo" <`) && params?.[0] === "a") {
            begun();
            await held;
          }
          return database.all(sql, params);
        },
      });
      const quotas = await SqliteQuotaRows.open(slow);
      const setting = quotas.set("a", UNBOUNDED, 1);
      await counting;
      await quotas.set("b", UNBOUNDED, 1);
      await quotas.lift("b");
      goOn();
      await setting;
      await Promise.all([quotas.lift("a"), quotas.set("c", UNBOUNDED, 1)]);
      await rows.documents.replace("c", document("d1", "counted"));
      expect((await quotas.all()).map(({ namespace, kept }) => [namespace, kept.document.items])).toEqual([["c", 1]]);
    });

    it("is forgotten where a stop cut its first count off: nobody was told of that quota", async () => {
      const rows = await open();
      await work(rows);
      await rows.quotas.set("a", UNBOUNDED, 1);
      await database.write([{ sql: `UPDATE "NamespaceUsage" SET "countedTo" = 1 WHERE "source" = 'Session'` }]);
      expect(await (await open()).quotas.all()).toEqual([]);
    });
  });

  describe(`${name}: writes in a namespace whose quota refuses`, () => {
    const refusing: QuotaGate = {
      fits: () => false,
      claim: () => false,
      recount: async () => false,
      exceeded: () => new AppError("quota-exceeded", "full"),
      async enter(_most, exact) {
        const parts = await exact();
        grown.push(...parts);
        return { refused: new Set(parts.keys()), leave: () => left.push(true) };
      },
    };
    const quotas: Quotas = { of: () => refusing };
    let grown: { bytes: number; items: number }[] = [];
    let left: boolean[] = [];
    beforeEach(() => {
      [grown, left] = [[], []];
    });

    it("leave documents, messages and points as they were, and say how much more they would have kept", async () => {
      const rows = await open();
      await work(rows);
      await rows.quotas.set("a", UNBOUNDED, 1);
      const namespaces = await Namespaces.open(database);
      const documents = await createDocumentRows(database, namespaces, quotas);
      const conversations = await createConversationRows(database, { namespaces, wordsOf }, quotas);
      const vectors = await SqliteVectorRows.open(database, () => undefined, quotas);
      await expect(documents.replace("a", document("d1", "hello, again!"))).rejects.toMatchObject({
        code: "quota-exceeded",
      });
      const known = await conversations.find("a", "c1");
      const change = { ...NO_CHANGE, keepUpTo: 1, added: [{ ...body, id: "m9", content: "1234567890123" }] };
      await expect(conversations.change("a", "c1", known, change)).rejects.toMatchObject({ code: "quota-exceeded" });
      const [collection] = await vectors.collections();
      const id = collection?.id ?? 0;
      const refused = await vectors.upsert(id, { ...points(["p1", "new"]), namespace: "a" });
      expect(refused).toMatchObject({ rows: [-1, -1], inserted: 0, refusal: { code: "quota-exceeded" } });
      await expect(vectors.changeMetadata(id, "p2", () => '{"n":1}', "a")).rejects.toMatchObject({
        code: "quota-exceeded",
      });
      expect((await rows.quotas.find(["a"]))[0]?.kept).toEqual(LEFT);
      expect(grown).toEqual([
        { bytes: 2, items: 0 },
        { bytes: 13 - Buffer.byteLength("mésságe 2"), items: 0 },
        { bytes: -'{"longer":"metadata"}'.length, items: 0 },
        { bytes: 16, items: 1 },
        { bytes: 7, items: 0 },
      ]);
      expect(left).toHaveLength(4);
    });
  });
}
