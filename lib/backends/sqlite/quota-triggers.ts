import type { SqlDialect, Statement } from "../../ports/database.ts";
import type { KeptKind } from "../../ports/namespace-quotas.ts";

/** All rows are in the figures: no row has a larger number. */
export const ALL_COUNTED = Number.MAX_SAFE_INTEGER;
/** Rows of a source that are counted at once: some 10 ms, in which other writes wait. */
export const COUNTED_AT_ONCE = 1_000;

/** In terms of a row: OLD or NEW in a trigger, the table itself where all rows are counted. */
type OfRow = (row: string) => string;

interface Counted {
  table: string;
  /** The column that numbers its rows. */
  key: string;
  kind: KeptKind;
  /** 1: a row is an item. 0: it is a part of one. */
  items: 0 | 1;
  /** The columns that may change; together with `fixed` what counts. */
  columns: readonly string[];
  fixed?: readonly string[];
  /** Of its row in "NamespaceUsage": the source, and the namespace where several have that source. */
  source: OfRow;
  namespace?: OfRow;
  /** Its rows in the namespace of a parameter; an index leads to them. */
  inNamespace?: string;
}

const ownNamespace: OfRow = (row) => `${row}."namespace"`;
const ragNamespace: OfRow = (row) => `(SELECT "name" FROM "RagNamespace" WHERE "id" = ${row}."namespaceId")`;
const tableOf = (
  table: string,
  kind: KeptKind,
  items: 0 | 1,
  columns: string[],
  namespace: OfRow,
  key = "id",
): Counted => ({
  ...{ table, key, kind, items, columns, namespace },
  inNamespace:
    namespace === ownNamespace
      ? `"namespace" = ?2`
      : `"namespaceId" = (SELECT "id" FROM "RagNamespace" WHERE "name" = ?2)`,
  source: () => `'${table}'`,
});

/** Values as they are kept. What is derived in the background, such as vectors of messages and indexes, is not counted. */
const TABLES: readonly Counted[] = [
  tableOf("Session", "session", 1, ["data"], ownNamespace, "rowid"),
  tableOf("RagDocument", "document", 1, ["text", "metadata"], ragNamespace),
  tableOf("RagChunk", "document", 0, ["text", "vector"], ragNamespace),
  // By its name too: one without messages is no item, and must not be for nothing.
  { ...tableOf("Conversation", "message", 0, ["title", "owner", "metadata"], ownNamespace), fixed: ["name"] },
  tableOf("ConversationMessage", "message", 1, ["content", "parts", "metadata"], ownNamespace),
];

/** Each collection is a source, given back as a whole when it is dropped: its points then go in slices. */
const collectionSource = (id: string): string => `'VectorPoint/' || ${id}`;
const POINTS: Counted = {
  table: "VectorPoint",
  key: "row",
  kind: "point",
  items: 1,
  columns: ["vector", "metadata"],
  source: (row) => collectionSource(`${row}."collectionId"`),
};

export function kindOf(source: string): KeptKind {
  return TABLES.find(({ table }) => table === source)?.kind ?? POINTS.kind;
}

const bytesOf = ({ columns, fixed = [] }: Counted, row: string): string =>
  [...fixed, ...columns].map((column) => `coalesce(octet_length(${row}."${column}"), 0)`).join(" + ");

/** In SQL that both databases speak. */
type Trigger = readonly [name: string, when: string, body: string];

function triggersOf(counted: Counted): Trigger[] {
  const { table, key, columns, items, source, namespace } = counted;
  const add = (row: string, bytes: string, more: string) => `UPDATE "NamespaceUsage"
    SET "bytes" = "bytes" + (${bytes}), "items" = "items" + (${more})
    WHERE "source" = ${source(row)} ${namespace ? `AND "namespace" = ${namespace(row)}` : ""} AND "countedTo" >= ${row}."${key}";`;
  const [before, after] = [bytesOf(counted, "OLD"), bytesOf(counted, "NEW")];
  const named = columns.map((column) => `"${column}"`).join(", ");
  return [
    [`${table}_quota_insert`, `INSERT ON "${table}"`, add("NEW", after, `${items}`)],
    [`${table}_quota_delete`, `DELETE ON "${table}"`, add("OLD", `-(${before})`, `-${items}`)],
    [`${table}_quota_update`, `UPDATE OF ${named} ON "${table}"`, add("NEW", `${after} - (${before})`, "0")],
  ];
}

const TRIGGERS: readonly Trigger[] = [
  ...[...TABLES, POINTS].flatMap(triggersOf),
  [
    "VectorCollection_quota_insert",
    `INSERT ON "VectorCollection"`,
    `INSERT INTO "NamespaceUsage" SELECT ${collectionSource(`NEW."id"`)}, "namespace", 0, 0, ${ALL_COUNTED}
     FROM "NamespaceQuota" WHERE "namespace" = NEW."namespace";`,
  ],
  [
    "VectorCollection_quota_delete",
    `DELETE ON "VectorCollection"`,
    `DELETE FROM "NamespaceUsage" WHERE "source" = ${collectionSource(`OLD."id"`)};`,
  ],
];

