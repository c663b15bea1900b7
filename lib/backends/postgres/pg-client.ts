import { createRequire } from "node:module";
import { StartError } from "../../shared/errors.ts";

/**
 * What is used of pg's clients. Its own types are in a folder that the embedded default does not install, so they are not imported:
 * type checks and builds are the same with and without it.
 */
export interface PgClient {
  query(query: PgQuery): Promise<PgResult>;
  on(event: "error", listener: (error: Error) => void): unknown;
  /** With a reason the connection is closed and not used again. */
  release(reason?: Error): void;
}

export interface PgQuery {
  text: string;
  /** A prepared statement's, of one text. */
  name?: string;
  values?: readonly PgValue[];
  /** How long it may take from now, with all that was sent before it; else as the pool says. */
  query_timeout?: number;
}

export type PgValue = string | number | Buffer | null;

export interface PgResult {
  rows: unknown[];
  rowCount: number | null;
  /** As the server says, such as `COMMIT`, or `ROLLBACK` for a COMMIT that followed a failure. */
  command: string;
}

export interface PgPool {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
  connect(): Promise<PgClient>;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "connect", listener: (client: PgClient) => void): unknown;
  end(): Promise<void>;
}

interface PgModule {
  Pool: new (options: Readonly<Record<string, unknown>>) => PgPool;
  types: { getTypeParser(oid: number, format: string): (value: string) => unknown };
}

/** Bundled, this is part of dist/server.js. */
const bundled = !import.meta.url.endsWith(".ts");
const FOLDER = new URL(`${bundled ? ".." : "../../.."}/packages/fleet/package.json`, import.meta.url);

/** Loads pg from its own folder. @throws {StartError} when that is not installed. */
export function loadPg(): PgModule {
  try {
    // One cast: the interface above is what pg 8.23.1 documents, and every test with a server goes through it.
    return createRequire(FOLDER)("pg") as PgModule;
  } catch (cause) {
    const text =
      "HEADROOM_DATABASE_URL names a Postgres database, but its client is not installed: run npm start, or npm ci in packages/fleet";
    throw new StartError(text, { cause });
  }
}
