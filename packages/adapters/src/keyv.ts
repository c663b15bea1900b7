import { Buffer } from "node:buffer";
import { EventEmitter } from "node:events";
import type { CacheBatch, CacheBatchResult, Headroom } from "@headroom/client";
import type { KeyvStoreAdapter, StoredData } from "keyv";

export interface KeyvHeadroomOptions {
  client: Headroom;
  /** What the keys of this store begin with in Headroom's cache, so that `clear` removes no others; `keyv/` by default. */
  prefix?: string | undefined;
}

type Result = CacheBatchResult["results"][number];
type NewEntry = NonNullable<CacheBatch["set"]>[number];
interface KeyvItem {
  key: string;
  value: unknown;
  ttl?: number | undefined;
}

const MOST_ITEMS = 100;
/** Far below what the server takes as one body. */
const MOST_BATCH_BYTES = 2 ** 21;
/** Ten years: Keyv keeps what has no time to live until it is removed. */
const NO_END_SECONDS = 315_360_000;
const JSON_TYPE = "application/json";

/**
 * Headroom's response cache as a store of Keyv, and so of cache-manager. It is a cache: bounded, in memory, and it may forget
 * any value at any time. For what must stay, use `@headroom/adapters/unstorage`.
 */
export class KeyvHeadroom extends EventEmitter implements KeyvStoreAdapter {
  /** Keyv iterates only over stores whose dialect it knows. */
  readonly opts = { dialect: "redis", url: "" };
  /** Keyv writes it here; its keys begin with it already. */
  namespace?: string | undefined;
  readonly #client: Headroom;
  readonly #prefix: string;

  constructor({ client, prefix = "keyv/" }: KeyvHeadroomOptions) {
    super();
    this.#client = client;
    this.#prefix = prefix;
  }

  async get<Value>(key: string): Promise<StoredData<Value> | undefined> {
    const found = await this.#client.cache.get(this.#prefix + key);
    return found ? (bodyValue(found.body, found.mediaType) as StoredData<Value>) : undefined;
  }

  async getMany<Value>(keys: string[]): Promise<StoredData<Value | undefined>[]> {
    const found = await this.#gets(keys);
    return found.map((result) => resultValue(result) as StoredData<Value | undefined>);
  }

  async set(key: string, value: unknown, ttl?: number): Promise<boolean> {
    const isText = typeof value === "string";
    return await this.#client.cache.set(this.#prefix + key, isText ? value : JSON.stringify(value), {
      maxAgeSeconds: secondsOf(ttl),
      ...(isText ? {} : { mediaType: JSON_TYPE }),
    });
  }

  /** One request for each 100 values, or 2 MB of them. */
  async setMany(items: KeyvItem[]): Promise<void> {
    for (const batch of batches(items.map((item) => this.#entry(item)))) {
      const { results } = await this.#client.cache.batch({ set: batch });
      const refused = results.find(({ status }) => status >= 400);
      if (refused) throw new Error(refused.problem?.detail ?? `${refused.id} was not stored: ${refused.status}`);
    }
  }

  async delete(key: string): Promise<boolean> {
    return await this.#client.cache.delete(this.#prefix + key);
  }

  /** True when all of them were there. */
  async deleteMany(keys: string[]): Promise<boolean> {
    let all = true;
    for (let from = 0; from < keys.length; from += MOST_ITEMS) {
      const batch = keys.slice(from, from + MOST_ITEMS).map((key) => this.#prefix + key);
      const { results } = await this.#client.cache.batch({ delete: batch });
      all &&= results.every(({ status }) => status < 300);
    }
    return all;
  }

  async has(key: string): Promise<boolean> {
    const path = `/api/v1/cache/${encodeURIComponent(this.#prefix + key)}`;
    const { transport } = this.#client;
    return await transport.request("HEAD", path, { accepts: [404] }, {}, async ({ status }) => status !== 404);
  }

  /** One request for each 100; it reads the values. */
  async hasMany(keys: string[]): Promise<boolean[]> {
    const found = await this.#gets(keys);
    return found.map((result) => result?.status === 200);
  }

  /** Removes the values of the namespace, or all of this store where there is none. */
  async clear(): Promise<void> {
    await this.#client.cache.purge({ prefix: this.#prefix + (this.namespace ? `${this.namespace}:` : "") });
  }

  /** Keys with their values, a page of 100 in memory at a time. */
  async *iterator<Value>(namespace?: string): AsyncGenerator<(string | Awaited<Value> | undefined)[], void> {
    const prefix = this.#prefix + (namespace ? `${namespace}:` : "");
    const list = this.#client.cache.list({ prefix, limit: MOST_ITEMS });
    let cursor: string | undefined;
    do {
      const page = await list.page(cursor);
      const keys = page.items.map(({ key }) => key.slice(this.#prefix.length));
      const values = await this.#gets(keys);
      // It may have gone since the page was read.
      for (const [index, result] of values.entries())
        if (result?.status === 200) yield [keys[index] ?? "", resultValue(result) as Awaited<Value>];
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
  }

  /** A result for each key, in their order. */
  async #gets(keys: string[]): Promise<(Result | undefined)[]> {
    const found: (Result | undefined)[] = new Array(keys.length).fill(undefined);
    for (let from = 0; from < keys.length; from += MOST_ITEMS) {
      const batch = keys.slice(from, from + MOST_ITEMS).map((key) => this.#prefix + key);
      const { results } = await this.#client.cache.batch({ get: batch });
      // What did not fit into the answer is asked for by itself.
      for (const result of results)
        found[from + result.index] = result.status === 413 ? await this.#large(result) : result;
    }
    return found;
  }

  async #large(result: Result): Promise<Result> {
    const found = await this.#client.cache.get(result.id);
    if (!found) return { ...result, status: 404 };
    return { ...result, status: 200, body: Buffer.from(found.body).toString("base64"), mediaType: found.mediaType };
  }

  #entry({ key, value, ttl }: KeyvItem): NewEntry {
    const isText = typeof value === "string";
    return {
      key: this.#prefix + key,
      body: Buffer.from(isText ? value : JSON.stringify(value)).toString("base64"),
      mediaType: isText ? "text/plain; charset=utf-8" : JSON_TYPE,
      maxAgeSeconds: secondsOf(ttl),
    };
  }
}

/** Whole seconds, rounded up: within the last one Keyv's own envelope knows the end. */
const secondsOf = (ttl: number | undefined): number => (ttl === undefined ? NO_END_SECONDS : Math.ceil(ttl / 1000));

function resultValue(result: Result | undefined): unknown {
  if (result?.status !== 200) return undefined;
  return bodyValue(Buffer.from(result.body ?? "", "base64"), result.mediaType ?? "");
}

function bodyValue(body: Uint8Array, mediaType: string): unknown {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString();
  return mediaType.startsWith(JSON_TYPE) ? JSON.parse(text) : text;
}

function* batches(entries: NewEntry[]): Generator<NewEntry[]> {
  let batch: NewEntry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    const size = entry.body.length;
    if (batch.length > 0 && (batch.length === MOST_ITEMS || bytes + size > MOST_BATCH_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(entry);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}
