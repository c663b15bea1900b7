import { parentPort, workerData } from "node:worker_threads";
import { Connection } from "../backends/sqlite/connection.ts";
import type { Command, DatabaseOptions, Opened, Reply } from "../backends/sqlite/messages.ts";
import { migrate } from "../backends/sqlite/migrate.ts";
import { lockDatabase } from "../backends/sqlite/process-lock.ts";
import { toFailure } from "../backends/sqlite/sql-errors.ts";

/**
 * The database thread. Commands are answered in order, but for writes: those that have arrived by the time a commit
 * starts share it, so that one fsync acknowledges many.
 */
const port = parentPort;
if (!port) throw new Error("lib/workers/database.ts runs as a worker thread");

const options = workerData as DatabaseOptions;
type Write = Extract<Command, { kind: "write" }>;

function open(): Connection | null {
  try {
    // Held until the process ends; the thread never gives it back.
    lockDatabase(options.file);
    const connection = new Connection(options);
    const migrated = migrate(connection, options.migrationsDir);
    port?.postMessage({ opened: true, migrated } satisfies Opened);
    return connection;
  } catch (error) {
    const failure = toFailure(error);
    port?.postMessage({ opened: false, failure } satisfies Opened);
    return null;
  }
}

function serve(connection: Connection): void {
  let waiting: Write[] = [];

  const reply = (message: Reply) => port?.postMessage(message);
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
    try {
      const results = connection.commitTogether(batch.map(({ statements }) => statements));
      batch.forEach(({ id }, index) => {
        const value = results[index];
        if (value instanceof Error || value === undefined) reply({ id, ok: false, failure: toFailure(value) });
        else reply({ id, ok: true, value });
      });
    } catch (error) {
      for (const { id } of batch) reply({ id, ok: false, failure: toFailure(error) });
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
