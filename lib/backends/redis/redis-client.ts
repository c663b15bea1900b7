import { createRequire } from "node:module";
import { StartError } from "../../shared/errors.ts";

/**
 * What is used of ioredis' client. Its own types are in a folder that the embedded default does not install, so they are
 * not imported: type checks and builds are the same with and without it.
 */
export interface RedisClient {
  /** `ready` when commands may be sent. */
  readonly status: string;
  /** The socket, while there is one. */
  readonly stream?: { cork(): void; uncork(): void } | undefined;
  call(command: string, ...args: readonly RedisArgument[]): Promise<unknown>;
  /** The same with bulk strings as they were sent, undecoded. */
  callBuffer(command: string, ...args: readonly RedisArgument[]): Promise<unknown>;
  /** Adds methods `name` and `nameBuffer`, which send EVALSHA, and EVAL where the server does not know the script (any more). */
  defineCommand(name: string, definition: { numberOfKeys: number; lua: string }): void;
  subscribe(...channels: readonly string[]): Promise<unknown>;
  on(event: string, listener: (...args: readonly never[]) => void): unknown;
  disconnect(reconnect?: boolean): void;
}

export type RedisArgument = string | number | Buffer;
export type RedisClientOptions = Readonly<Record<string, unknown>>;
type Constructor = new (url: string, options: RedisClientOptions) => RedisClient;

/** Bundled, this is part of dist/server.js. */
const bundled = !import.meta.url.endsWith(".ts");
const FOLDER = new URL(`${bundled ? ".." : "../../.."}/packages/fleet/package.json`, import.meta.url);

/** Loads the client from its own folder. @throws {StartError} when that is not installed. */
export function loadRedis(): Constructor {
  try {
    // One cast: the interface above is what ioredis 6.0.0 documents, and every test with a server goes through it.
    return createRequire(FOLDER)("ioredis").Redis as Constructor;
  } catch (cause) {
    const text =
      "HEADROOM_REDIS_URL is set, but its client is not installed: run npm start, or npm ci in packages/fleet";
    throw new StartError(text, { cause });
  }
}
