import type { ConnectionFigures } from "../../ports/database.ts";
import { loadPg, type PgClient, type PgPool } from "./pg-client.ts";
import { isCut } from "./sql-errors.ts";
import { fromPgText } from "./statement-text.ts";

export interface ConnectionOptions {
  /** `postgres://…` */
  url: string;
  /** Connections of this node at most. */
  maxConnections: number;
  /** How long a call waits for a connection, new or free. */
  connectTimeoutMs: number;
  /** How long the server works on one statement, and we wait for its answer. */
  statementTimeoutMs: number;
}

/** Longer than the server's, so that its answer to a statement that it stops still arrives. */
export const ANSWER_MARGIN_MS = 1_000;
/** An idle connection is closed after so long. */
const IDLE_MS = 30_000;

const TEXTS = new Set([25, 1042, 1043]);
const NUMBERS = new Set([20, 21, 23, 700, 701, 1700]);
const JSONS = new Set([114, 3802]);
const BYTES = 17;

/** A pool of connections, measured. */
export class Connections {
  readonly #pool: PgPool;
  readonly #max: number;
  readonly #used = { uses: 0, waitedMs: 0, longestWaitMs: 0, usedMs: 0 };

  /** @param onError is told of idle connections that broke; without a listener they would end the process. */
  constructor(options: ConnectionOptions, onError: (error: Error) => void) {
    const { Pool, types } = loadPg();
    const readBytes = types.getTypeParser(BYTES, "text") as (text: string) => Buffer;
    const bytesOf = (text: string) => {
      const bytes = readBytes(text);
      // Small ones are parts of a buffer that many share: whoever keeps one would keep them all.
      return bytes.byteLength < bytes.buffer.byteLength ? new Uint8Array(bytes) : new Uint8Array(bytes.buffer);
    };
    this.#max = options.maxConnections;
    this.#pool = new Pool({
      connectionString: options.url,
      max: options.maxConnections,
      application_name: "headroom",
      connectionTimeoutMillis: options.connectTimeoutMs,
      statement_timeout: options.statementTimeoutMs,
      query_timeout: options.statementTimeoutMs + ANSWER_MARGIN_MS,
      idle_in_transaction_session_timeout: options.statementTimeoutMs,
      idleTimeoutMillis: IDLE_MS,
      keepAlive: true,
      // All statements of a transaction in one round trip; one that is not answered in time ends its connection.
      pipeline: true,
      // Counts and times are numbers here: none is beyond 2^53.
      types: {
        getTypeParser(oid: number, format: string) {
          if (NUMBERS.has(oid)) return Number;
          if (TEXTS.has(oid)) return fromPgText;
          if (JSONS.has(oid)) return String;
          if (oid === BYTES) return bytesOf;
          return types.getTypeParser(oid, format);
        },
      },
    });
    this.#pool.on("error", onError);
    // While a client is in use the pool does not listen. What it was asked is rejected: without a listener the process would end too.
    this.#pool.on("connect", (client) => client.on("error", () => undefined));
  }

  /** Runs `work` on a connection of its own. One that broke, or was left in an unknown state, is not used again. */
  async use<Value>(work: (client: PgClient) => Promise<Value>): Promise<Value> {
    const askedMs = performance.now();
    const client = await this.#pool.connect();
    const begunMs = performance.now();
    const waitedMs = begunMs - askedMs;
    this.#used.uses++;
    this.#used.waitedMs += waitedMs;
    this.#used.longestWaitMs = Math.max(this.#used.longestWaitMs, waitedMs);
    let broken: Error | undefined;
    try {
      return await work(client);
    } catch (error) {
      if (isCut(error)) broken = error instanceof Error ? error : new Error(String(error));
      throw error;
    } finally {
      this.#used.usedMs += performance.now() - begunMs;
      client.release(broken);
    }
  }

  figures(): ConnectionFigures {
    const { totalCount, idleCount, waitingCount } = this.#pool;
    return { open: totalCount, idle: idleCount, waiting: waitingCount, max: this.#max, ...this.#used };
  }

  close(): Promise<void> {
    return this.#pool.end();
  }
}