const DROP_IN_SQLITE: readonly Statement[] = TRIGGERS.map(([name]) => ({ sql: `DROP TRIGGER IF EXISTS "${name}"` }));

/**
 * For when no namespace has a quota. In Postgres they stay: another node may be giving one a quota just now, and what they look for
 * in vain costs little.
 */
export const dropTriggers = (dialect: SqlDialect): readonly Statement[] =>
  dialect === "postgres" ? [] : DROP_IN_SQLITE;

/** In the form of this version; a migration may have dropped some with their tables. */
export const createTriggers = (dialect: SqlDialect): readonly Statement[] =>
  dialect === "postgres"
    ? // Of nodes that start together one makes them.
      [
        { sql: `SELECT pg_advisory_xact_lock(hashtext('headroom quota triggers'))::text` },
        ...TRIGGERS.flatMap(triggerInPostgres),
      ]
    : [
        ...DROP_IN_SQLITE,
        ...TRIGGERS.map(([name, when, body]) => ({ sql: `CREATE TRIGGER "${name}" AFTER ${when} BEGIN ${body} END` })),
      ];

const triggerInPostgres = ([name, when, body]: Trigger): Statement[] => [
  {
    sql: `CREATE OR REPLACE FUNCTION "${name}"() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN ${body} RETURN NULL; END $$`,
  },
  { sql: `CREATE OR REPLACE TRIGGER "${name}" AFTER ${when} FOR EACH ROW EXECUTE FUNCTION "${name}"()` },
];

/**
 * The sources of a namespace that gets a quota; none of their rows is counted yet. In SQLite a table without any is done: a count would
 * look at all rows of others. In Postgres another node may be adding one just now.
 */
export const sourcesOf = (dialect: SqlDialect, namespace: string): Statement[] => [
  ...TABLES.map(({ table, inNamespace }) => ({
    sql: `INSERT INTO "NamespaceUsage" VALUES (?1, ?2, 0, 0, ${
      dialect === "postgres" ? "0" : `iif(EXISTS (SELECT 1 FROM "${table}" WHERE ${inNamespace}), 0, ${ALL_COUNTED})`
    }) ON CONFLICT DO NOTHING`,
    params: [table, namespace],
  })),
  {
    sql: `INSERT INTO "NamespaceUsage" SELECT ${collectionSource(`"id"`)}, "namespace", 0, 0, 0
          FROM "VectorCollection" WHERE "namespace" = ? ON CONFLICT DO NOTHING`,
    params: [namespace],
  },
];

/**
 * Counts the next rows of a source. In one statement (of Postgres, while nobody else writes to that table), which writes between two of them cannot miss: what they change of counted
 * rows the triggers add, and the rest is counted when its turn comes.
 */
export function countStatements(dialect: SqlDialect, source: string, namespace: string): Statement[] {
  const counted = TABLES.find(({ table }) => table === source) ?? POINTS;
  const { table, key, items } = counted;
  const isOwn = counted.namespace ? `${counted.namespace(`"${table}"`)} = ?2` : "1 = 1";
  const ofCollection = counted === POINTS ? `"collectionId" = CAST(substr(?1, 13) AS bigint) AND` : "";
  const count = {
    sql: `UPDATE "NamespaceUsage" SET "bytes" = "NamespaceUsage"."bytes" + s."bytes", "items" = "NamespaceUsage"."items" + s."items" * ${items},
            "countedTo" = CASE WHEN s."looked" < ${COUNTED_AT_ONCE} THEN ${ALL_COUNTED} ELSE s."upTo" END
          FROM (
            SELECT coalesce(sum("size") FILTER (WHERE "isOwn"), 0) AS "bytes", count(*) FILTER (WHERE "isOwn") AS "items",
              max("at") AS "upTo", count(*) AS "looked"
            FROM (SELECT "${key}" AS "at", ${bytesOf(counted, `"${table}"`)} AS "size", ${isOwn} AS "isOwn" FROM "${table}"
                  WHERE ${ofCollection} "${key}" > (SELECT "countedTo" FROM "NamespaceUsage" WHERE "source" = ?1 AND "namespace" = ?2)
                  ORDER BY "${key}" LIMIT ${COUNTED_AT_ONCE}) AS "next"
          ) AS s
          WHERE "source" = ?1 AND "namespace" = ?2 AND "countedTo" < ${ALL_COUNTED}`,
    params: [source, namespace],
  };
  // Another node's rows that are not committed yet would be neither seen here nor counted by their trigger.
  return dialect === "postgres" ? [{ sql: `LOCK TABLE "${table}" IN SHARE MODE` }, count] : [count];
}
