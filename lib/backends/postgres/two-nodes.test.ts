import { afterAll, beforeAll, expect, it } from "vitest";
import { changed, messageOf } from "../../ports/conversation-rows.contract.ts";
import { documentOf } from "../../ports/document-rows.contract.ts";
import { openRowNumbers } from "../row-numbers.ts";
import { createSettingRows } from "../sqlite/admin-rows.ts";
import { createConversationRows } from "../sqlite/conversation-rows.ts";
import { createDocumentRows } from "../sqlite/document-rows.ts";
import { Namespaces } from "../sqlite/rag-namespaces.ts";
import { SqliteVectorRows } from "../sqlite/vector-rows.ts";
import { migratePostgres } from "./migrate.ts";
import { PostgresDatabase } from "./postgres-database.ts";
import { describePostgres, MIGRATIONS, optionsOf } from "./testing/new-storage.ts";
import { PostgresServer } from "./testing/postgres-server.ts";

const MANY = Array.from({ length: 30 }, (_, at) => at);

async function openNode(database: PostgresDatabase) {
  const namespaces = await Namespaces.open(database);
  const wordsOf = async (words: string) => ({ words, languages: ["en"] });
  return {
    settings: createSettingRows(database),
    documents: await createDocumentRows(database, namespaces),
    conversations: await createConversationRows(database, { namespaces, wordsOf }),
    vectors: await SqliteVectorRows.open(database, (error) => {
      throw error;
    }),
  };
}

describePostgres("two nodes on one Postgres server", () => {
  let server: PostgresServer;
  let databases: PostgresDatabase[];
  let nodes: Awaited<ReturnType<typeof openNode>>[];
  /** The same on both nodes, at once. */
  const onBoth = <Value>(work: (node: (typeof nodes)[number], at: number) => Promise<Value>) =>
    Promise.all(nodes.flatMap((node) => MANY.map((at) => work(node, at))));
  beforeAll(async () => {
    server = await PostgresServer.start();
    await migratePostgres(optionsOf(server), MIGRATIONS);
    databases = [1, 2].map(() => new PostgresDatabase(optionsOf(server)));
    nodes = await Promise.all(databases.map(openNode));
  });
  afterAll(async () => {
    for (const database of databases) await database.close();
    await server.stop();
  });

  it("give every row a number of its own, and find what the other wrote, in namespaces that it made", async () => {
    const written = await onBoth((node, at) => node.documents.replace(`n${at}`, documentOf(`of ${at}`, `apple ${at}`)));
    expect(new Set(written.map(({ rowId }) => rowId)).size).toBe(written.length);
    expect(new Set(written.flatMap(({ vectors }) => vectors.map(({ id }) => id))).size).toBe(written.length);
    const [first, second] = nodes;
    await first?.documents.replace("made by one", documentOf("d", "pears"));
    expect((await second?.documents.matchKeywords("made by one", '"pear"', 10, null))?.length).toBe(1);
    // Of many that replaced one document one is left, whole.
    for (const at of MANY) {
      expect(await second?.documents.counts(`n${at}`)).toMatchObject({ documents: 1, chunks: 1 });
      expect((await first?.documents.matchKeywords(`n${at}`, '"apple"', 10, null))?.length).toBe(1);
    }
  });

  it("number what one node writes in the order in which it was asked, and no two rows alike", async () => {
    const numbers = await Promise.all(databases.map((database) => openRowNumbers(database, ["VectorPoint"])));
    const taken = await Promise.all(
      numbers.map((each) => Promise.all(MANY.map(async (at) => ({ at, first: await each.take("VectorPoint", at) })))),
    );
    for (const given of taken) {
      const firsts = given.filter(({ at }) => at > 0).map(({ first }) => first);
      expect(firsts).toEqual(firsts.toSorted((a, b) => a - b));
    }
    const all = taken.flat().flatMap(({ at, first }) => Array.from({ length: at }, (_, more) => first + more));
    expect(new Set(all).size).toBe(all.length);
  });

  it("tell each who inserts a revision of the settings its own number", async () => {
    const given = await onBoth((node, at) =>
      node.settings.insert({ values: { at }, actor: "a", reason: "", createdAtMs: at }),
    );
    expect(given.toSorted((a, b) => a - b)).toEqual(given.map((_, at) => at + 1));
  });

  it("keep one point of each id that both write, and lose none", async () => {
    const [first, second] = nodes;
    const shape = {
      dimensions: 4,
      metric: "dot",
      precision: "float32",
      createdAtMs: 1,
      formerPrecision: null,
    } as const;
    const { id } = await (first as (typeof nodes)[number]).vectors.createCollection({
      ...shape,
      namespace: "n",
      name: "c",
    });
    const error = { measured: 0, errorSum: 0, errorMax: 0 };
    await onBoth((node, at) =>
      node.vectors.upsert(id, {
        ...{ ids: [`p${at}`, `p${(at + 1) % MANY.length}`], metadata: [null, null], error, sent: null },
        bytes: new ArrayBuffer(32),
      }),
    );
    const kept = await second?.vectors.scan(id, 0, 1_000);
    expect(kept?.ids.toSorted()).toEqual(MANY.map((at) => `p${at}`).toSorted());
  });

  it("let one of both win that append to the same state of a conversation, and number messages once", async () => {
    await onBoth((node, at) =>
      changed(node.conversations, `c${at}`, { added: [messageOf("m")] }).catch((error: unknown) => error),
    );
    const [first] = nodes;
    for (const at of MANY) {
      const row = await first?.conversations.find("n", `c${at}`);
      expect(row).toMatchObject({ messageCount: 1, lastSequence: 1, version: 1 });
    }
  });
});
