import { DatabaseClient } from "../../backends/sqlite/database-client.ts";
import { workerEntry } from "../../backends/worker-entry.ts";
import { SETTINGS } from "../../contracts/settings.ts";
import type { ServedDatabase } from "../../ports/database.ts";
import { MIB } from "../../shared/bytes.ts";
import type { Env } from "../env.ts";
import type { Log } from "../observe/log.ts";
import { databaseFile, isPostgres, migrationsFolder, nodeFolder } from "../paths.ts";

/** A refused connection is told within a second. */
const CONNECT_TIMEOUT_MS = 900;
/** Of one statement; the largest document is written in a few. */
const STATEMENT_TIMEOUT_MS = 30_000;

/** Opens the database of HEADROOM_DATABASE_URL and brings it up to date. @throws {StartError} with a sentence for the operator. */
export const composeDatabase = (env: Env, log: Log): Promise<ServedDatabase> =>
  isPostgres(env) ? composePostgres(env, log) : composeSqlite(env, log);

async function composeSqlite(env: Env, log: Log): Promise<ServedDatabase> {
  const file = databaseFile(env);
  nodeFolder(env);
  const { database, migrated, quarantined, begun } = await DatabaseClient.open(workerEntry("database"), {
    file,
    migrationsDir: migrationsFolder("sqlite"),
    maxBytes: (env.pinned.diskMaxMb ?? SETTINGS.diskMaxMb.fallback) * MIB,
    busyTimeoutMs: 5_000,
  });
  if (quarantined !== null) {
    log.error({ quarantined }, "the database is damaged: it was moved aside for recovery, and a new one was created");
  }
  if (begun) log.info({ file }, "no database found: a new one was created");
  if (migrated.length > 0) log.info({ migrated }, "database migrated");
  return database;
}

async function composePostgres(env: Env, log: Log): Promise<ServedDatabase> {
  // Loaded only when needed: the embedded default does not install the client.
  const [{ PostgresDatabase }, { migratePostgres }] = await Promise.all([
    import("../../backends/postgres/postgres-database.ts"),
    import("../../backends/postgres/migrate.ts"),
  ]);
  const options = {
    url: env.fixed.HEADROOM_DATABASE_URL,
    maxConnections: env.fixed.HEADROOM_POSTGRES_CONNECTIONS,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
  };
  const migrated = await migratePostgres({ ...options, connectTimeoutMs: 10_000 }, migrationsFolder("postgresql"));
  if (migrated.length > 0) log.info({ migrated }, "database migrated");
  log.warn(
    "the database is Postgres. Nodes that share it do not yet tell one another what they keep in memory (keys, settings, sessions, indexes): run one. HEADROOM_DISK_MAX_MB does not bound it",
  );
  return new PostgresDatabase(options, (err) => log.warn({ err: err.message }, "a connection to the database broke"));
}
