import { existsSync, statSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { Connection } from "../backends/sqlite/connection.ts";
import { orFullDisk } from "../backends/sqlite/file-place.ts";
import type { Command, DatabaseOptions, Failure, Opened, Reply } from "../backends/sqlite/messages.ts";
import { migrate } from "../backends/sqlite/migrate.ts";
import { unpackStatements } from "../backends/sqlite/packed-statements.ts";
import { lockDatabase, lockFile } from "../backends/sqlite/process-lock.ts";
import { openSound } from "../backends/sqlite/quarantine.ts";
import { toFailure } from "../backends/sqlite/sql-errors.ts";
import type { Changes } from "../ports/database.ts";

/**
 * The database thread. Commands are answered in order, but for writes: those that have arrived by the time a commit
 * starts share it, so that one fsync acknowledges many.
 */
const port = parentPort;
if (!port) throw new Error("lib/workers/database.ts runs as a worker thread");

const options = workerData as DatabaseOptions;
type Write = Extract<Command, { kind: "write" }>;
type Outcome = { ok: true; value: unknown } | { ok: false; failure: Failure };

function open(): Connection | null {
  try {
    // Only a file that a server of ours has used before is ours to move; its lock file stays beside it.
    const isOurs = existsSync(lockFile(options.file));
    // Held until the process ends; the thread never gives it back.
    const lock = lockDatabase(options.file);
    const sizeBytes = statSync(options.file, { throwIfNoEntry: false })?.size ?? 0;
    if (sizeBytes === 0 && lock.wasUsed) throw new Error(missing(options.file));
    const { connection, quarantined } = isOurs
      ? openSound(options, Date.now())
      : { connection: new Connection(options), quarantined: null };
    const migrated = migrate(connection, options.migrationsDir);
    lock.markUsed();
    port?.postMessage({ opened: true, migrated, quarantined, begun: sizeBytes === 0 } satisfies Opened);
    return connection;
  } catch (error) {
    const failure = orFullDisk(toFailure(error), options.file);
    port?.postMessage({ opened: false, failure } satisfies Opened);
    return null;
  }
}

/** An empty database in its place would look like the loss of everything, and be one with the next backup. */
const missing = (file: string) =>
  `the database ${file} is missing or empty, though a server has used it: put it back, or delete ${lockFile(file)} to begin a new one`;

function serve(connection: Connection): void {
  let waiting: Write[] = [];

  const reply = (message: Reply) => port?.postMessage(message);
  const replyTo = ({ id, packed: { bytes } }: Write, outcome: Outcome) => {
    if (bytes) port?.postMessage({ id, ...outcome, bytes } satisfies Reply, [bytes]);
    else reply({ id, ...outcome });
  };
  const attempt = (id: number, run: () => unknown) => {
    try {
      reply({ id, ok: true, value: run() ?? null });
    } catch (error) {
      reply({ id, ok: false, failure: toFailure(error) });
    }
  };

  function commit(): void {
    const batch = waiting;
    waiting = [];
    if (batch.length === 0) return;
    const outcomes = outcomesOf(batch);
    batch.forEach((write, index) => {
      const value = outcomes[index];
      if (value instanceof Error || value === undefined) replyTo(write, { ok: false, failure: toFailure(value) });
      else replyTo(write, { ok: true, value });
    });
  }

  function outcomesOf(batch: readonly Write[]): (Changes[] | Error)[] {
    try {
      return connection.commitTogether(batch.map(({ packed }) => unpackStatements(packed)));
    } catch (error) {
      return batch.map(() => (error instanceof Error ? error : new Error(String(error))));
    }
  }

  port?.on("message", (command: Command) => {
    if (command.kind === "write") {
      if (waiting.length === 0) setImmediate(commit);
      waiting.push(command);
      return;
    }
    // A read sees every write that was sent before it.
    commit();
    if (command.kind === "all") attempt(command.id, () => connection.all(command.sql, command.params));
    else if (command.kind === "place") attempt(command.id, () => connection.requirePlace());
    else if (command.kind === "size") attempt(command.id, () => connection.sizeBytes());
    else if (command.kind === "limit") attempt(command.id, () => connection.limit(command.maxBytes));
    else {
      attempt(command.id, () => connection.close());
      port?.close();
    }
  });
}

const connection = open();
if (connection) serve(connection);
